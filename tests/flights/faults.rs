//! Faults do what they say, where and when they say it.

use crate::tunnel::{Flown, tunnel, within};

/// A full switch to a version with `fault`, 100 requests/s by single users, without other harm.
fn switched(fault: &str) -> Flown {
    tunnel(&format!(
        "horizon: 6m
        objective: {{slow: 1s}}
        onCall: none
        service: {{replicas: 4, scheduling: 0s, startup: 1s, balancer: {{propagation: 0s}}, \
        routes: [{{name: all, errors: 0%, serviceTime: 20ms}}]}}
        traffic: {{users: 1000000, timeout: 2s}}
        release: {{at: 10s, variants: [{{name: bad, faults: [{fault}]}}]}}
        strategies: [{{blueGreen: {{gate: none, wait: 50s, keepOld: 1h}}}}]"
    ))
    .request_every(0.01)
    .fly()
}

/// 30 000 requests meet the new version between 60 s and 360 s; ± 4.5 standard deviations of
/// √(30 000 · 0.02 · 0.98) = 24 around 2 %.
#[test]
fn rates_are_kept() {
    let (low, high) = (600.0 - 110.0, 600.0 + 110.0);
    let errors = switched("{errors: {rate: 2%}}");
    within("users_exposed", errors.m().users_exposed, 30_000.0, 30_000.0);
    within("failed", errors.m().requests_failed, low, high);
    within("wrong", switched("{wrongAnswers: {rate: 2%}}").m().requests_wrong, low, high);
}

/// A request that hangs fails for its client after 2 s and keeps its slot: 4 pods with 8 slots and
/// a queue of 100 are full after 432 hung requests, and from then on everything fails.
#[test]
fn a_hang_fails_and_keeps_its_slot() {
    let few = switched("{hang: {rate: 0.05%}}");
    // 15 requests hang, ± 4 standard deviations: 16 slots and more are left.
    within("failed", few.m().requests_failed, 1.0, 31.0);
    // 2 % of 100/s take a slot every half second: the 32 slots are gone after some 16 s; then the
    // queues fill, and of 300 s most fail.
    let many = switched("{hang: {rate: 2%}}");
    within("failed", many.m().requests_failed, 26_000.0, 29_500.0);
    assert!(many.m().p99_new_ms < Some(60_000.0), "nobody saw an answer: {:?}", many.m());
}

/// Added latency that needs a busy pod does not touch an idle one: 1 request/s of 20 ms on 32
/// slots never finds three quarters of a pod busy.
#[test]
fn latency_under_load_needs_load() {
    let slow = |rate: &str| {
        let flown = tunnel(&format!(
            "horizon: 5m
            objective: {{slow: 1s}}
            onCall: none
            service: {{replicas: 1, routes: [{{name: all, errors: 0%, serviceTime: 20ms}}]}}
            traffic: {{timeout: 1h, arrivals: {{poisson: {{rate: {rate}}}}}}}
            release: {{at: 10s, variants: [{{name: bad, \
            faults: [{{latency: {{add: 2s, aboveLoad: 75%}}}}]}}]}}
            strategies: [blueGreen]"
        ))
        .fly();
        flown.m().requests_slow
    };
    assert_eq!(slow("1/s"), Some(0.0));
    // 300/s ask for 600 slots of 2 s: eight at a time are served, the others wait or get a 503.
    assert!(slow("300/s") > Some(500.0), "{:?}", slow("300/s"));
}

/// A kill at random instants strikes again and again, and not always the same pod: 60 an hour for
/// 10 minutes make 10 a flight, and P(Poisson(30) < 12) is below 10⁻⁴. Ten kills of one of eight
/// pods hit a single pod with probability 8⁻⁹.
#[test]
fn random_kills_strike_more_than_once_and_elsewhere() {
    let mut kills = Vec::new();
    for replication in 0..3 {
        let tunnel = tunnel(
            "horizon: 10m
            service: {replicas: 8}
            onCall: none
            chaos: [{podKill: {randomly: 60/h}}]
            release: {at: 9m, variants: [{name: good}]}
            strategies: [none]",
        );
        let flown = tunnel.replication(replication).fly();
        let events = flown.recording.events.iter().filter(|e| e.text.contains("is killed"));
        kills.extend(events.map(|e| e.text.clone()));
    }
    assert!((12..=55).contains(&kills.len()), "{} kills, 30 expected", kills.len());
    kills.sort_unstable();
    kills.dedup();
    assert!(kills.len() >= 3, "only {kills:?}");
}

/// Overlapping spells of a random fault last until the last of them ends.
#[test]
fn random_spells_are_joined() {
    let flown = tunnel(
        "horizon: 20m
        service: {replicas: 3, routes: [{name: all, errors: 0%}]}
        objective: {slow: 30s}
        traffic: {arrivals: {poisson: {rate: 20/s}}}
        onCall: none
        chaos: [{errors: {rate: 100%, randomly: 60/h, lasts: 2m}}]
        release: {at: 19m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    let (begins, ends) = (flown.told("chaos errors begins"), flown.told("chaos errors ends"));
    assert!(!begins.is_empty() && begins.len() - ends.len() <= 1);
    for (begin, end) in begins.iter().zip(&ends) {
        assert!(end - begin >= 120.0 - 1e-6, "a spell of {} s", end - begin);
    }
}

/// Probes that lie send users to a process that refuses them while it boots.
#[test]
fn lying_probes_cost_requests() {
    let failed = |fault: &str| {
        let flown = tunnel(&format!(
            "horizon: 5m
            onCall: none
            service: {{replicas: 4, startup: 20s, routes: [{{name: all, errors: 0%}}]}}
            traffic: {{users: 50000, arrivals: {{poisson: {{rate: 50/s}}}}}}
            release: {{at: 1m, variants: [{{name: bad, bad: true, faults: [{fault}]}}]}}
            strategies: [rollingUpdate]"
        ))
        .fly();
        flown.m().requests_failed
    };
    assert_eq!(failed("cpu"), Some(0.0));
    assert!(failed("probeLies") > Some(200.0), "{:?}", failed("probeLies"));
}

/// Requests that fail between two instants of a flight whose calls to the dependency fail while
/// `chaos` says so: 100 requests/s, by single users, without other harm.
fn failed_by_dependency(chaos: &str, from: f64, until: f64) -> f64 {
    let flown = tunnel(&format!(
        "horizon: 12m
        objective: {{slow: 1s}}
        onCall: none
        service: {{replicas: 4, dependency: {{capacity: 10000/s}}, \
        routes: [{{name: all, errors: 0%, serviceTime: 20ms}}]}}
        traffic: {{users: 1000000, timeout: 2s}}
        chaos: [{chaos}]
        release: {{at: 11m, variants: [{{name: good}}]}}
        strategies: [none]"
    ))
    .request_every(0.01)
    .fly();
    let samples = flown.recording.samples.iter().filter(|s| s.t_s > from && s.t_s <= until);
    samples.map(|s| s.failed as f64).sum()
}

/// An outage of half of the calls from 2 to 10 min, and a small one from 4 to 6 min within it.
/// While both last, 1 - 0.5 * 0.9 = 55 % of 12 000 requests fail; then half of 24 000 as before.
/// Either is kept to 4.5 standard deviations (54.5 and 77.5), P < 10⁻⁵ each.
#[test]
fn a_fault_within_another_of_its_kind_takes_nothing_away() {
    let (long, short) = (
        "{dependencyErrors: {rate: 50%, from: 2m, until: 10m}}",
        "{dependencyErrors: {rate: 10%, from: 4m, until: 6m}}",
    );
    for chaos in [format!("{long}, {short}"), format!("{short}, {long}")] {
        let both = failed_by_dependency(&chaos, 240.0, 360.0);
        within("while both last", Some(both), 6_600.0 - 245.0, 6_600.0 + 245.0);
        let long_alone = failed_by_dependency(&chaos, 360.0, 600.0);
        within("after the short one", Some(long_alone), 12_000.0 - 350.0, 12_000.0 + 350.0);
        assert_eq!(failed_by_dependency(&chaos, 601.0, 660.0), 0.0);
    }
}

//! The other end of a request: timeouts, retries, think times, connections.

use crate::tunnel::{Flown, tunnel, within};

const ONE_SLOT: &str = "
    horizon: 60s
    objective: {slow: 30s}
    onCall: none
    service: {replicas: 1, concurrency: 1, balancer: {proxies: 1}, \
    routes: [{name: all, errors: 0%, serviceTime: 2s}]}
    release: {at: 50s, variants: [{name: good}]}
    strategies: [none]";

/// The first client leaves at 11.5 s, its slot is busy until 12 s. The second request comes at
/// 11.6 s and is served from 12 s to 14 s: 2.4 s after its arrival, not 2 s.
#[test]
fn a_clients_timeout_does_not_free_the_slot() {
    let spec = format!("{ONE_SLOT}\ntraffic: {{timeout: 1.5s}}");
    let flown = tunnel(&spec).requests_at([10.0, 11.6].into_iter()).fly();
    within("p99_old_ms", flown.m().p99_old_ms, 2_390.0, 2_410.0);
    within("p50_old_ms", flown.m().p50_old_ms, 1_992.0, 2_008.0);
    assert_eq!(flown.m().requests_failed, Some(2.0), "both clients have left");
}

/// The slot serves one, one waits, the third gets a 503 at once and is counted as failed.
#[test]
fn a_full_queue_refuses() {
    let spec = ONE_SLOT.replace("concurrency: 1", "concurrency: 1, queue: 1");
    let flown = tunnel(&spec).requests_at([10.0, 10.1, 10.2].into_iter()).fly();
    assert_eq!(flown.m().requests_failed, Some(1.0));
    within("p99_old_ms", flown.m().p99_old_ms, 3_890.0, 3_920.0);
}

/// Half of the attempts fail and a request has three: an eighth of 20 000 requests fails, and no
/// attempt is counted as a request. ± 4 standard deviations of √(20 000 · 1/8 · 7/8) = 46.8.
#[test]
fn a_request_is_counted_once_whatever_its_retries() {
    let flown = tunnel(
        "horizon: 10m
        onCall: none
        objective: {slow: 30s}
        service: {replicas: 5, routes: [{name: all, errors: 50%, write: true}]}
        traffic: {users: 100000, retries: {attempts: 2, backoff: 1s}}
        release: {at: 9m, variants: [{name: good}]}
        strategies: [none]",
    )
    .request_every(0.03)
    .fly();
    assert_eq!(flown.m().requests, Some(20_000.0));
    within("failed", flown.m().requests_failed, 2_500.0 - 188.0, 2_500.0 + 188.0);
    assert_eq!(flown.m().side_effects_duplicated, Some(0.0), "an error has written nothing");
}

/// The client leaves after 1 s and tries again; the server finishes what it was asked after 2 s,
/// each time: 100 requests are written twice.
#[test]
fn a_write_that_was_given_up_is_written_again() {
    let spec = ONE_SLOT
        .replace("concurrency: 1", "concurrency: 50")
        .replace("{name: all", "{name: all, write: true");
    let spec = format!("{spec}\ntraffic: {{timeout: 1s, retries: {{attempts: 1}}}}");
    let flown = tunnel(&spec).requests_at((0..100).map(|i| 5.0 + 0.1 * f64::from(i))).fly();
    assert_eq!(flown.m().side_effects_duplicated, Some(100.0));
    assert_eq!(flown.m().requests_failed, Some(100.0));
    assert_eq!(flown.m().requests, Some(100.0));
}

/// A request in flight on a pod that is killed is tried again elsewhere, if its client retries.
#[test]
fn a_broken_request_is_tried_again() {
    let kill = |attempts: u32| {
        tunnel(&format!(
            "horizon: 2m
            objective: {{slow: 60s}}
            onCall: none
            service: {{replicas: 4, concurrency: 100, balancer: {{retries: 5, propagation: 0s}}, \
            routes: [{{name: all, errors: 0%, serviceTime: 1s}}]}}
            traffic: {{users: 100000, retries: {{attempts: {attempts}, backoff: 3s}}, \
            arrivals: {{poisson: {{rate: 80/s}}}}}}
            chaos: [{{podKill: {{from: 60s}}}}]
            release: {{at: 90s, variants: [{{name: good}}]}}
            strategies: [none]"
        ))
        .fly()
    };
    // 80/s × 1 s in flight over 4 pods: 20 are broken, ± 4 standard deviations.
    within("broken", kill(0).m().requests_failed, 2.0, 38.0);
    assert_eq!(kill(2).m().requests_failed, Some(0.0), "the second attempt meets another pod");
}

/// 100 users who think for 1 s and wait for s make 100 · T/(1 s + s) requests in T = 600 s.
#[test]
fn in_a_closed_loop_slow_answers_slow_the_load() {
    let requests = |secs: f64| {
        let flown = tunnel(&format!(
            "horizon: 10m
            objective: {{slow: 30s}}
            onCall: none
            service: {{replicas: 10, concurrency: 50, \
            routes: [{{name: all, serviceTime: {secs}s}}]}}
            traffic: {{users: 100, arrivals: {{closedLoop: {{sessions: 100, think: 1s}}}}}}
            release: {{at: 9m, variants: [{{name: good}}]}}
            strategies: [none]"
        ))
        .fly();
        (flown.m().requests, 60_000.0 / (1.0 + secs))
    };
    for secs in [0.01, 1.0, 3.0] {
        let (found, expected) = requests(secs);
        within("requests", found, expected - 200.0, expected + 1.0);
    }
}

fn blue_green(keep_old: &str, max_age: &str) -> Flown {
    tunnel(&format!(
        "horizon: 15m
        objective: {{slow: 5s}}
        onCall: none
        service: {{replicas: 4, routes: [{{name: all, errors: 0%}}], \
        balancer: {{keepAlive: {{maxAge: {max_age}}}}}}}
        traffic: {{users: 200, arrivals: {{poisson: {{rate: 20/s}}}}}}
        release: {{at: 60s, variants: [{{name: good}}]}}
        strategies: [{{blueGreen: {{keepOld: {keep_old}}}}}]"
    ))
    .fly()
}

/// Each of 200 users sends a request every 10 s and holds a connection of at most 14 min. Blue ends
/// a minute after the switch and breaks those that were opened before it and are not 14 min old:
/// 200 · 84/85 · (1 − 1/14) = 183.5, and 2.3 whose users have not asked since they came of age.
/// ± 4.5 standard deviations of √(200 · 0.93 · 0.07) = 3.7 (P < 10⁻⁵).
#[test]
fn connections_stay_on_blue_and_break_with_it() {
    let flown = blue_green("60s", "14m");
    within("broken", flown.m().connections_broken, 185.8 - 16.7, 200.0);
    // Nobody but the latecomers meets green before blue ends, some 140 s after the start.
    within("users_exposed", flown.m().users_exposed, 195.0, 200.0);
}

/// With an age of 2 minutes all have moved to green when blue ends after 5 (a user sends nothing
/// for the remaining 3 minutes with probability e^−18).
#[test]
fn connections_that_come_of_age_move_to_green() {
    let flown = blue_green("5m", "2m");
    assert_eq!(flown.m().connections_broken, Some(0.0));
}

/// With a proxy that balances every request, the switch moves everyone within the propagation.
#[test]
fn without_connections_nothing_breaks() {
    let flown = tunnel(
        "horizon: 10m
        service: {replicas: 4}
        traffic: {users: 200, arrivals: {poisson: {rate: 20/s}}}
        release: {at: 60s, variants: [{name: good}]}
        strategies: [blueGreen]",
    )
    .fly();
    assert_eq!(flown.m().connections_broken, Some(0.0));
}

/// Connections that live for 4 min, to a service that has been up for long: 34 s after a switch
/// 34/240 of those that were open have been opened anew. A user of λ = 1/12 s sends one request in
/// 21 over a new connection anyway, so 20/21 · (1 − 34/240) = 81.7 % of requests still reach old
/// pods; the others fail here. Of some 1,667 requests in the 10 s around, 18.3 % ± 4.5 standard
/// deviations of √(0.183 · 0.817 / 1 667) = 0.95 % (P < 10⁻⁵).
#[test]
fn connections_are_of_all_ages_at_a_switch() {
    let flown = tunnel(
        "horizon: 3m
        objective: {slow: 30s}
        onCall: none
        service: {replicas: 4, scheduling: 0s, startup: 1s, queue: 1000, \
        balancer: {policy: random, propagation: 0s, keepAlive: {maxAge: 4m}}, \
        routes: [{name: all, errors: 0%, serviceTime: 1ms}]}
        traffic: {users: 2000, arrivals: {poisson: {rate: 166.67/s}}}
        release: {at: 30s, variants: [{name: bad, faults: [{errors: {rate: 100%}}]}]}
        strategies: [{blueGreen: {gate: none, wait: 10s, keepOld: 1h}}]",
    )
    .fly();
    let switch = flown.first("route 100 %");
    let around = |t: f64| t > switch + 29.0 && t <= switch + 39.0;
    let samples = flown.recording.samples.iter().filter(|s| around(s.t_s));
    let (failed, all) =
        samples.fold((0, 0), |(failed, all), s| (failed + s.failed, all + s.requests));
    let moved = failed as f64 / all as f64;
    within("share at new pods", Some(moved), 0.183 - 0.043, 0.183 + 0.043);
}

//! Two versions at once: who meets which, shared data, a shared dependency.

use crate::tunnel::{Flown, tunnel, within};
use windtunnel::outcome::Verdict;

fn split(strategy: &str, session_breaks: u32) -> Flown {
    tunnel(&format!(
        "horizon: 15m
        objective: {{slow: 30s}}
        onCall: none
        service: {{replicas: 4, routes: [{{name: all, errors: 0%}}], \
        mixing: {{sessionBreaks: {session_breaks}%}}}}
        traffic: {{users: 2000, arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 1m, variants: [{{name: good}}]}}
        strategies: [{{{strategy}}}]"
    ))
    .fly()
}

/// A user's bucket decides at every proxy that knows of the test: nobody meets both arms, although
/// each user sends a dozen requests, and the arms are as large as the share says.
#[test]
fn users_of_an_ab_test_never_cross() {
    for assignment in ["hash", "header"] {
        let plan = format!(
            "abTest: {{duration: 10m, share: 30%, assignment: {assignment}, guardErrors: false}}"
        );
        let flown = split(&plan, 0);
        assert_eq!(flown.m().users_crossed, Some(0.0), "{assignment}\n{}", flown.event_log());
        assert!(flown.m().users_exposed > Some(100.0));
    }
}

/// Where every crossing fails, a request-weighted canary of 50 % fails every second request of a
/// user (40/s × 50 % × 10 min = 12 000 less each user's first), an A/B test hardly any.
#[test]
fn request_weights_send_a_user_to_and_fro() {
    let canary = split("canary: {steps: [50%], interval: 1h}", 100);
    within("failed", canary.m().requests_failed, 12_000.0, 18_000.0);
    let test = split("abTest: {duration: 1h, share: 50%, guardErrors: false}", 100);
    // Each of at most 1000 users of the arm comes over once.
    within("failed", test.m().requests_failed, 800.0, 1_100.0);
    assert!(canary.m().mixed_version_s > Some(600.0));
    assert!(test.m().mixed_version_s < Some(20.0), "{:?}", test.m().mixed_version_s);
}

/// The rollback after 60 % errors; what users wrote with the new version stays. Those who wrote are
/// hurt by the old version from then on, if it cannot read it.
#[test]
fn unreadable_data_hurts_after_the_rollback() {
    let hurt = |faults: &str| {
        let flown = tunnel(&format!(
            "horizon: 20m
            objective: {{slow: 30s}}
            onCall: none
            service: {{replicas: 4, routes: [{{name: all, errors: 0%, write: true}}]}}
            traffic: {{users: 2000, arrivals: {{poisson: {{rate: 40/s}}}}}}
            release: {{at: 1m, variants: [{{name: bad, faults: [{faults}]}}]}}
            strategies: [{{canary: {{steps: [20%, 100%], interval: 60s, checks: [errorRate]}}}}]"
        ))
        .fly();
        assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad);
        let safe = flown.m().rollback_s;
        (flown.m().requests_failed.expect("counted"), safe)
    };
    let (plain, _) = hurt("{errors: {rate: 10%}}");
    let (unreadable, safe) = hurt("{errors: {rate: 10%}}, {unreadableData: {onRollback: true}}");
    // 20 % of 40/s for a minute or so: some 400 of 2000 users wrote; each sends 1.2 requests a
    // minute for 15 minutes and more after it.
    assert!(plain < 150.0, "{plain}");
    assert!(unreadable > plain + 3_000.0, "{unreadable} after {plain}");
    within("rollback_s", safe, 0.0, 30.0);
}

/// 60 requests/s make 60 of 150 calls/s; with a quarter of them calling ten times it is 195: the
/// queue before the dependency grows to its timeout of 1 s for both versions.
#[test]
fn more_calls_of_the_new_version_hurt_the_old_one() {
    let flown = |factor: u32| {
        tunnel(&format!(
            "horizon: 10m
            onCall: none
            service: {{replicas: 8, dependency: {{capacity: 150/s, timeout: 1s}}}}
            traffic: {{users: 100000, arrivals: {{poisson: {{rate: 60/s}}}}}}
            release: {{at: 1m, variants: [{{name: bad, \
            faults: [{{dependencyCalls: {{factor: {factor}}}}}]}}]}}
            strategies: [{{canary: {{steps: [25%], interval: 1h}}}}]"
        ))
        .fly()
    };
    let (calm, overloaded) = (flown(2), flown(10));
    assert!(calm.m().p99_old_ms < Some(500.0), "{:?}", calm.m().p99_old_ms);
    assert!(overloaded.m().p99_old_ms > Some(900.0), "{:?}", overloaded.m().p99_old_ms);
    // Users send little more than one request each: most of those hurt never met the new version.
    let (hurt, exposed) = (overloaded.m().users_hurt_by_release, overloaded.m().users_exposed);
    assert!(hurt > exposed, "{hurt:?} of {exposed:?} exposed");
}

/// Errors for a cohort hit no other user, and latency for a cohort no other user's requests.
#[test]
fn a_cohorts_defect_is_the_cohorts_alone() {
    let hurt = |fault: &str| {
        let flown = tunnel(&format!(
            "horizon: 20m
            objective: {{slow: 2s}}
            onCall: none
            service: {{replicas: 10, routes: [{{name: all, errors: 0%}}]}}
            traffic: {{users: 2000, timeout: 8s, arrivals: {{poisson: {{rate: 40/s}}}}}}
            release: {{at: 1m, variants: [{{name: bad, faults: [{fault}]}}]}}
            strategies: [blueGreen]"
        ))
        .fly();
        flown.m().users_hurt_by_release
    };
    // A tenth of 2000 users, by a hash: 200 ± 4 · √(2000 · 0.1 · 0.9) = 54; each is met for sure.
    let faults = ["errors: {rate: 100%", "latency: {add: 3s", "wrongAnswers: {rate: 100%"];
    let found: Vec<_> = faults.map(|f| hurt(&format!("{{{f}, cohort: 10%}}}}"))).to_vec();
    assert!(found.iter().all(|h| *h == found[0]), "the same users: {found:?}");
    within("hurt", found[0], 146.0, 254.0);
}

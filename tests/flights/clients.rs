//! The other end of a request: timeouts, retries, think times.

use crate::tunnel::{tunnel, within};

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

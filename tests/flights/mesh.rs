//! What a mesh's proxies do beyond choosing a pod, against closed formulas and paired flights.

use crate::tunnel::{Flown, Tunnel, tunnel};

/// Ten minutes of 60 requests a second on 10 pods, without a release to speak of.
fn flight(service: &str, balancer: &str, rest: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 10m
        onCall: none
        service: {{replicas: 10, {service}, balancer: {{proxies: 1, {balancer}}}}}
        traffic: {{users: 5000, arrivals: {{poisson: {{rate: 60/s}}}}}}
        release: {{at: 9m, variants: [{{name: v}}]}}
        strategies: [none]
        {rest}"
    ))
}

const REQUESTS: f64 = 36_000.0;

/// A share of the requests with its standard deviation: the figure has to lie within five of them.
#[track_caller]
fn share(name: &str, count: Option<f64>, expected: f64) {
    let deviation = (REQUESTS * expected * (1.0 - expected)).sqrt() + 5.0;
    let (count, mean) = (count.unwrap_or(f64::NAN), REQUESTS * expected);
    let near = (count - mean).abs() <= 5.0 * deviation;
    assert!(near, "{name}: {count}, expected {mean} ± {deviation}");
}

fn failed(flown: &Flown) -> Option<f64> {
    flown.m().requests_failed
}

const FAILING: &str = "routes: [{name: all, serviceTime: 20ms, errors: 10%}]";

/// One failure in ten, three tries: one in a thousand reaches the client. Refused connections alone
/// are tried again by default, and 500 is no gateway error.
#[test]
fn failures_are_tried_again_as_the_conditions_say() {
    let with = |balancer: &str| failed(&flight(FAILING, balancer, "").fly());
    share("not tried again", with("retries: 2"), 0.1);
    share("5xx", with("retries: 2, retryOn: [5xx]"), 0.001);
    share("once", with("retries: 1, retryOn: [5xx]"), 0.01);
    share("gateway-error", with("retries: 2, retryOn: [gateway-error]"), 0.1);
}

/// Proxies' tries lie within each of the client's: 1 + 1 attempts of 1 + 1 tries fail together in
/// one of ten thousand.
#[test]
fn tries_multiply_with_the_clients_own() {
    let mut own = flight(FAILING, "retries: 1, retryOn: [5xx]", "");
    std::sync::Arc::make_mut(&mut own.scenario.service).retries.attempts = 1;
    share("both", failed(&own.fly()), 0.0001);
}

/// Half of the requests take longer than the second that a try may last. One further try: a quarter
/// fails, and the quarter that the second try answers is slow (1 s from the first attempt on).
#[test]
fn a_try_has_its_own_end() {
    let service = "concurrency: 2000, routes: [{name: all, errors: 0%, \
        serviceTime: {uniform: {min: 1ms, max: 1999ms}}}]";
    let flown =
        flight(service, "retries: 1, retryOn: [gateway-error], perTryTimeout: 1s", "").fly();
    share("both tries are late", failed(&flown), 0.25);
    share("the second answers", flown.m().requests_slow, 0.25);
}

/// A route's timeout ends requests that the client would have waited for.
#[test]
fn a_route_has_an_end_of_its_own() {
    let service = "routes: [{name: all, serviceTime: 200ms, errors: 0%}]";
    share("waits", failed(&flight(service, "retries: 0", "").fly()), 0.0);
    share("does not", failed(&flight(service, "timeout: 100ms", "").fly()), 1.0);
}

/// Faults on purpose hit their share of the requests, in the twin as well.
#[test]
fn injected_faults_hit_their_share() {
    let service = "routes: [{name: all, serviceTime: 20ms, errors: 0%}]";
    let aborted = flight(service, "fault: {abort: 7%}", "").fly();
    share("aborted", failed(&aborted), 0.07);
    assert_eq!(aborted.m().users_hurt_by_release, Some(0.0));
    let delayed = flight(service, "fault: {delayed: 30%, delay: 2s}", "").fly();
    share("delayed", delayed.m().requests_slow, 0.3);
    share("and answered", failed(&delayed), 0.0);
    let both = flight(service, "fault: {abort: 10%, delayed: 30%, delay: 2s}", "").fly();
    share("aborted, late or not", failed(&both), 0.1);
    share("late answers", both.m().requests_slow, 0.27);
    // What is broken on purpose is not tried again; what fails by itself is.
    let again = flight(FAILING, "retries: 2, retryOn: [5xx], fault: {abort: 7%}", "").fly();
    share("not tried again", failed(&again), 0.07 + 0.93 * 0.001);
    // What is held back has all of the route's time left.
    let held = "timeout: 1s, fault: {delayed: 30%, delay: 2s}";
    share("held back", failed(&flight(service, held, "").fly()), 0.0);
    // But not all of the client's, which leaves after 10 s.
    let gone = flight(service, "retries: 2, retryOn: [5xx], fault: {delayed: 30%, delay: 20s}", "");
    share("held back for too long", failed(&gone.fly()), 0.3);
}

/// 60 requests a second of one second each, and room for 60: Erlang's loss formula gives the share
/// that finds none.
#[test]
fn a_limit_of_requests_loses_what_erlang_says() {
    let service = "routes: [{name: all, serviceTime: 1s, errors: 0%}], concurrency: 1000";
    let erlang = (1..=60).fold(1.0, |b: f64, n| 60.0 * b / (f64::from(n) + 60.0 * b));
    let lost = failed(&flight(service, "maxRequests: 60", "").fly()).unwrap_or(f64::NAN);
    // Losses come in bursts, so their deviation is several times a binomial one.
    let expected = REQUESTS * erlang;
    assert!((lost - expected).abs() < 0.15 * expected, "{lost}, expected {expected}");
}

/// Some pods fail everything. Without ejection they fail their tenth each. With it, each fails five
/// in a row, is away for 30 s, 60 s, 90 s …: six times in ten minutes, if it always may be.
#[test]
fn failing_pods_are_ejected_for_longer_and_longer() {
    let service = "routes: [{name: all, serviceTime: 5ms, errors: 0%}]";
    let chaos = "chaos: [{errors: {rate: 100%, pods: 20%}}]";
    let fly = |balancer: &str| flight(service, balancer, chaos).fly();
    let plain = fly("policy: random").m().requests_failed.unwrap_or(f64::NAN);
    let bad = (plain / REQUESTS * 10.0).round();
    assert!((1.0..=5.0).contains(&bad), "{plain} failures come of {bad} pods");
    share("without ejection", Some(plain), bad / 10.0);
    let all = fly("policy: random, outlierDetection: {maxEjection: 100%}");
    let failed = all.m().requests_failed.unwrap_or(f64::NAN);
    // 30 + 60 + 90 + 120 + 150 s, each up to the next look, leave room for a sixth ejection.
    assert!((25.0 * bad..=33.0 * bad).contains(&failed), "{failed} of {bad} pods");
    assert_eq!(all.told("ejects pod").len() as f64, (failed / 5.0).floor().min(6.0 * bad));
    // Only one of ten at a time: the others go on failing.
    if bad > 1.0 {
        let one = fly("policy: random, outlierDetection: {maxEjection: 10%}");
        let failed = one.m().requests_failed.unwrap_or(f64::NAN);
        assert!(failed > 0.8 * REQUESTS * (bad - 1.0) / 10.0, "{failed}");
    }
    // Nine percent of ten pods are nobody, unless one may always go.
    let none = fly("policy: random, outlierDetection: {maxEjection: 9%}");
    share("a share of less than one", none.m().requests_failed, bad / 10.0);
    assert!(none.told("ejects pod").is_empty());
    let one = fly("policy: random, outlierDetection: {maxEjection: 9%, alwaysEjectOne: true}");
    assert!(!one.told("ejects pod").is_empty());
    // With half of the fleet to be kept in any case, and more bad than that, nobody is ejected.
    let panic = fly("policy: random, outlierDetection: {maxEjection: 100%, minHealth: 100%}");
    share("ejections ignored", panic.m().requests_failed, bad / 10.0);
}

/// Half of the requests fail, and are tried again once. Tries come at 30 a second and last 20 ms,
/// so 0.6 are under way; with room for one, Erlang's formula loses 0.6 / 1.6 of them.
#[test]
fn a_budget_loses_tries() {
    let service = "concurrency: 1000, routes: [{name: all, serviceTime: 20ms, errors: 50%}]";
    let with = |budget: &str| {
        let balancer = format!("retries: 1, retryOn: [5xx], retryBudget: {budget}");
        failed(&flight(service, &balancer, "").fly())
    };
    share("no tries", with("{share: 0%, least: 0}"), 0.5);
    share("any", with("{share: 0%, least: 1000}"), 0.25);
    let lost = 0.6 / 1.6;
    share("one at a time", with("{share: 0%, least: 1}"), 0.5 * (lost + (1.0 - lost) * 0.5));
}

/// The candidate's pods have rules of their own: room for one request of a second, of 30 a second.
#[test]
fn a_candidate_may_be_treated_otherwise() {
    let fly = |balancer: &str| {
        let flown = tunnel(&format!(
            "horizon: 10m
            onCall: none
            service: {{replicas: 10, concurrency: 1000, \
             routes: [{{name: all, serviceTime: 1s, errors: 0%}}], \
             balancer: {{proxies: 1, {balancer}}}}}
            traffic: {{users: 5000, arrivals: {{poisson: {{rate: 60/s}}}}}}
            release: {{at: 1m, variants: [{{name: v}}]}}
            strategies: [{{canary: {{steps: [50%], interval: 30m}}}}]"
        ));
        failed(&flown.fly()).unwrap_or(f64::NAN)
    };
    assert_eq!(fly("policy: random"), 0.0);
    // Half of 60 a second over nearly nine minutes, of which 30 of 31 find no room.
    let hurt = fly("policy: random, candidate: {maxRequests: 1}");
    assert!((0.4 * REQUESTS..0.5 * REQUESTS).contains(&hurt), "{hurt}");
}

/// Two of six pods vanish with their node, and nobody refuses for them. A proxy gives a connection
/// up after a second and tries another pod, so clients wait; without further tries they fail.
#[test]
fn connections_that_nobody_refuses_are_given_up() {
    let fly = |balancer: &str| {
        let flown = tunnel(&format!(
            "horizon: 5m
            onCall: none
            objective: {{slow: 900ms}}
            service: {{replicas: 6, nodes: {{count: 3, capacity: 5}}, \
             routes: [{{name: all, errors: 0%, serviceTime: 10ms}}], \
             balancer: {{propagation: 1s, proxies: 1, {balancer}}}}}
            traffic: {{users: 5000, timeout: 15s, arrivals: {{poisson: {{rate: 60/s}}}}}}
            chaos: [{{nodeLoss: {{from: 60s}}}}]
            release: {{at: 4m, variants: [{{name: good}}]}}
            strategies: [none]"
        ))
        .fly();
        let m = flown.m();
        let of = |count: Option<f64>| count.unwrap_or(f64::NAN);
        (of(m.requests_failed), of(m.requests_slow))
    };
    // A third of 60 requests a second for 41 s.
    let (failed, _) = fly("policy: random, connectTimeout: 1s");
    assert!((700.0..940.0).contains(&failed), "{failed}");
    let (failed, slow) = fly("policy: random, connectTimeout: 1s, retries: 2");
    // The second try meets the other dark pod in one of five cases, the third none.
    assert!(failed < 5.0 && (700.0..940.0).contains(&slow), "{failed} failed, {slow} slow");
    let (failed, slow) = fly("policy: random, retries: 2");
    assert!((700.0..940.0).contains(&(failed + slow)) && failed > 100.0, "{failed}, {slow}");
    // A proxy that compares two pods sees the waiting ones, and leaves the pod alone.
    let least = fly("connectTimeout: 1s, retries: 2, policy: leastRequest");
    assert!(least.1 < 300.0, "{least:?}");
}

/// New pods are slow at first; with a slow start they get less meanwhile, and fewer requests are
/// slow.
#[test]
fn cold_pods_get_less_at_first() {
    let slow = |balancer: &str| {
        let flown = tunnel(&format!(
            "horizon: 12m
            onCall: none
            service: {{replicas: 10, startup: 5s, warmUp: {{factor: 60, tau: 15s}}, \
             routes: [{{name: all, serviceTime: 30ms, errors: 0%}}], \
             balancer: {{policy: roundRobin, {balancer}}}}}
            traffic: {{users: 5000, arrivals: {{poisson: {{rate: 60/s}}}}}}
            release: {{at: 2m, variants: [{{name: v}}]}}
            strategies: [{{rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}]"
        ));
        flown.fly().m().requests_slow.unwrap_or(f64::NAN)
    };
    let (plain, gently) = (slow(""), slow("slowStart: {window: 60s}"));
    assert!(plain > 100.0 && gently < 0.5 * plain, "{plain} without, {gently} with");
}

/// A client that tries 20 times (and 3 times more with the new version), each time tried again 10
/// times by its proxy: more attempts than a byte counts. They end all the same.
#[test]
fn the_most_attempts_of_all_come_to_an_end() {
    let flight = tunnel(
        "horizon: 2m
        onCall: none
        service: {replicas: 2, routes: [{name: all, errors: 100%, serviceTime: 1ms}], \
        balancer: {retries: 10, retryOn: [5xx], retryBackoff: 1ms}}
        traffic: {users: 10, timeout: 60s, retries: {attempts: 10, backoff: 1ms}}
        release: {at: 10s, variants: [{name: bad, bad: true, faults: [{clientRetries: {extra: 100}}]}]}
        strategies: [recreate]",
    )
    .requests_at((0..20).map(|i| 60.0 + f64::from(i)));
    let flown = flight.fly();
    assert_eq!(flown.m().requests_failed, Some(20.0));
}

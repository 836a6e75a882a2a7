//! A check that waits says so, and is not blamed for what another one decides.

use crate::tunnel::tunnel;
use windtunnel::outcome::Verdict;

#[test]
fn a_check_that_waits_is_no_failure() {
    // Not one request: the rate has no answer and waits, the query always fails.
    let storm = tunnel(
        "horizon: 10m
        onCall: none
        service: {replicas: 2, startup: 5s}
        release: {at: 1m, variants: [{name: good}]}
        strategies: [canary: {steps: [50%, 60%], checks: \
         [{errorRate: {noData: wait}}, {query: 'vector(1)', failsWhen: '> 0'}]}]",
    )
    .requests_at(std::iter::empty());
    let flown = storm.fly();
    let told = |check: &str| -> Vec<&str> {
        let of = format!("check {check}: ");
        let texts = flown.recording.events.iter().map(|event| event.text.as_str());
        texts.filter(|text| text.starts_with(&of)).collect()
    };
    assert!(
        told("errorRate").iter().all(|text| text.ends_with(": wait")),
        "{:?}",
        told("errorRate")
    );
    assert!(!told("errorRate").is_empty());
    assert!(told("query").iter().all(|text| text.ends_with(": fail")), "{:?}", told("query"));
    assert_eq!(flown.outcome.verdict, Verdict::FalseRollback);
    assert_eq!(flown.outcome.stopped_by.as_deref(), Some("query"));
}

/// A release whose checks look once a minute and find what they are given, without a request.
fn looked_at(canary: &str) -> crate::tunnel::Flown {
    let storm = tunnel(&format!(
        "horizon: 20m
        onCall: none
        service: {{replicas: 2, startup: 5s}}
        release: {{at: 1m, variants: [{{name: good}}]}}
        strategies: [canary: {{steps: [50%, 60%], interval: 60s, {canary}}}]"
    ));
    storm.requests_at(std::iter::empty()).fly()
}

const FAILS: &str = "query: 'vector(1)', failsWhen: '> 0'";

/// `failureLimit: 2` forgives two failures in all, and the third one is the last.
#[test]
fn failures_are_forgiven_as_often_as_is_said() {
    for limit in 0..3 {
        let canary = format!("failureLimit: {limit}, checks: [{{{FAILS}}}]");
        let flown = looked_at(&canary);
        assert_eq!(flown.told("check query: ").len(), limit + 1, "{}", flown.event_log());
        assert_eq!(flown.outcome.verdict, Verdict::FalseRollback);
    }
}

/// Of two checks that fail in one look the first is the one that stops the release.
#[test]
fn the_first_of_two_failures_is_blamed() {
    let both = ["one", "two"].map(|name| format!("{{{FAILS}, name: {name}}}"));
    let [one, two] = &both;
    for (checks, first) in [(format!("{one}, {two}"), "one"), (format!("{two}, {one}"), "two")] {
        let flown = looked_at(&format!("checks: [{checks}]"));
        assert_eq!(flown.outcome.stopped_by.as_deref(), Some(first), "{}", flown.event_log());
    }
}

/// One request of one fails: that is no smoke test passed.
#[test]
fn a_single_failure_fails_a_smoke_test() {
    let flown = |requests: u32| {
        let storm = tunnel(&format!(
            "horizon: 6m
            onCall: none
            service: {{replicas: 2, startup: 5s}}
            release: {{at: 1m, variants: [{{name: bad, faults: [{{errors: {{rate: 100%}}}}]}}]}}
            strategies: [blueGreen: {{gate: smokeTest, smokeRequests: {requests}}}]"
        ));
        storm.requests_at(std::iter::empty()).fly()
    };
    for requests in [1, 2] {
        let flown = flown(requests);
        assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad, "{}", flown.event_log());
    }
}

/// A test looks at its guardrails every 45 s, the last time asked for before it has won. That look
/// comes due while the strategy that ships waits for its pods, and is none of its own.
#[test]
fn what_a_test_asked_for_does_not_hurry_who_ships() {
    let flown = tunnel(
        "horizon: 12m
        onCall: none
        service: {replicas: 4, startup: 60s}
        traffic: {users: 2000, arrivals: {poisson: {rate: 20/s}}}
        release: {at: 1m, variants: [{name: good}]}
        strategies: [abTest: {share: 50%, duration: 5m, interval: 45s, margin: 90%, \
         then: blueGreen}]",
    )
    .fly();
    let (won, switched) = (flown.first("the variant won"), flown.first("switch: all traffic"));
    assert!(switched - won >= 60.0, "switched after {} s:\n{}", switched - won, flown.event_log());
    assert_eq!(flown.m().outage_by_release_s, Some(0.0));
}

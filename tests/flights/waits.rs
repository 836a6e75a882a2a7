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

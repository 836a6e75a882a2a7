//! Who finds what: checks, the A/B test, the shadow, the human.

use crate::tunnel::{Flown, tunnel, within};
use windtunnel::outcome::Verdict;

fn shipped(faults: &str, strategy: &str) -> Flown {
    tunnel(&format!(
        "horizon: 40m
        onCall: none
        service: {{replicas: 4, routes: [{{name: all, value: $1, conversion: 20%}}]}}
        traffic: {{users: 20000, arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 1m, variants: [{{name: bad, faults: [{faults}]}}]}}
        strategies: [{{{strategy}}}]"
    ))
    .fly()
}

const CANARY: &str = "canary: {steps: [25%, 100%], interval: 2m, \
                      checks: [errorRate, {latency: {max: 1s}}]}";

/// Half of the conversion is lost: 10 % instead of 20 % of some 10 000 users an arm is forty
/// standard errors. No request fails, so no error rate shows it.
#[test]
fn a_lost_conversion_is_seen_by_the_ab_test_only() {
    let drop = "{conversionDrop: {by: 50%}}";
    let test = shipped(drop, "abTest: {duration: 15m}");
    assert_eq!(test.outcome.verdict, Verdict::RolledBackBad, "{}", test.story());
    let canary = shipped(drop, CANARY);
    assert_eq!(canary.outcome.verdict, Verdict::MissedBad, "{}", canary.story());
}

/// 5 % wrong bodies under status 200: only the comparison of answers shows them, and no user ever
/// gets one from a shadow.
#[test]
fn wrong_answers_are_seen_by_the_shadow_only() {
    let wrong = "{wrongAnswers: {rate: 5%}}";
    let shadow = shipped(wrong, "shadow: {for: 10m}");
    assert_eq!(shadow.outcome.verdict, Verdict::RolledBackBad, "{}", shadow.story());
    assert_eq!(shadow.m().requests_wrong, Some(0.0));
    let canary = shipped(wrong, CANARY);
    assert_eq!(canary.outcome.verdict, Verdict::MissedBad);
    assert!(canary.m().requests_wrong > Some(1_000.0));
}

/// 5 % errors against a limit of 1 %: 25 % of 40/s over a minute and more make 900 requests, 45
/// errors expected; 9 or fewer would pass, with a probability below 10⁻⁹.
#[test]
fn plain_errors_are_seen_by_the_canary() {
    let canary = shipped("{errors: {rate: 5%}}", CANARY);
    assert_eq!(canary.outcome.verdict, Verdict::RolledBackBad);
    // Seen at the first check: start-up, then one interval.
    within("detected_after_s", canary.m().detected_after_s, 60.0, 125.0);
    within("weight", canary.m().weight_at_verdict, 0.25, 0.25);
}

fn watched(faults: &str, strategy: &str, replication: u32) -> Flown {
    tunnel(&format!(
        "horizon: 40m
        service: {{replicas: 6}}
        onCall: {{acknowledge: 3m, decide: 4m}}
        traffic: {{arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 5m, variants: [{{name: one, faults: [{faults}]}}]}}
        strategies: [{strategy}]"
    ))
    .replication(replication)
    .fly()
}

/// 0.1 % errors against an objective of 99 %: P(Bin(2400, 0.1 %) > 24) is below 10⁻¹⁵ a window.
#[test]
fn nobody_is_paged_for_a_good_release() {
    for strategy in ["rollingUpdate", "blueGreen", "{canary: {checks: [errorRate]}}", "none"] {
        for replication in 0..3 {
            let flown = watched("", strategy, replication);
            assert_eq!(flown.told("page:"), [0.0; 0], "{strategy}: {}", flown.story());
            assert_ne!(flown.outcome.verdict, Verdict::FalseRollback, "{strategy}");
        }
    }
}

/// 30 % errors after a recreate: both windows are above 1 % once 10 s of 5 minutes are bad; the
/// alert is evaluated every 30 s on scrapes every 15 s; then 3 + 4 minutes until the decision.
#[test]
fn the_human_is_paged_for_a_bad_one_and_takes_it_back() {
    let flown = watched("{errors: {rate: 30%}}", "recreate", 0);
    let page = flown.first("page: the success rate");
    within("page", Some(page), 300.0, 300.0 + 60.0 + 60.0);
    let decision = flown.first("the human orders the way back");
    within("decision", Some(decision), page + 420.0, page + 420.0);
    assert_eq!(flown.outcome.verdict, Verdict::RolledBackLate);
}

/// Errors of the environment page the human just the same: chaos can't be told from a release.
#[test]
fn the_human_cannot_tell_chaos_from_a_release() {
    let spec = "horizon: 40m
        service: {replicas: 6}
        onCall: {acknowledge: 3m, decide: 4m}
        traffic: {arrivals: {poisson: {rate: 40/s}}}
        chaos: [{errors: {rate: 30%, from: 10m, until: 30m}}]
        release: {at: 5m, variants: [{name: good}]}
        strategies: [rollingUpdate]";
    let flown = tunnel(spec).fly();
    assert_eq!(flown.outcome.verdict, Verdict::FalseRollback, "{}", flown.story());
}

/// While scrapes fail, an errorRate check has no data: by its setting it fails or waits.
#[test]
fn a_metric_gap_fails_the_check_or_makes_it_wait() {
    let gap = |no_data: &str, until: &str| {
        tunnel(&format!(
            "horizon: 20m
            onCall: none
            service: {{replicas: 4}}
            chaos: [{{metricGap: {{from: 30s, until: {until}}}}}]
            release: {{at: 1m, variants: [{{name: good}}]}}
            strategies: [{{canary: {{steps: [50%, 100%], \
            checks: [{{errorRate: {{noData: {no_data}}}}}]}}}}]"
        ))
        .fly()
    };
    assert_eq!(gap("fail", "15m").outcome.verdict, Verdict::FalseRollback);
    assert_eq!(gap("wait", "20m").outcome.verdict, Verdict::Unfinished);
    let late = gap("wait", "10m");
    assert_eq!(late.outcome.verdict, Verdict::PromotedGood, "{}", late.story());
    assert!(late.first("promoted") > 600.0);
}

//! Who finds what: checks, the A/B test, the shadow, the human.

use crate::tunnel::{Flown, tunnel, within};
use std::sync::Arc;
use windtunnel::outcome::Verdict;
use windtunnel::scenario::crew::Crew;

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
    assert_eq!(test.outcome.verdict, Verdict::RolledBackBad, "{}", test.event_log());
    let canary = shipped(drop, CANARY);
    assert_eq!(canary.outcome.verdict, Verdict::MissedBad, "{}", canary.event_log());
}

/// 5 % wrong bodies under status 200: only the comparison of answers shows them, and no user ever
/// gets one from a shadow.
#[test]
fn wrong_answers_are_seen_by_the_shadow_only() {
    let wrong = "{wrongAnswers: {rate: 5%}}";
    let shadow = shipped(wrong, "shadow: {for: 10m}");
    assert_eq!(shadow.outcome.verdict, Verdict::RolledBackBad, "{}", shadow.event_log());
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
            assert_eq!(flown.told("page:"), [0.0; 0], "{strategy}: {}", flown.event_log());
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
    let decision = flown.first("the human orders the rollback");
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
    assert_eq!(flown.outcome.verdict, Verdict::FalseRollback, "{}", flown.event_log());
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
    assert_eq!(late.outcome.verdict, Verdict::PromotedGood, "{}", late.event_log());
    assert!(late.first("promoted") > 600.0);
}

/// Verdicts of an experiment over many replications: (taken back, promoted).
fn verdicts(faults: &str, settings: &str, flights: u32) -> (u32, u32) {
    let of = |replication| {
        tunnel(&format!(
            "horizon: 20m
            onCall: none
            service: {{replicas: 4, routes: [{{name: browse, share: 90%}}, \
            {{name: checkout, share: 10%, value: $1, conversion: 90%}}]}}
            traffic: {{users: 20000, arrivals: {{poisson: {{rate: 40/s}}}}}}
            release: {{at: 1m, variants: [{{name: one, faults: [{faults}]}}]}}
            strategies: [{{abTest: {{duration: 15m, guardErrors: false, margin: 0%, {settings}}}}}]"
        ))
        .replication(replication)
        .fly()
        .outcome
        .verdict
    };
    let found: Vec<Verdict> = (0..flights).map(of).collect();
    let count = |words: &[Verdict]| found.iter().filter(|v| words.contains(v)).count() as u32;
    (
        count(&[Verdict::FalseRollback, Verdict::RolledBackBad, Verdict::RolledBackLate]),
        count(&[Verdict::PromotedGood, Verdict::MissedBad]),
    )
}

/// No effect at all, 15 looks at 95 %: a peeker stops in 23 % of the tests (the recursion of
/// Armitage, McPherson and Rowe, in `group_sequential`), a planned sequence in 5 %. Over 80 tests
/// the counts stay within four standard errors of what the theory says, early looks with few users
/// widening the first.
#[test]
fn peeking_finds_effects_that_are_not_there() {
    let theory = windtunnel::stats::group_sequential::group_sequential(15, 0.05);
    let theory = theory.expect("fifteen looks").naive_error;
    let stops = |looks: &str| {
        let (back, won) = verdicts("", &format!("looks: {looks}, step: checkout"), 80);
        f64::from(back + won) / 80.0
    };
    let error = |p: f64| 4.0 * (p * (1.0 - p) / 80.0).sqrt();
    within("peek", Some(stops("peek")), theory - error(theory), theory + error(theory));
    within("planned", Some(stops("planned")), 0.0, 0.05 + error(0.05));
}

/// A drop of 4 % of the conversion of those who reach the step. With a log of exposures some 1 600
/// users an arm are compared, 90 % against 86.4 %: 3.4 standard errors, found in nine of ten tests.
/// Without, some 8 000 are, of whom six of seven never met the step: 1.2 standard errors.
#[test]
fn without_a_log_of_exposures_an_effect_drowns() {
    let found = |log: bool| {
        let faults = "{conversionDrop: {by: 4%, route: checkout}}";
        verdicts(faults, &format!("step: checkout, exposureLog: {log}"), 40).0
    };
    // P(Bin(40, 0.9) < 28) and P(Bin(40, 0.24) > 20) are both below 10⁻³.
    let (with, without) = (found(true), found(false));
    assert!(with >= 28 && without <= 20, "{with} with a log, {without} without, of 40");
}

/// Required to be better, an equal version is not shipped: at 99.9 % one test in 2 000 errs.
#[test]
fn equal_is_not_better() {
    let (_, won) = verdicts("", "step: checkout, require: better, confidence: 99.9%", 6);
    assert_eq!(won, 0);
}

/// A query is read under the rules it is asked by: what only 2.x knows flies under v2, for every
/// strategy that asks, and what only 3.x takes is refused there.
#[test]
fn queries_are_read_under_the_rules_of_their_scenario() {
    let spec = |rules: &str, query: &str, strategy: &str| {
        let strategy = strategy.replace("QUERY", query);
        format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             horizon: 20m\n  onCall: none\n  service: {{replicas: 4}}\n  telemetry: {{rules: {rules}}}\n  \
             release: {{at: 1m, variants: [{{name: bad, faults: [{{errors: {{rate: 50%}}}}]}}]}}\n  \
             strategies: [{{{strategy}}}]\n"
        )
    };
    let of = "http_requests_total{status=~\\\"5..\\\",version=\\\"new\\\"}";
    let old = format!("holt_winters({of}[2m], 0.5, 0.5)");
    let new = format!("sum(rate({of}[60 * 2]))");
    let strategies = [
        "canary: {checks: [{query: \"QUERY\", failsWhen: '> 0', window: 1m}]}",
        "abTest: {guardrails: [{query: \"QUERY\", failsWhen: '> 0', window: 1m}]}",
        "flagger: {analysis: {stepWeight: 20, metrics: [{name: a, max: 0, \
         query: \"sum(QUERY)\", interval: 1m}]}}",
        "argoCanary: {steps: [{setWeight: 50}, {pause: {duration: 3m}}, {analysis: {metrics: \
         [{name: a, query: \"sum(QUERY)\", failureCondition: 'len(result) > 0 && result[0] > 0'}\
         ]}}]}",
    ];
    for strategy in strategies {
        for (rules, query, other) in [("v2", &old, "v3"), ("v3", &new, "v2")] {
            let scenario = crate::tunnel::parse(&spec(rules, query, strategy));
            let crew = Crew::bind(&Arc::new(scenario.clone())).expect(strategy);
            assert!(!crew.pilots[0].facts.queries.is_empty(), "{strategy}");
            let order = windtunnel::experiment::fly::single_order(&scenario, 1, 0);
            let flown = crate::tunnel::Tunnel { scenario, order }.fly();
            let verdict = flown.outcome.verdict;
            assert_eq!(
                verdict,
                Verdict::RolledBackBad,
                "{strategy} {rules}\n{}",
                flown.event_log()
            );
            let refused = windtunnel::scenario::read::read(&spec(other, query, strategy), "a");
            let problems = refused.expect_err(strategy);
            assert!(problems.iter().any(|p| p.path.contains("query")), "{problems:?}");
        }
    }
}

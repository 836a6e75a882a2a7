//! The judges of checks, flown: how often each fails a good release, and whether it fails a bad one.
//!
//! One canary with all judges as its checks; failures are forgiven, so that each is asked at every
//! look. The release is good: 0.5 % errors in both versions, half of the requests to each. A test
//! fails by chance with a probability below 10⁻⁶.

use crate::tunnel::{Tunnel, tunnel};
use std::sync::Arc;
use windtunnel::analysis::check::judge::JUDGES as CATALOGUE;
use windtunnel::base::special::binomial_tails;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::outcome::Verdict;
use windtunnel::scenario::crew::Crew;

const FLIGHTS: u32 = 48;

/// Judges as their checks, each with a level that its head or settings state.
const JUDGES: &str = "{errorRate: {judge: {twoProportions: {errorProbability: 5%}}}}, \
    {errorRate: {window: 30s, judge: {kayenta: {points: 16}}}}, \
    {errorRate: {judge: {sprt: {good: 0.5%, bad: 2%, errorProbability: 5%}}}}, \
    {errorRate: {judge: {msprt: {errorProbability: 5%}}}}, \
    {errorRate: {judge: {betaBinomial: {failsAbove: 95%}}}}, \
    {errorRate: {judge: {cusum: {good: 0.5%, bad: 2%, falseAlarmEvery: 100000}}}}, \
    {errorRate: {judge: {burnRate: {objective: 99%, pairs: [{long: 2m, short: 1m, burn: 1}]}}}}, \
    {errorRate: {judge: {kOfN: {failed: 2, of: 2, judge: \
    {twoProportions: {errorProbability: 20%}}}}}}, \
    {query: 'sum(rate(http_requests_total{version=\"new\",status=~\"5..\"}[1m]))', name: asked, noData: pass, \
    stableQuery: 'sum(rate(http_requests_total{version=\"old\",status=~\"5..\"}[1m]))', \
    judge: {relative: {atMost: 300, plus: 1}}}";

fn canary(checks: &str, faults: &str, forgiven: u32) -> Tunnel {
    let settings = format!("steps: [50%], interval: 30s, failureLimit: {forgiven}");
    canary_of(&settings, checks, faults)
}

fn canary_of(settings: &str, checks: &str, faults: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 12m
        onCall: none
        service: {{replicas: 4, routes: [{{name: all, errors: 0.5%}}]}}
        traffic: {{arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 1m, variants: [{{name: one, faults: [{faults}]}}]}}
        strategies: [{{canary: {{{settings}, checks: [{checks}]}}}}]"
    ))
}

/// What the check of this name answered at each look of a flight: (verdict, requests).
fn answers(event_log: &[String], name: &str) -> Vec<(String, u64)> {
    let head = format!("check {name}: ");
    let of = |line: &String| {
        let rest = line.strip_prefix(&head)?;
        let said = rest.split(" (").next()?;
        let (before, verdict) = said.rsplit_once(": ")?;
        let requests =
            before.rsplit_once(", ").and_then(|(_, n)| n.split(' ').next()?.parse().ok());
        Some((verdict.to_string(), requests.unwrap_or(0)))
    };
    event_log.iter().filter_map(of).collect()
}

/// The stories of all flights of the good release.
fn stories() -> Vec<Vec<String>> {
    let base = canary(JUDGES, "", 1000);
    let scenario = Arc::new(base.scenario.clone());
    let crew = Crew::bind(&scenario).expect("sound queries");
    let event_log = |replication| {
        let order = base.clone().replication(replication).order;
        let order =
            FlightSpec { checked: false, record: Some(SimDuration::from_secs(60)), ..order };
        let twin = fly_twin(&scenario, &FlightSpec { record: None, ..order.clone() });
        let (_, recording) = fly(&crew, 0, 0, &order, &twin);
        let events = recording.expect("a recording was asked for").events;
        events.into_iter().map(|event| event.text.to_string()).collect()
    };
    (0..FLIGHTS).map(event_log).collect()
}

/// Asserts that `alarms` of `trials` is not more than chance allows at this level.
#[track_caller]
fn holds(name: &str, level: f64, alarms: usize, trials: usize) {
    let tail = binomial_tails(alarms as u64, trials as u64, level).1;
    println!("{name}: {alarms} of {trials} at {level}: {tail:.2e}");
    assert!(trials >= FLIGHTS as usize / 2, "{name}: only {trials} trials");
    assert!(alarms == 0 || tail > 1e-6, "{name}: {alarms} of {trials} alarms at level {level}");
}

#[test]
fn judges_hold_their_levels() {
    let stories = stories();
    let all = |name: &str| -> Vec<Vec<(String, u64)>> {
        let name = format!("errorRate/{name}");
        stories.iter().map(|event_log| answers(event_log, &name)).collect()
    };
    let fails = |looks: &[(String, u64)]| looks.iter().filter(|(v, _)| v == "fail").count();
    // A window a look: every look is a trial of its own.
    let flights = all("twoProportions");
    let (alarms, looks) = (flights.iter().map(|f| fails(f)).sum(), flights.concat().len());
    assert!(looks > 10 * FLIGHTS as usize, "{looks} looks");
    holds("twoProportions", 0.05, alarms, looks);
    // Valid at all looks together: a flight is a trial.
    let ever = |name: &str| all(name).iter().filter(|f| fails(f) > 0).count();
    holds("msprt", 0.05, ever("msprt"), FLIGHTS as usize);
    // The mean number of requests between alarms bounds their probability: N/e^h (a union over the
    // requests at which an excursion can begin).
    let seen = |f: &Vec<(String, u64)>| f.iter().map(|(_, n)| *n).sum::<u64>() as f64;
    let served = all("cusum").iter().map(seen).fold(0.0, f64::max);
    holds("cusum", served / 1e5, ever("cusum"), FLIGHTS as usize);
    // The first decision, at Wald's bound α/(1−β).
    let flights = all("sprt");
    let first = |f: &&Vec<(String, u64)>| f.iter().find(|(v, _)| v != "wait").is_some();
    let wrong = |f: &&Vec<(String, u64)>| {
        f.iter().find(|(v, _)| v != "wait").is_some_and(|(v, _)| v == "fail")
    };
    let (decided, wrong) =
        (flights.iter().filter(first).count(), flights.iter().filter(wrong).count());
    holds("sprt", 0.05 / 0.9, wrong, decided);
    // One look: a probability above 95 % is as rare as its complement, with equal halves.
    let firsts: Vec<_> = all("betaBinomial").iter().filter_map(|f| f.first().cloned()).collect();
    holds("betaBinomial", 0.05, fails(&firsts), firsts.len());
    // The rule of 2·(1−Φ(2.326/0.75)) of independent points, once a flight.
    let lasts: Vec<_> = all("kayenta").iter().filter_map(|f| f.last().cloned()).collect();
    assert!(lasts.iter().filter(|(v, _)| v != "wait").count() > FLIGHTS as usize / 2, "{lasts:?}");
    holds("kayenta", 0.0019, fails(&lasts), lasts.len());
    // More than 1 % of the requests of the long window; every fourth look has one of its own.
    let apart: Vec<_> = all("burnRate")
        .iter()
        .flat_map(|f| f.iter().step_by(4).cloned().collect::<Vec<_>>())
        .collect();
    let level = |n: u64| binomial_tails(n / 100 + 1, n, 0.005).1;
    let most = apart.iter().map(|(_, n)| level((*n).max(1))).sum::<f64>() / apart.len() as f64;
    holds("burnRate", most, fails(&apart), apart.len());
    // Two looks in a row at 20 % each.
    let pairs: Vec<_> = all("kOfN")
        .iter()
        .flat_map(|f| f.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>())
        .collect();
    holds("kOfN", 0.04, fails(&pairs), pairs.len());
    // Three times the other's and 1/s more: half of the requests fail 0.1/s.
    let asked: usize = stories.iter().map(|event_log| fails(&answers(event_log, "asked"))).sum();
    assert_eq!(asked, 0, "1/s against a mean of 0.1/s has a probability below 10⁻⁹");
}

/// 10 % errors beside 0.5 %: each judge alone takes the release back, and says what it tested.
#[test]
fn judges_fail_a_bad_release() {
    let alone = [
        "threshold: {failsWhen: '> 2%'}",
        "relative: {atMost: 300}",
        "twoProportions",
        "kayenta: {points: 8, direction: increase, step: 15s}",
        "sprt",
        "msprt",
        "betaBinomial: {failsAbove: 99%}",
        "cusum",
        "burnRate: {pairs: [{long: 5m, short: 1m}]}",
        "kOfN: {failed: 2, of: 3, judge: {threshold: {failsWhen: '> 2%'}}}",
    ];
    for part in CATALOGUE {
        let flown = alone.iter().any(|judge| judge.split(':').next() == Some(part.name));
        assert!(flown, "{}: fly it here, and above if it can fail a good release", part.name);
    }
    for judge in alone {
        // A judge without settings is its name alone.
        let judge = if judge.contains(':') { format!("{{{judge}}}") } else { judge.to_string() };
        let check = format!("{{errorRate: {{judge: {judge}}}}}");
        let flown = canary(&check, "{errors: {rate: 10%}}", 0).fly();
        let event_log = flown.event_log();
        assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad, "{judge}\n{event_log}");
        let name = judge.trim_start_matches('{').split(':').next().unwrap_or_default();
        let tested = event_log.contains(&format!("({name}: "));
        let told = tested || ["threshold", "relative"].contains(&name);
        assert!(told, "{judge} does not say what it tested (`Opinion::tested`)\n{event_log}");
    }
}

/// A margin that a few requests cannot exclude: unsure holds the weight, and beyond its limit the
/// release goes back for want of evidence; the check is named.
#[test]
fn unsure_holds_the_weight_and_ends_without_evidence() {
    let check = "{errorRate: {judge: {twoProportions: {margin: 0.01%}}}}";
    let held = canary(check, "", 0).fly();
    assert_eq!(held.outcome.verdict, Verdict::Unfinished, "{}", held.event_log());
    assert!(held.told(": unsure (twoProportions: ").len() > 10, "{}", held.event_log());
    let limited = "steps: [50%], interval: 30s, unsureLimit: 2";
    let flown = canary_of(limited, check, "").fly();
    assert_eq!(flown.outcome.verdict, Verdict::NoEvidence, "{}", flown.event_log());
    assert_eq!(flown.outcome.stopped_by.as_deref(), Some("errorRate/twoProportions"));
}

/// A check that waits for data does not hide that another one is in doubt.
#[test]
fn doubt_counts_beside_a_check_that_waits() {
    let unsure = "{errorRate: {judge: {twoProportions: {margin: 0.01%}}}}";
    let waits = "{query: {query: nobody_exports_it, failsWhen: '> 0', noData: wait}}";
    let limited = "steps: [50%], interval: 30s, unsureLimit: 2";
    for checks in [format!("{unsure}, {waits}"), format!("{waits}, {unsure}")] {
        let flown = canary_of(limited, &checks, "").fly();
        assert_eq!(flown.outcome.verdict, Verdict::NoEvidence, "{}", flown.event_log());
    }
}

/// The same judges guard an A/B test: a failure ends it, doubt does not.
#[test]
fn judges_guard_an_ab_test() {
    let flown = |guard: &str, faults: &str| {
        tunnel(&format!(
            "horizon: 25m
            onCall: none
            service: {{replicas: 4, routes: [{{name: all, value: $1, conversion: 20%}}]}}
            traffic: {{arrivals: {{poisson: {{rate: 40/s}}}}}}
            release: {{at: 1m, variants: [{{name: one, faults: [{faults}]}}]}}
            strategies: [{{abTest: {{duration: 15m, guardErrors: false, guardrails: [{guard}]}}}}]"
        ))
        .fly()
    };
    let sprt = "{errorRate: {judge: sprt}}";
    let bad = flown(sprt, "{errors: {rate: 10%}}");
    assert_eq!(bad.outcome.verdict, Verdict::RolledBackBad, "{}", bad.event_log());
    assert!(bad.first("the strategy orders the rollback") < 400.0, "{}", bad.event_log());
    let unsure = flown("{errorRate: {judge: {twoProportions: {margin: 0.01%}}}}", "");
    assert!(unsure.first("check conversionDifference") > 900.0, "{}", unsure.event_log());
}

/// Argo's provider `kayenta` flies with a canary config: the good release scores 100 and goes on, one
/// with 30 % errors scores 0 and is taken back; a score between the thresholds pauses the rollout.
#[test]
fn argos_kayenta_provider_flies() {
    let flown = |faults: &str, groups: &str, second: &str| {
        let of = |version: &str| {
            let bad = format!("http_requests_total{{version=\"{version}\",status=~\"5..\"}}");
            let all = format!("http_requests_total{{version=\"{version}\"}}");
            format!("'(sum(rate({bad}[30s])) or vector(0)) / sum(rate({all}[30s]))'")
        };
        let (new, old) = (of("new"), of("old"));
        tunnel(&format!(
            "horizon: 20m
            onCall: none
            service: {{replicas: 4, routes: [{{name: all, errors: 2%}}]}}
            traffic: {{arrivals: {{poisson: {{rate: 40/s}}}}}}
            release: {{at: 1m, variants: [{{name: one, faults: [{faults}]}}]}}
            strategies: [{{argoCanary: {{steps: [{{setWeight: 50}}, {{pause: {{duration: 8m}}}}, \
            {{analysis: {{metrics: [{{name: aca, kayenta: {{pass: 95, marginal: 50, lifetime: 7m, \
            step: 30s, groups: [{groups}], metrics: [{{group: errors, experiment: {new}, control: \
            {old}, direction: increase}}{second}]}}}}]}}}}]}}}}]"
        ))
        .fly()
    };
    let good = flown("", "", "");
    assert_eq!(good.outcome.verdict, Verdict::PromotedGood, "{}", good.event_log());
    let bad = flown("{errors: {rate: 30%}}", "", "");
    assert_eq!(bad.outcome.verdict, Verdict::RolledBackBad, "{}", bad.event_log());
    let calm = ", {group: calm, experiment: 'sum(up)', control: 'sum(up)'}";
    let groups = "{name: errors, weight: 40}";
    let paused = flown("{errors: {rate: 30%}}", groups, calm);
    assert_eq!(paused.outcome.verdict, Verdict::Unfinished, "{}", paused.event_log());
    assert!(!paused.told("Inconclusive").is_empty(), "{}", paused.event_log());
}

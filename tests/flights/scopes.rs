//! Whatever limits a fault limits it: every scope that a part of the catalogue takes is flown, and
//! nothing is taken that changes nothing.

use crate::tunnel::tunnel;
use rayon::prelude::*;
use windtunnel::base::settings::{Part, describe};
use windtunnel::fault::{CHAOS, DEFECTS, Fault};
use windtunnel::outcome::Measures;

/// The fields that limit a fault, each with a narrow value.
const SCOPES: [(&str, &str); 4] =
    [("route", "other"), ("cohort", "20%"), ("pods", "30%"), ("zone", "1")];

/// What a fault needs to be felt in [`flown`].
fn settings(list: &str, name: &str) -> &'static str {
    match (list, name) {
        ("chaos", "nodeLoss" | "podKill") => "count: 2, from: 2m",
        ("chaos", "nodeDrain") => "count: 6, from: 2m, until: 4m",
        ("chaos", "zoneLoss") => "from: 2m",
        (_, "errors") => "rate: 30%",
        (_, "latency") => "add: 2s",
        (_, "hang") => "rate: 5%",
        (_, "clientRetries") => "extra: 4",
        (_, "loadDependent") => "aboveLoad: 15%, errors: 100%",
        (_, "crashAfter") => "time: 20s",
        (_, "memoryLeak") => "limitMib: 10",
        (_, "conversionDrop") => "by: 100%",
        (_, "cpu") => "factor: 50",
        (_, "dependencyCalls") => "factor: 20",
        (_, "slowStart") => "factor: 30",
        (_, "wrongAnswers") => "rate: 30%",
        _ => "",
    }
}

/// A release of a version that fails one request in ten, beside what is tried.
fn flown(list: &str, name: &str, more: &str) -> Measures {
    let fault = format!("{{{name}: {{{}}}}}", join(settings(list, name), more));
    let (chaos, fault) = match list {
        "chaos" => (fault, String::new()),
        _ => ("{errors: {rate: 2%, until: 1s}}".into(), format!(", {fault}")),
    };
    // Passed by a half of the defect, not by all of it.
    let checks = "checks: [{conversion: {percentOfStable: 20}}, {cpu: {percentOfStable: 3500}}], \
        interval: 30s";
    let checked = matches!(name, "conversionDrop" | "cpu");
    let plan = if checked {
        format!("{{canary: {{steps: [50%, 100%], {checks}}}}}")
    } else {
        "{blueGreen: {gate: none, wait: 60s, keepOld: 1h}}".into()
    };
    let flown = tunnel(&format!(
        "horizon: 6m
        objective: {{slow: 1s}}
        onCall: none
        service: {{replicas: 6, concurrency: 8, startup: 5s, nodes: {{count: 6, capacity: 4, \
        zones: 2}}, dependency: {{capacity: 200/s}}, routes: [\
        {{name: main, share: 70%, write: true, value: $1, serviceTime: 50ms}}, \
        {{name: other, share: 30%, serviceTime: 20ms}}]}}
        traffic: {{users: 2000, timeout: 3s, retries: {{attempts: 1}}, \
        arrivals: {{poisson: {{rate: 60/s}}}}}}
        chaos: [{chaos}]
        release: {{at: 30s, variants: [{{name: bad, faults: [{{errors: {{rate: 10%}}}}{fault}]}}]}}
        strategies: [{plan}]"
    ))
    .fly();
    flown.m().clone()
}

fn join(settings: &str, more: &str) -> String {
    [settings, more].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The scopes that a part reads. A route that has to be named is always given.
fn scopes(part: &Part<Fault>) -> Vec<(&'static str, &'static str)> {
    let fields = describe(part.read);
    let reads = |(scope, _): &(&str, &str)| {
        fields.iter().any(|field| field.path == *scope && !field.required)
    };
    SCOPES.into_iter().filter(reads).collect()
}

fn needs_route(part: &Part<Fault>) -> bool {
    describe(part.read).iter().any(|field| field.path == "route" && field.required)
}

/// Every part of both lists with every scope that it takes: the flight is another one.
#[test]
fn what_limits_a_fault_changes_the_flight() {
    let lists = [("chaos", CHAOS), ("faults", DEFECTS)];
    let cases: Vec<(&str, &Part<Fault>)> =
        lists.into_iter().flat_map(|(list, parts)| parts.iter().map(move |p| (list, p))).collect();
    let tried: usize = cases.iter().map(|(_, part)| scopes(part).len()).sum();
    assert!(tried > 40, "only {tried} scopes");
    let wrong: Vec<String> = cases
        .into_par_iter()
        .flat_map_iter(|(list, part)| {
            let more = if needs_route(part) { "route: other" } else { "" };
            let wide = flown(list, part.name, more);
            scopes(part).into_iter().filter_map(move |(scope, value)| {
                let narrow = format!("{scope}: {value}");
                let found = flown(list, part.name, &join(more, &narrow));
                let same = found == wide;
                same.then(|| format!("{list}: {}: {{{narrow}}} changes nothing", part.name))
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

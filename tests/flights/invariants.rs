//! All strategies × all defects × all chaos, small, with every invariant checked after every event.
//!
//! A violated invariant panics inside the engine; what is asserted here is that the measures of
//! every flight agree with each other.

use crate::tunnel::tunnel;
use rayon::prelude::*;
use std::sync::Arc;
use windtunnel::base::settings::describe;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::fault::{CHAOS, DEFECTS};
use windtunnel::outcome::{MeasureId, Outcome};
use windtunnel::scenario::crew::Crew;
use windtunnel::strategy::STRATEGIES;

/// Chaos that needs more than its name to do something within ten minutes.
const SETTINGS: &[(&str, &str)] = &[
    ("errors", "{rate: 5%, from: 2m, until: 3m}"),
    ("latency", "{add: 300ms, from: 2m, until: 5m}"),
    ("hang", "{rate: 1%, from: 2m, until: 3m}"),
    ("dependencyErrors", "{rate: 50%, from: 2m, until: 4m}"),
    ("metricGap", "{atProgress: 30%, lasts: 2m}"),
    ("nodeDrain", "{count: 2, from: 2m, until: 6m}"),
    ("nodeLoss", "{atProgress: 30%}"),
    ("podKill", "{count: 2, randomly: 30/h}"),
    ("propagationLag", "{factor: 10, onMixedVersions: true}"),
    ("zoneLoss", "{from: 2m}"),
];

fn spec(chaos: &str) -> String {
    let share = 100.0 / (DEFECTS.len() + 1) as f64;
    let variant = |(i, fault): (usize, String)| {
        let faults = if fault.is_empty() { String::new() } else { format!(", faults: [{fault}]") };
        format!("{{name: v{i}, share: {share}%{faults}}}")
    };
    let defects = DEFECTS.iter().map(|part| match part.name {
        "latency" => "{latency: {add: 500ms}}".to_string(),
        "crashAfter" => "{crashAfter: {time: {exponential: {mean: 1m}}}}".to_string(),
        "memoryLeak" => "{memoryLeak: {limitMib: 20}}".to_string(),
        name if describe(part.read).iter().any(|f| f.path == "route" && f.required) => {
            format!("{{{name}: {{route: rest}}}}")
        }
        name => name.to_string(),
    });
    let variants: Vec<String> =
        std::iter::once(String::new()).chain(defects).enumerate().map(variant).collect();
    let strategies: Vec<&str> = STRATEGIES
        .iter()
        .map(|part| match part.name {
            "canary" => "{canary: {interval: 30s, checks: [errorRate, latency]}}",
            "abTest" => "{abTest: {duration: 3m}}",
            "shadow" => "{shadow: {for: 2m, then: rollingUpdate}}",
            "blueGreen" => "{blueGreen: {keepOld: 3m, gate: smokeTest}}",
            name => name,
        })
        .collect();
    format!(
        "horizon: 10m
        service: {{replicas: 5, warmUp: {{factor: 2}}, dependency: {{capacity: 100/s}}, \
        nodes: {{count: 3, capacity: 4, provisioning: 30s}}, mixing: {{sessionBreaks: 1%}}, \
        livenessProbe: {{}}, routes: [{{name: all, share: 60%, write: true, value: $1, errors: 0.5%}}, \
        {{name: rest, share: 40%}}]}}
        traffic: {{users: 500, timeout: 3s, retries: {{attempts: 1}}, \
        arrivals: {{poisson: {{rate: 10/s}}}}}}
        onCall: {{acknowledge: 1m, decide: 1m}}
        release: {{at: 1m, variants: [{}]}}
        {chaos}
        strategies: [{}]",
        variants.join(", "),
        strategies.join(", ")
    )
}

/// What must hold between the measures of any flight.
pub fn consistent(outcome: &Outcome, twin: &Outcome) -> Vec<String> {
    let (m, t) = (&outcome.measures, &twin.measures);
    let value = |figure: Option<f64>| figure.unwrap_or(0.0);
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_string());
        }
    };
    let bad = value(m.requests_failed) + value(m.requests_wrong) + value(m.requests_slow);
    check(bad <= value(m.requests), "no more bad requests than requests");
    check(value(m.users_hurt) <= value(m.users_active), "the hurt are active");
    check(value(m.users_exposed) <= value(m.users_active), "the exposed are active");
    check(value(m.exposed_before_verdict) <= value(m.users_exposed), "exposure only grows");
    check(
        bad >= value(m.users_hurt) || value(m.users_hurt) == 0.0,
        "every hurt user had a bad request",
    );
    let gross = value(m.users_hurt) - value(m.users_hurt_by_release);
    let spared = value(t.users_hurt) - value(m.users_spared);
    check(gross == spared, "hurt in both flights is counted alike from both sides");
    check(value(m.users_active) == value(t.users_active), "the same tape");
    check(value(m.requests) == value(t.requests), "the same requests");
    check(
        value(m.outage_s) <= 600.0 && value(m.mixed_version_s) <= 600.0,
        "no longer than the flight",
    );
    let hours = value(m.pod_hours) - value(t.pod_hours) - value(m.pod_hours_extra);
    check(hours.abs() < 1e-9, "cost is the twin's plus the extra");
    check(value(m.pods_peak) * 600.0 / 3600.0 >= value(m.pod_hours) - 1e-9, "peak bounds the cost");
    let negative = MeasureId::all().filter(|id| {
        let differences = ["by_release", "extra", "minus", "release_usd"];
        let signed = differences.iter().any(|part| id.name().contains(part));
        !signed && value(m.get(*id)) < 0.0
    });
    check(negative.count() == 0, "nothing counted is negative");
    check(m.values().iter().flatten().all(|v| v.is_finite()), "every value is finite");
    wrong
}

#[test]
fn every_strategy_meets_every_defect_and_every_chaos() {
    let named = CHAOS.iter().map(|part| {
        let known = SETTINGS.iter().find(|(name, _)| *name == part.name);
        let (name, settings) = known.unwrap_or_else(|| panic!("no settings for {}", part.name));
        format!("chaos: [{{{name}: {settings}}}]")
    });
    let storms: Vec<String> = named.chain(["".to_string()]).collect();
    let wrong: Vec<String> = storms.par_iter().flat_map(|chaos| one_storm(chaos)).collect();
    assert!(wrong.is_empty(), "{} flights:\n{}", wrong.len(), wrong.join("\n"));
}

fn one_storm(chaos: &str) -> Vec<String> {
    let scenario = Arc::new(tunnel(&spec(chaos)).scenario);
    let order = FlightSpec { seed: 77, checked: true, ..FlightSpec::default() };
    let crew = Crew::bind(&scenario).expect("sound queries");
    let twin = fly_twin(&scenario, &order);
    let pairs: Vec<(usize, usize)> = (0..scenario.release.variants.len())
        .flat_map(|v| (0..scenario.plans.len()).map(move |p| (v, p)))
        .collect();
    let wrong = |(variant, plan): &(usize, usize)| {
        let (name, faults) =
            (&scenario.plans[*plan].name, &scenario.release.variants[*variant].faults);
        let (outcome, _) = fly(&crew, *variant, *plan, &order, &twin);
        // Chaos bound to a phase has a twin of its own, which is not told here.
        let own = chaos.contains("atProgress") || chaos.contains("onMixed");
        let found = if own { Vec::new() } else { consistent(&outcome, &twin.outcome) };
        let fault = faults.first().map_or("none", |f| f.name);
        (!found.is_empty()).then(|| format!("{chaos} {name} {fault}: {found:?}"))
    };
    pairs.par_iter().filter_map(wrong).collect()
}

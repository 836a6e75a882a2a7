//! What only shows when the parts of a scenario are held against each other.
//!
//! Everything here is an error; what is merely unwise is said by `warn`.

use super::{priced, release, tree};
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Problem, nearest};
use windtunnel_model::fault::{Fault, Trigger};
use windtunnel_model::scenario::model::Scenario;

/// Most requests of one flight.
const REQUESTS_MAX: f64 = 2e9;

/// Most instants at which one fault strikes in a flight, in the mean.
const STRIKES_MAX: f64 = 100_000.0;

/// The problems of a scenario whose parts are read.
pub fn check(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    if scenario.release.at > release::latest(scenario.horizon) {
        let path = "spec.release.at";
        let found = format!("found {}", scenario.release.at);
        let expected = format!("before the end of the flight, {}", scenario.horizon);
        problems.push(at(document, path, found).expected(expected));
    }
    let requests = scenario.expected_requests();
    if requests > REQUESTS_MAX {
        let path = "spec.traffic.arrivals";
        let found = format!("{requests:.1e} requests in a flight");
        let help = "lower the rate or the horizon: shares and delays keep their meaning";
        let problem = at(document, path, found).expected(format!("at most {REQUESTS_MAX:.0e}"));
        problems.push(problem.help(help));
    }
    strikes(document, scenario, &mut problems);
    routes(document, scenario, &mut problems);
    problems.extend(priced::check(document, scenario));
    problems
}

/// Faults that would strike at random more often than a flight can hold.
fn strikes(document: &Node, scenario: &Scenario, problems: &mut Vec<Problem>) {
    let too_many = |path: String, fault: &Fault| {
        let Trigger::Random { rate, .. } = fault.trigger else { return None };
        let strikes = rate.value() * scenario.horizon.as_secs_f64();
        let found = format!("strikes some {strikes:.0} times in a flight of {}", scenario.horizon);
        let problem =
            at(document, &path, found).expected(format!("at most {STRIKES_MAX:.0} times"));
        let help = "lower the rate or the horizon: what strikes all the time is no random event";
        // More than one a second is refused where it is read.
        (strikes > STRIKES_MAX && rate.value() <= 1.0).then(|| problem.help(help))
    };
    let chaos = scenario.chaos.iter().enumerate();
    problems.extend(chaos.filter_map(|(i, f)| too_many(format!("spec.chaos[{i}].{}", f.name), f)));
    for (v, variant) in scenario.release.variants.iter().enumerate() {
        for (list, faults) in [("faults", &variant.faults), ("chaos", &variant.chaos)] {
            let path =
                |i: usize, f: &Fault| format!("spec.release.variants[{v}].{list}[{i}].{}", f.name);
            let found = faults.iter().enumerate().filter_map(|(i, f)| too_many(path(i, f), f));
            problems.extend(found);
        }
    }
}

fn at(document: &Node, path: &str, message: String) -> Problem {
    Problem::error(tree::place(document, path), path, message)
}

/// Faults and tests that name a route which does not exist.
fn routes(document: &Node, scenario: &Scenario, problems: &mut Vec<Problem>) {
    let names: Vec<&str> = scenario.service.routes.iter().map(|r| r.name.as_str()).collect();
    let mut lists = vec!["spec.chaos".to_string()];
    for i in 0..scenario.release.variants.len() {
        let of = |list| format!("spec.release.variants[{i}].{list}");
        lists.extend(["faults", "chaos"].map(of));
    }
    for list in lists {
        let Value::List(items) = &tree::deepest(document, &list).value else { continue };
        for (i, item) in items.iter().enumerate() {
            let Value::Map(entries) = &item.value else { continue };
            let Some((key, settings)) = entries.first() else { continue };
            if let Some(route) = settings.get("route") {
                let path = format!("{list}[{i}].{}.route", key.name);
                problems.extend(unknown(route, path, &names));
            }
        }
    }
    steps(tree::deepest(document, "spec.strategies"), "spec.strategies", &names, problems);
}

fn unknown(route: &Node, path: String, names: &[&str]) -> Option<Problem> {
    let name = route.scalar_text().filter(|n| !names.contains(&n.as_str()))?;
    let problem = Problem::error(route.place, path, format!("unknown route {name:?}"))
        .expected(format!("one of {}", names.join(", ")));
    Some(match nearest(&name, names.iter().copied()) {
        Some(meant) => problem.help(format!("did you mean {meant}?")),
        None => problem,
    })
}

/// Looks for A/B tests of a route, also among the strategies that follow others.
fn steps(node: &Node, path: &str, names: &[&str], problems: &mut Vec<Problem>) {
    match &node.value {
        Value::List(items) => items.iter().enumerate().for_each(|(i, item)| {
            steps(item, &format!("{path}[{i}]"), names, problems);
        }),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            let inner = format!("{path}.{}", key.name);
            if let Some(step) = value.get("step").filter(|_| key.name == "abTest") {
                problems.extend(unknown(step, format!("{inner}.step"), names));
            }
            steps(value, &inner, names, problems);
        }),
        _ => {}
    }
}

//! What `validate` and `run` foretell of checks: how often chance alone makes a good release fail,
//! and which bad ones lie so near to a limit that a coin flip decides.
//!
//! The figures come from rehearsals ([`super::rehearsal`]), which ask the queries that fly over
//! series scraped as in flights. Where plain counting already shows that a check is far from any
//! doubt, none is made.

use super::model::{Scenario, Variant};
use super::rehearsal::{Foretold, rehearse};
use super::warn::Found;
use super::warn_checks::shown;
use crate::analysis::binomial::threshold_check;
use crate::analysis::check::{Bound, Check, Metric};
use crate::base::node::Node;
use crate::base::problem::Problem;
use crate::base::special::binomial_tails;
use crate::base::time::SimDuration;
use crate::base::units::Share;
use crate::fault::{FaultEffect, Trigger};
use crate::strategy::Plan;
use crate::world::service::Route;

/// A good release's check that fails this often is a coin flip over a few steps.
const FALSE_ALARM: f64 = 0.02;

/// By plain counting, even half of the errors that a check forgives come this rarely: no rehearsal.
const BEYOND_DOUBT: f64 = 0.005;

/// A bad variant's error share within this factor of the limit is a coin flip.
const NEAR: f64 = 1.5;

/// What is foretold of all checks of a scenario whose traffic is known; `document` is what it was
/// read from.
pub fn warnings(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let mut found = Found::new(document);
    for number in 0..scenario.plans.len() {
        good(scenario, number, &mut found);
        near(scenario, number, &mut found);
    }
    found.problems()
}

/// The share of requests of a route that a version fails, as far as constant errors say; without
/// a variant, that of the version before.
pub(super) fn errors_of_route(route: &Route, variant: Option<&Variant>) -> f64 {
    let faults = variant.iter().flat_map(|variant| &variant.faults);
    1.0 - faults.fold(1.0 - route.errors.value(), |good, fault| {
        let FaultEffect::Request(effect, scope) = &fault.effect else { return good };
        let here = scope.route.as_ref().is_none_or(|name| *name == route.name);
        let constant = fault.trigger == Trigger::Always && effect.above_load.is_none();
        let part = |share: Option<Share>| share.map_or(1.0, |s| s.value());
        let reach = part(scope.cohort) * part(scope.pods.share);
        good * if here && constant { 1.0 - effect.errors * reach } else { 1.0 }
    })
}

/// The same over all routes.
fn errors(scenario: &Scenario, variant: Option<&Variant>) -> f64 {
    let routes = scenario.service.routes.iter();
    routes.map(|route| route.share.value() * errors_of_route(route, variant)).sum()
}

/// A check of the share of errors with a limit of its own: (its number, that limit).
fn limits(plan: &Plan) -> Vec<(usize, f64, Check, SimDuration, f64)> {
    let checks = plan.strategy.checks().into_iter().enumerate();
    let limited = |(number, (check, interval, weight)): (usize, (Check, SimDuration, f64))| match (
        &check.metric,
        check.bound,
    ) {
        (Metric::ErrorRate, Bound::AtMost(limit)) => Some((number, limit, check, interval, weight)),
        _ => None,
    };
    checks.filter_map(limited).collect()
}

/// Could chance make any check of a plan fail a release with this share of errors?
fn is_in_doubt(scenario: &Scenario, plan: &Plan, errors: f64) -> bool {
    let limits = limits(plan);
    if limits.len() < plan.strategy.judged().len() {
        // Short forms of another kind are not rehearsed; queries and controllers always are.
        let checks = plan.strategy.checks();
        let asks = |check: &Check| {
            check.bound.is_relative() || matches!(check.metric, Metric::Query { .. })
        };
        if checks.is_empty() || checks.iter().any(|(check, ..)| asks(check)) {
            return true;
        }
    }
    let rate = scenario.expected_requests() / scenario.horizon.as_secs_f64().max(1.0);
    limits.iter().any(|(_, limit, check, interval, weight)| {
        let window = check.window.unwrap_or(*interval);
        let requests = (rate * weight * window.as_secs_f64()).round() as u64;
        let most = threshold_check(requests, errors, (1.0 - limit) * 100.0);
        let half = most.map_or(0, |check| (check.most_errors_passing + 1).div_ceil(2));
        window < scenario.telemetry.interval * 3
            || binomial_tails(half.max(1), requests, errors).1 >= BEYOND_DOUBT
    })
}

fn place(plan: &Plan, number: usize, foretold: &Foretold) -> String {
    let path = format!("spec.strategies[{number}].{}", plan.kind);
    if foretold.path.is_empty() { path } else { format!("{path}.{}", foretold.path) }
}

/// Good releases that fail a check by chance.
fn good(scenario: &Scenario, number: usize, found: &mut Found<'_>) {
    let plan = &scenario.plans[number];
    let variant = scenario.release.variants.iter().position(|variant| !variant.bad);
    let share = errors(scenario, variant.map(|v| &scenario.release.variants[v]));
    if !is_in_doubt(scenario, plan, share) {
        return;
    }
    for foretold in rehearse(scenario, number, variant) {
        let taken_back = foretold.taken_back().filter(|share| *share >= FALSE_ALARM);
        if foretold.share() < FALSE_ALARM && taken_back.is_none() {
            continue;
        }
        let who = if foretold.path.is_empty() {
            format!("check {}", foretold.check)
        } else {
            "this check".to_string()
        };
        let sees =
            foretold.requests.map_or(String::new(), |n| format!("sees {n:.0} requests and "));
        let empty = match foretold.empty {
            0 => String::new(),
            n if n == foretold.failed => ", for want of an answer".to_string(),
            n => {
                let part = f64::from(n) / f64::from(foretold.asked);
                format!(", {} of the time for want of an answer", shown(part))
            }
        };
        let back = taken_back.map_or(String::new(), |part| {
            format!("; by chance alone it takes back {} of all good releases", shown(part))
        });
        let message = format!(
            "at its first look, at a weight of {}, {who} {sees}fails a good release ({} errors) \
             {} of the time{empty}{back}",
            shown(foretold.weight),
            shown(share),
            shown(foretold.share())
        );
        let help = "a longer window, a greater weight or a higher limit";
        found.say(&place(plan, number, &foretold), message, help);
    }
}

/// Bad variants that a check tells from good ones by a coin flip.
fn near(scenario: &Scenario, number: usize, found: &mut Found<'_>) {
    let (plan, base) = (&scenario.plans[number], errors(scenario, None));
    let limits = limits(plan);
    let bad = scenario.release.variants.iter().enumerate().filter(|(_, variant)| variant.bad);
    for (variant, shipped) in bad {
        let expected = errors(scenario, Some(shipped));
        let flips = |limit: f64| expected > limit / NEAR && expected < limit * NEAR;
        if expected <= base * 1.01 || !limits.iter().any(|(_, limit, ..)| flips(*limit)) {
            continue;
        }
        for foretold in rehearse(scenario, number, Some(variant)) {
            let path = |check: usize| foretold.path.ends_with(&format!("[{check}]"));
            let Some((_, limit, ..)) = limits.iter().find(|(n, ..)| path(*n)) else { continue };
            if !flips(*limit) {
                continue;
            }
            let message = format!(
                "variant {}: {} errors expected against a limit of {}; its first look, at a \
                 weight of {}, fails {} of the time",
                shipped.name,
                shown(expected),
                shown(*limit),
                shown(foretold.weight),
                shown(foretold.share())
            );
            let help = "a coin flip decides: move the limit away from the figure it has to tell";
            found.say(&place(plan, number, &foretold), message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::warnings;
    use crate::scenario::read::read;
    use crate::scenario::yaml;

    fn foretold(spec: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n{spec}"
        );
        let (scenarios, _) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        let document = yaml::documents(&text, "a.yaml").expect("YAML").remove(0);
        warnings(&document, &scenarios[0]).iter().map(ToString::to_string).collect()
    }

    const SERVICE: &str = "  service: {replicas: 10}\n";

    #[test]
    fn nothing_is_foretold_of_the_defaults() {
        assert_eq!(foretold(SERVICE), Vec::<String>::new());
    }

    #[test]
    fn coin_flips_are_named_with_their_figures() {
        let canary = "  strategies: [{canary: {steps: [20%, 40%], checks: [errorRate]}}]\n";
        let thin = "  traffic: {arrivals: {poisson: {rate: 10/s}}}\n";
        let service = "  service: {replicas: 10, routes: [{name: api, errors: 0.5%}]}\n";
        let found = foretold(&format!("{service}{thin}{canary}"));
        let [warning] = found.as_slice() else { panic!("{found:?}") };
        for part in
            ["checks[0]: at its first look, at a weight of 20%, this check sees", "0.5% errors"]
        {
            assert!(warning.contains(part), "{part}: {warning}");
        }
        let near = "  release: {variants: [{name: bad, faults: [{errors: {rate: 0.961%}}]}]}\n";
        let found = foretold(&format!("{SERVICE}{near}{canary}"));
        let told = "variant bad: 1.06% errors expected against a limit of 1%";
        assert!(found.iter().any(|warning| warning.contains(told)), "{found:?}");
    }

    /// What a check cannot see is not foretold: a latency, a service that answers by its load.
    #[test]
    fn nothing_is_foretold_where_counting_is_not_all() {
        let latency = "  strategies: [{canary: {checks: [latency]}}]\n";
        assert_eq!(foretold(&format!("{SERVICE}{latency}")), Vec::<String>::new());
    }
}

//! What `validate` and `run` foretell of checks: how often chance alone makes a good release fail,
//! and which bad ones lie so near to a limit that a coin flip decides.
//!
//! The figures come from rehearsals ([`super::rehearsal`]), which ask the queries that fly over
//! series scraped as in flights. Where plain counting already shows that a check is far from any
//! doubt, none is made.

use super::rehearsal::{Foretold, WORK, rehearse};
use super::warn::Warnings;
use super::warn_checks::shown;
use windtunnel_base::count::counted;
use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;
use windtunnel_base::special::binomial_tails;
use windtunnel_base::units::Share;
use windtunnel_model::analysis::check::{Bound, Check, Metric};
use windtunnel_model::fault::{FaultEffect, Trigger};
use windtunnel_model::scenario::crew;
use windtunnel_model::scenario::model::{Scenario, Variant};
use windtunnel_model::strategy::Plan;
use windtunnel_model::strategy::pilot::{Checked, Facts, Pilot};
use windtunnel_model::world::service::Route;
use windtunnel_stats::binomial::threshold_check;

/// A good release's check that fails this often is a coin flip over a few steps.
const FALSE_ALARM: f64 = 0.02;

/// By plain counting, even half of the errors that a check forgives come this rarely: no rehearsal.
const BEYOND_DOUBT: f64 = 0.005;

/// A bad variant's error share within this factor of the limit is a coin flip.
const NEAR: f64 = 1.5;

/// What is foretold of all checks of a scenario whose traffic is known; `document` is what it was
/// read from.
pub fn warnings(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let pilots = match crew::bind(scenario) {
        Ok((pilots, _)) => pilots,
        Err(problems) => return problems,
    };
    let mut found = Warnings::new(document);
    let (asked, mut left) = (questions(scenario, &pilots), WORK);
    for (number, question) in asked.iter().enumerate() {
        // Each may take its part of what those before it have left.
        let part = left / (asked.len() - number) as u64;
        let mut rest = part;
        let told = rehearse(scenario, &pilots[question.plan], question.variant, &mut rest);
        left -= part - rest;
        match &question.near {
            None => good(scenario, question, &told, &mut found),
            Some(limits) => near(scenario, question, limits, &told, &mut found),
        }
    }
    found.problems()
}

/// What rehearsals are asked.
struct Question {
    plan: usize,
    variant: Option<usize>,
    /// Share of errors that the variant is expected to have.
    errors: f64,
    /// Checks (by number) whose limit a bad variant is near to; absent for good releases.
    near: Option<Vec<(usize, f64)>>,
}

/// All that is worth a rehearsal, by strategy.
fn questions(scenario: &Scenario, pilots: &[Pilot]) -> Vec<Question> {
    let variants = &scenario.release.variants;
    let good = variants.iter().position(|variant| !variant.bad);
    let base = errors(scenario, None);
    let mut asked = Vec::new();
    for (number, Pilot { facts, .. }) in pilots.iter().enumerate() {
        let expected = errors(scenario, good.map(|v| &variants[v]));
        if is_in_doubt(scenario, facts, expected) {
            asked.push(Question { plan: number, variant: good, errors: expected, near: None });
        }
        for (variant, shipped) in variants.iter().enumerate().filter(|(_, v)| v.bad) {
            let expected = errors(scenario, Some(shipped));
            let flips = |limit: &f64| expected > limit / NEAR && expected < limit * NEAR;
            let all = limits(facts).into_iter().map(|(check, limit, ..)| (check, limit));
            let near: Vec<(usize, f64)> = all.filter(|(_, limit)| flips(limit)).collect();
            if expected > base * 1.01 && !near.is_empty() {
                let (variant, near) = (Some(variant), Some(near));
                asked.push(Question { plan: number, variant, errors: expected, near });
            }
        }
    }
    asked
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
        good * if here && constant { 1.0 - effect.fails() * reach } else { 1.0 }
    })
}

/// The same over all routes.
fn errors(scenario: &Scenario, variant: Option<&Variant>) -> f64 {
    let routes = scenario.service.routes.iter();
    routes.map(|route| route.share.value() * errors_of_route(route, variant)).sum()
}

/// A check of the share of errors with a limit of its own: (its number, that limit).
fn limits(facts: &Facts) -> Vec<(usize, f64, &Checked)> {
    let limited = |(number, checked)| {
        let (check, ..): &Checked = checked;
        match (&check.metric, check.bound()) {
            (Metric::ErrorRate, Some(Bound::AtMost(limit))) => Some((number, limit, checked)),
            _ => None,
        }
    };
    facts.checks.iter().enumerate().filter_map(limited).collect()
}

/// Could chance make any check of a plan fail a release with this share of errors?
fn is_in_doubt(scenario: &Scenario, facts: &Facts, errors: f64) -> bool {
    let limits = limits(facts);
    if limits.len() < facts.judged.len() {
        // Short forms of another kind are not rehearsed; queries and controllers always are.
        let checks = &facts.checks;
        let asks = |check: &Check| {
            check.compares()
                || check.bound().is_none()
                || matches!(check.metric, Metric::Query { .. })
        };
        if checks.is_empty() || checks.iter().any(|(check, ..)| asks(check)) {
            return true;
        }
    }
    let rate = scenario.expected_requests() / scenario.horizon.as_secs_f64().max(1.0);
    limits.iter().any(|(_, limit, (check, interval, weight))| {
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

/// A share of the rehearsals, in whole percent: their number supports no more.
fn rounded(share: f64) -> String {
    match (share * 100.0).round() {
        percent if percent < 1.0 && share > 0.0 => "less than 1%".to_string(),
        percent if percent >= 100.0 && share < 1.0 => "more than 99%".to_string(),
        percent => format!("{percent:.0}%"),
    }
}

/// Good releases that fail a check by chance.
fn good(scenario: &Scenario, question: &Question, told: &[Foretold], found: &mut Warnings<'_>) {
    let plan = &scenario.plans[question.plan];
    for foretold in told {
        let taken_back = foretold.taken_back().filter(|share| *share >= FALSE_ALARM);
        if foretold.share() < FALSE_ALARM && taken_back.is_none() {
            continue;
        }
        let message = chance(foretold, question.errors, taken_back, retries(plan));
        let help = "a longer window, a greater weight or a higher limit";
        found.say(&place(plan, question.plan, foretold), message, help);
    }
}

/// Is a measurement without an answer asked again, and no failure?
fn retries(plan: &Plan) -> bool {
    plan.kind.starts_with("argo")
}

/// What chance does to good releases with this share of errors at a check.
fn chance(told: &Foretold, errors: f64, taken_back: Option<f64>, retries: bool) -> String {
    let who = match told.path.is_empty() {
        true => format!("check {}", told.check),
        false => "this check".to_string(),
    };
    let part = |n: u32| rounded(f64::from(n) / f64::from(told.asked.max(1)));
    let back = taken_back.map(rounded);
    if told.failed == 0 {
        let back = back.unwrap_or_default();
        let errors = shown(errors);
        let releases = format!("good releases ({errors} errors)");
        return format!("by chance alone {who} takes back {back} of all {releases}");
    }
    let (fails, empty) = (told.failed - told.empty, told.empty);
    let wants = match empty {
        0 => String::new(),
        n if n == told.failed => ", for want of an answer".to_string(),
        n => format!(", {} of the time for want of an answer", part(n)),
    };
    let good = format!("fails a good release ({} errors)", shown(errors));
    let does = match (retries && empty > 0, fails) {
        (true, 0) => format!("has no answer {} of the time and is asked again", part(empty)),
        (true, fails) => format!(
            "{good} {} of the time, and has no answer {} of the time and is asked again",
            part(fails),
            part(empty)
        ),
        (false, _) => format!("{good} {} of the time{wants}", part(told.failed)),
    };
    // Where no answer is all there is, no request was seen.
    let seen = told.requests.filter(|_| fails > 0 || !retries);
    let sees = seen
        .map_or(String::new(), |n| format!("sees {} and ", counted(n.round() as u64, "request")));
    let back = back.map_or(String::new(), |part| {
        format!("; by chance alone it takes back {part} of all good releases")
    });
    let weight = shown(told.weight);
    format!("at its first look, at a weight of {weight}, {who} {sees}{does}{back}")
}

/// A bad variant that a check tells from good ones by a coin flip.
fn near(
    scenario: &Scenario,
    question: &Question,
    limits: &[(usize, f64)],
    told: &[Foretold],
    found: &mut Warnings<'_>,
) {
    let plan = &scenario.plans[question.plan];
    let Some(shipped) = question.variant.and_then(|v| scenario.release.variants.get(v)) else {
        return;
    };
    for foretold in told {
        let path = |check: usize| foretold.path.ends_with(&format!("[{check}]"));
        let Some((_, limit)) = limits.iter().find(|(n, _)| path(*n)) else { continue };
        let message = format!(
            "variant {}: {} errors expected against a limit of {}; its first look, at a \
             weight of {}, fails {} of the time",
            shipped.name,
            shown(question.errors),
            shown(*limit),
            shown(foretold.weight),
            rounded(foretold.share())
        );
        let help = match foretold.share() {
            share if share > 0.95 => continue,
            share if share < 0.05 => {
                "it hardly ever finds this release at its first look: lower the limit"
            }
            _ => "a coin flip decides: move the limit away from the figure it has to tell",
        };
        found.say(&place(plan, question.plan, foretold), message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::{chance, rounded, warnings};
    use crate::read::read;
    use crate::rehearsal::Foretold;
    use crate::yaml;

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

    #[test]
    fn shares_are_as_exact_as_rehearsals_are_many() {
        let shares = [0.0, 0.001, 0.0303, 0.3749, 0.998, 1.0].map(rounded);
        assert_eq!(shares, ["0%", "less than 1%", "3%", "37%", "more than 99%", "100%"]);
    }

    #[test]
    fn what_never_happens_is_not_told_and_no_answer_is_no_failure_where_it_is_asked_again() {
        let told = |failed, empty, took_back| Foretold {
            check: "rate".to_string(),
            path: "checks[0]".to_string(),
            asked: 200,
            failed,
            empty,
            took_back,
            releases: Some(200),
            requests: Some(300.0),
            weight: 0.25,
        };
        let of = |told: Foretold, retries| {
            chance(&told, 0.005, told.taken_back().filter(|s| *s > 0.0), retries)
        };
        let start = "at its first look, at a weight of 25%, this check ";
        for (found, expected) in [
            (
                of(told(0, 0, 8), false),
                "by chance alone this check takes back 4% of all good releases (0.5% errors)"
                    .to_string(),
            ),
            (
                of(told(20, 5, 0), false),
                format!(
                    "{start}sees 300 requests and fails a good release (0.5% errors) 10% of the \
                     time, 3% of the time for want of an answer"
                ),
            ),
            (
                of(told(200, 200, 0), true),
                format!("{start}has no answer 100% of the time and is asked again"),
            ),
            (
                of(told(20, 4, 2), true),
                format!(
                    "{start}sees 300 requests and fails a good release (0.5% errors) 8% of the \
                     time, and has no answer 2% of the time and is asked again; by chance alone \
                     it takes back 1% of all good releases"
                ),
            ),
        ] {
            assert_eq!(found, expected);
        }
    }

    /// Argo counts a measurement without an answer apart, and forgives four of them.
    #[test]
    fn a_measurement_without_an_answer_fails_no_release() {
        let query = "sum(rate(http_requests_total{version=\"new\",status!~\"5..\"}[1m])) / \
                     sum(rate(http_requests_total{version=\"new\"}[1m]))";
        let argo = format!(
            "  strategies: [{{argoCanary: {{steps: [{{setWeight: 25}}, \
             {{pause: {{duration: 4m}}}}], trafficRouting: {{}}, \
             analysis: {{metrics: [{{name: rate, interval: 60s, \
             query: '{query}', successCondition: 'result[0] >= 0.5'}}]}}}}}}]\n"
        );
        let thin = "  traffic: {arrivals: {poisson: {rate: 50/s}}}\n";
        let found = foretold(&format!("{SERVICE}{thin}{argo}"));
        let told = found.iter().find(|told| told.contains("at its first look"));
        let told = told.unwrap_or_else(|| panic!("{found:?}"));
        assert!(told.contains("has no answer") && told.contains("is asked again"), "{told}");
        assert!(!told.contains("fails a good release"), "{told}");
    }
}

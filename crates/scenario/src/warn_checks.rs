//! Metric checks that cannot tell a good release from a bad one: too few requests, windows without
//! data, limits between histogram bounds, names that nothing bears.
//!
//! At the first step's weight; windows lose one scrape interval, as increases between scrapes do.
//! What chance does to a check is foretold by [`super::foretell`].

use super::warn::Warnings;
use std::collections::BTreeSet;
use windtunnel_base::count::counted;
use windtunnel_base::problem::nearest;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Money;
use windtunnel_model::analysis::check::judge::Samples;
use windtunnel_model::analysis::check::{Bound, Check, Metric, NoData};
use windtunnel_model::analysis::promql::{Query, Rules};
use windtunnel_model::analysis::ratio::{self, Makes};
use windtunnel_model::fault::{Fault, FaultEffect};
use windtunnel_model::scenario::model::{Scenario, Variant};
use windtunnel_model::strategy::pilot::{Facts, Pilot};
use windtunnel_model::telemetry::family::{self, Family};
use windtunnel_model::traffic::Arrivals;
use windtunnel_model::world::names::{Names, label_name};
use windtunnel_model::world::service::Route;

/// A limit below so many times the errors of a release may well see it by chance.
const BY_CHANCE: f64 = 1.25;

/// A check, where it stands, and what it sees.
struct Seen<'a> {
    check: &'a Check,
    path: String,
    window: SimDuration,
    weight: f64,
    /// Expected requests between the scrapes of one window.
    requests: f64,
}

/// Adds the warnings about all checks of all strategies.
pub(super) fn warnings(scenario: &Scenario, pilots: &[Pilot], found: &mut Warnings<'_>) {
    let scrape = scenario.telemetry.interval;
    if matches!(scenario.traffic.arrivals, Arrivals::TraceFile { .. }) {
        return;
    }
    let rate = scenario.expected_requests() / scenario.horizon.as_secs_f64().max(1.0);
    for (i, (plan, pilot)) in scenario.plans.iter().zip(pilots).enumerate() {
        asked(scenario, i, &pilot.facts, found);
        let checks = pilot.facts.checks.iter().zip(&pilot.facts.judged);
        for ((check, interval, weight), judged) in checks {
            let path = format!("spec.strategies[{i}].{}.{}", plan.kind, judged.path);
            if let Metric::Query { .. } = &check.metric {
                check.own().iter().for_each(|q| query(q, scenario, &path, found));
                divided_by_itself(check, &path, found);
                continue;
            }
            let window = check.window.unwrap_or(*interval);
            let seconds = window.saturating_sub(scrape).as_secs_f64();
            let requests = rate * weight * seconds;
            let seen = Seen { check, path, window, weight: *weight, requests };
            if let Some(message) = short_window(scenario, window) {
                found.say(&seen.path, message, "a window of 4 scrapes or more");
                continue;
            }
            match &check.metric {
                Metric::ErrorRate => {
                    errors(&seen, found);
                    blind(scenario, &seen, found);
                }
                Metric::Latency { quantile, slow } => {
                    latency(scenario, &seen, (*quantile, *slow), found);
                }
                Metric::Conversion => conversion(scenario, &seen, found),
                Metric::Cpu | Metric::Query { .. } => {}
            }
        }
    }
}

/// A query of the user's own: does it name what exists, and can its windows hold a rate?
fn query(query: &Query, scenario: &Scenario, path: &str, found: &mut Warnings<'_>) {
    let samples: Vec<String> = family::all().flat_map(Family::samples).collect();
    for metric in query.metrics().into_iter().filter(|m| m != "up" && !samples.contains(m)) {
        let near = nearest(&metric, samples.iter().map(String::as_str));
        let help = near.map_or("docs/telemetry.md lists what is exported".into(), |near| {
            format!("did you mean {near}?")
        });
        found.say(path, format!("nothing exports {metric}: the query is empty"), &help);
    }
    let shortest = query.shortest_range_ms().map(|ms| SimDuration::from_millis(ms as u64));
    if let Some(message) = shortest.and_then(|window| short_window(scenario, window)) {
        found.say(path, message, "a window of 4 scrapes or more");
    }
}

/// A query that divides every series by itself, so that it decides nothing.
fn divided_by_itself(check: &Check, path: &str, found: &mut Warnings<'_>) {
    let bound = check.bound();
    let makes =
        |value: Option<f64>| match (bound, value) {
            (_, None) => match check.no_data {
                NoData::Fail => Makes::Fail,
                NoData::Pass => Makes::Pass,
                NoData::Wait => Makes::Doubt,
            },
            (Some(Bound::FailsWhen(compare, limit)), Some(value)) => {
                if compare.holds(value, limit) { Makes::Fail } else { Makes::Pass }
            }
            (Some(Bound::AtMost(limit)), Some(value)) if value <= limit => Makes::Pass,
            (Some(Bound::AtLeast(limit)), Some(value)) if value >= limit => Makes::Pass,
            (Some(Bound::AtMost(_) | Bound::AtLeast(_)), Some(_)) => Makes::Fail,
            // A comparison with the stable version, or a judge of its own.
            _ => Makes::Unknown,
        };
    let own = check.own().into_iter().next();
    if let Some(told) = own.and_then(|query| ratio::told(&query, makes, "every release goes back"))
    {
        found.say(path, told.message, &told.help);
    }
}

/// The queries of a controller: a slip in one is an empty answer in every flight, and a release
/// that goes back.
fn asked(scenario: &Scenario, number: usize, facts: &Facts, found: &mut Warnings<'_>) {
    let plan = &scenario.plans[number];
    if !facts.checks.is_empty() {
        return;
    }
    let path = format!("spec.strategies[{number}].{}", plan.kind);
    let known = known_labels(&facts.names);
    let mut seen = BTreeSet::new();
    for asked in facts.queries.iter().filter(|q| seen.insert(q.text().to_string())) {
        query(asked, scenario, &path, found);
        for (label, values) in &known {
            let Some(vain) = asked.asks_in_vain(label, values) else { continue };
            let message = format!("no series has {label}={vain:?}: the query is empty");
            let help = match nearest(&vain, values.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("here it is {}", values.join(" or ")),
            };
            found.say(&path, message, &help);
        }
    }
}

/// Labels whose values follow from what things are called, and these values.
fn known_labels(names: &Names) -> Vec<(String, Vec<String>)> {
    let distinct = |values: &[String]| -> Vec<String> {
        values.iter().take(2).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    let (workloads, hosts) = (distinct(&names.workloads), distinct(&names.hosts));
    let apps = distinct(&names.apps);
    let full = |host: &String| format!("{host}.{}.svc.cluster.local", names.namespace);
    let here = vec![names.namespace.clone()];
    let mut known = vec![
        ("destination_workload", workloads.clone()),
        ("destination_app", apps.clone()),
        ("destination_canonical_service", apps),
        ("destination_service_name", hosts.clone()),
        ("destination_service", hosts.iter().map(full).collect()),
        ("destination_workload_namespace", here.clone()),
        ("destination_service_namespace", here.clone()),
        ("kubernetes_namespace", here),
        ("destination_version", names.versions.to_vec()),
    ];
    if names.deployments {
        known.push(("deployment", workloads));
    }
    known.retain(|(label, _)| !names.labels.has(label));
    let mut known: Vec<_> = known.into_iter().map(|(name, v)| (name.to_string(), v)).collect();
    for (name, value) in names.labels.iter() {
        let name = label_name(name);
        match known.iter_mut().find(|(own, _)| *own == name) {
            Some((_, values)) if values.contains(value) => {}
            Some((_, values)) => values.push(value.clone()),
            None => known.push((name, vec![value.clone()])),
        }
    }
    known
}

/// A check of errors that sees no request at all.
fn errors(seen: &Seen<'_>, found: &mut Warnings<'_>) {
    if seen.requests < 0.5 {
        let message = format!(
            "this check sees no request in a window of {} at a weight of {}",
            seen.window,
            shown(seen.weight)
        );
        found.say(&seen.path, message, "a longer window or a greater weight");
    }
}

/// A limit that no bad release's errors come near, as far as its faults and the routes tell.
fn blind(scenario: &Scenario, seen: &Seen<'_>, found: &mut Warnings<'_>) {
    let Some(Bound::AtMost(limit)) = seen.check.bound() else { return };
    if !scenario.chaos.is_empty() {
        return;
    }
    let bad = || scenario.release.variants.iter().filter(|variant| variant.bad);
    let mut worst: Option<(&str, f64)> = None;
    for variant in bad() {
        // What else may fail requests, nobody can tell before.
        let Some(errors) = most_errors(scenario, variant) else { return };
        let fails = variant.faults.iter().any(|fault| fails(fault) > 0.0);
        if fails && worst.is_none_or(|(_, most)| errors > most) {
            worst = Some((&variant.name, errors));
        }
    }
    let Some((name, most)) = worst.filter(|(_, most)| most * BY_CHANCE < limit) else { return };
    let message = format!(
        "cannot see {name}: its errors are at most {}, and this check lets {} pass",
        shown(most),
        shown(limit)
    );
    found.say(&seen.path, message, "a lower limit");
}

fn fails(fault: &Fault) -> f64 {
    match &fault.effect {
        FaultEffect::Request(effect, _) => effect.fails(),
        _ => 0.0,
    }
}

/// The share of requests that a release fails at most; nothing if its faults do more than answer
/// wrongly.
fn most_errors(scenario: &Scenario, variant: &Variant) -> Option<f64> {
    if !variant.chaos.is_empty() {
        return None;
    }
    for fault in &variant.faults {
        let FaultEffect::Request(effect, _) = &fault.effect else { return None };
        let slower = effect.factor != 1.0 || effect.add > SimDuration::ZERO || effect.cpu != 1.0;
        if slower || effect.hang > 0.0 || effect.calls != 1.0 {
            return None;
        }
    }
    let of_route = |route: &Route| {
        let hits = |fault: &&Fault| match &fault.effect {
            FaultEffect::Request(_, scope) => scope.route.as_ref().is_none_or(|r| *r == route.name),
            _ => false,
        };
        let faults = variant.faults.iter().filter(hits);
        1.0 - faults.fold(1.0 - route.errors.value(), |good, fault| good * (1.0 - fails(fault)))
    };
    scenario.service.routes.iter().map(of_route).reduce(f64::max)
}

/// What becomes of a rate over a window that is shorter than two scrapes; nothing for longer ones.
/// How many scrapes fall into a window depends on where it lies between two of them: of windows
/// that are open on the left the part beyond one interval holds two, as all phases are alike.
fn short_window(scenario: &Scenario, window: SimDuration) -> Option<String> {
    let scrape = scenario.telemetry.interval;
    if window >= scrape * 2 {
        return None;
    }
    // Before Prometheus 3 a window held both of its ends, in whole milliseconds.
    let ends = u64::from(scenario.telemetry.rules == Rules::V2);
    let ms = |span: SimDuration| span.as_nanos() / 1_000_000;
    let two = (ms(window) + ends).saturating_sub(ms(scrape)) as f64 / ms(scrape).max(1) as f64;
    Some(match two {
        two if two <= 0.0 => {
            format!("a window of {window} never holds two scrapes of {scrape}: it has no rate")
        }
        two => format!(
            "of windows of {window}, only {} hold two scrapes of {scrape}: the others have no rate",
            shown(two)
        ),
    })
}

fn latency(
    scenario: &Scenario,
    seen: &Seen<'_>,
    (quantile, slow): (f64, f64),
    found: &mut Warnings<'_>,
) {
    if seen.requests * (1.0 - quantile) < 1.0 {
        let message = format!(
            "this check sees {} a window at a weight of {}: their {} quantile is their slowest one",
            counted(seen.requests.round() as u64, "request"),
            shown(seen.weight),
            shown(quantile)
        );
        found.say(&seen.path, message, "a longer window, a greater weight or a lower quantile");
    }
    let buckets = &scenario.telemetry.buckets;
    let on_bound = |limit: f64| buckets.iter().any(|bound| (bound - limit).abs() < 1e-9);
    if matches!(seen.check.judge.asks().samples, Samples::Counts(_)) && !on_bound(slow) {
        let slow = SimDuration::from_secs_f64(slow);
        let message = format!("no bucket ends at {slow}: slower requests cannot be counted");
        found.say(&seen.path, message, "put the limit on a bound of spec.telemetry.buckets");
    }
    let Some(Bound::AtMost(limit)) = seen.check.bound() else { return };
    if buckets.last().is_none_or(|last| limit > *last) {
        let message = "the limit lies above the last bucket bound: this check can never fail";
        found.say(&seen.path, message, "lower the limit or add a bucket to spec.telemetry");
    } else if !on_bound(limit) {
        let message = format!(
            "the limit of {} lies between two bucket bounds: the quantile is interpolated there",
            SimDuration::from_secs_f64(limit)
        );
        found.say(&seen.path, message, "put the limit on a bound of spec.telemetry.buckets");
    }
}

fn conversion(scenario: &Scenario, seen: &Seen<'_>, found: &mut Warnings<'_>) {
    if !scenario.service.routes.iter().any(|r| r.value > Money::default()) {
        let message = "no route has a value, so that no business step is counted";
        found.say(&seen.path, message, "give spec.service.routes[] a value");
    }
}

/// A share as people read it: 1.06%, 0.1%, 5%.
pub(super) fn shown(share: f64) -> String {
    let percent = share * 100.0;
    let digits = if percent >= 10.0 { 0 } else { 2 };
    let text = format!("{percent:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}%")
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::read::read;

    /// The warnings of a scenario with these extra lines under `spec`.
    fn warnings(spec: &str) -> String {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n{spec}"
        );
        let (_, warnings) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        warnings.iter().map(|w| format!("{w}\n")).collect()
    }

    fn check(spec: &str, expected: &[&str]) {
        let found = warnings(spec);
        for part in expected {
            assert!(found.contains(part), "{part:?} is not in:\n{found}");
        }
        assert_eq!(
            found.lines().filter(|l| l.contains("warning:")).count(),
            expected.len(),
            "{found}"
        );
    }

    const SERVICE: &str = "  service: {replicas: 10}\n";

    #[test]
    fn the_defaults_warn_of_nothing() {
        check(SERVICE, &[]);
    }

    /// A third of the windows of 20 s hold two scrapes of 15 s, and none of those of 15 s.
    #[test]
    fn short_windows_are_told_how_often_they_hold_a_rate() {
        let of = |window: &str, rules: &str| {
            warnings(&format!(
                "{SERVICE}  telemetry: {{rules: {rules}}}\n  strategies: [{{canary: {{checks: \
                 [{{errorRate: {{window: {window}}}}}]}}}}]\n"
            ))
        };
        assert!(of("20s", "v3").contains("of windows of 20s, only 33% hold two scrapes of 15s"));
        assert!(of("29s", "v3").contains("only 93% hold"), "{}", of("29s", "v3"));
        assert!(of("15s", "v3").contains("a window of 15s never holds two scrapes of 15s"));
        assert!(of("15s", "v2").contains("only 0.01% hold"), "{}", of("15s", "v2"));
        assert!(!of("30s", "v3").contains("two scrapes"));
    }

    #[test]
    fn windows_and_buckets_are_looked_at() {
        let of =
            |checks: &str| format!("{SERVICE}  strategies: [{{canary: {{checks: [{checks}]}}}}]\n");
        check(&of("{errorRate: {window: 20s}}"), &["only 33% hold two scrapes"]);
        check(&of("{latency: {max: 700ms}}"), &["between two bucket bounds"]);
        check(&of("{latency: {max: 20s}}"), &["can never fail"]);
        check(&of("conversion"), &["no business step"]);
        check(&of("{latency: {quantile: 99.9%, max: 1s}}"), &["slowest one"]);
    }

    #[test]
    fn a_limit_that_every_bad_release_keeps_is_told() {
        let of = |max: &str, faults: &str| {
            warnings(&format!(
                "{SERVICE}  release: {{variants: [{{name: good}}, {{name: bad, faults: \
                 [{faults}]}}]}}\n  strategies: [{{canary: {{checks: [{{errorRate: {{max: \
                 {max}}}}}]}}}}]\n"
            ))
        };
        let found = of("20%", "{errors: {rate: 10%}}");
        assert!(found.contains("cannot see bad: its errors are at most 10%, and this"), "{found}");
        assert!(found.contains("checks[0]"), "{found}");
        for (max, faults) in [
            ("8%", "{errors: {rate: 10%}}"),
            // By chance a window holds more.
            ("12%", "{errors: {rate: 10%}}"),
            // Together they are more.
            ("20%", "{errors: {rate: 10%}}, {errors: {rate: 15%}}"),
            // What is slow may time out, what crashes refuses.
            ("20%", "{errors: {rate: 10%}}, {latency: {factor: 50}}"),
            ("20%", "{errors: {rate: 10%}}, crashOnStart"),
            // Another check is for wrong answers.
            ("20%", "{wrongAnswers: {rate: 10%}}"),
        ] {
            let found = of(max, faults);
            assert!(!found.contains("cannot see"), "{max} {faults}: {found}");
        }
    }

    #[test]
    fn the_service_and_the_clock_are_looked_at() {
        check(
            "  service: {replicas: 2, concurrency: 2}\n  strategies: [recreate]\n",
            &["with 1 of 2"],
        );
        check("  service: {replicas: 1, concurrency: 2}\n", &["150% of all slots"]);
        let odd = "{replicas: 10, readinessProbe: none, preStop: 1s, \
            livenessProbe: {failureThreshold: 1}}";
        check(
            &format!("  service: {odd}\n"),
            &["before they serve", "kills a container after 10s", "1s is over before"],
        );
        let short = format!("{SERVICE}  horizon: 12m\n  onCall: {{decide: 10m}}\n");
        check(
            &short,
            &["the human needs", "abTest takes at least 20m", "shadow takes at least 15m"],
        );
        let lonely = "  chaos: [dependencyErrors, {podKill: {zone: 7}}]\n";
        check(&format!("{SERVICE}{lonely}"), &["no dependency", "no zone 7"]);
        let slow = "  constraints: {scrapeEvery: 3m}\n  strategies: [{canary: {interval: 5m, \
                    checks: [errorRate]}}]\n";
        check(&format!("{SERVICE}{slow}"), &["only 67% hold two scrapes of 3m"]);
    }

    #[test]
    fn shares_read_well() {
        let texts = [0.0106, 0.05, 0.001, 0.5, 1.0, 0.0].map(shown);
        assert_eq!(texts, ["1.06%", "5%", "0.1%", "50%", "100%", "0%"]);
    }
}

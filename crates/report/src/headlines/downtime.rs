//! Who takes the service down: by itself, or by a bad release.

use super::listed;
use super::standing::{certainly_less, ranked};
use crate::figure::Quantity;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::{Grade, MeasureId};
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// The sentence above the chart.
pub fn headline(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let down: Vec<(&str, f64)> = results
        .ratings
        .iter()
        .filter(|row| row.downtime == Grade::Yes)
        .map(|row| (scenario.plan_name(row.plan), row.outage_good_s))
        .collect();
    let show = |seconds: f64| Quantity::Seconds.show(seconds);
    match down.as_slice() {
        [] => up(results),
        [(name, seconds)] if results.ratings.len() == 1 => {
            format!("{name} has {} of outage by itself", show(*seconds))
        }
        [_, ..] if scenario.release.variants.iter().all(|v| v.bad) => {
            let names: Vec<&str> = down.iter().map(|(name, _)| *name).collect();
            format!("An outage by a bad release: {}", listed(&names))
        }
        [(name, seconds)] => format!(
            "{name} has {} of outage even when the release is good; no other has a second of it",
            show(*seconds)
        ),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            format!("An outage even when the release is good: {}", listed(&names))
        }
    }
}

/// No strategy has an outage by itself; which bad release misses the objective, and under which
/// strategy longest.
fn up(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let Some((variant, plan, seconds)) = worst(results) else {
        return "No strategy takes the service down for a second on average".to_string();
    };
    let (name, long) = (scenario.plan_name(plan), Quantity::Seconds.show(seconds));
    if !scenario.variant(variant).bad {
        let release = scenario.release_name(variant);
        return format!("{name} misses the objective for {long} with the good release {release}");
    }
    let release = match scenario.bad_variants().count() {
        1 => "a bad release".to_string(),
        _ => format!("the bad release {}", scenario.release_name(variant)),
    };
    if results.ratings.len() == 1 {
        return format!(
            "{name} has no outage by itself; {release} misses the objective for {long}"
        );
    }
    let all = ranked(results, variant.into(), MeasureId::DowntimeByReleaseS);
    let longest = |most| all.iter().all(|(own, one)| *own == plan || certainly_less(one, most));
    let told = match all.last().is_some_and(|(_, most)| longest(most)) {
        true => format!("longest under {name}: {long}"),
        false => format!("for {long} under {name}, and not certainly shorter under all others"),
    };
    let start = "No strategy has an outage by itself";
    format!("{start}; {release} misses the objective {told}")
}

/// The longest time for which a release misses the objective, if it is a second or more: a good
/// one's first, which nobody expects.
fn worst(results: &ScenarioResults) -> Option<(VariantId, PlanId, f64)> {
    let longest = |variant: VariantId| {
        let last = ranked(results, variant.into(), MeasureId::DowntimeByReleaseS).pop()?;
        Some((variant, last.0, last.1.mean))
    };
    let of = |bad: bool| {
        let kind = results.scenario.variant_ids();
        let kind = kind.filter(|id| results.scenario.variant(*id).bad == bad);
        let all = kind.filter_map(longest);
        all.max_by(|a, b| a.2.total_cmp(&b.2)).filter(|(.., seconds)| *seconds >= 1.0)
    };
    of(false).or_else(|| of(true))
}

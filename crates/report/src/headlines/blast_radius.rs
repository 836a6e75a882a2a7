//! Whom the worst release hurts, under which strategy most, and under which least.

use super::listed;
use super::standing::{NOBODY, certainly_less, may_lead, ranked};
use super::{one_in, share_of_users};
use crate::figure::Quantity;
use crate::reading::{self, HURT_SHARE};
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_stats::estimate::Estimate;

/// The sentence above the chart.
pub fn headline(results: &ScenarioResults) -> String {
    if let Some(found) = reading::no_strategy_helps(results).first() {
        return no_help(results, found);
    }
    let Some((variant, all)) = worst(results) else {
        return "No release hurt a user in these flights".to_string();
    };
    let scenario = &results.scenario;
    let release = name(results, variant);
    let Some((last, most)) = all.last() else { return format!("{release} was not flown") };
    let share = |estimate: &Estimate| Quantity::Share.show(estimate.mean);
    let start =
        format!("{release} hurts {} of the users under {}", share(most), scenario.plan_name(*last));
    if all.len() == 1 {
        return match one_in(most.mean) {
            Some(often) => format!("{start}, {often}"),
            None => start,
        };
    }
    // Who ships nothing hurts nobody; that is no merit.
    let fit: Vec<&(PlanId, &Estimate)> =
        all.iter().filter(|(plan, _)| may_lead(results, *plan)).collect();
    let (Some((first, least)), Some((_, worst_fit))) = (fit.first(), fit.last()) else {
        return format!("{start}; {}", NOBODY.replacen("No strategy", "no strategy", 1));
    };
    if first == last {
        return format!("{start}; no strategy that may be chosen hurts fewer");
    }
    if !certainly_less(least, most) {
        let every = if fit.len() == all.len() { "any strategy" } else { "any that may be chosen" };
        let told = match (share(least), share(worst_fit)) {
            (low, high) if low == high => format!("hurts {low} of the users under {every}"),
            (low, high) => format!("hurts {low} to {high} of the users under {every}"),
        };
        return format!("{release} {told}; no difference is certain");
    }
    let none: Vec<PlanId> =
        fit.iter().filter(|(_, estimate)| estimate.mean == 0.0).map(|(plan, _)| *plan).collect();
    let flights = |plan: &PlanId| reading::flights(results, variant, *plan);
    match none.as_slice() {
        [] => {
            let least = share_of_users(least.mean);
            format!("{start}, {least} under {}", scenario.plan_name(*first))
        }
        [one] => {
            format!(
                "{start}, nobody in {} flights under {}",
                flights(one),
                scenario.plan_name(*one)
            )
        }
        several => {
            let each = several
                .iter()
                .map(|plan| format!("{} ({} flights)", scenario.plan_name(*plan), flights(plan)));
            let each: Vec<String> = each.collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            format!("{start}, nobody under {}", listed(&each))
        }
    }
}

fn no_help(results: &ScenarioResults, found: &reading::NoHelp) -> String {
    let (scenario, share) = (&results.scenario, |value: f64| Quantity::Share.show(value));
    let against = match scenario.bad_variants().count() {
        1 => String::new(),
        _ => format!(" against {}", scenario.release_name(found.variant)),
    };
    format!(
        "No strategy helps{against}: even {} hurts {} of the users, {} hurts {}",
        scenario.plan_name(found.best.0),
        share(found.best.1),
        scenario.plan_name(found.worst.0),
        share(found.worst.1)
    )
}

/// The release that hurts most under any strategy, a bad one if any hurts, and its ranking.
fn worst(results: &ScenarioResults) -> Option<(VariantId, Vec<(PlanId, &Estimate)>)> {
    let of = |wanted: bool| {
        let ids = results.scenario.variant_ids();
        let ids = ids.filter(move |id| results.scenario.variant(*id).bad == wanted);
        let all = ids.map(|id| (id, ranked(results, id.into(), HURT_SHARE)));
        let most = |all: &[(PlanId, &Estimate)]| all.last().map_or(0.0, |last| last.1.mean);
        let hurting = all.filter(|(_, ranked)| most(ranked) > 0.0);
        hurting.max_by(|a, b| most(&a.1).total_cmp(&most(&b.1)))
    };
    of(true).or_else(|| of(false))
}

/// `A bad release`, or by its name where there are several.
fn name(results: &ScenarioResults, variant: VariantId) -> String {
    let scenario = &results.scenario;
    let bad = scenario.variant(variant).bad;
    let alike = scenario.release.variants.iter().filter(|other| other.bad == bad).count();
    match (bad, alike) {
        (true, 1) => "A bad release".to_string(),
        (true, _) => format!("The bad release {}", scenario.release_name(variant)),
        (false, 1) => "A release".to_string(),
        (false, _) => format!("The release {}", scenario.release_name(variant)),
    }
}

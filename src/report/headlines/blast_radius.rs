//! Whom the worst release hurts, under which strategy most, and under which least.

use super::listed;
use super::standing::{certainly_less, delivers, ranked};
use super::{one_in, share_of_users};
use crate::experiment::results::ScenarioResults;
use crate::report::figure::Quantity;
use crate::report::reading::{self, HURT_SHARE};
use crate::scenario::ids::{PlanId, VariantId};
use crate::stats::estimate::Estimate;

/// The sentence.
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
    let shipping: Vec<&(PlanId, &Estimate)> =
        all.iter().filter(|(plan, _)| delivers(results, *plan)).collect();
    let Some((first, least)) = shipping.first() else {
        return format!("{start}; no other strategy ships good releases");
    };
    if first == last {
        return format!("{start}; no strategy that ships good releases hurts fewer");
    }
    if !certainly_less(least, most) {
        let told = format!("{release} hurts {} of the users under {}", share(most), "every");
        return format!("{told} strategy, as far as these flights tell");
    }
    let none: Vec<&str> = shipping
        .iter()
        .filter(|(_, estimate)| estimate.mean == 0.0)
        .map(|(plan, _)| scenario.plan_name(*plan))
        .collect();
    match none.as_slice() {
        [] => {
            let least = share_of_users(least.mean);
            format!("{start}, {least} under {}", scenario.plan_name(*first))
        }
        names => {
            let flights = reading::flights(results, variant, *first);
            format!("{start}, nobody in {flights} flights under {}", listed(names))
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

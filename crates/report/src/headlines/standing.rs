//! Who may be praised, and which differences may be told: what every headline asks first.

use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_stats::estimate::Estimate;

/// Where no strategy may be called best at anything.
pub const NOBODY: &str =
    "No strategy may be chosen: what each ships, or the constraints, rule it out";

/// May the strategy be called best at anything? It ships good releases, as far as is known, and it
/// qualifies under the scenario's constraints.
pub fn may_lead(results: &ScenarioResults, plan: PlanId) -> bool {
    delivers(results, plan) && results.qualification.get(plan.0).is_none_or(|row| row.qualifies)
}

/// Does the strategy ship good releases, as far as is known?
pub fn delivers(results: &ScenarioResults, plan: PlanId) -> bool {
    let ships_some = reading::ships_something(results, plan);
    let found = results.deliveries.get(plan.0);
    ships_some && found.is_none_or(|found| !found.by_design && !found.fails())
}

/// Strategies with the estimate of a measure, best first; those without one are left out.
pub fn ranked(
    results: &ScenarioResults,
    release: ReleaseId,
    measure: MeasureId,
) -> Vec<(PlanId, &Estimate)> {
    let of = |plan: PlanId| {
        let estimate = reading::estimate(results, release, plan, measure)?;
        estimate.mean.is_finite().then_some((plan, estimate))
    };
    let mut ranked: Vec<(PlanId, &Estimate)> = results.scenario.plan_ids().filter_map(of).collect();
    let better = measure.measure().better;
    ranked.sort_by(|a, b| better.order(a.1.mean, b.1.mean));
    ranked
}

/// Is one figure certainly less than another? Their intervals do not meet.
pub fn certainly_less(one: &Estimate, other: &Estimate) -> bool {
    one.upper < other.lower
}

/// Is one figure no more than another, but for a difference that does not matter?
pub fn at_most(one: &Estimate, other: &Estimate, floor: f64) -> bool {
    one.mean <= other.mean + floor
}

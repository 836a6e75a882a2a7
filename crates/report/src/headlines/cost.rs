//! What a release takes in pods: who takes most, and who least of those that ship.

use super::standing::{certainly_less, may_lead, ranked};
use crate::figure::significant;
use windtunnel_experiment::rating::COST_LIMITS;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::ReleaseId;
use windtunnel_stats::estimate::Estimate;

/// The sentence above the chart.
pub fn headline(results: &ScenarioResults) -> String {
    let all = ranked(results, ReleaseId::Mix, MeasureId::FleetMinutesExtra);
    let show = |estimate: &Estimate| format!("{} fleet-minutes", significant(estimate.mean.abs()));
    let name = |at| results.scenario.plan_name(at);
    let (Some(last), Some(first)) =
        (all.last(), all.iter().find(|(plan, _)| may_lead(results, *plan)))
    else {
        return "What a release costs in pods".to_string();
    };
    if all.len() == 1 {
        let verb = if last.1.mean < 0.0 { "saves" } else { "takes" };
        return format!("A release by {} {verb} {}", name(last.0), show(last.1));
    }
    if !certainly_less(first.1, last.1) {
        let most = significant(last.1.mean.max(0.0));
        return format!("A release takes up to {most} fleet-minutes, by any strategy");
    }
    let cheapest = match first.1 {
        e if e.lower <= 0.0 && e.upper >= 0.0 && e.upper.max(-e.lower) <= COST_LIMITS[0] => {
            "next to none".to_string()
        }
        e if e.mean < 0.0 => format!("saves {}", show(e)),
        e => format!("takes {}", show(e)),
    };
    if last.1.mean <= 0.0 {
        return format!(
            "{} {cheapest} a release, {} saves {}",
            name(first.0),
            name(last.0),
            show(last.1)
        );
    }
    format!("{} takes {} more a release, {} {cheapest}", name(last.0), show(last.1), name(first.0))
}

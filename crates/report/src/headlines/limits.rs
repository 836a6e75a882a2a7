//! Limits of the scenario of which the flights do not tell whether they are kept.

use windtunnel_experiment::results::{QualificationRow, ScenarioResults};
use windtunnel_model::scenario::ids::PlanId;

/// What is not proved of a strategy that meets the constraints as far as is known.
pub fn open(row: &QualificationRow) -> Option<String> {
    let told = row.qualifies && !row.open.is_empty();
    told.then(|| format!("not proved: {}", row.open.join("; ")))
}

/// The same of those that a choice names, in a sentence each.
pub fn caveats(
    results: &ScenarioResults,
    plans: &[PlanId],
    name: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let of = |plan: &PlanId| {
        let row = results.qualification.iter().find(|row| row.plan == *plan)?;
        let (name, open) = (name(results.scenario.plan_name(*plan)), open(row)?);
        Some(format!(
            "Of the constraints {name} meets one or more only as far as is known, {open}."
        ))
    };
    plans.iter().filter_map(of).collect()
}

//! Who stops what, in words: a cell per strategy and release, for the terminal and `summary.md`.

use super::figure::Quantity;
use crate::experiment::matrix::{By, Cause, StopRow};
use crate::experiment::results::ScenarioResults;
use crate::scenario::ids::{PlanId, VariantId};

/// The row of a strategy and a release.
pub fn row(results: &ScenarioResults, plan: PlanId, variant: VariantId) -> Option<&StopRow> {
    results.stops.iter().find(|row| row.plan == plan && row.variant == variant)
}

/// What a strategy made of a release: `stopped 98 % after 58 s by success; missed 2 %`. Names of
/// checks are written by `name`.
pub fn cell(
    results: &ScenarioResults,
    (plan, variant): (PlanId, VariantId),
    name: &dyn Fn(&str) -> String,
) -> String {
    let Some(row) = row(results, plan, variant) else { return "–".to_string() };
    let bad = results.scenario.variant(variant).bad;
    let by_design = results.deliveries.get(plan.0).is_some_and(|found| found.by_design);
    let [stopped, kept] = match (bad, by_design) {
        (true, _) => ["stopped", "missed"],
        (false, true) => ["refused", "passed"],
        (false, false) => ["taken back", "shipped"],
    };
    let parts = [
        (stopped, row.stopped.share, Some(&row.early)),
        ("stopped late", row.late.share, Some(&row.afterwards)),
        (kept, row.kept.share, None),
        ("open", row.open.share, None),
    ];
    let seen = parts.into_iter().filter(|(_, share, _)| *share > 0.0);
    let told = seen.map(|(word, share, cause)| {
        let text = format!("{word} {}", Quantity::Share.show(share));
        text + &cause.map_or(String::new(), |cause| how(cause, name))
    });
    let told: Vec<String> = told.collect();
    told.join("; ")
}

/// How soon, and by whom: said of a part only where it holds of most of it.
fn how(cause: &Cause, name: &dyn Fn(&str) -> String) -> String {
    let most = |flights: u32| flights * 2 > cause.flights;
    let after = cause.after_s.filter(|_| most(cause.after_harm));
    let after = after.map(|s| format!(" after {}", Quantity::Seconds.show(s)));
    let by = match cause.by.first() {
        Some((check, n)) if *n == cause.flights => format!(" by {}", named(check, name)),
        Some((check, n)) if most(*n) => format!(" mostly by {}", named(check, name)),
        _ => String::new(),
    };
    after.unwrap_or_default() + &by
}

fn named(by: &By, name: &dyn Fn(&str) -> String) -> String {
    match by {
        By::Human => "a human".to_string(),
        By::Check(check) => name(check),
    }
}

/// What is to be said of bad releases that never act.
pub fn warnings(results: &ScenarioResults, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let scenario = &results.scenario;
    let idle = results.idle.iter().map(|(bad, good)| {
        format!(
            "The bad release {} differs from {} in no flight: whatever is wrong with it never \
             acts, and nothing could stop it.",
            name(scenario.release_name(*bad)),
            name(scenario.release_name(*good))
        )
    });
    idle.collect()
}

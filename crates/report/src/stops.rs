//! Who stops what, in words: a cell per strategy and release, for the terminal and `summary.md`.

use super::figure::Quantity;
use super::reading;
use windtunnel_experiment::matrix::{By, Cause, StopRow};
use windtunnel_experiment::rating::RISK_LIMITS;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// The row of a strategy and a release.
pub fn row(results: &ScenarioResults, plan: PlanId, variant: VariantId) -> Option<&StopRow> {
    results.stops.iter().find(|row| row.plan == plan && row.variant == variant)
}

/// A part of the flights, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopPart {
    /// What became of them, and how many they are: `stopped 98 %`.
    pub what: String,
    /// How soon, and by whom: `after 58 s by success`; empty where nothing is to be said.
    pub how: String,
}

/// What a strategy made of a release: `stopped 98 % after 58 s by success; missed 2 %`. Names of
/// checks are written by `name`.
pub fn cell(
    results: &ScenarioResults,
    of: (PlanId, VariantId),
    name: &dyn Fn(&str) -> String,
) -> String {
    let Some(parts) = parts(results, of, name) else { return "–".to_string() };
    let told: Vec<String> =
        parts.iter().map(|part| format!("{} {}", part.what, part.how).trim().into()).collect();
    told.join("; ")
}

/// The parts of the flights of a strategy with a release, and what a bad one did all the same;
/// nothing where none was flown.
pub fn parts(
    results: &ScenarioResults,
    (plan, variant): (PlanId, VariantId),
    name: &dyn Fn(&str) -> String,
) -> Option<Vec<StopPart>> {
    let row = row(results, plan, variant)?;
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
    let told = seen.map(|(word, share, cause)| StopPart {
        what: format!("{word} {}", Quantity::Share.show(share)),
        how: cause.map_or(String::new(), |cause| how(cause, name)),
    });
    let mut told: Vec<StopPart> = told.collect();
    told.extend(harm(results, row).filter(|_| bad && row.stopped.share > 0.0));
    Some(told)
}

/// What a release that was stopped had done before, if that is more than a medium risk.
fn harm(results: &ScenarioResults, row: &StopRow) -> Option<StopPart> {
    let hurt = reading::estimate(results, row.variant, row.plan, reading::HURT_SHARE)?.mean;
    (hurt > RISK_LIMITS[1]).then(|| StopPart {
        what: format!("hurts {} of the users", Quantity::Share.show(hurt)),
        how: String::new(),
    })
}

/// How soon, and by whom: said of a part only where it holds of most of it.
fn how(cause: &Cause, name: &dyn Fn(&str) -> String) -> String {
    let most = |flights: u32| flights * 2 > cause.flights;
    let after = cause.after_s.filter(|_| most(cause.after_harm));
    let after = after.map(|s| format!("after {}", Quantity::Seconds.show(s)));
    let by = match cause.by.as_slice() {
        [] => None,
        [(first, n), ..] if *n == cause.flights => Some(format!("by {}", named(first, name))),
        [(first, n), ..] if most(*n) => Some(format!("mostly by {}", named(first, name))),
        [(first, _), (second, _)] => {
            Some(format!("by {} or {}", named(first, name), named(second, name)))
        }
        [(first, _), ..] => Some(format!("by {} or others", named(first, name))),
    };
    after.into_iter().chain(by).collect::<Vec<_>>().join(" ")
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

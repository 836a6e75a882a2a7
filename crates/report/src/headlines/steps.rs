//! Which step gives requests another share than it asks for, and by how much.

use crate::figure::Quantity;
use crate::seen;
use windtunnel_experiment::results::{ScenarioResults, StepRow};

/// The sentence, of the step whose share is furthest from what it asks for; nothing where all give
/// what they ask for.
pub fn headline(results: &ScenarioResults) -> Option<String> {
    let scenario = &results.scenario;
    let first = |(plan, releases): (_, Vec<_>)| Some((plan, *releases.first()?));
    let pairs = seen::differing(results).into_iter().filter_map(first);
    let rows = pairs.flat_map(|(plan, variant)| seen::steps(results, variant, plan));
    let told = rows.filter(|row| seen::is_off(row));
    let (row, met) = told
        .filter_map(|row: &StepRow| Some((row, row.requests?.mean)))
        .max_by(|a, b| (a.1 - a.0.asked).abs().total_cmp(&(b.1 - b.0.asked).abs()))?;
    let word = if met > row.asked { "as many as" } else { "only" };
    let of = match scenario.release.variants.len() {
        1 => String::new(),
        _ => format!(", with {}", scenario.release_name(row.variant)),
    };
    Some(format!(
        "{} asks for {} of the requests in step {} and gets {word} {}{of}",
        scenario.plan_name(row.plan),
        Quantity::Share.show(row.asked),
        row.number,
        Quantity::Share.show(met)
    ))
}

//! What the dot charts of a scenario share: cells from the tables, groups by strategy, names in
//! titles.

use super::axis::Axis;
use super::dots::{Cell, Group, Panel};
use super::palette::{self, Mark};
use crate::figure::{Quantity, significant};
use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};

/// The releases that a chart shows: names with their marks, and what the legend says of them.
pub struct Releases(pub Vec<(ReleaseId, Mark, String)>);

impl Releases {
    /// All variants, or the bad ones only; with the mix if asked for and there is more than one.
    pub fn of(results: &ScenarioResults, only_bad: bool, with_mix: bool) -> Releases {
        let scenario = &results.scenario;
        let marks = palette::variant_marks(&scenario.release.variants);
        let mut all = Vec::new();
        for (id, mark) in scenario.variant_ids().zip(marks) {
            let variant = scenario.variant(id);
            if variant.bad || !only_bad {
                let kind = if variant.bad { "bad" } else { "good" };
                let named = if variant.name == kind {
                    format!("{kind} release")
                } else {
                    format!("{} ({kind} release)", variant.name)
                };
                let share = Quantity::Share.show(variant.share.value());
                all.push((id.into(), mark, format!("{named}, {share} of all")));
            }
        }
        if with_mix && scenario.release.variants.len() > 1 {
            let words = "the mix of all, by which it is rated".to_string();
            all.push((ReleaseId::Mix, Mark::Bar, words));
        }
        Releases(all)
    }

    /// Marks of the releases with their names.
    pub fn legend(&self) -> Vec<(Mark, String)> {
        self.0.iter().map(|(_, mark, words)| (*mark, words.clone())).collect()
    }
}

/// One group a strategy; one line a release; one cell a measure. `missing` says in words why a
/// strategy has no value for a measure of a release.
pub fn groups(
    results: &ScenarioResults,
    releases: &Releases,
    measures: &[MeasureId],
    missing: impl Fn(ReleaseId, PlanId) -> String,
) -> Vec<Group> {
    let paints = palette::strategy_paints(&results.scenario);
    let plans = results.scenario.plan_ids().zip(paints);
    plans
        .map(|(plan, paint)| {
            let line = |(release, mark, _): &(ReleaseId, Mark, String)| {
                let cells = measures.iter().map(|measure| {
                    cell(results, *release, plan, *measure)
                        .unwrap_or_else(|| Cell::Words(missing(*release, plan)))
                });
                (*mark, cells.collect())
            };
            let lines = releases.0.iter().map(line).collect();
            Group { name: results.scenario.plan_name(plan).to_string(), paint, lines }
        })
        .collect()
}

/// The estimate of a measure, with its figure; flights without a value are counted beside it.
fn cell(
    results: &ScenarioResults,
    release: ReleaseId,
    plan: PlanId,
    measure: MeasureId,
) -> Option<Cell> {
    let row = reading::row(results, release, plan, measure)?;
    let estimate = row.estimate.as_ref().filter(|e| e.mean.is_finite())?;
    let mut figure = match Quantity::of(measure) {
        // The axis says it; beside every mark it would only take room.
        Quantity::FleetMinutes => significant(estimate.mean),
        quantity => quantity.show(estimate.mean),
    };
    if row.empty > 0 {
        figure += &format!(" · {}/{}", estimate.n, estimate.n + row.empty as usize);
    }
    let (lower, upper) = (estimate.lower, estimate.upper);
    Some(Cell::Value { mean: estimate.mean, lower, upper, figure })
}

/// A panel with an axis of its own, or one that it shares.
pub fn panel(title: &str, axis: Axis) -> Panel {
    Panel { title: title.to_string(), axis, zones: Vec::new(), weight: 1.0 }
}

/// An axis that holds all values of these columns.
pub fn axis(quantity: Quantity, groups: &[Group], columns: &[usize]) -> Axis {
    let lines = groups.iter().flat_map(|group| &group.lines);
    let ends = lines.flat_map(|(_, cells)| {
        columns.iter().filter_map(|column| cells.get(*column)).flat_map(Cell::ends)
    });
    Axis::over(quantity, ends)
}

/// Is there any value to draw?
pub fn has_values(groups: &[Group]) -> bool {
    let mut cells = groups.iter().flat_map(|group| &group.lines).flat_map(|(_, cells)| cells);
    cells.any(|cell| matches!(cell, Cell::Value { .. }))
}

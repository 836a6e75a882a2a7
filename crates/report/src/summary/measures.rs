//! The main measures, with intervals.

use super::Section;
use super::markup::{named, table};
use crate::figure::Quantity;
use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};

/// Measures of the main table: column head, column of `runs.csv`.
const MAIN: [(&str, MeasureId); 9] = [
    ("users hurt by the release", reading::HURT_SHARE),
    ("requests failed", MeasureId::RequestsFailed),
    ("time to ship (rollout)", MeasureId::RolloutS),
    ("objective missed by the release", MeasureId::DowntimeByReleaseS),
    ("detected after", MeasureId::DetectedAfterS),
    ("decision to last request", MeasureId::RollbackS),
    ("harm to safe", MeasureId::HarmToSafeS),
    ("extra fleet-minutes", MeasureId::FleetMinutesExtra),
    ("extra cost", MeasureId::CostExtraUsd),
];

/// What the columns count that the textbook table counts otherwise.
const APART: [(&str, &str); 2] = [
    (
        "objective missed by the release",
        "seconds in which more requests fail or are wrong than the objective explains \
         (`downtime_by_release_s`); the textbook table's *downtime* is outage: seconds in which no \
         pod accepts requests (`outage_by_release_s`)",
    ),
    (
        "decision to last request",
        "until no request meets the new version (`rollback_s`), a mean; the textbook table's \
         *rollback* is W: a median, and it lasts until the old version is at full size again, too",
    ),
];

/// A row a strategy and release.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("The main measures", measures(results)))
}

fn measures(results: &ScenarioResults) -> String {
    let mut head = vec!["strategy", "release", "flights"];
    head.extend(MAIN.map(|(title, ..)| title));
    let mut rows = Vec::new();
    let scenario = &results.scenario;
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let flights = reading::flights(results, variant, plan);
            let cells = MAIN.map(|(_, measure)| cell(results, variant, plan, measure));
            let names = [scenario.plan_name(plan), scenario.release_name(variant)];
            let start = names.map(named).into_iter().chain([flights.to_string()]);
            rows.push(start.chain(cells).collect());
        }
        let mix = |measure| cell(results, ReleaseId::Mix, plan, measure);
        let flights: usize =
            scenario.variant_ids().map(|id| reading::flights(results, id, plan)).sum();
        let start = [named(scenario.plan_name(plan)), "*the mix*".to_string(), flights.to_string()];
        rows.push(start.into_iter().chain(MAIN.map(|(_, measure)| mix(measure))).collect());
    }
    let note = "\"(3 of 40 empty)\": in three flights the horizon came first, or it never \
                happened; they are counted, not taken as 0.";
    let apart = APART.map(|(title, what)| format!("- *{title}*: {what}")).join("\n");
    format!("{}\n\n{apart}\n\n{note}", table(&head, rows))
}

/// Mean with interval, and how many flights have no value.
fn cell(
    results: &ScenarioResults,
    of: impl Into<ReleaseId>,
    plan: PlanId,
    measure: MeasureId,
) -> String {
    let Some(row) = reading::row(results, of, plan, measure) else { return "–".into() };
    let Some(estimate) = &row.estimate else { return "–".into() };
    let text = Quantity::of(measure).show_estimate(estimate);
    if row.empty == 0 {
        return text;
    }
    format!("{text} ({} of {} empty)", row.empty, estimate.n as u64 + u64::from(row.empty))
}

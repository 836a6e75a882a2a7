//! `stops.csv`: who stops what, by which check, how soon.

use super::{CsvRow, Table};
use windtunnel_experiment::matrix::StopRow;
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_stats::mixture::ShareOf;

/// `stops.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "stops.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let names = ["scenario", "strategy", "release", "bad", "flights"];
    let parts = [
        "stopped",
        "stopped_lower",
        "stopped_upper",
        "late",
        "late_lower",
        "late_upper",
        "kept",
        "kept_lower",
        "kept_upper",
        "open",
        "open_lower",
        "open_upper",
    ];
    names
        .into_iter()
        .chain(parts)
        .chain(["stopped_by", "stopped_by_flights", "stopped_after_p50_s"])
        .chain(["late_by", "late_by_flights", "late_after_p50_s"])
        .collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let of = |scenario: &'_ ScenarioResults| -> Vec<CsvRow> {
        scenario.stops.iter().map(|stop| row(scenario, stop)).collect()
    };
    results.scenarios.iter().flat_map(of).collect()
}

fn row(results: &ScenarioResults, stop: &StopRow) -> CsvRow {
    let scenario = &results.scenario;
    let (plan, release) = (scenario.plan_name(stop.plan), scenario.release_name(stop.variant));
    let bad = if scenario.variant(stop.variant).bad { "yes" } else { "no" };
    let part = |part: &ShareOf| [part.share, part.interval.lower, part.interval.upper].map(Some);
    let parts = [&stop.stopped, &stop.late, &stop.kept, &stop.open].map(part);
    let row = CsvRow::of(&[&scenario.name, plan, release, bad])
        .count(stop.flights)
        .numbers(parts.into_iter().flatten());
    [&stop.early, &stop.afterwards].into_iter().fold(row, |row, cause| {
        let most = cause.by.first();
        row.text(most.map_or("", |(by, _)| by.word()))
            .number(most.map(|(_, n)| f64::from(*n)))
            .number(cause.after_s)
    })
}

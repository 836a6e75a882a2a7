//! `runs.csv`: every flight with all its measures.

use super::{CsvRow, Table, flights};
use windtunnel_experiment::results::Results;
use windtunnel_model::outcome::MeasureId;

/// `runs.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "runs.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let names = ["scenario", "release", "strategy", "replication", "seed", "verdict"];
    names.into_iter().chain(MeasureId::all().map(MeasureId::name)).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    flights(results)
        .map(|(names, flight)| {
            CsvRow::of(&names)
                .count(flight.replication)
                .count(results.seed)
                .text(flight.verdict.word())
                .numbers(flight.measures.values())
        })
        .collect()
}

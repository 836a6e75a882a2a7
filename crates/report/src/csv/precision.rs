//! `precision.csv`: how precisely the main measures are known, per strategy and release.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;

/// `precision.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "precision.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "release", "strategy", "flights", "reached"];
    first.into_iter().chain(["least_precise", "half_width", "target"]).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.precision {
            let worst = row.worst.as_ref();
            rows.push(
                CsvRow::of(&names(&scenario.scenario, row.variant.into(), row.plan))
                    .count(row.n)
                    .text(if row.reached { "yes" } else { "no" })
                    .text(worst.map_or("", |(measure, ..)| measure.name()))
                    .numbers([worst.map(|(_, half, _)| *half), worst.map(|(.., aim)| *aim)]),
            );
        }
    }
    rows
}

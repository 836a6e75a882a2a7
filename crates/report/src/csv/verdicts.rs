//! `verdicts.csv`: how often each verdict fell, with its exact interval.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;

/// `verdicts.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "verdicts.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    vec!["scenario", "release", "strategy", "verdict", "n", "share", "lower", "upper"]
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.verdicts {
            let names = names(&scenario.scenario, row.release, row.plan);
            let start = CsvRow::of(&names).text(row.verdict.word()).count(row.n);
            rows.push(start.numbers([row.share, row.lower, row.upper].map(Some)));
        }
    }
    rows
}

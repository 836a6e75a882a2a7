//! `differences.csv`: each strategy against a reference, flight by flight.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;

/// `differences.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "differences.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "release", "strategy", "reference", "measure"];
    first.into_iter().chain(["n", "mean", "lower", "upper"]).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.differences {
            let names = names(&scenario.scenario, row.release, row.plan);
            let reference = scenario.scenario.plan_name(row.reference);
            let start = CsvRow::of(&names).text(reference).text(row.measure.name()).count(row.n);
            rows.push(start.numbers([row.mean, row.lower, row.upper].map(Some)));
        }
    }
    rows
}

//! `differences.csv`: each strategy against a reference, flight by flight.

use super::{Row, Table};
use crate::experiment::results::Results;

/// The table.
pub const TABLE: Table = Table { path: "differences.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let names = ["scenario", "release", "strategy", "reference", "measure"];
    names.into_iter().chain(["n", "mean", "lower", "upper"]).collect()
}

fn rows(results: &Results) -> Vec<Row> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.differences {
            let names = [&scenario.scenario.name, &row.release, &row.strategy, &row.reference];
            let start = Row::of(&names.map(String::as_str)).text(row.measure.name()).count(row.n);
            rows.push(start.numbers([row.mean, row.lower, row.upper].map(Some)));
        }
    }
    rows
}

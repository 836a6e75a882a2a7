//! `expectations.csv`: what the lines of `expect:` came to.

use super::{CsvRow, Table};
use crate::verdicts;
use windtunnel_experiment::results::Results;

/// `expectations.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "expectations.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    vec!["scenario", "expectation", "judgement", "value", "lower", "upper"]
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for line in &scenario.expectations {
            let word = verdicts::word(line.judgement);
            let ends = [line.interval.map(|(low, _)| low), line.interval.map(|(_, high)| high)];
            let start = CsvRow::of(&[&scenario.scenario.name, &line.text, word]);
            rows.push(start.number(line.value).numbers(ends));
        }
    }
    rows
}

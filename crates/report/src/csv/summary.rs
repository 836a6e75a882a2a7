//! `summary.csv`: every measure's mean, interval and quantiles, per variant and for the mix.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;
use windtunnel_stats::estimate::Method;

/// `summary.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "summary.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "release", "strategy", "measure", "n", "mean", "lower", "upper"];
    first.into_iter().chain(["p05", "p50", "p95", "empty", "interval"]).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.summary {
            let names = names(&scenario.scenario, row.release, row.plan);
            let start = CsvRow::of(&names).text(row.measure.name());
            let estimate = row.estimate.as_ref();
            let figures = match estimate {
                Some(e) => [e.mean, e.lower, e.upper, e.p05, e.p50, e.p95].map(Some),
                None => [None; 6],
            };
            rows.push(
                start
                    .count(estimate.map_or(0, |e| e.n as u64))
                    .numbers(figures)
                    .count(row.empty)
                    .text(estimate.map_or("", |e| method_word(e.method))),
            );
        }
    }
    rows
}

/// How the interval was made, in a word.
fn method_word(method: Method) -> &'static str {
    match method {
        Method::Unknown => "unknown",
        Method::Only => "only-value",
        Method::RuleOfThree => "rule-of-three",
        Method::Widest => "widest",
        Method::Mixed => "mixed",
    }
}

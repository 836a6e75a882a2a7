//! `steps.csv`: what each step of a release asked for, and what was met.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;
use windtunnel_stats::estimate::Estimate;

/// `steps.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "steps.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "release", "strategy", "step", "asked", "flights", "lasted_s"];
    let requests = ["requests_met", "requests_met_lower", "requests_met_upper"];
    let users = ["users_met", "users_met_lower", "users_met_upper"];
    let pods = ["pods_new", "pods"];
    first.into_iter().chain(requests).chain(users).chain(pods).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for step in &scenario.steps {
            rows.push(
                CsvRow::of(&names(&scenario.scenario, step.variant.into(), step.plan))
                    .count(step.number)
                    .number(Some(step.asked))
                    .count(step.flights)
                    .number(Some(step.lasted_s))
                    .numbers(ends(&step.requests))
                    .numbers(ends(&step.users))
                    .counts(step.pods.map(u64::from)),
            );
        }
    }
    rows
}

fn ends(estimate: &Option<Estimate>) -> [Option<f64>; 3] {
    let of = |end: fn(&Estimate) -> f64| estimate.as_ref().map(end);
    [of(|e| e.mean), of(|e| e.lower), of(|e| e.upper)]
}

//! `timeline.csv`: one typical flight of each strategy, interval by interval.

use super::{CsvRow, Table, names};
use windtunnel_experiment::results::Results;

/// `timeline.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "timeline.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "release", "strategy", "replication", "t_s"];
    let traffic = ["requests", "failed", "slow", "p99_ms", "weight_new"];
    let old = ["pods_old_starting", "pods_old_ready", "pods_old_unready", "pods_old_terminating"];
    let new = ["pods_new_starting", "pods_new_ready", "pods_new_unready", "pods_new_terminating"];
    first.into_iter().chain(traffic).chain(old).chain(new).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for record in &scenario.recordings {
            let names = names(&scenario.scenario, record.variant.into(), record.plan);
            for sample in &record.recording.samples {
                rows.push(
                    CsvRow::of(&names)
                        .count(record.replication)
                        .number(Some(sample.t_s))
                        .counts([sample.requests, sample.failed, sample.slow])
                        .numbers([sample.p99_ms, Some(sample.weight_new)])
                        .counts(sample.pods.iter().flatten().map(|pods| u64::from(*pods))),
                );
            }
        }
    }
    rows
}

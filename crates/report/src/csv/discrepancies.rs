//! `discrepancies.csv`: what shadows found, beside the noise of a second old copy.

use super::{CsvRow, Table, flights};
use windtunnel_experiment::results::Results;

/// `discrepancies.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "discrepancies.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let names = ["scenario", "release", "strategy", "replication", "kind"];
    let counts = ["compared", "different", "noise_compared", "noise_different"];
    names.into_iter().chain(counts).collect()
}

/// Copies that found no pod were never compared: they are a kind of their own, out of all copies
/// sent, and have no counterpart in the noise.
fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for (names, flight) in flights(results) {
        let Some(counts) = flight.differences else { continue };
        let (candidate, noise) = (counts.candidate, counts.noise);
        let start = |kind| CsvRow::of(&names).count(flight.replication).text(kind);
        let kinds = [
            ("status", candidate.status, noise.status),
            ("body", candidate.body, noise.body),
            ("latency", candidate.latency, noise.latency),
        ];
        for (kind, found, by_noise) in kinds {
            rows.push(start(kind).counts([candidate.compared, found, noise.compared, by_noise]));
        }
        let sent = candidate.compared + counts.unanswered;
        let unanswered = start("unanswered").counts([sent, counts.unanswered]);
        rows.push(unanswered.numbers([None, None]));
    }
    rows
}

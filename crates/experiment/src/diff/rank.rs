//! In which order figures that differ are told: by their weight, and of one weight the greatest
//! change first.

use super::mix::ALL;
use super::{DiffRow, What};
use windtunnel_model::outcome::MeasureId;

/// The main measures, the weightiest first: those of the mix stand before all others.
pub const MAIN: [MeasureId; 10] = [
    MeasureId::ReleaseUsd,
    MeasureId::UsersHurtByReleaseShare,
    MeasureId::RequestsFailed,
    MeasureId::DowntimeByReleaseS,
    MeasureId::DetectedAfterS,
    MeasureId::RollbackS,
    MeasureId::HarmToSafeS,
    MeasureId::RolloutS,
    MeasureId::FleetMinutesExtra,
    MeasureId::CostExtraUsd,
];

/// What is told without being asked for: shares of verdicts and main measures.
pub fn is_main(row: &DiffRow) -> bool {
    match row.what {
        What::Measure(measure) => MAIN.contains(&measure),
        What::Verdict(_) => true,
    }
}

/// Shares of verdicts, main measures over the mix, main measures of a release, all others.
fn weight(row: &DiffRow) -> (usize, usize) {
    let mix = row.names[0] == ALL;
    let What::Measure(measure) = row.what else { return (0, 0) };
    match (MAIN.iter().position(|main| *main == measure), mix) {
        (Some(place), true) => (1, place),
        (Some(place), false) => (2, place),
        (None, true) => (3, 0),
        (None, false) => (4, 0),
    }
}

/// The change as a part of the greater value; of shares of verdicts in points.
fn size(row: &DiffRow) -> f64 {
    let [before, after] = row.values;
    let greater = match row.what {
        What::Verdict(_) => 1.0,
        What::Measure(_) => before.abs().max(after.abs()),
    };
    if greater > 0.0 { (after - before).abs() / greater } else { 0.0 }
}

/// Certain ones first, then by weight, then by size; of equals those first in the tables.
pub(super) fn rank(rows: &mut [DiffRow]) {
    rows.sort_by(|a, b| {
        let key = |row: &DiffRow| (!row.certain, weight(row));
        key(a).cmp(&key(b)).then(size(b).total_cmp(&size(a)))
    });
}

/// Does `a` come before `b`, of two scenarios?
pub fn before(a: &DiffRow, b: &DiffRow) -> std::cmp::Ordering {
    weight(a).cmp(&weight(b)).then(size(b).total_cmp(&size(a)))
}

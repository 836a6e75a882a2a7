//! How precisely the main measures are known, and whether that is enough.
//!
//! Enough: every main measure's 95 % half-width is at most 5 % of its mean, or 0.1 % of the active
//! users, or one second, whichever is largest; and where all values are equal, enough flights have
//! been flown to have seen what happens in one of 13.

use super::limits::bounds;
use super::results::PrecisionRow;
use windtunnel_model::outcome::{MeasureId, Outcome};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::stopping::{Precision, Wanted, precision};

/// The measures that decide how many replications are flown, with the unit of their floor.
const MAIN: [(MeasureId, Floor); 5] = [
    (MeasureId::UsersHurtByRelease, Floor::Users),
    (MeasureId::DowntimeByReleaseS, Floor::Second),
    (MeasureId::OutageByReleaseS, Floor::Second),
    (MeasureId::RollbackS, Floor::Second),
    (MeasureId::FleetMinutesExtra, Floor::TenthOfMinute),
];

#[derive(Clone, Copy)]
enum Floor {
    Users,
    Second,
    TenthOfMinute,
}

fn of_measure(
    scenario: &Scenario,
    rows: &[Outcome],
    (measure, floor): (MeasureId, Floor),
) -> Option<Precision> {
    let values: Vec<f64> = rows.iter().filter_map(|r| r.measures.get(measure)).collect();
    let active = rows.iter().filter_map(|r| r.measures.users_active).sum::<f64>();
    let floor = match floor {
        Floor::Users => 0.001 * active / rows.len().max(1) as f64,
        Floor::Second => 1.0,
        Floor::TenthOfMinute => 0.1,
    };
    // A measure that almost no flight has can't be made precise by more of the same.
    let wanted = Wanted { relative: 0.05, floor, bounds: bounds(scenario, measure) };
    (values.len() * 4 >= rows.len() && values.len() > 1).then(|| precision(&values, wanted, 0.95))
}

/// Are all main measures of these rows known precisely enough?
pub fn is_reached(scenario: &Scenario, rows: &[Outcome]) -> bool {
    let reached =
        |main: &(MeasureId, Floor)| of_measure(scenario, rows, *main).is_none_or(|p| p.reached);
    rows.len() > 1 && MAIN.iter().all(reached)
}

/// The precision that every pair reached.
pub fn reached(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<PrecisionRow> {
    let mut table = Vec::new();
    for (variant, by_plan) in scenario.variant_ids().zip(flights) {
        for (plan, rows) in scenario.plan_ids().zip(by_plan) {
            let all = MAIN
                .iter()
                .filter_map(|main| of_measure(scenario, rows, *main).map(|p| (main.0, p)));
            let worst = all.max_by(|(_, a), (_, b)| {
                (a.half_width / a.limit).total_cmp(&(b.half_width / b.limit))
            });
            table.push(PrecisionRow {
                variant,
                plan,
                n: rows.len() as u32,
                reached: is_reached(scenario, rows),
                worst: worst.map(|(name, p)| (name, p.half_width, p.limit)),
            });
        }
    }
    table
}

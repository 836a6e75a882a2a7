//! What each step of a release asked for and what was met, over flights.

use super::limits::bounds;
use super::results::StepRow;
use std::collections::BTreeMap;
use windtunnel_model::outcome::{MeasureId, Outcome, Step};
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::bounds::Bounds;
use windtunnel_stats::estimate::{Estimate, estimate};
use windtunnel_stats::mixture::Stratum;

/// Steps of one number that ask for the same share: `share` in millionths, so that it has an order.
type Key = (usize, u64);

/// All rows: by strategy and variant, in the order of the steps.
pub fn steps(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<StepRow> {
    let mut table = Vec::new();
    // What steps let meet is what flights let meet: the same figure has the same interval.
    let bounds = bounds(scenario, MeasureId::UsersExposedShare);
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let rows = flights.get(variant.0).and_then(|of| of.get(plan.0));
            let rows = rows.map_or(&[][..], |rows| rows);
            table.extend(of_pair((variant, plan), rows, &bounds));
        }
    }
    table
}

fn of_pair(
    (variant, plan): (VariantId, PlanId),
    flights: &[Outcome],
    bounds: &Bounds,
) -> Vec<StepRow> {
    let mut found: BTreeMap<Key, Vec<&Step>> = BTreeMap::new();
    for flight in flights {
        for (number, step) in flight.steps.iter().enumerate() {
            let key = (number, (step.asked * 1e6).round() as u64);
            found.entry(key).or_default().push(step);
        }
    }
    let row = |((number, asked), steps): (Key, Vec<&Step>)| StepRow {
        variant,
        plan,
        number: number as u32 + 1,
        asked: asked as f64 / 1e6,
        flights: steps.len() as u32,
        lasted_s: steps.iter().map(|step| step.lasted_s).sum::<f64>() / steps.len() as f64,
        requests: share(&steps, bounds, |step| (step.requests_new, step.requests)),
        users: share(&steps, bounds, |step| (step.users_new, step.users)),
        pods: most_often(steps.iter().map(|step| step.pods)),
    };
    found.into_iter().map(row).collect()
}

/// The mean share over flights; nothing if no flight had anything of which there is a share.
fn share(steps: &[&Step], bounds: &Bounds, of: fn(&Step) -> (u64, u64)) -> Option<Estimate> {
    let share = |step: &&Step| match of(step) {
        (_, 0) => f64::NAN,
        (part, all) => part as f64 / all as f64,
    };
    let values = steps.iter().map(share).collect();
    estimate(&[Stratum { weight: 1.0, values }], bounds)
}

/// What is there most often; of several the least.
fn most_often(all: impl Iterator<Item = [u32; 2]>) -> [u32; 2] {
    let mut counts: BTreeMap<[u32; 2], usize> = BTreeMap::new();
    all.for_each(|pods| *counts.entry(pods).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    counts.into_iter().find(|(_, count)| *count == most).map_or([0; 2], |(pods, _)| pods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_by_what_they_ask_for() {
        let step = |asked: f64, met: u64, pods: [u32; 2]| Step {
            asked,
            lasted_s: 60.0,
            requests: 100,
            requests_new: met,
            users: 50,
            users_new: met / 2,
            pods,
        };
        let flight = |steps: Vec<Step>| Outcome {
            replication: 0,
            verdict: windtunnel_model::outcome::Verdict::PromotedGood,
            measures: Default::default(),
            bill: Default::default(),
            stopped_by: None,
            differences: None,
            steps,
            by_human: false,
            work: 1,
        };
        let flights = [
            flight(vec![step(0.1, 50, [1, 2]), step(0.5, 50, [1, 2])]),
            flight(vec![step(0.1, 40, [1, 2])]),
            flight(vec![step(0.1, 60, [1, 3]), step(1.0, 100, [2, 2])]),
        ];
        let bounds = Bounds::from_zero(1.0, 0.1);
        let rows = of_pair((VariantId(0), PlanId(0)), &flights, &bounds);
        let told: Vec<(u32, f64, u32, [u32; 2])> =
            rows.iter().map(|row| (row.number, row.asked, row.flights, row.pods)).collect();
        let wanted = [(1, 0.1, 3, [1, 2]), (2, 0.5, 1, [1, 2]), (2, 1.0, 1, [2, 2])];
        assert_eq!(told, wanted);
        let mean = |estimate: &Option<Estimate>| estimate.expect("a share").mean;
        assert!((mean(&rows[0].requests) - 0.5).abs() < 1e-12);
        assert!((mean(&rows[0].users) - 0.5).abs() < 1e-12);
    }
}

//! A year of releases in dollars: the mix of one release times the releases of a year.

use super::payback::{Payback, payback};
use crate::figures::{Figure, Figures};
use windtunnel_model::outcome::{BillPart, MeasureId, Outcome};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::interval::Interval;

/// What a year costs by one strategy, in US dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct YearRow {
    /// The strategy that all releases of the year go by.
    pub plan: PlanId,
    /// All of it, with its 95 % interval; nothing if a release of the mix was not flown.
    pub total: Option<Figure>,
    /// The means of its parts, in the order of [`BillPart::ALL`]; their sum is the total's.
    pub parts: [f64; BillPart::ALL.len()],
    /// What it is more than by the strategy of today, if that is named.
    pub versus: Option<Versus>,
}

/// One strategy against that of today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Versus {
    /// A year's difference, this one minus today's, flight by flight, with its 95 % interval.
    pub difference: Figure,
    /// When what it takes to change is paid back, if that has a price.
    pub payback: Option<Payback>,
}

impl YearRow {
    /// The mean of one part.
    pub fn part(&self, part: BillPart) -> f64 {
        self.parts[part as usize]
    }

    /// Is it certainly cheaper than today?
    pub fn saves(&self) -> bool {
        self.versus.is_some_and(|versus| versus.difference.interval.upper < 0.0)
    }
}

/// One row a strategy, in the scenario's order.
pub fn years(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<YearRow> {
    let figures = Figures::of(scenario, flights);
    let row = |plan: PlanId| {
        let total = figures.mean(ReleaseId::Mix, plan, MeasureId::ReleaseUsd);
        let per_year = |figure: Figure| times(figure, scenario.releases_per_year);
        YearRow {
            plan,
            total: total.map(per_year),
            parts: parts(scenario, flights, plan),
            versus: scenario.baseline.and_then(|today| versus(&figures, plan, today)),
        }
    };
    scenario.plan_ids().map(row).collect()
}

/// A figure of one release as one of so many.
fn times(figure: Figure, number: f64) -> Figure {
    let Interval { lower, upper } = figure.interval;
    let interval = Interval { lower: lower * number, upper: upper * number };
    Figure { value: figure.value * number, interval, ..figure }
}

/// What a strategy costs a year beyond another, in US dollars, flight by flight; exactly nothing
/// beyond itself. Nothing comes back where a variant has fewer than two pairs.
pub fn difference(figures: &Figures<'_>, plan: PlanId, today: PlanId) -> Option<Figure> {
    let mix = ReleaseId::Mix;
    if plan == today {
        let n = figures.mean(mix, plan, MeasureId::ReleaseUsd)?.n;
        let interval = Interval { lower: 0.0, upper: 0.0 };
        return Some(Figure { value: 0.0, interval, n });
    }
    let found = figures.difference(mix, (plan, today), MeasureId::ReleaseUsd)?;
    Some(times(found, figures.scenario.releases_per_year))
}

fn versus(figures: &Figures<'_>, plan: PlanId, today: PlanId) -> Option<Versus> {
    let difference = difference(figures, plan, today)?;
    let scenario = figures.scenario;
    let cost = scenario.adoption(scenario.plan(plan), scenario.plan(today));
    Some(Versus { difference, payback: cost.map(|cost| payback(cost, &difference)) })
}

/// The means of the parts of a year.
fn parts(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    plan: PlanId,
) -> [f64; BillPart::ALL.len()] {
    let released = scenario.variant_ids().zip(flights);
    let released: Vec<(f64, &[Outcome])> = released
        .map(|(id, by_plan)| (scenario.variant(id).share.value(), by_plan[plan.0].as_slice()))
        .filter(|(share, _)| *share > 0.0)
        .collect();
    let shares: f64 = released.iter().map(|(share, _)| share).sum();
    BillPart::ALL.map(|part| {
        let mean = |(share, rows): &(f64, &[Outcome])| {
            let sum: f64 = rows.iter().map(|row| row.bill.get(part)).sum();
            share / shares * (sum / rows.len().max(1) as f64)
        };
        released.iter().map(mean).sum::<f64>() * scenario.releases_per_year
    })
}

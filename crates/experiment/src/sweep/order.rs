//! Which strategy is better by a figure, and between which values that turns.
//!
//! At every value two strategies are compared replication by replication, as they met the same
//! storm. The intervals of all pairs at all values hold together at 95 % (Bonferroni), so that of
//! many pairs none turns by chance; differences below what matters are none. A strategy that may
//! not be chosen is compared with none: what ships nothing hurts nobody.

use super::figure::{paired, strata};
use super::{Of, Turn, What, plan, turn};
use crate::limits::bounds;
use crate::results::{Judgement, ScenarioResults};
use crate::winner::USERS_FLOOR;
use windtunnel_model::outcome::{Better, MeasureId, Unit};
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_stats::estimate::CONFIDENCE;

/// Differences below this share of the greater figure do not matter.
const MATTERS: f64 = 0.05;

/// Differences below so many seconds do not matter.
const SECONDS_FLOOR: f64 = 1.0;

/// Two strategies of which one is better up to a value, and the other from a value on.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepOrder {
    /// Better before the turn.
    pub first: String,
    /// Better after it.
    pub then: String,
    /// Where it turns.
    pub turn: Turn,
}

/// The pairs of strategies whose order turns along a line of points.
pub fn orders(names: &[&str], line: &[Option<&ScenarioResults>], what: What) -> Vec<SweepOrder> {
    // A year is a release, so many times.
    let what = match what {
        What::Year => What::Mean(MeasureId::ReleaseUsd, Of::All),
        what => what,
    };
    let What::Mean(measure, _) = what else { return Vec::new() };
    let pairs: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .flat_map(|(at, a)| names[at + 1..].iter().map(move |b| (*a, *b)))
        .collect();
    let tests = (pairs.len() * line.len()).max(1) as f64;
    let confidence = 1.0 - (1.0 - CONFIDENCE) / tests;
    let order = |(a, b): (&str, &str)| {
        let judged: Vec<Judgement> =
            line.iter().map(|results| better(*results, (a, b), what, confidence)).collect();
        let found = turn(judged.iter().copied())?;
        let (first, then) = if judged[found.0] == Judgement::Holds { (a, b) } else { (b, a) };
        Some(SweepOrder { first: first.to_string(), then: then.to_string(), turn: found })
    };
    match measure.measure().better {
        Better::Neither => Vec::new(),
        _ => pairs.into_iter().filter_map(order).collect(),
    }
}

/// Is the first strategy certainly better than the second, or the other way?
fn better(
    results: Option<&ScenarioResults>,
    (a, b): (&str, &str),
    what: What,
    confidence: f64,
) -> Judgement {
    let judged = || {
        let results = results?;
        let What::Mean(measure, of) = what else { return None };
        let (a, b) = (may_win(results, a)?, may_win(results, b)?);
        let (mine, theirs) = (strata(results, a, measure, of), strata(results, b, measure, of));
        let limits = bounds(&results.scenario, measure);
        let found = paired((&mine, &theirs), &limits, confidence)?;
        let sizes = [a, b].map(|plan| super::figure(results, plan, what).map(|f| f.value.abs()));
        let greater = sizes.into_iter().flatten().fold(0.0, f64::max);
        if found.value.abs() < floor(measure).max(MATTERS * greater) {
            return None;
        }
        let less = found.interval.upper < 0.0;
        let more = found.interval.lower > 0.0;
        let wants_less = measure.measure().better == Better::Less;
        (less || more).then_some(less == wants_less)
    };
    match judged() {
        Some(true) => Judgement::Holds,
        Some(false) => Judgement::Fails,
        None => Judgement::Undecided,
    }
}

/// The strategy, if it may be chosen.
fn may_win(results: &ScenarioResults, name: &str) -> Option<PlanId> {
    let plan = plan(results, name)?;
    let out = results.choice.ruled_out.iter().any(|(out, _)| *out == plan);
    (!out).then_some(plan)
}

/// Differences below this do not matter.
fn floor(measure: MeasureId) -> f64 {
    match measure.measure().unit {
        Unit::Share => USERS_FLOOR,
        Unit::Seconds => SECONDS_FLOOR,
        _ => 0.0,
    }
}

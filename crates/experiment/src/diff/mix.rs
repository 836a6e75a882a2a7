//! The mix of releases before and after: each release's flights, weighted by its share.
//!
//! A share that was changed is found here, though no flight differs.

use super::side::{Flight, Flown, StoredScenario};
use super::{DiffRow, ScenarioDiff, What};
use std::collections::BTreeSet;
use windtunnel_model::outcome::MeasureId;
use windtunnel_stats::change;
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::mixture::Stratum;

/// Release of the rows of a mix, as in `summary.csv`.
pub const ALL: &str = "all";

/// A release whose share of all changed, before and after; 0 where it was not flown.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Name of the release whose share of the mix differs.
    pub release: String,
    /// Its share before and after.
    pub shares: [f64; 2],
}

/// Shares that changed; none if one side does not tell them.
pub(super) fn shares(old: &StoredScenario, new: &StoredScenario) -> Vec<Share> {
    if old.releases.is_empty() || new.releases.is_empty() {
        return Vec::new();
    }
    let names: Vec<&String> = old.releases.iter().map(|(name, _)| name).collect();
    let more = new.releases.iter().map(|(name, _)| name).filter(|name| !names.contains(name));
    let all = names.iter().copied().chain(more);
    let changed = all.filter_map(|name| {
        let shares = [old, new].map(|side| weight(side, name));
        let release = name.clone();
        (shares[0] != shares[1]).then_some(Share { release, shares })
    });
    changed.collect()
}

fn weight(side: &StoredScenario, release: &str) -> f64 {
    let total: f64 = side.releases.iter().map(|(_, share)| share).sum();
    let own = side.releases.iter().find(|(name, _)| name == release);
    own.map_or(0.0, |(_, share)| if total > 0.0 { share / total } else { 0.0 })
}

/// One release of a strategy on both sides.
struct Part<'a> {
    weights: [f64; 2],
    flights: [Option<&'a Flown>; 2],
}

/// Adds what differs over the mix, strategy by strategy.
pub(super) fn compare(old: &StoredScenario, new: &StoredScenario, diff: &mut ScenarioDiff) {
    let both = old.strategies.iter().filter(|name| new.strategies.contains(name));
    for strategy in both {
        let names = old.releases.iter().chain(&new.releases).map(|(name, _)| name);
        let names: BTreeSet<&String> = names.collect();
        let part = |release: &&String| {
            let of = |side: &StoredScenario| weight(side, release);
            Part {
                weights: [of(old), of(new)],
                flights: [flown(old, release, strategy), flown(new, release, strategy)],
            }
        };
        let parts: Vec<Part<'_>> =
            names.iter().map(part).filter(|part| part.weights != [0.0, 0.0]).collect();
        // A mix of one is that release.
        if parts.len() < 2 {
            continue;
        }
        for measure in MeasureId::all() {
            row(&parts, strategy, measure, diff);
        }
    }
}

fn flown<'a>(side: &'a StoredScenario, release: &str, strategy: &str) -> Option<&'a Flown> {
    side.flown.iter().find(|flown| flown.names[0] == release && flown.names[1] == strategy)
}

fn row(parts: &[Part<'_>], strategy: &str, measure: MeasureId, diff: &mut ScenarioDiff) {
    let Some(found) = (if diff.paired { paired(parts, measure) } else { apart(parts, measure) })
    else {
        return;
    };
    diff.compared += 1;
    if found.change.mean != 0.0 {
        let names = [ALL.to_string(), strategy.to_string()];
        let what = What::Measure(measure);
        let MixFigure { values, change, flights } = found;
        diff.rows.push(DiffRow { names, what, values, change, flights, certain: false });
    }
}

struct MixFigure {
    values: [f64; 2],
    change: change::Change,
    flights: [usize; 2],
}

/// The values of one side by replication, NaN where there is none; nothing of a side whose release
/// has no share.
fn values(part: &Part<'_>, at: usize, measure: MeasureId, replications: &[u32]) -> Vec<f64> {
    let value = |flight: &Flight| flight.values[measure as usize];
    let of = |number: &u32| part.flights[at]?.flights.get(number).map(value);
    replications.iter().map(|number| of(number).unwrap_or(f64::NAN)).collect()
}

fn replications(parts: &[Part<'_>]) -> Vec<u32> {
    let flown = parts.iter().flat_map(|part| part.flights.into_iter().flatten());
    let all: BTreeSet<u32> = flown.flat_map(|flown| flown.flights.keys().copied()).collect();
    all.into_iter().collect()
}

/// Weight times mean, summed over parts.
fn mean(parts: &[Stratum]) -> f64 {
    let of = |part: &Stratum| {
        let known = part.known();
        part.weight * known.iter().sum::<f64>() / known.len() as f64
    };
    parts.iter().map(of).sum()
}

fn size(parts: &[Stratum]) -> usize {
    parts.iter().map(|part| part.known().len()).sum()
}

/// Replication by replication: what each release has more, weighted as it is on either side.
fn paired(parts: &[Part<'_>], measure: MeasureId) -> Option<MixFigure> {
    let numbers = replications(parts);
    let (mut sides, mut differences) = ([Vec::new(), Vec::new()], Vec::new());
    for part in parts {
        let mut both = [0, 1].map(|at| values(part, at, measure, &numbers));
        let mut more = vec![f64::NAN; numbers.len()];
        for n in 0..numbers.len() {
            // A side without a share needs no value.
            let term = |at: usize| match part.weights[at] {
                0.0 => 0.0,
                weight => weight * both[at][n],
            };
            more[n] = term(1) - term(0);
            if more[n].is_nan() {
                both.iter_mut().for_each(|side| side[n] = f64::NAN);
            }
        }
        differences.push(Stratum { weight: 1.0, values: more });
        for (at, side) in sides.iter_mut().enumerate() {
            if part.weights[at] > 0.0 {
                side.push(Stratum { weight: part.weights[at], values: both[at].clone() });
            }
        }
    }
    let change = change::mix_paired(&differences, CONFIDENCE)?;
    let (means, sizes) = (sides.each_ref().map(|s| mean(s)), sides.each_ref().map(|s| size(s)));
    Some(MixFigure { values: means, change, flights: sizes })
}

/// Sides that have nothing in common.
fn apart(parts: &[Part<'_>], measure: MeasureId) -> Option<MixFigure> {
    let numbers = replications(parts);
    let side = |at: usize| -> Vec<Stratum> {
        let with = parts.iter().filter(|part| part.weights[at] > 0.0);
        let stratum = |part: &Part<'_>| Stratum {
            weight: part.weights[at],
            values: values(part, at, measure, &numbers),
        };
        with.map(stratum).collect()
    };
    let sides = [side(0), side(1)];
    let change = change::mix_apart(&sides[0], &sides[1], CONFIDENCE)?;
    let (means, sizes) = (sides.each_ref().map(|s| mean(s)), sides.each_ref().map(|s| size(s)));
    Some(MixFigure { values: means, change, flights: sizes })
}

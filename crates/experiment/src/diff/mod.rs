//! Two runs compared: what changed in whom, and how certain that is.
//!
//! Flights through the same storm (see [`super::storm`]) are compared in pairs, replication by
//! replication; others by Welch's test. Shares of verdicts are compared by exact tests. All
//! questions are asked at once, so Holm's procedure keeps the chance of one false difference among
//! all at 5 %. Deliberately absent: reading, and words.

mod mix;
pub mod rank;
mod side;

pub use mix::{ALL, Share};
pub use side::{Chosen, Flight, Flown, Side, StoredScenario};

use windtunnel_model::outcome::{MeasureId, Verdict};
use windtunnel_stats::change::{self, Change};
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::interval::newcombe;

/// Greatest chance that one difference among all that are called certain is none.
pub const FALSE_CHANCE: f64 = 0.05;

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// The mean of a measure over flights.
    Measure(MeasureId),
    /// The share of flights with a verdict.
    Verdict(Verdict),
}

/// One figure that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffRow {
    /// Release and strategy.
    pub names: [String; 2],
    /// Which figure.
    pub what: What,
    /// Its value before and after, over the flights that were compared.
    pub values: [f64; 2],
    /// After minus before, with its own 95 % interval and p-value.
    pub change: Change,
    /// Flights compared, before and after.
    pub flights: [usize; 2],
    /// Does it stand beside all other questions?
    pub certain: bool,
}

/// A word that changed, and of which strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Strategy.
    pub strategy: String,
    /// Column of `ratings.csv`.
    pub rating: String,
    /// The word before and after.
    pub words: [String; 2],
}

/// What became of one scenario.
#[derive(Clone, Debug)]
pub struct ScenarioDiff {
    /// Name of the scenario, which both folders have.
    pub name: String,
    /// Were flights compared in pairs?
    pub paired: bool,
    /// Why not, if one run does not tell its storm.
    pub storm_unknown: bool,
    /// The choice before and after, if both tell one and it changed.
    pub choice: Option<[Chosen; 2]>,
    /// Releases whose share of all changed.
    pub shares: Vec<Share>,
    /// Ratings that changed.
    pub words: Vec<Word>,
    /// Figures that differ in the flights, certain ones first, the weightiest first ([`rank`]).
    pub rows: Vec<DiffRow>,
    /// Figures compared.
    pub compared: usize,
    /// Flights whose figures are the same on both sides, and those compared in pairs.
    pub same: [usize; 2],
    /// Releases and strategies that only one side flew: before, after.
    pub only: [Vec<String>; 2],
}

/// Two runs compared.
#[derive(Clone, Debug)]
pub struct Diff {
    /// Scenarios of both, in the order of the first.
    pub scenarios: Vec<ScenarioDiff>,
    /// Scenarios that only one side flew: before, after.
    pub only: [Vec<String>; 2],
    /// Measures that only one side has: before, after.
    pub measures: [Vec<String>; 2],
}

impl Diff {
    /// Figures that certainly differ.
    pub fn certain(&self) -> usize {
        self.scenarios.iter().flat_map(|s| &s.rows).filter(|row| row.certain).count()
    }

    /// Does something differ that a reader must know of?
    pub fn differs(&self) -> bool {
        let some = |lists: &[Vec<String>; 2]| lists.iter().any(|list| !list.is_empty());
        let of = |s: &ScenarioDiff| {
            s.choice.is_some() || !s.shares.is_empty() || !s.words.is_empty() || some(&s.only)
        };
        self.certain() > 0 || some(&self.only) || self.scenarios.iter().any(of)
    }
}

/// Compares two runs.
pub fn compare(before: &Side, after: &Side) -> Diff {
    let find = |side: &Side, name: &str| side.scenarios.iter().position(|s| s.name == name);
    let both = |s: &&StoredScenario| find(after, &s.name).is_some();
    let mut scenarios: Vec<ScenarioDiff> = before
        .scenarios
        .iter()
        .filter(both)
        .filter_map(|old| Some(scenario(old, &after.scenarios[find(after, &old.name)?])))
        .collect();
    judge(&mut scenarios);
    let names = |side: &Side, other: &Side| {
        let alone = side.scenarios.iter().filter(|s| find(other, &s.name).is_none());
        alone.map(|s| s.name.clone()).collect()
    };
    let has = |side: &Side| -> Vec<MeasureId> { side.measures.clone() };
    let lacks = |one: &Side, other: &Side| {
        let alone = has(one).into_iter().filter(|m| !other.measures.contains(m));
        alone.map(|m| m.name().to_string()).collect()
    };
    Diff {
        scenarios,
        only: [names(before, after), names(after, before)],
        measures: [lacks(before, after), lacks(after, before)],
    }
}

/// Decides which figures certainly differ, all at once; those that do not move count as asked.
fn judge(scenarios: &mut [ScenarioDiff]) {
    let moved: Vec<f64> =
        scenarios.iter().flat_map(|s| s.rows.iter().map(|row| row.change.p)).collect();
    let compared: usize = scenarios.iter().map(|s| s.compared).sum();
    let mut all = moved.clone();
    all.resize(compared.max(moved.len()), 1.0);
    let mut stands = change::holm(&all, FALSE_CHANCE).into_iter();
    for row in scenarios.iter_mut().flat_map(|s| &mut s.rows) {
        row.certain = stands.next().unwrap_or(false);
    }
    for scenario in scenarios {
        rank::rank(&mut scenario.rows);
    }
}

fn scenario(old: &StoredScenario, new: &StoredScenario) -> ScenarioDiff {
    let paired = old.storm.is_some() && old.storm == new.storm;
    let mut diff = ScenarioDiff {
        name: old.name.clone(),
        paired,
        storm_unknown: old.storm.is_none() || new.storm.is_none(),
        choice: None,
        shares: mix::shares(old, new),
        words: words(old, new),
        rows: Vec::new(),
        compared: 0,
        same: [0, 0],
        only: [alone(old, new), alone(new, old)],
    };
    if let (Some(a), Some(b)) = (&old.choice, &new.choice)
        && a != b
    {
        diff.choice = Some([a.clone(), b.clone()]);
    }
    for flown in &old.flown {
        let Some(other) = new.flown.iter().find(|f| f.names == flown.names) else { continue };
        if paired {
            in_pairs(flown, other, &mut diff);
        } else {
            unpaired(flown, other, &mut diff);
        }
    }
    mix::compare(old, new, &mut diff);
    diff
}

fn alone(one: &StoredScenario, other: &StoredScenario) -> Vec<String> {
    let known = |f: &&Flown| !other.flown.iter().any(|o| o.names == f.names);
    let name = |f: &Flown| format!("{} · {}", f.names[1], f.names[0]);
    one.flown.iter().filter(known).map(name).collect()
}

fn words(old: &StoredScenario, new: &StoredScenario) -> Vec<Word> {
    let mut found = Vec::new();
    for (key, word) in &old.ratings {
        let other = new.ratings.iter().find(|(k, _)| k == key).map(|(_, w)| w);
        if let Some(other) = other.filter(|other| *other != word) {
            let [strategy, rating] = key.clone();
            found.push(Word { strategy, rating, words: [word.clone(), other.clone()] });
        }
    }
    found
}

/// Compares replication by replication.
fn in_pairs(old: &Flown, new: &Flown, diff: &mut ScenarioDiff) {
    let pairs: Vec<(&Flight, &Flight)> = old
        .flights
        .iter()
        .filter_map(|(replication, flight)| Some((flight, new.flights.get(replication)?)))
        .collect();
    let same = |(a, b): &&(&Flight, &Flight)| {
        let alike = |(x, y): (&f64, &f64)| x.to_bits() == y.to_bits() || x == y;
        a.verdict == b.verdict && a.values.iter().zip(&b.values).all(alike)
    };
    diff.same[0] += pairs.iter().filter(same).count();
    diff.same[1] += pairs.len();
    for measure in MeasureId::all() {
        let value = |flight: &Flight| flight.values[measure as usize];
        let known: Vec<[f64; 2]> = pairs
            .iter()
            .map(|(a, b)| [value(a), value(b)])
            .filter(|pair| pair.iter().all(|v| v.is_finite()))
            .collect();
        let differences: Vec<f64> = known.iter().map(|[a, b]| b - a).collect();
        let Some(change) = change::paired(&differences, CONFIDENCE) else { continue };
        diff.compared += 1;
        if differences.iter().any(|d| *d != 0.0) {
            let mean = |at: usize| known.iter().map(|v| v[at]).sum::<f64>() / known.len() as f64;
            let n = known.len();
            diff.rows.push(DiffRow {
                names: old.names.clone(),
                what: What::Measure(measure),
                values: [mean(0), mean(1)],
                change,
                flights: [n, n],
                certain: false,
            });
        }
    }
    let counts = |v: Verdict| {
        let only = |a: &Flight, b: &Flight| u64::from(a.verdict == v && b.verdict != v);
        let before: u64 = pairs.iter().map(|(a, b)| only(a, b)).sum();
        let after: u64 = pairs.iter().map(|(a, b)| only(b, a)).sum();
        change::mcnemar(before, after)
    };
    let sides = [pairs.iter().map(|p| p.0).collect(), pairs.iter().map(|p| p.1).collect()];
    verdicts(&old.names, sides, &counts, diff);
}

/// Compares sides that have nothing in common.
fn unpaired(old: &Flown, new: &Flown, diff: &mut ScenarioDiff) {
    let values = |flown: &Flown, measure: MeasureId| -> Vec<f64> {
        let all = flown.flights.values().map(|flight| flight.values[measure as usize]);
        all.filter(|value| value.is_finite()).collect()
    };
    for measure in MeasureId::all() {
        let [a, b] = [values(old, measure), values(new, measure)];
        let Some(change) = change::welch(&a, &b, CONFIDENCE) else { continue };
        diff.compared += 1;
        if change.mean != 0.0 {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            diff.rows.push(DiffRow {
                names: old.names.clone(),
                what: What::Measure(measure),
                values: [mean(&a), mean(&b)],
                change,
                flights: [a.len(), b.len()],
                certain: false,
            });
        }
    }
    let (a, b) = (old.flights.values().collect::<Vec<_>>(), new.flights.values().collect());
    let sides: [Vec<&Flight>; 2] = [a, b];
    let [had, has] = sides.clone();
    let p = |v: Verdict| {
        let of = |side: &[&Flight]| {
            (side.iter().filter(|f| f.verdict == v).count() as u64, side.len() as u64)
        };
        change::fisher(of(&had), of(&has))
    };
    verdicts(&old.names, sides, &p, diff);
}

/// A row for each verdict that fell on either side and whose share moved.
fn verdicts(
    names: &[String; 2],
    sides: [Vec<&Flight>; 2],
    p: &dyn Fn(Verdict) -> f64,
    diff: &mut ScenarioDiff,
) {
    let count = |side: &[&Flight], v: Verdict| side.iter().filter(|f| f.verdict == v).count();
    for verdict in Verdict::ALL {
        let found = [count(&sides[0], verdict), count(&sides[1], verdict)];
        let all = [sides[0].len(), sides[1].len()];
        if found == [0, 0] || all.contains(&0) {
            continue;
        }
        diff.compared += 1;
        let share = |at: usize| found[at] as f64 / all[at] as f64;
        let values = [share(0), share(1)];
        let sizes = [found[1], all[1], found[0], all[0]].map(|n| n as u64);
        let [x1, n1, x2, n2] = sizes;
        let interval = newcombe(x1, n1, x2, n2, CONFIDENCE);
        if let Some(interval) = interval.filter(|_| values[0] != values[1]) {
            diff.rows.push(DiffRow {
                names: names.clone(),
                what: What::Verdict(verdict),
                values,
                change: Change { mean: values[1] - values[0], interval, p: p(verdict) },
                flights: all,
                certain: false,
            });
        }
    }
}

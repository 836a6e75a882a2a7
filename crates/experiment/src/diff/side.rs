//! One run, as it was kept: what a comparison needs of it.

use std::collections::BTreeMap;
use windtunnel_model::outcome::{MeasureId, Verdict};

/// One run.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Version of windtunnel that wrote it.
    pub version: String,
    /// Seed of its flights.
    pub seed: u64,
    /// Was it interrupted?
    pub interrupted: bool,
    /// Measures that its flights have.
    pub measures: Vec<MeasureId>,
    /// Columns of `runs.csv` that are no measures of this version.
    pub strangers: Vec<String>,
    /// Its scenarios, in the order of the run.
    pub scenarios: Vec<StoredScenario>,
}

/// One scenario of a run.
#[derive(Clone, Debug, Default)]
pub struct StoredScenario {
    /// Its name, as tables write it.
    pub name: String,
    /// Digest of its storm; nothing in folders of versions that wrote none.
    pub storm: Option<String>,
    /// Which strategy to choose, if the run tells it.
    pub choice: Option<Chosen>,
    /// Words by (strategy, column of `ratings.csv`).
    pub ratings: Vec<([String; 2], String)>,
    /// Releases with their shares, in the scenario's order; none in folders that do not tell them.
    pub releases: Vec<(String, f64)>,
    /// Strategies, in the scenario's order.
    pub strategies: Vec<String>,
    /// How many flights there are of a release and a strategy, where `run.json` tells.
    pub counted: Vec<([String; 2], u64)>,
    /// Flights by release and strategy, in the order of the tables.
    pub flown: Vec<Flown>,
}

/// How the choice among strategies ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The ending's word in `run.json`.
    pub ending: String,
    /// The strategy that stands first, if one may be chosen.
    pub first: Option<String>,
}

/// The flights of one strategy with one release.
#[derive(Clone, Debug, Default)]
pub struct Flown {
    /// Release and strategy.
    pub names: [String; 2],
    /// Flights by replication.
    pub flights: BTreeMap<u32, Flight>,
}

/// One flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// How it ended.
    pub verdict: Verdict,
    /// Its measures in the order of [`MeasureId::all`], NaN where it has none.
    pub values: Vec<f64>,
}

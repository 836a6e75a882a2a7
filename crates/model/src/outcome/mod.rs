//! What one replication came to, as plain data: its verdict and its measures.
//!
//! [`MEASURES`] is the one table of measures: names, order, units, which way is better, and how
//! each is made of a flight's [`Facts`]; [`figure`] writes figures for machines and people.
//! Deliberately absent: how facts are counted, and anything over several flights.

use crate::telemetry::store::Store;
use windtunnel_base::time::SimTime;

pub mod bill;
pub mod figure;
pub mod measure;
pub mod measures;
pub mod rating;

pub use bill::{Bill, BillPart};
pub use measure::{Better, Measure, Reach, Unit};
pub use measures::{Facts, MEASURES, MeasureId, Measures};
pub use rating::{Grade, Rating};

/// How a flight ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A good release stays.
    PromotedGood,
    /// A bad release was taken back before it was promoted.
    RolledBackBad,
    /// A bad release stays.
    MissedBad,
    /// A good release was taken back.
    FalseRollback,
    /// A bad release was promoted, then taken back by the human.
    RolledBackLate,
    /// The evidence sufficed neither way.
    NoEvidence,
    /// Nothing was to be shipped, and a good release was found good.
    PassedGood,
    /// The horizon came first, or nothing was released.
    Unfinished,
}

impl Verdict {
    /// All verdicts, in the order of tables.
    pub const ALL: [Verdict; 8] = [
        Verdict::PromotedGood,
        Verdict::RolledBackBad,
        Verdict::MissedBad,
        Verdict::FalseRollback,
        Verdict::RolledBackLate,
        Verdict::NoEvidence,
        Verdict::PassedGood,
        Verdict::Unfinished,
    ];

    /// The words of all, in the same order.
    pub const WORDS: [&str; 8] = [
        "promoted-good",
        "rolled-back-bad",
        "missed-bad",
        "false-rollback",
        "rolled-back-late",
        "no-evidence",
        "passed-good",
        "unfinished",
    ];

    /// The word in CSV, YAML and charts.
    pub fn word(self) -> &'static str {
        Verdict::WORDS[self as usize]
    }
}

/// One row of `runs.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Number of the replication, from 0.
    pub replication: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// All figures of the flight, by measure.
    pub measures: Measures,
    /// What it cost by part; all 0 in a twin.
    pub bill: Bill,
    /// The check, or another gate (a deadline, a webhook, a smoke test), that failed last before
    /// the rollback, if no human ordered it.
    pub stopped_by: Option<String>,
    /// Did a human order the rollback?
    pub by_human: bool,
    /// Shadow comparisons by kind, if any were made.
    pub differences: Option<crate::world::log::ShadowCounts>,
    /// The steps of the trial, in order: what was asked for, and what was met.
    pub steps: Vec<Step>,
    /// Requests that the data plane moved, for the budget.
    pub work: u64,
}

/// A step of a release: from the instant at which its settings ask for a share of the requests on
/// the new version to the next, or to the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The share that is asked for.
    pub asked: f64,
    /// Its length in seconds.
    pub lasted_s: f64,
    /// Requests of users that arrived in it.
    pub requests: u64,
    /// Of these, met by the new version.
    pub requests_new: u64,
    /// Users who had sent a request by its end, from the start of the flight on.
    pub users: u64,
    /// Of these, users who had met the new version.
    pub users_new: u64,
    /// Pods that served users: of the new version, and of both; what lasted longest.
    pub pods: [u32; 2],
}

/// The recording of one flight, for `timeline.csv`, `events.jsonl` and pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// One sample per interval.
    pub samples: Vec<Sample>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Length of an interval in seconds.
    pub interval_s: f64,
    /// Everything that was scraped, if the flight was told to keep it.
    pub telemetry: Option<Store>,
}

/// The state of a flight over one interval of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// End of the interval, in seconds since the start.
    pub t_s: f64,
    /// Requests that ended in it.
    pub requests: u64,
    /// Of these, failed and wrong ones.
    pub failed: u64,
    /// Of these, slow ones.
    pub slow: u64,
    /// 99th percentile of the latency, in milliseconds.
    pub p99_ms: Option<f64>,
    /// Share of traffic that the balancers send to the new version.
    pub weight_new: f64,
    /// Pods by version (old, new) and phase (starting, ready, unready, terminating).
    pub pods: [[u32; 4]; 2],
}

/// One line of a flight's event log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: SimTime,
    /// What kind: `release`, `action`, `check`, `decision`, `pod`, `human`, `fault`, `routing`,
    /// `autoscale`, and `cut` where an event log is longer than is told.
    pub kind: &'static str,
    /// In words.
    pub text: String,
    /// The fleet at that instant, one letter a pod.
    pub strip: String,
    /// Share of requests to the new version as the balancers believe.
    pub weight_new: f64,
}

//! Everything that is counted of requests.

use super::observer::Observer;
use super::tally::{Counters, Tally};
use windtunnel_base::time::SimTime;
use windtunnel_model::world::log::{ExperimentCounts, ShadowCounts};

/// The truth, and what others can see of it.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// The truth: for the measures alone.
    pub(super) tally: Tally,
    /// What a scrape can see.
    pub(super) counters: Counters,
    /// The experiment's log, while one is open.
    pub(super) experiment: Option<ExperimentCounts>,
    /// The log of mirrored copies.
    pub(super) shadow: ShadowCounts,
    /// Who looks on beside.
    pub(super) observer: Observer,
}

impl Counts {
    /// Nothing counted, of so many routes until `horizon`, with latency bounds in seconds.
    pub(super) fn new(routes: usize, horizon: SimTime, bounds: &[f64]) -> Counts {
        Counts {
            tally: Tally::new(horizon),
            counters: Counters::new(routes, bounds),
            experiment: None,
            shadow: ShadowCounts::default(),
            observer: Observer::default(),
        }
    }
}

//! What is kept of requests beside the counts, if anybody asks for it: bad outcomes for the twin,
//! the first harm that the twin does not know, and latencies of a recording's interval.

use super::DataPlane;
use super::tally::Outcome;
use std::sync::Arc;
use windtunnel_base::histogram::Histogram;

/// Who looks on. It changes nothing that happens.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    /// Bad outcomes of the twin, sorted, as `index << 2 | outcome`: to find the first harm by the
    /// release.
    twin_bad: Option<Arc<[u64]>>,
    /// Is every bad outcome kept? So it is in a twin.
    log_bad: bool,
    bad: Vec<u64>,
    /// The first request that ended worse than in the twin: (index, arrival in nanoseconds).
    first_harm: Option<(u32, u64)>,
    /// Latency of all answers since the last sample; nothing unless a recording asks.
    latency: Option<Box<Histogram>>,
}

impl Observer {
    /// An observer of a twin, who keeps all bad outcomes.
    pub fn of_twin() -> Observer {
        Observer { log_bad: true, ..Observer::default() }
    }

    /// An observer of a flight that is compared with its twin, if there is one.
    pub fn beside(twin_bad: Option<Arc<[u64]>>) -> Observer {
        Observer { twin_bad, ..Observer::default() }
    }

    /// The same, who keeps latencies as well.
    pub fn with_latency(self) -> Observer {
        Observer { latency: Some(Box::default()), ..self }
    }

    /// An answer came after `latency` nanoseconds, in this slot of the fine histogram.
    #[inline(always)]
    pub(super) fn answered(&mut self, slot: usize, latency: u64) {
        if let Some(kept) = &mut self.latency {
            kept.record_in(slot, latency);
        }
    }

    /// A request ended other than well.
    pub(super) fn ended_badly(&mut self, index: u32, first_at: u64, outcome: Outcome) {
        if self.log_bad {
            self.bad.push(u64::from(index) << 2 | outcome as u64);
        }
        if self.first_harm.is_some_and(|(first, _)| first <= index) {
            return;
        }
        let Some(twin) = &self.twin_bad else { return };
        let at = twin.partition_point(|known| known >> 2 < u64::from(index));
        let same = twin[at..].iter().take_while(|known| *known >> 2 == u64::from(index));
        let in_twin = same.map(|known| known & 3).max().unwrap_or(0);
        if in_twin < outcome as u64 {
            self.first_harm = Some((index, first_at));
        }
    }
}

impl DataPlane {
    /// Lets somebody look on from now on.
    pub(crate) fn observe(&mut self, observer: Observer) {
        self.counts.observer = observer;
    }

    /// When the first request arrived that ended worse than in the twin, in nanoseconds.
    pub(crate) fn first_harm(&self) -> Option<u64> {
        self.counts.observer.first_harm.map(|(_, at)| at)
    }

    /// All bad outcomes of a twin, sorted, as `index << 2 | outcome`.
    pub(crate) fn bad_outcomes(&self) -> Vec<u64> {
        let mut bad = self.counts.observer.bad.clone();
        bad.sort_unstable();
        bad
    }

    /// Takes the latencies since the last sample; nothing unless they are kept.
    pub(crate) fn take_latency(&mut self) -> Option<Histogram> {
        self.counts.observer.latency.as_mut().map(|kept| std::mem::take(&mut **kept))
    }
}

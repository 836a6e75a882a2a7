//! Pods as requests meet them, and the proxies before them.

use super::counts::Counts;
use super::ledger::PodLedger;
use super::mesh;
use windtunnel_model::world::routing::Belief;

/// Pods, proxies and the dependency that all pods call.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) pods: Vec<PodLedger>,
    /// What each proxy believes.
    pub(super) proxies: Vec<Belief>,
    /// The proxies' own books.
    pub(super) mesh: mesh::State,
    /// When the dependency has worked off what it was asked, in nanoseconds.
    pub(super) dependency_free_at: u64,
    /// The pod that met its limit, or `u32::MAX`.
    pub(super) tripped: u32,
}

impl Fleet {
    /// So many proxies, and no pods.
    pub(super) fn new(proxies: usize) -> Fleet {
        Fleet {
            pods: Vec::new(),
            proxies: vec![Belief::default(); proxies],
            mesh: mesh::State::new(proxies),
            dependency_free_at: 0,
            tripped: u32::MAX,
        }
    }

    /// Of two pods the one with fewer requests; of equals the first.
    #[inline(always)]
    pub(super) fn less_busy(&mut self, counts: &mut Counts, now: u64, a: u32, b: u32) -> u32 {
        self.commit_due(counts, a, now);
        self.commit_due(counts, b, now);
        let (in_a, in_b) = (self.pods[a as usize].in_flight(), self.pods[b as usize].in_flight());
        if in_b < in_a { b } else { a }
    }
}

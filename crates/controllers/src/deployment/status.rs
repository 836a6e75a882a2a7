//! The status of a Deployment, and what it says: complete, or progressing.
//!
//! Pods that terminate are in no count here, so a rollout is complete while old pods still drain.
//! Follows k/k `pkg/controller/deployment/sync.go` (`calculateStatus`) and
//! `util/deployment_util.go`. Deliberately unknown here: time (see [`super::progress`]).

use super::set::{SetState, new_set, size_from, total_size};

/// The counts a Deployment reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// Generation of the settings these counts were made under.
    pub observed_generation: u64,
    /// Active pods of all sets.
    pub replicas: u32,
    /// Active pods of the new set.
    pub updated: u32,
    /// Ready pods of all sets.
    pub ready: u32,
    /// Available pods of all sets.
    pub available: u32,
    /// Asked pods of all sets that are not available.
    pub unavailable: u32,
}

impl DeploymentStatus {
    /// Adds up what the sets report, as seen under settings of `generation`.
    pub fn of(sets: &[SetState], generation: u64) -> Self {
        let sum = |count: fn(&SetState) -> u32| sets.iter().map(count).sum::<u32>();
        let available = sum(|set| set.available);
        DeploymentStatus {
            observed_generation: generation,
            replicas: sum(|set| set.replicas),
            updated: new_set(sets).map_or(0, |new| new.replicas),
            ready: sum(|set| set.ready),
            available,
            unavailable: size_from(total_size(sets) - i64::from(available)),
        }
    }

    /// Is the rollout of settings of `generation` to `replicas` pods complete: all pods new, no
    /// others, all available?
    pub fn is_complete(&self, replicas: u32, generation: u64) -> bool {
        self.updated == replicas
            && self.replicas == replicas
            && self.available == replicas
            && self.observed_generation >= generation
    }

    /// Has the rollout moved since `before`: more new pods, fewer old ones, more ready or more
    /// available ones? A loss elsewhere does not outweigh a gain.
    pub fn has_progressed(&self, before: &DeploymentStatus) -> bool {
        let old = |status: &Self| i64::from(status.replicas) - i64::from(status.updated);
        self.updated > before.updated
            || old(self) < old(before)
            || self.ready > before.ready
            || self.available > before.available
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let old = SetState { size: 3, replicas: 2, ready: 2, available: 1, ..SetState::default() };
        let new = SetState { size: 4, replicas: 4, is_new: true, ..SetState::default() };
        let status = DeploymentStatus::of(&[old, new], 7);
        assert_eq!((status.replicas, status.updated, status.ready), (6, 4, 2));
        assert_eq!((status.available, status.unavailable), (1, 6));
    }
}

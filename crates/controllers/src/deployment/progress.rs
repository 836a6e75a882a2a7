//! The condition `Progressing`: why it holds, since when, and when a rollout counts as stuck.
//!
//! Missing the progress deadline changes this record and nothing else: nothing is rolled back, and
//! the rollout goes on when its pods recover. Follows k/k `pkg/controller/deployment/progress.go`
//! and `util/deployment_util.go` (`DeploymentTimedOut`). Deliberately unknown here: who reads it.

use super::status::DeploymentStatus;
use windtunnel_base::time::{SimDuration, SimTime};

/// Added by the controller's queue to every next check, so that a clock's milliseconds do not make
/// it look too early.
pub const CHECK_MARGIN: SimDuration = SimDuration::from_secs(1);

/// Why the condition is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The new set was created.
    NewReplicaSetCreated,
    /// A set with the wanted template existed already.
    FoundNewReplicaSet,
    /// Some count improved.
    ReplicaSetUpdated,
    /// The rollout completed.
    NewReplicaSetAvailable,
    /// Nothing improved for longer than the deadline.
    ProgressDeadlineExceeded,
}

/// The condition as last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressRecord {
    /// Why.
    pub reason: Reason,
    /// When progress was last recorded: the deadline counts from here.
    pub updated: SimTime,
}

impl ProgressRecord {
    /// A record written at `now`.
    pub fn new(reason: Reason, now: SimTime) -> Self {
        ProgressRecord { reason, updated: now }
    }

    /// Has the deadline passed without progress since? It makes the condition false; every other
    /// reason leaves it true.
    pub fn is_missed(&self) -> bool {
        self.reason == Reason::ProgressDeadlineExceeded
    }

    /// The same record if it gives this reason already, else a new one.
    fn or_new(record: Option<Self>, reason: Reason, now: SimTime) -> Self {
        record.filter(|old| old.reason == reason).unwrap_or(Self::new(reason, now))
    }
}

/// Has a rollout been without progress for longer than the deadline? A record of that stays true
/// by itself; a completed rollout never is, and neither is one without deadline or record.
pub fn is_timed_out(
    record: Option<ProgressRecord>,
    deadline: Option<SimDuration>,
    now: SimTime,
) -> bool {
    let (Some(record), Some(deadline)) = (record, deadline) else {
        return false;
    };
    match record.reason {
        Reason::NewReplicaSetAvailable => false,
        Reason::ProgressDeadlineExceeded => true,
        _ => record.updated + deadline < now,
    }
}

/// How long from `now` until the controller must look again for a stuck rollout although nothing
/// changed: nothing means never, zero means at once; otherwise its queue adds [`CHECK_MARGIN`].
pub fn next_check(
    record: Option<ProgressRecord>,
    deadline: Option<SimDuration>,
    complete: bool,
    now: SimTime,
) -> Option<SimDuration> {
    let (record, deadline) = (record?, deadline?);
    if complete || record.is_missed() {
        return None;
    }
    let left = (record.updated + deadline).since(now);
    Some(if left < SimDuration::from_secs(1) { SimDuration::ZERO } else { left })
}

/// What a status sync sees: a rollout, and its counts before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusSync {
    /// `spec.replicas`.
    pub replicas: u32,
    /// Generation of the settings.
    pub generation: u64,
    /// The deadline, if any.
    pub deadline: Option<SimDuration>,
    /// Counts as last written.
    pub before: DeploymentStatus,
    /// Counts now.
    pub after: DeploymentStatus,
}

/// The record after the status sync that ends a rollout step. Without a deadline there is none.
/// Once a rollout has completed and no old pods have appeared it is left alone.
pub fn after_sync(
    record: Option<ProgressRecord>,
    sync: &StatusSync,
    now: SimTime,
) -> Option<ProgressRecord> {
    sync.deadline?;
    let completed = record.is_some_and(|old| old.reason == Reason::NewReplicaSetAvailable);
    if completed && sync.after.replicas == sync.after.updated {
        return record;
    }
    if sync.after.is_complete(sync.replicas, sync.generation) {
        return Some(ProgressRecord::or_new(record, Reason::NewReplicaSetAvailable, now));
    }
    if sync.after.has_progressed(&sync.before) {
        return Some(ProgressRecord::new(Reason::ReplicaSetUpdated, now));
    }
    if is_timed_out(record, sync.deadline, now) {
        return Some(ProgressRecord::or_new(record, Reason::ProgressDeadlineExceeded, now));
    }
    record
}

/// The record after the new set was looked for. Creating it restarts the clock; finding it does so
/// only if there is no record yet (k/k `sync.go`).
pub fn after_new_set(
    record: Option<ProgressRecord>,
    created: bool,
    deadline: Option<SimDuration>,
    now: SimTime,
) -> Option<ProgressRecord> {
    deadline?;
    if created {
        return Some(ProgressRecord::or_new(record, Reason::NewReplicaSetCreated, now));
    }
    Some(record.unwrap_or(ProgressRecord::new(Reason::FoundNewReplicaSet, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    /// A stuck rollout misses its deadline, stays so, and comes back with its pods.
    #[test]
    fn a_missed_deadline_stays_until_progress() {
        let limit = Some(SimDuration::from_secs(60));
        let counts = |available| DeploymentStatus {
            replicas: 3,
            updated: 3,
            available,
            ..Default::default()
        };
        let sync = |before, after| StatusSync {
            replicas: 3,
            generation: 0,
            deadline: limit,
            before: counts(before),
            after: counts(after),
        };
        let record = after_new_set(None, true, limit, at(0));
        assert_eq!(after_sync(record, &sync(1, 1), at(60)), record);
        let stuck = after_sync(record, &sync(1, 1), at(61));
        assert_eq!(stuck, Some(ProgressRecord::new(Reason::ProgressDeadlineExceeded, at(61))));
        assert!(stuck.is_some_and(|record| record.is_missed()));
        assert_eq!(after_sync(stuck, &sync(1, 1), at(99)), stuck);
        let moved = after_sync(stuck, &sync(1, 2), at(100));
        assert_eq!(moved, Some(ProgressRecord::new(Reason::ReplicaSetUpdated, at(100))));
        let done = after_sync(moved, &sync(2, 3), at(110));
        assert_eq!(done, Some(ProgressRecord::new(Reason::NewReplicaSetAvailable, at(110))));
        assert_eq!(after_sync(done, &sync(3, 1), at(999)), done, "a later crash is no rollout");
    }
}

//! What a replica set does with its pods: create them in growing batches, count them, and choose
//! which die first.
//!
//! Pods come in as facts, answers go out as numbers and positions. Deliberately unknown here: how
//! big the set should be (its owner says so), and how pods start, run and end. The rules follow
//! k/k `pkg/controller/controller_utils.go` and `pkg/controller/replicaset/`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use windtunnel_base::time::{SimDuration, SimTime};

/// Most creations and deletions of one set in one sync (k/k `replica_set.go`).
pub const BURST_REPLICAS: u32 = 500;

/// Size of the first batch of creations (k/k `controller_utils.go`).
pub const FIRST_BATCH: u32 = 1;

/// The phase of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PodPhase {
    /// Some container has never started; also a pod too young to have a phase.
    #[default]
    Pending,
    /// The node is not heard of.
    Unknown,
    /// All containers have started; a crash-looping pod stays in this phase.
    Running,
    /// Ended well, for good.
    Succeeded,
    /// Ended badly, for good.
    Failed,
}

impl PodPhase {
    /// Has the pod ended for good?
    pub fn is_final(self) -> bool {
        matches!(self, PodPhase::Succeeded | PodPhase::Failed)
    }
}

/// What a replica set sees of one pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodFacts {
    /// The node the pod is assigned to, if any.
    pub node: Option<u32>,
    /// What the kubelet reports of the pod: `status.phase`.
    pub phase: PodPhase,
    /// Is it being deleted?
    pub deleting: bool,
    /// Is its Ready condition true?
    pub ready: bool,
    /// When the Ready condition last changed; nothing if unset.
    pub ready_since: Option<SimTime>,
    /// When it was created; nothing if unset.
    pub created: Option<SimTime>,
    /// Highest restart count of its containers.
    pub restarts: u32,
    /// `controller.kubernetes.io/pod-deletion-cost`: lower dies first; unset is 0.
    pub deletion_cost: i32,
    /// Does it carry every label of the set's template?
    pub fully_labeled: bool,
    /// Settles what all ranks leave open: lower dies first. Stands for the pod's UID, so draw it.
    pub uid: u64,
}

impl PodFacts {
    /// Does the pod count for its set? Not if it is being deleted or has ended.
    pub fn is_active(&self) -> bool {
        !self.deleting && !self.phase.is_final()
    }

    /// Has the pod been Ready for longer than `min_ready`? Exactly as long is not enough, except
    /// that with no `min_ready` Ready is enough (k/k `pkg/api/v1/pod/util.go`).
    pub fn is_available(&self, min_ready: SimDuration, now: SimTime) -> bool {
        let long_enough = |since: SimTime| since + min_ready < now;
        self.ready && (min_ready == SimDuration::ZERO || self.ready_since.is_some_and(long_enough))
    }
}

/// The counts a replica set reports. Only active pods count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetStatus {
    /// Pods that are not being deleted and have not ended.
    pub replicas: u32,
    /// Of these, pods with every label of the template.
    pub fully_labeled: u32,
    /// Of these, Ready pods.
    pub ready: u32,
    /// Of these, pods Ready for longer than the set's minimum.
    pub available: u32,
}

/// Counts the active ones of `pods` (k/k `replica_set_utils.go`).
pub fn set_status(pods: &[PodFacts], min_ready: SimDuration, now: SimTime) -> SetStatus {
    let mut status = SetStatus::default();
    for pod in pods.iter().filter(|pod| pod.is_active()) {
        status.replicas += 1;
        status.fully_labeled += u32::from(pod.fully_labeled);
        status.ready += u32::from(pod.ready);
        status.available += u32::from(pod.is_available(min_ready, now));
    }
    debug_assert!(status.available <= status.ready && status.ready <= status.replicas);
    debug_assert!(status.fully_labeled <= status.replicas);
    status
}

/// How pods are compared when some must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletionRule {
    /// The instant that ages are measured from.
    pub now: SimTime,
    /// Compare ages by the whole part of log2 of their nanoseconds, so that pods of like age are
    /// in no order (gate LogarithmicScaleDown, on by default).
    pub log_time: bool,
    /// Heed the deletion cost (gate PodDeletionCost, on by default).
    pub use_cost: bool,
}

impl DeletionRule {
    /// The rule with both gates at their defaults.
    pub fn at(now: SimTime) -> Self {
        DeletionRule { now, log_time: true, use_cost: true }
    }

    /// Which of two pods dies first: `Less` means `a`. `rank_a` and `rank_b` say how many active
    /// pods of the same owner are on the pod's node. `Equal` is a true tie.
    pub fn compare(&self, a: &PodFacts, rank_a: u32, b: &PodFacts, rank_b: u32) -> Ordering {
        let cost = |pod: &PodFacts| if self.use_cost { pod.deletion_cost } else { 0 };
        let plain = a
            .node
            .is_some()
            .cmp(&b.node.is_some())
            .then_with(|| phase_rank(a.phase).cmp(&phase_rank(b.phase)))
            .then_with(|| a.ready.cmp(&b.ready))
            .then_with(|| cost(a).cmp(&cost(b)))
            .then_with(|| rank_b.cmp(&rank_a));
        if plain != Ordering::Equal {
            return plain;
        }
        if a.ready && b.ready && a.ready_since != b.ready_since {
            return self.compare_ages(a.ready_since, b.ready_since).then(a.uid.cmp(&b.uid));
        }
        if a.restarts != b.restarts {
            return b.restarts.cmp(&a.restarts);
        }
        if a.created != b.created {
            return self.compare_ages(a.created, b.created).then(a.uid.cmp(&b.uid));
        }
        a.uid.cmp(&b.uid)
    }

    /// Unset first, then the younger one.
    fn compare_ages(&self, a: Option<SimTime>, b: Option<SimTime>) -> Ordering {
        let (Some(a), Some(b)) = (a, b) else {
            return a.is_some().cmp(&b.is_some());
        };
        if self.log_time {
            let magnitude = |t: SimTime| self.now.since(t).as_nanos().checked_ilog2();
            return magnitude(a).cmp(&magnitude(b));
        }
        b.cmp(&a)
    }
}

/// The positions of the `count` pods of `pods` to remove, first to die first. `related` are the
/// pods of all sets of the same owner, including `pods`; they decide how crowded a node is. If all
/// must go the list's own order is kept (k/k `replica_set.go`).
pub fn pods_to_remove(
    pods: &[PodFacts],
    related: &[PodFacts],
    count: usize,
    rule: &DeletionRule,
) -> Vec<usize> {
    if count >= pods.len() {
        return (0..pods.len()).collect();
    }
    let mut order = deletion_order(pods, &crowding(pods, related), rule);
    order.truncate(count);
    order
}

/// The positions of `pods` in the order in which they die, given the rank of each.
///
/// Comparing by magnitude of age is not transitive (the order of three pods can be a circle), so
/// this inserts one by one instead of trusting a general sort. Ties keep the order of the list.
pub fn deletion_order(pods: &[PodFacts], ranks: &[u32], rule: &DeletionRule) -> Vec<usize> {
    assert_eq!(pods.len(), ranks.len(), "every pod has a rank");
    let mut order: Vec<usize> = Vec::with_capacity(pods.len());
    for next in 0..pods.len() {
        let place = order.partition_point(|&seen| {
            rule.compare(&pods[seen], ranks[seen], &pods[next], ranks[next]) != Ordering::Greater
        });
        order.insert(place, next);
    }
    order
}

/// For each pod, how many active pods of `related` share its node. Pods without a node share one.
pub fn crowding(pods: &[PodFacts], related: &[PodFacts]) -> Vec<u32> {
    let mut on_node: BTreeMap<Option<u32>, u32> = BTreeMap::new();
    for pod in related.iter().filter(|pod| pod.is_active()) {
        *on_node.entry(pod.node).or_default() += 1;
    }
    pods.iter().map(|pod| on_node.get(&pod.node).copied().unwrap_or(0)).collect()
}

/// The batches in which `count` pods are created: 1, 2, 4 and so on. The calls of one batch run
/// together, and the next batch starts only after all of them succeeded.
pub fn slow_start_batches(count: u32) -> Vec<u32> {
    let (mut batches, mut remaining, mut size) = (Vec::new(), count, FIRST_BATCH);
    while remaining > 0 {
        let batch = size.min(remaining);
        batches.push(batch);
        remaining -= batch;
        size = size.saturating_mul(2);
    }
    batches
}

/// Phases in the order in which their pods die. Ended pods are never compared by a set; they rank
/// with the pending ones.
fn phase_rank(phase: PodPhase) -> u8 {
    match phase {
        PodPhase::Pending | PodPhase::Succeeded | PodPhase::Failed => 0,
        PodPhase::Unknown => 1,
        PodPhase::Running => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn running(node: u32, ready_secs_ago: u64, now: SimTime) -> PodFacts {
        PodFacts {
            node: Some(node),
            phase: PodPhase::Running,
            ready: true,
            ready_since: Some(now.saturating_sub(SimDuration::from_secs(ready_secs_ago))),
            created: Some(now.saturating_sub(SimDuration::from_secs(ready_secs_ago + 1))),
            ..PodFacts::default()
        }
    }

    #[test]
    fn the_crowded_node_gives_first() {
        let now = SimTime::ZERO + SimDuration::from_secs(10_000);
        let pods = [running(1, 10, now), running(2, 9_000, now), running(2, 9_000, now)];
        let rule = DeletionRule::at(now);
        assert_eq!(pods_to_remove(&pods, &pods, 1, &rule), [1]);
        assert_eq!(pods_to_remove(&pods, &pods, 9, &rule), [0, 1, 2]);
    }

    #[test]
    fn availability_needs_more_than_the_minimum() {
        let now = SimTime::ZERO + SimDuration::from_secs(100);
        let (pod, secs) = (running(1, 30, now), SimDuration::from_secs);
        assert!(pod.is_available(secs(29), now) && !pod.is_available(secs(30), now));
    }

    proptest! {
        /// Whatever the ages, every pod is named once, and the not ready ones die before the rest.
        #[test]
        fn an_order_is_a_permutation(
            facts in proptest::collection::vec(
                (any::<bool>(), 0_u64..20, 0_u32..3, 0_u64..9),
                0..30,
            ),
        ) {
            let now = SimTime::ZERO + SimDuration::from_secs(100);
            let pod = |&(ready, age, restarts, uid)| {
                PodFacts { ready, restarts, uid, ..running(1, age, now) }
            };
            let pods: Vec<PodFacts> = facts.iter().map(pod).collect();
            let ranks = crowding(&pods, &pods);
            let order = deletion_order(&pods, &ranks, &DeletionRule::at(now));
            prop_assert!(order.windows(2).all(|w| pods[w[0]].ready <= pods[w[1]].ready));
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(0..pods.len()));
        }
    }
}

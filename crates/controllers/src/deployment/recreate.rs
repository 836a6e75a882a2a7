//! Recreate: all old pods go, and only when the last has ended does the new set start, at once at
//! full size.
//!
//! The one place in a Deployment where terminating pods count. Follows k/k
//! `pkg/controller/deployment/recreate.go`. Deliberately unknown here: how long pods take to end.

use super::set::{SetState, SizeChange, new_set, old_sets};
use crate::replica_set::PodPhase;

/// What one sync of a Recreate rollout does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecreateStep {
    /// Old sets with a size are asked for nothing.
    StopOld(Vec<SizeChange>),
    /// Old pods still exist; look again when the last one is gone.
    Wait,
    /// The new set is created, or set to full size.
    StartNew(SizeChange),
    /// The new set has its full size.
    Nothing,
}

/// One sync towards `replicas` pods. `old_pods` are the phases of all pods that do not belong to
/// the new set, those being deleted included.
pub fn reconcile(replicas: u32, sets: &[SetState], old_pods: &[PodPhase]) -> RecreateStep {
    let old = old_sets(sets);
    let active = old.iter().filter(|set| set.size > 0);
    let stops: Vec<SizeChange> = active.map(|set| SizeChange::of(set, 0)).collect();
    if !stops.is_empty() {
        return RecreateStep::StopOld(stops);
    }
    if old_pods_run(&old, old_pods) {
        return RecreateStep::Wait;
    }
    match new_set(sets) {
        None => RecreateStep::StartNew(SizeChange::create(replicas)),
        Some(new) if new.size != replicas => RecreateStep::StartNew(SizeChange::of(new, replicas)),
        Some(_) => RecreateStep::Nothing,
    }
}

/// Must the rollout still wait for old pods? It must if an old set reports pods, or if any pod not
/// of the new set has not ended for good. A pod whose node is not heard of counts as running.
pub fn old_pods_run(old: &[SetState], old_pods: &[PodPhase]) -> bool {
    old.iter().any(|set| set.replicas > 0) || old_pods.iter().any(|phase| !phase.is_final())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down_then_wait_then_up() {
        let mut old = SetState { id: 1, size: 3, replicas: 3, available: 3, ..SetState::default() };
        let stop = SizeChange::of(&old, 0);
        assert_eq!(reconcile(3, &[old], &[]), RecreateStep::StopOld(vec![stop]));
        (old.size, old.replicas, old.available) = (0, 0, 0);
        assert_eq!(reconcile(3, &[old], &[PodPhase::Running]), RecreateStep::Wait);
        let ended = [PodPhase::Failed];
        let start = SizeChange::create(3);
        assert_eq!(reconcile(3, &[old], &ended), RecreateStep::StartNew(start));
        let new = SetState { id: 2, size: 3, is_new: true, ..SetState::default() };
        assert_eq!(reconcile(3, &[old, new], &ended), RecreateStep::Nothing);
    }
}

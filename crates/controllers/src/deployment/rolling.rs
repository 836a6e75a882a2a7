//! RollingUpdate: one sync of the new set and the old sets.
//!
//! A sync scales the new set or the old sets, never both; only the sync that creates the new set
//! may go on to the old ones. Unavailable new pods are taken off what the old sets may lose, which
//! is why a version that never gets ready stalls a rollout instead of finishing it. Follows k/k
//! `pkg/controller/deployment/rolling.go` and `util/deployment_util.go` (`NewRSNewReplicas`).
//! Deliberately unknown here: pods, and whether a change of `spec.replicas` is due first
//! (see [`super::proportional`]).

use super::bounds::{Bounds, Replacement};
use super::set::{SetState, SizeChange, new_set, old_sets, size_from, total_available, total_size};

/// What a rolling update aims for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// `spec.replicas`.
    pub replicas: u32,
    /// The resolved bounds.
    pub bounds: Bounds,
}

impl Aim {
    /// Most pods of all sets together, terminating ones aside.
    fn max_total(&self) -> i64 {
        i64::from(self.replicas) + i64::from(self.bounds.surge)
    }

    /// Fewest available pods of all sets together.
    fn min_available(&self) -> i64 {
        i64::from(self.bounds.min_available(Replacement::RollingUpdate, self.replicas))
    }
}

/// The size changes of one sync, in the order in which they are written. A set may appear twice:
/// first for its unhealthy pods, then for the rest. Nothing means that the rollout waits or is
/// done.
pub fn reconcile(aim: &Aim, sets: &[SetState]) -> Vec<SizeChange> {
    let old = old_sets(sets);
    let Some(new) = new_set(sets) else {
        let to = new_set_size(Replacement::RollingUpdate, aim, 0, total_size(&old));
        let created = SetState { size: to, is_new: true, ..SetState::default() };
        let mut changes = vec![SizeChange::create(to)];
        changes.extend(reconcile_old(aim, &created, &old));
        return changes;
    };
    match reconcile_new(aim, new, total_size(&old)) {
        Some(change) => vec![change],
        None => reconcile_old(aim, new, &old),
    }
}

/// The size the new set should get, now `size`, with `others` pods asked of all other sets: as
/// much as the surge leaves room for. Recreate asks for everything at once.
pub fn new_set_size(replacement: Replacement, aim: &Aim, size: u32, others: i64) -> u32 {
    if replacement == Replacement::Recreate {
        return aim.replicas;
    }
    let room = aim.max_total() - (others + i64::from(size));
    if room <= 0 {
        return size;
    }
    let missing = i64::from(aim.replicas) - i64::from(size);
    size_from(i64::from(size) + room.min(missing))
}

/// The step of an existing new set, if it makes one: down to `spec.replicas`, or up as far as
/// there is room beside `others` pods of other sets.
pub fn reconcile_new(aim: &Aim, new: &SetState, others: i64) -> Option<SizeChange> {
    let to = if new.size > aim.replicas {
        aim.replicas
    } else {
        new_set_size(Replacement::RollingUpdate, aim, new.size, others)
    };
    (to != new.size).then(|| SizeChange::of(new, to))
}

/// The step of the old sets, oldest first: unhealthy pods go within the budget, then healthy ones
/// as far as availability allows. Both go by the same availability.
pub fn reconcile_old(aim: &Aim, new: &SetState, old: &[SetState]) -> Vec<SizeChange> {
    let mut active: Vec<SetState> = old.iter().filter(|set| set.size > 0).copied().collect();
    let total = total_size(old) + i64::from(new.size);
    let unavailable_new = i64::from(new.size) - i64::from(new.available);
    let budget = total - aim.min_available() - unavailable_new;
    if active.is_empty() || budget <= 0 {
        return Vec::new();
    }
    let (mut changes, confused) = remove_unhealthy(&mut active, budget);
    if !confused {
        // Sets that are asked for nothing are left out of the controller's count of available
        // pods, except for the new one.
        let available = total_available(&active) + i64::from(new.available);
        changes.extend(shrink(&mut active, available, aim.min_available()));
    }
    changes
}

/// Takes up to `limit` pods that are not available from `sets`, in their order, and lowers the
/// sizes in place. The flag tells that a set reported more available pods than it was asked for:
/// its status lags, so the sync ends there and is tried again.
pub fn remove_unhealthy(sets: &mut [SetState], limit: i64) -> (Vec<SizeChange>, bool) {
    let (mut changes, mut rest) = (Vec::new(), limit);
    for set in sets.iter_mut().filter(|set| set.size > 0) {
        let unhealthy = i64::from(set.size) - i64::from(set.available);
        if rest <= 0 {
            break;
        }
        if unhealthy < 0 {
            return (changes, true);
        }
        if unhealthy > 0 {
            let taken = unhealthy.min(rest);
            rest -= taken;
            changes.push(resize(set, taken));
        }
    }
    (changes, false)
}

/// Takes pods from `sets`, in their order and by size alone, as many as the `available` ones of
/// the whole Deployment exceed `min_available`. Lowers the sizes in place.
pub fn shrink(sets: &mut [SetState], available: i64, min_available: i64) -> Vec<SizeChange> {
    let (mut changes, mut rest) = (Vec::new(), available - min_available);
    for set in sets.iter_mut().filter(|set| set.size > 0) {
        if rest <= 0 {
            break;
        }
        let taken = i64::from(set.size).min(rest);
        rest -= taken;
        changes.push(resize(set, taken));
    }
    changes
}

fn resize(set: &mut SetState, taken: i64) -> SizeChange {
    debug_assert!((1..=i64::from(set.size)).contains(&taken), "{taken} of {set:?}");
    let change = SizeChange::of(set, size_from(i64::from(set.size) - taken));
    set.size = change.to;
    change
}

#[cfg(test)]
#[path = "rolling_tests.rs"]
mod tests;

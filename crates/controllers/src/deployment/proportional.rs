//! What kind of sync is due, and what a change of `spec.replicas` in the middle of a rollout does.
//!
//! When an autoscaler or a human changes `replicas` while several sets have pods, the difference
//! is spread over them in proportion to their sizes, and the rollout makes no step in that sync.
//! Follows k/k `pkg/controller/deployment/sync.go` (`scale`, `isScalingEvent`) and
//! `util/deployment_util.go` (`GetReplicaSetProportion`). Deliberately unknown here: who changed
//! `replicas`, and why.

use super::bounds::{Bounds, Replacement};
use super::set::{SetState, SizeChange, age_key, new_set, size_from, total_size};
use std::cmp::Reverse;

/// Is a sync one that scales, and makes no step of the rollout? So it is if a set with a size was
/// last written under another `replicas`. (The rollback annotation of old API versions is not
/// modelled.)
pub fn is_scaling(replicas: u32, sets: &[SetState]) -> bool {
    let differs = |set: &SetState| set.noted.is_some_and(|noted| noted.desired != replicas);
    sets.iter().any(|set| set.size > 0 && differs(set))
}

/// What a Deployment asks for when it scales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScaleAim {
    /// `spec.replicas`.
    pub replicas: u32,
    /// The resolved bounds.
    pub bounds: Bounds,
    /// How pods are replaced. Sizes are spread only under RollingUpdate.
    pub replacement: Replacement,
    /// `status.replicas` as last written; the base for a set that lost its notes.
    pub status_replicas: u32,
}

impl ScaleAim {
    fn max_total(&self) -> i64 {
        i64::from(self.replicas) + i64::from(self.bounds.max_surge(self.replacement))
    }
}

/// The writes of one scaling sync. A write that keeps the size matters too: it renews the notes,
/// without which the next sync would scale again.
pub fn scale(aim: &ScaleAim, sets: &[SetState]) -> Vec<SizeChange> {
    let mut active: Vec<&SetState> = sets.iter().filter(|set| set.size > 0).collect();
    if active.len() <= 1 {
        let newest = || new_set(sets).or(sets.iter().max_by_key(|set| age_key(set)));
        let only = active.first().copied().or_else(newest);
        let change = only.map(|set| SizeChange::of(set, aim.replicas));
        return change.into_iter().filter(|change| change.delta() != 0).collect();
    }
    if new_set(sets).is_some_and(|new| is_saturated(aim.replicas, new)) {
        let old = active.iter().filter(|set| !set.is_new);
        return old.map(|set| SizeChange::of(set, 0)).collect();
    }
    if aim.replacement == Replacement::Recreate {
        return Vec::new();
    }
    let allowed = if aim.replicas > 0 { aim.max_total() } else { 0 };
    let to_add = allowed - total_size(sets);
    if to_add > 0 {
        active.sort_by_key(|set| (Reverse(set.size), Reverse(age_key(set))));
    } else {
        active.sort_by_key(|set| (Reverse(set.size), age_key(set)));
    }
    spread(aim, &active, to_add)
}

/// Has the new set everything it was asked for, under the present `replicas`?
pub fn is_saturated(replicas: u32, new: &SetState) -> bool {
    let noted = new.noted.is_some_and(|noted| noted.desired == replicas);
    new.size == replicas && noted && new.available == replicas
}

/// The change one set deserves before it is cut to what is left to distribute: its share of the
/// new total, as it was of the old one, minus what it has. Half a pod rounds away from zero.
pub fn share(aim: &ScaleAim, set: &SetState) -> i64 {
    let size = i64::from(set.size);
    if aim.replicas == 0 {
        return -size;
    }
    let noted = set.noted.map(|noted| noted.max).filter(|max| *max > 0);
    let base = noted.unwrap_or(aim.status_replicas);
    if base == 0 {
        return 0;
    }
    let wanted = (size * aim.max_total()) as f64 / f64::from(base);
    wanted.round() as i64 - size
}

/// Gives every set its share of `to_add` pods, in order; what rounding leaves goes to the first.
fn spread(aim: &ScaleAim, sets: &[&SetState], to_add: i64) -> Vec<SizeChange> {
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::with_capacity(sets.len());
    for set in sets {
        let rest = to_add - added;
        let part = match to_add {
            _ if rest == 0 => 0,
            1.. => share(aim, set).min(rest),
            _ => share(aim, set).max(rest),
        };
        added += part;
        sizes.push(i64::from(set.size) + part);
    }
    if let Some(first) = sizes.first_mut() {
        *first += to_add - added;
    }
    let before = sets.iter().map(|set| i64::from(set.size)).sum::<i64>();
    debug_assert_eq!(sizes.iter().sum::<i64>(), before + to_add, "no pod is lost in spreading");
    let writes = sets.iter().zip(sizes);
    writes.map(|(set, size)| SizeChange::of(set, size_from(size))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::set::Noted;
    use proptest::prelude::*;

    #[test]
    fn a_changed_size_comes_before_the_rollout() {
        let noted = Some(Noted { desired: 5, max: 6 });
        let sets = [SetState { size: 5, noted, ..SetState::default() }];
        assert!(!is_scaling(5, &sets) && is_scaling(6, &sets));
        let empty = SetState { size: 0, ..sets[0] };
        assert!(!is_scaling(6, &[empty]));
    }

    proptest! {
        /// The sets together end up with exactly what is allowed.
        #[test]
        fn nothing_is_lost_in_spreading(
            sizes in proptest::collection::vec(1_u32..30, 2..5),
            replicas in 0_u32..100,
            surge in 0_u32..10,
        ) {
            let total: u32 = sizes.iter().sum();
            let noted = Some(Noted { desired: total, max: total });
            let set = |(at, size): (usize, &u32)| {
                let (id, size, created) = (at as u32, *size, at as u64);
                SetState { id, size, created, noted, ..SetState::default() }
            };
            let sets: Vec<SetState> = sizes.iter().enumerate().map(set).collect();
            let bounds = Bounds { surge, unavailable: 1 };
            let aim = ScaleAim { replicas, bounds, ..ScaleAim::default() };
            let after: u32 = scale(&aim, &sets).iter().map(|change| change.to).sum();
            prop_assert_eq!(after, if replicas > 0 { replicas + surge } else { 0 });
        }
    }
}

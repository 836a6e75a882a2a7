//! How many pods the canary and the stable ReplicaSet of a Rollout get.
//!
//! Follows argoproj/argo-rollouts `utils/replicaset/canary.go`. Without traffic routing the weight
//! is the ratio of pods and every reconcile moves as far as surge and availability allow; with it
//! the canary follows the weight. Deliberately unknown here: steps, time and routes.

use super::settings::Threshold;
use crate::deployment::bounds::Bounds;

/// What a ReplicaSet asks for and reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rs {
    /// Desired pods.
    pub size: u32,
    /// Pods that exist.
    pub created: u32,
    /// Available pods.
    pub available: u32,
}

/// The ReplicaSets of a Rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sets<'a> {
    /// That of the wanted template.
    pub new: Option<Rs>,
    /// The stable one.
    pub stable: Option<Rs>,
    /// They are the same.
    pub same: bool,
    /// All others.
    pub others: &'a [Rs],
}

impl Sets<'_> {
    /// The stable set, if it is another than the new one.
    pub fn old(&self) -> Option<Rs> {
        self.stable.filter(|_| !self.same || self.new.is_none())
    }
}

/// Pods of the two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Of the canary.
    pub canary: u32,
    /// Of the stable side.
    pub stable: u32,
}

/// What a basic canary aims for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// `spec.replicas`.
    pub replicas: u32,
    /// Weight of the step that the rollout stands at, in percent of the traffic.
    pub weight: u32,
    /// The largest weight.
    pub max_weight: u32,
    /// The resolved bounds.
    pub bounds: Bounds,
}

/// The split of pods that comes closest to a weight; with surge it may have one pod more. A weight
/// between nothing and everything never leaves a side empty, unless there is one pod and no surge.
pub fn approximate(aim: &Aim) -> Pair {
    let (replicas, weight, max) =
        (f64::from(aim.replicas), f64::from(aim.weight), f64::from(aim.max_weight));
    if aim.replicas == 0 {
        return Pair::default();
    }
    let exact = replicas * weight / max;
    let (up, down) = (exact.ceil(), exact.floor());
    let tied = |total: f64| (total * (weight / max)).fract() == 0.5;
    let surges = aim.bounds.surge > 0;
    let zero_allowed =
        aim.weight == aim.max_weight || aim.weight == 0 || (aim.replicas == 1 && !surges);
    let mut options = Vec::new();
    if up < replicas || zero_allowed {
        options.push((up, replicas));
    }
    if !tied(replicas) && (down != 0.0 || zero_allowed) {
        options.push((down, replicas));
    }
    if surges {
        options.push((up, replicas + 1.0));
        if !tied(replicas + 1.0) && (down != 0.0 || zero_allowed) {
            options.push((down, replicas + 1.0));
        }
    }
    let distance = |(canary, total): (f64, f64)| (canary * max / total - weight).abs();
    let mut best: Option<(f64, f64)> = None;
    for option in options {
        if best.is_none_or(|best| distance(option) < distance(best)) {
            best = Some(option);
        }
    }
    let (canary, total) = best.unwrap_or((0.0, replicas));
    debug_assert!((0.0..=total).contains(&canary), "{canary} of {total} pods");
    Pair { canary: canary as u32, stable: (total - canary).max(0.0) as u32 }
}

/// The sizes that one reconcile of a canary without traffic routing writes.
pub fn basic(aim: &Aim, sets: &Sets<'_>) -> Pair {
    let mut wanted = approximate(aim);
    let stable = sets.old();
    if stable.is_none() {
        // Nothing to compare with: the new set gets everything.
        wanted = Pair { canary: aim.replicas, stable: 0 };
    }
    let size = |rs: Option<Rs>| rs.map_or(0, |rs| i64::from(rs.size));
    let (mut canary_to, mut stable_to) = (size(sets.new), size(stable));
    let (replicas, want_canary, want_stable) =
        (i64::from(aim.replicas), i64::from(wanted.canary), i64::from(wanted.stable));
    let others: i64 = sets.others.iter().map(|rs| i64::from(rs.size)).sum();
    let most = replicas + i64::from(aim.bounds.surge);
    let mut room = most - (others + size(sets.new) + size(stable));
    if stable.is_some() && stable_to < want_stable && room > 0 {
        let grown = (stable_to + room).min(want_stable);
        room -= grown - stable_to;
        stable_to = grown;
    }
    if sets.new.is_some() && canary_to < want_canary && room > 0 {
        canary_to = (canary_to + room).min(want_canary);
    }
    if others > 0 {
        // Older sets go first.
        return pair(canary_to, stable_to);
    }
    let least = replicas - i64::from(aim.bounds.unavailable.min(aim.replicas));
    let growing = sets.new.is_none_or(|rs| want_canary >= i64::from(rs.size));
    let counted = for_scale_down(sets.new, !growing) + for_scale_down(sets.stable, growing);
    if counted <= least {
        return pair(canary_to, stable_to);
    }
    let surplus = counted - least;
    if !growing {
        canary_to = drained(sets.new, want_canary, surplus, canary_to);
        (canary_to, stable_to) =
            within_limits(sets.new, sets.stable, (canary_to, stable_to), most, least);
    } else if stable.is_some() {
        stable_to = drained(stable, want_stable, surplus, stable_to);
        (stable_to, canary_to) =
            within_limits(stable, sets.new, (stable_to, canary_to), most, least);
    }
    pair(canary_to, stable_to)
}

fn pair(canary: i64, stable: i64) -> Pair {
    let size = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    Pair { canary: size(canary), stable: size(stable) }
}

/// Pods that count when it is decided how many may go: the available ones, never more than are
/// asked for; all asked for where availability is ignored, so that broken pods can make room.
pub fn for_scale_down(rs: Option<Rs>, ignore_availability: bool) -> i64 {
    let Some(rs) = rs else { return 0 };
    let counted = if ignore_availability { rs.size } else { rs.available.min(rs.size) };
    i64::from(counted)
}

fn drained(set: Option<Rs>, wanted: i64, surplus: i64, otherwise: i64) -> i64 {
    match set {
        Some(rs) if i64::from(rs.size) > wanted => wanted.max(i64::from(rs.size) - surplus),
        _ => otherwise,
    }
}

/// Brings the sizes (drained, other) back within the bounds, the other set's availability counted.
fn within_limits(
    drained: Option<Rs>,
    other: Option<Rs>,
    (mut drained_to, mut other_to): (i64, i64),
    most: i64,
    least: i64,
) -> (i64, i64) {
    let Some(other) = other else { return (drained_to, other_to) };
    let available = |rs: Rs| i64::from(rs.available);
    other_to -= (other_to + drained_to - most).max(0);
    let mut total = drained.map_or(0, |rs| available(rs).min(drained_to));
    total += available(other).min(other_to);
    let lost = (available(other) - other_to).max(0);
    let missing = (least - total).max(0);
    other_to += lost.min(missing);
    drained_to -= (other_to + drained_to - most).max(0);
    (drained_to, other_to)
}

/// Pods that a weight needs, rounded up.
pub fn for_weight(replicas: u32, weight: u32, max_weight: u32) -> u32 {
    (f64::from(weight) * f64::from(replicas) / f64::from(max_weight.max(1))).ceil() as u32
}

/// Raises a number of pods that is not zero to `least`, which never exceeds the replicas.
pub fn at_least(count: u32, least: Option<u32>, replicas: u32) -> u32 {
    match least {
        Some(least) if count > 0 => count.max(least.min(replicas)),
        _ => count,
    }
}

/// Is a ReplicaSet far enough for `desired` pods? Without a threshold all of them have to be asked
/// for and available.
pub fn is_far_enough(threshold: Option<Threshold>, rs: Option<Rs>, desired: u32) -> bool {
    let Some(rs) = rs else { return false };
    match threshold {
        Some(Threshold::Percent(percent)) if percent >= 0 => {
            let reached = f64::from(rs.available) / f64::from(desired) * 100.0;
            let percent = f64::from(percent);
            desired == 0 || reached >= percent || (reached - percent).abs() <= 1e-10
        }
        Some(Threshold::Pods(pods)) if pods >= 0 => i64::from(rs.available) >= i64::from(pods),
        _ => rs.size == desired && rs.available == desired,
    }
}

/// Has a ReplicaSet created the pods it was asked for?
pub fn is_created(rs: Option<Rs>, desired: u32) -> bool {
    rs.is_some_and(|rs| rs.size == desired && rs.created == desired)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(replicas: u32, weight: u32, surge: u32) -> (u32, u32) {
        let bounds = Bounds { surge, unavailable: 0 };
        let pair = approximate(&Aim { replicas, weight, max_weight: 100, bounds });
        (pair.canary, pair.stable)
    }

    /// The examples of the reference.
    #[test]
    fn the_closest_split() {
        assert_eq!((split(3, 10, 0), split(3, 10, 1)), ((1, 2), (1, 3)));
        assert_eq!((split(10, 99, 0), split(10, 99, 1)), ((9, 1), (10, 1)));
        assert_eq!((split(1, 49, 0), split(1, 50, 0)), ((0, 1), (1, 0)));
        assert_eq!(split(0, 50, 1), (0, 0));
    }

    /// Whatever the sets report, one reconcile keeps the total within the surge, or grows nothing.
    #[test]
    fn no_reconcile_exceeds_the_surge() {
        let bounds = Bounds { surge: 2, unavailable: 1 };
        for code in 0..6u32.pow(5) {
            let digit = |at: u32| code / 6u32.pow(at) % 6;
            let rs = |size, available| Some(Rs { size, created: size, available });
            let new = rs(digit(0), digit(1).min(digit(0)));
            let stable = rs(digit(2), digit(3).min(digit(2)));
            let aim = Aim { replicas: 5, weight: digit(4) * 20, max_weight: 100, bounds };
            let sets = Sets { new, stable, same: false, others: &[] };
            let pair = basic(&aim, &sets);
            let before = digit(0) + digit(2);
            assert!(pair.canary + pair.stable <= before.max(7), "{sets:?} {aim:?}: {pair:?}");
        }
    }

    /// With traffic routing: 4 replicas at weight 200 are 8, and few pods are raised.
    #[test]
    fn weights_and_least_pods() {
        assert_eq!(for_weight(4, 200, 100), 8);
        assert_eq!(at_least(1, Some(2), 10), 2);
        assert_eq!((at_least(0, Some(2), 10), at_least(1, Some(20), 10)), (0, 10));
    }
}

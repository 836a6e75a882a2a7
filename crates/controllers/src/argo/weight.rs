//! Which weight and which size a step of a canary asks for.
//!
//! Follows argoproj/argo-rollouts `utils/replicaset/canary.go` (`GetCurrentSetWeight`,
//! `UseSetCanaryScale`, `GetCanaryReplicasOrWeight`, `GetDesiredCanaryWeight`,
//! `CalculateReplicaCountsForTrafficRoutedCanary`). Deliberately unknown here: routes and pods.

use super::counts::{Aim, Pair, Sets, at_least, basic, for_weight};
#[cfg(doc)]
use super::settings::Rules;
use super::settings::{Canary, CanaryScale, Step};
use crate::deployment::bounds::Bounds;

/// Where an update stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// `spec.replicas`.
    pub replicas: u32,
    /// The current step; the number of steps when all are done.
    pub step: usize,
    /// Aborted.
    pub aborted: bool,
    /// Do the pods of the stable side alone free the weight of an abort? See [`Rules`].
    pub stable_alone: bool,
    /// Told to promote in full.
    pub promote_full: bool,
    /// Nothing is being updated: the stable template is the wanted one, or there is none yet.
    pub settled: bool,
}

/// Weights as the router has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Of the canary.
    pub canary: u32,
    /// Of the stable side.
    pub stable: u32,
}

/// The weight of the last `setWeight` up to the current step; everything when no step is left.
pub fn current(canary: &Canary, stand: &Stand) -> u32 {
    if stand.aborted {
        return 0;
    }
    if stand.step >= canary.steps.len() {
        return canary.max_weight();
    }
    let weight = previous(canary, stand.step + 1);
    debug_assert!(weight <= canary.max_weight(), "{weight} of {}", canary.max_weight());
    weight
}

/// The weight of the last `setWeight` before a step, 0 if there is none.
pub fn previous(canary: &Canary, step: usize) -> u32 {
    let before = canary.steps.iter().take(step).rev();
    let weight = |step: &Step| match step {
        Step::SetWeight(weight) => Some(*weight),
        _ => None,
    };
    before.filter_map(weight).next().unwrap_or(0)
}

/// The `setCanaryScale` in force. Only traffic routing reads one, an abort drops it unless the
/// canary is to be kept for ever, and `matchTrafficWeight` ends it.
pub fn canary_scale(canary: &Canary, stand: &Stand) -> Option<CanaryScale> {
    if canary.traffic.is_none() || stand.aborted && canary.abort_delay().is_some() {
        return None;
    }
    if stand.step >= canary.steps.len() {
        return None;
    }
    let upto = canary.steps[..=stand.step].iter().rev();
    let scale = |step: &Step| match step {
        Step::SetCanaryScale(scale) => Some(*scale),
        _ => None,
    };
    upto.filter_map(scale).next().filter(|scale| !scale.match_traffic_weight)
}

/// The weight the canary should have. An aborted one with a dynamic stable side steps back through
/// the earlier weights as the stable pods become available.
pub fn desired(canary: &Canary, stand: &Stand, sets: &Sets<'_>) -> u32 {
    let (true, true, Some(new), Some(stable)) =
        (stand.aborted, canary.dynamic_stable_scale, sets.new, sets.stable)
    else {
        return current(canary, stand);
    };
    let missing = i64::from(stand.replicas) - i64::from(stable.available);
    let pods = match canary.has_abort_delay() && stand.stable_alone {
        true => missing,
        false => missing.max(i64::from(new.available)),
    };
    let weight = |step: &Step| match step {
        Step::SetWeight(weight) => Some(*weight),
        _ => None,
    };
    let max = canary.max_weight();
    let lower = |weight: &u32| i64::from(for_weight(stand.replicas, *weight, max)) < pods;
    canary.steps.iter().rev().filter_map(weight).find(lower).unwrap_or(0)
}

/// The sizes that a reconcile writes, by the kind of canary. `weights` are what the router has.
pub fn counts(
    canary: &Canary,
    stand: &Stand,
    sets: &Sets<'_>,
    weights: Option<Weights>,
    bounds: Bounds,
) -> Pair {
    let (max, replicas) = (canary.max_weight(), stand.replicas);
    let everything = stand.promote_full || stand.settled;
    let scale = canary_scale(canary, stand).filter(|_| !everything);
    let weight = match scale {
        _ if everything => max,
        Some(CanaryScale { replicas: Some(_), .. }) => 0,
        Some(CanaryScale { weight: Some(weight), .. }) => weight,
        _ => desired(canary, stand, sets),
    };
    if canary.traffic.is_none() {
        return basic(&Aim { replicas, weight, max_weight: max, bounds }, sets);
    }
    let raised = |count| at_least(count, canary.min_pods, replicas);
    let mut pair = Pair {
        canary: match scale.and_then(|scale| scale.replicas) {
            Some(replicas) => replicas,
            None => raised(for_weight(replicas, weight, max)),
        },
        stable: replicas,
    };
    if !canary.dynamic_stable_scale {
        return pair;
    }
    // The stable side stays as large as its traffic, and grows before more comes.
    pair.stable = for_weight(replicas, max.saturating_sub(weight), max);
    if let Some(weights) = weights {
        pair.stable = pair.stable.max(for_weight(replicas, weights.stable, max));
        if stand.aborted {
            pair.canary = pair.canary.max(for_weight(replicas, weights.canary, max));
        }
    }
    Pair { canary: raised(pair.canary), stable: raised(pair.stable) }
}

#[cfg(test)]
mod tests {
    use super::super::counts::Rs;
    use super::super::settings::Traffic;
    use super::*;
    use windtunnel_base::time::SimDuration;

    fn routed(steps: Vec<Step>) -> Canary {
        Canary { steps, traffic: Some(Traffic::default()), ..Canary::default() }
    }

    fn at(step: usize) -> Stand {
        Stand { replicas: 10, step, ..Stand::default() }
    }

    fn rs(size: u32, available: u32) -> Option<Rs> {
        Some(Rs { size, created: size, available })
    }

    #[test]
    fn the_weight_of_a_step_is_the_last_one_set() {
        let canary = routed(vec![Step::Pause(None), Step::SetWeight(10), Step::Pause(None)]);
        let weights: Vec<u32> = (0..4).map(|step| current(&canary, &at(step))).collect();
        assert_eq!(weights, [0, 10, 10, 100]);
        assert_eq!(current(&canary, &Stand { aborted: true, ..at(2) }), 0);
        assert_eq!(previous(&canary, 1), 0);
    }

    #[test]
    fn a_canary_scale_lasts_until_the_weight_is_matched() {
        let scale = |replicas, match_traffic_weight| {
            Step::SetCanaryScale(CanaryScale { replicas, weight: None, match_traffic_weight })
        };
        let canary = routed(vec![scale(Some(3), false), Step::SetWeight(50), scale(None, true)]);
        let sizes = |stand: &Stand| {
            let sets = Sets { new: rs(0, 0), stable: rs(10, 10), ..Sets::default() };
            counts(&canary, stand, &sets, None, Bounds::default()).canary
        };
        assert_eq!([sizes(&at(0)), sizes(&at(1)), sizes(&at(2))], [3, 3, 5]);
        assert_eq!(sizes(&Stand { aborted: true, ..at(1) }), 0);
    }

    /// Abort at weight 75 of 10 pods: the weight falls to 50 when more than 5 canary pods are left
    /// to be replaced, then to 25, then to 0, as stable pods become available.
    #[test]
    fn a_dynamic_abort_walks_back() {
        let steps = [25, 50, 75].map(Step::SetWeight).to_vec();
        let mut canary = routed(steps);
        canary.dynamic_stable_scale = true;
        let stand = Stand { aborted: true, ..at(0) };
        let weight = |new: u32, stable: u32| {
            let sets = Sets { new: rs(new, new), stable: rs(stable, stable), ..Sets::default() };
            desired(&canary, &stand, &sets)
        };
        assert_eq!([weight(8, 3), weight(5, 5), weight(3, 8), weight(0, 10)], [50, 25, 0, 0]);
    }

    /// An explicit delay holds the canary's pods: since 1.10 they do not hold the weight.
    #[test]
    fn an_explicit_delay_holds_the_weight_by_the_old_rules() {
        let mut canary = routed(vec![Step::SetWeight(25), Step::SetWeight(50)]);
        canary.dynamic_stable_scale = true;
        canary.abort_scale_down_delay = Some(SimDuration::from_secs(60));
        let sets = Sets { new: rs(5, 5), stable: rs(10, 10), ..Sets::default() };
        let weight =
            |stable_alone| desired(&canary, &Stand { aborted: true, stable_alone, ..at(0) }, &sets);
        assert_eq!([weight(true), weight(false)], [0, 25]);
    }
}

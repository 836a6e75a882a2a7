//! PodDisruptionBudget: how many pods may be evicted.
//!
//! Follows k/k `pkg/controller/disruption/disruption.go` and
//! `pkg/registry/core/pod/storage/eviction.go`. Only evictions (a node's drain) ask it; rollouts
//! don't. Deliberately unknown here: which pods, and when.

use super::deployment::bounds::IntOrPercent;
use crate::pool::Pool;

/// What a budget says; the API allows one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Budget {
    /// `minAvailable`.
    MinAvailable(IntOrPercent),
    /// `maxUnavailable`.
    MaxUnavailable(IntOrPercent),
}

/// A budget, and what it says of pods that are not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disruptions {
    /// The PodDisruptionBudget that is counted for.
    pub budget: Budget,
    /// May pods that are not ready always be evicted (`unhealthyPodEvictionPolicy: AlwaysAllow`)?
    pub evicts_unhealthy: bool,
    /// The fleet whose pods its selector picks; nothing: all pods.
    pub covers: Option<Pool>,
}

/// What the API answers to an eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvictionAnswer {
    /// The pod goes.
    Evicted,
    /// 429: its budget does not allow it now; kubectl tries again.
    TooMany,
    /// 500: more than one budget covers it; kubectl gives the pod up.
    Ambiguous,
}

/// The pods a budget selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// All of them.
    pub pods: u32,
    /// Ready, not being deleted, and not evicted a moment ago.
    pub healthy: u32,
    /// What their owners ask for, if the owners can be asked.
    pub wanted: Option<u32>,
}

/// `status` of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// `expectedPods`.
    pub expected: u32,
    /// `currentHealthy`.
    pub healthy: u32,
    /// `desiredHealthy`.
    pub desired_healthy: u32,
    /// `disruptionsAllowed`.
    pub allowed: u32,
}

impl Budget {
    /// The status for these pods. Percents round up, unlike those of Deployments.
    pub fn status(&self, selected: &Selected) -> Result<BudgetStatus, String> {
        let owners = selected.wanted.unwrap_or(selected.pods);
        let (expected, desired_healthy) = match self {
            // A plain number needs no owner to be asked.
            Budget::MinAvailable(IntOrPercent::Int(least)) => {
                (selected.pods, u32::try_from(*least).unwrap_or(0))
            }
            Budget::MinAvailable(share) => {
                (owners, u32::try_from(share.resolve(owners, true)?).unwrap_or(0))
            }
            Budget::MaxUnavailable(most) => {
                let most = u32::try_from(most.resolve(owners, true)?).unwrap_or(0);
                (owners, owners.saturating_sub(most))
            }
        };
        let healthy = selected.healthy;
        let allowed = if expected == 0 { 0 } else { healthy.saturating_sub(desired_healthy) };
        Ok(BudgetStatus { expected, healthy, desired_healthy, allowed })
    }
}

impl BudgetStatus {
    /// May a pod be evicted now? One that is not ready may go when the others suffice, or always,
    /// by `unhealthyPodEvictionPolicy: AlwaysAllow`.
    pub fn allows(&self, ready: bool, always_unhealthy: bool) -> bool {
        let others_suffice = self.desired_healthy > 0 && self.healthy >= self.desired_healthy;
        self.allowed > 0 || !ready && (always_unhealthy || others_suffice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unready_pods_may_go_when_the_others_suffice() {
        let status = BudgetStatus { expected: 4, healthy: 3, desired_healthy: 3, allowed: 0 };
        assert!(!status.allows(true, false));
        assert!(status.allows(false, false));
        let short = BudgetStatus { healthy: 2, ..status };
        assert!(!short.allows(false, false) && short.allows(false, true));
        // Where nothing has to be healthy, the healthy ones do not suffice: they are asked nothing.
        let none = BudgetStatus { healthy: 0, desired_healthy: 0, ..status };
        assert!(!none.allows(false, false) && none.allows(false, true));
    }

    #[test]
    fn percents_round_up() {
        let budget = Budget::MaxUnavailable(IntOrPercent::parse("30%"));
        let selected = Selected { pods: 7, healthy: 7, wanted: Some(7) };
        // 2.1 pods become 3.
        assert_eq!(budget.status(&selected).map(|s| s.allowed), Ok(3));
    }
}

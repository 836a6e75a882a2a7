//! How far one sync may move, and why not further.
//!
//! Follows k/k `pkg/controller/podautoscaler/horizontal.go` (`convertDesiredReplicasWithRules`,
//! `convertDesiredReplicasWithBehaviorRate`, `calculateScaleUpLimitWithScalingRules`,
//! `calculateScaleDownLimitWithBehaviors`). Deliberately unknown here: metrics.

use windtunnel_base::time::{SimDuration, SimTime};

/// Which policy of several decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// The one that allows the larger change.
    #[default]
    Max,
    /// The one that allows the smaller change.
    Min,
    /// None: no change in this direction.
    Disabled,
}

/// What a policy allows within its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many pods.
    Pods(u32),
    /// So many percent of the size at the start of the period.
    Percent(u32),
}

/// One policy of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it allows.
    pub amount: Amount,
    /// `periodSeconds`.
    pub period: SimDuration,
}

/// The rules of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `stabilizationWindowSeconds`.
    pub window: SimDuration,
    /// `selectPolicy`.
    pub select: Select,
    /// `policies`.
    pub policies: Vec<Policy>,
}

impl Rules {
    /// The defaults for growing: 4 pods or 100 % in 15 s, the larger, at once.
    pub fn up() -> Rules {
        let policy = |amount| Policy { amount, period: SimDuration::from_secs(15) };
        let policies = vec![policy(Amount::Pods(4)), policy(Amount::Percent(100))];
        Rules { window: SimDuration::ZERO, select: Select::Max, policies }
    }

    /// The defaults for shrinking: everything in 15 s, after five minutes.
    pub fn down() -> Rules {
        let policies =
            vec![Policy { amount: Amount::Percent(100), period: SimDuration::from_secs(15) }];
        Rules { window: SimDuration::from_secs(300), select: Select::Max, policies }
    }
}

/// A change of the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was made.
    pub at: SimTime,
    /// Pods added or removed.
    pub pods: u32,
}

/// Why a sync came to its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was in the way.
    DesiredWithinRange,
    /// `minReplicas`.
    TooFewReplicas,
    /// `maxReplicas`.
    TooManyReplicas,
    /// It may not grow faster.
    ScaleUpLimit,
    /// It may not shrink faster.
    ScaleDownLimit,
}

impl Reason {
    /// The word in the condition ScalingLimited.
    pub fn word(self) -> &'static str {
        match self {
            Reason::DesiredWithinRange => "DesiredWithinRange",
            Reason::TooFewReplicas => "TooFewReplicas",
            Reason::TooManyReplicas => "TooManyReplicas",
            Reason::ScaleUpLimit => "ScaleUpLimit",
            Reason::ScaleDownLimit => "ScaleDownLimit",
        }
    }
}

/// The smallest and the largest size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// `minReplicas`.
    pub min: u32,
    /// `maxReplicas`.
    pub max: u32,
}

/// Without a `behavior` block: twice the size, or 4.
pub fn by_default(current: u32, desired: u32, range: Range) -> (u32, Reason) {
    debug_assert!(range.min <= range.max, "{range:?}");
    let double = current.saturating_mul(2).max(4);
    let (most, reason) = match double < range.max {
        true => (double, Reason::ScaleUpLimit),
        false => (range.max, Reason::TooManyReplicas),
    };
    if desired < range.min {
        return (range.min, Reason::TooFewReplicas);
    }
    if desired > most { (most, reason) } else { (desired, Reason::DesiredWithinRange) }
}

/// What has been changed lately, by direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Pods added.
    pub up: Vec<Change>,
    /// Pods removed.
    pub down: Vec<Change>,
}

impl History {
    fn sum(changes: &[Change], period: SimDuration, now: SimTime) -> i64 {
        // Strictly inside the period.
        let within = changes.iter().filter(|change| change.at + period > now);
        within.map(|change| i64::from(change.pods)).sum()
    }

    /// The size at the start of a period.
    fn start(&self, current: u32, period: SimDuration, now: SimTime) -> i64 {
        let added = History::sum(&self.up, period, now);
        let removed = History::sum(&self.down, period, now);
        i64::from(current) - added + removed
    }
}

/// With a `behavior` block: as far as its policies allow.
pub fn by_rules(
    current: u32,
    desired: u32,
    range: Range,
    (up, down): (&Rules, &Rules),
    history: &History,
    now: SimTime,
) -> (u32, Reason) {
    debug_assert!(range.min <= range.max, "{range:?}");
    if desired > current {
        let limit = up_limit(current, up, history, now).max(current);
        let (most, reason) = match limit < range.max {
            true => (limit, Reason::ScaleUpLimit),
            false => (range.max, Reason::TooManyReplicas),
        };
        if desired > most {
            return (most, reason);
        }
    } else if desired < current {
        let limit = down_limit(current, down, history, now).min(current);
        let (least, reason) = match limit > range.min {
            true => (limit, Reason::ScaleDownLimit),
            false => (range.min, Reason::TooFewReplicas),
        };
        if desired < least {
            return (least, reason);
        }
    }
    (desired, Reason::DesiredWithinRange)
}

/// The largest size that the policies allow.
pub fn up_limit(current: u32, rules: &Rules, history: &History, now: SimTime) -> u32 {
    let proposal = |policy: &Policy| {
        let start = history.start(current, policy.period, now);
        match policy.amount {
            Amount::Pods(pods) => start + i64::from(pods),
            Amount::Percent(percent) => {
                (start as f64 * (1.0 + f64::from(percent) / 100.0)).ceil() as i64
            }
        }
    };
    let proposals = rules.policies.iter().map(proposal);
    let limit = match rules.select {
        Select::Disabled => return current,
        Select::Max => proposals.max(),
        Select::Min => proposals.min(),
    };
    size(limit.unwrap_or(i64::from(current)))
}

/// The smallest size that the policies allow.
pub fn down_limit(current: u32, rules: &Rules, history: &History, now: SimTime) -> u32 {
    let proposal = |policy: &Policy| {
        let start = history.start(current, policy.period, now);
        match policy.amount {
            Amount::Pods(pods) => start - i64::from(pods),
            Amount::Percent(percent) => (start as f64 * (1.0 - f64::from(percent) / 100.0)) as i64,
        }
    };
    let proposals = rules.policies.iter().map(proposal);
    let limit = match rules.select {
        Select::Disabled => return current,
        // The larger change is the smaller size.
        Select::Max => proposals.min(),
        Select::Min => proposals.max(),
    };
    size(limit.unwrap_or(i64::from(current)))
}

fn size(pods: i64) -> u32 {
    u32::try_from(pods.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 pods in 60 s: after 3 of them 10 s ago only one is left; after 60 s all are.
    #[test]
    fn changes_count_within_their_period() {
        let now = SimTime::ZERO + SimDuration::from_secs(1_000);
        let policy = Policy { amount: Amount::Pods(4), period: SimDuration::from_secs(60) };
        let rules = Rules { policies: vec![policy], ..Rules::up() };
        let limit = |ago| {
            let at = now.saturating_sub(SimDuration::from_secs(ago));
            let history = History { up: vec![Change { at, pods: 3 }], down: vec![] };
            up_limit(13, &rules, &history, now)
        };
        assert_eq!([limit(10), limit(59), limit(60)], [14, 14, 17]);
    }
}

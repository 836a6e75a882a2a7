//! One HorizontalPodAutoscaler: its settings, what it remembers, and one sync.
//!
//! Follows k/k `pkg/controller/podautoscaler/horizontal.go` (`reconcileAutoscaler`,
//! `normalizeDesiredReplicas`, `normalizeDesiredReplicasWithBehaviors`). A sync happens every
//! [`SYNC`]; samples are as old as the metrics pipeline makes them. Deliberately unknown here: how
//! metrics are measured, and what a change of `spec.replicas` does to a rollout (see
//! [`crate::deployment::proportional`]).

use super::limits::{Change, History, Range, Reason, Rules, by_default, by_rules};
use super::replicas::{Proposal, Tolerance, Unknown, largest};
use super::sample::WarmUp;
use super::window::{Recommendation, highest, pulled};
use windtunnel_base::time::{SimDuration, SimTime};

/// `--horizontal-pod-autoscaler-sync-period`.
pub const SYNC: SimDuration = SimDuration::from_secs(15);

/// `--horizontal-pod-autoscaler-downscale-stabilization`.
pub const DOWNSCALE_WINDOW: SimDuration = SimDuration::from_secs(300);

/// What a HorizontalPodAutoscaler says.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaSettings {
    /// `minReplicas`.
    pub min: u32,
    /// `maxReplicas`.
    pub max: u32,
    /// `metrics`.
    pub metrics: Vec<Metric>,
    /// `behavior`, both directions filled in; nothing if there is no such block.
    pub behavior: Option<Behavior>,
    /// How far usage may be from its target without a change of size.
    pub tolerance: Tolerance,
    /// What counts as warming up.
    pub warm_up: WarmUp,
}

/// `behavior`.
#[derive(Clone, Debug, PartialEq)]
pub struct Behavior {
    /// `scaleUp`.
    pub up: Rules,
    /// `scaleDown`.
    pub down: Rules,
}

impl Default for Behavior {
    fn default() -> Self {
        Behavior { up: Rules::up(), down: Rules::down() }
    }
}

/// One of `metrics`.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// `Resource` cpu with `averageUtilization`, percent of the request.
    CpuUtilisation(i64),
    /// `Resource` memory with `averageUtilization`.
    MemoryUtilisation(i64),
    /// `Resource` cpu with `averageValue`, in thousandths of a core.
    CpuMean(i64),
    /// `Pods`: the mean of a metric of each pod, in thousandths.
    Pods {
        /// `metric.name`.
        name: String,
        /// `averageValue`.
        target: i64,
    },
    /// `Object` or `External` with `value`, in thousandths.
    Value {
        /// `metric.name`.
        name: String,
        /// `value`.
        target: i64,
    },
    /// `Object` or `External` with `averageValue`, in thousandths.
    AverageValue {
        /// `metric.name`.
        name: String,
        /// `averageValue`.
        target: i64,
    },
    /// `External`: what a query of Prometheus comes to, as KEDA's trigger `prometheus` asks it.
    Query(KedaQuery),
    /// A metric of something that a flight does not have, taken to stand at its target: it asks
    /// for the present size.
    AtTarget {
        /// `metric.name`.
        name: String,
    },
}

/// A query whose answer an autoscaler looks at (kedacore/keda 2.18
/// `pkg/scalers/prometheus_scaler.go`).
#[derive(Clone, Debug, PartialEq)]
pub struct KedaQuery {
    /// `metadata.query`.
    pub query: String,
    /// What the copy for Flagger's primary asks in its place.
    pub primary: Option<String>,
    /// `metadata.threshold`, in thousandths.
    pub target: i64,
    /// `metricType: Value`: the answer as it is, not the part of each pod.
    pub whole: bool,
    /// `metadata.ignoreNullValues`: no answer is 0, not an error.
    pub empty_is_zero: bool,
}

impl HpaSettings {
    /// The queries that it asks.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().flat_map(|metric| {
            let asked = match metric {
                Metric::Query(asked) => Some(asked),
                _ => None,
            };
            let own = asked.map(|asked| asked.query.as_str());
            own.into_iter().chain(asked.and_then(|asked| asked.primary.as_deref()))
        })
    }

    /// An autoscaler with nothing but a largest size: 80 % of the CPU request, from one pod on.
    pub fn new(max: u32) -> HpaSettings {
        HpaSettings {
            min: 1,
            max,
            metrics: vec![Metric::CpuUtilisation(80)],
            behavior: None,
            tolerance: Tolerance::default(),
            warm_up: WarmUp::default(),
        }
    }

    fn range(&self) -> Range {
        Range { min: self.min, max: self.max }
    }
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    recommendations: Vec<Recommendation>,
    history: History,
}

/// What one sync comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// The size is written.
    Rescale(u32, Reason),
    /// The size stays.
    Keep(Reason),
    /// The target has no pods, so the autoscaler is inactive.
    Inactive,
    /// Too little is known.
    Unknown,
}

/// One sync of an autoscaler whose target asks for `current` pods. `proposals` computes what the
/// metrics ask for; it is not called where metrics don't matter.
pub fn sync(
    settings: &HpaSettings,
    memory: &mut Memory,
    current: u32,
    now: SimTime,
    proposals: impl FnOnce() -> Vec<Result<Proposal, Unknown>>,
) -> Sync {
    if memory.recommendations.is_empty() {
        // A restart must not shrink anything for a whole window.
        memory.recommendations.push(Recommendation { at: now, replicas: current });
    }
    if current == 0 && settings.min != 0 {
        return Sync::Inactive;
    }
    let (desired, reason) = if current > settings.max {
        (settings.max, Reason::TooManyReplicas)
    } else if current < settings.min {
        (settings.min, Reason::TooFewReplicas)
    } else {
        let Some(wanted) = largest(current, &proposals()) else { return Sync::Unknown };
        normalise(settings, memory, current, wanted, now)
    };
    if desired == current {
        return Sync::Keep(reason);
    }
    if settings.behavior.is_some() {
        memory.note(current, desired, now);
    }
    Sync::Rescale(desired, reason)
}

fn normalise(
    settings: &HpaSettings,
    memory: &mut Memory,
    current: u32,
    wanted: u32,
    now: SimTime,
) -> (u32, Reason) {
    let known = &memory.recommendations;
    let found = match &settings.behavior {
        None => {
            let steady = highest(known, wanted, DOWNSCALE_WINDOW, now);
            by_default(current, steady, settings.range())
        }
        Some(Behavior { up, down }) => {
            let steady = pulled(known, current, wanted, (up.window, down.window), now);
            by_rules(current, steady, settings.range(), (up, down), &memory.history, now)
        }
    };
    let windows = settings.behavior.as_ref().map(|b| b.up.window.max(b.down.window));
    let keep = windows.unwrap_or(DOWNSCALE_WINDOW);
    memory.recommendations.retain(|r| r.at + keep >= now);
    memory.recommendations.push(Recommendation { at: now, replicas: wanted });
    found
}

impl Memory {
    fn note(&mut self, before: u32, after: u32, now: SimTime) {
        // The longest period of a policy is half an hour.
        let longest = SimDuration::from_secs(1_800);
        let (changes, pods) = match after > before {
            true => (&mut self.history.up, after - before),
            false => (&mut self.history.down, before - after),
        };
        changes.retain(|change| change.at + longest > now);
        changes.push(Change { at: now, pods });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    fn wants(replicas: u32) -> Vec<Result<Proposal, Unknown>> {
        vec![Ok(Proposal { replicas, utilisation: None, mean: 0 })]
    }

    /// Load of 100 pods, then of 2: with the defaults the size doubles at every sync (4, 8, 16),
    /// and shrinks five minutes after the last high recommendation.
    #[test]
    fn up_at_once_and_down_after_five_minutes() {
        let settings = HpaSettings::new(16);
        let (mut memory, mut size, mut sizes) = (Memory::default(), 2, Vec::new());
        for step in 0..30 {
            let load = if step < 4 { 100 } else { 2 };
            let now = secs(15 * step);
            if let Sync::Rescale(to, _) = sync(&settings, &mut memory, size, now, || wants(load)) {
                sizes.push((15 * step, to));
                size = to;
            }
        }
        // The last high one is of second 45; 345 s lies on the edge of its window, 360 s beyond.
        assert_eq!(sizes, [(0, 4), (15, 8), (30, 16), (360, 2)]);
    }

    /// One pod a minute, by its own rules.
    #[test]
    fn policies_slow_a_change_down() {
        let mut settings = HpaSettings::new(100);
        let mut behavior = Behavior::default();
        behavior.down.window = SimDuration::ZERO;
        behavior.down.policies = vec![super::super::limits::Policy {
            amount: super::super::limits::Amount::Pods(1),
            period: SimDuration::from_secs(60),
        }];
        settings.behavior = Some(behavior);
        let (mut memory, mut size, mut sizes) = (Memory::default(), 5, Vec::new());
        for step in 0..10 {
            let now = secs(15 * step);
            if let Sync::Rescale(to, _) = sync(&settings, &mut memory, size, now, || wants(1)) {
                sizes.push((15 * step, to));
                size = to;
            }
        }
        assert_eq!(sizes, [(0, 4), (60, 3), (120, 2)]);
    }

    #[test]
    fn sizes_outside_the_range_need_no_metrics() {
        let settings = HpaSettings { min: 2, ..HpaSettings::new(10) };
        let mut memory = Memory::default();
        let mut at = |current| sync(&settings, &mut memory, current, secs(0), Vec::new);
        assert_eq!(at(12), Sync::Rescale(10, Reason::TooManyReplicas));
        assert_eq!(at(1), Sync::Rescale(2, Reason::TooFewReplicas));
        assert_eq!((at(0), at(5)), (Sync::Inactive, Sync::Unknown));
    }
}

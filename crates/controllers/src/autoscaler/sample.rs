//! How the sample of one pod is treated.
//!
//! Follows k/k `pkg/controller/podautoscaler/replica_calculator.go` (`groupPods`). Only CPU looks
//! at readiness, since only CPU is burnt by starting. Deliberately unknown here: values.

use crate::replica_set::PodPhase;
use windtunnel_base::time::{SimDuration, SimTime};

/// What a pod counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its sample counts.
    Ready,
    /// It is coming up: its sample does not count.
    Unready,
    /// It has no sample.
    Missing,
    /// It is going or gone.
    Ignored,
}

/// What is reported of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodReport {
    /// What the kubelet reports of the pod: `status.phase`.
    pub phase: PodPhase,
    /// Being deleted.
    pub deleting: bool,
    /// When it was started.
    pub started: Option<SimTime>,
    /// Its Ready condition, and since when.
    pub ready: Option<(bool, SimTime)>,
    /// Time and window of its sample, if it has one.
    pub sample: Option<(SimTime, SimDuration)>,
}

/// The spans by which a starting pod is told from a ready one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`.
    pub cpu_initialization: SimDuration,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`.
    pub readiness_delay: SimDuration,
}

impl Default for WarmUp {
    fn default() -> Self {
        WarmUp {
            cpu_initialization: SimDuration::from_secs(300),
            readiness_delay: SimDuration::from_secs(30),
        }
    }
}

/// Sorts one pod; `is_cpu` says that the metric is CPU.
pub fn class(pod: &PodReport, is_cpu: bool, warm_up: &WarmUp, now: SimTime) -> Class {
    if pod.deleting || pod.phase == PodPhase::Failed {
        return Class::Ignored;
    }
    if pod.phase == PodPhase::Pending {
        return Class::Unready;
    }
    let Some((taken, window)) = pod.sample else { return Class::Missing };
    if !is_cpu {
        return Class::Ready;
    }
    let (Some((ready, since)), Some(started)) = (pod.ready, pod.started) else {
        return Class::Unready;
    };
    let unready = if started + warm_up.cpu_initialization > now {
        // A sample counts once its whole window lies behind the readiness.
        !ready || taken < since + window
    } else {
        // Later only a pod that has never been ready is left out.
        !ready && started + warm_up.readiness_delay > since
    };
    if unready { Class::Unready } else { Class::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starting_pod_counts_after_a_whole_window() {
        let secs = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let window = SimDuration::from_secs(30);
        let pod = |taken| PodReport {
            phase: PodPhase::Running,
            deleting: false,
            started: Some(secs(0)),
            ready: Some((true, secs(20))),
            sample: Some((secs(taken), window)),
        };
        let at = |taken, now| class(&pod(taken), true, &WarmUp::default(), secs(now));
        assert_eq!([at(49, 60), at(50, 60)], [Class::Unready, Class::Ready]);
        assert_eq!(at(49, 301), Class::Ready);
    }
}

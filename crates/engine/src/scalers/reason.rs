//! Why an autoscaler rescales, as the event of the real controller says (k/k
//! `pkg/controller/podautoscaler/horizontal.go`, `SuccessfulRescale`).

use windtunnel_model::strategy::autoscaler::hpa::{HpaSettings, Metric};
use windtunnel_model::strategy::autoscaler::limits::Reason;

/// The reason in the event that the real controller writes.
pub(super) fn why(settings: &HpaSettings, before: u32, after: u32, reason: Reason) -> String {
    if before > settings.max {
        return "Current number of replicas above Spec.MaxReplicas".into();
    }
    if before < settings.min {
        return "Current number of replicas below Spec.MinReplicas".into();
    }
    let limited = match reason {
        Reason::DesiredWithinRange => String::new(),
        other => format!(" ({})", other.word()),
    };
    if after < before {
        return format!("All metrics below target{limited}");
    }
    let metric = match settings.metrics.first() {
        Some(Metric::Pods { name, .. }) => format!("pods metric {name}"),
        Some(Metric::Value { name, .. } | Metric::AverageValue { name, .. }) => {
            format!("external metric {name}")
        }
        Some(Metric::Query(_)) => "external metric s0-prometheus".into(),
        Some(Metric::MemoryUtilisation(_)) => {
            "memory resource utilization (percentage of request)".into()
        }
        Some(Metric::CpuMean(_)) => "cpu resource".into(),
        _ => "cpu resource utilization (percentage of request)".to_string(),
    };
    format!("{metric} above target{limited}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_the_controllers() {
        let settings = HpaSettings { min: 2, ..HpaSettings::new(10) };
        let said = |before, after, reason| why(&settings, before, after, reason);
        assert_eq!(
            said(4, 8, Reason::DesiredWithinRange),
            "cpu resource utilization (percentage of request) above target"
        );
        assert_eq!(said(4, 3, Reason::DesiredWithinRange), "All metrics below target");
        assert!(said(12, 10, Reason::TooManyReplicas).contains("above Spec.MaxReplicas"));
    }
}

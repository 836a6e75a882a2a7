//! What its measurements make of one metric.
//!
//! Follows `analysis/analysis.go` (`assessMetricStatus`, `assessMetricFailureInconclusiveOrError`).
//! Deliberately unknown here: time, and other metrics.

use super::metric::{ArgoMetric, CONSECUTIVE_ERROR_LIMIT};
use super::outcome::Phase;

/// What is counted of a metric's measurements. Limits look at totals of failures, but at errors in
/// a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Measurements that were no error.
    pub count: u32,
    /// Successful ones.
    pub successful: u32,
    /// Failed ones.
    pub failed: u32,
    /// Inconclusive ones.
    pub inconclusive: u32,
    /// Errors.
    pub error: u32,
    /// Errors since the last measurement that was none.
    pub consecutive_error: u32,
    /// Successes since the last measurement that was none.
    pub consecutive_success: u32,
}

impl Counters {
    /// Counts one completed measurement.
    pub fn add(&mut self, phase: Phase) {
        if phase == Phase::Error {
            self.error += 1;
            self.consecutive_error += 1;
            self.consecutive_success = 0;
            return;
        }
        self.count += 1;
        self.consecutive_error = 0;
        match phase {
            Phase::Successful => {
                self.successful += 1;
                self.consecutive_success += 1;
                return;
            }
            Phase::Failed => self.failed += 1,
            _ => self.inconclusive += 1,
        }
        self.consecutive_success = 0;
    }
}

/// The phase of a metric that has not been completed: `last` is the phase of its newest
/// measurement, `terminating` says that the run takes no new ones.
pub fn metric_phase(
    metric: &ArgoMetric,
    counters: &Counters,
    last: Option<Phase>,
    terminating: bool,
) -> Phase {
    match last {
        None if terminating => return Phase::Successful,
        None => return Phase::Pending,
        Some(phase) if !phase.is_completed() => return Phase::Running,
        Some(_) => {}
    }
    if let Some((phase, _)) = beyond_limits(metric, counters) {
        return phase;
    }
    let wanted = metric.consecutive_success_limit.unwrap_or(0);
    if wanted > 0 && i64::from(counters.consecutive_success) >= wanted {
        return Phase::Successful;
    }
    if metric.effective_count().is_some_and(|count| i64::from(counters.count) >= count) {
        let failures_matter = metric.failure_limit.is_none_or(|limit| limit >= 0);
        return match (wanted > 0, failures_matter) {
            (true, true) => Phase::Inconclusive,
            (true, false) => Phase::Failed,
            (false, _) => Phase::Successful,
        };
    }
    if terminating { Phase::Successful } else { Phase::Running }
}

/// The limit that its counters exceed, with the controller's words. Of several the last wins:
/// errors over inconclusive ones over failures.
pub fn beyond_limits(metric: &ArgoMetric, counters: &Counters) -> Option<(Phase, String)> {
    let mut found = None;
    let limit = metric.failure_limit.unwrap_or(0);
    if limit >= 0 && i64::from(counters.failed) > limit {
        let text = format!("failed ({}) > failureLimit ({limit})", counters.failed);
        found = Some((Phase::Failed, text));
    }
    let limit = metric.inconclusive_limit.unwrap_or(0);
    if i64::from(counters.inconclusive) > limit {
        let text =
            format!("inconclusive ({}) > inconclusiveLimit ({limit})", counters.inconclusive);
        found = Some((Phase::Inconclusive, text));
    }
    let limit = metric.consecutive_error_limit.unwrap_or(CONSECUTIVE_ERROR_LIMIT);
    if i64::from(counters.consecutive_error) > limit {
        let errors = counters.consecutive_error;
        let text = format!("consecutiveErrors ({errors}) > consecutiveErrorLimit ({limit})");
        found = Some((Phase::Error, text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::time::SimDuration;

    fn after(metric: &ArgoMetric, phases: &[Phase]) -> Phase {
        let mut counters = Counters::default();
        phases.iter().for_each(|phase| counters.add(*phase));
        metric_phase(metric, &counters, phases.last().copied(), false)
    }

    fn each_minute(count: Option<i64>) -> ArgoMetric {
        ArgoMetric { interval: Some(SimDuration::from_secs(60)), count, ..ArgoMetric::default() }
    }

    /// Limits are "more than": none forgives nothing, four errors in a row are forgiven.
    #[test]
    fn limits_are_forgiven_up_to_themselves() {
        use Phase::{Error, Failed, Inconclusive, Running, Successful};
        let metric = each_minute(Some(10));
        assert_eq!(after(&metric, &[Failed]), Failed);
        assert_eq!(after(&metric, &[Inconclusive]), Inconclusive);
        assert_eq!(after(&metric, &[Error; 4]), Running);
        assert_eq!(after(&metric, &[Error; 5]), Error);
        assert_eq!(after(&metric, &[Error, Error, Successful, Error, Error, Error]), Running);
        let lenient = ArgoMetric { failure_limit: Some(2), ..metric };
        assert_eq!(after(&lenient, &[Failed, Successful, Failed]), Running);
        assert_eq!(after(&lenient, &[Failed, Successful, Failed, Failed]), Failed);
    }

    #[test]
    fn successes_in_a_row_end_a_metric_early() {
        use Phase::{Failed, Running, Successful};
        let mut metric = each_minute(Some(4));
        (metric.failure_limit, metric.consecutive_success_limit) = (Some(-1), Some(2));
        assert_eq!(after(&metric, &[Successful, Failed, Successful]), Running);
        assert_eq!(after(&metric, &[Failed, Failed, Successful, Successful]), Successful);
        assert_eq!(after(&metric, &[Successful, Failed, Successful, Failed]), Failed);
        metric.failure_limit = Some(2);
        assert_eq!(after(&metric, &[Successful, Failed, Successful, Failed]), Phase::Inconclusive);
    }
}

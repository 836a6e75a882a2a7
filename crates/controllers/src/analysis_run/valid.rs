//! What the controller's own validation says of the metrics of a run, in its words
//! (`utils/analysis/factory.go`, `ValidateMetrics`): it looks when the run begins, and a run that
//! it refuses ends in Error without a measurement. Deliberately unknown here: measurements.

use super::metric::ArgoMetric;

/// What is wrong with the metrics of one run; the first that is found, as the controller stops
/// there.
pub fn problem(metrics: &[ArgoMetric]) -> Option<String> {
    if metrics.is_empty() {
        return Some("no metrics specified".into());
    }
    problems(metrics).next().map(|(_, why)| why)
}

/// What is wrong with each of the metrics, by its number.
pub fn problems(metrics: &[ArgoMetric]) -> impl Iterator<Item = (usize, String)> + '_ {
    metrics.iter().enumerate().filter_map(|(i, metric)| {
        let twice = metrics[..i].iter().any(|other| other.name == metric.name);
        let why = match twice {
            true => Some(format!("duplicate name '{}'", metric.name)),
            false => of_metric(metric),
        };
        why.map(|why| (i, format!("metrics[{i}]: {why}")))
    })
}

/// `ValidateMetric`
fn of_metric(metric: &ArgoMetric) -> Option<String> {
    let failures = metric.failure_limit.unwrap_or(0);
    let successes = metric.consecutive_success_limit.unwrap_or(0);
    let inconclusive = metric.inconclusive_limit.unwrap_or(0);
    let count = metric.count.unwrap_or(0);
    let negative = if successes < 0 {
        "consecutiveSuccessLimit must be >= 0"
    } else if failures < -1 {
        "failureLimit must be >= 0, or -1 to be disabled"
    } else if successes == 0 && failures == -1 {
        "failureLimit and consecutiveSuccessLimit cannot both be disabled"
    } else if inconclusive < 0 {
        "inconclusiveLimit must be >= 0"
    } else if metric.consecutive_error_limit.is_some_and(|limit| limit < 0) {
        "consecutiveErrorLimit must be >= 0"
    } else {
        ""
    };
    if !negative.is_empty() {
        return Some(negative.into());
    }
    // Without a count there is nothing that limits could be too large for.
    if count > 0 && failures >= 0 && count < failures.saturating_add(successes) {
        return Some(format!(
            "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + \
             {successes}) if both >= 0"
        ));
    }
    let too_few = match (count > 0, failures < 0 && count < successes, count < inconclusive) {
        (true, true, _) => "count must be >= consecutiveSuccessLimit",
        (true, false, true) => "count must be >= inconclusiveLimit",
        _ if count > 1 && metric.interval.is_none() => "interval must be specified when count > 1",
        _ => "",
    };
    let why = match (too_few, metric.providers()) {
        ("", 1) => return None,
        ("", 0) => "no provider specified",
        ("", _) => "multiple providers specified",
        (why, _) => why,
    };
    Some(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis_run::metric::Given;
    use windtunnel_base::time::SimDuration;

    fn said(metric: ArgoMetric) -> String {
        problem(&[metric]).unwrap_or_default()
    }

    fn metric() -> ArgoMetric {
        let interval = Some(SimDuration::from_secs(60));
        ArgoMetric { query: "vector(1)".into(), interval, ..ArgoMetric::default() }
    }

    /// Limits are held against a count that is written, and against nothing else.
    #[test]
    fn limits_without_a_count_are_taken() {
        for interval in [None, metric().interval] {
            let limits = ArgoMetric {
                failure_limit: Some(3),
                inconclusive_limit: Some(3),
                consecutive_error_limit: Some(3),
                consecutive_success_limit: Some(3),
                ..metric()
            };
            assert_eq!(said(ArgoMetric { interval, ..limits.clone() }), "");
            assert_eq!(said(ArgoMetric { interval, count: Some(0), ..limits }), "");
        }
    }

    #[test]
    fn what_is_refused_is_refused_in_the_controllers_words() {
        let of = |count, failures, successes, inconclusive| {
            said(ArgoMetric {
                count,
                failure_limit: failures,
                consecutive_success_limit: successes,
                inconclusive_limit: inconclusive,
                ..metric()
            })
        };
        assert_eq!(of(Some(3), Some(3), None, Some(3)), "");
        assert_eq!(of(Some(3), Some(-1), Some(3), None), "");
        for (found, wanted) in [
            (
                of(Some(3), Some(2), Some(2), None),
                "count (3) must be >= failureLimit + consecutiveSuccessLimit (2 + 2) if both >= 0",
            ),
            (of(Some(3), Some(-1), Some(4), None), "count must be >= consecutiveSuccessLimit"),
            (of(Some(3), None, None, Some(4)), "count must be >= inconclusiveLimit"),
            (of(None, None, Some(-1), None), "consecutiveSuccessLimit must be >= 0"),
            (of(None, Some(-2), None, None), "failureLimit must be >= 0, or -1 to be disabled"),
            (
                of(None, Some(-1), None, None),
                "failureLimit and consecutiveSuccessLimit cannot both be disabled",
            ),
            (of(None, None, None, Some(-1)), "inconclusiveLimit must be >= 0"),
        ] {
            assert_eq!(found, format!("metrics[0]: {wanted}"));
        }
        let late = ArgoMetric { consecutive_error_limit: Some(-1), ..metric() };
        assert_eq!(said(late), "metrics[0]: consecutiveErrorLimit must be >= 0");
        let once = ArgoMetric { interval: None, count: Some(2), ..metric() };
        assert_eq!(said(once), "metrics[0]: interval must be specified when count > 1");
    }

    #[test]
    fn a_metric_has_one_provider_and_a_name_of_its_own() {
        assert_eq!(problem(&[]).as_deref(), Some("no metrics specified"));
        assert_eq!(said(ArgoMetric::default()), "metrics[0]: no provider specified");
        let given = |provider: &str| Some(Given { provider: provider.into(), ..Given::default() });
        assert_eq!(said(ArgoMetric { given: given("job"), ..ArgoMetric::default() }), "");
        let several = "metrics[0]: multiple providers specified";
        assert_eq!(said(ArgoMetric { given: given("job"), ..metric() }), several);
        assert_eq!(said(ArgoMetric { given: given("job, web"), ..ArgoMetric::default() }), several);
        let wrong = problem(&[metric(), ArgoMetric::default(), metric()]);
        assert_eq!(wrong.as_deref(), Some("metrics[1]: duplicate name ''"));
    }
}

//! One AnalysisRun: which metrics are due, what a measurement adds, where the run stands.
//!
//! Follows `analysis/analysis.go` (`generateMetricTasks`, `runMeasurements`, `assessRunStatus`,
//! `calculateNextReconcileTime`). Prometheus answers at once; a job is in flight for a while.
//! Deliberately unknown here: how a query is answered, and who wants the verdict.

use super::assess::{Counters, beyond_limits, metric_phase};
use super::metric::{ArgoMetric, ERROR_RETRY, Given};
use super::outcome::{MeasurementAnswer, Phase, judge};
use super::valid;
use windtunnel_base::time::unix_ms;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_expr::dates::instant;

/// Measurements that are kept of each metric; counters know of all.
const MEASUREMENTS_KEPT: usize = 10;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// What it came to; Running while in flight.
    pub phase: Phase,
    /// When it began.
    pub started: SimTime,
    /// When it ended.
    pub finished: Option<SimTime>,
    /// When a measurement in flight is looked at again.
    pub resume: Option<SimTime>,
    /// What was measured.
    pub value: String,
    /// Why it is an error.
    pub message: String,
}

/// What is known of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Result {
    /// Where the metric stands.
    pub phase: Phase,
    /// How many of its measurements ended in each way so far.
    pub counters: Counters,
    /// The last measurements, newest last.
    pub measurements: Vec<Measurement>,
    /// It has no say.
    pub dry_run: bool,
}

/// An AnalysisRun over the metrics of its template.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// When it began; nothing before its first look.
    pub started: Option<SimTime>,
    /// Where it stands.
    pub phase: Phase,
    /// Why it is where it is.
    pub message: String,
    /// Told to stop.
    pub terminate: bool,
    /// By metric; nothing until its first measurement.
    pub results: Vec<Option<Result>>,
}

impl Run {
    /// A run that has not begun, over this many metrics.
    pub fn new(metrics: usize) -> Run {
        Run {
            started: None,
            phase: Phase::Pending,
            message: String::new(),
            terminate: false,
            results: vec![None; metrics],
        }
    }

    /// One look at the run: takes the measurements that are due (`ask` answers the metric of a
    /// number) and assesses it. Returns the numbers of the metrics measured.
    pub fn look(
        &mut self,
        metrics: &[ArgoMetric],
        now: SimTime,
        ask: &mut dyn FnMut(usize) -> MeasurementAnswer,
    ) -> Vec<usize> {
        if self.phase.is_completed() {
            return Vec::new();
        }
        if self.started.is_none()
            && let Some(why) = valid::problem(metrics)
        {
            self.started = Some(now);
            (self.phase, self.message) = (Phase::Error, format!("Analysis spec invalid: {why}"));
            return Vec::new();
        }
        let (due, terminating) = (self.due(metrics, now), self.is_terminating());
        for number in &due {
            self.take(&metrics[*number], *number, terminating, now, ask);
        }
        self.assess(metrics, now);
        due
    }

    /// Is no new measurement taken any more?
    pub fn is_terminating(&self) -> bool {
        let bad =
            |phase: Phase| matches!(phase, Phase::Failed | Phase::Error | Phase::Inconclusive);
        self.terminate || self.results.iter().flatten().any(|r| !r.dry_run && bad(r.phase))
    }

    /// The numbers of the metrics to be measured now.
    pub fn due(&self, metrics: &[ArgoMetric], now: SimTime) -> Vec<usize> {
        let terminating = self.is_terminating();
        let is_due = |(number, metric): &(usize, &ArgoMetric)| {
            let known = self.results.get(*number).and_then(Option::as_ref);
            if known.is_some_and(|r| r.phase.is_completed()) {
                return false;
            }
            let Some((result, last)) = known.and_then(|r| r.measurements.last().map(|m| (r, m)))
            else {
                return !terminating && self.first_is_due(metric, now);
            };
            let Some(finished) = last.finished else {
                return terminating || last.resume.is_none_or(|resume| resume <= now);
            };
            if terminating || is_counted(metric, result) {
                return false;
            }
            let interval = match last.phase {
                Phase::Error => ERROR_RETRY,
                _ => metric.interval.unwrap_or(ERROR_RETRY),
            };
            now > finished + interval
        };
        metrics.iter().enumerate().filter(is_due).map(|(number, _)| number).collect()
    }

    fn first_is_due(&self, metric: &ArgoMetric, now: SimTime) -> bool {
        match (metric.initial_delay, self.started) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(delay), Some(started)) => started + delay <= now,
        }
    }

    /// Takes a measurement, begins one that takes its time, or ends the one in flight.
    fn take(
        &mut self,
        metric: &ArgoMetric,
        number: usize,
        terminating: bool,
        now: SimTime,
        ask: &mut dyn FnMut(usize) -> MeasurementAnswer,
    ) {
        let last = self.results[number].as_ref().and_then(|result| result.measurements.last());
        let flying = last.filter(|m| m.finished.is_none()).map(|m| m.started);
        let takes = metric.given.as_ref().map_or(SimDuration::ZERO, Given::known_after);
        let mut entry = Measurement {
            phase: Phase::Running,
            started: flying.unwrap_or(now),
            finished: None,
            resume: Some(now + takes),
            value: String::new(),
            message: String::new(),
        };
        if flying.is_some() && terminating {
            // What a job would have come to is not known.
            (entry.phase, entry.message) = (Phase::Inconclusive, "Metric Terminated".into());
        } else if flying.is_some() || takes == SimDuration::ZERO {
            let judged = judge(metric, &ask(number), &instant(unix_ms(now)));
            (entry.phase, entry.value, entry.message) =
                (judged.phase, judged.value, judged.message);
        }
        if entry.phase.is_completed() {
            (entry.finished, entry.resume) = (Some(now), None);
        }
        self.note(metric, number, flying.is_some(), entry);
    }

    fn note(
        &mut self,
        metric: &ArgoMetric,
        number: usize,
        replaces: bool,
        measurement: Measurement,
    ) {
        let entry = &mut self.results[number];
        let result = entry.get_or_insert_with(|| Result {
            phase: Phase::Running,
            counters: Counters::default(),
            measurements: Vec::new(),
            dry_run: metric.dry_run,
        });
        if measurement.phase.is_completed() {
            result.counters.add(measurement.phase);
        }
        if replaces {
            result.measurements.pop();
        }
        result.measurements.push(measurement);
        let surplus = result.measurements.len().saturating_sub(MEASUREMENTS_KEPT);
        result.measurements.drain(..surplus);
    }

    /// Writes the phases of all metrics, and of the run.
    pub fn assess(&mut self, metrics: &[ArgoMetric], now: SimTime) {
        let terminating = self.is_terminating();
        self.started.get_or_insert(now);
        let mut all_completed = true;
        let mut worst: Option<Phase> = None;
        let mut message = if self.terminate { "Run Terminated" } else { "" }.to_string();
        for (metric, entry) in metrics.iter().zip(&mut self.results) {
            let Some(result) = entry else {
                all_completed = false;
                continue;
            };
            if !result.phase.is_completed() {
                let last = result.measurements.last().map(|m| m.phase);
                result.phase = metric_phase(metric, &result.counters, last, terminating);
            }
            if !result.phase.is_completed() {
                all_completed = false;
            } else if result.dry_run {
                worst.get_or_insert(Phase::Successful);
            } else if worst.is_none_or(|worst| result.phase > worst) {
                worst = Some(result.phase);
                if let Some((_, why)) = beyond_limits(metric, &result.counters) {
                    message = told(metric, result, &why);
                }
            }
        }
        (self.phase, self.message) = match worst {
            None if terminating => (Phase::Successful, message),
            Some(worst) if terminating || all_completed => (worst, message),
            _ => (Phase::Running, String::new()),
        };
    }

    /// When the run is looked at next; nothing if no metric asks for it.
    pub fn next_look(&self, metrics: &[ArgoMetric], now: SimTime) -> Option<SimTime> {
        let next = |(metric, entry): (&ArgoMetric, &Option<Result>)| {
            let last = entry.as_ref().and_then(|r| r.measurements.last().map(|m| (r, m)));
            if entry.as_ref().is_some_and(|r| r.phase.is_completed()) {
                return None;
            }
            let Some((result, last)) = last else {
                return metric.initial_delay.map(|delay| self.started.unwrap_or(now) + delay);
            };
            let Some(finished) = last.finished else { return last.resume };
            if is_counted(metric, result) {
                return None;
            }
            match last.phase {
                Phase::Error => Some(finished + ERROR_RETRY),
                _ => metric.interval.map(|interval| finished + interval),
            }
        };
        metrics.iter().zip(&self.results).filter_map(next).min()
    }
}

fn is_counted(metric: &ArgoMetric, result: &Result) -> bool {
    metric.effective_count().is_some_and(|count| i64::from(result.counters.count) >= count)
}

fn told(metric: &ArgoMetric, result: &Result, why: &str) -> String {
    let (name, phase) = (&metric.name, result.phase.word());
    let last = result.measurements.last().map_or("", |m| m.message.as_str());
    let tail = match last {
        "" => String::new(),
        text => format!(": \"Error Message: {text}\""),
    };
    format!("Metric \"{name}\" assessed {phase} due to {why}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    fn secs(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    fn metric(name: &str, interval: u64, count: Option<i64>) -> ArgoMetric {
        ArgoMetric {
            name: name.into(),
            query: "x".into(),
            interval: Some(SimDuration::from_secs(interval)),
            count,
            success: Some("result[0] >= 0.95".into()),
            ..ArgoMetric::default()
        }
    }

    /// Looks at the run whenever it asks for it, until it ends or `until`; says when each
    /// measurement was taken. One nanosecond passes beyond an interval, as "after" asks for.
    fn fly(run: &mut Run, metrics: &[ArgoMetric], value: f64, until: u64) -> Vec<f64> {
        let mut now = SimTime::ZERO;
        let mut taken = Vec::new();
        while now <= secs(until) && !run.phase.is_completed() {
            let due = run.look(metrics, now, &mut |_| MeasurementAnswer::Samples(vec![value]));
            taken.extend(due.iter().map(|_| now.as_secs_f64().round()));
            let Some(next) = run.next_look(metrics, now) else { break };
            now = next.max(now) + SimDuration::from_nanos(1);
        }
        taken
    }

    #[test]
    fn measurements_follow_the_interval_until_the_count() {
        let metrics = [metric("rate", 60, Some(3))];
        let mut run = Run::new(1);
        assert_eq!(fly(&mut run, &metrics, 1.0, 1_000), [0.0, 60.0, 120.0]);
        assert_eq!(run.phase, Phase::Successful);
    }

    /// A failing metric with failureLimit 2 is found out at initialDelay + 2 intervals.
    #[test]
    fn the_time_to_detect() {
        let mut bad = metric("rate", 60, Some(10));
        bad.failure_limit = Some(2);
        bad.initial_delay = Some(SimDuration::from_secs(30));
        let mut run = Run::new(1);
        assert_eq!(fly(&mut run, &[bad], 0.5, 1_000), [30.0, 90.0, 150.0]);
        assert_eq!(run.phase, Phase::Failed);
        assert_eq!(
            run.message,
            "Metric \"rate\" assessed Failed due to failed (3) > failureLimit (2)"
        );
    }

    /// An empty vector is an error, tried again after 10 s; the fifth in a row ends the run: about
    /// 40 s after the first.
    #[test]
    fn no_data_ends_a_run_after_forty_seconds() {
        let metrics = [metric("rate", 300, None)];
        let mut run = Run::new(1);
        let mut now = SimTime::ZERO;
        while !run.phase.is_completed() {
            run.look(&metrics, now, &mut |_| MeasurementAnswer::Samples(vec![]));
            let Some(next) = run.next_look(&metrics, now) else { break };
            now = next + SimDuration::from_nanos(1);
        }
        assert_eq!(run.phase, Phase::Error);
        assert_eq!(now.as_secs_f64().round(), 40.0);
        assert!(run.message.contains("consecutiveErrors (5) > consecutiveErrorLimit (4)"));
    }

    /// `metrics: []`, or a metric without a provider: the run ends before it asks anything.
    #[test]
    fn a_run_that_is_no_run_ends_in_error() {
        for (metrics, why) in [
            (vec![], "no metrics specified"),
            (vec![ArgoMetric::default()], "metrics[0]: no provider specified"),
        ] {
            let mut run = Run::new(metrics.len());
            let asked = run.look(&metrics, secs(1), &mut |_| panic!("asks"));
            assert_eq!((run.phase, asked.len()), (Phase::Error, 0));
            assert_eq!(run.message, format!("Analysis spec invalid: {why}"));
            assert!(run.look(&metrics, secs(2), &mut |_| panic!("asks")).is_empty());
        }
    }

    #[test]
    fn one_bad_metric_ends_the_others() {
        let bad = ArgoMetric { success: Some("result[0] > 2".into()), ..metric("bad", 60, None) };
        let metrics = [metric("good", 10, Some(5)), bad];
        let mut run = Run::new(2);
        run.look(&metrics, SimTime::ZERO, &mut |_| MeasurementAnswer::Samples(vec![1.0]));
        assert_eq!(run.phase, Phase::Running);
        run.look(&metrics, secs(11), &mut |_| MeasurementAnswer::Samples(vec![1.0]));
        assert_eq!((run.phase, run.is_terminating()), (Phase::Failed, true));
        assert!(run.due(&metrics, secs(1_000)).is_empty());
    }

    #[test]
    fn dry_runs_have_no_say() {
        let bad = ArgoMetric { dry_run: true, ..metric("bad", 60, Some(1)) };
        let mut run = Run::new(1);
        fly(&mut run, std::slice::from_ref(&bad), 0.1, 100);
        assert_eq!(run.phase, Phase::Successful);
        assert_eq!(run.results[0].as_ref().map(|r| r.phase), Some(Phase::Failed));
    }

    /// A job of 6 s that fails: begun at 0 s, seen to be over at 8.2 s. Told to stop before that,
    /// it is inconclusive.
    #[test]
    fn jobs_are_in_flight_for_a_while() {
        let given =
            Given { provider: "job".into(), takes: SimDuration::from_secs(6), ..Given::default() };
        let metrics = [ArgoMetric { given: Some(given), ..ArgoMetric::default() }];
        let mut fails = |_| MeasurementAnswer::Given(Phase::Failed);
        let mut run = Run::new(1);
        assert_eq!(run.look(&metrics, SimTime::ZERO, &mut fails), [0]);
        assert_eq!(run.phase, Phase::Running);
        let next = run.next_look(&metrics, SimTime::ZERO).expect("another look");
        assert_eq!(next.as_secs_f64().round(), 8.0);
        assert!(run.look(&metrics, secs(7), &mut fails).is_empty());
        let mut stopped = run.clone();
        assert_eq!(run.look(&metrics, next, &mut fails), [0]);
        assert_eq!(run.phase, Phase::Failed);
        let kept: Vec<Phase> =
            run.results[0].iter().flat_map(|r| r.measurements.iter().map(|m| m.phase)).collect();
        assert_eq!(kept, [Phase::Failed]);
        stopped.terminate = true;
        stopped.look(&metrics, secs(1), &mut fails);
        assert_eq!(stopped.phase, Phase::Inconclusive);
    }

    #[test]
    fn a_run_told_to_stop_early_is_successful() {
        let metrics = [ArgoMetric {
            initial_delay: Some(SimDuration::from_secs(60)),
            ..metric("late", 60, None)
        }];
        let mut run = Run::new(1);
        run.look(&metrics, SimTime::ZERO, &mut |_| MeasurementAnswer::Samples(vec![]));
        assert_eq!(run.phase, Phase::Running);
        run.terminate = true;
        run.assess(&metrics, secs(1));
        assert_eq!((run.phase, run.message.as_str()), (Phase::Successful, "Run Terminated"));
    }
}

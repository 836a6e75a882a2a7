//! What an AnalysisTemplate says of one metric, as plain data with the defaults of the controller.
//!
//! Arguments (`{{args.name}}`) are filled in by whoever reads the manifest, and metrics named by
//! `dryRun` are marked there. Deliberately unknown here: measurements.

use super::canary_config::CanaryConfig;
use crate::reply::Reply;
use jiff::Zoned;
use windtunnel_base::time::SimDuration;
use windtunnel_expr::{Condition, Fault};

/// Errors in a row that are forgiven when nothing is said.
pub const CONSECUTIVE_ERROR_LIMIT: i64 = 4;

/// After this long a measurement that was an error is tried again, whatever the interval.
pub const ERROR_RETRY: SimDuration = SimDuration::from_secs(10);

/// One metric of an AnalysisTemplate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArgoMetric {
    /// `name`.
    pub name: String,
    /// `provider.prometheus.query`, arguments filled in; empty if another provider is asked.
    pub query: String,
    /// What another provider answers, which no flight can ask.
    pub given: Option<Given>,
    /// `provider.prometheus.rangeQuery`, if the query is one over time.
    pub range: Option<RangeQuery>,
    /// `interval` between the end of a measurement and the next one.
    pub interval: Option<SimDuration>,
    /// `initialDelay` before the first measurement.
    pub initial_delay: Option<SimDuration>,
    /// `count` of measurements; nothing and 0 mean one without interval, else no end.
    pub count: Option<i64>,
    /// `successCondition`.
    pub success: Option<String>,
    /// `failureCondition`.
    pub failure: Option<String>,
    /// `failureLimit`: failed measurements that are forgiven; -1 forgives all.
    pub failure_limit: Option<i64>,
    /// `inconclusiveLimit`: inconclusive measurements that are forgiven.
    pub inconclusive_limit: Option<i64>,
    /// `consecutiveErrorLimit`: errors in a row that are forgiven.
    pub consecutive_error_limit: Option<i64>,
    /// `consecutiveSuccessLimit`: successes in a row that are enough; 0 is off.
    pub consecutive_success_limit: Option<i64>,
    /// Named by `dryRun`: measured, but without a say.
    pub dry_run: bool,
}

/// `rangeQuery`, with its ends as instants in Argo's language, which are worked out anew for every
/// measurement: `now() - duration("1h")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeQuery {
    /// Where the range begins.
    pub start: String,
    /// Where it ends.
    pub end: String,
    /// The step between its points.
    pub step: SimDuration,
}

impl RangeQuery {
    /// Its ends in milliseconds of Unix time; the error is what the controller says.
    pub fn ends_ms(&self, now: &Zoned) -> Result<(i64, i64), String> {
        let end = |name: &str, text: &str| {
            let at = Condition::parse(text).map_err(|fault| fault.text);
            let at = at.and_then(|expression| expression.instant_ms(now));
            at.map_err(|why| format!("failed to parse rangeQuery.{name} as time: {why}"))
        };
        Ok((end("start", &self.start)?, end("end", &self.end)?))
    }
}

/// A metric of a provider that no flight can ask: a job, a web service, another database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// The provider's field: `job`, `web`, `datadog`; several with commas between them.
    pub provider: String,
    /// When a measurement is a success; it fails otherwise.
    pub reply: Reply,
    /// How long one takes.
    pub takes: SimDuration,
    /// What Kayenta judges, in place of `reply`.
    pub canary: Option<CanaryConfig>,
}

/// A job is looked at when it is created, and a millisecond later at the earliest.
const FIRST_LOOK_S: f64 = 0.001;

impl Given {
    /// After how long the controller knows of the end. It is called back by nobody: it looks at a
    /// job again after the root of twice the job's age in seconds (`metricproviders/job/job.go`
    /// Resume); other providers are waited for.
    pub fn known_after(&self) -> SimDuration {
        if self.provider != "job" || self.takes == SimDuration::ZERO {
            return self.takes;
        }
        let takes = self.takes.as_secs_f64();
        let mut age = FIRST_LOOK_S;
        while age < takes {
            age += (2.0 * age).sqrt();
        }
        SimDuration::from_nanos((age * 1e9) as u64)
    }
}

impl ArgoMetric {
    /// Measurements after which the metric is complete; nothing means never.
    pub fn effective_count(&self) -> Option<i64> {
        match (self.count.filter(|count| *count != 0), self.interval) {
            (Some(count), _) => Some(count),
            (None, None) => Some(1),
            (None, Some(_)) => None,
        }
    }

    /// What is wrong with the conditions, told early: of success and of failure, with their texts.
    pub fn faults(&self) -> [Option<(&str, Fault)>; 2] {
        [&self.success, &self.failure].map(|text| {
            let text = text.as_deref().filter(|text| !text.is_empty())?;
            Condition::parse(text).err().map(|fault| (text, fault))
        })
    }

    /// How many providers are asked; a run whose metrics do not ask one each ends in Error.
    pub fn providers(&self) -> usize {
        let others = self.given.as_ref().map_or(0, |given| given.provider.split(',').count());
        usize::from(!self.query.is_empty()) + others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_count_an_interval_runs_for_ever() {
        let secs = SimDuration::from_secs;
        let metric = |count, interval| ArgoMetric { count, interval, ..ArgoMetric::default() };
        assert_eq!(metric(None, None).effective_count(), Some(1));
        assert_eq!(metric(Some(0), Some(secs(60))).effective_count(), None);
        assert_eq!(metric(Some(3), Some(secs(60))).effective_count(), Some(3));
    }

    /// Ages of 0.001, 0.046, 0.348, 1.18, 2.72, 5.05, 8.23, … seconds: a job of 5 s is seen to be
    /// over at 5.05 s, one of 6 s at 8.23 s.
    #[test]
    fn jobs_are_looked_at_ever_more_rarely() {
        let given = |provider: &str, secs| Given {
            provider: provider.into(),
            takes: SimDuration::from_secs(secs),
            ..Given::default()
        };
        let known = |given: Given| (given.known_after().as_secs_f64() * 100.0).round() / 100.0;
        assert_eq!(known(given("job", 0)), 0.0);
        assert_eq!(known(given("job", 5)), 5.05);
        assert_eq!(known(given("job", 6)), 8.23);
        assert_eq!(known(given("web", 6)), 6.0);
    }
}

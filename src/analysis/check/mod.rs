//! Metric checks: is the new version good enough, as far as scraped telemetry tells?
//!
//! One file per check. A check reads windows of series and nothing else. What it answers when
//! there is no data is a setting, because controllers differ exactly there.

use crate::base::settings::{Part, Reader};
use crate::base::time::{SimDuration, SimTime};
use crate::telemetry::{Selector, Telemetry};

pub mod conversion;
pub mod cpu;
pub mod error_rate;
pub mod latency;

/// All checks, by their name in YAML.
pub const CHECKS: &[Part<Check>] = &[error_rate::PART, latency::PART, cpu::PART, conversion::PART];

/// What a check measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Share of requests answered with 5xx.
    ErrorRate,
    /// A quantile of the request duration in seconds, from histogram buckets.
    Latency {
        /// Which quantile, as a fraction.
        quantile: f64,
    },
    /// CPU use as a share of the limit.
    Cpu,
    /// Orders completed per checkout started.
    Conversion,
}

/// What the measured value is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// It must not exceed this.
    AtMost(f64),
    /// It must not fall below this.
    AtLeast(f64),
    /// It must not exceed the stable version's value times the factor plus the margin.
    AtMostStable {
        /// Factor on the stable value.
        factor: f64,
        /// Added to it, in the metric's unit.
        margin: f64,
    },
    /// It must not fall below the stable version's value times the factor.
    AtLeastStable {
        /// Factor on the stable value.
        factor: f64,
    },
}

impl Bound {
    /// Is the limit taken from the stable version?
    pub fn is_relative(self) -> bool {
        matches!(self, Bound::AtMostStable { .. } | Bound::AtLeastStable { .. })
    }
}

/// What a check says when its query is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoData {
    /// The check fails, as Flagger's "no values found" does.
    Fail,
    /// The check passes.
    Pass,
    /// The step waits for the next interval.
    Wait,
}

/// One check with its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name in stories and reports.
    pub name: &'static str,
    /// What it measures.
    pub metric: Metric,
    /// What that is held against.
    pub bound: Bound,
    /// Window of the query; the strategy's interval when absent.
    pub window: Option<SimDuration>,
    /// Verdict on an empty answer.
    pub no_data: NoData,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the check.
    pub check: &'static str,
    /// The measured value; nothing when the query was empty.
    pub value: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// Requests within the window.
    pub requests: f64,
    /// Does it pass?
    pub verdict: Verdict,
}

/// A check's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Good enough.
    Pass,
    /// Not good enough.
    Fail,
    /// Ask again.
    Wait,
}

impl Check {
    /// Judges `candidate` at an instant; `interval` is the window of checks that have none.
    pub fn judge(
        &self,
        telemetry: &Telemetry,
        candidate: Selector,
        stable: Selector,
        at: SimTime,
        interval: SimDuration,
    ) -> Finding {
        let window = self.window.unwrap_or(interval);
        let value = self.metric.value(telemetry, candidate, at, window);
        let reference = || self.metric.value(telemetry, stable, at, window);
        let (limit, upper) = match self.bound {
            Bound::AtMost(limit) => (Some(limit), true),
            Bound::AtLeast(limit) => (Some(limit), false),
            Bound::AtMostStable { factor, margin } => {
                (reference().map(|v| v * factor + margin), true)
            }
            Bound::AtLeastStable { factor } => (reference().map(|v| v * factor), false),
        };
        let verdict = match (value, limit) {
            (Some(value), Some(limit)) if upper == (value <= limit) || value == limit => {
                Verdict::Pass
            }
            (Some(_), Some(_)) => Verdict::Fail,
            _ => match self.no_data {
                NoData::Fail => Verdict::Fail,
                NoData::Pass => Verdict::Pass,
                NoData::Wait => Verdict::Wait,
            },
        };
        let requests = error_rate::requests(telemetry, candidate, at, window).unwrap_or(0.0);
        Finding { check: self.name, value, limit, requests, verdict }
    }

    /// The query behind the short form, in PromQL, for `explain` and stories.
    pub fn query(&self, interval: SimDuration) -> String {
        let window = self.window.unwrap_or(interval);
        match self.metric {
            Metric::ErrorRate => format!(
                "sum(rate(http_requests_total{{version=\"new\",status=~\"5..\"}}[{window}])) / \
                 sum(rate(http_requests_total{{version=\"new\"}}[{window}]))"
            ),
            Metric::Latency { quantile } => format!(
                "histogram_quantile({quantile}, sum by (le) \
                 (rate(http_request_duration_seconds_bucket{{version=\"new\"}}[{window}])))"
            ),
            Metric::Cpu => format!(
                "avg(rate(container_cpu_usage_seconds_total{{version=\"new\"}}[{window}])) / limit"
            ),
            Metric::Conversion => format!(
                "sum(rate(orders_completed_total{{version=\"new\"}}[{window}])) / \
                 sum(rate(checkout_started_total{{version=\"new\"}}[{window}]))"
            ),
        }
    }
}

impl Metric {
    /// The metric's value over the window that ends `at`; nothing when the query is empty or 0/0.
    pub fn value(
        self,
        telemetry: &Telemetry,
        select: Selector,
        at: SimTime,
        window: SimDuration,
    ) -> Option<f64> {
        let value = match self {
            Metric::ErrorRate => error_rate::value(telemetry, select, at, window),
            Metric::Latency { quantile } => latency::value(telemetry, select, at, window, quantile),
            Metric::Cpu => telemetry.cpu_share(select, at, window),
            Metric::Conversion => conversion::value(telemetry, select, at, window),
        };
        value.filter(|v| !v.is_nan())
    }
}

/// The settings that all checks share.
pub(super) fn common(r: &mut Reader<'_>) -> (Option<SimDuration>, NoData) {
    let window = r.opt_duration("window", "window of the query; default: the strategy's interval");
    let words = ["fail", "pass", "wait"];
    let help = "what an empty answer means; Flagger's \"no values found\" fails the check";
    let no_data = match r.choice("noData", &words, "fail", help) {
        0 => NoData::Fail,
        1 => NoData::Pass,
        _ => NoData::Wait,
    };
    (window, no_data)
}

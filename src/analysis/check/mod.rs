//! Metric checks: is the new version good enough, as far as scraped telemetry tells?
//!
//! One file per check. A check is a PromQL query over scraped series and a bound; the short forms
//! write the query that a careful operator would. What it answers when there is no data is a
//! setting, because controllers differ exactly there. It deliberately does not know who asks.

use super::promql::Query;
use super::promql::error::EvalError;
use super::promql::value::Value;
use crate::base::settings::{Part, Reader};
use crate::base::time::SimDuration;
pub use crate::world::action::Verdict;
use crate::world::service::Version;
use about::About;
use std::sync::Arc;

pub mod about;
pub mod conversion;
pub mod cpu;
pub mod error_rate;
pub mod latency;
pub mod query;

/// All checks, by their name in YAML.
pub const CHECKS: &[Part<Check>] =
    &[error_rate::PART, latency::PART, cpu::PART, conversion::PART, query::PART];

/// What a check measures.
#[derive(Clone, Debug, PartialEq)]
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
    /// A query of the user's own.
    Query {
        /// In PromQL.
        text: String,
    },
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
    /// The comparison must not hold; NaN compares false.
    FailsWhen(Compare, f64),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Compare {
    /// All, with their signs; longer signs come first.
    pub const ALL: [(&str, Compare); 6] = [
        (">=", Compare::AtLeast),
        ("<=", Compare::AtMost),
        ("==", Compare::Equal),
        ("!=", Compare::Unequal),
        (">", Compare::Above),
        ("<", Compare::Below),
    ];

    /// Does it hold?
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Compare::Above => value > limit,
            Compare::AtLeast => value >= limit,
            Compare::Below => value < limit,
            Compare::AtMost => value <= limit,
            Compare::Equal => value == limit,
            Compare::Unequal => value != limit && !value.is_nan(),
        }
    }
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
    pub name: Arc<str>,
    /// What it measures.
    pub metric: Metric,
    /// What that is held against.
    pub bound: Bound,
    /// Window of the query; the strategy's interval when absent.
    pub window: Option<SimDuration>,
    /// Verdict on an empty answer.
    pub no_data: NoData,
    /// Its queries, once it is bound.
    asked: Option<Arc<Asked>>,
}

/// The queries of a check.
#[derive(Debug, PartialEq)]
struct Asked {
    candidate: Query,
    stable: Option<Query>,
    requests: Query,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the check.
    pub check: Arc<str>,
    /// The measured value; nothing when the query was empty.
    pub value: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// Requests of the new version within the window.
    pub requests: f64,
    /// Does it pass?
    pub verdict: Verdict,
}

/// Who reads the texts of queries; nothing comes back of one that is none.
pub type Read<'a> = &'a mut dyn FnMut(&str) -> Option<Query>;

/// Who answers queries at the present instant.
pub type Ask<'a> = &'a dyn Fn(&Query) -> Result<Value, EvalError>;

impl Check {
    /// A check that has not been told yet whom it is about.
    pub fn new(
        name: &str,
        metric: Metric,
        bound: Bound,
        window: Option<SimDuration>,
        no_data: NoData,
    ) -> Check {
        Check { name: Arc::from(name), metric, bound, window, no_data, asked: None }
    }

    /// The same check with its queries, each read by `read`; `interval` is the window of checks
    /// that have none. Nothing comes back if one could not be read.
    pub fn bind(&self, about: &About<'_>, interval: SimDuration, read: Read<'_>) -> Option<Check> {
        let window = self.window.unwrap_or(interval);
        let candidate = read(&self.query(about, interval, Version::New));
        let stable = match self.bound.is_relative() {
            true => read(&self.query(about, interval, Version::Old)).map(Some),
            false => Some(None),
        };
        let requests = read(&error_rate::requests(about, Version::New, window));
        let asked = Asked { candidate: candidate?, stable: stable?, requests: requests? };
        Some(Check { asked: Some(Arc::new(asked)), ..self.clone() })
    }

    /// The query about a version, in PromQL.
    pub fn query(&self, about: &About<'_>, interval: SimDuration, version: Version) -> String {
        let window = self.window.unwrap_or(interval);
        match &self.metric {
            Metric::ErrorRate => error_rate::query(about, version, window),
            Metric::Latency { quantile } => latency::query(about, version, window, *quantile),
            Metric::Cpu => cpu::query(about, version, window),
            Metric::Conversion => conversion::query(about, version, window),
            Metric::Query { text } => text.clone(),
        }
    }

    /// All queries that it asks.
    pub fn queries(&self) -> Vec<Query> {
        let Some(asked) = &self.asked else { return Vec::new() };
        let all = [Some(&asked.candidate), asked.stable.as_ref(), Some(&asked.requests)];
        all.into_iter().flatten().cloned().collect()
    }

    /// Judges the release at the present instant.
    ///
    /// # Panics
    /// When it was never bound: machines are made of bound checks.
    pub fn judge(&self, ask: Ask<'_>) -> Finding {
        let asked = self.asked.as_ref().expect("a machine's checks are bound");
        let value = self.value(ask, &asked.candidate);
        let reference = || asked.stable.as_ref().and_then(|query| self.value(ask, query));
        let limit = match self.bound {
            Bound::AtMost(limit) | Bound::AtLeast(limit) | Bound::FailsWhen(_, limit) => {
                Some(limit)
            }
            Bound::AtMostStable { factor, margin } => reference().map(|v| v * factor + margin),
            Bound::AtLeastStable { factor } => reference().map(|v| v * factor),
        };
        let verdict = match value.zip(limit) {
            Some((value, limit)) if self.passes(value, limit) => Verdict::Pass,
            Some(_) => Verdict::Fail,
            None => match self.no_data {
                NoData::Fail => Verdict::Fail,
                NoData::Pass => Verdict::Pass,
                NoData::Wait => Verdict::Wait,
            },
        };
        let requests = first(ask(&asked.requests)).unwrap_or(0.0);
        Finding { check: Arc::clone(&self.name), value, limit, requests, verdict }
    }

    fn passes(&self, value: f64, limit: f64) -> bool {
        match self.bound {
            Bound::AtMost(_) | Bound::AtMostStable { .. } => value <= limit,
            Bound::AtLeast(_) | Bound::AtLeastStable { .. } => value >= limit,
            Bound::FailsWhen(compare, _) => !compare.holds(value, limit),
        }
    }

    /// The first value of an answer. 0/0 is no value to the short forms; to a query of the user's
    /// own it is one, and compares false.
    fn value(&self, ask: Ask<'_>, query: &Query) -> Option<f64> {
        let keeps_nan = matches!(self.metric, Metric::Query { .. });
        first(ask(query)).filter(|value| keeps_nan || !value.is_nan())
    }
}

/// The number that an answer begins with; errors have none.
fn first(answer: Result<Value, EvalError>) -> Option<f64> {
    match answer.ok()? {
        Value::Scalar(value) => Some(value),
        Value::Vector(elements) => elements.first().map(|element| element.value),
        Value::Matrix(_) | Value::Text(_) => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::promql::error::fail;
    use crate::analysis::promql::value::Element;
    use crate::world::names::Names;

    fn bound(check: &Check, about: &About<'_>, secs: u64) -> Check {
        let read = &mut |text: &str| Query::parse(text).ok();
        check.bind(about, SimDuration::from_secs(secs), read).expect("queries")
    }

    fn judged(check: &Check, answer: impl Fn(&str) -> Result<Value, EvalError>) -> Finding {
        let names = Names::of_service("shop");
        let rules = Default::default();
        let about = About { names: &names, replicas: 4, cpu_limit: 0.5, routes: &[], rules };
        bound(check, &about, 60).judge(&|query| answer(query.text()))
    }

    fn one(value: f64) -> Result<Value, EvalError> {
        Ok(Value::Vector(vec![Element { labels: Vec::new(), value }]))
    }

    #[test]
    fn every_short_form_is_a_query_that_prometheus_takes() {
        let names = Names::of_service("shop");
        let rules = Default::default();
        let about = About { names: &names, replicas: 4, cpu_limit: 0.5, routes: &[], rules };
        for metric in
            [Metric::ErrorRate, Metric::Latency { quantile: 0.99 }, Metric::Cpu, Metric::Conversion]
        {
            let relative = Bound::AtMostStable { factor: 1.1, margin: 0.0 };
            let check = Check::new("c", metric, relative, None, NoData::Fail);
            let check = bound(&check, &about, 90);
            assert_eq!(check.queries().len(), 3, "{check:?}");
            assert!(check.queries()[0].text().contains("[90s]"));
        }
    }

    #[test]
    fn bounds_are_inclusive_and_may_come_from_the_stable_version() {
        let check = |bound| Check::new("c", Metric::ErrorRate, bound, None, NoData::Fail);
        let at_most = check(Bound::AtMost(0.01));
        assert_eq!(judged(&at_most, |_| one(0.01)).verdict, Verdict::Pass);
        assert_eq!(judged(&at_most, |_| one(0.0101)).verdict, Verdict::Fail);
        let relative = check(Bound::AtMostStable { factor: 1.0, margin: 0.02 });
        let versus = |new: f64| {
            judged(&relative, |query| one(if query.contains("\"old\"") { 0.03 } else { new }))
        };
        assert_eq!((versus(0.05).limit, versus(0.05).verdict), (Some(0.05), Verdict::Pass));
        assert_eq!(versus(0.051).verdict, Verdict::Fail);
    }

    #[test]
    fn no_data_is_a_setting_and_an_error_is_no_data() {
        for (no_data, verdict) in [
            (NoData::Fail, Verdict::Fail),
            (NoData::Pass, Verdict::Pass),
            (NoData::Wait, Verdict::Wait),
        ] {
            let check = Check::new("c", Metric::ErrorRate, Bound::AtMost(0.01), None, no_data);
            assert_eq!(judged(&check, |_| Ok(Value::Vector(Vec::new()))).verdict, verdict);
            assert_eq!(judged(&check, |_| one(f64::NAN)).verdict, verdict, "0/0");
            assert_eq!(judged(&check, |_| fail("two series")).verdict, verdict);
        }
    }

    #[test]
    fn a_query_of_ones_own_compares_nan_as_false() {
        let metric = Metric::Query { text: "sum(up)".into() };
        let bound = Bound::FailsWhen(Compare::Above, 0.5);
        let check = Check::new("mine", metric, bound, None, NoData::Fail);
        assert_eq!(judged(&check, |_| one(f64::NAN)).verdict, Verdict::Pass);
        assert_eq!(judged(&check, |_| Ok(Value::Scalar(0.6))).verdict, Verdict::Fail);
    }
}

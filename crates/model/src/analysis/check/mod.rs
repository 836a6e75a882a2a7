//! Metric checks: is the new version good enough, as far as scraped telemetry tells?
//!
//! A check is query × window × judge. The short forms, one file each, write the query that a
//! careful operator would; the judges, one file each ([`judge`]), say what of it they want to see
//! and what they make of it: a value against a limit unless another is named. What is answered when
//! there is no data is a setting, because controllers differ exactly there. It deliberately does
//! not know who asks.

use super::promql::Query;
use super::promql::error::EvalError;
use super::promql::value::Value;
use crate::world::action::Evidence;
pub use crate::world::action::Verdict;
use crate::world::service::Version;
use about::About;
use judge::{Judging, Look};
use samples::{Asked, first};
use std::sync::Arc;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

pub mod about;
pub mod conversion;
pub mod cpu;
pub mod error_rate;
pub mod judge;
pub mod latency;
pub mod memory;
pub mod query;
mod samples;

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
        /// Seconds from which on a request counts as slow, for judges that count.
        slow: f64,
    },
    /// CPU use as a share of the limit.
    Cpu,
    /// Orders completed per checkout started.
    Conversion,
    /// A query of the user's own.
    Query {
        /// In PromQL.
        text: String,
        /// The same of the stable version.
        stable: Option<String>,
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
    /// Who judges that.
    pub judge: Judging,
    /// Window of the query; the strategy's interval when absent.
    pub window: Option<SimDuration>,
    /// Verdict on an empty answer.
    pub no_data: NoData,
    /// Its queries, once it is bound.
    asked: Option<Arc<Asked>>,
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
        judge: Judging,
        window: Option<SimDuration>,
        no_data: NoData,
    ) -> Check {
        // A plain limit is what a check is by itself; others are told apart by their judge.
        let name = match judge.bound() {
            Some(_) => Arc::from(name),
            None => Arc::from(format!("{name}/{}", judge.name())),
        };
        Check { name, metric, judge, window, no_data, asked: None }
    }

    /// The plain limit that it holds a value against, if that is all its judge does.
    pub fn bound(&self) -> Option<Bound> {
        self.judge.bound()
    }

    /// Does it need a stable version to compare with?
    pub fn compares(&self) -> bool {
        self.judge.asks().stable
    }

    /// The same check with its queries, each read by `read`; `interval` is the window of checks
    /// that have none. Nothing comes back if one could not be read.
    pub fn bind(&self, about: &About<'_>, interval: SimDuration, read: Read<'_>) -> Option<Check> {
        let (window, asks) = (self.window.unwrap_or(interval), self.judge.asks());
        let mut of = |version| -> Option<Vec<Query>> {
            let texts = samples::texts(self, &asks, about, (window, interval), version);
            // Every wrong text is told, not only the first.
            let read: Vec<Option<Query>> = texts.iter().map(|text| read(text)).collect();
            read.into_iter().collect()
        };
        let new = of(Version::New);
        let stable = if asks.stable { of(Version::Old) } else { Some(Vec::new()) };
        let requests = read(&error_rate::requests(about, Version::New, window));
        let asked = Asked { new: new?, stable: stable?, requests: requests? };
        Some(Check { asked: Some(Arc::new(asked)), ..self.clone() })
    }

    /// The query about a version, in PromQL.
    pub fn query(&self, about: &About<'_>, interval: SimDuration, version: Version) -> String {
        let window = self.window.unwrap_or(interval);
        match &self.metric {
            Metric::ErrorRate => error_rate::query(about, version, window),
            Metric::Latency { quantile, .. } => latency::query(about, version, window, *quantile),
            Metric::Cpu => cpu::query(about, version, window),
            Metric::Conversion => conversion::query(about, version, window),
            Metric::Query { stable: Some(stable), .. } if version == Version::Old => stable.clone(),
            Metric::Query { text, .. } => text.clone(),
        }
    }

    /// All queries that it asks.
    pub fn queries(&self) -> Vec<Query> {
        let Some(asked) = &self.asked else { return Vec::new() };
        let both = asked.new.iter().chain(&asked.stable);
        both.chain([&asked.requests]).cloned().collect()
    }

    /// The queries of the user's own in it, about both versions.
    pub fn own(&self) -> Vec<Query> {
        match (&self.metric, &self.asked) {
            (Metric::Query { .. }, Some(asked)) => {
                asked.new.iter().chain(&asked.stable).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Looks at the release at the present instant, and judges it by this look and those before,
    /// which the asker keeps in `looks`.
    ///
    /// # Panics
    /// When it was never bound: machines are made of bound checks.
    pub fn judge(&self, ask: Ask<'_>, looks: &mut Vec<Look>) -> Evidence {
        let asked = self.asked.as_ref().expect("a machine's checks are bound");
        let asks = self.judge.asks();
        // 0/0 is no value to the short forms; to a query of the user's own it is one, and compares
        // false.
        let keeps_nan = matches!(self.metric, Metric::Query { .. });
        looks.push(samples::look(asked, &asks, keeps_nan, ask));
        looks.drain(..looks.len() - asks.looks.unwrap_or(usize::MAX).min(looks.len()));
        let found = self.judge.judge(looks);
        let verdict = found.verdict.unwrap_or(match self.no_data {
            NoData::Fail => Verdict::Fail,
            NoData::Pass => Verdict::Pass,
            NoData::Wait => Verdict::Wait,
        });
        let requests = found.requests.unwrap_or_else(|| first(ask(&asked.requests)).unwrap_or(0.0));
        Evidence {
            check: Arc::clone(&self.name),
            value: found.value,
            limit: found.limit,
            requests: Some(requests),
            verdict,
            tested: found.tested,
        }
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

    fn judged(check: &Check, answer: impl Fn(&str) -> Result<Value, EvalError>) -> Evidence {
        let names = Names::of_service("shop");
        let rules = Default::default();
        let about = About { names: &names, replicas: 4, cpu_limit: 0.5, routes: &[], rules };
        bound(check, &about, 60).judge(&|query| answer(query.text()), &mut Vec::new())
    }

    fn one(value: f64) -> Result<Value, EvalError> {
        Ok(Value::Vector(vec![Element { labels: Vec::new(), value }]))
    }

    #[test]
    fn every_short_form_is_a_query_that_prometheus_takes() {
        let names = Names::of_service("shop");
        let rules = Default::default();
        let about = About { names: &names, replicas: 4, cpu_limit: 0.5, routes: &[], rules };
        for metric in [
            Metric::ErrorRate,
            Metric::Latency { quantile: 0.99, slow: 0.5 },
            Metric::Cpu,
            Metric::Conversion,
        ] {
            let relative = Bound::AtMostStable { factor: 1.1, margin: 0.0 };
            let judge = Judging::of_bound(relative);
            let check = Check::new("c", metric, judge, None, NoData::Fail);
            let check = bound(&check, &about, 90);
            assert_eq!(check.queries().len(), 3, "{check:?}");
            assert!(check.queries()[0].text().contains("[90s]"));
        }
    }

    #[test]
    fn bounds_are_inclusive_and_may_come_from_the_stable_version() {
        let judge = Judging::of_bound;
        let check = |bound| Check::new("c", Metric::ErrorRate, judge(bound), None, NoData::Fail);
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
            let judge = Judging::of_bound(Bound::AtMost(0.01));
            let check = Check::new("c", Metric::ErrorRate, judge, None, no_data);
            assert_eq!(judged(&check, |_| Ok(Value::Vector(Vec::new()))).verdict, verdict);
            assert_eq!(judged(&check, |_| one(f64::NAN)).verdict, verdict, "0/0");
            assert_eq!(judged(&check, |_| fail("two series")).verdict, verdict);
        }
    }

    #[test]
    fn a_query_of_ones_own_compares_nan_as_false() {
        let metric = Metric::Query { text: "sum(up)".into(), stable: None };
        let judge = Judging::of_bound(Bound::FailsWhen(Compare::Above, 0.5));
        let check = Check::new("mine", metric, judge, None, NoData::Fail);
        assert_eq!(judged(&check, |_| one(f64::NAN)).verdict, Verdict::Pass);
        assert_eq!(judged(&check, |_| Ok(Value::Scalar(0.6))).verdict, Verdict::Fail);
    }
}

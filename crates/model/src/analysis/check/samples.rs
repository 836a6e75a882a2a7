//! What a judge asks for, as queries; and their answers, as samples.
//!
//! Counts are differences of counters between two instants, series by series: whole numbers over
//! the time between two looks of a step. What is served while the next step's pods come up is in no
//! look. `increase` would extrapolate them to the window's ends, and a
//! test that takes 45 s of requests for 60 s of them alarms too often. A series that is younger
//! than the window counts from its birth; one that began anew counts nothing until it has caught
//! up. Deliberately absent: what the samples mean.

use super::about::{About, range};
use super::judge::{Asks, Counts, Look, Over, Sample, Samples};
use super::{Ask, Check, Metric, conversion, error_rate, latency};
use crate::analysis::promql::Query;
use crate::analysis::promql::error::EvalError;
use crate::analysis::promql::value::Value;
use crate::world::service::Version;
use windtunnel_base::time::SimDuration;

/// The queries of a check.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    /// About the new version.
    pub new: Vec<Query>,
    /// About the stable version, where it is compared with.
    pub stable: Vec<Query>,
    /// Requests of the new version, for the event log.
    pub requests: Query,
}

/// The sum of what counters gained over a window, in whole numbers; empty without any series.
pub(super) fn gained(counter: &str, window: SimDuration) -> String {
    let range = range(window);
    format!("sum(clamp_min({counter} - ({counter} offset {range} or {counter} * 0), 0))")
}

/// The queries of what `asks` wants of a version; `window` is the check's.
pub(super) fn texts(
    check: &Check,
    asks: &Asks,
    about: &About<'_>,
    (window, interval): (SimDuration, SimDuration),
    version: Version,
) -> Vec<String> {
    let value = || check.query(about, interval, version);
    match &asks.samples {
        Samples::Value => vec![value()],
        Samples::Series { lifetime, step } => {
            let step = step.unwrap_or(window);
            vec![format!("(\n{}\n)[{}:{}]", value(), range(*lifetime), range(step))]
        }
        Samples::Counts(over) => {
            let windows = match over {
                Over::Window => vec![window],
                Over::Interval => vec![interval],
                Over::Windows(own) => own.clone(),
            };
            windows.iter().flat_map(|w| counted(&check.metric, about, version, *w)).collect()
        }
    }
}

/// Bad requests, then all.
fn counted(metric: &Metric, about: &About<'_>, version: Version, w: SimDuration) -> Vec<String> {
    let [bad, all] = match metric {
        Metric::ErrorRate => error_rate::counts(about, version, w),
        Metric::Latency { slow, .. } => latency::counts(about, version, w, *slow),
        Metric::Conversion => conversion::counts(about, version, w),
        Metric::Cpu | Metric::Query { .. } => return Vec::new(),
    };
    vec![bad, all]
}

/// One look at both versions.
pub(super) fn look(asked: &Asked, asks: &Asks, keeps_nan: bool, ask: Ask<'_>) -> Look {
    let of = |queries: &[Query]| sight(queries, asks, keeps_nan, ask);
    let (new, mut stable) = (of(&asked.new), of(&asked.stable));
    // What the stable version did before the new one was there is no control.
    if let Some((first, _)) = new.series.first() {
        stable.series.retain(|(at, _)| at >= first);
    }
    Look { new, stable }
}

fn sight(queries: &[Query], asks: &Asks, keeps_nan: bool, ask: Ask<'_>) -> Sample {
    let value = |query: &Query| first(ask(query)).filter(|value| keeps_nan || !value.is_nan());
    match &asks.samples {
        Samples::Value => Sample { value: queries.first().and_then(value), ..Sample::default() },
        Samples::Series { .. } => {
            let answer = queries.first().map(ask);
            let rows = match answer {
                Some(Ok(Value::Matrix(rows))) => rows,
                _ => Vec::new(),
            };
            let series = rows.into_iter().next().map_or(Vec::new(), |row| row.samples);
            Sample { series, ..Sample::default() }
        }
        Samples::Counts(_) => {
            let whole = |query: &Query| {
                value(query).filter(|n| n.is_finite()).map(|n| n.max(0.0).round() as u64)
            };
            let pair = |pair: &[Query]| {
                let (bad, total) = (whole(&pair[0])?, whole(&pair[1])?);
                Some(Counts { bad: bad.min(total), total })
            };
            let counts: Option<Vec<Counts>> = queries.chunks_exact(2).map(pair).collect();
            Sample { counts: counts.unwrap_or_default(), ..Sample::default() }
        }
    }
}

/// The number that an answer begins with; errors have none.
pub(super) fn first(answer: Result<Value, EvalError>) -> Option<f64> {
    match answer.ok()? {
        Value::Scalar(value) => Some(value),
        Value::Vector(elements) => elements.first().map(|element| element.value),
        Value::Matrix(_) | Value::Text(_) => None,
    }
}

//! Distributions as they are written: a duration, or a mapping that names the family.

use super::scalars::{duration, number};
use crate::distribution::Distribution;
use crate::node::{Node, Value};
use crate::problem::Place;
use std::ops::RangeInclusive;

const DISTRIBUTION: &str = "a duration such as 8s, or one of {constant: 8s}, \
    {uniform: {min, max}}, {exponential: {mean}}, {lognormal: {mean, cv}}, \
    {lognormal: {median, p90|p95|p99}}, {pareto: {min, alpha}}";

/// Reads a distribution; the error is the place and what was expected there.
pub(super) fn distribution(node: &Node) -> Result<Distribution, (Place, String)> {
    let wrong = |place: Place| (place, DISTRIBUTION.to_string());
    let Value::Map(entries) = &node.value else {
        let span = duration(node).map_err(|_| wrong(node.place))?;
        return Ok(Distribution::constant(span));
    };
    let [(kind, settings)] = entries.as_slice() else { return Err(wrong(node.place)) };
    let secs = |name: &str| -> Result<f64, (Place, String)> {
        let value = settings
            .get(name)
            .ok_or_else(|| (settings.place, format!("`{name}` in {}", kind.name)))?;
        let span = duration(value).map_err(|e| (value.place, e))?;
        match span.as_secs_f64() {
            secs if secs > 0.0 => Ok(secs),
            _ => Err((value.place, format!("`{name}` above 0"))),
        }
    };
    let plain = |name: &str, range: RangeInclusive<f64>| -> Result<f64, (Place, String)> {
        let value = settings
            .get(name)
            .ok_or_else(|| (settings.place, format!("`{name}` in {}", kind.name)))?;
        number(value, &range).map_err(|e| (value.place, e))
    };
    let known: &[&str] = match kind.name.as_str() {
        "uniform" => &["min", "max"],
        "exponential" => &["mean"],
        "lognormal" => &["mean", "cv", "median", "p90", "p95", "p99"],
        "pareto" => &["min", "alpha"],
        _ => &[],
    };
    if let Value::Map(given) = &settings.value
        && let Some((key, _)) = given.iter().find(|(k, _)| !known.contains(&k.name.as_str()))
    {
        return Err((key.place, format!("one of {} in {}", known.join(", "), kind.name)));
    }
    match kind.name.as_str() {
        "constant" => {
            duration(settings).map(Distribution::constant).map_err(|e| (settings.place, e))
        }
        "uniform" => {
            let (min, max) = (secs("min")?, secs("max")?);
            let ordered = min <= max;
            ordered
                .then_some(Distribution::Uniform { min, max })
                .ok_or((settings.place, "min not above max".to_string()))
        }
        "exponential" => Ok(Distribution::Exponential { mean: secs("mean")? }),
        "lognormal" if settings.get("mean").is_some() => {
            Ok(Distribution::lognormal_mean_cv(secs("mean")?, plain("cv", 0.0..=20.0)?))
        }
        "lognormal" => lognormal_by_quantile(settings, secs),
        "pareto" => {
            Ok(Distribution::Pareto { min: secs("min")?, alpha: plain("alpha", 1.01..=100.0)? })
        }
        _ => Err(wrong(kind.place)),
    }
}

fn lognormal_by_quantile(
    settings: &Node,
    secs: impl Fn(&str) -> Result<f64, (Place, String)>,
) -> Result<Distribution, (Place, String)> {
    let median = secs("median")?;
    for (name, q) in [("p90", 0.90), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(node) = settings.get(name) {
            let value = secs(name)?;
            if value <= median {
                return Err((node.place, format!("{name} above the median")));
            }
            return Ok(Distribution::lognormal_median_quantile(median, q, value));
        }
    }
    Err((settings.place, "p90, p95 or p99 beside the median".to_string()))
}

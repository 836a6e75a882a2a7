//! Functions of a range: each sees the samples of one series and gives at most one value.

use super::quantile::quantile;
use super::rate::{self, Change};
use super::regression;
use super::sums::{Sum, mean, variance};
use super::{Evaluator, Moment, Sample, distinct, fail};
use crate::analysis::promql::ast::Expr;
use crate::analysis::promql::error::EvalError;

impl Evaluator<'_> {
    /// Applies a function of a range; nothing if the name is none.
    pub(super) fn over_time(
        &mut self,
        name: &str,
        args: &[Expr],
        moment: Moment,
    ) -> Result<Option<Vec<Sample>>, EvalError> {
        let range_at = usize::from(name == "quantile_over_time");
        let Some(range) = args.get(range_at) else { return Ok(None) };
        let mut numbers = Vec::new();
        for (i, arg) in args.iter().enumerate().filter(|(i, _)| *i != range_at) {
            debug_assert!(i != range_at);
            numbers.push(self.scalar(arg, moment)?);
        }
        if name == "holt_winters" {
            smoothing("smoothing", "sf", numbers[0])?;
            smoothing("trend", "tf", numbers[1])?;
        }
        let (span, rules) = (Self::span(range, moment), self.options.rules);
        let mut found = Vec::new();
        let keeps_name = name == "last_over_time";
        self.each_window(range, moment, |labels, points| {
            let value = match name {
                "rate" => rate::extrapolated(Change::Rate, points, span, rules),
                "increase" => rate::extrapolated(Change::Increase, points, span, rules),
                "delta" => rate::extrapolated(Change::Delta, points, span, rules),
                "predict_linear" => regression::predict(points, moment.at, numbers[0]),
                "holt_winters" => regression::holt(points, numbers[0], numbers[1]),
                "quantile_over_time" => {
                    Some(quantile(numbers[0], points.iter().map(|p| p.1).collect()))
                }
                _ => of_window(name, points),
            };
            if let Some(value) = value {
                let kept = labels
                    .iter()
                    .filter(|(n, _)| keeps_name || *n != crate::telemetry::symbol::Symbol::NAME);
                found.push(Sample { labels: kept.copied().collect(), value });
            }
        })?;
        Ok(Some(distinct(found)?))
    }
}

fn smoothing(what: &str, short: &str, value: f64) -> Result<(), EvalError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    fail(format!("invalid {what} factor. Expected: 0 < {short} < 1, got: {value}"))
}

/// Functions that need the samples and nothing else.
fn of_window(name: &str, points: &[(i64, f64)]) -> Option<f64> {
    let values = || points.iter().map(|p| p.1);
    // The least and the greatest ignore NaN, unless there is nothing else.
    let best = |better: fn(f64, f64) -> bool| {
        let pick = |a: f64, b: f64| if a.is_nan() || better(b, a) { b } else { a };
        values().reduce(pick)
    };
    match name {
        "irate" => rate::instant(true, points),
        "idelta" => rate::instant(false, points),
        "resets" => Some(rate::resets(points)),
        "changes" => Some(rate::changes(points)),
        "deriv" => regression::deriv(points),
        "avg_over_time" => Some(mean(values())),
        "sum_over_time" => Some(Sum::of(values())),
        "count_over_time" => Some(points.len() as f64),
        "min_over_time" => best(|b, a| b < a),
        "max_over_time" => best(|b, a| b > a),
        "stddev_over_time" => Some(variance(values()).sqrt()),
        "stdvar_over_time" => Some(variance(values())),
        "last_over_time" => values().next_back(),
        "present_over_time" => Some(1.0),
        _ => None,
    }
}

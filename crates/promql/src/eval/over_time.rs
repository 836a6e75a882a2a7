//! Functions of a range: each sees the samples of one series and gives at most one value.

use super::fold::{greatest, least};
use super::points::Points;
use super::quantile::quantile;
use super::rate::{self, Change};
use super::regression;
use super::sums::{Sum, mean, stepwise_mean, variance};
use super::{Evaluator, Moment, Names, Sample, fail, goes_with_name};
use crate::Rules;
use crate::ast::{Expr, Node};
use crate::error::EvalError;
use crate::symbol::Symbol;

/// What a function makes of the samples of a series.
type OfSamples<'a> = Box<dyn Fn(Points<'_>) -> Option<f64> + 'a>;

/// What a function knows besides the samples.
struct Around<'a> {
    /// Arguments that are numbers.
    numbers: &'a [f64],
    /// The window: its first instant (excluded) and its last.
    span: (i64, i64),
    /// The instant of the question.
    now: i64,
    rules: Rules,
}

impl Evaluator<'_> {
    /// Applies a function of a range; nothing if the name is none.
    pub(super) fn over_time(
        &mut self,
        name: &str,
        args: &[Expr],
        moment: Moment,
    ) -> Result<Option<Vec<Sample>>, EvalError> {
        let mut found = Vec::new();
        let names = self.over_each(name, args, moment, |labels, value| {
            found.push(Sample { labels: labels.to_vec(), value });
        })?;
        names.map(|names| names.distinct(found)).transpose()
    }

    /// Runs `each` for every value that a function of a range gives, with the labels it leaves;
    /// says which names the series had.
    pub(super) fn over_each(
        &mut self,
        name: &str,
        args: &[Expr],
        moment: Moment,
        mut each: impl FnMut(&[(Symbol, Symbol)], f64),
    ) -> Result<Option<Names>, EvalError> {
        let range_at = usize::from(name == "quantile_over_time");
        let Some(range) = args.get(range_at) else { return Ok(None) };
        let mut numbers = Vec::new();
        for (_, arg) in args.iter().enumerate().filter(|(i, _)| *i != range_at) {
            numbers.push(self.scalar(arg, moment)?);
        }
        let (span, rules) = (Self::span(range, moment)?, self.options.rules);
        let around = Around { numbers: &numbers, span, now: moment.at, rules };
        let Some(apply) = function(name, &around) else { return Ok(None) };
        let keeps_name = matches!(name, "first_over_time" | "last_over_time");
        let (mut kept, mut names, mut any) = (Vec::new(), Names::default(), false);
        self.each_window(range, moment, |labels, points| {
            any = true;
            if let Some(value) = apply(points) {
                names.see(labels);
                kept.clear();
                kept.extend(
                    labels.iter().filter(|(n, _)| keeps_name || !goes_with_name(*n, rules)),
                );
                each(&kept, value);
            }
        })?;
        // Factors are looked at with the first series.
        if any && name == "holt_winters" {
            smoothing("smoothing", "sf", numbers[0])?;
            smoothing("trend", "tf", numbers[1])?;
        }
        Ok(Some(names))
    }
}

/// Do arguments ask for a range of one metric only? Without its name its series stay apart.
pub(super) fn one_metric(args: &[Expr]) -> bool {
    args.iter().any(|arg| match &arg.bare().node {
        Node::Range(selector, _) => selector.name().is_some(),
        _ => false,
    })
}

fn smoothing(what: &str, short: &str, value: f64) -> Result<(), EvalError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    fail(format!("invalid {what} factor. Expected: 0 < {short} < 1, got: {value}"))
}

/// The function of a name, chosen once for all series.
fn function<'a>(name: &str, around: &'a Around<'a>) -> Option<OfSamples<'a>> {
    let Around { numbers, span, now, rules } = *around;
    let changed = |change: Change| -> OfSamples<'a> {
        Box::new(move |points| rate::extrapolated(change, points, span, rules))
    };
    Some(match name {
        "rate" => changed(Change::Rate),
        "increase" => changed(Change::Increase),
        "delta" => changed(Change::Delta),
        "irate" => Box::new(|points| rate::instant(true, points)),
        "idelta" => Box::new(|points| rate::instant(false, points)),
        "resets" => Box::new(|points| Some(rate::resets(points))),
        "changes" => Box::new(|points| Some(rate::changes(points))),
        "deriv" => Box::new(regression::deriv),
        "predict_linear" => Box::new(move |points| regression::predict(points, now, numbers[0])),
        "holt_winters" => Box::new(|points| regression::holt(points, numbers[0], numbers[1])),
        "avg_over_time" if rules == Rules::V2 => {
            Box::new(|points| Some(stepwise_mean(values(points))))
        }
        "avg_over_time" => Box::new(|points| Some(mean(values(points)))),
        "sum_over_time" => Box::new(|points| Some(Sum::of(values(points)))),
        "count_over_time" => Box::new(|points| Some(points.len() as f64)),
        "min_over_time" => Box::new(|points| Some(least(values(points)))),
        "max_over_time" => Box::new(|points| Some(greatest(values(points)))),
        "stddev_over_time" => Box::new(|points| Some(variance(values(points)).sqrt())),
        "stdvar_over_time" => Box::new(|points| Some(variance(values(points)))),
        "first_over_time" => Box::new(|points| points.values.first().copied()),
        "last_over_time" => Box::new(|points| points.values.last().copied()),
        "present_over_time" => Box::new(|_| Some(1.0)),
        "quantile_over_time" => {
            Box::new(|points| Some(quantile(numbers[0], &mut points.values.to_vec())))
        }
        _ => return None,
    })
}

fn values(points: Points<'_>) -> impl DoubleEndedIterator<Item = f64> + Clone + '_ {
    points.values.iter().copied()
}

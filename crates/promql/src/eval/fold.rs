//! Values of a group become one (`promql/engine.go`, `aggregation`): the order of the values is the
//! order of the series, and the steps are Prometheus' own, so that rounding agrees, too.

use super::quantile::quantile;
use super::sums::Sum;
use crate::Rules;
use crate::ast::Fold;

/// The aggregate of a group that has values; `number` is the parameter of those that take one.
pub fn fold(op: Fold, number: f64, values: &mut [f64], rules: Rules) -> f64 {
    let old = rules == Rules::V2;
    let all = || values.iter().copied();
    match op {
        // Compensated since 2.54 and 2.55.
        Fold::Sum if old => all().sum(),
        Fold::Sum => Sum::of(all()),
        Fold::Avg if old => running_mean(values),
        Fold::Avg => super::sums::mean(all()),
        Fold::Min => least(all()),
        Fold::Max => greatest(all()),
        Fold::Count => values.len() as f64,
        Fold::Group => 1.0,
        Fold::Stddev => variance(values, rules).sqrt(),
        Fold::Stdvar => variance(values, rules),
        Fold::Quantile => quantile(number, values),
        Fold::Topk | Fold::Bottomk | Fold::CountValues => f64::NAN,
    }
}

/// The least value; NaN only if there is nothing else.
pub fn least(values: impl Iterator<Item = f64>) -> f64 {
    let pick = |a: f64, b: f64| if a > b || a.is_nan() { b } else { a };
    values.reduce(pick).unwrap_or(f64::NAN)
}

/// The greatest value; NaN only if there is nothing else.
pub fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    let pick = |a: f64, b: f64| if a < b || a.is_nan() { b } else { a };
    values.reduce(pick).unwrap_or(f64::NAN)
}

/// The mean as 2.42 builds it up, value by value.
fn running_mean(values: &[f64]) -> f64 {
    let mut mean = values.first().copied().unwrap_or(f64::NAN);
    for (i, value) in values.iter().enumerate().skip(1) {
        let (count, value) = ((i + 1) as f64, *value);
        // An infinite mean stays, unless the value takes it away.
        if mean.is_infinite() && (value.is_finite() || value == mean) {
            continue;
        }
        mean += value / count - mean / count;
    }
    mean
}

/// Population variance (÷ n), by Welford's steps. A first value that is not finite spoils it since
/// 3.x; 2.42 did not look at it.
fn variance(values: &[f64], rules: Rules) -> f64 {
    let mut mean = values.first().copied().unwrap_or(f64::NAN);
    let spoilt = rules == Rules::V3 && !mean.is_finite();
    let mut squares = if spoilt { f64::NAN } else { 0.0 };
    for (i, value) in values.iter().enumerate().skip(1) {
        let delta = value - mean;
        mean += delta / (i + 1) as f64;
        squares += delta * (value - mean);
    }
    squares / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn check(op: Fold, values: &[f64], old: f64, new: f64) {
        for (rules, wanted) in [(Rules::V2, old), (Rules::V3, new)] {
            let got = fold(op, 0.5, &mut values.to_vec(), rules);
            let same = got == wanted || got.is_nan() && wanted.is_nan();
            assert!(same, "{op:?} of {values:?} by {rules:?}: {got}, not {wanted}");
        }
    }

    #[test]
    fn both_generations_of_rules() {
        check(Fold::Sum, &[1e100, 1.0, -1e100], 0.0, 1.0);
        check(Fold::Avg, &[f64::MAX, f64::MAX], f64::MAX, f64::MAX);
        check(Fold::Avg, &[INF, 1.0], INF, INF);
        check(Fold::Avg, &[INF, -INF], f64::NAN, f64::NAN);
        check(Fold::Stdvar, &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 4.0, 4.0);
        check(Fold::Stdvar, &[INF], 0.0, f64::NAN);
        check(Fold::Stddev, &[1.0, INF], f64::NAN, f64::NAN);
    }

    #[test]
    fn nan_is_neither_least_nor_greatest_unless_alone() {
        check(Fold::Min, &[f64::NAN, 2.0, 1.0, f64::NAN], 1.0, 1.0);
        check(Fold::Max, &[f64::NAN, 1.0, 2.0], 2.0, 2.0);
        check(Fold::Max, &[f64::NAN], f64::NAN, f64::NAN);
    }
}

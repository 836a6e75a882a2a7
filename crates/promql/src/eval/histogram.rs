//! Classic histograms: quantiles and fractions of buckets (`promql/quantile.go`).

use super::{Evaluator, Labels, Moment, Sample, distinct, label};
use crate::ast::Expr;
use crate::error::EvalError;
use crate::literal::number;
use crate::symbol::Symbol;
use std::collections::BTreeMap;

/// A cumulative bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its upper bound.
    pub bound: f64,
    /// Observations up to it.
    pub count: f64,
}

/// Relative difference of counts below which they are the same (since 2.49).
const SAME: f64 = 1e-12;

impl Evaluator<'_> {
    /// `histogram_quantile` and `histogram_fraction`: one element per group of buckets.
    pub(super) fn histogram(
        &mut self,
        numbers: &[f64],
        vector: &Expr,
        moment: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let mut groups: BTreeMap<Labels, Vec<Bucket>> = BTreeMap::new();
        for sample in self.vector(vector, moment)? {
            let le = self.symbols.text(label(&sample.labels, Symbol::LE));
            let Some(bound) = bound_of(le) else { continue };
            let mut labels = sample.labels;
            labels.retain(|(name, _)| *name != Symbol::LE);
            groups.entry(labels).or_default().push(Bucket { bound, count: sample.value });
        }
        let rules = self.options.rules;
        let samples = groups.into_iter().map(|(mut labels, buckets)| {
            super::drop_name(&mut labels, rules);
            let value = match numbers {
                [phi] => bucket_quantile(*phi, buckets),
                [lower, upper, ..] => bucket_fraction(*lower, *upper, buckets),
                [] => f64::NAN,
            };
            Sample { labels, value }
        });
        distinct(samples.collect())
    }
}

/// A bound as `le` has it; Go's parser takes signs before `Inf`.
fn bound_of(le: &str) -> Option<f64> {
    let (sign, rest) = match le.strip_prefix(['+', '-']) {
        Some(rest) => (if le.starts_with('-') { -1.0 } else { 1.0 }, rest),
        None => (1.0, le),
    };
    let digits = rest.trim_start_matches('0');
    let rest = if digits.is_empty() || digits.starts_with(['.', 'e', 'E']) { rest } else { digits };
    if rest.eq_ignore_ascii_case("infinity") {
        return Some(sign * f64::INFINITY);
    }
    number(rest, false).map(|bound| sign * bound)
}

/// Sorted, equal bounds merged; nothing unless the last bound is +Inf.
fn merged(mut buckets: Vec<Bucket>) -> Option<Vec<Bucket>> {
    buckets.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    if buckets.last()?.bound != f64::INFINITY {
        return None;
    }
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match merged.last_mut() {
            Some(last) if last.bound == bucket.bound => last.count += bucket.count,
            _ => merged.push(bucket),
        }
    }
    Some(merged)
}

/// Makes counts rise, as cumulative counts do; a difference that rounding explains is none.
fn level(buckets: &mut [Bucket]) {
    let mut before = f64::NEG_INFINITY;
    for bucket in buckets {
        if is_same(bucket.count, before) || bucket.count < before {
            bucket.count = before;
        }
        before = bucket.count;
    }
}

/// `util/almost/almost.go`, with the tolerance of `promql/quantile.go`.
fn is_same(a: f64, b: f64) -> bool {
    let (difference, size) = ((a - b).abs(), a.abs() + b.abs());
    if a == 0.0 || b == 0.0 || size < f64::MIN_POSITIVE {
        return difference < SAME * f64::MIN_POSITIVE;
    }
    a == b || difference / size.min(f64::MAX) < SAME
}

/// The φ-quantile of cumulative buckets, linear within a bucket (`BucketQuantile`). NaN without
/// observations, with fewer than two buckets, or without a bucket that ends at +Inf.
pub fn bucket_quantile(phi: f64, buckets: Vec<Bucket>) -> f64 {
    if phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    let Some(mut buckets) = merged(buckets).filter(|b| b.len() >= 2) else { return f64::NAN };
    level(&mut buckets);
    let last = buckets.len() - 1;
    let total = buckets[last].count;
    if total == 0.0 {
        return f64::NAN;
    }
    let rank = phi * total;
    let at = buckets[..last].iter().position(|b| b.count >= rank).unwrap_or(last);
    if at == last {
        return buckets[last - 1].bound;
    }
    let end = buckets[at].bound;
    if at == 0 {
        return if end <= 0.0 { end } else { end * (rank / buckets[0].count) };
    }
    let (start, below) = (buckets[at - 1].bound, buckets[at - 1].count);
    start + (end - start) * ((rank - below) / (buckets[at].count - below))
}

/// The share of observations between two bounds, linear within a bucket (`BucketFraction`). NaN
/// without observations or without a bucket that ends at +Inf.
pub fn bucket_fraction(lower: f64, upper: f64, buckets: Vec<Bucket>) -> f64 {
    let Some(buckets) = merged(buckets) else { return f64::NAN };
    let total = buckets.last().map_or(0.0, |b| b.count);
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (below(upper, &buckets).min(total) - below(lower, &buckets).min(total)) / total
}

/// Observations below a bound. Buckets begin at 0 unless the first one ends there or before; a
/// bucket without a lower end counts as a whole, one without an upper end not at all.
fn below(bound: f64, buckets: &[Bucket]) -> f64 {
    let starts_at_zero = buckets.first().is_some_and(|b| b.bound > 0.0);
    let mut start = if starts_at_zero { 0.0 } else { f64::NEG_INFINITY };
    let mut rank = 0.0;
    for bucket in buckets {
        if start >= bound {
            return rank;
        }
        if bound < bucket.bound {
            if start == f64::NEG_INFINITY {
                return bucket.count;
            }
            return rank + (bucket.count - rank) * (bound - start) / (bucket.bound - start);
        }
        (start, rank) = (bucket.bound, bucket.count);
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(of: &[(f64, f64)]) -> Vec<Bucket> {
        of.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect()
    }

    const INF: f64 = f64::INFINITY;

    #[test]
    fn quantiles_of_odd_histograms() {
        let q = |phi, of: &[(f64, f64)]| bucket_quantile(phi, buckets(of));
        assert_eq!(q(0.5, &[(1.0, 2.0), (2.0, 4.0), (INF, 4.0)]), 1.0);
        assert_eq!(q(0.75, &[(2.0, 4.0), (1.0, 2.0), (INF, 4.0)]), 1.5, "any order");
        assert_eq!(q(0.99, &[(1.0, 1.0), (INF, 4.0)]), 1.0, "above the highest finite bound");
        assert!(q(0.0, &[(1.0, 0.0), (2.0, 4.0), (INF, 4.0)]).is_nan(), "0/0");
        assert!(q(0.5, &[(INF, 4.0)]).is_nan() && q(0.5, &[(1.0, 4.0)]).is_nan());
        assert!(q(0.5, &[(1.0, 0.0), (INF, 0.0)]).is_nan());
        assert_eq!(q(0.5, &[(-1.0, 3.0), (INF, 4.0)]), -1.0);
        // A count that falls is lifted to the one before.
        assert_eq!(q(1.0, &[(1.0, 4.0), (2.0, 3.0), (INF, 4.0)]), 1.0);
    }

    #[test]
    fn fractions_lie_between() {
        let f = |lo, hi| bucket_fraction(lo, hi, buckets(&[(1.0, 2.0), (2.0, 4.0), (INF, 4.0)]));
        assert_eq!((f(0.0, 1.0), f(0.5, 1.5), f(-5.0, 10.0)), (0.5, 0.5, 1.0));
        assert_eq!(f(2.0, 1.0), 0.0);
    }
}

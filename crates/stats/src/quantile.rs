//! Quantiles of a sample, with the interval that suits them.
//!
//! Deliberately absent: latency histograms (one replication's quantile is one value here), and the
//! quantiles of a mix of variants (see `mixture`).

use super::interval::Interval;
use windtunnel_base::maths;
use windtunnel_base::special::binomial_tails;

/// The sample in ascending order; nothing if it is empty or holds NaN.
pub fn sorted(sample: &[f64]) -> Option<Vec<f64>> {
    if sample.is_empty() || sample.iter().any(|x| x.is_nan()) {
        return None;
    }
    let mut values = sample.to_vec();
    values.sort_by(f64::total_cmp);
    Some(values)
}

/// The `q` quantile of an ascending sample, linear between order statistics (Hyndman & Fan's
/// type 7, the default of R and NumPy). Nothing for an empty sample or `q` outside [0, 1].
pub fn quantile_of_sorted(ascending: &[f64], q: f64) -> Option<f64> {
    if ascending.is_empty() || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * (ascending.len() - 1) as f64;
    let below = place.floor() as usize;
    let (low, high) = (ascending[below], ascending[(below + 1).min(ascending.len() - 1)]);
    let part = place - below as f64;
    Some(if part == 0.0 || low == high { low } else { low + (high - low) * part })
}

/// The `q` quantile of a sample in any order (type 7). Nothing for NaN or an empty sample.
pub fn quantile(sample: &[f64], q: f64) -> Option<f64> {
    quantile_of_sorted(&sorted(sample)?, q)
}

/// Which order statistics (1-based) bound a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// Rank of the lower bound; nothing if the sample is too small to have one.
    pub lower: Option<u64>,
    /// Rank of the upper bound; nothing if the sample is too small to have one.
    pub upper: Option<u64>,
    /// Probability that the bounds hold the quantile, at least the confidence asked for.
    pub coverage: f64,
    /// Probability that the largest value exceeds the quantile at all: 1 − qⁿ.
    pub max_exceeds: f64,
}

/// Distribution-free ranks for the `q` quantile of `n` values: l the largest with
/// P(Bin(n,q) ≤ l−1) ≤ α/2, u the smallest with P(Bin(n,q) ≥ u) ≤ α/2 (David & Nagaraja, "Order
/// Statistics", 7.1). Nothing for n = 0 or arguments outside (0, 1).
pub fn quantile_ranks(n: u64, q: f64, confidence: f64) -> Option<Ranks> {
    if n == 0 || !(q > 0.0 && q < 1.0 && confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let tail = (1.0 - confidence) / 2.0;
    let below = |k: u64| binomial_tails(k, n, q).0;
    let from = |k: u64| binomial_tails(k, n, q).1;
    // Both probabilities are monotone in the rank: the first rank that is no longer a bound.
    let lower = first_true(1, n + 1, |l| below(l) > tail) - 1;
    let upper = first_true(1, n + 1, |u| from(u) <= tail);
    let (low, high) = (lower.max(1), upper.min(n + 1));
    let lost_below = if lower == 0 { 0.0 } else { below(low) };
    let lost_above = if upper > n { 0.0 } else { from(high) };
    Some(Ranks {
        lower: (lower >= 1).then_some(lower),
        upper: (upper <= n).then_some(upper),
        coverage: 1.0 - lost_below - lost_above,
        max_exceeds: -maths::exp_m1(n as f64 * maths::ln(q)),
    })
}

/// The first number in `low..high` for which `test` holds, `high` if none does.
fn first_true(mut low: u64, mut high: u64, test: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if test(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The order-statistics interval of the `q` quantile; an end without a bound is infinite.
pub fn quantile_interval(sample: &[f64], q: f64, confidence: f64) -> Option<Interval> {
    let values = sorted(sample)?;
    let ranks = quantile_ranks(values.len() as u64, q, confidence)?;
    let at = |rank: Option<u64>, none: f64| rank.map_or(none, |r| values[r as usize - 1]);
    Some(Interval {
        lower: at(ranks.lower, f64::NEG_INFINITY),
        upper: at(ranks.upper, f64::INFINITY),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::Exp1;
    use windtunnel_base::random::{Purpose, Streams};

    #[test]
    fn type_seven_matches_hand_worked_values() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (q, expected) in [(0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            let got = quantile(&values, q).expect("four values");
            assert!((got - expected).abs() < 1e-12, "{q}: {got}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[f64::NAN], 0.5), None);
        assert_eq!(quantile(&values, 1.5), None);
    }

    /// The order-statistics interval of an exponential's median covers at least 95 %: over 3000
    /// samples fewer than 95 % − 4.3 standard deviations has probability below 10⁻⁵.
    #[test]
    fn quantile_interval_covers() {
        let mut stream = Streams::new(5, 0).stream(Purpose::Bootstrap, 2);
        let truth = std::f64::consts::LN_2;
        let covered = (0..3000)
            .filter(|_| {
                let sample: Vec<f64> = (0..25).map(|_| stream.sample(Exp1)).collect();
                quantile_interval(&sample, 0.5, 0.95).is_some_and(|i| i.contains(truth))
            })
            .count() as f64;
        assert!(covered > 3000.0 * 0.95 - 4.3 * (3000.0_f64 * 0.95 * 0.05).sqrt(), "{covered}");
    }
}

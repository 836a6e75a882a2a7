//! Differences between two strategies: paired under common random numbers, or independent.
//!
//! Two strategies flown through the same replications share their noise, so the difference per
//! replication is far steadier than either side (Law & Kelton, ch. 11). Deliberately absent: who
//! is compared with whom, and corrections for many comparisons.

use super::interval::{Interval, two_sided_t};
use windtunnel_base::moments::{Moments, correlation};
use windtunnel_base::special::t_two_sided;

/// The mean difference a − b of paired samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifference {
    /// Number of pairs.
    pub n: usize,
    /// Mean of a − b.
    pub mean: f64,
    /// Half the width of the interval.
    pub half_width: f64,
    /// The interval of the mean difference.
    pub interval: Interval,
    /// Mean over its standard error; nothing when all differences are equal.
    pub t: Option<f64>,
    /// Two-sided p-value of "no difference"; when all differences are equal 1 if they are zero,
    /// else 0.
    pub p_two_sided: f64,
    /// Pearson correlation of a and b: what the common random numbers bought. Nothing if either
    /// is constant.
    pub correlation: Option<f64>,
    /// Variance of the differences.
    pub variance: f64,
    /// What the variance of the difference would be with independent runs: var(a) + var(b).
    pub variance_if_independent: f64,
}

/// The paired t interval of a − b. Nothing if the lengths differ, below two pairs, for values
/// that are not finite, or for a confidence outside (0, 1).
pub fn paired_difference(a: &[f64], b: &[f64], confidence: f64) -> Option<PairedDifference> {
    if a.len() != b.len() || a.len() < 2 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (first, second) = (Moments::of(a)?, Moments::of(b)?);
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    let moments = Moments::of(&differences)?;
    let df = moments.n as f64 - 1.0;
    let half_width = two_sided_t(confidence, df) * moments.standard_error();
    let t = (moments.variance > 0.0).then(|| moments.mean / moments.standard_error());
    let equal = if moments.mean == 0.0 { 1.0 } else { 0.0 };
    Some(PairedDifference {
        n: moments.n,
        mean: moments.mean,
        half_width,
        interval: Interval::around(moments.mean, half_width),
        t,
        p_two_sided: t.map_or(equal, |t| t_two_sided(t, df)),
        correlation: correlation(a, b),
        variance: moments.variance,
        variance_if_independent: first.variance + second.variance,
    })
}

/// The difference of two independent means with unequal variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Mean of x minus mean of y.
    pub difference: f64,
    /// The statistic.
    pub t: f64,
    /// Welch–Satterthwaite degrees of freedom.
    pub df: f64,
    /// Two-sided p-value of equal means.
    pub p_two_sided: f64,
    /// Interval of the difference.
    pub interval: Interval,
}

/// Welch's t test: df = (a+b)²/(a²/(n−1) + b²/(m−1)) with a = s²x/n, b = s²y/m (Welch 1947).
/// Nothing below two values on a side, when both sides are constant, or for values that are not
/// finite.
pub fn welch_t(x: &[f64], y: &[f64], confidence: f64) -> Option<Welch> {
    let first = Moments::of(x).filter(|m| m.n >= 2)?;
    let second = Moments::of(y).filter(|m| m.n >= 2)?;
    let (a, b) = (first.variance / first.n as f64, second.variance / second.n as f64);
    if a + b <= 0.0 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let spread = a * a / (first.n as f64 - 1.0) + b * b / (second.n as f64 - 1.0);
    let df = (a + b) * (a + b) / spread;
    let difference = first.mean - second.mean;
    let error = (a + b).sqrt();
    Some(Welch {
        difference,
        t: difference / error,
        df,
        p_two_sided: t_two_sided(difference / error, df),
        interval: Interval::around(difference, two_sided_t(confidence, df) * error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairing_pays_when_noise_is_shared() {
        let a: Vec<f64> = (0..20).map(|i| f64::from(i * i % 17)).collect();
        let b: Vec<f64> = a.iter().enumerate().map(|(i, x)| x - 1.0 - 0.01 * i as f64).collect();
        let paired = paired_difference(&a, &b, 0.95).expect("pairs");
        let welch = welch_t(&a, &b, 0.95).expect("samples");
        assert!(paired.half_width < welch.interval.half_width() / 20.0);
        assert!((paired.mean - welch.difference).abs() < 1e-12);
    }

    #[test]
    fn constant_and_broken_samples_are_answered() {
        let same = paired_difference(&[1.0, 2.0], &[1.0, 2.0], 0.95).expect("pairs");
        assert_eq!((same.half_width, same.t, same.p_two_sided), (0.0, None, 1.0));
        let shifted = paired_difference(&[2.0, 2.0], &[1.0, 1.0], 0.95).expect("pairs");
        assert_eq!((shifted.p_two_sided, shifted.correlation), (0.0, None));
        assert_eq!(paired_difference(&[1.0, 2.0], &[1.0], 0.95), None);
        assert_eq!(paired_difference(&[1.0, f64::NAN], &[1.0, 2.0], 0.95), None);
        assert_eq!(welch_t(&[1.0, 1.0], &[2.0, 2.0], 0.95), None);
    }
}

//! The bound of a mean whose values lie below a known top, whatever their distribution.
//!
//! Beside n values a further one at the top is weighted by chance: the n + 1 gaps that n uniform
//! numbers leave in \[0, 1\] are the weights, and the 1 − α quantile of the weighted mean is the
//! bound (Gaffke, "Three Test Statistics for a Nonparametric One-Sided Hypothesis on the Mean of a
//! Nonnegative Variable", 2005; Learned-Miller & Thomas, "A New Confidence Interval for the Mean of
//! a Bounded Random Variable", 2019). Of counts it is Clopper and Pearson's; of n equal values it
//! is the rule of three: with 95 % an event not seen in n flights has a chance below
//! 1 − 0.025^(1/n), about 3.7/n. The authors conjecture that it always holds; no counterexample
//! is known.
//!
//! The quantile comes from Lugannani and Rice's saddle-point formula in its r* form, which needs
//! no draws. Deliberately absent: which top to take.

use windtunnel_base::maths;
use windtunnel_base::special::normal_quantile;

/// The greatest probability of an event that `n` independent flights have not shown, at an error
/// of `tail`: 1 − tail^(1/n).
pub fn unseen(n: usize, tail: f64) -> f64 {
    -maths::exp_m1(maths::ln(tail) / n as f64)
}

/// The upper bound of the mean at an error of `tail`, of ascending values none of which can exceed
/// `top`. `top` at or below the last value is taken as that. Nothing for an empty sample.
pub fn upper_bound(ascending: &[f64], top: f64, tail: f64) -> Option<f64> {
    let (first, last) = (*ascending.first()?, *ascending.last()?);
    let top = top.max(last);
    let (width, n) = (top - first, ascending.len());
    if width <= 0.0 || !width.is_finite() {
        return Some(top);
    }
    if first == last {
        return Some(first + unseen(n, tail) * width);
    }
    // Distances from the top, in units of the whole width, with how often each occurs.
    let mut gaps: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    for value in ascending.iter().rev() {
        let gap = (top - value) / width;
        match gaps.last_mut() {
            Some((same, count)) if *same == gap => *count += 1.0,
            _ => gaps.push((gap, 1.0)),
        }
    }
    let below_top = solve(&gaps, n, -normal_quantile(tail));
    Some(top - below_top * width)
}

/// The lower bound of the mean of ascending values none of which can be below `bottom`.
pub fn lower_bound(ascending: &[f64], bottom: f64, tail: f64) -> Option<f64> {
    let mirrored: Vec<f64> = ascending.iter().rev().map(|value| -value).collect();
    upper_bound(&mirrored, -bottom, tail).map(|bound| -bound)
}

/// The distance from the top at which r* is `z`. It falls from ∞ to about 0 as the shift of the
/// exponential tilt grows; the search is by regula falsi (Illinois) on the logarithm of the shift.
fn solve(gaps: &[(f64, f64)], n: usize, z: f64) -> f64 {
    let size = (n as f64 + 1.0).sqrt();
    let (mut low, mut high) = (maths::ln(1e-12_f64), maths::ln((10.0 * size).max(30.0)));
    let (mut at_low, mut at_high) =
        (tilt(gaps, maths::exp(low)).1 - z, tilt(gaps, maths::exp(high)).1 - z);
    let mut found = tilt(gaps, maths::exp(high)).0;
    if at_high >= 0.0 {
        return found;
    }
    at_low = at_low.min(1e3);
    for _ in 0..200 {
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let (gap, root) = tilt(gaps, maths::exp(middle));
        found = gap;
        let at = root - z;
        if at.abs() < 1e-9 || high - low < 1e-12 {
            break;
        }
        if at > 0.0 {
            (low, at_low) = (middle, at);
            at_high /= 2.0;
        } else {
            (high, at_high) = (middle, at);
            at_low /= 2.0;
        }
    }
    found
}

/// For one shift of the tilt: the distance of the bound from the top, and r* there. The weighted
/// mean exceeds u exactly if Σ Eᵢ(xᵢ − u) > 0 with exponential Eᵢ, whose cumulant function is
/// −Σ ln(1 − t(xᵢ − u)); with t = 1/(β − u) its saddle point is at an explicit u.
fn tilt(gaps: &[(f64, f64)], shift: f64) -> (f64, f64) {
    let (mut weights, mut moment) = (0.0, 0.0);
    for (gap, count) in gaps {
        let weight = count / (shift + gap);
        weights += weight;
        moment += weight * gap;
    }
    let bound = moment / weights;
    let (mut deviance, mut curvature) = (0.0, 0.0);
    for (gap, count) in gaps {
        deviance += count * maths::ln_1p((gap - bound) / (shift + bound));
        curvature += count * maths::powi((bound - gap) / (shift + gap), 2);
    }
    let (w, v) = ((2.0 * deviance.max(0.0)).sqrt(), curvature.sqrt());
    let root = if w > 0.0 && v > 0.0 { w + maths::ln(v / w) / w } else { 0.0 };
    (bound, root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::interval::clopper_pearson;

    /// Of zeros and ones it is Clopper and Pearson's interval, known exactly by the beta quantile.
    #[test]
    fn of_counts_it_is_clopper_and_pearsons() {
        for n in [8_u32, 16, 60, 400] {
            for hits in [0, 1, 2, 5, n / 2, n - 1, n] {
                let ones = |i| f64::from(u8::from(i >= n - hits));
                let sample: Vec<f64> = (0..n).map(ones).collect();
                let exact = clopper_pearson(u64::from(hits), u64::from(n), 0.95).expect("counts");
                let upper = upper_bound(&sample, 1.0, 0.025).expect("values");
                let lower = lower_bound(&sample, 0.0, 0.025).expect("values");
                let close = |a: f64, b: f64| (a - b).abs() < 0.004 * b.max(1.0 - b).min(0.5);
                assert!(close(upper, exact.upper), "{hits}/{n}: {upper}, {}", exact.upper);
                assert!(close(lower, exact.lower), "{hits}/{n}: {lower}, {}", exact.lower);
            }
        }
    }

    /// Shifting and stretching the values shifts and stretches the bound.
    #[test]
    fn units_do_not_matter() {
        let sample = [0.0, 0.1, 0.1, 0.4, 0.9, 2.0];
        let bound = upper_bound(&sample, 3.0, 0.025).expect("values");
        let other: Vec<f64> = sample.iter().map(|x| 1e6 * x - 5e5).collect();
        let scaled = upper_bound(&other, 2.5e6, 0.025).expect("values");
        assert!((scaled - (1e6 * bound - 5e5)).abs() < 1e-3, "{scaled}");
        assert!(bound > 0.6 && bound < 3.0);
    }

    #[test]
    fn degenerate_samples_are_answered() {
        assert_eq!(upper_bound(&[], 1.0, 0.025), None);
        assert_eq!(upper_bound(&[2.0, 2.0], 2.0, 0.025), Some(2.0));
        assert_eq!(upper_bound(&[2.0], 1.0, 0.025), Some(2.0), "a top below what was seen");
        let three = upper_bound(&[0.0; 100], 1.0, 0.05).expect("values");
        assert!((three - 0.03).abs() < 0.001, "the rule of three: {three}");
        let many: Vec<f64> = (0..50_000).map(|i| f64::from(i % 7)).collect();
        let mut sorted = many.clone();
        sorted.sort_by(f64::total_cmp);
        let bound = upper_bound(&sorted, 6.0, 0.025).expect("values");
        assert!(bound > 3.0 && bound < 3.03, "{bound}");
    }
}

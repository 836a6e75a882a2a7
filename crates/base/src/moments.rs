//! Size, mean, variance, skewness of a sample, and the covariance of two.
//!
//! Deliberately absent: intervals, and what was measured.

use crate::maths;
/// The median: the middle value, or the mean of the two middle ones; values may be infinite.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values.get(middle).copied();
    }
    let (low, high) = (values.get(middle.checked_sub(1)?)?, values.get(middle)?);
    Some(if high.is_infinite() { *high } else { f64::midpoint(*low, *high) })
}

/// Size, mean and variance of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Variance with n − 1; 0 for a single value.
    pub variance: f64,
}

impl Moments {
    /// The moments of a sample; nothing if it is empty or holds a value that is not finite.
    pub fn of(sample: &[f64]) -> Option<Moments> {
        if sample.is_empty() || sample.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let n = sample.len() as f64;
        // Around the first value, so that a constant sample has exactly its value as mean.
        let origin = sample[0];
        let mean = origin + sample.iter().map(|x| x - origin).sum::<f64>() / n;
        let squares: f64 = sample.iter().map(|x| maths::powi(x - mean, 2)).sum();
        Some(Moments { n: sample.len(), mean, variance: squares / (n - 1.0).max(1.0) })
    }

    /// Standard deviation, in the unit of the sample.
    pub fn sd(&self) -> f64 {
        self.variance.sqrt()
    }

    /// Standard error of the mean, in the unit of the sample.
    pub fn standard_error(&self) -> f64 {
        (self.variance / self.n as f64).sqrt()
    }
}

/// Covariance with n − 1; nothing if the lengths differ or below two pairs.
pub fn covariance(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let (first, second) = (Moments::of(a)?, Moments::of(b)?);
    let products = a.iter().zip(b).map(|(x, y)| (x - first.mean) * (y - second.mean));
    Some(products.sum::<f64>() / (a.len() as f64 - 1.0))
}

/// Pearson's correlation; nothing if either sample is constant.
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let scale = (Moments::of(a)?.variance * Moments::of(b)?.variance).sqrt();
    if scale > 0.0 { Some(covariance(a, b)? / scale) } else { None }
}

/// Skewness m₃/m₂^1.5 with plain central moments; 0 for a constant sample, nothing for an empty
/// one.
pub fn skewness(sample: &[f64]) -> Option<f64> {
    let moments = Moments::of(sample)?;
    let n = moments.n as f64;
    let central =
        |power: i32| sample.iter().map(|x| maths::powi(x - moments.mean, power)).sum::<f64>() / n;
    let spread = central(2);
    Some(if spread > 0.0 { central(3) / maths::pow(spread, 1.5) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_worked_sample() {
        let moments = Moments::of(&[1.0, 2.0, 3.0, 6.0]).expect("finite");
        assert_eq!((moments.mean, moments.variance), (3.0, 14.0 / 3.0));
        assert_eq!(covariance(&[1.0, 2.0], &[3.0, 7.0]), Some(2.0));
        assert_eq!(correlation(&[1.0, 2.0], &[3.0, 3.0]), None);
        assert!(skewness(&[0.0, 0.0, 0.0, 4.0]).is_some_and(|s| s > 1.0));
    }

    #[test]
    fn degenerate_samples_are_answered() {
        assert_eq!(Moments::of(&[]), None);
        assert_eq!(Moments::of(&[f64::NAN]), None);
        assert_eq!(Moments::of(&[0.1; 9]).map(|m| (m.mean, m.variance)), Some((0.1, 0.0)));
        assert_eq!(covariance(&[1.0], &[1.0]), None);
        assert_eq!(skewness(&[5.0; 3]), Some(0.0));
    }
}

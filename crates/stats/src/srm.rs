//! Sample ratio mismatch: did users arrive in the arms as the split says?
//!
//! A mismatch says that something ate users of one arm (a crash before the exposure was logged),
//! so no other comparison of the arms may be believed. Deliberately absent: why. Alert at a strict
//! p such as 0.001, and once: it is no test that may be watched.

use windtunnel_base::maths;
use windtunnel_base::special::chi_square_sf;

/// Pearson's chi square of observed against planned counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRatio {
    /// Σ(O−E)²/E.
    pub chi_square: f64,
    /// Arms − 1.
    pub df: u64,
    /// P-value of "as planned".
    pub p: f64,
}

/// Tests users per arm against the planned `ratio` (any scale). Nothing for fewer than two arms,
/// different lengths, no users, or a ratio that is not positive.
pub fn sample_ratio(observed: &[u64], ratio: &[f64]) -> Option<SampleRatio> {
    let users: f64 = observed.iter().map(|o| *o as f64).sum();
    let parts: f64 = ratio.iter().sum();
    let sound = ratio.iter().all(|r| *r > 0.0) && parts.is_finite();
    if observed.len() < 2 || observed.len() != ratio.len() || users == 0.0 || !sound {
        return None;
    }
    let miss = |(o, r): (&u64, &f64)| {
        let expected = users * r / parts;
        maths::powi(*o as f64 - expected, 2) / expected
    };
    let chi_square = observed.iter().zip(ratio).map(miss).sum();
    let df = observed.len() as u64 - 1;
    Some(SampleRatio { chi_square, df, p: chi_square_sf(chi_square, df as f64) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_freedom_is_a_squared_normal() {
        let result = sample_ratio(&[400, 500], &[1.0, 1.0]).expect("arms");
        let z = 100.0 / 900.0_f64.sqrt();
        assert!((result.p / (2.0 * windtunnel_base::special::normal_sf(z)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn degenerate_splits_are_refused() {
        assert_eq!(sample_ratio(&[1, 2], &[1.0]), None);
        assert_eq!(sample_ratio(&[0, 0], &[1.0, 1.0]), None);
        assert_eq!(sample_ratio(&[1, 2], &[1.0, 0.0]), None);
        assert_eq!(sample_ratio(&[1, 2], &[1.0, f64::NAN]), None);
    }
}

//! What a fixed threshold on a success rate can and cannot tell, by counting errors.
//!
//! Below 100 requests a minimum of 99 % fails on a single error: the arithmetic here shows such
//! cliffs before a release meets them. Deliberately absent: time, overlap of windows (checks are
//! taken as independent), which controller counts how.

use windtunnel_base::special::binomial_tails;

/// How one check on a window of requests behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdCheck {
    /// The most errors with which the window still passes.
    pub most_errors_passing: u64,
    /// Probability that the check fails.
    pub p_fails: f64,
}

/// A window of `requests` at true error share `error_rate`, against a minimum success in percent.
/// Equality passes: k = ⌊n(1 − s/100)⌋ errors do, and P(fails) = P(Bin(n, p) > k). Nothing for no
/// requests (what then happens is the controller's rule) or arguments out of range.
pub fn threshold_check(
    requests: u64,
    error_rate: f64,
    min_success_percent: f64,
) -> Option<ThresholdCheck> {
    let sound = (0.0..=1.0).contains(&error_rate) && min_success_percent.is_finite();
    if requests == 0 || !sound {
        return None;
    }
    if min_success_percent > 100.0 {
        return Some(ThresholdCheck { most_errors_passing: 0, p_fails: 1.0 });
    }
    let errors = requests as f64 * (100.0 - min_success_percent) / 100.0;
    // 100 − 99.9 is a hair below 0.1 in binary; a whole number of errors must count as whole.
    let most = (errors + 1e-9 + errors * 1e-12).floor().min(requests as f64) as u64;
    let p_fails = binomial_tails(most + 1, requests, error_rate).1;
    Some(ThresholdCheck {
        most_errors_passing: most,
        p_fails: if most == requests { 0.0 } else { p_fails },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_errors_survive_binary_fractions() {
        for (requests, min, most) in
            [(1000, 99.9, 1), (99, 99.0, 0), (100, 99.0, 1), (1_000_000_000, 99.9, 1_000_000)]
        {
            let check = threshold_check(requests, 0.001, min).expect("requests");
            assert_eq!(check.most_errors_passing, most, "{requests} at {min}");
        }
        assert_eq!(threshold_check(0, 0.1, 99.0), None);
        assert_eq!(threshold_check(10, f64::NAN, 99.0), None);
        assert_eq!(threshold_check(10, 1.0, 0.0).map(|c| c.p_fails), Some(0.0));
        assert_eq!(threshold_check(10, 0.0, 101.0).map(|c| c.p_fails), Some(1.0));
    }
}

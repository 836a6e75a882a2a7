//! What a fixed threshold on a success rate can and cannot tell, by counting errors.
//!
//! Below 100 requests a minimum of 99 % fails on a single error: the arithmetic here shows such
//! cliffs before a release meets them. Deliberately absent: time, overlap of windows (checks are
//! taken as independent), which controller counts how.

use windtunnel_base::maths;
use windtunnel_base::special::{binomial_pmf, binomial_tails};

/// Tail and mass of a binomial count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinomialTail {
    /// P(X ≥ k).
    pub at_least: f64,
    /// P(X < k).
    pub below: f64,
    /// P(X = k).
    pub exactly: f64,
}

/// The tail of X ~ Bin(n, p) at `k`. NaN for p outside [0, 1].
pub fn binomial_tail(n: u64, p: f64, k: u64) -> BinomialTail {
    let (below, at_least) = binomial_tails(k, n, p);
    BinomialTail { at_least, below, exactly: binomial_pmf(k, n, p) }
}

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

/// P(rollback) under Flagger's counting: `threshold` failed checks before `to_pass` passed ones,
/// each failing with `q`: P(Bin(S+T−1, q) ≥ T). A threshold of 0 counts as 1.
pub fn flagger_rollback(q: f64, to_pass: u64, threshold: u64) -> f64 {
    let threshold = threshold.max(1);
    if to_pass == 0 {
        return if q.is_nan() { q } else { 0.0 };
    }
    binomial_tails(threshold, to_pass + threshold - 1, q).1
}

/// P(analysis fails) under Argo's counting: more than `failure_limit` of `count` measurements fail.
pub fn argo_failure(q: f64, count: u64, failure_limit: u64) -> f64 {
    if failure_limit >= count {
        return if q.is_nan() { q } else { 0.0 };
    }
    binomial_tails(failure_limit + 1, count, q).1
}

/// P(at least one of `n` checks fails): 1 − (1−q)ⁿ.
pub fn any_of(q: f64, n: u64) -> f64 {
    binomial_tails(1, n, q).1
}

/// P(somewhere in `n` checks `run` fail in a row), by a recursion on the length of the current run.
/// A run of 0 always happens. NaN for q outside [0, 1].
pub fn run_of(q: f64, n: u64, run: u64) -> f64 {
    if !(0.0..=1.0).contains(&q) || run == 0 || run > n {
        return if run == 0 { 1.0 } else { 0.0 * q };
    }
    // state[j]: no run yet, the last j checks failed.
    let mut state = vec![0.0; run as usize];
    state[0] = 1.0;
    let mut hit = 0.0;
    for _ in 0..n {
        let alive: f64 = state.iter().sum();
        hit += state[state.len() - 1] * q;
        for j in (1..state.len()).rev() {
            state[j] = state[j - 1] * q;
        }
        state[0] = alive * (1.0 - q);
    }
    hit
}

/// The smallest window that tells p0 from p1 with a threshold between them:
/// n ≥ max((z_α√(p0q0)/(τ−p0))², (z_β√(p1q1)/(p1−τ))²), by the normal approximation; `z_alpha` and
/// `z_beta` are one-sided quantiles. Nothing unless p0 < τ < p1.
pub fn window_size(p0: f64, p1: f64, threshold: f64, z_alpha: f64, z_beta: f64) -> Option<f64> {
    if !(0.0 <= p0 && p0 < threshold && threshold < p1 && p1 <= 1.0) {
        return None;
    }
    let need = |z: f64, p: f64| maths::powi(z / (threshold - p), 2) * p * (1.0 - p);
    Some(need(z_alpha, p0).max(need(z_beta, p1)))
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

    #[test]
    fn rules_agree_where_they_must() {
        for q in [0.0, 0.05, 0.5, 1.0] {
            assert!((flagger_rollback(q, 10, 1) - any_of(q, 10)).abs() < 1e-12);
            assert!((argo_failure(q, 10, 0) - any_of(q, 10)).abs() < 1e-12);
            assert!((run_of(q, 10, 1) - any_of(q, 10)).abs() < 1e-12);
            assert!((run_of(q, 4, 4) - maths::powi(q, 4)).abs() < 1e-12);
        }
        assert_eq!(
            (argo_failure(0.5, 3, 3), run_of(0.5, 3, 4), run_of(0.5, 3, 0)),
            (0.0, 0.0, 1.0)
        );
        assert!(run_of(f64::NAN, 3, 2).is_nan() && any_of(-1.0, 3).is_nan());
        assert!(window_size(0.001, 0.02, 0.01, 1.645, 1.282).is_some_and(|n| n > 300.0));
    }
}

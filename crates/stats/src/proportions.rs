//! Comparing two shares: the z test at a fixed horizon.
//!
//! Looked at again and again it alarms far too often; `sequential` holds the tests that may be
//! watched. Deliberately absent: who the arms are, and dependence within a user.

use windtunnel_base::interval::{Interval, newcombe};
use windtunnel_base::special::{binomial_tails, normal_quantile, normal_sf};

/// The comparison of x1/n1 with x2/n2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoProportions {
    /// Pooled z: (p1−p2)/√(p̄(1−p̄)(1/n1+1/n2)); 0 when no or every trial succeeded.
    pub z: f64,
    /// P-value of p1 = p2.
    pub p_two_sided: f64,
    /// P-value of p1 ≤ p2.
    pub p_greater: f64,
    /// Standard error of p1 − p2 without pooling.
    pub standard_error: f64,
    /// Wald's interval of p1 − p2, for comparison with other tools.
    pub wald: Interval,
    /// Newcombe's interval of p1 − p2, the one to trust.
    pub newcombe: Interval,
}

/// The two-proportion z test with intervals at `confidence`. Trustworthy above about five expected
/// errors an arm. Nothing if an arm is empty or counts more successes than trials.
pub fn two_proportions(
    (x1, n1): (u64, u64),
    (x2, n2): (u64, u64),
    confidence: f64,
) -> Option<TwoProportions> {
    let newcombe = newcombe(x1, n1, x2, n2, confidence)?;
    let (size1, size2) = (n1 as f64, n2 as f64);
    let (p1, p2) = (x1 as f64 / size1, x2 as f64 / size2);
    let pooled = (x1 as f64 + x2 as f64) / (size1 + size2);
    let spread = (pooled * (1.0 - pooled) * (1.0 / size1 + 1.0 / size2)).sqrt();
    let z = if spread > 0.0 { (p1 - p2) / spread } else { 0.0 };
    let standard_error = (p1 * (1.0 - p1) / size1 + p2 * (1.0 - p2) / size2).sqrt();
    let reach = -normal_quantile((1.0 - confidence) / 2.0) * standard_error;
    Some(TwoProportions {
        z,
        p_two_sided: (2.0 * normal_sf(z.abs())).min(1.0),
        p_greater: normal_sf(z),
        standard_error,
        wald: Interval::around(p1 - p2, reach),
        newcombe,
    })
}

/// Is the first share greater?
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worse {
    /// P-value of p1 ≤ p2.
    pub p: f64,
    /// By the exact tail?
    pub exact: bool,
}

/// Fewest expected events an arm for the normal approximation.
const EXPECTED: f64 = 5.0;

/// The one-sided test of p1 ≤ p2: by z where five events an arm are expected, and as many trials
/// without one; else by the exact tail of the first count given the sum, Bin(x1+x2, n1/(n1+n2)),
/// which is on the safe side of Fisher's. At 1 % and five expected events in the smaller of two
/// very unequal arms z errs 1.4 times as often. Nothing if an arm is empty or counts more events
/// than trials.
pub fn worse((x1, n1): (u64, u64), (x2, n2): (u64, u64)) -> Option<Worse> {
    let test = two_proportions((x1, n1), (x2, n2), 0.95)?;
    let (size1, size2, events) = (n1 as f64, n2 as f64, (x1 + x2) as f64);
    let smaller = size1.min(size2) / (size1 + size2);
    let expected = smaller * events.min(size1 + size2 - events);
    if expected >= EXPECTED {
        return Some(Worse { p: test.p_greater, exact: false });
    }
    let (_, at_least) = binomial_tails(x1, x1 + x2, size1 / (size1 + size2));
    Some(Worse { p: if x1 == 0 { 1.0 } else { at_least }, exact: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(Bin(4, 1/2) ≥ 3) = 5/16 by hand; the z test takes over at five expected events.
    #[test]
    fn thin_counts_are_tested_exactly() {
        let thin = worse((3, 100), (1, 100)).expect("arms");
        assert!(thin.exact && (thin.p - 5.0 / 16.0).abs() < 1e-12, "{thin:?}");
        let thick = worse((30, 1000), (10, 1000)).expect("arms");
        assert!(!thick.exact && thick.p < 0.001 && thick.p > 0.0005, "{thick:?}");
        assert_eq!(worse((0, 100), (0, 100)).map(|w| w.p), Some(1.0));
        assert_eq!(worse((0, 0), (0, 100)), None);
    }

    #[test]
    fn degenerate_arms_are_answered() {
        assert_eq!(two_proportions((0, 0), (1, 10), 0.95), None);
        assert_eq!(two_proportions((11, 10), (1, 10), 0.95), None);
        let none = two_proportions((0, 10), (0, 20), 0.95).expect("arms");
        assert_eq!((none.z, none.p_two_sided), (0.0, 1.0));
    }
}

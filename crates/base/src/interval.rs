//! An interval of plausible values, and the three that belong to counted shares.
//!
//! They stand in the lowest layer because the judges of a release and the estimates over
//! replications both need them. Deliberately absent: what was counted.

use super::maths::hypot;
use super::special::{beta_quantile, two_sided_z};

/// A closed interval; either end may be infinite when the data give no bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end, in the unit of the sample.
    pub lower: f64,
    /// Upper end, in the unit of the sample.
    pub upper: f64,
}

impl Interval {
    /// Everything: the interval of someone who knows nothing.
    pub const EVERYTHING: Interval = Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// The interval around `centre`.
    pub fn around(centre: f64, half_width: f64) -> Interval {
        Interval { lower: centre - half_width, upper: centre + half_width }
    }

    /// Half the distance between the ends.
    pub fn half_width(self) -> f64 {
        (self.upper - self.lower) / 2.0
    }

    /// Does `value` lie within, ends included?
    pub fn contains(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }
}

/// A confidence that can be worked with: strictly between 0 and 1.
fn sound(successes: u64, n: u64, confidence: f64) -> bool {
    n > 0 && successes <= n && confidence > 0.0 && confidence < 1.0
}

/// Wilson's score interval of a share (Wilson 1927):
/// (p̂ + z²/2n ± z√(p̂q̂/n + z²/4n²)) / (1 + z²/n). Nothing for `n` = 0 or `successes` > `n`.
pub fn wilson(successes: u64, n: u64, confidence: f64) -> Option<Interval> {
    if !sound(successes, n, confidence) {
        return None;
    }
    let (size, z) = (n as f64, two_sided_z(confidence));
    let share = successes as f64 / size;
    let square = z * z;
    let centre = share + square / (2.0 * size);
    let reach = z * (share * (1.0 - share) / size + square / (4.0 * size * size)).sqrt();
    let scale = 1.0 + square / size;
    Some(Interval {
        lower: if successes == 0 { 0.0 } else { (centre - reach) / scale },
        upper: if successes == n { 1.0 } else { (centre + reach) / scale },
    })
}

/// Clopper and Pearson's exact interval of a share (1934): quantiles of Beta(x, n−x+1) and
/// Beta(x+1, n−x). Never covers less than `confidence`. Nothing for `n` = 0.
pub fn clopper_pearson(successes: u64, n: u64, confidence: f64) -> Option<Interval> {
    if !sound(successes, n, confidence) {
        return None;
    }
    let (x, rest, tail) = (successes as f64, (n - successes) as f64, (1.0 - confidence) / 2.0);
    Some(Interval {
        lower: if successes == 0 { 0.0 } else { beta_quantile(tail, x, rest + 1.0) },
        // The mirrored beta: its lower tail keeps the digits that 1 − tail would lose.
        upper: if successes == n { 1.0 } else { 1.0 - beta_quantile(tail, rest, x + 1.0) },
    })
}

/// Newcombe's interval of a difference of two independent shares, x1/n1 − x2/n2, from their
/// Wilson limits (Newcombe 1998, method 10). Nothing if either sample is empty.
pub fn newcombe(x1: u64, n1: u64, x2: u64, n2: u64, confidence: f64) -> Option<Interval> {
    let (first, second) = (wilson(x1, n1, confidence)?, wilson(x2, n2, confidence)?);
    let (p1, p2) = (x1 as f64 / n1 as f64, x2 as f64 / n2 as f64);
    Some(Interval {
        lower: p1 - p2 - hypot(p1 - first.lower, second.upper - p2),
        upper: p1 - p2 + hypot(first.upper - p1, p2 - second.lower),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::binomial_pmf;

    /// Exact coverage, by summing over every outcome: Clopper–Pearson never falls below its
    /// level, Wilson stays close to it on average.
    #[test]
    fn coverage_is_what_it_says() {
        let (n, mut average, mut count) = (40, 0.0, 0.0);
        for step in 1..40 {
            let p = f64::from(step) / 40.0;
            let covered = |make: fn(u64, u64, f64) -> Option<Interval>| -> f64 {
                let hits = (0..=n).filter(|x| make(*x, n, 0.95).is_some_and(|i| i.contains(p)));
                hits.map(|x| binomial_pmf(x, n, p)).sum()
            };
            assert!(covered(clopper_pearson) >= 0.95, "p {p}: {}", covered(clopper_pearson));
            average += covered(wilson);
            count += 1.0;
        }
        assert!((average / count - 0.95).abs() < 0.01, "{}", average / count);
    }

    #[test]
    fn empty_and_impossible_counts_give_nothing() {
        for (x, n, confidence) in [(0, 0, 0.95), (5, 3, 0.95), (1, 3, f64::NAN), (1, 3, 1.0)] {
            assert_eq!(wilson(x, n, confidence), None);
            assert_eq!(clopper_pearson(x, n, confidence), None);
        }
        assert_eq!(newcombe(1, 2, 0, 0, 0.95), None);
    }
}

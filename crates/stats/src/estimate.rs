//! From the replications of one measure to what is printed: mean, interval, spread, judgement.
//!
//! One rule makes every interval (`mean`, `mixture`), so that nobody chooses after seeing the
//! result. Values that do not exist (a time that the horizon cut) are NaN; the caller counts them.
//! Deliberately absent: names of measures and strategies.

use super::bounds::Bounds;
use super::interval::Interval;
use super::mixture::{Stratum, mean_of_mix, quantiles_of_mix};

pub use super::mean::Method;

/// Confidence of every interval that is printed.
pub const CONFIDENCE: f64 = 0.95;

/// A mean over flights, its 95 % interval, and the spread of single flights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of flights with a value, over all variants.
    pub n: usize,
    /// Mean, in the unit of the measure; of a mix, weighted by the variants' shares.
    pub mean: f64,
    /// Lower end of the mean's interval; −∞ for a single value.
    pub lower: f64,
    /// Upper end of the mean's interval; +∞ for a single value.
    pub upper: f64,
    /// 5 % quantile of single flights (type 7; of a mix, of a release drawn from it).
    pub p05: f64,
    /// Median of single flights.
    pub p50: f64,
    /// 95 % quantile of single flights.
    pub p95: f64,
    /// How the interval was made.
    pub method: Method,
}

/// Estimates the mean of one variant's flights, or of a mix of several. Nothing if a variant has
/// no value, or one that is not finite.
pub fn estimate(strata: &[Stratum], bounds: &Bounds) -> Option<Estimate> {
    let found = mean_of_mix(strata, bounds, CONFIDENCE)?;
    let [p05, p50, p95] = quantiles_of_mix(strata, [0.05, 0.5, 0.95])?;
    Some(Estimate {
        n: strata.iter().map(|stratum| stratum.known().len()).sum(),
        mean: found.mean,
        lower: found.interval.lower,
        upper: found.interval.upper,
        p05,
        p50,
        p95,
        method: found.method,
    })
}

/// What an interval says about a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The whole interval is on the right side.
    Holds,
    /// The whole interval is on the wrong side.
    Fails,
    /// The interval straddles the limit: fly more replications.
    Undecided,
}

/// How a figure is compared with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `≤`
    AtMost,
    /// `>`
    Greater,
    /// `≥`
    AtLeast,
}

impl Operator {
    /// Is `value` on the right side of `limit`? NaN never is.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Operator::Less => value < limit,
            Operator::AtMost => value <= limit,
            Operator::Greater => value > limit,
            Operator::AtLeast => value >= limit,
        }
    }
}

/// Judges an interval against a limit: `Holds` if both ends satisfy the comparison, `Fails` if
/// neither does, else `Undecided`; so is anything with NaN.
pub fn judge(interval: Interval, operator: Operator, limit: f64) -> Judgement {
    if limit.is_nan() || interval.lower.is_nan() || interval.upper.is_nan() {
        return Judgement::Undecided;
    }
    match (operator.holds(interval.lower, limit), operator.holds(interval.upper, limit)) {
        (true, true) => Judgement::Holds,
        (false, false) => Judgement::Fails,
        _ => Judgement::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_holds_what_is_printed() {
        let stratum = Stratum { weight: 1.0, values: (0..20).map(f64::from).collect() };
        let found = estimate(&[stratum], &Bounds::NONE).expect("values");
        assert_eq!((found.n, found.mean, found.p50), (20, 9.5, 9.5));
        assert!(found.lower <= 9.5 && found.upper >= 9.5 && found.p05 < found.p95);
        assert_eq!(found.method, Method::Widest);
        assert_eq!(estimate(&[], &Bounds::NONE), None);
    }

    #[test]
    fn judgements_are_three_valued() {
        use Judgement::{Fails, Holds, Undecided};
        let interval = Interval { lower: 1.0, upper: 2.0 };
        let cases = [
            (Operator::Less, 2.0, Undecided),
            (Operator::AtMost, 2.0, Holds),
            (Operator::Less, 1.0, Fails),
            (Operator::AtMost, 1.0, Undecided),
            (Operator::Greater, 1.0, Undecided),
            (Operator::AtLeast, 1.0, Holds),
            (Operator::Greater, 2.0, Fails),
            (Operator::AtLeast, 2.0, Undecided),
            (Operator::Less, f64::NAN, Undecided),
        ];
        for (operator, limit, expected) in cases {
            assert_eq!(judge(interval, operator, limit), expected, "{operator:?} {limit}");
        }
        assert_eq!(judge(Interval::EVERYTHING, Operator::Less, 1.0), Undecided);
    }
}

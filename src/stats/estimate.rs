//! From the replications of one measure to what is printed: mean, interval, spread, judgement.
//!
//! One rule decides which interval fits, so that nobody chooses after seeing the result. Values
//! that do not exist (a time that the horizon cut) are left out by the caller, who counts them.
//! Deliberately absent: names of measures and strategies.

use super::interval::{Interval, t_ci, wilson};
use super::quantile::{mean_bca, quantile_interval, quantile_of_sorted, sorted};
use crate::base::moments::skewness;
use crate::base::random::Streams;

/// Confidence of every interval that is printed.
pub const CONFIDENCE: f64 = 0.95;
/// Below this many values a skewed sample gets a bootstrap interval.
const FEW: usize = 100;
/// Below this many values resampling knows too little; t is used.
const TOO_FEW_TO_RESAMPLE: usize = 8;
/// |skewness| above which a small sample counts as strongly skewed.
const STRONG_SKEW: f64 = 1.0;

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One value: no interval, both ends infinite.
    Unknown,
    /// All values equal: the interval is that point.
    Point,
    /// Mean ± t·s/√n.
    StudentT,
    /// BCa bootstrap of the mean.
    Bootstrap,
    /// Wilson's score interval of a counted share.
    Wilson,
}

/// A mean over replications, its 95 % interval, and the spread of single replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of replications.
    pub n: usize,
    /// Mean, in the unit of the measure.
    pub mean: f64,
    /// Lower end of the mean's interval; −∞ for a single value.
    pub lower: f64,
    /// Upper end of the mean's interval; +∞ for a single value.
    pub upper: f64,
    /// 5 % quantile of single replications (type 7).
    pub p05: f64,
    /// Median of single replications.
    pub p50: f64,
    /// 95 % quantile of single replications.
    pub p95: f64,
    /// How the interval was made.
    pub method: Method,
}

impl Estimate {
    /// The mean's interval.
    pub fn interval(&self) -> Interval {
        Interval { lower: self.lower, upper: self.upper }
    }
}

/// Estimates a mean. The rule: one value, nothing known; all equal, a point; 8 to 99 values with
/// |skewness| > 1, BCa bootstrap; else Student t. `streams` and `entity` name the resampling
/// draws. Nothing for an empty sample or values that are not finite.
pub fn estimate(sample: &[f64], streams: &Streams, entity: u64) -> Option<Estimate> {
    let skew = skewness(sample)?;
    let values = sorted(sample)?;
    let (least, most) = (values[0], values[values.len() - 1]);
    let few = (TOO_FEW_TO_RESAMPLE..FEW).contains(&values.len());
    let method = match values.len() {
        1 => Method::Unknown,
        _ if least == most => Method::Point,
        _ if few && skew.abs() > STRONG_SKEW => Method::Bootstrap,
        _ => Method::StudentT,
    };
    // Above two values `t_ci` never refuses a finite sample.
    let t = t_ci(sample, CONFIDENCE);
    let interval = match method {
        Method::Point => Interval { lower: least, upper: most },
        Method::StudentT => t?.interval,
        Method::Bootstrap => mean_bca(sample, CONFIDENCE, (streams, entity))?,
        Method::Unknown | Method::Wilson => Interval::EVERYTHING,
    };
    build(&values, t.map_or(least, |t| t.mean), interval, method)
}

/// Estimates the share of replications in which something happened: its mean is a count over a
/// count, so Wilson's interval applies and never leaves \[0, 1\]. Nothing for no replications.
pub fn estimate_share(happened: &[bool]) -> Option<Estimate> {
    let count = happened.iter().filter(|h| **h).count();
    let interval = wilson(count as u64, happened.len() as u64, CONFIDENCE)?;
    let values = sorted(&happened.iter().map(|h| f64::from(u8::from(*h))).collect::<Vec<_>>())?;
    build(&values, count as f64 / values.len() as f64, interval, Method::Wilson)
}

fn build(values: &[f64], mean: f64, interval: Interval, method: Method) -> Option<Estimate> {
    Some(Estimate {
        n: values.len(),
        mean,
        lower: interval.lower,
        upper: interval.upper,
        p05: quantile_of_sorted(values, 0.05)?,
        p50: quantile_of_sorted(values, 0.5)?,
        p95: quantile_of_sorted(values, 0.95)?,
        method,
    })
}

/// Weights the variants of a release per replication: variants share replications, so value r of
/// the mixture is Σ share·value_r, and its interval keeps what the variants have in common.
/// Shares are scaled to sum to 1. Nothing if the lengths differ, or the shares are negative, not
/// finite or all zero. A variant of share 0 takes part only by its length.
pub fn mix(variants: &[(&[f64], f64)]) -> Option<Vec<f64>> {
    let total: f64 = variants.iter().map(|(_, share)| share).sum();
    let length = variants.first()?.0.len();
    let sound = variants.iter().all(|(sample, share)| sample.len() == length && *share >= 0.0);
    if !(sound && total > 0.0 && total.is_finite()) {
        return None;
    }
    let used: Vec<_> = variants.iter().filter(|(_, share)| *share > 0.0).collect();
    let value = |r: usize| used.iter().map(|(sample, share)| sample[r] * share / total).sum();
    Some((0..length).map(value).collect())
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

/// Judges a line such as `p95 < 0.5%`: the order-statistics interval of the `q` quantile against
/// the limit. Too few replications for a bound leave that end open, so the answer is `Undecided`
/// rather than a guess. Nothing for an empty sample or `q` outside (0, 1).
pub fn judge_quantile(sample: &[f64], q: f64, operator: Operator, limit: f64) -> Option<Judgement> {
    Some(judge(quantile_interval(sample, q, CONFIDENCE)?, operator, limit))
}

/// Judges a line such as `share ≥ 95%`: Wilson's interval of `successes` of `n` against the limit.
pub fn judge_share(successes: u64, n: u64, operator: Operator, limit: f64) -> Option<Judgement> {
    Some(judge(wilson(successes, n, CONFIDENCE)?, operator, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sample: &[f64]) -> Option<Estimate> {
        estimate(sample, &Streams::new(1, 0), 0)
    }

    #[test]
    fn the_rule_chooses_by_shape_and_size() {
        let even: Vec<f64> = (0..20).map(f64::from).collect();
        let mut skewed = vec![0.0; 19];
        skewed.push(40.0);
        let many: Vec<f64> = skewed.iter().cycle().take(200).copied().collect();
        let cases = [
            (vec![3.0], Method::Unknown),
            (vec![3.0; 5], Method::Point),
            (even, Method::StudentT),
            (skewed.clone(), Method::Bootstrap),
            (many, Method::StudentT),
            (vec![0.0, 0.0, 9.0], Method::StudentT),
        ];
        for (sample, method) in cases {
            let estimate = of(&sample).expect("finite values");
            assert_eq!(estimate.method, method);
            assert!(estimate.interval().contains(estimate.mean));
        }
        // A mean of values that are never negative has no negative lower end.
        assert!(of(&skewed).is_some_and(|e| e.lower >= 0.0 && e.upper > 2.0));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1.0, f64::INFINITY]), None);
    }

    #[test]
    fn shares_get_wilson() {
        let estimate = estimate_share(&[true, false, true, true]).expect("four");
        assert_eq!((estimate.mean, estimate.method), (0.75, Method::Wilson));
        assert!(estimate.lower > 0.0 && estimate.upper < 1.0);
        assert_eq!(estimate_share(&[]), None);
    }

    /// What the variants share cancels: pairing per replication is what keeps it.
    #[test]
    fn mixtures_combine_per_replication() {
        let good: Vec<f64> = (0..10).map(f64::from).collect();
        let bad: Vec<f64> = good.iter().map(|g| 9.0 - g).collect();
        let mixed = mix(&[(&good, 0.5), (&bad, 0.5)]).expect("paired");
        assert_eq!(of(&mixed).map(|e| (e.mean, e.method)), Some((4.5, Method::Point)));
        assert_eq!(mix(&[(&[2.0], 85.0), (&[4.0], 15.0)]), Some(vec![2.3]));
        assert_eq!(mix(&[(&[1.0], 1.0), (&[f64::NAN], 0.0)]), Some(vec![1.0]));
        assert_eq!(mix(&[(&[1.0], 0.5), (&[1.0, 2.0], 0.5)]), None);
        assert_eq!(mix(&[(&[1.0], 0.0)]), None);
        assert_eq!(mix(&[]), None);
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

    #[test]
    fn expectations_wait_for_enough_replications() {
        let zeros = |n| vec![0.0; n];
        let below = |n| judge_quantile(&zeros(n), 0.95, Operator::Less, 0.005);
        // 1 − 0.95ⁿ ≥ 0.975 needs n ≥ 72.
        assert_eq!(below(71), Some(Judgement::Undecided));
        assert_eq!(below(72), Some(Judgement::Holds));
        assert_eq!(judge_share(73, 73, Operator::AtLeast, 0.95), Some(Judgement::Holds));
        assert_eq!(judge_share(20, 20, Operator::AtLeast, 0.95), Some(Judgement::Undecided));
        assert_eq!(judge_share(2, 20, Operator::AtLeast, 0.95), Some(Judgement::Fails));
        assert_eq!(judge_share(0, 0, Operator::AtLeast, 0.95), None);
    }
}

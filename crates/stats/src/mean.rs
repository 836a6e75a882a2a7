//! The interval of a mean over flights: the widest of three that each see what the others miss.
//!
//! Student's t is right for what is nearly normal and blind to tails. Hall's transform of t takes
//! the skewness out that t's formula ignores ("On the Removal of Skewness by Transformation",
//! 1992). Gaffke's bound (`bounded`) sees what neither can: kinds of flights that the sample has
//! not shown, or has shown once. The union is a little wide for calm samples and holds for the
//! others. Deliberately absent: mixtures and differences (`mixture`), and what is measured.

use super::bounded::{lower_bound, upper_bound};
use super::bounds::Bounds;
use super::interval::{Interval, t_ci, two_sided_t};
use super::quantile::{quantile_of_sorted, sorted};
use windtunnel_base::maths;
use windtunnel_base::moments::{Moments, skewness};

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One value: no interval, both ends infinite.
    Unknown,
    /// All values equal, and no other is possible: the interval is that point.
    Only,
    /// All values equal: what was not seen in n flights has a chance below 3.7/n.
    RuleOfThree,
    /// The union of Student's t, Hall's transform of it and Gaffke's bound.
    Widest,
    /// Over the variants of a release, each by one of the above.
    Mixed,
}

/// A mean and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanOf {
    /// Arithmetic mean.
    pub mean: f64,
    /// Its interval, within the bounds of the measure.
    pub interval: Interval,
    /// How it was made.
    pub method: Method,
}

/// The mean of a sample with its interval. Nothing for an empty sample, values that are not finite
/// or a confidence outside (0, 1).
pub fn mean_of(sample: &[f64], bounds: &Bounds, confidence: f64) -> Option<MeanOf> {
    let moments = Moments::of(sample).filter(|_| confidence > 0.0 && confidence < 1.0)?;
    let values = sorted(sample)?;
    let (least, most) = (values[0], values[values.len() - 1]);
    if values.len() == 1 {
        let interval = Interval::EVERYTHING;
        return Some(MeanOf { mean: least, interval, method: Method::Unknown });
    }
    let tail = (1.0 - confidence) / 2.0;
    let (down, up) = bounds.reach(least, most);
    if least == most {
        let lower = lower_bound(&values, down, tail)?;
        let interval = Interval { lower, upper: upper_bound(&values, up, tail)? };
        let method = if down == up { Method::Only } else { Method::RuleOfThree };
        return Some(MeanOf { mean: least, interval, method });
    }
    // The long tail goes on beyond the last value by as much as it is longer than the other.
    let middle = quantile_of_sorted(&values, 0.5)?;
    let longer = (most - middle) - (middle - least);
    let (down, up) = (down.min(least + longer.min(0.0)), up.max(most + longer.max(0.0)));
    let bounded = Interval {
        lower: lower_bound(&values, down.max(bounds.least), tail)?,
        upper: upper_bound(&values, up.min(bounds.most), tail)?,
    };
    let widest =
        union(union(t_ci(sample, confidence)?.interval, hall(sample, confidence)?), bounded);
    let interval = Interval {
        lower: widest.lower.max(bounds.least).min(moments.mean),
        upper: widest.upper.min(bounds.most).max(moments.mean),
    };
    Some(MeanOf { mean: moments.mean, interval, method: Method::Widest })
}

fn union(a: Interval, b: Interval) -> Interval {
    Interval { lower: a.lower.min(b.lower), upper: a.upper.max(b.upper) }
}

/// Hall's interval: with S = (x̄ − μ)/s and skewness g the monotone
/// S + gS²/3 + g²S³/27 + g/6n is free of skewness to the order 1/n; it is turned around at
/// ±t/√n. Nothing below two values or for values that are not finite.
pub fn hall(sample: &[f64], confidence: f64) -> Option<Interval> {
    let moments = Moments::of(sample).filter(|m| m.n >= 2)?;
    let (n, g) = (moments.n as f64, skewness(sample)?);
    let reach = two_sided_t(confidence, n - 1.0) / n.sqrt();
    let turned = |y: f64| {
        if g.abs() < 1e-9 {
            y
        } else {
            3.0 / g * (maths::cbrt(1.0 + g * (y - g / (6.0 * n))) - 1.0)
        }
    };
    let end = |y: f64| moments.mean - moments.sd() * turned(y);
    Some(Interval { lower: end(reach), upper: end(-reach) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_skewness_hall_is_t() {
        let even: Vec<f64> = (0..21).map(f64::from).collect();
        let (t, hall) = (t_ci(&even, 0.95).expect("t"), hall(&even, 0.95).expect("hall"));
        assert!((t.interval.lower - hall.lower).abs() < 1e-9);
        assert!((t.interval.upper - hall.upper).abs() < 1e-9);
    }

    #[test]
    fn the_long_tail_gets_the_longer_side() {
        let skewed: Vec<f64> = (0..24).map(|i| f64::from(i * i * i)).collect();
        for sign in [1.0, -1.0] {
            let sample: Vec<f64> = skewed.iter().map(|x| sign * x).collect();
            let hall = hall(&sample, 0.95).expect("values");
            let mean = Moments::of(&sample).expect("values").mean;
            let (above, below) = (hall.upper - mean, mean - hall.lower);
            assert_eq!(above > below, sign > 0.0, "{above} {below}");
        }
    }

    #[test]
    fn no_interval_leaves_what_is_possible() {
        let share = Bounds::from_zero(1.0, 0.1);
        let rare = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.004];
        let found = mean_of(&rare, &share, 0.95).expect("values");
        assert!(found.interval.lower >= 0.0 && found.interval.upper <= 1.0);
        let high = mean_of(&[1.0, 1.0, 0.2], &share, 0.95).expect("values");
        assert_eq!(high.interval.upper, 1.0);
    }

    #[test]
    fn nothing_seen_is_not_nothing_possible() {
        let share = Bounds::from_zero(1.0, 0.1);
        let none = mean_of(&[0.0; 16], &share, 0.95).expect("values");
        assert_eq!((none.mean, none.method, none.interval.lower), (0.0, Method::RuleOfThree, 0.0));
        assert!((none.interval.upper - 0.0206).abs() < 1e-4, "{}", none.interval.upper);
        let always = mean_of(&[0.0; 16], &Bounds::from_zero(0.0, 0.0), 0.95).expect("values");
        assert_eq!((always.method, always.interval.upper), (Method::Only, 0.0));
        assert_eq!(mean_of(&[1.0], &share, 0.95).map(|m| m.method), Some(Method::Unknown));
        assert_eq!(mean_of(&[], &share, 0.95), None);
        assert_eq!(mean_of(&[1.0, f64::NAN], &share, 0.95), None);
    }
}

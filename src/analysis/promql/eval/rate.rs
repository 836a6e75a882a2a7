//! `rate` and its kin: what counters did within a window (`promql/functions.go`).

use crate::analysis::promql::Rules;

/// Which of the three extrapolating functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `rate`: a counter, per second.
    Rate,
    /// `increase`: a counter, over the window.
    Increase,
    /// `delta`: a gauge, over the window.
    Delta,
}

/// The change over a window of `(lo, hi)` in milliseconds, extrapolated to its edges; nothing with
/// fewer than two samples. 2.51 turned the order of two steps round (#13725): first the threshold,
/// then never below zero.
pub fn extrapolated(
    change: Change,
    points: &[(i64, f64)],
    (lo, hi): (i64, i64),
    rules: Rules,
) -> Option<f64> {
    let ((first_at, first), (last_at, last)) = (*points.first()?, *points.last()?);
    if points.len() < 2 {
        return None;
    }
    let counter = change != Change::Delta;
    let mut result = last - first;
    if counter {
        let falls = points.windows(2).filter(|pair| pair[1].1 < pair[0].1);
        result += falls.map(|pair| pair[0].1).sum::<f64>();
    }
    let secs = |ms: i64| ms as f64 / 1000.0;
    let (mut to_start, mut to_end) = (secs(first_at - lo), secs(hi - last_at));
    let sampled = secs(last_at - first_at);
    let average = sampled / (points.len() - 1) as f64;
    let threshold = average * 1.1;
    // A counter cannot have been below zero.
    let to_zero = (counter && result > 0.0 && first >= 0.0).then(|| sampled * (first / result));
    if rules == Rules::V2 {
        to_start = to_zero.map_or(to_start, |zero| to_start.min(zero));
    }
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if rules == Rules::V3 {
        to_start = to_zero.map_or(to_start, |zero| to_start.min(zero));
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if change == Change::Rate {
        factor /= secs(hi - lo);
    }
    Some(result * factor)
}

/// `irate` and `idelta`: the last two samples, no extrapolation.
pub fn instant(per_second: bool, points: &[(i64, f64)]) -> Option<f64> {
    let [.., (before_at, before), (last_at, last)] = points else { return None };
    let secs = (last_at - before_at) as f64 / 1000.0;
    if secs == 0.0 {
        return None;
    }
    if !per_second {
        return Some(last - before);
    }
    let change = if last < before { *last } else { last - before };
    Some(change / secs)
}

/// How often a counter fell.
pub fn resets(points: &[(i64, f64)]) -> f64 {
    points.windows(2).filter(|pair| pair[1].1 < pair[0].1).count() as f64
}

/// How often a value changed; from NaN to NaN is no change.
pub fn changes(points: &[(i64, f64)]) -> f64 {
    let differ = |a: f64, b: f64| a != b && !(a.is_nan() && b.is_nan());
    points.windows(2).filter(|pair| differ(pair[0].1, pair[1].1)).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new pod with two scrapes in a minute: the order of the steps shows.
    #[test]
    fn the_order_of_the_steps_shows_where_canaries_live() {
        let points = [(30_000, 20.0), (45_000, 80.0)];
        let of = |rules| extrapolated(Change::Increase, &points, (0, 60_000), rules);
        // The counter can have begun 5 s before its first sample. 2.x: 5 s is below 16.5 s.
        assert_eq!(of(Rules::V2), Some(60.0 * (15.0 + 5.0 + 15.0) / 15.0));
        // 3.x: 30 s is above 16.5 s, so half a step, cut to 5 s.
        assert_eq!(of(Rules::V3), Some(60.0 * (15.0 + 5.0 + 15.0) / 15.0));
        let points = [(15_000, 100.0), (30_000, 103.0)];
        let of = |rules| extrapolated(Change::Increase, &points, (0, 60_000), rules);
        // Zero lies 500 s back: 2.x and 3.x agree again; the end is too far away.
        assert_eq!(
            (of(Rules::V2), of(Rules::V3)),
            (Some(3.0 * 37.5 / 15.0), Some(3.0 * 37.5 / 15.0))
        );
        let points = [(40_000, 60.0), (55_000, 120.0)];
        let of = |rules| extrapolated(Change::Increase, &points, (0, 60_000), rules);
        assert_eq!(of(Rules::V2), Some(60.0 * (15.0 + 15.0 + 5.0) / 15.0));
        assert_eq!(of(Rules::V3), Some(60.0 * (15.0 + 7.5 + 5.0) / 15.0));
    }

    #[test]
    fn resets_and_single_samples() {
        let points = [(0, 5.0), (10_000, 8.0), (20_000, 2.0)];
        assert_eq!((resets(&points), changes(&points)), (1.0, 2.0));
        assert_eq!(instant(true, &points), Some(0.2));
        assert_eq!(instant(false, &points), Some(-6.0));
        assert_eq!(instant(true, &points[..1]), None);
        assert_eq!(extrapolated(Change::Rate, &points[..1], (0, 1000), Rules::V3), None);
    }
}

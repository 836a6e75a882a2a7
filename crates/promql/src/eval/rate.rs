//! `rate` and its kin: what counters did within a window (`promql/functions.go`).

use super::points::Points;
use crate::Rules;

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
/// fewer than two samples. 2.51 turned the order of two steps round: first the threshold,
/// then never below zero.
pub fn extrapolated(
    change: Change,
    points: Points<'_>,
    (lo, hi): (i64, i64),
    rules: Rules,
) -> Option<f64> {
    let ((first_at, first), (last_at, last)) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let counter = change != Change::Delta;
    let mut result = last - first;
    if counter {
        // One after the other, as Prometheus adds them: the last digit shows it.
        falls(points).for_each(|fallen| result += fallen);
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

/// The values from which a counter fell: it started again from 0.
fn falls(points: Points<'_>) -> impl Iterator<Item = f64> + '_ {
    let pairs = points.values.iter().zip(points.values.iter().skip(1));
    pairs.filter(|(before, now)| now < before).map(|(before, _)| *before)
}

/// `irate` and `idelta`: the last two samples, no extrapolation.
pub fn instant(per_second: bool, points: Points<'_>) -> Option<f64> {
    let [.., before_at, last_at] = points.times else { return None };
    let [.., before, last] = points.values else { return None };
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
pub fn resets(points: Points<'_>) -> f64 {
    falls(points).count() as f64
}

/// How often a value changed; from NaN to NaN is no change.
pub fn changes(points: Points<'_>) -> f64 {
    let differ = |a: f64, b: f64| a != b && !(a.is_nan() && b.is_nan());
    points.values.windows(2).filter(|pair| differ(pair[0], pair[1])).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new pod with two scrapes in a minute: the order of the steps shows.
    #[test]
    fn the_order_of_the_steps_shows_where_canaries_live() {
        let check = |times: [i64; 2], values: [f64; 2], old: f64, new: f64| {
            let points = Points { times: &times, values: &values };
            let of = |rules| extrapolated(Change::Increase, points, (0, 60_000), rules);
            assert_eq!((of(Rules::V2), of(Rules::V3)), (Some(old), Some(new)), "{times:?}");
        };
        // The counter can have begun 5 s before its first sample: half a step is 7.5 s.
        check([30_000, 45_000], [20.0, 80.0], 60.0 * 35.0 / 15.0, 60.0 * 35.0 / 15.0);
        // Zero lies 500 s back, so half a step on either side.
        check([15_000, 30_000], [100.0, 103.0], 3.0 * 37.5 / 15.0, 3.0 * 37.5 / 15.0);
        // Zero lies 15 s back, below the threshold of 16.5 s: 2.x goes there, 3.x half a step.
        check([40_000, 55_000], [60.0, 120.0], 60.0 * 35.0 / 15.0, 60.0 * 27.5 / 15.0);
    }

    #[test]
    fn resets_and_single_samples() {
        let (times, values) = ([0, 10_000, 20_000], [5.0, 8.0, 2.0]);
        let points = Points { times: &times, values: &values };
        assert_eq!((resets(points), changes(points)), (1.0, 2.0));
        assert_eq!(instant(true, points), Some(0.2));
        assert_eq!(instant(false, points), Some(-6.0));
        let one = Points { times: &times[..1], values: &values[..1] };
        assert_eq!(instant(true, one), None);
        assert_eq!(extrapolated(Change::Rate, one, (0, 1000), Rules::V3), None);
    }
}

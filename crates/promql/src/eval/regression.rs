//! Lines through samples: `deriv`, `predict_linear`, and Holt's smoothing (`promql/functions.go`).

use super::points::Points;
use super::sums::Sum;

/// Least squares over (seconds since `origin_ms`, value): slope per second and value at the origin.
pub fn line(points: Points<'_>, origin_ms: i64) -> (f64, f64) {
    let first = points.values.first().copied().unwrap_or(f64::NAN);
    if points.values.iter().all(|value| *value == first) {
        let no_line = first.is_infinite();
        return if no_line { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = points.len() as f64;
    let x = |at: i64| (at as f64 - origin_ms as f64) / 1000.0;
    let sum = |of: &dyn Fn(f64, f64) -> f64| Sum::of(points.pairs().map(|(t, v)| of(x(t), v)));
    let (xs, ys) = (sum(&|x, _| x), sum(&|_, y| y));
    let (xys, xxs) = (sum(&|x, y| x * y), sum(&|x, _| x * x));
    let slope = (xys - xs * ys / n) / (xxs - xs * xs / n);
    (slope, ys / n - slope * xs / n)
}

/// `deriv`: the slope; nothing with fewer than two samples.
pub fn deriv(points: Points<'_>) -> Option<f64> {
    (points.len() >= 2).then(|| line(points, points.times[0]).0)
}

/// `predict_linear`: the line's value `ahead_s` seconds after `now_ms`.
pub fn predict(points: Points<'_>, now_ms: i64, ahead_s: f64) -> Option<f64> {
    (points.len() >= 2).then(|| {
        let (slope, at_now) = line(points, now_ms);
        slope * ahead_s + at_now
    })
}

/// `holt_winters`: double exponential smoothing with factors for level and trend.
pub fn holt(points: Points<'_>, level: f64, trend: f64) -> Option<f64> {
    let [first, second, ..] = points.values else { return None };
    let (mut before, mut smooth, mut slope) = (0.0, *first, second - first);
    for (i, value) in points.values.iter().enumerate().skip(1) {
        if i > 1 {
            slope = trend * (smooth - before) + (1.0 - trend) * slope;
        }
        let next = level * value + (1.0 - level) * (smooth + slope);
        (before, smooth) = (smooth, next);
    }
    Some(smooth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_found_again() {
        let times: Vec<i64> = (0..10).map(|i| i * 10_000).collect();
        let values: Vec<f64> = (0..10).map(|i| 3.0 + 5.0 * f64::from(i)).collect();
        let points = Points { times: &times, values: &values };
        assert!((deriv(points).unwrap_or(0.0) - 0.5).abs() < 1e-12);
        assert!((predict(points, 90_000, 100.0).unwrap_or(0.0) - 98.0).abs() < 1e-9);
        assert!((holt(points, 0.3, 0.7).unwrap_or(0.0) - 48.0).abs() < 1e-9);
        assert_eq!(deriv(Points { times: &[0, 1], values: &[5.0, 5.0] }), Some(0.0));
        assert_eq!(deriv(Points { times: &[0], values: &[5.0] }), None);
    }
}

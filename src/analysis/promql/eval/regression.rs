//! Lines through samples: `deriv`, `predict_linear`, and Holt's smoothing (`promql/functions.go`).

use super::sums::Sum;

/// Least squares over (seconds since `origin_ms`, value): slope per second and value at the origin.
pub fn line(points: &[(i64, f64)], origin_ms: i64) -> (f64, f64) {
    let first = points.first().map_or(f64::NAN, |p| p.1);
    if points.iter().all(|(_, value)| *value == first) {
        let no_line = first.is_infinite();
        return if no_line { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = points.len() as f64;
    let x = |at: i64| (at - origin_ms) as f64 / 1000.0;
    let sum = |of: &dyn Fn(f64, f64) -> f64| Sum::of(points.iter().map(|(t, v)| of(x(*t), *v)));
    let (xs, ys) = (sum(&|x, _| x), sum(&|_, y| y));
    let (xys, xxs) = (sum(&|x, y| x * y), sum(&|x, _| x * x));
    let slope = (xys - xs * ys / n) / (xxs - xs * xs / n);
    (slope, ys / n - slope * xs / n)
}

/// `deriv`: the slope; nothing with fewer than two samples.
pub fn deriv(points: &[(i64, f64)]) -> Option<f64> {
    (points.len() >= 2).then(|| line(points, points[0].0).0)
}

/// `predict_linear`: the line's value `ahead_s` seconds after `now_ms`.
pub fn predict(points: &[(i64, f64)], now_ms: i64, ahead_s: f64) -> Option<f64> {
    (points.len() >= 2).then(|| {
        let (slope, at_now) = line(points, now_ms);
        slope * ahead_s + at_now
    })
}

/// `holt_winters`: double exponential smoothing with factors for level and trend.
pub fn holt(points: &[(i64, f64)], level: f64, trend: f64) -> Option<f64> {
    let [(_, first), (_, second), ..] = points else { return None };
    let (mut before, mut smooth, mut slope) = (0.0, *first, second - first);
    for (i, (_, value)) in points.iter().enumerate().skip(1) {
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
        let points: Vec<(i64, f64)> =
            (0..10).map(|i| (i * 10_000, 3.0 + 0.5 * 10.0 * i as f64)).collect();
        assert!((deriv(&points).unwrap_or(0.0) - 0.5).abs() < 1e-12);
        assert!((predict(&points, 90_000, 100.0).unwrap_or(0.0) - 98.0).abs() < 1e-9);
        assert!((holt(&points, 0.3, 0.7).unwrap_or(0.0) - 48.0).abs() < 1e-9);
        assert_eq!(deriv(&[(0, 5.0), (1, 5.0)]), Some(0.0));
        assert_eq!(deriv(&points[..1]), None);
    }
}

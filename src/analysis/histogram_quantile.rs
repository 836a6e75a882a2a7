//! The quantile that Prometheus reports from a classic histogram, with all its bias.
//!
//! Within a bucket it draws a straight line, so a p99 between two bounds says little, while a limit
//! on a bound is exact. Deliberately absent: the true latencies.

/// Prometheus' rule (`promql/quantile.go`): rank = q·N, the first bucket whose cumulative count
/// reaches it, linear within; the lowest bucket starts at 0 (if its bound is positive); a rank in
/// the +Inf bucket gives the highest finite bound.
///
/// `bounds` are the finite upper bounds in ascending order, `counts` the counts per bucket (not
/// cumulative) with the +Inf bucket last. NaN for no observations, a NaN `q`, fewer than one
/// finite bound, or lengths that do not fit; −∞ for q < 0, +∞ for q > 1.
pub fn histogram_quantile(q: f64, bounds: &[f64], counts: &[f64]) -> f64 {
    if bounds.is_empty() || counts.len() != bounds.len() + 1 || q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let total: f64 = counts.iter().sum();
    if total.is_nan() || total <= 0.0 {
        return f64::NAN;
    }
    let rank = q * total;
    let mut below = 0.0;
    for (bucket, bound) in bounds.iter().enumerate() {
        let count = counts[bucket];
        if below + count >= rank {
            if bucket == 0 && *bound <= 0.0 {
                return *bound;
            }
            let floor = if bucket == 0 { 0.0 } else { bounds[bucket - 1] };
            return floor + (bound - floor) * ((rank - below) / count);
        }
        below += count;
    }
    bounds[bounds.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_a_bound_is_exact() {
        let bounds = [250.0, 500.0];
        // 99 of 100 within 500: p99 is 500 and passes; 98 do not.
        assert!(histogram_quantile(0.99, &bounds, &[0.0, 99.0, 1.0]) <= 500.0);
        assert_eq!(histogram_quantile(0.99, &bounds, &[50.0, 48.0, 2.0]), 500.0);
        // Everything in one bucket: the same answer, wherever the values lie in it.
        assert_eq!(histogram_quantile(0.99, &bounds, &[0.0, 100.0, 0.0]), 497.5);
    }

    #[test]
    fn odd_input_gives_what_prometheus_gives() {
        let nan =
            |q, bounds: &[f64], counts: &[f64]| histogram_quantile(q, bounds, counts).is_nan();
        assert!(nan(0.5, &[1.0], &[0.0, 0.0]) && nan(f64::NAN, &[1.0], &[1.0, 0.0]));
        assert!(nan(0.5, &[], &[3.0]) && nan(0.5, &[1.0], &[3.0]));
        assert!(nan(0.5, &[1.0], &[f64::NAN, 1.0]));
        assert_eq!(histogram_quantile(-1.0, &[1.0], &[1.0, 0.0]), f64::NEG_INFINITY);
        assert_eq!(histogram_quantile(2.0, &[1.0], &[1.0, 0.0]), f64::INFINITY);
        assert_eq!(histogram_quantile(0.5, &[-1.0, 2.0], &[5.0, 1.0, 0.0]), -1.0);
        // q = 0 falls into the first bucket, empty or not.
        assert!(nan(0.0, &[1.0, 2.0], &[0.0, 5.0, 0.0]));
    }
}

//! Quantiles of a sample.
//!
//! Deliberately absent: latency histograms (one replication's quantile is one value here), and
//! the quantiles of a mix of variants, with their intervals (see `mixture`).

/// The sample in ascending order; nothing if it is empty or holds NaN.
pub fn sorted(sample: &[f64]) -> Option<Vec<f64>> {
    if sample.is_empty() || sample.iter().any(|x| x.is_nan()) {
        return None;
    }
    let mut values = sample.to_vec();
    values.sort_by(f64::total_cmp);
    Some(values)
}

/// The `q` quantile of an ascending sample, linear between order statistics (Hyndman & Fan's
/// type 7, the default of R and NumPy). Nothing for an empty sample or `q` outside [0, 1].
pub fn quantile_of_sorted(ascending: &[f64], q: f64) -> Option<f64> {
    if ascending.is_empty() || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * (ascending.len() - 1) as f64;
    let below = place.floor() as usize;
    let (low, high) = (ascending[below], ascending[(below + 1).min(ascending.len() - 1)]);
    let part = place - below as f64;
    Some(if part == 0.0 || low == high { low } else { low + (high - low) * part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_seven_matches_hand_worked_values() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (q, expected) in [(0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            let got = quantile_of_sorted(&values, q).expect("four values");
            assert!((got - expected).abs() < 1e-12, "{q}: {got}");
        }
        assert_eq!((sorted(&[]), sorted(&[f64::NAN])), (None, None));
        assert_eq!(sorted(&[2.0, 1.0]), Some(vec![1.0, 2.0]));
        assert_eq!(quantile_of_sorted(&values, 1.5), None);
    }
}

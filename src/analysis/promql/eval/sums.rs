//! Sums that lose nothing: Kahan's compensation in Neumaier's form, as Prometheus sums.

/// A running sum with its compensation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - total) + value;
        } else {
            self.lost += (value - total) + self.sum;
        }
        self.sum = total;
    }

    /// The sum.
    pub fn total(self) -> f64 {
        self.sum + self.lost
    }

    /// The sum of values.
    pub fn of(values: impl Iterator<Item = f64>) -> f64 {
        let mut sum = Sum::default();
        values.for_each(|v| sum.add(v));
        sum.total()
    }
}

/// The mean of values; one that would overflow as a sum is built up step by step.
pub fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut sum, mut count) = (Sum::default(), 0.0);
    for value in values.clone() {
        sum.add(value);
        count += 1.0;
    }
    let total = sum.total();
    if total.is_finite() || values.clone().any(|v| !v.is_finite()) {
        return total / count;
    }
    let parts = values.map(|v| v / count);
    Sum::of(parts)
}

/// Population variance (÷ n), by Welford's steps with compensation.
pub fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, Sum::default(), Sum::default());
    for value in values {
        count += 1.0;
        let delta = value - mean.total();
        mean.add(delta / count);
        squares.add(delta * (value - mean.total()));
    }
    squares.total() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_survive_large_ones() {
        assert_eq!(Sum::of([1e100, 1.0, -1e100].into_iter()), 1.0);
        assert_eq!(Sum::of([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(Sum::of([f64::INFINITY, f64::NEG_INFINITY].into_iter()).is_nan());
        assert_eq!(mean([f64::MAX, f64::MAX].into_iter()), f64::MAX);
        assert_eq!(variance([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter()), 4.0);
    }
}

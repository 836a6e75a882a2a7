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

    /// What was added so far, with what rounding lost.
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

/// The mean of values, as `avg` and `avg_over_time` have it: the sum and what it lost, each divided
/// by their number. From the value on that would make the sum overflow, the mean is built up step
/// by step instead.
pub fn mean(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else { return f64::NAN };
    let (mut sum, mut mean, mut count) = (Sum { sum: first, lost: 0.0 }, None, 1.0);
    for value in values {
        count += 1.0;
        let mut before = match mean {
            Some(mean) => mean,
            None => {
                let mut next = sum;
                next.add(value);
                if !next.sum.is_infinite() {
                    sum = next;
                    continue;
                }
                Sum { sum: sum.sum / (count - 1.0), lost: sum.lost / (count - 1.0) }
            }
        };
        let kept: f64 = (count - 1.0) / count;
        before = Sum { sum: kept * before.sum, lost: kept * before.lost };
        before.add(value / count);
        mean = Some(before);
    }
    mean.map_or(sum.sum / count + sum.lost / count, Sum::total)
}

/// The mean of a window as 2.42 builds it up: step by step from the first value on, what is lost
/// kept apart.
pub fn stepwise_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut count) = (Sum::default(), 0.0);
    for value in values {
        count += 1.0;
        // An infinite mean stays, unless the value takes it away.
        if mean.sum.is_infinite() && (value.is_finite() || value == mean.sum) {
            continue;
        }
        mean.add(value / count - mean.sum / count);
    }
    if mean.sum.is_infinite() { mean.sum } else { mean.total() }
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

    /// Prometheus 3.14 and 2.42 were asked for these: they differ in the last digits.
    #[test]
    fn means_round_as_prometheus_rounds() {
        let three = || [0.1, 0.2, 0.3, 1e16, -1e16, 7.7].into_iter();
        assert_eq!(
            (mean(three()), stepwise_mean(three())),
            (1.3833333333333335, 1.4833333333333334)
        );
        let flood = || [1e308, 1e308, 5e307, 3.0].into_iter();
        assert_eq!((mean(flood()), stepwise_mean(flood())), (6.25e307, 6.25e307));
        let inf = [f64::INFINITY, 1.0, f64::INFINITY];
        assert_eq!(stepwise_mean(inf.into_iter()), f64::INFINITY);
        assert_eq!(mean(inf.into_iter()), f64::INFINITY);
        assert!(mean([f64::INFINITY, f64::NEG_INFINITY].into_iter()).is_nan());
        assert!(mean([1.0, f64::NAN].into_iter()).is_nan() && mean([].into_iter()).is_nan());
    }

    #[test]
    fn small_parts_survive_large_ones() {
        assert_eq!(Sum::of([1e100, 1.0, -1e100].into_iter()), 1.0);
        assert_eq!(Sum::of([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(Sum::of([f64::INFINITY, f64::NEG_INFINITY].into_iter()).is_nan());
        assert_eq!(mean([f64::MAX, f64::MAX].into_iter()), f64::MAX);
        assert_eq!(variance([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter()), 4.0);
    }
}

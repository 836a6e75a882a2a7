//! Samples of a window: borrowed from the store where they stand side by side, copied where markers
//! and gaps have to be left out.

use crate::store::is_sample;

/// Samples of a series within a window, oldest first, without markers and gaps.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Instants in milliseconds.
    pub times: &'a [i64],
    /// Values, as many.
    pub values: &'a [f64],
}

impl Points<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.values.len()
    }

    /// The oldest sample; nothing if there is none.
    pub fn first(self) -> Option<(i64, f64)> {
        Some((*self.times.first()?, *self.values.first()?))
    }

    /// The newest sample; nothing if there is none.
    pub fn last(self) -> Option<(i64, f64)> {
        Some((*self.times.last()?, *self.values.last()?))
    }

    /// One after the other.
    pub fn pairs(&self) -> impl Iterator<Item = (i64, f64)> + Clone + '_ {
        self.times.iter().copied().zip(self.values.iter().copied())
    }
}

/// Samples of a row of its own.
#[derive(Clone, Debug, Default)]
pub struct OwnPoints {
    times: Vec<i64>,
    values: Vec<f64>,
}

impl OwnPoints {
    /// Adds a sample.
    pub fn push(&mut self, at: i64, value: f64) {
        self.times.push(at);
        self.values.push(value);
    }

    /// All of it.
    pub fn points(&self) -> Points<'_> {
        Points { times: &self.times, values: &self.values }
    }

    /// The samples among slices of a store; this row is where they are copied to if need be.
    pub fn samples_of<'a>(&'a mut self, (times, values): (&'a [i64], &'a [f64])) -> Points<'a> {
        // Markers and gaps are NaN, so most windows are through with one quick look.
        if !values.iter().any(|v| v.is_nan()) {
            return Points { times, values };
        }
        self.times.clear();
        self.values.clear();
        for (at, value) in times.iter().zip(values).filter(|(_, v)| is_sample(**v)) {
            self.push(*at, *value);
        }
        self.points()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stale;

    #[test]
    fn markers_are_left_out_and_other_nans_are_not() {
        let times = [1, 2, 3, 4];
        let mut row = OwnPoints::default();
        let clean = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(row.samples_of((&times, &clean)).values.as_ptr(), clean.as_ptr(), "borrowed");
        let values = [1.0, stale(), f64::NAN, 4.0];
        let points = row.samples_of((&times, &values));
        assert_eq!((points.times, points.len()), (&[1, 3, 4][..], 3));
        assert_eq!((points.first(), points.last()), (Some((1, 1.0)), Some((4, 4.0))));
    }
}

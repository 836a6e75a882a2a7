//! When are there enough replications? A sequential rule that looks only at batch ends.
//!
//! Looking after every replication would stop at lucky moments; looking at fixed ends of batches
//! keeps the undercoverage small (Law & Kelton, 9.4.1) and makes the number of replications a
//! function of the rows alone. Deliberately absent: who flies them.

use super::bounds::Bounds;
use super::interval::t_ci;
use super::mean::mean_of;

/// Values that are all equal are believed once what they have not shown happens in less than this
/// share of flights: one in 13, from 48 flights on.
pub const UNSEEN: f64 = 0.075;

/// The precision wanted of one measure's mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Largest half-width as a share of |mean|, such as 0.05.
    pub relative: f64,
    /// Half-width that is always good enough, in the unit of the measure: below it nobody cares.
    pub floor: f64,
    /// What the measure's values can be: how far a flight that was not seen may lie off.
    pub bounds: Bounds,
}

/// What one measure has reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Mean so far; NaN if there is none.
    pub mean: f64,
    /// Half-width of the mean's t interval; infinite below two values.
    pub half_width: f64,
    /// Half-width that would do: max(relative·|mean|, floor).
    pub limit: f64,
    /// Is it reached?
    pub reached: bool,
}

/// Flights come in batches, and only at the end of one is looked at what they came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// Replications from look to look; at least ten, or a lucky few stop it.
    pub length: usize,
    /// The end, whatever is reached.
    pub most: usize,
}

impl Batches {
    /// Up to how many replications to fly, if `flown` are there and their precision is `reached`;
    /// nothing means that they are enough, or all there may be.
    pub fn next(&self, flown: usize, reached: bool) -> Option<usize> {
        let length = self.length.max(1);
        let is_end = flown > 0 && flown.is_multiple_of(length);
        let goes_on = flown < self.most && !(is_end && reached);
        goes_on.then(|| ((flown / length + 1) * length).min(self.most))
    }
}

/// The precision of one measure, by the t interval. Of values that are all equal, t knows nothing:
/// there the whole interval counts, which allows for flights that were not seen, and it is narrow
/// enough once those are rarer than [`UNSEEN`]. A measure without values (nothing happened that it
/// could measure) is reached: more flights do not promise any. A single value is not. Values that
/// are not finite are a measure that can't be reached.
pub fn precision(sample: &[f64], wanted: Wanted, confidence: f64) -> Precision {
    let (mean, half_width) = match t_ci(sample, confidence) {
        Some(ci) => (ci.mean, ci.half_width),
        None if sample.len() == 1 => (sample[0], f64::INFINITY),
        None => (f64::NAN, f64::INFINITY),
    };
    let limit = (wanted.relative * mean.abs()).max(wanted.floor);
    let seen = sample.is_empty() || half_width <= limit;
    if half_width > 0.0 {
        return Precision { mean, half_width, limit, reached: seen };
    }
    let whole = mean_of(sample, &wanted.bounds, confidence);
    let half_width = whole.map_or(f64::INFINITY, |found| found.interval.half_width());
    let (down, up) = wanted.bounds.reach(mean, mean);
    let limit = limit.max(UNSEEN * (up - down) / 2.0);
    Precision { mean, half_width, limit, reached: half_width <= limit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::random::{Purpose, Streams};
    use windtunnel_base::ziggurat::Exponentials;

    const WANTED: Wanted = Wanted { relative: 0.05, floor: 0.01, bounds: Bounds::NONE };

    #[test]
    fn relative_and_absolute_limits_both_do() {
        let near: Vec<f64> = (0..40).map(|i| 100.0 + f64::from(i % 3)).collect();
        assert!(precision(&near, WANTED, 0.95).reached);
        let wide: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        let reached = precision(&wide, WANTED, 0.95);
        assert!(!reached.reached && reached.half_width > 0.05 * reached.mean);
        // Around zero only the floor can be met.
        let tiny: Vec<f64> = (0..40).map(|i| 0.001 * f64::from(i % 2 * 2 - 1)).collect();
        assert!(precision(&tiny, WANTED, 0.95).reached);
        assert!(precision(&[0.0; 10], WANTED, 0.95).reached);
    }

    /// Nothing was seen in 16 flights: that is no reason to stop, and no certainty.
    #[test]
    fn zeros_do_not_stop_at_once() {
        let share = Wanted { bounds: Bounds::from_zero(1.0, 0.1), ..WANTED };
        let share = Wanted { floor: 0.001, ..share };
        let of = |n: usize| precision(&vec![0.0; n], share, 0.95);
        assert!(!of(16).reached && !of(32).reached && of(48).reached);
        assert!(of(16).half_width > 0.01 && of(48).half_width > 0.0);
        assert!(of(16).half_width > of(16).limit);
    }

    #[test]
    fn degenerate_samples() {
        assert!(precision(&[], WANTED, 0.95).reached);
        let one = precision(&[4.0], WANTED, 0.95);
        assert!(!one.reached && one.half_width == f64::INFINITY);
        assert!(!precision(&[1.0, f64::NAN], WANTED, 0.95).reached);
    }

    #[test]
    fn looks_happen_at_batch_ends_only() {
        let batches = Batches { length: 16, most: 100 };
        assert_eq!(batches.next(0, true), Some(16), "nothing is known before a flight");
        assert_eq!(batches.next(20, true), Some(32));
        assert_eq!((batches.next(32, true), batches.next(32, false)), (None, Some(48)));
        assert_eq!(batches.next(96, false), Some(100));
        assert_eq!((batches.next(100, false), batches.next(100, true)), (None, None));
    }

    /// Stopping on the data costs a little coverage: 94.4 % instead of 95 % over 4000 runs on
    /// exponential values. Of 800 runs fewer than 724 covering (4.8 standard deviations) is no
    /// accident.
    #[test]
    fn stopping_costs_little_coverage() {
        let batches = Batches { length: 20, most: 4000 };
        let mut stream = Streams::new(21, 0).stream(Purpose::Swarm, 9);
        let wanted = Wanted { relative: 0.1, floor: 0.0, bounds: Bounds::NONE };
        let mut covered = 0;
        for _ in 0..800 {
            let mut sample: Vec<f64> = Vec::new();
            let mut last = precision(&sample, wanted, 0.95);
            while let Some(until) = batches.next(sample.len(), last.reached) {
                let more = until - sample.len();
                sample.extend((0..more).map(|_| Exponentials::default().draw(&mut stream)));
                last = precision(&sample, wanted, 0.95);
            }
            covered += u32::from((last.mean - 1.0).abs() <= last.half_width);
        }
        assert!(covered >= 724, "{covered} of 800");
    }
}

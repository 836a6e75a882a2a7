//! When a change has paid for itself.
//!
//! What it takes once, divided by what a year saves: no interest, and the same year again and
//! again.

use crate::figures::Figure;

/// Months of a year.
const MONTHS: f64 = 12.0;

/// A change that takes longer than so many years does not pay.
pub const YEARS_MAX: f64 = 10.0;

/// When a change is paid back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payback {
    /// What it takes once, in US dollars.
    pub cost: f64,
    /// Months by the mean of what a year saves; nothing if it saves nothing, or if that takes more
    /// than [`YEARS_MAX`].
    pub months: Option<f64>,
    /// The soonest, by the end of the interval that saves most.
    pub soonest: Option<f64>,
    /// The latest, by the end that saves least.
    pub latest: Option<f64>,
}

/// A cost, and what a year costs more (or less, below 0) for it.
pub fn payback(cost: f64, difference: &Figure) -> Payback {
    let months = |more: f64| {
        let months = if cost > 0.0 { cost / (-more) * MONTHS } else { 0.0 };
        let pays = cost <= 0.0 || more < 0.0;
        (pays && months <= YEARS_MAX * MONTHS).then_some(months)
    };
    let interval = &difference.interval;
    Payback {
        cost,
        months: months(difference.value),
        soonest: months(interval.lower),
        latest: months(interval.upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_stats::interval::Interval;

    fn of(cost: f64, value: f64, lower: f64, upper: f64) -> [Option<f64>; 3] {
        let difference = Figure { value, interval: Interval { lower, upper }, n: 9 };
        let found = payback(cost, &difference);
        [found.soonest, found.months, found.latest]
    }

    #[test]
    fn months_until_the_savings_are_the_cost() {
        assert_eq!(of(6000.0, -12_000.0, -24_000.0, -6000.0), [3.0, 6.0, 12.0].map(Some));
        assert_eq!(of(6000.0, -12_000.0, -24_000.0, 10.0), [Some(3.0), Some(6.0), None]);
        assert_eq!(of(6000.0, 5.0, 1.0, 10.0), [None; 3]);
        assert_eq!(of(1.0e6, -12_000.0, -150_000.0, -1.0), [Some(80.0), None, None]);
        assert_eq!(of(0.0, 3.0, 1.0, 4.0), [Some(0.0); 3], "nothing to pay back");
    }
}

//! Values of a swept setting as numbers, so that a curve can be drawn over them and its turning
//! point named in the same unit. Deliberately unknown here: which setting it is.

use crate::figure::{Quantity, significant};
use windtunnel_base::maths;
use windtunnel_base::units::{parse_duration, parse_money, parse_rate, parse_share};

/// What the values of a setting are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Share,
    Seconds,
    PerSecond,
    Money,
    Plain,
}

/// The values of a sweep, on a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    unit: Unit,
    values: Vec<f64>,
    log: bool,
}

/// Largest over smallest value from which the scale is logarithmic.
const LOG_FROM: f64 = 15.0;

/// Reads all values in one unit; nothing if they have none in common, or do not rise.
pub fn scale(texts: &[&str]) -> Option<Scale> {
    const UNITS: [Unit; 5] =
        [Unit::Plain, Unit::Share, Unit::Seconds, Unit::PerSecond, Unit::Money];
    let read =
        |unit: &Unit| -> Option<Vec<f64>> { texts.iter().map(|t| number(*unit, t)).collect() };
    let (unit, values) = UNITS.iter().find_map(|unit| read(unit).map(|values| (*unit, values)))?;
    let rising = values.windows(2).all(|pair| pair[0] < pair[1]);
    let (first, last) = (*values.first()?, *values.last()?);
    let log = first > 0.0 && last / first >= LOG_FROM && !even(&values);
    rising.then_some(Scale { unit, values, log })
}

/// Are there several steps, all of one size?
fn even(values: &[f64]) -> bool {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let same = |step: &f64| (step - steps[0]).abs() <= 1e-6 * steps[0].abs();
    steps.len() > 1 && steps.iter().all(same)
}

fn number(unit: Unit, text: &str) -> Option<f64> {
    match unit {
        Unit::Plain => text.parse().ok(),
        Unit::Share => parse_share(text).map(|share| share.value()),
        Unit::Seconds => parse_duration(text).map(|span| span.as_secs_f64()),
        Unit::PerSecond => parse_rate(text).map(|rate| rate.value()),
        Unit::Money => parse_money(text).map(|money| money.value()),
    }
}

impl Scale {
    /// Do equal steps multiply?
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Where the value at this place of the list lies, 0 to 1.
    pub fn place(&self, at: usize) -> f64 {
        let bent = |value: f64| if self.log { maths::ln(value) } else { value };
        let ends = [self.values[0], self.values[self.values.len() - 1]].map(bent);
        (bent(self.values[at]) - ends[0]) / (ends[1] - ends[0])
    }

    /// The value at a place between 0 and 1, as people read it.
    pub fn shown(&self, place: f64) -> String {
        let ends = [self.values[0], self.values[self.values.len() - 1]];
        let value = if self.log {
            maths::exp(maths::ln(ends[0]) + place * (maths::ln(ends[1]) - maths::ln(ends[0])))
        } else {
            ends[0] + place * (ends[1] - ends[0])
        };
        // Two digits: the place comes from a straight line between two values.
        let power = maths::pow(10f64, maths::log10(value.abs().max(1e-9)).floor() - 1.0);
        let value = (value / power).round() * power;
        match self.unit {
            Unit::Share => Quantity::Share.show(value),
            Unit::Seconds => Quantity::Seconds.show(value),
            Unit::PerSecond => format!("{}/s", significant(value)),
            Unit::Money => Quantity::Usd.show(value),
            Unit::Plain => significant(value),
        }
    }
}

/// Where values lie, 0 to 1; evenly if they are no numbers that rise.
pub fn places(values: &[String]) -> Vec<f64> {
    let texts: Vec<&str> = values.iter().map(|value| value.trim()).collect();
    let count = texts.len();
    match scale(&texts) {
        Some(scale) if count > 1 => (0..count).map(|at| scale.place(at)).collect(),
        _ => (0..count).map(|at| at as f64 / (count - 1).max(1) as f64).collect(),
    }
}

/// The end of a path; with what it stands in where the name alone says little, such as `by`.
pub fn short(path: &str) -> &str {
    let end = |from: &str| from.rfind('.').map_or(0, |at| at + 1);
    let last = end(path);
    if path.len() - last > 3 || last == 0 { &path[last..] } else { &path[end(&path[..last - 1])..] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_their_unit() {
        let half = |texts: &[&str]| scale(texts).map(|scale| scale.shown(0.5));
        assert_eq!(half(&["5", "10", "15"]).as_deref(), Some("10"));
        assert_eq!(half(&["0%", "100%"]).as_deref(), Some("50 %"));
        assert_eq!(half(&["30s", "5m"]).as_deref(), Some("2.83 min"));
        assert_eq!(half(&["1/s", "100/s"]).as_deref(), Some("10/s"), "logarithmic");
        assert_eq!(half(&["$0.01", "$1"]).as_deref(), Some("$0.1"));
        assert_eq!(half(&["1", "51", "101"]).as_deref(), Some("51"), "even steps are linear");
        assert_eq!(half(&["hash", "header"]), None);
        assert_eq!(half(&["2", "1"]), None);
        let places = scale(&["1", "10", "100"]).map(|scale| scale.place(1));
        assert!(places.is_some_and(|place| (place - 0.5).abs() < 1e-12));
    }
}

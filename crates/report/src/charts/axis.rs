//! An axis: from values to places between 0 and 1, with ticks that people would choose.
//!
//! Values of one size get a linear axis. Values of different sizes get one that is logarithmic
//! away from zero and linear around it, so that "nothing" and negative figures have a place too.
//! Deliberately absent: drawing.

use super::canvas::{Type, measured};
use crate::figure::{Quantity, Scale, significant};
use windtunnel_base::maths;

/// Largest over smallest value from which an axis is logarithmic.
const LOG_FROM: f64 = 30.0;
/// Most decades of a logarithmic axis.
const DECADES_MAX: i32 = 5;

/// A scale with its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    quantity: Quantity,
    /// Size up to which the axis is linear; nothing if it is linear everywhere.
    linear_to: Option<f64>,
    min: f64,
    max: f64,
    unit: Scale,
}

/// A tick: place between 0 and 1, and label without unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value it stands at.
    pub value: f64,
    /// Where, between 0 and 1.
    pub place: f64,
    /// What is written there.
    pub label: String,
}

/// The labels that fit on an axis of this length, each with its middle; zero comes first, then the
/// others from the left, and none comes nearer to another than a space.
pub fn labels(ticks: &[Tick], start: f64, length: f64, style: Type) -> Vec<(f64, String)> {
    let mut order: Vec<&Tick> = ticks.iter().collect();
    order.sort_by_key(|tick| tick.value != 0.0);
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let mut kept = Vec::new();
    for tick in order {
        let (middle, half) =
            (start + tick.place * length, measured(&tick.label, style) / 2.0 + 3.0);
        let (from, to) = (middle - half, middle + half);
        if taken.iter().all(|(left, right)| to <= *left || from >= *right) {
            taken.push((from, to));
            kept.push((middle, tick.label.clone()));
        }
    }
    kept
}

impl Axis {
    /// An axis that holds zero and all values that are finite.
    pub fn over(quantity: Quantity, values: impl IntoIterator<Item = f64>) -> Axis {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let max = values.iter().copied().fold(0.0, f64::max);
        let min = values.iter().copied().fold(0.0, f64::min);
        let largest = max.max(-min);
        let sizes = values.iter().map(|value| value.abs()).filter(|size| *size > largest * 1e-9);
        let smallest = sizes.fold(f64::INFINITY, f64::min);
        let unit = quantity.scale(largest);
        if largest == 0.0 {
            let max = if quantity == Quantity::Share { 0.01 } else { 1.0 };
            return Axis { quantity, linear_to: None, min: 0.0, max, unit };
        }
        if largest / smallest >= LOG_FROM {
            let linear_to = linear_part(quantity, smallest, largest);
            return Axis { quantity, linear_to: Some(linear_to), min, max, unit };
        }
        let mut axis = Axis { quantity, linear_to: None, min, max, unit };
        let step = axis.step();
        axis.max = (max / step - 1e-9).ceil() * step;
        axis.min = (min / step + 1e-9).floor() * step;
        axis
    }

    /// A linear axis that holds zero and both ends, with ticks at its own.
    pub fn linear_over(quantity: Quantity, least: f64, most: f64) -> Axis {
        let mut axis = Axis::between(quantity, least.min(0.0), most.max(0.0));
        let step = axis.step();
        axis.max = (axis.max / step - 1e-9).ceil() * step;
        axis.min = (axis.min / step + 1e-9).floor() * step;
        axis
    }

    /// A linear axis with given ends.
    pub fn between(quantity: Quantity, min: f64, max: f64) -> Axis {
        let max = if max > min { max } else { min + 1.0 };
        let unit = quantity.scale(max.abs().max(min.abs()));
        Axis { quantity, linear_to: None, min, max, unit }
    }

    /// The same axis, made longer by this part of its length at its upper end.
    pub fn stretched(mut self, part: f64) -> Axis {
        let far = self.bent(self.max) + part * (self.bent(self.max) - self.bent(self.min));
        self.max = self.unbent(far);
        self
    }

    /// Where a value lies between the ends, 0 to 1; values beyond stay at the end.
    pub fn place(&self, value: f64) -> f64 {
        let (low, high) = (self.bent(self.min), self.bent(self.max));
        let value = if value.is_nan() { 0.0 } else { value };
        ((self.bent(value) - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Is the axis logarithmic away from zero?
    pub fn is_log(&self) -> bool {
        self.linear_to.is_some()
    }

    /// The unit of the tick labels; empty where each label carries its own.
    pub fn unit(&self) -> &'static str {
        if self.own_units() { "" } else { self.unit.unit }
    }

    fn own_units(&self) -> bool {
        self.is_log() && self.quantity == Quantity::Seconds
    }

    fn bent(&self, value: f64) -> f64 {
        match self.linear_to {
            Some(c) => value.signum() * maths::log10(1.0 + value.abs() / c),
            None => value,
        }
    }

    fn unbent(&self, bent: f64) -> f64 {
        match self.linear_to {
            Some(c) => bent.signum() * c * (maths::pow(10f64, bent.abs()) - 1.0),
            None => bent,
        }
    }

    /// The ticks, from the lower end to the upper.
    pub fn ticks(&self) -> Vec<Tick> {
        let values = match self.linear_to {
            Some(from) => self.log_values(from),
            None => self.linear_values(),
        };
        let tick = |value: f64| Tick { value, place: self.place(value), label: self.label(value) };
        values.into_iter().map(tick).collect()
    }

    /// What a tick at `value` says.
    fn label(&self, value: f64) -> String {
        if self.own_units() && value != 0.0 {
            return Quantity::Seconds.show(value).replace("60 s", "1 min");
        }
        significant(value * self.unit.factor)
    }

    fn linear_values(&self) -> Vec<f64> {
        let step = self.step();
        let first = (self.min / step - 1e-9).ceil() as i64;
        let last = (self.max / step + 1e-9).floor() as i64;
        (first..=last.min(first + 20)).map(|n| n as f64 * step).collect()
    }

    /// Distance of linear ticks: 1, 2 or 5 times a power of ten in the unit shown, three to six
    /// of them; whole minutes and hours come out of the unit.
    fn step(&self) -> f64 {
        let span = (self.max - self.min) * self.unit.factor;
        let rough = span / 5.0;
        let power = maths::pow(10f64, maths::log10(rough).floor());
        let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|n| n * power >= rough * 0.75);
        nice.unwrap_or(10.0) * power / self.unit.factor
    }

    fn log_values(&self, from: f64) -> Vec<f64> {
        let sizes: Vec<f64> = if self.quantity == Quantity::Seconds {
            TIMES.into_iter().filter(|secs| *secs >= from * 0.999).collect()
        } else {
            let unit = from * self.unit.factor;
            let decade = |n: i32| unit * maths::powi(10f64, n) / self.unit.factor;
            (0..=DECADES_MAX + 2).map(decade).collect()
        };
        let within = |value: &f64| *value >= self.min * 1.0001 && *value <= self.max * 1.0001;
        let below = sizes.iter().rev().map(|size| -size).filter(within);
        let above = sizes.iter().copied().filter(within);
        below.chain([0.0]).chain(above).collect()
    }
}

/// Ticks of a logarithmic axis of time, in seconds.
const TIMES: [f64; 8] = [0.1, 1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0, 36_000.0];

/// Where the linear part ends: a tick at or below the smallest value, but not more decades below
/// the largest than can be shown.
fn linear_part(quantity: Quantity, smallest: f64, largest: f64) -> f64 {
    let shown = quantity.scale(largest).factor;
    let floor = |value: f64| maths::pow(10f64, maths::log10(value * shown).floor()) / shown;
    let least = floor(largest) * maths::powi(10f64, 1 - DECADES_MAX);
    let from = floor(smallest).max(least);
    if quantity != Quantity::Seconds {
        return from;
    }
    TIMES.into_iter().rev().find(|secs| *secs <= smallest.max(least)).unwrap_or(TIMES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn values_of_one_size_are_linear() {
        let axis = Axis::over(Quantity::Seconds, [12.0, 38.0]);
        assert_eq!(labels(&axis), ["0", "10", "20", "30", "40"]);
        assert_eq!((axis.unit(), axis.is_log()), ("s", false));
        assert_eq!(axis.place(20.0), 0.5);
        let minutes = Axis::over(Quantity::Seconds, [900.0]);
        assert_eq!(
            (labels(&minutes).last().map(String::as_str), minutes.unit()),
            (Some("15"), "min")
        );
    }

    #[test]
    fn values_of_different_sizes_are_logarithmic_with_a_zero() {
        let axis = Axis::over(Quantity::Share, [0.0, 0.0004, 0.285]);
        assert_eq!(labels(&axis), ["0", "0.01", "0.1", "1", "10"]);
        let places: Vec<f64> = axis.ticks().iter().map(|tick| tick.place).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        let times = Axis::over(Quantity::Seconds, [1.4, 500.0, 7000.0]);
        assert_eq!(labels(&times), ["0", "1 s", "10 s", "1 min", "5 min", "30 min"]);
    }

    #[test]
    fn negative_figures_have_a_place() {
        let axis = Axis::over(Quantity::FleetMinutes, [-0.42, 0.31, 40.9]);
        assert!(axis.is_log() && axis.place(-0.42) == 0.0 && axis.place(40.9) == 1.0);
        assert_eq!(labels(&axis), ["−0.1", "0", "0.1", "1", "10"]);
    }

    #[test]
    fn odd_values_make_an_axis_too() {
        for values in [vec![], vec![0.0], vec![f64::NAN, f64::INFINITY], vec![1e-300, 1e300]] {
            let axis = Axis::over(Quantity::Count, values.clone());
            let ticks = axis.ticks();
            assert!(ticks.len() >= 2 && ticks.len() < 25, "{values:?}: {ticks:?}");
            assert!(ticks.iter().all(|tick| tick.place.is_finite()), "{values:?}");
            assert!(axis.place(f64::NAN).is_finite());
        }
    }

    #[test]
    fn room_for_labels_leaves_the_order() {
        let axis = Axis::over(Quantity::Share, [0.001, 0.5]).stretched(0.25);
        assert!((axis.place(0.5) - 0.8).abs() < 1e-9);
    }
}

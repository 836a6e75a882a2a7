//! Figures as text: exact for machines, short for people.
//!
//! A machine gets the shortest text that reads back as the same number; a person gets three
//! significant digits in a unit that suits the size. Deliberately absent: what is measured.

use crate::outcome::{MeasureId, Unit};
use windtunnel_base::maths;
use windtunnel_stats::estimate::Estimate;

/// The shortest text that reads back as `value`; empty for what is no number, and never `-0`.
pub fn exact(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{}", value + 0.0),
        _ => String::new(),
    }
}

/// What a figure counts, and so in which unit people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A part of a whole: read in percent.
    Share,
    /// Seconds: read in seconds, minutes or hours.
    Seconds,
    /// Fleet-minutes: the whole service, for a minute.
    FleetMinutes,
    /// Milliseconds.
    Millis,
    /// US dollars.
    Usd,
    /// Things.
    Count,
}

/// A unit to print in: the figure times `factor`, followed by `unit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Multiplier of the measured figure.
    pub factor: f64,
    /// The unit's sign; empty for counts.
    pub unit: &'static str,
}

impl Quantity {
    /// How people read a measure.
    pub fn of(measure: MeasureId) -> Quantity {
        match measure.measure().unit {
            Unit::Share => Quantity::Share,
            Unit::Seconds => Quantity::Seconds,
            Unit::Millis => Quantity::Millis,
            Unit::FleetMinutes => Quantity::FleetMinutes,
            Unit::Usd => Quantity::Usd,
            // Its name says the unit.
            Unit::UserMinutes | Unit::PodHours => Quantity::Count,
            Unit::Users | Unit::Requests | Unit::Connections | Unit::Pods => Quantity::Count,
        }
    }

    /// The unit that suits figures as large as `magnitude`.
    pub fn scale(self, magnitude: f64) -> Scale {
        let (factor, unit) = match self {
            Quantity::Share => (100.0, "%"),
            Quantity::Seconds if magnitude.abs() < 100.0 => (1.0, "s"),
            Quantity::Seconds if magnitude.abs() < 6000.0 => (1.0 / 60.0, "min"),
            Quantity::Seconds => (1.0 / 3600.0, "h"),
            Quantity::FleetMinutes => (1.0, "fleet-min"),
            Quantity::Millis => (1.0, "ms"),
            Quantity::Usd => (1.0, "$"),
            Quantity::Count => (1.0, ""),
        };
        Scale { factor, unit }
    }

    /// A figure with its unit: `12.3 %`, `38 s`, `$1.25`.
    pub fn show(self, value: f64) -> String {
        let scale = self.scale(value);
        scale.with_unit(&significant(value * scale.factor))
    }

    /// A mean with its unit and interval: `12.3 % [11.8, 12.9]`. An open interval is left out.
    pub fn show_estimate(self, estimate: &Estimate) -> String {
        self.show_interval(estimate.mean, estimate.lower, estimate.upper)
    }

    /// A mean with its unit and the ends of its interval; ends that are not finite are left out.
    pub fn show_interval(self, mean: f64, lower: f64, upper: f64) -> String {
        let scale = self.scale(mean);
        let ends = [mean, lower, upper].map(|end| end * scale.factor);
        let known = ends[1].is_finite() && ends[2].is_finite();
        let widest = if known { ends[1].abs().max(ends[2].abs()) } else { ends[0].abs() };
        let digits = digits_for(widest);
        let [mean, lower, upper] = ends.map(|end| fixed(end, digits));
        let mean = scale.with_unit(&mean);
        if known && lower != upper { format!("{mean} [{lower}, {upper}]") } else { mean }
    }
}

/// A figure with its interval as it is compared with a limit, and the limit, all in one unit and
/// with as many digits as it takes for none of them to look equal that is not: `4.998 % [4.1, …]`
/// beside `5 %`. Ends that are not finite are told as open.
pub fn told_with_limit(
    quantity: Quantity,
    value: f64,
    (lower, upper): (f64, f64),
    limit: f64,
) -> (String, String) {
    let larger = value.is_finite() && value.abs() > limit.abs();
    let scale = quantity.scale(if larger { value } else { limit });
    let scaled = |figure: f64| figure * scale.factor;
    let known = [value, lower, upper].into_iter().filter(|figure| figure.is_finite());
    let figures: Vec<f64> = known.map(scaled).collect();
    let widest = figures.iter().copied().fold(scaled(limit).abs(), |most, f| most.max(f.abs()));
    let fewest = digits_for(widest);
    let apart = |digits: &usize| {
        let same = |f: &f64| fixed(*f, *digits) == fixed(scaled(limit), *digits);
        figures.iter().all(|figure| *figure == scaled(limit) || !same(figure))
    };
    // Beyond so many digits a double holds none.
    let digits = (fewest..fewest + 12).find(apart).unwrap_or(fewest + 12);
    let show = |figure: f64| match figure {
        f if f == f64::INFINITY => "∞".to_string(),
        f if f == f64::NEG_INFINITY => "−∞".to_string(),
        f => fixed(scaled(f), digits),
    };
    let mean = scale.with_unit(&show(value));
    let told = match lower.is_infinite() && upper.is_infinite() {
        true => mean,
        false => format!("{mean} [{}, {}]", show(lower), show(upper)),
    };
    // A limit is told as it was written: without what a double adds to it.
    (told, scale.with_unit(&trimmed(fixed(scaled(limit), 9))))
}

impl Scale {
    /// `text` with the unit where it is usually written.
    pub fn with_unit(self, text: &str) -> String {
        match (self.unit, text.strip_prefix('−')) {
            ("", _) => text.to_string(),
            ("$", Some(rest)) => format!("−${rest}"),
            ("$", None) => format!("${text}"),
            (unit, _) => format!("{text} {unit}"),
        }
    }
}

/// Three significant digits, without an exponent and without needless zeros.
pub fn significant(value: f64) -> String {
    trimmed(fixed(value, digits_for(value.abs())))
}

/// Without needless zeros behind the point.
fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// Decimals that leave three significant digits of `magnitude`.
fn digits_for(magnitude: f64) -> usize {
    if !magnitude.is_finite() || magnitude < 1e-9 {
        return 0;
    }
    (2.0 - maths::log10(magnitude).floor()).clamp(0.0, 6.0) as usize
}

/// `value` with `digits` decimals, thousands set apart, a real minus, and no negative zero.
pub fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_string();
    }
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{}{rest}", thousands(whole))
}

/// Commas between groups of three digits, from five digits on.
fn thousands(whole: &str) -> String {
    if whole.len() < 5 {
        return whole.to_string();
    }
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An instant relative to the release: `+2:05`, `−0:30`, `+1:02:03`.
pub fn clock(seconds: f64) -> String {
    let whole = if seconds.is_finite() { seconds.abs().round() as u64 } else { 0 };
    let sign = if seconds < 0.0 && whole > 0 { '−' } else { '+' };
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        return format!("{sign}{hours}:{minutes:02}:{rest:02}");
    }
    format!("{sign}{minutes}:{rest:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::MEASURES;

    #[test]
    fn machines_get_every_digit_and_people_three() {
        assert_eq!(exact(Some(0.1 + 0.2)), "0.30000000000000004");
        assert_eq!(exact(Some(-0.0)), "0");
        assert_eq!(exact(Some(60.0)), "60");
        for odd in [None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY)] {
            assert_eq!(exact(odd), "");
        }
        let cases = [
            (0.0, "0"),
            (0.012345, "0.0123"),
            (1.5, "1.5"),
            (99.96, "100"),
            (1234.5, "1234"),
            (1_234_567.0, "1,234,567"),
            (-0.0001, "−0.0001"),
            (-1e-12, "0"),
            (f64::NAN, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text, "{value}");
        }
    }

    #[test]
    fn units_suit_the_size() {
        assert_eq!(Quantity::Share.show(0.1234), "12.3 %");
        assert_eq!(Quantity::Seconds.show(38.04), "38 s");
        assert_eq!(Quantity::Seconds.show(750.0), "12.5 min");
        assert_eq!(Quantity::Usd.show(-1.25), "−$1.25");
        assert_eq!(Quantity::Share.show_interval(0.12, 0.1, 0.14), "12.0 % [10.0, 14.0]");
        assert_eq!(Quantity::Share.show_interval(0.0, 0.0, 0.0), "0 %");
        let open = Quantity::Seconds.show_interval(5.0, f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(open, "5.00 s");
    }

    /// What is compared looks as different as it is, in the unit of both.
    #[test]
    fn figures_beside_a_limit_are_told_in_its_unit() {
        let told = |quantity, value, ends, limit| {
            let (figure, limit) = told_with_limit(quantity, value, ends, limit);
            format!("{figure} | {limit}")
        };
        let share = told(Quantity::Share, 0.001, (0.0, 0.002), 0.0034999999999999996);
        assert_eq!(share, "0.100 % [0.000, 0.200] | 0.35 %");
        let near = told(Quantity::Share, 0.0499, (0.04, 0.049_996), 0.05);
        assert_eq!(near, "4.9900 % [4.0000, 4.9996] | 5 %");
        let alike = told(Quantity::Seconds, 90.0, (90.0, 90.0), 90.0);
        assert_eq!(alike, "90.0 s [90.0, 90.0] | 90 s");
        let long = told(Quantity::Seconds, 12.0, (0.0, f64::INFINITY), 600.0);
        assert_eq!(long, "0.2 min [0.0, ∞] | 10 min");
        assert_eq!(told(Quantity::Usd, -3.5, (-4.0, -3.0), 0.0), "−$3.50 [−4.00, −3.00] | $0");
    }

    /// People read names; one that ends like a unit must mean it.
    #[test]
    fn names_of_measures_do_not_lie_about_their_unit() {
        for unit in [Unit::Share, Unit::Usd, Unit::Millis, Unit::Seconds] {
            let named = MEASURES.iter().filter(|m| m.name.ends_with(unit.ending()));
            named.for_each(|m| assert_eq!(m.unit, unit, "{}", m.name));
        }
    }

    #[test]
    fn instants_are_told_from_the_release_on() {
        assert_eq!(clock(125.0), "+2:05");
        assert_eq!(clock(-30.0), "−0:30");
        assert_eq!(clock(3723.4), "+1:02:03");
        assert_eq!(clock(-0.2), "+0:00");
        assert_eq!(clock(f64::NAN), "+0:00");
    }
}

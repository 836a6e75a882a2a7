//! Ranges of values: `5..50/15` steps evenly, `5..80x2` multiplies.
//!
//! From, to and step are written in one unit (`1%..5%/1%`, `$1..$5/$2`); durations may mix theirs
//! (`30s..5m/30s`). The last value is the last one not beyond the end. Deliberately unknown here:
//! which unit a setting takes; its reader says so.

use super::MOST_POINTS;
use windtunnel_base::maths;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::parse_duration;

/// What is wrong, and a way out.
type Wrong = (String, String);

/// Digits before and after the point that are read exactly.
const DIGITS: usize = 15;

/// The values of a range; nothing if the text is none.
pub fn expand(text: &str) -> Option<Result<Vec<String>, Wrong>> {
    let text = text.trim();
    let (from, rest) = text.split_once("..")?;
    if !begins_a_number(from) || !begins_a_number(rest) {
        return None;
    }
    Some(expanded(text, from.trim(), rest.trim()))
}

fn begins_a_number(text: &str) -> bool {
    let text = text.trim_start();
    let bare = text.strip_prefix('$').unwrap_or(text);
    let bare = bare.strip_prefix('-').unwrap_or(bare);
    bare.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

fn expanded(text: &str, from: &str, rest: &str) -> Result<Vec<String>, Wrong> {
    let spelled = "write from..to/step, such as 5..50/15, 1%..5%/1% or 30s..5m/30s, or \
                   from..toxfactor, such as 5..80x2"
        .to_string();
    // A slash may belong to a unit: 10/s..50/s/10/s.
    for (at, sign) in rest.match_indices(['/', 'x', '*']) {
        let (to, step) = (rest[..at].trim(), rest[at + 1..].trim());
        let found = match sign {
            "/" => even(text, from, to, step),
            _ => times(text, from, to, step),
        };
        if let Some(values) = found {
            return values.map_err(|found| (found, spelled));
        }
    }
    if in_one_unit([from, rest]).is_some() {
        return Err((format!("the range {text} has no step"), spelled));
    }
    let found = format!("the range {text} cannot be read");
    Err((found, format!("{spelled}; all of one range in one unit")))
}

/// Steps of one size; nothing if the three are not of one unit.
fn even(text: &str, from: &str, to: &str, step: &str) -> Option<Result<Vec<String>, String>> {
    let (numbers, unit) = in_one_unit([from, to, step])?;
    let scale = numbers.iter().map(|number| number.scale).max()?;
    let [first, last, step] = numbers.map(|number| number.at(scale));
    if step <= 0 {
        return Some(Err(format!("the step of {text} is not above 0")));
    }
    if last < first {
        return Some(Err(format!("{text} ends before it begins")));
    }
    let count = (last - first) / step + 1;
    if count > MOST_POINTS as i128 {
        return Some(Err(format!("{text} has {count} values, at most are {MOST_POINTS}")));
    }
    let value = |n: i128| unit.written(Decimal { digits: first + n * step, scale });
    Some(Ok((0..count).map(value).collect()))
}

/// Multiples; nothing if the ends are not of one unit.
fn times(text: &str, from: &str, to: &str, factor: &str) -> Option<Result<Vec<String>, String>> {
    let (ends, unit) = in_one_unit([from, to])?;
    let factor = Decimal::read(factor)?.value();
    let [first, last] = ends.map(Decimal::value);
    if factor <= 1.0 || first <= 0.0 {
        return Some(Err(format!("{text} does not grow: from is above 0, and the factor above 1")));
    }
    if last < first {
        return Some(Err(format!("{text} ends before it begins")));
    }
    let mut values: Vec<String> = Vec::new();
    for power in 0..=MOST_POINTS as i32 {
        let value = first * maths::powi(factor, power);
        if value > last * (1.0 + 1e-9) {
            return Some(Ok(values));
        }
        values.push(unit.written(Decimal::near(value)));
    }
    Some(Err(format!("{text} has more than {MOST_POINTS} values")))
}

/// A number with so many digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    const ZERO: Decimal = Decimal { digits: 0, scale: 0 };

    fn read(text: &str) -> Option<Decimal> {
        let (sign, bare) = text.strip_prefix('-').map_or((1, text), |bare| (-1, bare));
        let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
        let digits = format!("{whole}{part}");
        let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !sound || whole.len() > DIGITS || part.len() > DIGITS {
            return None;
        }
        let digits: i128 = digits.parse().ok()?;
        Some(Decimal { digits: sign * digits, scale: part.len() as u32 })
    }

    /// A computed number, to four digits.
    fn near(value: f64) -> Decimal {
        let size = maths::log10(value).floor() as i32;
        let scale = (3 - size).clamp(0, DIGITS as i32) as u32;
        let digits = (value * maths::powi(10.0, scale as i32)).round() as i128;
        Decimal { digits, scale }
    }

    fn at(self, scale: u32) -> i128 {
        self.digits * 10_i128.pow(scale.saturating_sub(self.scale))
    }

    fn value(self) -> f64 {
        self.digits as f64 / maths::powi(10.0, self.scale as i32)
    }

    fn written(self) -> String {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits.abs(), width = self.scale as usize + 1);
        let (whole, part) = digits.split_at(digits.len() - self.scale as usize);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{part}")
    }
}

/// What a number of a range is written in.
#[derive(Clone, Debug, PartialEq)]
enum Unit {
    /// The same signs before and behind every number.
    Same(String, String),
    /// Durations of several units, in nanoseconds.
    Duration,
}

impl Unit {
    fn written(&self, number: Decimal) -> String {
        match self {
            Unit::Same(before, behind) => format!("{before}{}{behind}", number.written()),
            Unit::Duration => duration(number.value()),
        }
    }
}

/// A duration that reads back as what it is.
fn duration(nanos: f64) -> String {
    let span = SimDuration::from_secs_f64(nanos / 1e9);
    let shown = span.to_string();
    if parse_duration(&shown) == Some(span) { shown } else { format!("{}s", nanos / 1e9) }
}

/// Numbers and the unit that all are written in.
fn in_one_unit<const N: usize>(texts: [&str; N]) -> Option<([Decimal; N], Unit)> {
    let read = texts.map(written);
    let unit = read.first().cloned().flatten().map(|(_, unit)| unit);
    let same = read.iter().all(|one| one.as_ref().map(|(_, unit)| unit) == unit.as_ref());
    if let Some(unit) = unit.filter(|_| same) {
        return Some((read.map(|one| one.map_or(Decimal::ZERO, |(number, _)| number)), unit));
    }
    let spans = texts.map(parse_duration);
    let nanos = |span: Option<SimDuration>| span.map_or(0, |span| i128::from(span.as_nanos()));
    let all = spans.iter().all(Option::is_some);
    all.then(|| (spans.map(|span| Decimal { digits: nanos(span), scale: 0 }), Unit::Duration))
}

/// A number with the signs around it.
fn written(text: &str) -> Option<(Decimal, Unit)> {
    let (before, bare) = text.strip_prefix('$').map_or(("", text), |bare| ("$", bare));
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    let (number, behind) = bare.split_at(end.unwrap_or(bare.len()));
    let sound = behind.chars().all(|c| c.is_alphabetic() || "%/ ".contains(c));
    let unit = Unit::Same(before.to_string(), behind.to_string());
    Some((Decimal::read(number)?, unit)).filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        expand(text).expect("a range").unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
    }

    #[test]
    fn ranges_step_in_the_unit_that_they_are_written_in() {
        assert_eq!(values("5..50/15"), ["5", "20", "35", "50"]);
        assert_eq!(values("5..50/10"), ["5", "15", "25", "35", "45"], "never beyond the end");
        assert_eq!(values("1%..5%/2%"), ["1%", "3%", "5%"]);
        assert_eq!(values("0.1..0.3/0.1"), ["0.1", "0.2", "0.3"], "exactly");
        assert_eq!(values("30s..2m/30s"), ["30s", "1m", "1m30s", "2m"]);
        assert_eq!(values("500ms..2s/0.5s"), ["500ms", "1s", "1.5s", "2s"]);
        assert_eq!(values("$1..$2/$0.5"), ["$1", "$1.5", "$2"]);
        assert_eq!(values("10/s..30/s/10/s"), ["10/s", "20/s", "30/s"]);
        assert_eq!(values("5..5/1"), ["5"]);
    }

    #[test]
    fn ranges_multiply() {
        assert_eq!(values("5..80x2"), ["5", "10", "20", "40", "80"]);
        assert_eq!(values("1%..10%*3"), ["1%", "3%", "9%"]);
        assert_eq!(values("1..4x1.5"), ["1", "1.5", "2.25", "3.375"]);
        assert_eq!(values("30s..4mx2"), ["30s", "1m", "2m", "4m"]);
        assert_eq!(values("0.001..1x10"), ["0.001", "0.01", "0.1", "1"]);
    }

    #[test]
    fn other_texts_are_no_ranges() {
        for text in ["../trace.csv", "a..b", "5", "1..", "v1..v2", "..", "'1..2/1'", ""] {
            assert_eq!(expand(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_a_way_out() {
        for (text, part) in [
            ("5..50", "has no step"),
            ("5..50/0", "not above 0"),
            ("50..5/5", "ends before it begins"),
            ("5..50x1", "does not grow"),
            ("0..50x2", "does not grow"),
            ("1%..5/1", "cannot be read"),
            ("1..1000000/1", "at most are 1000"),
            ("1..1.1x1.0000001", "more than 1000"),
            ("1..9999999999999999999999/1", "cannot be read"),
            ("1..2/1/3", "cannot be read"),
        ] {
            let (found, help) = expand(text).expect("a range").expect_err(text);
            assert!(found.contains(part), "{text}: {found}");
            assert!(help.contains("5..50/15"), "{help}");
        }
    }
}

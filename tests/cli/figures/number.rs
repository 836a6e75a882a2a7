//! Figures in texts: what number is meant, and how far off the printed one may be.
use windtunnel::base::maths;

/// A figure as a reader understands it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// In the unit of tables: shares as parts of one, times in seconds.
    pub value: f64,
    /// Half a unit of the last printed digit.
    pub slack: f64,
    /// The same, where needless zeros at the end were left away.
    pub loose: f64,
    /// What is counted.
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Share,
    Seconds,
    Usd,
    /// `1 user in 640`: the value is 640.
    OneIn,
    Other,
}

impl Figure {
    /// Is this what the table says?
    pub fn is(&self, value: f64) -> bool {
        self.within(value, self.slack)
    }

    /// Is it, to the digits that are printed?
    pub fn is_about(&self, value: f64) -> bool {
        self.within(value, self.loose)
    }

    fn within(&self, value: f64, slack: f64) -> bool {
        if self.unit == Unit::OneIn {
            // Two digits of it, and never less than one.
            let one = 1.0 / value;
            let size = f64::max(power(maths::log10(one).floor() as i32 - 1), 1.0);
            return (self.value - (one / size).round() * size).abs() < 0.5;
        }
        (self.value - value).abs() <= slack
    }
}

/// All figures of a text, in order.
pub fn figures(text: &str) -> Vec<Figure> {
    let text: Vec<char> = text.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        match number(&text, at) {
            Some((figure, end)) => {
                let unit = figure.unit;
                let factor = figure.factor;
                found.push(figure.figure(true));
                at = end;
                // The ends of an interval have the unit of the mean.
                if text[at..].starts_with(&[' ', '[']) {
                    let last = found.len() - 1;
                    found[last].slack = found[last].loose;
                    let mut place = at + 2;
                    while place < text.len() && text[place] != ']' {
                        match number(&text, place) {
                            Some((end_figure, end)) => {
                                let raw = Raw { unit, factor, ..end_figure };
                                found.push(raw.figure(false));
                                place = end;
                            }
                            None => place += 1,
                        }
                    }
                    at = place;
                }
            }
            None => at += 1,
        }
    }
    found
}

struct Raw {
    value: f64,
    decimals: i32,
    factor: f64,
    unit: Unit,
}

impl Raw {
    fn figure(&self, alone: bool) -> Figure {
        let half = |decimals: i32| 0.5 * power(-decimals) * self.factor * 1.0001 + 1e-9;
        let size = self.value.abs();
        // Three significant digits, of which zeros at the end are not printed.
        let meant =
            if size > 0.0 { (2 - maths::log10(size).floor() as i32).clamp(0, 6) } else { 6 };
        let decimals = if alone { self.decimals.max(meant) } else { self.decimals };
        let (slack, loose) = (half(decimals), half(self.decimals));
        Figure { value: self.value * self.factor, slack, loose, unit: self.unit }
    }
}

/// The number that begins at `at`, and where its text ends with its unit.
fn number(text: &[char], at: usize) -> Option<(Raw, usize)> {
    let before = at.checked_sub(1).map(|place| text[place]);
    let mut start = at;
    let minus = text.get(start) == Some(&'−');
    start += usize::from(minus);
    let dollars = text.get(start) == Some(&'$');
    start += usize::from(dollars);
    if !text.get(start)?.is_ascii_digit() {
        return None;
    }
    let within_word = |c: char| c.is_alphanumeric() || "_-.−$:".contains(c);
    if before.is_some_and(within_word) {
        return None;
    }
    let (mut digits, mut decimals, mut end) = (String::new(), 0, start);
    let digit = |place: usize| text.get(place).is_some_and(char::is_ascii_digit);
    while let Some(c) = text.get(end) {
        match c {
            c if c.is_ascii_digit() => {
                digits.push(*c);
                decimals += i32::from(digits.contains('.'));
            }
            '.' if digit(end + 1) && !digits.contains('.') => digits.push('.'),
            ',' if (1..=3).all(|n| digit(end + n)) && !digit(end + 4) => {}
            _ => break,
        }
        end += 1;
    }
    // `15s` and `3m22s` are spans of a file, not figures.
    if text.get(end).is_some_and(|c| c.is_alphabetic() || *c == ':' || *c == '-') {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    let value = if minus { -value } else { value };
    let rest: String = text[end..].iter().take(14).collect();
    let word = |unit: &str| {
        let tail = rest.strip_prefix(unit);
        tail.is_some_and(|tail| !tail.starts_with(|c: char| c.is_alphanumeric()))
    };
    let frequency = "1 user in ";
    let back: String = text[..at].iter().rev().take(frequency.len()).collect();
    let is_frequency = back.chars().rev().collect::<String>() == frequency;
    let (factor, unit, length) = match () {
        () if dollars => (1.0, Unit::Usd, 0),
        () if is_frequency => (1.0, Unit::OneIn, 0),
        () if word(" %") => (0.01, Unit::Share, 2),
        () if word("%") => (0.01, Unit::Share, 1),
        () if word(" s") => (1.0, Unit::Seconds, 2),
        () if word(" min") => (60.0, Unit::Seconds, 4),
        () if word(" h") => (3600.0, Unit::Seconds, 2),
        () if word(" fleet-min") => (1.0, Unit::Other, 10),
        () => (1.0, Unit::Other, 0),
    };
    if unit == Unit::Other && rest.starts_with(" user in ") {
        return Some((Raw { value: f64::NAN, decimals, factor, unit }, end));
    }
    Some((Raw { value, decimals, factor, unit }, end + length))
}

/// The figures that are compared: all but the 1 of `1 user in 640`.
pub fn told(text: &str) -> Vec<Figure> {
    figures(text).into_iter().filter(|figure| !figure.value.is_nan()).collect()
}

#[test]
fn figures_are_read_as_people_read_them() {
    let values = |text: &str| told(text).iter().map(|f| f.value).collect::<Vec<_>>();
    assert_eq!(values("low 0.5 %, 1 user in 640"), [0.005, 640.0]);
    assert_eq!(values("−$1.25 [−2.00, 10,774]"), [-1.25, -2.0, 10774.0]);
    assert_eq!(values("1.5 min [0.5, 2.0] (2 of 4 empty)"), [90.0, 30.0, 120.0, 2.0, 4.0]);
    assert_eq!(values("p99 of canary-10m after 5m, W 5.87 s"), [5.87]);
    let one = told("7 min").remove(0);
    assert!(one.is(421.0 - 1.0) && !one.is(424.0) && one.is_about(424.0));
    let often = told("1 user in 640").remove(0);
    assert!(often.is(1.0 / 643.0) && !often.is(1.0 / 646.0));
}

/// A power of ten.
fn power(of: i32) -> f64 {
    maths::pow(10.0, f64::from(of))
}

//! Shares, rates and money as types, and how people write them.
//!
//! The parsers here take one piece of text and say what they expected; places in files are added
//! by the settings reader.

use super::time::SimDuration;

/// A part of a whole, from 0 to 1. Written `5%` or `0.05`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

/// Events per second. Written `60/s`, `200/m`, `5000/h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// An amount of US dollars. Written `$2` or `$0.05`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Money(f64);

impl Share {
    /// Nothing of it.
    pub const ZERO: Share = Share(0.0);
    /// All of it.
    pub const ONE: Share = Share(1.0);

    /// The share `value`, if it lies within 0 and 1.
    pub fn new(value: f64) -> Option<Share> {
        (0.0..=1.0).contains(&value).then_some(Share(value))
    }

    /// The nearest share to `value`; NaN becomes 0.
    pub fn clamped(value: f64) -> Share {
        Share(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// As a fraction of 1.
    pub fn value(self) -> f64 {
        self.0
    }

    /// As a threshold for a uniform 32-bit draw: the draw lies below it with this probability.
    pub fn threshold(self) -> u64 {
        (self.0 * 4_294_967_296.0).round() as u64
    }
}

impl Rate {
    /// `per_sec` events per second; negative and NaN become 0.
    pub fn per_sec(per_sec: f64) -> Rate {
        Rate(per_sec.max(0.0))
    }

    /// Events per second.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl Money {
    /// `usd` US dollars.
    pub fn usd(usd: f64) -> Money {
        Money(usd)
    }

    /// US dollars.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// Reads a span such as `90s`, `5m`, `250ms`, `1h30m`, `1.5h`, `2d`; `0` needs no unit.
pub fn parse_duration(text: &str) -> Option<SimDuration> {
    let text = text.trim();
    if text == "0" {
        return Some(SimDuration::ZERO);
    }
    let mut secs = 0.0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        secs += number * unit_secs(&rest[..letters])?;
        rest = &rest[letters..];
    }
    // Ten years: longer than any release, far from the end of the integer.
    (secs.is_finite() && secs <= 3.2e8).then(|| SimDuration::from_secs_f64(secs))
}

fn unit_secs(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

/// Reads a share such as `5%` or `0.05`; anything outside 0 to 100 % is refused.
pub fn parse_share(text: &str) -> Option<Share> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => Share::new(percent.trim().parse::<f64>().ok()? / 100.0),
        None => Share::new(text.parse().ok()?),
    }
}

/// Reads a rate such as `60/s`, `200/m`, `5k/h`.
pub fn parse_rate(text: &str) -> Option<Rate> {
    let (number, unit) = text.trim().split_once('/')?;
    let number = number.trim();
    let (number, factor) = match number.strip_suffix(['k', 'K']) {
        Some(thousands) => (thousands, 1e3),
        None => (number, 1.0),
    };
    let unit = unit_secs(unit.trim()).filter(|secs| *secs >= 1.0)?;
    let per_sec = number.parse::<f64>().ok()? * factor / unit;
    (per_sec.is_finite() && per_sec >= 0.0).then_some(Rate(per_sec))
}

/// Reads an amount such as `$2`, `$0.05` or `2`.
pub fn parse_money(text: &str) -> Option<Money> {
    let text = text.trim();
    let amount: f64 = text.strip_prefix('$').unwrap_or(text).parse().ok()?;
    (amount.is_finite() && amount >= 0.0).then_some(Money::usd(amount))
}

/// Reads a price per hour such as `$0.05/h`; returns US dollars per hour.
pub fn parse_price(text: &str) -> Option<Money> {
    parse_money(text.trim().strip_suffix("/h")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let secs = |t| parse_duration(t).map(|d| d.as_secs_f64());
        assert_eq!(secs("1h30m"), Some(5400.0));
        assert_eq!(secs("250ms"), Some(0.25));
        assert_eq!(secs("1.5h"), Some(5400.0));
        for bad in ["", "5", "m", "-5s", "5 parsecs", "1e9h", "NaN", "99999d"] {
            assert_eq!(secs(bad), None, "{bad}");
        }
    }

    #[test]
    fn shares_rates_money() {
        assert_eq!(parse_share("5%").map(Share::value), Some(0.05));
        assert_eq!(parse_share("0.5").map(Share::value), Some(0.5));
        for bad in ["105%", "-1%", "NaN", "NaN%", "5", "x"] {
            assert_eq!(parse_share(bad), None, "{bad}");
        }
        assert_eq!(parse_rate("120/m").map(Rate::value), Some(2.0));
        assert_eq!(parse_rate("1k/s").map(Rate::value), Some(1000.0));
        for bad in ["60", "60/ms", "-1/s", "inf/s", "/s"] {
            assert_eq!(parse_rate(bad), None, "{bad}");
        }
        assert_eq!(parse_price("$0.05/h").map(Money::value), Some(0.05));
        assert_eq!(parse_money("$-1"), None);
    }
}

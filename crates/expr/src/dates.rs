//! Dates, durations and time zones: `now`, `date`, `duration`, `timezone`, and the methods of what
//! they return.
//!
//! Follows expr-lang `builtin/builtin.go` and Go's `time`. Zones are those of the tz database that
//! is built in, so an answer does not depend on the machine. Months and days of the week are plain
//! whole numbers, as comparisons in conditions expect. Deliberately unknown here: which instant it
//! is; whoever evaluates a condition says so.

use super::layout::{self, USUAL};
use super::types::Type;
use super::value::Value;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, Zoned};

/// The instant that `now()` returns in a condition that is asked outside of a flight.
pub fn epoch() -> Zoned {
    instant(windtunnel_base::time::EPOCH_MS)
}

/// An instant of Unix time in milliseconds, in UTC, as the controller's clock is.
pub fn instant(unix_ms: i64) -> Zoned {
    let at = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC)
}

/// Runs a function.
pub fn call(name: &str, arguments: &[Value], now: &Zoned) -> Result<Value, String> {
    let (zone, arguments) = match arguments {
        [Value::Zone(zone), rest @ ..] if name != "timezone" => (Some(zone), rest),
        all => (None, all),
    };
    let text = |at: usize| match arguments.get(at) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        Some(other) => Err(format!("invalid argument for {name} (type {})", other.type_name())),
        None => Err(format!("not enough arguments to call {name}")),
    };
    match name {
        "now" if arguments.is_empty() => {
            let zone = zone.cloned().unwrap_or(TimeZone::UTC);
            Ok(Value::Time(now.with_time_zone(zone)))
        }
        "now" => Err("invalid number of arguments (expected 0)".into()),
        "duration" => span(text(0)?).map(Value::Span),
        "timezone" => self::zone(text(0)?).map(Value::Zone),
        _ => {
            let zone = match arguments.len() {
                3 => self::zone(text(2)?)?,
                _ => zone.cloned().unwrap_or(TimeZone::UTC),
            };
            let (given, layouts) = match arguments.get(1) {
                Some(_) => (text(0)?, vec![text(1)?]),
                None => (text(0)?, USUAL.to_vec()),
            };
            let found = layouts.iter().find_map(|layout| layout::parse(layout, given, &zone));
            found.map(Value::Time).ok_or_else(|| format!("invalid date {given}"))
        }
    }
}

/// The zone of a name; none and `Local` are UTC, where the controller runs.
fn zone(name: &str) -> Result<TimeZone, String> {
    if ["", "UTC", "Local"].contains(&name) {
        return Ok(TimeZone::UTC);
    }
    let known = TimeZoneDatabase::bundled().get(name);
    known.map_err(|_| format!("unknown time zone {name}"))
}

/// Units of a duration, in nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// A duration as Go reads it: `1h30m`, `-1.5s`, `0`.
fn span(text: &str) -> Result<i64, String> {
    let wrong = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest.find(|c| !digits(c)).ok_or_else(|| {
            let text = format!("time: missing unit in duration {text:?}");
            text
        })?;
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        let tail = &rest[end..];
        let unit = &tail[..tail.find(digits).unwrap_or(tail.len())];
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, each) =
            known.ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        nanos += number * each;
        rest = &tail[unit.len()..];
    }
    if nanos.round() >= i64::MAX as f64 {
        return Err(wrong());
    }
    let nanos = nanos.round() as i64;
    Ok(if negative { -nanos } else { nanos })
}

/// What `+`, `-` and `*` make of dates and durations; nothing if neither is one.
pub fn arithmetic(operator: &str, left: &Value, right: &Value) -> Option<Result<Value, String>> {
    let moved = |at: &Zoned, by: i64| {
        let moved = at.checked_add(SignedDuration::from_nanos(by));
        moved.map(Value::Time).map_err(|_| "time out of range".to_string())
    };
    Some(match (operator, left, right) {
        ("-", Value::Time(a), Value::Time(b)) => {
            let between = a.timestamp().as_nanosecond() - b.timestamp().as_nanosecond();
            // Go's durations saturate.
            Ok(Value::Span(between.clamp(i64::MIN.into(), i64::MAX.into()) as i64))
        }
        ("-", Value::Time(at), Value::Span(by)) => moved(at, by.saturating_neg()),
        ("+", Value::Time(at), Value::Span(by)) | ("+", Value::Span(by), Value::Time(at)) => {
            moved(at, *by)
        }
        ("+", Value::Span(a), Value::Span(b)) => Ok(Value::Span(a.wrapping_add(*b))),
        ("-", Value::Span(a), Value::Span(b)) => Ok(Value::Span(a.wrapping_sub(*b))),
        ("*", Value::Span(a), Value::Span(b) | Value::Int(b))
        | ("*", Value::Int(a), Value::Span(b)) => Ok(Value::Span(a.wrapping_mul(*b))),
        ("*", Value::Span(a), Value::Float(b)) | ("*", Value::Float(b), Value::Span(a)) => {
            Ok(Value::Float(*a as f64 * b))
        }
        _ => return None,
    })
}

/// The type that an operator makes of dates and durations; nothing if it takes none.
pub fn operated(operator: &str, left: &Type, right: &Type) -> Option<Type> {
    let number = |t: &Type| matches!(t, Type::Int | Type::Float);
    match (operator, left, right) {
        ("<" | ">" | "<=" | ">=", Type::Time, Type::Time)
        | ("<" | ">" | "<=" | ">=", Type::Span, Type::Span) => Some(Type::Bool),
        ("-", Type::Time, Type::Time) | ("+" | "-" | "*", Type::Span, Type::Span) => {
            Some(Type::Span)
        }
        ("-" | "+", Type::Time, Type::Span) | ("+", Type::Span, Type::Time) => Some(Type::Time),
        ("*", Type::Span, other) | ("*", other, Type::Span) if number(other) => Some(Type::Span),
        ("<" | ">" | "<=" | ">=", Type::Any, Type::Time | Type::Span)
        | ("<" | ">" | "<=" | ">=", Type::Time | Type::Span, Type::Any) => Some(Type::Bool),
        ("-" | "+" | "*", Type::Any, Type::Time | Type::Span)
        | ("-" | "+" | "*", Type::Time | Type::Span, Type::Any) => Some(Type::Any),
        _ => None,
    }
}

/// The type that a method returns, and how many arguments it takes.
pub fn method(of: &Type, name: &str) -> Option<(Type, usize)> {
    Some(match (of, name) {
        (Type::Time, "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second") => (Type::Int, 0),
        (Type::Time, "Weekday" | "YearDay" | "Nanosecond") => (Type::Int, 0),
        (Type::Time, "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano") => (Type::Int, 0),
        (Type::Time, "UTC" | "Local") => (Type::Time, 0),
        (Type::Time, "IsZero") => (Type::Bool, 0),
        (Type::Time, "Location") => (Type::Zone, 0),
        (Type::Time, "Before" | "After" | "Equal") => (Type::Bool, 1),
        (Type::Time, "Compare") => (Type::Int, 1),
        (Type::Time, "Sub") => (Type::Span, 1),
        (Type::Time, "Add" | "In" | "Truncate" | "Round") => (Type::Time, 1),
        (Type::Time, "AddDate") => (Type::Time, 3),
        (Type::Time, "Format") => (Type::Text, 1),
        (Type::Time | Type::Span | Type::Zone, "String") => (Type::Text, 0),
        (Type::Span, "Hours" | "Minutes" | "Seconds") => (Type::Float, 0),
        (Type::Span, "Milliseconds" | "Microseconds" | "Nanoseconds") => (Type::Int, 0),
        (Type::Span, "Abs") => (Type::Span, 0),
        (Type::Span, "Truncate" | "Round") => (Type::Span, 1),
        _ => return None,
    })
}

/// Runs a method.
pub fn run(of: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let unknown = || Err(format!("type {} has no method {name}", of.type_name()));
    match (of, arguments) {
        (Value::Time(at), []) => told(at, name).map_or_else(unknown, Ok),
        (Value::Time(at), [Value::Time(other)]) => Ok(match name {
            "Before" => Value::Bool(at < other),
            "After" => Value::Bool(at > other),
            "Equal" => Value::Bool(at == other),
            "Compare" => Value::Int(at.cmp(other) as i64),
            "Sub" => return arithmetic("-", of, &arguments[0]).unwrap_or_else(unknown),
            _ => return unknown(),
        }),
        (Value::Time(at), [Value::Span(by)]) => match name {
            "Add" => arithmetic("+", of, &arguments[0]).unwrap_or_else(unknown),
            "Truncate" | "Round" => {
                // Since the beginning of the year 1, as Go counts.
                let since = at.timestamp().as_nanosecond() + 62_135_596_800_000_000_000;
                let rest = since.rem_euclid(i128::from((*by).max(1)));
                let up = name == "Round" && rest * 2 >= i128::from(*by);
                let by = if up { i128::from(*by) - rest } else { -rest };
                arithmetic("+", of, &Value::Span(by as i64)).unwrap_or_else(unknown)
            }
            _ => unknown(),
        },
        (Value::Time(at), [Value::Zone(zone)]) if name == "In" => {
            Ok(Value::Time(at.with_time_zone(zone.clone())))
        }
        (Value::Time(at), [Value::Text(layout)]) if name == "Format" => {
            Ok(Value::Text(layout::format(at, layout)))
        }
        (Value::Time(at), [Value::Int(years), Value::Int(months), Value::Int(days)]) => {
            later(at, *years, *months, *days)
        }
        (Value::Span(nanos), [Value::Span(to)]) => Ok(Value::Span(rounded(*nanos, *to, name))),
        (Value::Span(nanos), []) => Ok(match name {
            "Hours" => Value::Float(*nanos as f64 / 3600e9),
            "Minutes" => Value::Float(*nanos as f64 / 60e9),
            "Seconds" => Value::Float(*nanos as f64 / 1e9),
            "Milliseconds" => Value::Int(nanos / 1_000_000),
            "Microseconds" => Value::Int(nanos / 1_000),
            "Nanoseconds" => Value::Int(*nanos),
            "Abs" => Value::Span(nanos.saturating_abs()),
            _ => Value::Text(spoken(*nanos)),
        }),
        (Value::Zone(zone), []) => Ok(Value::Text(zone.iana_name().unwrap_or("").into())),
        _ => unknown(),
    }
}

/// What a date says of itself.
fn told(at: &Zoned, name: &str) -> Option<Value> {
    let unix = at.timestamp();
    Some(match name {
        "Year" => Value::Int(at.year().into()),
        "Month" => Value::Int(at.month().into()),
        "Day" => Value::Int(at.day().into()),
        "Hour" => Value::Int(at.hour().into()),
        "Minute" => Value::Int(at.minute().into()),
        "Second" => Value::Int(at.second().into()),
        "Nanosecond" => Value::Int(at.subsec_nanosecond().into()),
        "Weekday" => Value::Int(at.weekday().to_sunday_zero_offset().into()),
        "YearDay" => Value::Int(at.day_of_year().into()),
        "Unix" => Value::Int(unix.as_nanosecond().div_euclid(1_000_000_000) as i64),
        "UnixMilli" => Value::Int(unix.as_nanosecond().div_euclid(1_000_000) as i64),
        "UnixMicro" => Value::Int(unix.as_nanosecond().div_euclid(1_000) as i64),
        "UnixNano" => Value::Int(unix.as_nanosecond() as i64),
        "UTC" | "Local" => Value::Time(at.with_time_zone(TimeZone::UTC)),
        "IsZero" => Value::Bool(unix.as_nanosecond() == -62_135_596_800_000_000_000),
        "Location" => Value::Zone(at.time_zone().clone()),
        "String" => Value::Text(layout::format(at, layout::PRINTED)),
        _ => return None,
    })
}

/// So many years, months and days later; a day that a month does not have runs over into the next.
fn later(at: &Zoned, years: i64, months: i64, days: i64) -> Result<Value, String> {
    let out = || "time out of range".to_string();
    let month = i64::from(at.year()) * 12 + i64::from(at.month()) - 1;
    let month = years.checked_mul(12).and_then(|y| y.checked_add(months)?.checked_add(month));
    let month = month.ok_or_else(out)?;
    let first = windtunnel_base::date::Date {
        year: month.div_euclid(12),
        month: month.rem_euclid(12) + 1,
        day: 1,
    };
    if first.year.abs() > 9_000 {
        return Err(out());
    }
    let day = (first.days() + i64::from(at.day()) - 1).checked_add(days).ok_or_else(out)?;
    if day.abs() > 3_600_000 {
        return Err(out());
    }
    let date = windtunnel_base::date::Date::of_day(day);
    let moved = at.with().year(date.year as i16).month(date.month as i8).day(date.day as i8);
    moved.build().map(Value::Time).map_err(|_| out())
}

fn rounded(nanos: i64, to: i64, name: &str) -> i64 {
    if to <= 0 {
        return nanos;
    }
    let rest = nanos % to;
    let away = name == "Round" && rest.unsigned_abs() >= (to - rest.abs()).unsigned_abs();
    match away {
        true => (nanos - rest).saturating_add(to * nanos.signum()),
        false => nanos - rest,
    }
}

/// A duration as Go prints it: `1h30m0s`, `1.5s`, `250ms`.
pub fn spoken(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let whole = nanos.unsigned_abs();
    let decimal = |value: u64, each: u64, unit: &str| {
        let rest = format!("{:0width$}", value % each, width = each.ilog10() as usize);
        let rest = if each == 1 { "" } else { rest.trim_end_matches('0') };
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{point}{rest}{unit}", value / each)
    };
    let text = match whole {
        0 => "0s".into(),
        1..1_000 => format!("{whole}ns"),
        1_000..1_000_000 => decimal(whole, 1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(whole, 1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (whole / 60_000_000_000, whole % 60_000_000_000);
            let seconds = decimal(rest, 1_000_000_000, "s");
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of Go's own tests (`time/time_test.go`).
    #[test]
    fn durations_are_read_and_printed_as_go_does() {
        for (text, nanos, printed) in [
            ("1h15m30.918s", 4_530_918_000_000, "1h15m30.918s"),
            ("-1.5s", -1_500_000_000, "-1.5s"),
            ("0", 0, "0s"),
            ("5us", 5_000, "5µs"),
            ("2.2ms", 2_200_000, "2.2ms"),
            ("100ns", 100, "100ns"),
            ("2h", 7_200_000_000_000, "2h0m0s"),
        ] {
            assert_eq!(span(text), Ok(nanos), "{text}");
            assert_eq!(spoken(nanos), printed, "{text}");
        }
        for wrong in ["", "3", "-", "s", ".", "1x", "1s 2s", "9999999999h", "é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert_eq!(rounded(4_530_918_000_000, 1_000_000_000, "Round"), 4_531_000_000_000);
        assert_eq!(rounded(-1_500, 1_000, "Truncate"), -1_000);
    }

    #[test]
    fn a_day_too_many_runs_over() {
        let date = |text: &str| layout::parse("2006-01-02", text, &TimeZone::UTC).expect("a date");
        let moved = later(&date("2023-10-31"), 0, 1, 0);
        assert_eq!(moved, Ok(Value::Time(date("2023-12-01"))));
        let moved = later(&date("2024-02-29"), -1, 0, -1);
        assert_eq!(moved, Ok(Value::Time(date("2023-02-28"))));
        assert!(later(&date("2024-02-29"), i64::MAX, 1, 1).is_err());
    }
}

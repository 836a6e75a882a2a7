//! Layouts of dates, as Go's `time` package writes them: by the example of one fixed instant.
//!
//! Follows Go's `time/format.go`. `Mon Jan 2 15:04:05 2006` in a layout stands for the same parts
//! of any other date. Deliberately unknown here: expressions, and which instant it is now.

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// RFC 3339 with as many digits of a second as there are, as JSON has it.
pub const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// As `string` prints a date.
pub const PRINTED: &str = "2006-01-02 15:04:05.999999999 -0700 MST";

/// Layouts that a date may have when none is named, in the order in which they are tried.
pub const USUAL: [&str; 7] = [
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
];

/// A part of a date: how it is written in a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    MonthName,
    MonthShort,
    Month,
    Month2,
    DayName,
    DayShort,
    Day,
    DaySpaced,
    Day2,
    YearDay,
    Hour,
    Hour12,
    Hour12Two,
    Minute,
    Minute2,
    Second,
    Second2,
    Half,
    HalfSmall,
    Zone,
    /// `Z07:00` and its like: `Z` for no offset, a colon, minutes.
    Offset(bool, bool, bool),
    /// Digits of a second after a point: `.000` always, `.999` without zeros at the end.
    Fraction(usize, bool),
}

/// The parts by their text, longer ones first.
const PARTS: [(&str, Part); 28] = [
    ("January", Part::MonthName),
    ("Monday", Part::DayName),
    ("Z07:00", Part::Offset(true, true, true)),
    ("-07:00", Part::Offset(false, true, true)),
    ("Z0700", Part::Offset(true, false, true)),
    ("-0700", Part::Offset(false, false, true)),
    ("2006", Part::Year),
    ("Jan", Part::MonthShort),
    ("Mon", Part::DayShort),
    ("MST", Part::Zone),
    ("Z07", Part::Offset(true, false, false)),
    ("-07", Part::Offset(false, false, false)),
    ("002", Part::YearDay),
    ("01", Part::Month2),
    ("02", Part::Day2),
    ("03", Part::Hour12Two),
    ("04", Part::Minute2),
    ("05", Part::Second2),
    ("06", Part::ShortYear),
    ("15", Part::Hour),
    ("_2", Part::DaySpaced),
    ("PM", Part::Half),
    ("pm", Part::HalfSmall),
    ("1", Part::Month),
    ("2", Part::Day),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
];

/// The first part of a layout: where it begins and ends, and what it is.
fn next(layout: &str) -> Option<(usize, usize, Part)> {
    for (at, letter) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some(found) = fraction(rest, letter) {
            return Some((at, at + 1 + found.0, Part::Fraction(found.0, found.1)));
        }
        let found = PARTS.iter().find(|(text, _)| rest.starts_with(text));
        // `Jan` and `Mon` are no parts of longer words.
        let word = |text: &str| {
            ["Jan", "Mon"].contains(&text)
                && rest[3..].starts_with(|c: char| c.is_ascii_lowercase())
        };
        if let Some((text, part)) = found.filter(|(text, _)| !word(text)) {
            return Some((at, at + text.len(), *part));
        }
    }
    None
}

/// `.000`, `,999` and their like: how many digits, and whether zeros at the end go.
fn fraction(rest: &str, letter: char) -> Option<(usize, bool)> {
    if letter != '.' && letter != ',' {
        return None;
    }
    let digit = rest[1..].chars().next().filter(|c| *c == '0' || *c == '9')?;
    let count = rest[1..].chars().take_while(|c| *c == digit).count();
    let ends = !rest[1 + count..].starts_with(|c: char| c.is_ascii_digit());
    (ends && count <= 9).then_some((count, digit == '9'))
}

/// A date in a layout.
pub fn format(at: &Zoned, layout: &str) -> String {
    let (mut out, mut rest) = (String::new(), layout);
    while let Some((from, to, part)) = next(rest) {
        out.push_str(&rest[..from]);
        out.push_str(&written(at, part, rest[from..].starts_with(',')));
        rest = &rest[to..];
    }
    out + rest
}

fn written(at: &Zoned, part: Part, comma: bool) -> String {
    let hour12 = (at.hour() + 11) % 12 + 1;
    let month = MONTHS[(at.month() - 1) as usize];
    let day = DAYS[at.weekday().to_monday_zero_offset() as usize];
    match part {
        Part::Year => format!("{:04}", at.year()),
        Part::ShortYear => format!("{:02}", at.year().rem_euclid(100)),
        Part::MonthName => month.into(),
        Part::MonthShort => month[..3].into(),
        Part::Month => at.month().to_string(),
        Part::Month2 => format!("{:02}", at.month()),
        Part::DayName => day.into(),
        Part::DayShort => day[..3].into(),
        Part::Day => at.day().to_string(),
        Part::DaySpaced => format!("{:2}", at.day()),
        Part::Day2 => format!("{:02}", at.day()),
        Part::YearDay => format!("{:03}", at.day_of_year()),
        Part::Hour => format!("{:02}", at.hour()),
        Part::Hour12 => hour12.to_string(),
        Part::Hour12Two => format!("{hour12:02}"),
        Part::Minute => at.minute().to_string(),
        Part::Minute2 => format!("{:02}", at.minute()),
        Part::Second => at.second().to_string(),
        Part::Second2 => format!("{:02}", at.second()),
        Part::Half => if at.hour() < 12 { "AM" } else { "PM" }.into(),
        Part::HalfSmall => if at.hour() < 12 { "am" } else { "pm" }.into(),
        Part::Zone => at.time_zone().to_offset_info(at.timestamp()).abbreviation().to_string(),
        Part::Offset(z, colon, minutes) => offset(at.offset().seconds(), z, colon, minutes),
        Part::Fraction(digits, trimmed) => {
            let all = format!("{:09}", at.subsec_nanosecond());
            let kept = &all[..digits];
            let kept = if trimmed { kept.trim_end_matches('0') } else { kept };
            let point = if comma { ',' } else { '.' };
            if kept.is_empty() { String::new() } else { format!("{point}{kept}") }
        }
    }
}

fn offset(seconds: i32, z: bool, colon: bool, minutes: bool) -> String {
    if z && seconds == 0 {
        return "Z".into();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match (minutes, colon) {
        (false, _) => format!("{sign}{hours:02}"),
        (true, false) => format!("{sign}{hours:02}{rest:02}"),
        (true, true) => format!("{sign}{hours:02}:{rest:02}"),
    }
}

/// What a text has said of a date so far.
struct Read {
    year: i16,
    month: i8,
    day: i8,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

/// Reads a date in a layout; what the layout leaves out is taken from 1 January of the year 0, and
/// a text that says nothing of a zone is meant in `zone`.
pub fn parse(layout: &str, text: &str, zone: &TimeZone) -> Option<Zoned> {
    let mut read = Read {
        year: 0,
        month: 1,
        day: 1,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        afternoon: None,
        offset: None,
    };
    let (mut layout, mut text) = (layout, text);
    while let Some((from, to, part)) = next(layout) {
        text = skipped(text, &layout[..from])?;
        text = read.part(part, text)?;
        layout = &layout[to..];
        // A fraction may follow seconds unasked.
        let seconds = matches!(part, Part::Second | Part::Second2);
        if seconds && !matches!(next(layout), Some((0, _, Part::Fraction(..)))) {
            let digits = text.strip_prefix(['.', ',']).map_or(0, digits_of);
            if digits > 0 {
                text = read.fraction(text, digits)?;
            }
        }
    }
    text = skipped(text, layout)?;
    if text.is_empty() { read.date(zone) } else { None }
}

/// The text after what the layout writes out.
fn skipped<'t>(text: &'t str, written: &str) -> Option<&'t str> {
    text.strip_prefix(written)
}

fn digits_of(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// A whole number of at least and at most so many digits, and what follows it.
fn number(text: &str, least: usize, most: usize) -> Option<(i16, &str)> {
    let count = digits_of(text).min(most);
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// The position of the name that a text begins with, by its first `length` letters.
fn named<'t>(text: &'t str, names: &[&str], length: usize) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = &name[..length.min(name.len())];
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name).then(|| (at, &text[name.len()..]))
    })
}

impl Read {
    fn part<'t>(&mut self, part: Part, text: &'t str) -> Option<&'t str> {
        let (least, most) = match part {
            Part::Year => (4, 4),
            Part::YearDay => (3, 3),
            Part::Month | Part::Day | Part::Hour12 | Part::Minute | Part::Second => (1, 2),
            _ => (2, 2),
        };
        let plain = |text| number(text, least, most);
        let small = |found: i16| i8::try_from(found).ok();
        match part {
            Part::Year => plain(text).map(|(found, rest)| {
                self.year = found;
                rest
            }),
            Part::ShortYear => plain(text).map(|(found, rest)| {
                self.year = found + if found >= 69 { 1900 } else { 2000 };
                rest
            }),
            Part::MonthName | Part::MonthShort => {
                let length = if part == Part::MonthName { 9 } else { 3 };
                let (at, rest) = named(text, &MONTHS, length)?;
                self.month = at as i8 + 1;
                Some(rest)
            }
            Part::DayName => named(text, &DAYS, 9).map(|(_, rest)| rest),
            Part::DayShort => named(text, &DAYS, 3).map(|(_, rest)| rest),
            Part::YearDay => {
                let (found, rest) = plain(text)?;
                self.year_day = Some(found);
                Some(rest)
            }
            Part::DaySpaced => {
                let (found, rest) = number(text.strip_prefix(' ').unwrap_or(text), 1, 2)?;
                self.day = small(found)?;
                Some(rest)
            }
            Part::Half | Part::HalfSmall => {
                let (at, rest) = named(text, &["AM", "PM"], 2)?;
                self.afternoon = Some(at == 1);
                Some(rest)
            }
            Part::Zone => {
                let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
                // An abbreviation that means nothing here counts as no offset, as in Go.
                self.offset = Some(0);
                (3..=5).contains(&letters).then(|| &text[letters..])
            }
            Part::Offset(z, colon, minutes) => self.zone(text, z, colon, minutes),
            Part::Fraction(digits, false) => self.fraction(text, digits),
            Part::Fraction(_, true) => match text.strip_prefix(['.', ',']).map_or(0, digits_of) {
                0 => Some(text),
                digits => self.fraction(text, digits),
            },
            _ => {
                let (found, rest) = plain(text)?;
                let found = small(found)?;
                match part {
                    Part::Month | Part::Month2 => self.month = found,
                    Part::Day | Part::Day2 => self.day = found,
                    Part::Minute | Part::Minute2 => self.minute = found,
                    Part::Second | Part::Second2 => self.second = found,
                    Part::Hour12 | Part::Hour12Two if !(1..=12).contains(&found) => return None,
                    _ => self.hour = found,
                }
                Some(rest)
            }
        }
    }

    fn fraction<'t>(&mut self, text: &'t str, digits: usize) -> Option<&'t str> {
        let text = text.strip_prefix(['.', ','])?;
        if digits_of(text) < digits || digits > 9 {
            return None;
        }
        let value: i32 = text[..digits].parse().ok()?;
        self.nanos = value * 10_i32.pow(9 - digits as u32);
        Some(&text[digits..])
    }

    fn zone<'t>(&mut self, text: &'t str, z: bool, colon: bool, minutes: bool) -> Option<&'t str> {
        if let (true, Some(rest)) = (z, text.strip_prefix('Z')) {
            self.offset = Some(0);
            return Some(rest);
        }
        let east = match text.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let (hours, mut rest) = number(&text[1..], 2, 2)?;
        let mut seconds = i32::from(hours) * 3600;
        if minutes {
            rest = if colon { rest.strip_prefix(':')? } else { rest };
            let (found, after) = number(rest, 2, 2)?;
            seconds += i32::from(found) * 60;
            rest = after;
        }
        self.offset = Some(east * seconds);
        Some(rest)
    }

    fn date(&self, zone: &TimeZone) -> Option<Zoned> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let time = Time::new(hour, self.minute, self.second, self.nanos).ok()?;
        let date = match self.year_day {
            Some(day) => Date::new(self.year, 1, 1).ok()?.with().day_of_year(day).build().ok()?,
            None => Date::new(self.year, self.month, self.day).ok()?,
        };
        let zone = match self.offset {
            None => zone.clone(),
            Some(0) => TimeZone::UTC,
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
        };
        DateTime::from_parts(date, time).to_zoned(zone).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(layout: &str, text: &str) -> Option<String> {
        parse(layout, text, &TimeZone::UTC).map(|at| format(&at, RFC3339_NANO))
    }

    /// Examples of the language's own documentation, and of Go's.
    #[test]
    fn the_usual_layouts_are_read() {
        for (text, expected) in [
            ("2023-08-14", "2023-08-14T00:00:00Z"),
            ("15:04:05", "0000-01-01T15:04:05Z"),
            ("2023-08-14 00:00:00", "2023-08-14T00:00:00Z"),
            ("2023-08-14T01:02:03.25+02:00", "2023-08-14T01:02:03.25+02:00"),
            ("02 Jan 06 15:04 MST", "2006-01-02T15:04:00Z"),
            ("Monday, 02-Jan-06 15:04:05 MST", "2006-01-02T15:04:05Z"),
            ("Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05Z"),
        ] {
            let found = USUAL.iter().find_map(|layout| utc(layout, text));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for wrong in ["2023-13-01", "2023-02-30", "2023-08-14x", "", "é", "25:00:00"] {
            assert!(USUAL.iter().all(|layout| utc(layout, wrong).is_none()), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let at = utc("2006-01-02 3:04PM", "2024-02-29 1:05PM").expect("a date");
        assert_eq!(at, "2024-02-29T13:05:00Z");
        let at = parse(RFC3339_NANO, "2024-02-29T13:05:06.007Z", &TimeZone::UTC).expect("a date");
        for (layout, expected) in [
            ("Jan _2 15:04:05.000", "Feb 29 13:05:06.007"),
            ("January 2, 06 (002) 03pm", "February 29, 24 (060) 01pm"),
            ("Mon Monday 1 4 5", "Thu Thursday 2 5 6"),
            ("-0700 -07 Z07 MST .999", "+0000 +00 Z UTC .007"),
            (PRINTED, "2024-02-29 13:05:06.007 +0000 UTC"),
        ] {
            assert_eq!(format(&at, layout), expected, "{layout}");
        }
    }
}

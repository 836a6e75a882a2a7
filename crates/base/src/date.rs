//! The calendar: days since 1970 to dates and back, in UTC, and dates as RFC 3339 writes them.

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Year; 0 is 1 BC.
    pub year: i64,
    /// Month, from 1.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
}

impl Date {
    /// The date of a day since 1970-01-01 (Howard Hinnant, `civil_from_days`).
    pub fn of_day(days: i64) -> Date {
        let days = days + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Date { year: year + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Days since 1970-01-01 (Howard Hinnant, `days_from_civil`).
    pub fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// Days that its month has.
    pub fn days_in_month(self) -> i64 {
        let year = self.year;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match self.month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

/// An instant such as `2026-01-01T00:10:00.5Z` or `2026-01-01T01:10:00+01:00` in milliseconds of
/// Unix time; nothing if the text is none.
pub fn parse_ms(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = Date { year, month, day };
    let known = (1..=12).contains(&month) && (1..=date.days_in_month()).contains(&day);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction: f64 = format!("0.{fraction}").parse().ok().filter(|_| digits)?;
    let east = match zone {
        "Z" | "z" => 0,
        _ => {
            let [hours, minutes] = numbers(&zone[1..], ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if zone.starts_with('-') { -60 } else { 60 }
        }
    };
    if !known || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = date.days() * 86_400 + hour * 3600 + minute * 60 + second - east;
    Some(seconds * 1000 + (fraction * 1000.0).round() as i64)
}

/// Whole numbers of given lengths between separators.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(between).collect();
    let fits = |(part, length): (&&str, &usize)| {
        part.len() == *length && part.bytes().all(|b| b.is_ascii_digit())
    };
    if parts.len() != N || !parts.iter().zip(&lengths).all(fits) {
        return None;
    }
    let mut found = [0; N];
    for (number, part) in found.iter_mut().zip(parts) {
        *number = part.parse().ok()?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for day in (-800_000..800_000).step_by(13).chain([i64::from(i32::MIN), 106_751_991_167_300])
        {
            let date = Date::of_day(day);
            assert_eq!(date.days(), day, "{date:?}");
            assert!((1..=date.days_in_month()).contains(&date.day), "{date:?}");
        }
        assert_eq!(Date::of_day(19_782), Date { year: 2024, month: 2, day: 29 });
        assert_eq!(Date::of_day(-1), Date { year: 1969, month: 12, day: 31 });
    }

    #[test]
    fn instants_with_fractions_and_zones() {
        for (text, ms) in [
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14t23:13:20.5+01:00", 1_700_000_000_500),
            ("2023-11-14 16:43:20-05:30", 1_700_000_000_000),
            ("1969-12-31T23:59:59Z", -1000),
        ] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        for wrong in [
            "",
            "2023-02-29T00:00:00Z",
            "2023-11-14",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-13-14T22:13:20Z",
            "2023-11-14T22:13Z",
            "é",
            "2023-11-14T22:13:20+25:00",
        ] {
            assert_eq!(parse_ms(wrong), None, "{wrong}");
        }
    }
}

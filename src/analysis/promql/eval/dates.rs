//! Dates of Unix seconds, in UTC: `hour()`, `day_of_week()` and their kin.

/// Applies a date function to Unix seconds; nothing if the name is none.
pub fn part(name: &str, seconds: f64) -> Option<f64> {
    let known = matches!(
        name,
        "minute"
            | "hour"
            | "day_of_week"
            | "day_of_month"
            | "day_of_year"
            | "days_in_month"
            | "month"
            | "year"
    );
    if !known || seconds.is_nan() {
        return known.then_some(f64::NAN);
    }
    let whole = seconds as i64;
    let (days, second) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    Some(match name {
        "minute" => (second / 60 % 60) as f64,
        "hour" => (second / 3600) as f64,
        // The epoch was a Thursday.
        "day_of_week" => (days + 4).rem_euclid(7) as f64,
        "day_of_month" => day as f64,
        "day_of_year" => (days - days_before(year) + 1) as f64,
        "days_in_month" => length(year, month) as f64,
        "month" => month as f64,
        _ => year as f64,
    })
}

fn leaps(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if leaps(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the epoch to the first of January.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    let count = |y: i64| y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    (year - 1970) * 365 + count(before) - count(1969)
}

/// (year, month, day) of a day since the epoch. The year is found by division, then corrected.
fn civil(days: i64) -> (i64, i64, i64) {
    let mut year = 1970 + days.div_euclid(366);
    while days_before(year + 1) <= days {
        // Far away dates are approached in great steps.
        year += ((days - days_before(year)) / 366).max(1);
    }
    while days_before(year) > days {
        year -= 1;
    }
    let mut rest = days - days_before(year);
    let mut month = 1;
    while rest >= length(year, month) {
        rest -= length(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        // 2024-02-29 13:45:12 UTC, a Thursday.
        let at = 1_709_214_312.0;
        let parts = [
            ("year", 2024.0),
            ("month", 2.0),
            ("day_of_month", 29.0),
            ("day_of_year", 60.0),
            ("days_in_month", 29.0),
            ("day_of_week", 4.0),
            ("hour", 13.0),
            ("minute", 45.0),
        ];
        for (name, value) in parts {
            assert_eq!(part(name, at), Some(value), "{name}");
        }
        assert_eq!(part("year", -1.0), Some(1969.0));
        assert_eq!(part("day_of_month", -1.0), Some(31.0));
        assert!(part("year", f64::NAN).is_some_and(f64::is_nan));
        assert!(part("year", 1e18).is_some(), "no overflow, no endless search");
        assert_eq!(part("rate", 0.0), None);
    }
}

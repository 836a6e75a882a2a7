//! Dates of Unix seconds, in UTC: `hour()`, `day_of_week()` and their kin.

use windtunnel_base::date::Date;

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
    if !known {
        return None;
    }
    let whole = whole_seconds(seconds);
    let (days, second) = (whole.div_euclid(86_400) as i64, whole.rem_euclid(86_400) as i64);
    let date = Date::of_day(days);
    Some(match name {
        "minute" => (second / 60 % 60) as f64,
        "hour" => (second / 3600) as f64,
        // The epoch was a Thursday.
        "day_of_week" => (days + 4).rem_euclid(7) as f64,
        "day_of_month" => date.day as f64,
        "day_of_year" => (days - Date { month: 1, day: 1, ..date }.days() + 1) as f64,
        "days_in_month" => date.days_in_month() as f64,
        "month" => date.month as f64,
        _ => date.year as f64,
    })
}

/// Whole seconds. What no 64 bits hold, NaN among it, becomes what Go's calendar makes of it on
/// amd64: the far end, in the year 292277026596.
fn whole_seconds(seconds: f64) -> i128 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&seconds) { seconds as i128 } else { END as i128 }
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
        assert_eq!(part("day_of_month", f64::NAN), Some(4.0), "the end of Go's time");
        assert_eq!(part("hour", f64::INFINITY), Some(15.0));
        assert!(part("year", 1e18).is_some(), "no overflow, no endless search");
        assert_eq!(part("rate", 0.0), None);
    }
}

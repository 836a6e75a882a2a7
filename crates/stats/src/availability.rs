//! Availability, by every definition in use: they disagree under partial outages.
//!
//! By requests (biased to heavy users), by bad minutes (depends on the limit), by weighted
//! downtime, and by user-uptime (Hauer et al., "Meaningful Availability", NSDI 2020). Deliberately
//! absent: how a user's minutes were judged from single requests.

/// What a user saw in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserMinute {
    /// Requests succeeded.
    Up,
    /// Requests failed.
    Down,
    /// No requests near: counts neither way.
    Inactive,
}

/// Availability of a span of minutes from counts of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinuteAvailability {
    /// Good over all requests; nothing without requests.
    pub by_requests: Option<f64>,
    /// Minutes whose error ratio exceeds the limit; a minute without requests is not bad.
    pub bad_minutes: u64,
    /// 1 − bad/total minutes; nothing without minutes.
    pub by_minutes: Option<f64>,
    /// Σ failed/total over minutes: one minute at 10 % counts 0.1.
    pub weighted_down_minutes: f64,
}

/// Availability from (good, failed) counts per minute, with `limit` as the largest error ratio of a
/// minute that is not bad.
pub fn by_minutes(minutes: &[(u64, u64)], limit: f64) -> MinuteAvailability {
    let (mut good, mut all, mut bad, mut weighted) = (0.0, 0.0, 0, 0.0);
    for (ok, failed) in minutes {
        let total = *ok as f64 + *failed as f64;
        good += *ok as f64;
        all += total;
        if total > 0.0 {
            let ratio = *failed as f64 / total;
            weighted += ratio;
            bad += u64::from(ratio > limit);
        }
    }
    let count = minutes.len() as f64;
    MinuteAvailability {
        by_requests: (all > 0.0).then(|| good / all),
        bad_minutes: bad,
        by_minutes: (count > 0.0).then(|| 1.0 - bad as f64 / count),
        weighted_down_minutes: weighted,
    }
}

/// User-uptime: Σ up/Σ(up + down) over users and minutes. Nothing if nobody was active.
pub fn user_uptime(users: &[Vec<UserMinute>]) -> Option<f64> {
    share(users.iter().flat_map(|minutes| minutes.iter()))
}

/// User-uptime of the worst window of `length` minutes; windows in which nobody was active are
/// passed over. A length beyond the span takes the whole span; 0 gives nothing.
pub fn worst_window(users: &[Vec<UserMinute>], length: usize) -> Option<f64> {
    let span = users.iter().map(Vec::len).max().unwrap_or(0);
    let length = length.min(span);
    if length == 0 {
        return None;
    }
    let window = |from: usize| {
        share(users.iter().flat_map(|minutes| minutes.iter().skip(from).take(length)))
    };
    (0..=span - length).filter_map(window).min_by(f64::total_cmp)
}

/// Distinct users with at least one bad minute.
pub fn users_hurt(users: &[Vec<UserMinute>]) -> usize {
    users.iter().filter(|minutes| minutes.contains(&UserMinute::Down)).count()
}

fn share<'a>(minutes: impl Iterator<Item = &'a UserMinute>) -> Option<f64> {
    let (mut up, mut down) = (0_u64, 0_u64);
    for minute in minutes {
        up += u64::from(*minute == UserMinute::Up);
        down += u64::from(*minute == UserMinute::Down);
    }
    (up + down > 0).then(|| up as f64 / (up + down) as f64)
}

#[cfg(test)]
mod tests {
    use super::UserMinute::{Down, Inactive, Up};
    use super::*;

    #[test]
    fn nothing_to_measure_is_not_perfect() {
        let none = by_minutes(&[], 0.05);
        assert_eq!((none.by_requests, none.by_minutes, none.bad_minutes), (None, None, 0));
        assert_eq!(by_minutes(&[(0, 0)], 0.05).by_minutes, Some(1.0));
        assert_eq!(user_uptime(&[vec![Inactive; 3]]), None);
        assert_eq!(worst_window(&[], 2), None);
        assert_eq!(worst_window(&[vec![Up]], 0), None);
    }

    #[test]
    fn the_worst_window_tells_an_outage_from_flakiness() {
        let outage = vec![vec![Up, Up, Down, Down, Up, Up]];
        let flaky = vec![vec![Up, Down, Up, Up, Down, Up]];
        assert_eq!(user_uptime(&outage), user_uptime(&flaky));
        assert_eq!((worst_window(&outage, 2), worst_window(&flaky, 2)), (Some(0.0), Some(0.5)));
        assert_eq!((users_hurt(&outage), worst_window(&flaky, 99)), (1, user_uptime(&flaky)));
    }
}

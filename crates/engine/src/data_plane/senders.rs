//! Who sends a request: every user alike, or some far more often than others; and how often each
//! does.
//!
//! It knows nothing of single instants, and of what becomes of a request.

use super::tape::Drawn;
use std::sync::Arc;
use windtunnel_base::maths;
use windtunnel_base::random::{Stream, scale};
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::traffic::{Activity, Arrivals, Recorded, Traffic};

/// Draws users in proportion to their activity (Walker's alias method for Zipf).
#[derive(Clone, Debug)]
pub(super) enum Senders {
    /// So many users, all alike.
    Alike(u32),
    /// By user: the draw below which it stays with this one, and the other one.
    Alias(Arc<[(u32, u32)]>),
}

impl Senders {
    pub(super) fn new(traffic: &Traffic) -> Senders {
        match traffic.activity {
            Activity::Uniform => Senders::Alike(traffic.users),
            Activity::Zipf { .. } => Senders::Alias(alias_table(weights(traffic)).into()),
        }
    }

    /// How many users there are.
    pub(super) fn count(&self) -> u32 {
        match self {
            Senders::Alike(count) => *count,
            Senders::Alias(table) => table.len() as u32,
        }
    }

    /// The sender of each of `requests`.
    pub(super) fn draw(&self, stream: &mut Stream, requests: &mut [Drawn]) {
        let mut own = stream.clone();
        match self {
            Senders::Alike(count) => {
                for Drawn { arrival, .. } in requests {
                    arrival.user = scale(own.bits(), *count);
                }
            }
            Senders::Alias(table) => {
                for Drawn { arrival, .. } in requests {
                    let bits = own.bits();
                    let column = scale(bits, table.len() as u32);
                    let (keep_below, other) = table[column as usize];
                    arrival.user = if (bits as u32) < keep_below { column } else { other };
                }
            }
        }
        *stream = own;
    }
}

/// What each user's part of the requests is in proportion to, if nothing says who sends them.
fn weights(traffic: &Traffic) -> Vec<f64> {
    let weight = |user: u32| match traffic.activity {
        Activity::Uniform => 1.0,
        Activity::Zipf { exponent } => maths::pow(f64::from(user + 1), -exponent),
    };
    (0..traffic.users).map(weight).collect()
}

/// Requests a second that each user sends as a flight until `horizon` begins. Of a recording it is
/// the mean over what is flown of it, of each user's own rows; in a closed loop nobody but its
/// sessions sends.
pub(super) fn rates_at_start(traffic: &Traffic, horizon: SimTime) -> Vec<f64> {
    match &traffic.arrivals {
        Arrivals::Steps(steps) => spread(traffic, steps.rate_at(SimDuration::ZERO)),
        Arrivals::Trace(rows) => recorded_rates(traffic, rows, horizon),
        Arrivals::Closed { sessions, think } => {
            let rate = 1.0 / think.mean_secs().max(1e-3);
            (0..traffic.users).map(|user| if user < *sessions { rate } else { 0.0 }).collect()
        }
        Arrivals::TraceFile { .. } => vec![0.0; traffic.users as usize],
    }
}

/// A rate of all users, divided among them by their activity.
fn spread(traffic: &Traffic, rate: f64) -> Vec<f64> {
    let mut rates = weights(traffic);
    let per_weight = rate / rates.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    rates.iter_mut().for_each(|weight| *weight *= per_weight);
    rates
}

/// Each user's rows before `horizon` over the time that they take; rows that name nobody are
/// anybody's.
fn recorded_rates(traffic: &Traffic, rows: &[Recorded], horizon: SimTime) -> Vec<f64> {
    let flown = &rows[..rows.partition_point(|row| row.at.as_nanos() < horizon.as_nanos())];
    let last = rows.last().map_or(0, |row| row.at.as_nanos());
    let secs = SimDuration::from_nanos(last.min(horizon.as_nanos())).as_secs_f64();
    if secs <= 0.0 {
        return vec![0.0; traffic.users as usize];
    }
    let unnamed = flown.iter().filter(|row| row.user.is_none()).count();
    let mut rates = spread(traffic, unnamed as f64 / secs);
    for user in flown.iter().filter_map(|row| row.user) {
        rates[(user % traffic.users) as usize] += 1.0 / secs;
    }
    rates
}

/// Vose's construction of the alias table: (keep the column below this draw, else take the other).
fn alias_table(weights: Vec<f64>) -> Vec<(u32, u32)> {
    let total: f64 = weights.iter().sum();
    let count = weights.len();
    let mut scaled: Vec<f64> = weights.iter().map(|w| w * count as f64 / total).collect();
    let mut table = vec![(u32::MAX, 0); count];
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..count).partition(|i| scaled[*i] < 1.0);
    while let (Some(s), Some(l)) = (small.pop(), large.last().copied()) {
        table[s] = ((scaled[s] * 4_294_967_296.0) as u32, l as u32);
        scaled[l] -= 1.0 - scaled[s];
        if scaled[l] < 1.0 {
            large.pop();
            small.push(l);
        }
    }
    for (i, entry) in table.iter_mut().enumerate() {
        if entry.0 == u32::MAX {
            entry.1 = i as u32;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::distribution::Distribution;
    use windtunnel_base::units::Share;

    fn rates(arrivals: Arrivals) -> Vec<f64> {
        let activity = Activity::Zipf { exponent: 1.0 };
        let header_share = Share::ZERO;
        let traffic = Traffic { users: 4, activity, arrivals, header_share };
        rates_at_start(&traffic, SimTime::from_secs_f64(100.0))
    }

    #[test]
    fn nobody_but_sessions_sends_in_a_closed_loop() {
        let think = Distribution::Constant { secs: 20.0 };
        assert_eq!(rates(Arrivals::Closed { sessions: 3, think }), [0.05, 0.05, 0.05, 0.0]);
    }

    /// User 5 of 4 is user 1. What comes after the flight counts for nobody; rows without a user
    /// are divided by activity, 12 : 6 : 4 : 3.
    #[test]
    fn a_recording_says_who_sends_how_often() {
        let row = |secs, user| Recorded { at: SimDuration::from_secs(secs), user, route: None };
        let named = [row(1, Some(1)), row(2, Some(5)), row(3, Some(3)), row(200, Some(0))];
        assert_eq!(rates(Arrivals::Trace(named.into())), [0.0, 0.02, 0.0, 0.01]);
        let unnamed: Vec<Recorded> = (1..=50).map(|secs| row(secs, None)).collect();
        let found = rates(Arrivals::Trace(unnamed.into()));
        for (found, expected) in found.iter().zip([0.48, 0.24, 0.16, 0.12]) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        assert_eq!(rates(Arrivals::Trace([row(0, Some(0))].into())), [0.0; 4]);
    }

    #[test]
    fn an_alias_table_keeps_the_weights() {
        let weights = vec![8.0, 4.0, 2.0, 1.0, 1.0];
        let table = alias_table(weights.clone());
        let mut shares = vec![0.0; 5];
        for (i, (keep, other)) in table.iter().enumerate() {
            let kept = if *keep == u32::MAX { 1.0 } else { f64::from(*keep) / 4_294_967_296.0 };
            shares[i] += kept / 5.0;
            shares[*other as usize] += (1.0 - kept) / 5.0;
        }
        for (share, weight) in shares.iter().zip(weights) {
            assert!((share - weight / 16.0).abs() < 1e-6, "{shares:?}");
        }
    }
}

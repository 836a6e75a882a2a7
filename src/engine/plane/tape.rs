//! The tape: the arrivals of a replication, drawn anew for every flight and the same in each.
//!
//! Every arrival takes a fixed number of draws from running streams, whatever happens to it later,
//! so that all strategies (and the twin) meet the same requests. Nothing is stored.

use crate::base::distribution::Distribution;
use crate::base::random::{Purpose, Stream, Streams, scale};
use crate::base::time::{SimDuration, SimTime};
use crate::base::ziggurat::{Exponentials, Normals};
use crate::traffic::{Activity, Arrivals, Recorded, Steps, Traffic};
use crate::world::service::Route;
use rand_distr::{Exp1, StandardNormal};
use std::sync::Arc;

/// One request as the tape has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Nanoseconds since the start.
    pub at: u64,
    /// Who sends it.
    pub user: u32,
    /// Index of its route.
    pub route: u8,
    /// Standard normal for the service demand.
    pub z: f64,
    /// Unit exponential for the service demand.
    pub e: f64,
    /// The draw that decides its outcome.
    pub error: u32,
    /// The draws that choose pool and pods.
    pub routing: u64,
}

/// Draws a user in proportion to its activity (Walker's alias method for Zipf).
#[derive(Clone, Debug)]
enum UserDraw {
    Uniform(u32),
    Alias(Arc<[(u32, u32)]>),
}

/// When the next request arrives.
#[derive(Clone, Debug)]
enum Clock {
    Constant { gap_ns: f64 },
    Steps { steps: Steps, at: SimDuration },
    Recorded { rows: Arc<[Recorded]>, next: usize },
    Silent,
}

/// The running tape.
#[derive(Clone, Debug)]
pub struct Tape {
    clock: Clock,
    gaps: Stream,
    who: Stream,
    what: Stream,
    demand: Stream,
    routing: Stream,
    users: UserDraw,
    /// Route of a draw: cumulative thresholds of 2³².
    routes: Vec<u64>,
    normals: Normals,
    exponentials: Exponentials,
    normal: bool,
    exponential: bool,
    /// The arrival that comes next; `u64::MAX` when none does.
    next_at: u64,
    end: u64,
    recorded: Option<Recorded>,
}

impl Tape {
    /// The tape of one replication, until `horizon`.
    pub fn new(traffic: &Traffic, routes: &[Route], streams: Streams, horizon: SimTime) -> Tape {
        let clock = match &traffic.arrivals {
            Arrivals::Steps(steps) if steps.steps.len() == 1 => {
                Clock::Constant { gap_ns: 1e9 / steps.steps[0].1 }
            }
            Arrivals::Steps(steps) => Clock::Steps { steps: steps.clone(), at: SimDuration::ZERO },
            Arrivals::Trace(rows) => Clock::Recorded { rows: rows.as_slice().into(), next: 0 },
            Arrivals::Closed { .. } | Arrivals::TraceFile { .. } => Clock::Silent,
        };
        let mut tape = Tape {
            clock,
            gaps: streams.stream(Purpose::Arrivals, 0),
            who: streams.stream(Purpose::Users, 0),
            what: streams.stream(Purpose::Errors, 0),
            demand: streams.stream(Purpose::Demand, 0),
            routing: streams.stream(Purpose::Routing, 0),
            users: user_draw(traffic),
            routes: route_thresholds(routes),
            normals: Normals::default(),
            exponentials: Exponentials::default(),
            normal: routes.iter().any(|r| r.service_time.is_normal_based()),
            exponential: routes.iter().any(|r| !r.service_time.is_normal_based()),
            next_at: 0,
            end: horizon.as_nanos(),
            recorded: None,
        };
        tape.step();
        tape
    }

    /// When the next request arrives, in nanoseconds; `u64::MAX` after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.next_at
    }

    /// Takes the next request off the tape.
    #[inline(always)]
    pub fn take(&mut self) -> Arrival {
        let at = self.next_at;
        let what = self.what.bits();
        let mut arrival = Arrival {
            at,
            user: self.draw_user(),
            route: self.route_of(what >> 32),
            z: if self.normal { self.normals.draw(&mut self.demand) } else { 0.0 },
            e: if self.exponential { self.exponentials.draw(&mut self.demand) } else { 0.0 },
            error: what as u32,
            routing: self.routing.bits(),
        };
        if let Some(recorded) = self.recorded {
            arrival.user = recorded.user.map_or(arrival.user, |u| u % self.user_count());
            arrival.route = recorded.route.unwrap_or(arrival.route);
        }
        self.step();
        arrival
    }

    /// The `k`-th request of a closed-loop session, drawn from its own address.
    pub fn of_session(&self, streams: &Streams, session: u32, k: u32, at: u64) -> Arrival {
        let mut own = streams.stream(Purpose::Think, u64::from(session) << 32 | u64::from(k));
        let what = own.bits();
        Arrival {
            at,
            user: session % self.user_count(),
            route: self.route_of(what >> 32),
            z: own.sample(StandardNormal),
            e: own.sample(Exp1),
            error: what as u32,
            routing: own.bits(),
        }
    }

    fn user_count(&self) -> u32 {
        match &self.users {
            UserDraw::Uniform(count) => *count,
            UserDraw::Alias(table) => table.len() as u32,
        }
    }

    #[inline(always)]
    fn draw_user(&mut self) -> u32 {
        let bits = self.who.bits();
        match &self.users {
            UserDraw::Uniform(count) => scale(bits, *count),
            UserDraw::Alias(table) => {
                let column = scale(bits, table.len() as u32);
                let (keep_below, other) = table[column as usize];
                if (bits as u32) < keep_below { column } else { other }
            }
        }
    }

    #[inline]
    fn route_of(&self, draw: u64) -> u8 {
        let mut route = 0;
        while draw >= self.routes[route] && route + 1 < self.routes.len() {
            route += 1;
        }
        route as u8
    }

    #[inline(always)]
    fn step(&mut self) {
        let next = if let Clock::Constant { gap_ns } = self.clock {
            let gap = self.exponentials.draw(&mut self.gaps);
            // By way of i64, which is cheaper; a gap is never negative.
            self.next_at.saturating_add((gap * gap_ns) as i64 as u64)
        } else {
            self.next_otherwise()
        };
        self.next_at = if next < self.end { next } else { u64::MAX };
    }

    /// The next arrival of clocks that do not beat evenly.
    #[inline(never)]
    fn next_otherwise(&mut self) -> u64 {
        match &mut self.clock {
            Clock::Constant { .. } | Clock::Silent => u64::MAX,
            Clock::Steps { steps, at } => {
                let unit = self.exponentials.draw(&mut self.gaps);
                *at = after(steps, *at, unit);
                at.as_nanos()
            }
            Clock::Recorded { rows, next } => {
                self.recorded = rows.get(*next).copied();
                *next += 1;
                self.recorded.map_or(u64::MAX, |r| r.at.as_nanos())
            }
        }
    }
}

/// The instant at which the integral of the rate since `at` reaches `unit` (time change of a
/// Poisson process).
fn after(steps: &Steps, at: SimDuration, unit: f64) -> SimDuration {
    let period = steps.period.map_or(u64::MAX, SimDuration::as_nanos);
    let (mut base, mut within) = (at.as_nanos() / period * period, at.as_nanos() % period);
    let mut left = unit;
    // Ten periods without an arrival: the source has dried up.
    for _ in 0..steps.steps.len() * 10 + 10 {
        let index = steps.steps.partition_point(|(s, _)| s.as_nanos() <= within).max(1);
        let rate = steps.steps[index - 1].1;
        let end = steps.steps.get(index).map_or(period, |s| s.0.as_nanos());
        let need = if rate > 0.0 { left / rate * 1e9 } else { f64::INFINITY };
        if need < (end - within) as f64 {
            return SimDuration::from_nanos((base + within).saturating_add(need as u64));
        }
        if end == u64::MAX {
            break;
        }
        left -= rate * (end - within) as f64 / 1e9;
        (base, within) = if end == period { (base + period, 0) } else { (base, end) };
    }
    SimDuration::FOREVER
}

fn route_thresholds(routes: &[Route]) -> Vec<u64> {
    let total: f64 = routes.iter().map(|r| r.share.value()).sum();
    let mut sum = 0.0;
    let thresholds = routes.iter().map(|route| {
        sum += route.share.value() / total;
        (sum * 4_294_967_296.0) as u64
    });
    thresholds.collect()
}

fn user_draw(traffic: &Traffic) -> UserDraw {
    let Activity::Zipf { exponent } = traffic.activity else {
        return UserDraw::Uniform(traffic.users);
    };
    let weights = (1..=traffic.users).map(|k| f64::from(k).powf(-exponent));
    UserDraw::Alias(alias_table(weights.collect()).into())
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

/// Time one slot is busy with an arrival of a route, without faults, in nanoseconds.
#[inline]
pub fn demand_ns(service_time: &Distribution, arrival: &Arrival) -> u64 {
    service_time.from_draw(arrival.z, arrival.e)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn time_changes_follow_the_rate() {
        let steps = Steps {
            steps: vec![(SimDuration::ZERO, 1.0), (SimDuration::from_secs(10), 0.0)],
            period: Some(SimDuration::from_secs(20)),
        };
        // 8 units from t=5: 5 are used up by t=10, none until 20, 3 more by 23.
        let at = after(&steps, SimDuration::from_secs(5), 8.0);
        assert_eq!(at, SimDuration::from_secs(23));
        let dry = Steps {
            steps: vec![(SimDuration::ZERO, 1.0), (SimDuration::from_secs(1), 0.0)],
            period: None,
        };
        assert_eq!(after(&dry, SimDuration::from_secs(2), 1.0), SimDuration::FOREVER);
    }
}

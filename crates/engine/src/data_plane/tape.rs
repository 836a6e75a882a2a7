//! The tape: the arrivals of a replication, drawn anew for every flight and the same in each.
//!
//! Every arrival takes a fixed number of draws from running streams, whatever happens to it later,
//! so that all strategies (and the twin) meet the same requests. Nothing is stored.

use super::senders::Senders;
use crate::address::Address;
use std::sync::Arc;
use windtunnel_base::distribution::{Distribution, lognormal_secs, whole_ns};
use windtunnel_base::random::{Stream, Streams};
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_base::ziggurat::{Exponentials, Normals};
use windtunnel_model::traffic::{Arrivals, Recorded, Steps, Traffic};
use windtunnel_model::world::service::Route;

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

/// When the next request arrives.
#[derive(Clone, Debug)]
enum Clock {
    Constant { gap_ns: f64 },
    Steps { steps: Steps, at: SimDuration },
    Recorded { rows: Arc<[Recorded]>, next: usize },
    Silent,
}

/// So many arrivals are drawn at a time: each stream stays in registers meanwhile.
const AHEAD: usize = 32;

/// The running tape.
#[derive(Clone, Debug)]
pub struct Tape {
    clock: Clock,
    gaps: Stream,
    who: Stream,
    what: Stream,
    demand: Stream,
    routing: Stream,
    senders: Senders,
    /// Route of a draw: cumulative thresholds of 2³².
    routes: Vec<u64>,
    service_times: Vec<Distribution>,
    normals: Normals,
    exponentials: Exponentials,
    normal: bool,
    exponential: bool,
    /// The arrival that comes next; `u64::MAX` when none does.
    next_at: u64,
    /// Its place in `ahead`.
    next: usize,
    ahead: Box<[Drawn; AHEAD]>,
    /// Instant of the last arrival drawn.
    last_at: u64,
    end: u64,
}

/// An arrival as it lies ready. A cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Drawn {
    /// When the request arrives, from whom, and for which route.
    pub arrival: Arrival,
    /// Time a slot is busy with it, without faults, in nanoseconds.
    pub demand: u64,
}

impl Tape {
    /// The tape of one replication, until `horizon`.
    pub fn new(traffic: &Traffic, routes: &[Route], streams: Streams, horizon: SimTime) -> Tape {
        let clock = match &traffic.arrivals {
            Arrivals::Steps(steps) if steps.steps.len() == 1 => {
                Clock::Constant { gap_ns: 1e9 / steps.steps[0].1 }
            }
            Arrivals::Steps(steps) => Clock::Steps { steps: steps.clone(), at: SimDuration::ZERO },
            Arrivals::Trace(rows) => Clock::Recorded { rows: Arc::clone(rows), next: 0 },
            Arrivals::Closed { .. } | Arrivals::TraceFile { .. } => Clock::Silent,
        };
        let none =
            Arrival { at: u64::MAX, user: 0, route: 0, z: 0.0, e: 0.0, error: 0, routing: 0 };
        let mut tape = Tape {
            clock,
            gaps: Address::Gaps.stream(&streams),
            who: Address::Senders.stream(&streams),
            what: Address::Outcomes.stream(&streams),
            demand: Address::Demands.stream(&streams),
            routing: Address::Choices.stream(&streams),
            senders: Senders::new(traffic),
            routes: route_thresholds(routes),
            service_times: routes.iter().map(|r| r.service_time).collect(),
            normals: Normals::default(),
            exponentials: Exponentials::default(),
            normal: routes.iter().any(|r| r.service_time.is_normal_based()),
            exponential: routes.iter().any(|r| !r.service_time.is_normal_based()),
            next_at: 0,
            next: 0,
            ahead: Box::new([Drawn { arrival: none, demand: 0 }; AHEAD]),
            last_at: 0,
            end: horizon.as_nanos(),
        };
        tape.draw_ahead();
        tape
    }

    /// When the next request arrives, in nanoseconds; `u64::MAX` after the last.
    #[inline]
    pub fn next_at(&self) -> u64 {
        self.next_at
    }

    /// The next request, left where it is.
    #[inline(always)]
    pub(super) fn peek(&self) -> &Drawn {
        &self.ahead[self.next % AHEAD]
    }

    /// Takes the next request off the tape.
    pub fn take(&mut self) -> Drawn {
        let drawn = *self.peek();
        self.pass();
        drawn
    }

    /// Goes on to the request after the next.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        self.next += 1;
        if self.next == AHEAD {
            self.draw_ahead();
        }
        self.next_at = self.ahead[self.next % AHEAD].arrival.at;
    }

    /// Draws the next arrivals, one stream after the other.
    #[inline(never)]
    fn draw_ahead(&mut self) {
        (self.next, self.next_at) = (0, u64::MAX);
        let mut stream = self.what.clone();
        let one_route = self.routes.len() == 1;
        for Drawn { arrival, .. } in self.ahead.iter_mut() {
            let bits = stream.bits();
            arrival.error = bits as u32;
            arrival.route = if one_route { 0 } else { route_of(&self.routes, bits >> 32) };
        }
        self.what = stream;
        let mut stream = self.routing.clone();
        for Drawn { arrival, .. } in self.ahead.iter_mut() {
            arrival.routing = stream.bits();
        }
        self.routing = stream;
        self.senders.draw(&mut self.who, &mut self.ahead[..]);
        self.draw_instants();
        self.draw_demands();
        self.next_at = self.ahead[0].arrival.at;
    }

    fn draw_instants(&mut self) {
        if let Clock::Constant { gap_ns } = self.clock {
            let (mut at, end) = (self.last_at, self.end);
            self.exponentials.fill(
                &mut self.gaps,
                &mut self.ahead[..],
                |Drawn { arrival, .. }, gap| {
                    // By way of i64, which is cheaper; a gap is never negative.
                    at = at.saturating_add((gap * gap_ns) as i64 as u64);
                    arrival.at = if at < end { at } else { u64::MAX };
                },
            );
            self.last_at = at;
            return;
        }
        for place in 0..AHEAD {
            let (at, recorded) = self.next_otherwise();
            let arrival = &mut self.ahead[place].arrival;
            arrival.at = if at < self.end { at } else { u64::MAX };
            if let Some(recorded) = recorded {
                let count = self.senders.count();
                arrival.user = recorded.user.map_or(arrival.user, |u| u % count);
                arrival.route = recorded.route.unwrap_or(arrival.route);
            }
        }
    }

    fn draw_demands(&mut self) {
        let (stream, ahead) = (&mut self.demand, &mut self.ahead[..]);
        match (self.normal, self.exponential) {
            (true, true) => ahead.iter_mut().for_each(|Drawn { arrival, .. }| {
                arrival.z = self.normals.draw(stream);
                arrival.e = self.exponentials.draw(stream);
            }),
            (true, false) => {
                self.normals.fill(stream, ahead, |Drawn { arrival, .. }, z| arrival.z = z)
            }
            (false, _) => {
                self.exponentials.fill(stream, ahead, |Drawn { arrival, .. }, e| arrival.e = e)
            }
        }
        self.put_demands();
    }

    /// Turns what was drawn into service times, in whole nanoseconds.
    fn put_demands(&mut self) {
        let [Distribution::Lognormal { mu, sigma }] = self.service_times[..] else {
            for Drawn { arrival, demand } in self.ahead.iter_mut() {
                *demand = demand_ns(&self.service_times[usize::from(arrival.route)], arrival);
            }
            return;
        };
        // The usual case by itself: a loop over numbers alone becomes vector instructions.
        let mut secs = [0.0; AHEAD];
        for (z, Drawn { arrival, .. }) in secs.iter_mut().zip(self.ahead.iter()) {
            *z = arrival.z;
        }
        for z in &mut secs {
            *z = lognormal_secs(mu, sigma, *z);
        }
        for (Drawn { demand, .. }, secs) in self.ahead.iter_mut().zip(secs) {
            *demand = whole_ns(secs);
        }
    }

    /// The `k`-th request of a closed-loop session, drawn from its own address.
    pub fn of_session(&self, streams: &Streams, session: u32, k: u32, at: u64) -> Arrival {
        let mut own = Address::Session(session, k).stream(streams);
        let what = own.bits();
        Arrival {
            at,
            user: session % self.senders.count(),
            route: route_of(&self.routes, what >> 32),
            z: Normals::default().draw(&mut own),
            e: Exponentials::default().draw(&mut own),
            error: what as u32,
            routing: own.bits(),
        }
    }

    /// The next arrival of clocks that do not beat evenly, with what a recording says of it.
    #[inline(never)]
    fn next_otherwise(&mut self) -> (u64, Option<Recorded>) {
        match &mut self.clock {
            Clock::Constant { .. } | Clock::Silent => (u64::MAX, None),
            Clock::Steps { steps, at } => {
                let unit = self.exponentials.draw(&mut self.gaps);
                *at = after(steps, *at, unit);
                (at.as_nanos(), None)
            }
            Clock::Recorded { rows, next } => {
                let recorded = rows.get(*next).copied();
                *next += 1;
                (recorded.map_or(u64::MAX, |r| r.at.as_nanos()), recorded)
            }
        }
    }
}

#[inline(always)]
fn route_of(thresholds: &[u64], draw: u64) -> u8 {
    let mut route = 0;
    while draw >= thresholds[route] && route + 1 < thresholds.len() {
        route += 1;
    }
    route as u8
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

/// Time one slot is busy with an arrival of a route, without faults, in nanoseconds.
#[inline]
pub fn demand_ns(service_time: &Distribution, arrival: &Arrival) -> u64 {
    service_time.from_draw(arrival.z, arrival.e)
}

#[cfg(test)]
mod tests {
    use super::*;

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

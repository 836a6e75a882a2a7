//! Kept-alive connections: whom each user is pinned to, and for how long.

use super::Plane;
use crate::base::maths;
use crate::base::random::scale;
use crate::engine::address::Address;
use crate::traffic::{Activity, Arrivals, Traffic};
use crate::world::routing::Pool;

/// A user's open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The pod, or `u32::MAX` if none is open.
    pod: u32,
    /// Second of the flight in which it was opened; those from before it count backwards.
    opened: i32,
}

impl Pin {
    /// No open connection.
    pub(crate) const NONE: Pin = Pin { pod: u32::MAX, opened: 0 };
}

/// Requests a second, of all users, as a flight begins.
fn rate_at_start(traffic: &Traffic) -> f64 {
    match &traffic.arrivals {
        Arrivals::Steps(steps) => steps.rate_at(Default::default()),
        Arrivals::Trace(rows) => {
            let span = rows.last().map_or(0.0, |row| row.at.as_secs_f64());
            if span > 0.0 { rows.len() as f64 / span } else { 0.0 }
        }
        Arrivals::Closed { sessions, think } => f64::from(*sessions) / think.mean_secs().max(1e-3),
        Arrivals::TraceFile { .. } => 0.0,
    }
}

/// What a user's part of all requests is in proportion to.
fn weight(activity: &Activity, user: u32) -> f64 {
    match activity {
        Activity::Uniform => 1.0,
        Activity::Zipf { exponent } => maths::pow(f64::from(user + 1), -exponent),
    }
}

impl Plane {
    /// Opens the connections that are there as a flight begins, in the state in which such a system
    /// is at any instant. A user of λ requests a second whose connections are closed at the age m
    /// waits 1/λ for the next after each: one is open with the probability m / (m + 1/λ), and is
    /// then of any age below m alike (the residual life of a renewal process).
    pub(crate) fn open_connections(&mut self, traffic: &Traffic) {
        let Some(keep_alive) = self.service.balancer.keep_alive else { return };
        let age = keep_alive.max_age.as_secs_f64();
        let weights: f64 = (0..traffic.users).map(|user| weight(&traffic.activity, user)).sum();
        let per_weight = rate_at_start(traffic) / weights.max(f64::MIN_POSITIVE);
        let mut stream = Address::Connections.stream(&self.streams);
        for user in 0..self.pins.len() as u32 {
            let (is_open, old, which) = (stream.uniform(), stream.uniform(), stream.bits());
            let during = per_weight * weight(&traffic.activity, user) * age;
            let pods = self.proxies[0].known(Pool::Stable);
            if is_open < during / (1.0 + during) && !pods.is_empty() {
                let pod = pods[scale(which, pods.len() as u32) as usize];
                let opened = -((old * age).ceil().min(f64::from(i32::MAX)) as i32);
                self.pins[user as usize] = Pin { pod, opened };
                self.pinned[pod as usize] += 1;
            }
        }
    }

    #[inline(never)]
    pub(super) fn pinned_pod(&mut self, user: u32) -> Option<u32> {
        let keep_alive = self.service.balancer.keep_alive?;
        let Pin { pod, opened } = self.pins[user as usize];
        let pinned = self.pods.get(pod as usize)?;
        let age = (self.now / 1_000_000_000) as i64 - i64::from(opened);
        let young = (age as f64) < keep_alive.max_age.as_secs_f64();
        // What serves since the start of the flight has served before it.
        let since = pinned.serving_since;
        let to_this = since == 0 || (i64::from(opened) + 1) * 1_000_000_000 > since as i64;
        if pinned.accepting && young && to_this {
            return Some(pod);
        }
        if pinned.accepting && !young {
            // Closed by its age; what an earlier process of the pod held was counted as broken.
            let open = &mut self.pinned[pod as usize];
            *open = open.saturating_sub(1);
        }
        self.pins[user as usize] = Pin::NONE;
        None
    }

    #[inline(always)]
    pub(super) fn pin(&mut self, user: u32, pod: u32) {
        if self.hot.rare && self.service.balancer.keep_alive.is_some() {
            let opened = (self.now / 1_000_000_000) as i32;
            self.pins[user as usize] = Pin { pod, opened };
            self.pinned[pod as usize] += 1;
        }
    }
}

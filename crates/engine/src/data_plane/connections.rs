//! Kept-alive connections: whom each user is pinned to, and for how long.
//!
//! A connection ends when it comes of age, asked for or not, or when its pod's process ends. It is
//! open in between: whatever counts connections asks for both.

use super::{DataPlane, senders};
use crate::address::Address;
use windtunnel_base::random::scale;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::traffic::Traffic;
use windtunnel_model::world::routing::Pool;

/// Ages are counted in 64ths of a second: an `i32` holds more than a year of them.
const TICK_NS: u64 = 1_000_000_000 / 64;

/// A connection that a user has opened. Its pod's process still serves: with it they all go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The pod, or `u32::MAX` if none was opened.
    pod: u32,
    /// When it was opened, in 64ths of a second of the flight; from before it, backwards.
    opened: i32,
}

impl Pin {
    /// No connection.
    pub(crate) const NONE: Pin = Pin { pod: u32::MAX, opened: 0 };

    /// Is it not of age yet at `now`, in nanoseconds?
    fn is_young(self, now: u64, max_age: SimDuration) -> bool {
        let age = (now / TICK_NS) as i64 - i64::from(self.opened);
        age < (max_age.as_nanos() / TICK_NS) as i64
    }
}

impl DataPlane {
    /// Opens the connections that are there as a flight until `horizon` begins, in the state in
    /// which such a system is at any instant. A user who sends λ requests a second at random, and
    /// whose connections are closed at the age m, waits 1/λ for the next after each: one is open
    /// with the probability m / (m + 1/λ), and is then of any age below m alike (an alternating
    /// renewal process). Who sends nothing has none.
    pub(crate) fn open_connections(&mut self, traffic: &Traffic, horizon: SimTime) {
        let Some(keep_alive) = self.service.balancer.keep_alive else { return };
        let age = keep_alive.max_age.as_secs_f64();
        let ticks = (keep_alive.max_age.as_nanos() / TICK_NS) as f64;
        let rates = senders::rates_at_start(traffic, horizon);
        let mut stream = Address::Connections.stream(&self.streams);
        for (pin, rate) in self.clients.pins.iter_mut().zip(rates) {
            let (is_open, old, which) = (stream.uniform(), stream.uniform(), stream.bits());
            let during = rate * age;
            let pods = self.fleet.proxies[0].known(Pool::Stable);
            if is_open < during / (1.0 + during) && !pods.is_empty() {
                let pod = pods[scale(which, pods.len() as u32) as usize];
                let opened = -((old * ticks).floor().min(f64::from(i32::MAX)) as i32);
                *pin = Pin { pod, opened };
            }
        }
    }

    /// The pod of the user's open connection.
    #[inline(never)]
    pub(super) fn pinned_pod(&mut self, user: u32) -> Option<u32> {
        let keep_alive = self.service.balancer.keep_alive?;
        let pin = self.clients.pins[user as usize];
        if pin == Pin::NONE {
            return None;
        }
        if !pin.is_young(self.now, keep_alive.max_age) {
            self.clients.pins[user as usize] = Pin::NONE;
            return None;
        }
        debug_assert!(self.fleet.pods[pin.pod as usize].accepting, "pins end with the process");
        Some(pin.pod)
    }

    #[inline(always)]
    pub(super) fn pin(&mut self, user: u32, pod: u32) {
        if self.hot.rare && self.service.balancer.keep_alive.is_some() {
            let opened = (self.now / TICK_NS) as i32;
            self.clients.pins[user as usize] = Pin { pod, opened };
        }
    }

    /// The process of `pod`, if one still accepts requests, is about to stop: its connections end,
    /// and those that are open by then are broken.
    pub(super) fn break_connections(&mut self, pod: u32) {
        let Some(keep_alive) = self.service.balancer.keep_alive else { return };
        if !self.fleet.pods[pod as usize].accepting {
            return;
        }
        for pin in self.clients.pins.iter_mut().filter(|pin| pin.pod == pod) {
            let open = pin.is_young(self.now, keep_alive.max_age);
            self.counts.tally.connections_broken += u64::from(open);
            *pin = Pin::NONE;
        }
    }
}

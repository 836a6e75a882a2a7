//! Mirrored copies: requests sent on the side, whose answers nobody waits for.
//!
//! A copy draws its own service demand and outcome, keyed by the request, uses capacity of its
//! pods and of the dependency, may repeat writes, and is compared with the user's own answer. A
//! second old copy tells how often equal versions differ (Diffy's noise).

use super::DataPlane;
use super::attempt::{Fate, NEVER_NS, fate};
use super::client::Attempt;
use super::ledger::{Entry, NO_CHAIN, flag};
use super::tally::Outcome;
use super::tape::Arrival;
use crate::address::Address;
use windtunnel_base::random::mix64;
use windtunnel_base::ziggurat::{Exponentials, Normals};
use windtunnel_model::world::routing::{Mirror, Pool};

/// Latencies further apart than this differ, in nanoseconds.
const LATENCY_APART_NS: u64 = 500_000_000;

#[derive(Clone, Copy)]
struct Answer {
    error: bool,
    wrong: bool,
    latency: u64,
}

impl DataPlane {
    /// Copies an attempt to the candidate and the baseline, if the mirror's share says so.
    #[inline(never)]
    pub(super) fn mirror(&mut self, proxy: usize, pod: u32, attempt: Attempt) {
        let mirror = self.fleet.proxies[proxy].routing.mirror;
        let draw = mix64(attempt.arrival.routing ^ 0x3141_5926);
        if u64::from(draw as u32) >= mirror.share.threshold() || attempt.number > 0 {
            return;
        }
        if mirror.unread {
            if !self.fleet.proxies[proxy].endpoints[Pool::Candidate as usize].is_empty() {
                self.copy(proxy, Pool::Candidate, false, &attempt, &mirror);
            }
            return;
        }
        // The user's answer, forecast from the same row that will serve it.
        let user = self.forecast(pod, &attempt);
        for (pool, baseline) in [(Pool::Candidate, false), (Pool::Baseline, true)] {
            if self.fleet.proxies[proxy].endpoints[pool as usize].is_empty() {
                self.counts.shadow.unanswered += u64::from(pool == Pool::Candidate);
                continue;
            }
            let answer = self.copy(proxy, pool, baseline, &attempt, &mirror);
            let noise = draw.rotate_left(17 + 13 * u32::from(baseline)) as u32;
            let noisy = u64::from(noise) < mirror.noise.threshold();
            self.compare(pool, user, answer, noisy);
        }
    }

    /// Sends a request of a load test straight to the candidate, or where the split has it. Like a
    /// copy it takes a slot and counts in metrics; nobody waits for it, and it calls nothing
    /// downstream. Routes take turns.
    pub(crate) fn synthetic(&mut self, straight: bool) {
        self.clients.synthetic = self.clients.synthetic.wrapping_add(1);
        let number = self.clients.synthetic;
        let route = (number as usize % self.service.routes.len().max(1)) as u8;
        // Numbers from the end, which the tape never reaches.
        let (index, user) = (u32::MAX - number, u32::MAX);
        let routing = mix64(u64::from(index));
        let arrival = Arrival { at: self.now, user, route, z: 0.0, e: 0.0, error: 0, routing };
        // Its demand is drawn with the copy.
        let (first_at, number, chain) = (self.now, 0, NO_CHAIN);
        let attempt = Attempt { arrival, demand: 0, index, first_at, number, chain };
        let apart = Mirror { isolated: true, ..Mirror::default() };
        let proxy = self.proxy_of(routing);
        let split = self.fleet.proxies[proxy].routing.split;
        let drawn = u64::from((routing >> 32) as u32) < split.anonymous_share().threshold();
        let pool = if straight || drawn { Pool::Candidate } else { Pool::Stable };
        self.copy(proxy, pool, false, &attempt, &apart);
    }

    fn forecast(&mut self, pod: u32, attempt: &Attempt) -> Answer {
        let version = self.fleet.pods[pod as usize].version;
        let (now, class) = (self.now, self.class_of(attempt.arrival.user));
        let effect = self.tables.rows[self.row(pod, version, class, attempt.arrival.route)].effect;
        self.fleet.commit_due(&mut self.counts, pod, now);
        let load = self.fleet.pods[pod as usize].in_flight();
        let busy = self.own_busy_ns(pod, &effect, attempt.demand, load);
        let start = self.fleet.pods[pod as usize].start_at(now);
        let fate = fate(&effect, &self.tables, attempt.arrival.error, load);
        self.answer(fate, start + busy - now)
    }

    /// What comes back of a request: one that hangs fails when its client's patience ends.
    fn answer(&self, fate: Fate, latency: u64) -> Answer {
        let latency = if fate.hung { self.service.timeout.as_nanos() } else { latency };
        Answer { error: fate.error || fate.hung, wrong: fate.wrong, latency }
    }

    /// Sends one copy to a pod of `pool`.
    fn copy(
        &mut self,
        proxy: usize,
        pool: Pool,
        baseline: bool,
        attempt: &Attempt,
        mirror: &Mirror,
    ) -> Option<Answer> {
        let arrival = attempt.arrival;
        let mut own = Address::Copy(attempt.index, baseline).stream(&self.streams);
        let (z, e) = (Normals::default().draw(&mut own), Exponentials::default().draw(&mut own));
        let (draw, bits) = (own.bits() as u32, own.bits());
        let pod = self.pick_pod(proxy, pool, arrival.user, bits)?;
        let now = self.now;
        self.fleet.commit_due(&mut self.counts, pod, now);
        let ledger = &self.fleet.pods[pod as usize];
        if !ledger.accepting || ledger.in_flight() >= ledger.limit {
            return Some(Answer { error: true, wrong: false, latency: 0 });
        }
        let version = ledger.version;
        let load = ledger.in_flight();
        let effect = self.tables.rows
            [self.row(pod, version, self.class_of(arrival.user), arrival.route)]
        .effect;
        let demand = self.demand(&Arrival { z, e, ..arrival });
        let mut busy = self.own_busy_ns(pod, &effect, demand, load);
        let mut lost = false;
        if !mirror.isolated {
            let (wait, failed) = self.call_dependency(effect.calls, draw);
            (busy, lost) = (busy + wait, failed);
            self.counts.tally.duplicated +=
                u64::from(self.service.routes[usize::from(arrival.route)].write);
        }
        let fate = fate(&effect, &self.tables, draw, load);
        let fate = Fate { error: fate.error || lost, wrong: fate.wrong && !lost, ..fate };
        let start = self.fleet.pods[pod as usize].start_at(now);
        let done = start.saturating_add(if fate.hung { NEVER_NS } else { busy });
        let fate = Fate { hung: done - now > NEVER_NS / 2, ..fate };
        let cpu_ns = busy as f32 * self.service.pod.cpu_per_busy as f32 * effect.cpu;
        let entry = Entry {
            arrived: now,
            cpu_ns,
            user: arrival.user,
            index: attempt.index,
            chain: NO_CHAIN,
            route: arrival.route,
            version,
            outcome: Outcome::Good,
            flags: flag::MIRROR
                | if fate.error { flag::ERROR } else { 0 }
                | if fate.hung { flag::HUNG } else { 0 },
            number: 0,
            since_first_ms: 0,
        };
        self.fleet.pods[pod as usize].book(done, || entry);
        self.fleet.pods[pod as usize].accepted += 1;
        if self.fleet.pods[pod as usize].accepted >= self.fleet.pods[pod as usize].trip_at {
            self.fleet.pods[pod as usize].trip_at = u64::MAX;
            self.fleet.tripped = pod;
        }
        Some(self.answer(fate, done - now))
    }

    fn compare(&mut self, pool: Pool, user: Answer, copy: Option<Answer>, noisy: bool) {
        let Some(copy) = copy else { return };
        let status = user.error != copy.error;
        let body = !status && (user.wrong != copy.wrong || noisy);
        let latency = user.latency.abs_diff(copy.latency) > LATENCY_APART_NS;
        let log = match pool {
            Pool::Baseline => &mut self.counts.shadow.noise,
            _ => &mut self.counts.shadow.candidate,
        };
        log.compared += 1;
        log.status += u64::from(status);
        log.body += u64::from(body);
        log.latency += u64::from(latency);
    }
}

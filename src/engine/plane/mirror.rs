//! Mirrored copies: requests sent on the side, whose answers nobody waits for.
//!
//! A copy draws its own service demand and outcome, keyed by the request, uses capacity of its
//! pods and of the dependency, may repeat writes, and is compared with the user's own answer. A
//! second old copy tells how often equal versions differ (Diffy's noise).

use super::Plane;
use super::attempt::{HANGS_NS, meets_defect};
use super::client::Attempt;
use super::ledger::{Entry, NO_CHAIN, flag};
use super::tape::{Arrival, demand_ns};
use crate::base::random::{Purpose, mix64};
use crate::world::routing::{Mirror, Pool};
use rand_distr::{Exp1, StandardNormal};

/// Latencies further apart than this differ, in nanoseconds.
const LATENCY_APART_NS: u64 = 500_000_000;

#[derive(Clone, Copy)]
struct Answer {
    error: bool,
    wrong: bool,
    latency: u64,
}

impl Plane {
    /// Copies an attempt to the candidate and the baseline, if the mirror's share says so.
    pub(super) fn mirror(&mut self, proxy: usize, pod: u32, attempt: &Attempt) {
        let mirror = self.proxies[proxy].routing.mirror;
        let draw = mix64(attempt.arrival.routing ^ 0x3141_5926);
        if u64::from(draw as u32) >= mirror.share.threshold() || attempt.number > 0 {
            return;
        }
        // The user's answer, forecast from the same row that will serve it.
        let user = self.forecast(pod, attempt);
        for (pool, purpose) in [(Pool::Candidate, 0), (Pool::Baseline, 1)] {
            if self.proxies[proxy].endpoints[pool as usize].is_empty() {
                self.shadow.unanswered += u64::from(pool == Pool::Candidate);
                continue;
            }
            let answer = self.copy(proxy, pool, purpose, attempt, &mirror);
            let noise = draw.rotate_left(17 + 13 * purpose as u32) as u32;
            let noisy = u64::from(noise) < mirror.noise.threshold();
            self.compare(pool, user, answer, noisy);
        }
    }

    fn forecast(&mut self, pod: u32, attempt: &Attempt) -> Answer {
        let version = self.pods[pod as usize].version;
        let effect = self.effects[self.row(pod, version, attempt.arrival.route)];
        let now = self.now;
        self.commit(pod, now);
        let load = self.pods[pod as usize].in_flight();
        let route = &self.service.routes[usize::from(attempt.arrival.route)];
        let demand = demand_ns(&route.service_time, &attempt.arrival);
        let busy = self.own_ns(pod, &effect, demand, load);
        let start = self.pods[pod as usize].start_at(now);
        let (draw, defect) = (attempt.arrival.error, effect.defect_at(load));
        Answer {
            error: draw < defect,
            wrong: draw >= defect && draw < effect.wrong,
            latency: start + busy - now,
        }
    }

    /// Sends one copy to a pod of `pool`.
    fn copy(
        &mut self,
        proxy: usize,
        pool: Pool,
        purpose: u64,
        attempt: &Attempt,
        mirror: &Mirror,
    ) -> Option<Answer> {
        let arrival = attempt.arrival;
        let mut own = self.streams.stream(Purpose::Mirror, u64::from(attempt.index) << 1 | purpose);
        let (z, e) = (own.sample(StandardNormal), own.sample(Exp1));
        let (draw, bits) = (own.bits() as u32, own.bits());
        let pod = self.pick_pod(proxy, pool, arrival.user, bits)?;
        let now = self.now;
        self.commit(pod, now);
        let ledger = &self.pods[pod as usize];
        let load = ledger.in_flight();
        if !ledger.accepting || load >= ledger.limit {
            return Some(Answer { error: true, wrong: false, latency: 0 });
        }
        let version = ledger.version;
        let effect = self.effects[self.row(pod, version, arrival.route)];
        let route = &self.service.routes[usize::from(arrival.route)];
        let demand = demand_ns(&route.service_time, &Arrival { z, e, ..arrival });
        let mut busy = self.own_ns(pod, &effect, demand, load);
        let meets = meets_defect(&effect, arrival.user);
        if meets && effect.hangs(draw, load) {
            busy = busy.saturating_add(HANGS_NS);
        }
        let mut lost = false;
        if !mirror.isolated {
            let (wait, failed) = self.call_dependency(effect.calls, draw);
            (busy, lost) = (busy + wait, failed);
            self.tally.duplicated +=
                u64::from(self.service.routes[usize::from(arrival.route)].write);
        }
        let done = self.pods[pod as usize].start_at(now) + busy;
        let error = lost || draw < if meets { effect.defect_at(load) } else { effect.chaos };
        let wrong = !error && meets && draw < effect.wrong;
        let cpu_ns = busy as f32 * self.service.pod.cpu_per_busy as f32 * effect.cpu;
        let entry = Entry {
            arrived: now,
            cpu_ns,
            user: arrival.user,
            index: attempt.index,
            chain: NO_CHAIN,
            route: arrival.route,
            version,
            outcome: 0,
            flags: flag::MIRROR | if error { flag::ERROR } else { 0 },
        };
        self.pods[pod as usize].book(done, entry);
        self.pods[pod as usize].accepted += 1;
        if self.pods[pod as usize].accepted >= self.pods[pod as usize].trip_at {
            self.pods[pod as usize].trip_at = u64::MAX;
            self.tripped = Some(pod);
        }
        Some(Answer { error, wrong, latency: done - now })
    }

    fn compare(&mut self, pool: Pool, user: Answer, copy: Option<Answer>, noisy: bool) {
        let Some(copy) = copy else { return };
        let status = user.error != copy.error;
        let body = !status && (user.wrong != copy.wrong || noisy);
        let latency = user.latency.abs_diff(copy.latency) > LATENCY_APART_NS;
        let log = match pool {
            Pool::Baseline => &mut self.shadow.noise,
            _ => &mut self.shadow.candidate,
        };
        log.compared += 1;
        log.status += u64::from(status);
        log.body += u64::from(body);
        log.latency += u64::from(latency);
    }
}

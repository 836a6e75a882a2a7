//! One attempt of a request: from the proxy to a booked completion, or to a refusal.

use super::DataPlane;
use super::client::Attempt;
use super::ledger::{Entry, NO_CHAIN, flag};
use super::mesh::RESELECTIONS;
use super::tables::Tables;
use super::tally::Outcome;
use super::tape::{Arrival, demand_ns};
use windtunnel_base::maths;
use windtunnel_base::random::mix64;
use windtunnel_model::world::effect::{Effect, LoadStep};
use windtunnel_model::world::log::{ExperimentCounts, Exposure};
use windtunnel_model::world::routing::Pool;
use windtunnel_model::world::user::Marks;

/// What a pod made of an attempt it accepted.
#[derive(Clone, Copy)]
struct Served {
    outcome: Outcome,
    error: bool,
    converts: bool,
}

/// Where an attempt ends up.
pub(super) enum Choice {
    /// At a pod that accepts it.
    Pod(u32),
    /// Nowhere: the connection is refused at once.
    Refused,
    /// At a pod whose node has vanished: nothing comes back.
    Silent(u32),
}

/// How long a request that hangs keeps its slot: ten years.
pub(super) const NEVER_NS: u64 = 320_000_000_000_000_000;

/// What one draw makes of a request, before its client and its session have a say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) error: bool,
    pub(super) wrong: bool,
    pub(super) hung: bool,
}

/// One draw against the thresholds of a row, on a pod with `load` requests in flight: errors come
/// first, then wrong answers, then none at all.
#[inline(always)]
pub(super) fn fate(effect: &Effect, tables: &Tables, draw: u32, load: u32) -> Fate {
    let loaded = load > effect.load_limit;
    let errors = if loaded { tables.step(effect, load).errors } else { effect.defect };
    let error = draw < errors;
    let wrong = !error && draw < effect.wrong;
    Fate { error, wrong, hung: !error && !wrong && draw < effect.hang }
}

/// A demand on a pod that takes `factor` times as long; nothing takes longer than ten years.
#[cold]
fn slowed(demand: u64, factor: f32) -> u64 {
    ((demand as f64 * f64::from(factor)) as u64).min(NEVER_NS)
}

impl DataPlane {
    /// A request comes, of which a slot is busy for `demand` nanoseconds.
    pub(super) fn arrive(&mut self, arrival: Arrival, demand: u64) {
        let index = self.counts.tally.arrived as u32;
        self.counts.tally.arrived += 1;
        self.clients.users.active(arrival.user);
        let (mut arrival, mut demand) = (arrival, demand);
        if self.hot.rare
            && !self.tables.clients.is_empty()
            && let Some(route) = self.rerouted(&arrival)
        {
            arrival.route = route;
            demand = self.demand(&arrival);
        }
        let (number, chain, first_at) = (0, NO_CHAIN, arrival.at);
        self.attempt(Attempt { arrival, demand, index, first_at, number, chain });
    }

    /// The route that an arrival takes instead of its own, if its user has met a version that
    /// makes for another.
    #[inline(never)]
    fn rerouted(&self, arrival: &Arrival) -> Option<u8> {
        let change = self.tables.client(self.class_of(arrival.user))?;
        let draw = mix64(arrival.routing ^ 0x5eed) as u32;
        let (_, route) = change.reroutes.iter().find(|(below, _)| draw < *below)?;
        self.clients.users.has(arrival.user, Marks::MET_NEW).then_some(*route)
    }

    /// Time a slot is busy with an arrival, without faults, in nanoseconds.
    #[inline(always)]
    pub(super) fn demand(&self, arrival: &Arrival) -> u64 {
        demand_ns(&self.hot.routes[usize::from(arrival.route)].service_time, arrival)
    }

    /// Sends one attempt through a proxy to a pod.
    #[inline(always)]
    pub(super) fn attempt(&mut self, attempt: Attempt) {
        let Arrival { user, routing, .. } = attempt.arrival;
        let proxy = self.proxy_of(routing);
        let (pool, asked) = self.pool_of(proxy, user, (routing >> 32) as u32);
        if self.hot.rare && self.hot.mesh && self.injects(attempt.apart()) {
            return;
        }
        let choice = if self.hot.mesh {
            self.choose_in_mesh(proxy, pool, attempt.apart())
        } else {
            self.choose(proxy, pool, user, routing)
        };
        let pod = match choice {
            Choice::Pod(pod) => pod,
            Choice::Refused => return self.refused(attempt.apart()),
            Choice::Silent(pod) => return self.unanswered(attempt.apart(), pod),
        };
        let mut logged = false;
        if self.hot.rare {
            let routing = &self.fleet.proxies[proxy].routing;
            // Exposures are logged where users are assigned: not by a proxy that knows of no test
            // yet.
            logged = routing.split.assigns_users() && self.enters_log(attempt.arrival.route);
            if routing.mirror.share.value() > 0.0 {
                self.mirror(proxy, pod, attempt.apart());
            }
        }
        self.serve(attempt, pod, asked, logged);
    }

    /// The pod that takes the attempt: the pinned one, or the balancer's pick with its retries.
    #[inline(always)]
    pub(super) fn choose(&mut self, proxy: usize, pool: Pool, user: u32, routing: u64) -> Choice {
        if self.hot.rare
            && let Some(pod) = self.pinned_pod(user)
        {
            return Choice::Pod(pod);
        }
        let bits = mix64(routing);
        let Some(pod) = self.pick_pod(proxy, pool, user, bits) else { return Choice::Refused };
        if self.fleet.pods[pod as usize].accepting {
            self.pin(user, pod);
            return Choice::Pod(pod);
        }
        self.choose_again(proxy, pool, user, bits, pod)
    }

    /// The first pick does not answer: the proxy's tries on other pods, each looked for a few
    /// times. A pod that nobody refuses for keeps the attempt waiting.
    #[cold]
    #[inline(never)]
    fn choose_again(
        &mut self,
        proxy: usize,
        pool: Pool,
        user: u32,
        first: u64,
        refused: u32,
    ) -> Choice {
        let (mut bits, mut pod, mut avoid) = (first, refused, [u32::MAX; 2]);
        for _ in 0..self.service.balancer.retries {
            if self.fleet.pods[pod as usize].dark {
                return Choice::Silent(pod);
            }
            avoid = [pod, avoid[0]];
            for _ in 0..=RESELECTIONS {
                bits = mix64(bits);
                let Some(other) = self.pick_pod(proxy, pool, user, bits) else { break };
                pod = other;
                if !avoid.contains(&pod) {
                    break;
                }
            }
            if self.fleet.pods[pod as usize].accepting {
                self.pin(user, pod);
                return Choice::Pod(pod);
            }
        }
        if self.fleet.pods[pod as usize].dark { Choice::Silent(pod) } else { Choice::Refused }
    }

    /// A pod that accepts serves the attempt, unless its queue is full.
    #[inline(always)]
    fn serve(&mut self, attempt: Attempt, pod: u32, asked: Option<u8>, logged: bool) {
        let now = self.now;
        self.fleet.commit_due(&mut self.counts, pod, now);
        let Arrival { user, route, error: draw, .. } = attempt.arrival;
        let ledger = &mut self.fleet.pods[pod as usize];
        let version = asked.unwrap_or(ledger.version);
        let load = ledger.in_flight();
        if load >= ledger.limit {
            return self.full(attempt.apart(), pod);
        }
        let start = ledger.start_at(now);
        let crossed = self.clients.users.met(user, version == 1);
        if version == 1 {
            self.counts.tally.meets_new(now);
        }
        let effect = &self.tables.rows[self.row(pod, version, self.class_of(user), route)].effect;
        let (cpu, conversion) = (effect.cpu, effect.conversion);
        let fate = fate(effect, &self.tables, draw, load);
        let own = self.own_busy_ns(pod, effect, attempt.demand, load);
        let (busy, lost) = if self.hot.rare {
            self.with_dependency(own, effect.calls, draw)
        } else {
            (own, false)
        };
        let done = start.saturating_add(if fate.hung { NEVER_NS } else { busy });
        // A request that waits for a slot which hangs is never answered either.
        let hung = done - now > NEVER_NS / 2;
        let fate = Fate { error: fate.error | hung | lost, hung, ..fate };
        let funnel = self.hot.routes[usize::from(route)].funnel;
        let mut served = self.judge(attempt, version, done, crossed, fate);
        // Only a business step and the experiment's log ask whether it converts.
        served.converts = (funnel | logged)
            && !served.error
            && (mix64(attempt.arrival.routing ^ 0xB0) as u32) < conversion;
        if logged {
            self.log_experiment(user, route, version, served);
        }
        let flags = if served.error { flag::ERROR } else { 0 }
            | if served.converts { flag::CONVERTS } else { 0 }
            | if funnel & !served.error { flag::FUNNEL } else { 0 }
            | if hung { flag::HUNG } else { 0 };
        if self.hot.rare && self.hot.mesh {
            self.mesh_sends(attempt.apart(), done, served.error);
        }
        let settled = self.settle(attempt, done, served.outcome, flags);
        let entry = Entry {
            arrived: now,
            cpu_ns: busy as i64 as f32 * self.hot.cpu_per_busy * cpu,
            user,
            index: attempt.index,
            chain: settled.chain,
            route,
            version,
            outcome: settled.outcome,
            flags: settled.flags,
            number: attempt.number,
            since_first_ms: attempt.since_first_ms(now),
        };
        let ledger = &mut self.fleet.pods[pod as usize];
        ledger.book(done, || entry);
        ledger.accepted += 1;
        if ledger.accepted >= ledger.trip_at {
            ledger.trip_at = u64::MAX;
            self.fleet.tripped = pod;
        }
    }

    /// The pod's queue is full: it answers 503.
    #[cold]
    #[inline(never)]
    fn full(&mut self, attempt: Attempt, pod: u32) {
        let fine = windtunnel_base::histogram::bucket_of(1_000_000);
        let route = attempt.arrival.route;
        self.counts.counters.answer(pod, route, super::tally::Status::Busy, 1_000_000, fine, 0.0);
        self.mesh_refused(pod);
        self.busy(attempt);
    }

    /// Busy time of a slot with the time spent at the dependency, and whether that gave no answer.
    #[inline(never)]
    fn with_dependency(&mut self, own: u64, calls: f32, draw: u32) -> (u64, bool) {
        let (wait, lost) = self.call_dependency(calls, draw);
        (own.saturating_add(wait), lost)
    }

    /// Busy time of the slot without the dependency, in nanoseconds.
    #[inline(always)]
    pub(super) fn own_busy_ns(&self, pod: u32, effect: &Effect, demand: u64, load: u32) -> u64 {
        let loaded = load > effect.load_limit;
        let (mut factor, mut add_us) = (effect.factor, effect.add_us);
        if loaded {
            LoadStep { factor, add_us, .. } = self.tables.step(effect, load);
        }
        if self.hot.rare {
            factor *= self.warming(pod);
        }
        let own = if factor == 1.0 { demand } else { slowed(demand, factor) };
        own + u64::from(add_us) * 1_000
    }

    /// How much slower a pod is that is still warming up.
    #[inline(never)]
    fn warming(&self, pod: u32) -> f32 {
        let ledger = &self.fleet.pods[pod as usize];
        let Some(warm_up) = self.service.pod.warm_up.filter(|_| self.now < ledger.warm_until)
        else {
            return 1.0;
        };
        let age = (self.now - ledger.serving_since) as f64;
        let left = maths::exp(-age / warm_up.tau.as_nanos() as f64);
        (1.0 + (warm_up.factor - 1.0) * left) as f32
    }

    /// Calls the dependency: time spent there, and whether it failed. It serves at a fixed rate,
    /// first come, first served.
    pub(super) fn call_dependency(&mut self, factor: f32, draw: u32) -> (u64, bool) {
        let Some(dependency) = self.service.dependency else { return (0, false) };
        let calls = dependency.calls * f64::from(factor);
        if calls <= 0.0 {
            return (0, false);
        }
        let work = (calls / dependency.capacity * 1e9) as u64;
        let wait = self.fleet.dependency_free_at.saturating_sub(self.now);
        let timeout = dependency.timeout.as_nanos();
        if wait > timeout {
            return (timeout, true);
        }
        self.fleet.dependency_free_at = self.fleet.dependency_free_at.max(self.now) + work;
        let lost = (mix64(u64::from(draw) ^ 0xDE9) as u32) < self.tables.dependency_down;
        (wait + (dependency.latency.as_nanos() as f64 * calls) as u64, lost)
    }

    /// The outcome of an accepted attempt: its fate, its session, then the clock.
    #[inline(always)]
    fn judge(
        &mut self,
        attempt: Attempt,
        version: u8,
        done: u64,
        crossed: bool,
        fate: Fate,
    ) -> Served {
        let Arrival { user, route, .. } = attempt.arrival;
        let mut error = fate.error;
        if self.hot.rare && !error {
            error = self.mixing_breaks(attempt.apart().arrival, version, crossed);
        }
        let late = done - attempt.first_at > self.hot.slow;
        let outcome = match (error, fate.wrong, late) {
            (true, _, _) => Outcome::Failed,
            (_, true, _) => Outcome::Wrong,
            (_, _, true) => Outcome::Slow,
            _ => Outcome::Good,
        };
        if version == 1 && !error && self.hot.routes[usize::from(route)].write {
            self.clients.users.mark(user, Marks::WROTE_NEW);
        }
        Served { outcome, error, converts: false }
    }

    /// Does the mix of versions fail an attempt: a session that crossed, or data it cannot read?
    #[inline(never)]
    fn mixing_breaks(&self, arrival: Arrival, version: u8, crossed: bool) -> bool {
        let mut error = false;
        if crossed && self.service.mixing.session_breaks.value() > 0.0 {
            let keyed = u64::from(mix64(arrival.routing ^ 0xC805) as u32);
            error = keyed < self.service.mixing.session_breaks.threshold();
        }
        let (unreadable, migrated) = (self.tables.unreadable, self.tables.migrated);
        if !error && version == 0 && unreadable | migrated > 0 {
            let wrote = self.clients.users.has(arrival.user, Marks::WROTE_NEW);
            let own = if wrote { unreadable } else { 0 };
            let keyed = mix64(arrival.routing ^ 0xDA7A) as u32;
            error = keyed < own.max(migrated);
        }
        error
    }

    /// Does a request of this route put its user into the experiment's log?
    fn enters_log(&self, route: u8) -> bool {
        let Some(ExperimentCounts { exposure, .. }) = self.counts.experiment else { return false };
        exposure.everyone || exposure.step.is_none_or(|step| step == route)
    }

    /// Logs the exposure of a user, and what it led to.
    #[inline(never)]
    fn log_experiment(&mut self, user: u32, route: u8, version: u8, served: Served) {
        let Some(mut log) = self.counts.experiment else { return };
        let arm = usize::from(version);
        let control = self.clients.users.has(user, Marks::CONTROL);
        if self.clients.users.mark(user, Marks::LOGGED) {
            log.users[arm] += 1;
            if arm == 0 {
                self.clients.users.mark(user, Marks::CONTROL);
            }
        } else if control != (arm == 0) {
            log.crossed += u64::from(self.clients.users.mark(user, Marks::CROSSED));
        }
        if served.error {
            log.erred[arm] += u64::from(self.clients.users.mark(user, Marks::ERRED));
        } else if served.converts && log.exposure.step.is_none_or(|step| step == route) {
            log.converted[arm] += u64::from(self.clients.users.mark(user, Marks::CONVERTED));
        }
        self.counts.experiment = Some(log);
    }

    /// Opens or closes the experiment's log; opening forgets an earlier one. Who has met both arms
    /// is known beyond the end of the log.
    pub fn set_experiment(&mut self, open: Option<Exposure>) {
        let of_log = Marks::LOGGED | Marks::CONVERTED | Marks::CONTROL | Marks::ERRED;
        self.clients.users.clear(if open.is_some() { of_log | Marks::CROSSED } else { of_log });
        let counts = |exposure| ExperimentCounts { exposure, ..ExperimentCounts::default() };
        self.counts.experiment = open.map(counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use windtunnel_base::random::Streams;
    use windtunnel_base::time::SimTime;
    use windtunnel_scenario::read::read;

    /// Who has met both arms is counted when the flight is over, long after the log was closed.
    #[test]
    fn who_crossed_is_known_beyond_the_log() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\n\
             spec: {service: {replicas: 1}}\n";
        let scenario = read(text, "t").map(|(mut all, _)| all.remove(0)).expect("a scenario");
        let (service, traffic) = (Arc::clone(&scenario.service), &scenario.traffic);
        let (streams, end) = (Streams::new(1, 0), SimTime::from_secs_f64(60.0));
        let mut data_plane = DataPlane::new(service, traffic, streams, end, &[0.1]);
        let exposure = Exposure { everyone: true, step: None };
        data_plane.set_experiment(Some(exposure));
        data_plane.clients.users.mark(7, Marks::CROSSED | Marks::LOGGED);
        data_plane.set_experiment(None);
        assert!(data_plane.clients.users.has(7, Marks::CROSSED));
        assert!(!data_plane.clients.users.has(7, Marks::LOGGED));
        data_plane.set_experiment(Some(exposure));
        assert!(!data_plane.clients.users.has(7, Marks::CROSSED), "another log, another count");
    }
}

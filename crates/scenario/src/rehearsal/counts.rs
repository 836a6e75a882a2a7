//! What pods count in a rehearsal, and the scrapes that see it.

use super::follow::Followed;
use super::stage::{Event, RehearsalStage};
use windtunnel_base::poisson::poisson;
use windtunnel_base::time::SimTime;
use windtunnel_model::telemetry::facts::{BackendFacts, Counted, PodFacts, STATUSES};
use windtunnel_model::telemetry::scraper::{Place, Visit};
use windtunnel_model::telemetry::{target, unix_ms};
use windtunnel_model::world::names::PodNames;
use windtunnel_model::world::routing::{POOLS, Pool, Routing};
use windtunnel_model::world::service::Version;

/// Memory of a process, as a share of its limit.
const USUAL_MEMORY: f64 = 0.25;

/// A pod of a rehearsal, with what it has counted.
pub(super) struct Actor {
    pub names: PodNames,
    pub version: Version,
    pub pool: Pool,
    pub set: u32,
    pub started: SimTime,
    pub booted: bool,
    pub ready: Option<SimTime>,
    pub gone: bool,
    /// Which of its targets are scraped.
    pub followed: Followed,
    /// Does any page tell what it has counted?
    pub counted: bool,
    /// Share of the users' requests, and requests a second beside them.
    pub share: f64,
    pub extra: f64,
    /// Until when its requests have been counted.
    pub since: SimTime,
    pub counts: Vec<u32>,
    pub latency_ns: Vec<u64>,
    pub served: f64,
}

impl RehearsalStage<'_, '_> {
    /// Divides requests among the ready pods, from now on.
    pub(super) fn share_out(&mut self) {
        self.work += self.actors.len() as u64 / 8;
        let proxies = self.believed.len() as f64;
        let mean =
            |of: &dyn Fn(&Routing) -> f64| self.believed.iter().map(of).sum::<f64>() / proxies;
        let candidate = mean(&|r| r.split.candidate_share());
        let copied = mean(&|r| r.mirror.share.value());
        let mut shares = [1.0 - candidate, candidate + copied, copied];
        let mut ready = [0_u32; POOLS];
        let serving = |a: &Actor| a.ready.is_some() && !a.gone;
        self.actors.iter().filter(|a| serving(a)).for_each(|a| ready[a.pool as usize] += 1);
        if ready[Pool::Candidate as usize] == 0 && candidate < 1.0 {
            shares = [1.0, 0.0, copied];
        }
        let load = |straight: bool| {
            let mine = self.loads.iter().filter(|(_, s, _)| *s == straight);
            mine.map(|(rate, ..)| rate).sum::<f64>()
        };
        let (straight, through) = (load(true), load(false));
        let anonymous = mean(&|r| r.split.anonymous_share().value());
        let extra = [through * (1.0 - anonymous), straight + through * anonymous, 0.0];
        for number in 0..self.actors.len() {
            let actor = &self.actors[number];
            let pool = actor.pool as usize;
            let part = if serving(actor) { 1.0 / f64::from(ready[pool].max(1)) } else { 0.0 };
            let next = (shares[pool] * part, extra[pool] * part);
            if next != (actor.share, actor.extra) {
                self.settle(number);
                (self.actors[number].share, self.actors[number].extra) = next;
            }
        }
    }

    /// Counts the requests of a pod until now.
    fn settle(&mut self, number: usize) {
        let (cast, actor) = (self.cast, &mut self.actors[number]);
        let (from, to) = (actor.since, self.now);
        actor.since = to;
        if !actor.counted || actor.share + actor.extra <= 0.0 || from >= to {
            return;
        }
        self.work += cast.draws();
        let mean =
            cast.arrivals(from, to) * actor.share + actor.extra * to.since(from).as_secs_f64();
        let buckets = cast.bounds.all.len() + 1;
        for (at, route) in cast.routes.iter().enumerate() {
            let row = at * (STATUSES * buckets + 2);
            let bad = route.errors[actor.version.index()];
            let mut answered = [0_u32; 2];
            for (status, share) in [1.0 - bad, bad].into_iter().enumerate() {
                let mean = mean * route.share * share;
                let first = row + status * buckets;
                let mut count = |bucket: usize, mean: f64| {
                    let drawn = poisson(&mut self.random, mean);
                    actor.counts[first + bucket] += drawn;
                    answered[status] += drawn;
                };
                match cast.histograms {
                    true => {
                        let parts = route.buckets.iter().enumerate();
                        parts.for_each(|(bucket, part)| count(bucket, mean * part));
                    }
                    false => count(0, mean),
                }
                let spent = f64::from(answered[status]) * route.mean_ns;
                actor.latency_ns[at * STATUSES + status] += spent as u64;
                actor.served += spent / 1e9;
            }
            if let Some(completes) = route.completes {
                let steps = row + STATUSES * buckets;
                actor.counts[steps] += answered[0];
                let done = poisson(&mut self.random, f64::from(answered[0]) * completes);
                actor.counts[steps + 1] += done.min(answered[0]);
            }
        }
    }

    pub(super) fn scrape_from_now_on(&mut self, place: Place) {
        if !self.scraper.wants(place) {
            return;
        }
        let pod = match place {
            Place::App(pod) | Place::Sidecar(pod) => Some(&self.actors[pod as usize].names),
            _ => None,
        };
        let target = self.scraper.add(place, target::labels(place, self.cast.names, pod));
        let interval = self.cast.scenario.telemetry.interval_of(place).as_nanos();
        // Whole milliseconds, at a phase of its own.
        let phase = (interval as f64 * self.random.uniform()) as u64 / 1_000_000 * 1_000_000;
        let rounds = self.now.as_nanos().saturating_sub(phase).div_ceil(interval);
        self.plan(SimTime::from_nanos(phase + rounds * interval), Event::Scrape(target));
    }

    pub(super) fn scrape(&mut self, target: u32) {
        let place = self.scraper.place(target);
        let (now, at) = (self.now, unix_ms(self.now));
        let pods: Vec<usize> = match place {
            Place::App(pod) | Place::Sidecar(pod) => vec![pod as usize],
            _ => (0..self.actors.len()).collect(),
        };
        pods.iter().for_each(|number| self.settle(*number));
        self.work += pods.len() as u64 * self.cast.draws();
        if let Place::App(pod) | Place::Sidecar(pod) = place
            && self.actors[pod as usize].gone
        {
            return self.scraper.vanished(target, at);
        }
        self.plan(now + self.cast.scenario.telemetry.interval_of(place), Event::Scrape(target));
        let mut scraper = std::mem::take(&mut self.scraper);
        let mut visit = scraper.visit(target, at);
        match place {
            Place::Edge => self.backends(&mut visit),
            _ => {
                let alive = pods.iter().filter(|number| !self.actors[**number].gone);
                alive.for_each(|number| {
                    visit.pod(*number as u32, &self.pod_facts(&self.actors[*number]))
                });
            }
        }
        visit.end_unseen();
        self.scraper = scraper;
    }

    fn backends(&self, visit: &mut Visit<'_>) {
        let [by_version, whole] = visit.asks_for_backends();
        for pool in 0..POOLS {
            let versions = Version::BOTH.map(Some).into_iter().filter(|_| by_version);
            for version in versions.chain(whole.then_some(None)) {
                let mine = |a: &&Actor| {
                    a.pool as usize == pool && version.is_none_or(|version| a.version == version)
                };
                let facts = BackendFacts {
                    names: self.cast.names,
                    pool,
                    version: version.map_or("", |v| &self.cast.names.versions[v.index()]),
                    bounds: &self.cast.bounds,
                    pods: self.actors.iter().filter(mine).map(|a| self.counted(a)).collect(),
                };
                match version.filter(|_| !facts.pods.is_empty()) {
                    Some(version) => visit.backend(pool * 2 + version.index(), &facts),
                    None if facts.pods.is_empty() => {}
                    None => visit.upstream(pool, &facts),
                }
            }
        }
    }

    fn counted<'a>(&self, actor: &'a Actor) -> Counted<'a> {
        Counted {
            buckets: self.cast.bounds.all.len() + 1,
            counts: &actor.counts,
            latency_ns: &actor.latency_ns,
            earlier: None,
        }
    }

    pub(super) fn pod_facts<'a>(&'a self, actor: &'a Actor) -> PodFacts<'a> {
        let pod = &self.cast.scenario.service.pod;
        PodFacts {
            names: self.cast.names,
            pod: &actor.names,
            bounds: &self.cast.bounds,
            process: self.counted(actor),
            lifetime: self.counted(actor),
            cpu_secs: actor.served * pod.cpu_per_busy,
            cpu_limit: pod.cpu_limit,
            memory_share: USUAL_MEMORY,
            phase: if actor.booted { "Running" } else { "Pending" },
            ready: actor.ready.is_some(),
            running: actor.booted || actor.started < self.now,
            backing_off: false,
            restarts: 0,
        }
    }
}

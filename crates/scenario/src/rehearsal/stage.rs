//! One rehearsal: the strategy is woken, pods start, requests are counted, targets are scraped.

use super::cast::Cast;
use super::counts::Actor;
use super::follow::Followed;
use std::collections::BTreeMap;
use windtunnel_base::random::{Purpose, Stream, Streams};
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::strategy::pilot::Said;
use windtunnel_model::strategy::{Cause, Machine, SetFacts, View};
use windtunnel_model::telemetry::facts::STATUSES;
use windtunnel_model::telemetry::scraper::{Place, Scraper};
use windtunnel_model::world::action::{Action, Decision, Token, Verdict};
use windtunnel_model::world::log::ShadowCounts;
use windtunnel_model::world::probe::{ProbeKind, ProbeWorker};
use windtunnel_model::world::replica_set::PodPhase;
use windtunnel_model::world::routing::{Pool, Routing, Split};
use windtunnel_model::world::service::Version;

/// The seed of all rehearsals: what is foretold does not depend on the seed that is flown.
const SEED: u64 = 1;

/// Work of an event beside draws and pages, in units of a draw.
const EVENT: u64 = 8;

/// Most proxies that learn of a route at times of their own.
const PROXIES: u32 = 8;

/// How long a smoke test takes.
const SMOKE_TIME: SimDuration = SimDuration::from_secs(5);

/// What a check found at its first look.
pub(super) struct Seen {
    pub verdict: Verdict,
    pub empty: bool,
    pub requests: Option<f64>,
    pub weight: f64,
}

/// What happens next.
pub(super) enum Event {
    Release,
    Timer(Token),
    Boots(usize),
    Ready(usize),
    Look,
    Believe(usize, Routing),
    Scrape(u32),
    LoadEnds,
    Smoke(u32),
}

struct Group {
    version: Version,
    pool: Pool,
    size: u32,
}

/// A rehearsal under way.
pub(super) struct RehearsalStage<'c, 's> {
    pub cast: &'c Cast<'s>,
    machine: Box<dyn Machine>,
    pub scraper: Scraper,
    streams: Streams,
    pub random: Stream,
    pub now: SimTime,
    events: BTreeMap<(SimTime, u64), Event>,
    planned: u64,
    /// What it has cost so far, in units of a draw.
    pub work: u64,
    groups: Vec<Group>,
    pub actors: Vec<Actor>,
    pub believed: Vec<Routing>,
    /// (requests a second, straight to the candidate?, end).
    pub loads: Vec<(f64, bool, SimTime)>,
    pub seen: Vec<Option<Seen>>,
    /// The check that took the release back.
    pub stopped_by: Option<usize>,
    /// It met what cannot be rehearsed.
    pub is_unsure: bool,
    /// The check whose latest look failed; none once the progress deadline has passed.
    failed: Option<usize>,
    over: bool,
}

impl<'c, 's> RehearsalStage<'c, 's> {
    /// The `number`-th rehearsal.
    pub fn new(cast: &'c Cast<'s>, number: u64) -> RehearsalStage<'c, 's> {
        let service = &cast.scenario.service;
        let streams = Streams::new(SEED, number);
        let mut stage = RehearsalStage {
            cast,
            machine: cast.pilot.machine.clone(),
            scraper: cast.scraper(),
            streams,
            random: streams.stream(Purpose::Rehearsal, 0),
            now: cast.begins,
            events: BTreeMap::new(),
            planned: 0,
            work: 0,
            groups: Vec::new(),
            actors: Vec::new(),
            believed: vec![Routing::default(); service.balancer.proxies.clamp(1, PROXIES) as usize],
            loads: Vec::new(),
            seen: cast.judged.iter().map(|_| None).collect(),
            stopped_by: None,
            is_unsure: false,
            failed: None,
            over: false,
        };
        let (version, pool, size) = (Version::Old, Pool::Stable, service.replicas);
        stage.groups.push(Group { version, pool, size });
        for _ in 0..size {
            let number = stage.cast_actor(0, SimTime::ZERO);
            stage.actors[number].ready = Some(SimTime::ZERO);
            stage.boots(number);
        }
        stage.share_out();
        stage.scrape_from_now_on(Place::Edge);
        stage.scrape_from_now_on(Place::Cluster);
        stage.scrape_from_now_on(Place::Kubelet(0));
        stage.plan(SimTime::ZERO + cast.scenario.release.at, Event::Release);
        stage
    }

    /// Plays until the strategy has decided, or this much work is done; did it come to its end?
    pub fn play(&mut self, most: u64) -> bool {
        let end = SimTime::ZERO + self.cast.scenario.horizon;
        while !self.over && self.work < most {
            let Some(((at, _), event)) = self.events.pop_first() else { return true };
            if at > end {
                return true;
            }
            self.now = at;
            self.work += EVENT;
            self.handle(event);
        }
        self.over
    }

    pub fn plan(&mut self, at: SimTime, event: Event) {
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Release => self.wake(Cause::Release),
            Event::Timer(token) => self.wake(Cause::Timer(token)),
            Event::Look => self.wake(Cause::Pods),
            Event::Smoke(sent) => self.wake(Cause::Smoke { sent, failed: 0 }),
            Event::Boots(number) => self.boots(number),
            Event::Ready(number) if !self.actors[number].gone => {
                self.actors[number].ready = Some(self.now);
                self.share_out();
                let wait = self.cast.scenario.service.pod.min_ready;
                let later = wait + SimDuration::from_nanos(1);
                self.plan(self.now + later, Event::Look);
                self.wake(Cause::Pods);
            }
            Event::Ready(_) => {}
            Event::Believe(proxy, routing) => {
                self.believed[proxy] = routing;
                self.share_out();
            }
            Event::LoadEnds => {
                let now = self.now;
                self.loads.retain(|(.., end)| *end > now);
                self.share_out();
            }
            Event::Scrape(target) => self.scrape(target),
        }
    }

    fn wake(&mut self, cause: Cause) {
        let facts = self.facts();
        let mut orders = Vec::new();
        self.work += self.actors.len() as u64 / 8;
        let view = View {
            now: self.now,
            replicas: self.cast.scenario.service.replicas,
            sets: &facts,
            telemetry: &self.scraper.store,
            experiment: None,
            shadow: ShadowCounts::default(),
            chance: self.streams.key(Purpose::Controller, 0),
        };
        self.machine.wake(&view, cause, &mut orders);
        self.note(&orders);
        for order in orders {
            self.carry_out(order);
        }
        self.reconcile();
    }

    /// Notes what checks have found at their first look.
    fn note(&mut self, orders: &[Action]) {
        let (weight, mut failed) = (self.weight(), None);
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for (name, seen) in
            orders.iter().filter_map(|order| found(self.cast.pilot.facts.said, order))
        {
            let nth = met.entry(name.clone()).or_default();
            let named = self.cast.judged.iter().enumerate().filter(|(_, j)| j.name == name);
            if let Some((number, _)) = named.clone().nth(*nth) {
                if seen.verdict == Verdict::Fail && failed.is_none() {
                    // Of several, the first that fails is the one that decides.
                    failed = Some(number);
                }
                if seen.verdict == Verdict::Pass && self.failed == Some(number) {
                    self.failed = None;
                }
                self.seen[number].get_or_insert(Seen { weight, ..seen });
            }
            *nth += 1;
            // It has looked through all series.
            self.work += self.scraper.store.ids().len() as u64;
        }
        let is_late = orders.contains(&Action::DeadlinePassed);
        // Flagger goes back a tick after the failure that was one too many, without a look.
        self.failed = failed.or(self.failed.filter(|_| !is_late));
    }

    fn carry_out(&mut self, order: Action) {
        match order {
            Action::Create { version, pool, size } => {
                self.groups.push(Group { version, pool, size });
            }
            Action::Scale { set, size } => self.groups[set as usize].size = size,
            Action::Route(routing) => {
                let by_request = matches!(routing.split, Split::All(_) | Split::Weight(_));
                let by_user = matches!(routing.split, Split::Buckets(_) | Split::Header(_));
                // One pool for both versions and kept users are not rehearsed.
                let is_known = by_request || by_user && self.cast.alike;
                self.is_unsure |= !is_known || routing.sticky.is_some();
                self.over |= self.is_unsure;
                let delays = &self.cast.scenario.service.balancer.propagation;
                for proxy in 0..self.believed.len() {
                    let at = self.now + delays.quantile(self.random.uniform());
                    self.plan(at, Event::Believe(proxy, routing));
                }
            }
            Action::Wake { after, token } => self.plan(self.now + after, Event::Timer(token)),
            Action::Smoke { requests } => {
                self.plan(self.now + SMOKE_TIME, Event::Smoke(requests));
            }
            Action::Load { straight, rate, lasts } => {
                self.loads.push((rate.value(), straight, self.now + lasts));
                self.plan(self.now + lasts, Event::LoadEnds);
                self.share_out();
            }
            Action::Decide(decision) => {
                self.over = true;
                if decision == Decision::Rollback {
                    self.stopped_by = self.failed;
                }
            }
            Action::Ask(_)
            | Action::Experiment(_)
            | Action::Replicas { .. }
            | Action::Evidence(_)
            | Action::Because(_)
            | Action::DeadlinePassed
            | Action::Say(_) => {}
        }
    }

    fn facts(&self) -> Vec<SetFacts> {
        let wait = self.cast.scenario.service.pod.min_ready;
        let of = |(id, group): (usize, &Group)| {
            let mine = || self.actors.iter().filter(move |a| a.set == id as u32 && !a.gone);
            let ready = |a: &&Actor| a.ready.is_some();
            let available = |a: &&Actor| a.ready.is_some_and(|at| at + wait <= self.now);
            let phase = |a: &Actor| if a.booted { PodPhase::Running } else { PodPhase::Pending };
            SetFacts {
                id: id as u32,
                version: group.version,
                pool: group.pool,
                size: group.size,
                replicas: mine().count() as u32,
                ready: mine().filter(ready).count() as u32,
                available: mine().filter(available).count() as u32,
                phases: mine().map(phase).collect(),
            }
        };
        self.groups.iter().enumerate().map(of).collect()
    }

    /// Makes pods that are missing, and ends those that are too many.
    fn reconcile(&mut self) {
        let mut changed = false;
        for set in 0..self.groups.len() {
            let alive = |a: &Actor| a.set == set as u32 && !a.gone;
            let have = self.actors.iter().filter(|a| alive(a)).count();
            let want = self.groups[set].size as usize;
            for _ in have..want {
                self.begin_pod(set);
                changed = true;
            }
            if want < have {
                // Those that are not ready yet go first, then the youngest.
                let mine = (0..self.actors.len()).filter(|n| alive(&self.actors[*n]));
                let (ready, waiting): (Vec<usize>, Vec<usize>) =
                    mine.partition(|n| self.actors[*n].ready.is_some());
                let order = waiting.into_iter().chain(ready.into_iter().rev());
                order.take(have - want).for_each(|n| self.actors[n].gone = true);
                changed = true;
            }
        }
        if changed {
            self.share_out();
            self.plan(self.now, Event::Look);
        }
    }

    fn begin_pod(&mut self, set: usize) {
        let pod = &self.cast.scenario.service.pod;
        let admitted = self.now + pod.scheduling.quantile(self.random.uniform());
        let boots = admitted + pod.startup.quantile(self.random.uniform());
        let ready = match pod.readiness {
            Some(probe) => {
                let worker = ProbeWorker::new(ProbeKind::Readiness, probe);
                worker.next_flip(admitted, admitted, boots, true).unwrap_or(boots).max(boots)
            }
            None => boots,
        };
        let number = self.cast_actor(set as u32, self.now);
        self.plan(boots, Event::Boots(number));
        self.plan(ready, Event::Ready(number));
    }

    fn cast_actor(&mut self, set: u32, started: SimTime) -> usize {
        let (group, number) = (&self.groups[set as usize], self.actors.len());
        let actor = self.actor(set, (group.version, group.pool), started);
        self.work += EVENT + if actor.counted { self.cast.draws() } else { 0 };
        self.actors.push(actor);
        number
    }

    /// The next pod of a version and pool, with nothing counted.
    fn actor(&self, set: u32, (version, pool): (Version, Pool), started: SimTime) -> Actor {
        let (buckets, number) = (self.cast.bounds.all.len() + 1, self.actors.len());
        let routes = self.cast.routes.len();
        let mut actor = Actor {
            names: self.cast.names.pod(pool as usize, version.index(), number as u32),
            version,
            pool,
            set,
            started,
            booted: true,
            ready: Some(started),
            gone: false,
            followed: Followed::default(),
            counted: true,
            share: 0.0,
            extra: 0.0,
            since: started,
            // Every series is born, to see which can be selected.
            counts: vec![1; routes * (STATUSES * buckets + 2)],
            latency_ns: vec![1; routes * STATUSES],
            served: 0.0,
        };
        actor.followed = self.followed(&actor, number);
        actor.counted = actor.followed.any() || self.cast.pages_of_all;
        (actor.booted, actor.ready) = (false, None);
        if actor.counted {
            actor.counts.fill(0);
            actor.latency_ns.fill(0);
        } else {
            (actor.counts, actor.latency_ns) = (Vec::new(), Vec::new());
        }
        actor
    }

    #[cfg(test)]
    pub(super) fn cast_kind(&self, version: Version) -> Followed {
        self.actor(0, (version, Pool::Candidate), self.now).followed
    }

    fn boots(&mut self, number: usize) {
        if !self.actors[number].gone {
            self.actors[number].booted = true;
            let Followed { app, sidecar } = self.actors[number].followed;
            if app {
                self.scrape_from_now_on(Place::App(number as u32));
            }
            if sidecar {
                self.scrape_from_now_on(Place::Sidecar(number as u32));
            }
        }
    }

    /// Share of the requests that go to the new version.
    fn weight(&self) -> f64 {
        let new = self.actors.iter().filter(|a| a.version == Version::New && !a.gone);
        new.map(|a| a.share).sum()
    }
}

/// What an order says of a check, with its name.
fn found(said: Said, order: &Action) -> Option<(String, Seen)> {
    let seen = |verdict, empty, requests| Seen { verdict, empty, requests, weight: 0.0 };
    match order {
        Action::Evidence(e) => {
            Some((e.check.to_string(), seen(e.verdict, e.value.is_none(), e.requests)))
        }
        Action::Say(text) => {
            let (name, verdict, empty) = said(text)?;
            Some((name, seen(verdict, empty, None)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::tests::{pilot, scenario};
    use windtunnel_model::world::action::Evidence;

    /// A rollback is charged to the check whose latest look failed, maybe a tick before; not to one
    /// that has passed since, nor where the progress deadline has passed.
    #[test]
    fn an_old_failure_orders_no_rollback() {
        let canary = "canary: {steps: [20%, 60%], checks: [{errorRate: {max: 1%}}]}";
        let scenario = scenario(3, canary);
        let pilot = pilot(&scenario);
        let cast = Cast::new(&scenario, &pilot, None).expect("a check that counts");
        let look = |verdict| {
            Action::Evidence(Evidence {
                check: cast.judged[0].name.as_str().into(),
                value: Some(0.5),
                limit: Some(0.01),
                requests: Some(10.0),
                verdict,
                tested: None,
            })
        };
        for (later, expected) in [
            (vec![], Some(0)),
            (vec![look(Verdict::Wait)], Some(0)),
            (vec![look(Verdict::Pass)], None),
            (vec![Action::DeadlinePassed], None),
            (vec![look(Verdict::Pass), look(Verdict::Fail)], Some(0)),
        ] {
            let mut stage = RehearsalStage::new(&cast, 0);
            stage.note(&[look(Verdict::Fail)]);
            later.iter().for_each(|order| stage.note(std::slice::from_ref(order)));
            stage.carry_out(Action::Decide(Decision::Rollback));
            assert_eq!(stage.stopped_by, expected, "{later:?}");
            assert!(stage.seen[0].as_ref().is_some_and(|seen| seen.verdict == Verdict::Fail));
        }
    }
}

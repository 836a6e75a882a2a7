//! When targets are scraped, and what their pages show: the world's counts become facts.
//!
//! A target is scraped at its own phase of absolute time. A process that does not answer makes the
//! scrape fail; a target that is gone gets its staleness markers late, as Prometheus writes them
//! (`telemetry::scraper` has the rules). What is on a page is the families' affair.

use super::address::{Address, PodDraw};
use super::cluster::Cluster;
use super::context::Context;
use super::data_plane::DataPlane;
use super::event::Event;
use std::sync::Arc;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::analysis::promql::{Options, Query};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::SetFacts;
use windtunnel_model::telemetry::facts::{
    BackendFacts, Bounds, EdgeFacts, PodFacts, WorkloadFacts,
};
use windtunnel_model::telemetry::scraper::{Place, Scraper, Visit};
use windtunnel_model::telemetry::store::Store;
use windtunnel_model::telemetry::{target, unix_ms};
use windtunnel_model::world::names::Names;
use windtunnel_model::world::pod::PodStage;
use windtunnel_model::world::replica_set::PodPhase;
use windtunnel_model::world::routing::POOLS;
use windtunnel_model::world::service::Version;

/// Samples are kept for longer than queries look back: markers are written late.
const SPARE_MS: i64 = 120_000;

/// Memory of a process that does not leak, as a share of its limit.
const USUAL_MEMORY: f64 = 0.25;

/// A scraper for everything that these queries name, or for an export of everything.
fn scraper(queries: &[Query], export: bool) -> Scraper {
    if export {
        return Scraper::new(|_| true, None);
    }
    let reach = |query: &Query| query.reach_ms(&Options::default());
    // Nothing is forgotten while a query looks at a fixed instant.
    let deepest = queries.iter().map(reach).try_fold(0, |most, ms| Some(ms?.max(most)));
    let keep_ms = deepest.map(|ms: i64| ms + SPARE_MS);
    Scraper::new(|name| queries.iter().any(|query| query.names(name)), keep_ms)
}

/// Memory in use of a pod as a share of its limit: a leak fills it request by request.
pub(super) fn memory_share(data_plane: &DataPlane, pod: u32) -> f64 {
    USUAL_MEMORY + (1.0 - USUAL_MEMORY) * data_plane.pod(pod).leaked_share()
}

/// The Prometheus of a flight.
#[derive(Clone, Debug)]
pub(super) struct Scraping {
    scraper: Scraper,
    bounds: Arc<Bounds>,
    /// Does every scrape fail, for a test?
    blind: bool,
}

impl Scraping {
    /// One that scrapes what these queries name, or everything.
    pub(super) fn new(scenario: &Scenario, queries: &[Query], export: bool) -> Scraping {
        let scraper = scraper(queries, export);
        let bounds = Bounds::new(&scenario.telemetry.buckets, scraper.wants_proxy_bounds());
        Scraping { scraper, bounds: Arc::new(bounds), blind: false }
    }

    /// The same, to whom nobody ever answers.
    pub(super) fn blinded(self, blind: bool) -> Scraping {
        Scraping { blind, ..self }
    }

    /// Bounds of latency buckets, in seconds.
    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The series so far.
    pub(super) fn store(&self) -> &Store {
        &self.scraper.store
    }

    /// The series, at the end.
    pub(super) fn into_store(self) -> Store {
        self.scraper.store
    }

    /// Targets that are there from the start.
    pub(super) fn prepare(&mut self, ctx: &mut Context, cluster: &Cluster) {
        for place in [Place::Cluster, Place::Edge] {
            self.add(ctx, cluster, place);
        }
        for node in 0..cluster.nodes().len() as u32 {
            self.add(ctx, cluster, Place::Kubelet(node));
        }
    }

    /// Adds a target if a query names anything it shows, and plans its first scrape.
    pub(super) fn add(&mut self, ctx: &mut Context, cluster: &Cluster, place: Place) {
        if !self.scraper.wants(place) || self.blind {
            return;
        }
        let pod = match place {
            Place::App(pod) | Place::Sidecar(pod) => Some(cluster.pod_names(pod)),
            _ => None,
        };
        let target = self.scraper.add(place, target::labels(place, cluster.names(), pod));
        let draw = phase_of(cluster, place).uniform(&ctx.streams);
        let interval = interval_of(ctx, place);
        let phase = interval.scaled(draw).as_nanos() / 1_000_000 * 1_000_000;
        // The next instant of that phase; whole milliseconds, as timestamps are.
        let (now, interval) = (ctx.now.as_nanos(), interval.as_nanos());
        let rounds = now.saturating_sub(phase).div_ceil(interval);
        ctx.plan(SimTime::from_nanos(phase + rounds * interval), Event::Scrape(target));
    }

    /// A target's scrape is due; with `away` Prometheus itself is gone.
    pub(super) fn scrape(&mut self, ctx: &mut Context, target: u32, page: &Page<'_>, away: bool) {
        let place = self.scraper.place(target);
        let interval = interval_of(ctx, place);
        let gone = match place {
            Place::App(pod) | Place::Sidecar(pod) => !page.exists(pod),
            _ => false,
        };
        if gone {
            let wait = interval + SimDuration::from_nanos(interval.as_nanos() / 10);
            return ctx.plan_in(wait, Event::TargetGone { target, since: ctx.now });
        }
        ctx.plan_in(interval, Event::Scrape(target));
        if away {
            // It writes no markers either.
            return;
        }
        let at_ms = unix_ms(ctx.now);
        if !page.is_answered(place) {
            return self.scraper.failed(target, at_ms);
        }
        let mut visit = self.scraper.visit(target, at_ms);
        page.show(place, ctx, &self.bounds, &mut visit);
        visit.end_unseen();
    }

    /// Writes the markers of a target that has been gone for a while.
    pub(super) fn target_gone(&mut self, target: u32, since: SimTime, away: bool) {
        if !away {
            self.scraper.vanished(target, unix_ms(since));
        }
    }
}

fn interval_of(ctx: &Context, place: Place) -> SimDuration {
    ctx.scenario.telemetry.interval_of(place)
}

/// Where the phase of a target's scrapes is drawn.
fn phase_of(cluster: &Cluster, place: Place) -> Address {
    match place {
        Place::App(pod) => cluster.address(pod, PodDraw::Scrape),
        Place::Sidecar(pod) => cluster.address(pod, PodDraw::SidecarScrape),
        Place::Kubelet(node) => Address::Kubelet(node),
        Place::Cluster => Address::Cluster,
        Place::Edge => Address::Edge,
    }
}

/// What can be seen from outside as a target is scraped.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// Pods, sets and nodes.
    pub(super) cluster: &'a Cluster,
    /// What was counted.
    pub(super) data_plane: &'a DataPlane,
}

impl<'a> Page<'a> {
    fn exists(&self, pod: u32) -> bool {
        self.cluster.pods()[pod as usize].exists()
    }

    fn names(&self) -> &'a Arc<Names> {
        self.cluster.names()
    }

    fn is_answered(&self, place: Place) -> bool {
        match place {
            Place::App(pod) => {
                let pod = &self.cluster.pods()[pod as usize];
                pod.stage == PodStage::Serving && !pod.frozen && !pod.lost
            }
            Place::Sidecar(pod) => !self.cluster.pods()[pod as usize].lost,
            Place::Kubelet(node) => self.cluster.nodes()[node as usize].alive,
            Place::Cluster | Place::Edge => true,
        }
    }

    fn show(&self, place: Place, ctx: &Context, bounds: &Bounds, visit: &mut Visit<'_>) {
        let show = |visit: &mut Visit<'_>, pod| visit.pod(pod, &self.pod(ctx, bounds, pod));
        match place {
            Place::App(pod) | Place::Sidecar(pod) => show(visit, pod),
            Place::Kubelet(node) => {
                self.cluster.on_node(node).into_iter().for_each(|pod| show(visit, pod));
            }
            Place::Cluster => {
                self.cluster.existing().for_each(|pod| show(visit, pod));
                self.show_workloads(visit);
            }
            Place::Edge => self.show_edge(bounds, visit),
        }
    }

    fn show_workloads(&self, visit: &mut Visit<'_>) {
        let sets = self.cluster.set_facts();
        for pool in (0..POOLS).filter(|_| self.names().deployments) {
            let mine: Vec<&SetFacts> = sets.iter().filter(|s| s.pool as usize == pool).collect();
            if !mine.is_empty() {
                visit.workload(pool, &self.workload(pool, &mine));
            }
        }
    }

    fn show_edge(&self, bounds: &Bounds, visit: &mut Visit<'_>) {
        let answered = self.data_plane.tally().ingress();
        visit.edge(&EdgeFacts { names: self.names(), answered });
        let [by_version, whole] = visit.asks_for_backends();
        for pool in 0..POOLS {
            for version in Version::BOTH.into_iter().filter(|_| by_version) {
                let facts = self.backend(bounds, pool, Some(version));
                if !facts.pods.is_empty() {
                    visit.backend(pool * 2 + version.index(), &facts);
                }
            }
            let facts = whole.then(|| self.backend(bounds, pool, None));
            if let Some(facts) = facts.filter(|facts| !facts.pods.is_empty()) {
                visit.upstream(pool, &facts);
            }
        }
    }

    fn pod<'b>(&self, ctx: &Context, bounds: &'b Bounds, number: u32) -> PodFacts<'b>
    where
        'a: 'b,
    {
        let (pod, counters) = (&self.cluster.pods()[number as usize], self.data_plane.counters());
        let facts = pod.facts(0);
        PodFacts {
            names: self.names(),
            pod: self.cluster.pod_names(number),
            bounds,
            process: counters.of_process(number),
            lifetime: counters.of_pod(number),
            cpu_secs: counters.cpu_secs(number),
            cpu_limit: ctx.scenario.service.pod.cpu_limit,
            memory_share: memory_share(self.data_plane, number),
            phase: match facts.phase {
                PodPhase::Pending => "Pending",
                PodPhase::Running => "Running",
                PodPhase::Succeeded => "Succeeded",
                PodPhase::Failed => "Failed",
                PodPhase::Unknown => "Unknown",
            },
            ready: pod.ready,
            running: matches!(pod.stage, PodStage::Booting | PodStage::Serving),
            backing_off: pod.stage == PodStage::BackOff,
            restarts: pod.restarts,
        }
    }

    fn workload(&self, pool: usize, sets: &[&SetFacts]) -> WorkloadFacts<'a> {
        let sum = |of: fn(&SetFacts) -> u32| sets.iter().map(|s| of(s)).sum();
        // The template in force is that of the set created last.
        let newest = sets.iter().max_by_key(|s| s.id).map(|s| s.version);
        let updated = sets.iter().filter(|s| Some(s.version) == newest).map(|s| s.replicas).sum();
        WorkloadFacts {
            names: self.names(),
            workload: &self.names().workloads[pool],
            desired: sum(|s| s.size),
            replicas: sum(|s| s.replicas),
            updated,
            ready: sum(|s| s.ready),
            available: sum(|s| s.available),
        }
    }

    /// A backend with the pods of one version, or of all.
    fn backend<'b>(
        &self,
        bounds: &'b Bounds,
        pool: usize,
        version: Option<Version>,
    ) -> BackendFacts<'b>
    where
        'a: 'b,
    {
        let in_it = |p: &u32| {
            let pod = &self.cluster.pods()[*p as usize];
            pod.pool as usize == pool && version.is_none_or(|version| pod.version == version)
        };
        let pods = (0..self.cluster.pods().len() as u32).filter(in_it);
        let names = self.names();
        BackendFacts {
            names,
            pool,
            version: version.map_or("", |version| &names.versions[version.index()]),
            bounds,
            pods: pods.map(|pod| self.data_plane.counters().of_pod(pod)).collect(),
        }
    }
}

//! When targets are scraped, and what their pages show: the world's counts become facts.
//!
//! A target is scraped at its own phase of absolute time. A process that does not answer makes the
//! scrape fail; a target that is gone gets its staleness markers late, as Prometheus writes them
//! (`telemetry::scraper` has the rules). What is on a page is the families' affair.

use super::address::{Address, PodDraw};
use super::flight::{Event, Flight};
use crate::analysis::promql::{Options, Query};
use crate::base::time::{SimDuration, SimTime};
use crate::strategy::SetFacts;
use crate::telemetry::facts::{BackendFacts, EdgeFacts, PodFacts, WorkloadFacts};
use crate::telemetry::scraper::{Place, Scraper, Visit};
use crate::telemetry::{target, unix_ms};
use crate::world::pod::Stage;
use crate::world::replica_set::PodPhase;
use crate::world::routing::POOLS;
use crate::world::service::Version;

/// Samples are kept for longer than queries look back: markers are written late.
const SPARE_MS: i64 = 120_000;

/// Memory of a process that does not leak, as a share of its limit.
const USUAL_MEMORY: f64 = 0.25;

/// A scraper for everything that these queries name, or for an export of everything.
pub(super) fn scraper(queries: &[Query], export: bool) -> Scraper {
    if export {
        return Scraper::new(|_| true, None);
    }
    let reach = |query: &Query| query.reach_ms(&Options::default());
    // Nothing is forgotten while a query looks at a fixed instant.
    let deepest = queries.iter().map(reach).try_fold(0, |most, ms| Some(ms?.max(most)));
    let keep_ms = deepest.map(|ms: i64| ms + SPARE_MS);
    Scraper::new(|name| queries.iter().any(|query| query.names(name)), keep_ms)
}

impl Flight {
    /// Targets that are there from the start.
    pub(super) fn prepare_scrapes(&mut self) {
        for place in [Place::Cluster, Place::Edge] {
            self.plan_scrapes(place);
        }
        for node in 0..self.nodes.len() as u32 {
            self.plan_scrapes(Place::Kubelet(node));
        }
    }

    /// The targets of a pod: they are found as soon as its container runs.
    pub(super) fn plan_pod_scrapes(&mut self, pod: u32) {
        self.plan_scrapes(Place::App(pod));
        self.plan_scrapes(Place::Sidecar(pod));
    }

    /// Adds a target if a query names anything it shows, and plans its first scrape.
    pub(super) fn plan_scrapes(&mut self, place: Place) {
        if !self.scraper.wants(place) || self.blind {
            return;
        }
        let labels = self.target_labels(place);
        let target = self.scraper.add(place, labels);
        let draw = self.phase_of(place).uniform(&self.streams);
        let interval = self.interval_of(place);
        let phase = interval.scaled(draw).as_nanos() / 1_000_000 * 1_000_000;
        // The next instant of that phase; whole milliseconds, as timestamps are.
        let (now, interval) = (self.now.as_nanos(), interval.as_nanos());
        let rounds = now.saturating_sub(phase).div_ceil(interval);
        self.calendar.plan(SimTime::from_nanos(phase + rounds * interval), Event::Scrape(target));
    }

    fn interval_of(&self, place: Place) -> SimDuration {
        self.scenario.telemetry.interval_of(place)
    }

    /// Where the phase of a target's scrapes is drawn.
    fn phase_of(&self, place: Place) -> Address {
        match place {
            Place::App(pod) => self.address(pod, PodDraw::Scrape),
            Place::Sidecar(pod) => self.address(pod, PodDraw::SidecarScrape),
            Place::Kubelet(node) => Address::Kubelet(node),
            Place::Cluster => Address::Cluster,
            Place::Edge => Address::Edge,
        }
    }

    fn target_labels(&self, place: Place) -> target::Labels {
        let pod = match place {
            Place::App(pod) | Place::Sidecar(pod) => Some(&self.pod_names[pod as usize]),
            _ => None,
        };
        target::labels(place, &self.names, pod)
    }

    /// A target's scrape is due.
    pub(super) fn scrape(&mut self, target: u32) {
        let place = self.scraper.place(target);
        let interval = self.interval_of(place);
        let gone = match place {
            Place::App(pod) | Place::Sidecar(pod) => !self.pods[pod as usize].exists(),
            _ => false,
        };
        if gone {
            let at = self.now + interval + SimDuration::from_nanos(interval.as_nanos() / 10);
            let event = Event::TargetGone { target, since: self.now };
            return self.calendar.plan(at, event);
        }
        self.calendar.plan(self.now + interval, Event::Scrape(target));
        if self.switches.scrapes_fail {
            // Prometheus itself is away: it writes no markers either.
            return;
        }
        let at_ms = unix_ms(self.now);
        if !self.answers_scrapes(place) {
            return self.scraper.failed(target, at_ms);
        }
        match place {
            Place::App(pod) | Place::Sidecar(pod) => self.scrape_pods(target, &[pod]),
            Place::Kubelet(node) => {
                let on_node = |p: &u32| self.pods[*p as usize].node == Some(node);
                let pods: Vec<u32> = self.existing_pods().filter(on_node).collect();
                self.scrape_pods(target, &pods);
            }
            Place::Cluster => self.scrape_cluster(target),
            Place::Edge => self.scrape_edge(target),
        }
    }

    /// Writes the markers of a target that has been gone for a while.
    pub(super) fn target_gone(&mut self, target: u32, since: SimTime) {
        if !self.switches.scrapes_fail {
            self.scraper.vanished(target, unix_ms(since));
        }
    }

    fn existing_pods(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.pods.len() as u32).filter(|p| self.pods[*p as usize].exists())
    }

    fn answers_scrapes(&self, place: Place) -> bool {
        match place {
            Place::App(pod) => {
                let pod = &self.pods[pod as usize];
                pod.stage == Stage::Serving && !pod.frozen && !pod.lost
            }
            Place::Sidecar(pod) => !self.pods[pod as usize].lost,
            Place::Kubelet(node) => self.nodes[node as usize].alive,
            Place::Cluster | Place::Edge => true,
        }
    }

    /// Reads a page. Facts borrow the flight, so the scraper steps out of it meanwhile.
    fn read_page(&mut self, target: u32, read: impl FnOnce(&Flight, &mut Visit<'_>)) {
        let mut scraper = std::mem::take(&mut self.scraper);
        let mut visit = scraper.visit(target, unix_ms(self.now));
        read(self, &mut visit);
        visit.end_unseen();
        self.scraper = scraper;
    }

    fn scrape_pods(&mut self, target: u32, pods: &[u32]) {
        self.read_page(target, |flight, visit| {
            pods.iter().for_each(|pod| visit.pod(*pod, &flight.pod_facts(*pod)));
        });
    }

    fn scrape_cluster(&mut self, target: u32) {
        self.read_page(target, |flight, visit| {
            flight.existing_pods().for_each(|pod| visit.pod(pod, &flight.pod_facts(pod)));
            let sets = flight.set_facts();
            for pool in (0..POOLS).filter(|_| flight.names.deployments) {
                let mine: Vec<&SetFacts> =
                    sets.iter().filter(|s| s.pool as usize == pool).collect();
                if !mine.is_empty() {
                    visit.workload(pool, &flight.workload_facts(pool, &mine));
                }
            }
        });
    }

    fn scrape_edge(&mut self, target: u32) {
        self.read_page(target, |flight, visit| {
            let answered = flight.plane.truth().ingress();
            visit.edge(&EdgeFacts { names: &flight.names, answered });
            let [by_version, whole] = visit.asks_for_backends();
            for pool in 0..POOLS {
                for version in Version::BOTH.into_iter().filter(|_| by_version) {
                    let facts = flight.backend_facts(pool, Some(version));
                    if !facts.pods.is_empty() {
                        visit.backend(pool * 2 + version.index(), &facts);
                    }
                }
                let facts = whole.then(|| flight.backend_facts(pool, None));
                if let Some(facts) = facts.filter(|facts| !facts.pods.is_empty()) {
                    visit.upstream(pool, &facts);
                }
            }
        });
    }

    fn pod_facts(&self, number: u32) -> PodFacts<'_> {
        let (pod, counters) = (&self.pods[number as usize], &self.plane.counters);
        let facts = pod.facts(0);
        PodFacts {
            names: &self.names,
            pod: &self.pod_names[number as usize],
            bounds: &self.bounds,
            process: counters.of_process(number),
            lifetime: counters.of_pod(number),
            cpu_secs: counters.cpu_secs(number),
            cpu_limit: self.scenario.service.pod.cpu_limit,
            memory_share: self.memory_share(number),
            phase: match facts.phase {
                PodPhase::Pending => "Pending",
                PodPhase::Running => "Running",
                PodPhase::Succeeded => "Succeeded",
                PodPhase::Failed => "Failed",
                PodPhase::Unknown => "Unknown",
            },
            ready: pod.ready,
            running: matches!(pod.stage, Stage::Booting | Stage::Serving),
            backing_off: pod.stage == Stage::BackOff,
            restarts: pod.restarts,
        }
    }

    /// Memory in use as a share of the limit: a leak fills it request by request.
    pub(super) fn memory_share(&self, pod: u32) -> f64 {
        let ledger = &self.plane.pods[pod as usize];
        USUAL_MEMORY + (1.0 - USUAL_MEMORY) * ledger.leaked_share()
    }

    fn workload_facts(&self, pool: usize, sets: &[&SetFacts]) -> WorkloadFacts<'_> {
        let sum = |of: fn(&SetFacts) -> u32| sets.iter().map(|s| of(s)).sum();
        // The template in force is that of the set created last.
        let newest = sets.iter().max_by_key(|s| s.id).map(|s| s.version);
        let updated = sets.iter().filter(|s| Some(s.version) == newest).map(|s| s.replicas).sum();
        WorkloadFacts {
            names: &self.names,
            workload: &self.names.workloads[pool],
            desired: sum(|s| s.size),
            replicas: sum(|s| s.replicas),
            updated,
            ready: sum(|s| s.ready),
            available: sum(|s| s.available),
        }
    }

    /// A backend with the pods of one version, or of all.
    fn backend_facts(&self, pool: usize, version: Option<Version>) -> BackendFacts<'_> {
        let in_it = |p: &u32| {
            let pod = &self.pods[*p as usize];
            pod.pool as usize == pool && version.is_none_or(|version| pod.version == version)
        };
        let pods = (0..self.pods.len() as u32).filter(in_it);
        BackendFacts {
            names: &self.names,
            pool,
            version: version.map_or("", |version| &self.names.versions[version.index()]),
            bounds: &self.bounds,
            pods: pods.map(|pod| self.plane.counters.of_pod(pod)).collect(),
        }
    }
}

//! The scraper: targets with their pages, scrapes that fail, and series that end.
//!
//! Rules of `prometheus/prometheus`, `scrape/scrape.go`: all samples of a scrape share its instant;
//! a failed scrape ends every series of the target with a staleness marker; so does the absence of
//! one series from a page; the markers of a target that vanished carry the time of the scrape that
//! would have been next, and are written late. When scrapes happen is the engine's affair.

use super::facts::{BackendFacts, EdgeFacts, PodFacts, WorkloadFacts};
use super::family::{self, Exporter, Family, SeriesKind};
use super::page::{Columns, Page};
use super::store::{ClockId, Store};
use std::collections::BTreeMap;

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The process of a pod.
    App(u32),
    /// The sidecar of a pod.
    Sidecar(u32),
    /// The kubelet of a node.
    Kubelet(u32),
    /// kube-state-metrics.
    Cluster,
    /// The ingress before the service.
    Edge,
}

/// What a part of a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Target,
    Pod(u32),
    Workload(usize),
    Backend(usize),
    Upstream(usize),
}

/// One target of the scraper.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is.
    pub place: Place,
    clock: ClockId,
    /// `job`, `instance` and what discovery knows of the target.
    labels: super::target::Labels,
    up: Columns,
    parts: BTreeMap<Thing, Part>,
    visit: u64,
}

#[derive(Clone, Debug, Default)]
struct Part {
    columns: Columns,
    /// The last visit that found it on the page.
    seen: u64,
}

/// Targets, and the series that were scraped from them.
#[derive(Clone, Debug, Default)]
pub struct Scraper {
    /// What was scraped.
    pub store: Store,
    targets: Vec<Target>,
    wanted: Vec<&'static Family>,
    up: bool,
    /// Samples older than this are forgotten; all are kept when absent.
    keep_ms: Option<i64>,
}

impl std::fmt::Debug for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Scraper {
    /// A scraper for the families of which `wants` names any sample, keeping samples for `keep_ms`
    /// (all of them when absent).
    pub fn new(wants: impl Fn(&str) -> bool, keep_ms: Option<i64>) -> Scraper {
        let named = |f: &&'static Family| f.samples().iter().any(|sample| wants(sample));
        Scraper {
            store: Store::default(),
            targets: Vec::new(),
            wanted: family::all().filter(named).collect(),
            up: wants("up"),
            keep_ms,
        }
    }

    /// Is there anything to scrape at such a place?
    pub fn wants(&self, place: Place) -> bool {
        let shown = |f: &&&Family| {
            matches!(
                (f.exporter, place),
                (Exporter::App(_), Place::App(_))
                    | (Exporter::Sidecar(_), Place::Sidecar(_))
                    | (Exporter::Kubelet(_), Place::Kubelet(_))
                    | (Exporter::KubePod(_) | Exporter::KubeWorkload(_), Place::Cluster)
                    | (
                        Exporter::Backend(_) | Exporter::Upstream(_) | Exporter::Edge(_),
                        Place::Edge
                    )
            )
        };
        (self.up && !matches!(place, Place::Sidecar(_))) || self.wanted.iter().any(|f| shown(&f))
    }

    /// Does a wanted family have the bounds of proxies?
    pub fn wants_proxy_bounds(&self) -> bool {
        let of_proxy = |f: &&Family| {
            f.kind == SeriesKind::Histogram && !matches!(f.exporter, Exporter::App(_))
        };
        self.wanted.iter().any(of_proxy)
    }

    /// The families that are sampled, once each.
    pub fn families(&self) -> &[&'static Family] {
        &self.wanted
    }

    /// Adds a target; its number is returned.
    pub fn add(&mut self, place: Place, labels: super::target::Labels) -> u32 {
        let clock = self.store.add_clock();
        let (up, parts) = (Columns::default(), BTreeMap::new());
        self.targets.push(Target { place, clock, labels, up, parts, visit: 0 });
        self.targets.len() as u32 - 1
    }

    /// What a target is.
    pub fn place(&self, target: u32) -> Place {
        self.targets[target as usize].place
    }

    /// A scrape that succeeds: what is on the page is then told to the visit.
    pub fn visit(&mut self, target: u32, at_ms: i64) -> Visit<'_> {
        let up = self.up;
        let mut visit = self.begin(target, at_ms);
        if up {
            visit.up(1.0);
        }
        visit
    }

    fn begin(&mut self, target: u32, at_ms: i64) -> Visit<'_> {
        let target = &mut self.targets[target as usize];
        if let Some(keep) = self.keep_ms {
            self.store.forget_before(target.clock, at_ms - keep);
        }
        self.store.tick(target.clock, at_ms);
        target.visit += 1;
        Visit { store: &mut self.store, wanted: &self.wanted, target }
    }

    /// A scrape that fails: every series of the target ends here.
    pub fn failed(&mut self, target: u32, at_ms: i64) {
        let up = self.up;
        let mut visit = self.begin(target, at_ms);
        visit.end_unseen();
        if up {
            visit.up(0.0);
        }
    }

    /// A target that discovery knows no more: its series end at an instant that has passed.
    pub fn vanished(&mut self, target: u32, at_ms: i64) {
        let visit = &mut self.begin(target, at_ms);
        visit.end_unseen();
        visit.target.up.end(visit.store);
    }
}

/// A successful scrape, as its page is read.
pub struct Visit<'a> {
    store: &'a mut Store,
    wanted: &'a [&'static Family],
    target: &'a mut Target,
}

impl Visit<'_> {
    fn up(&mut self, value: f64) {
        let (clock, labels) = (self.target.clock, &self.target.labels);
        let mut page = Page::new(self.store, clock, &mut self.target.up, labels);
        page.cell("up", true, value, Vec::new);
    }

    fn part(&mut self, thing: Thing, write: impl Fn(&Family, &mut Page<'_>)) {
        let Target { clock, labels, parts, visit, .. } = &mut *self.target;
        let part = parts.entry(thing).or_default();
        part.seen = *visit;
        let mut page = Page::new(self.store, *clock, &mut part.columns, labels);
        self.wanted.iter().for_each(|family| write(family, &mut page));
    }

    /// A pod is on the page.
    pub fn pod(&mut self, pod: u32, facts: &PodFacts<'_>) {
        let place = self.target.place;
        self.part(Thing::Pod(pod), |family, page| match (family.exporter, place) {
            (Exporter::App(write), Place::App(_))
            | (Exporter::Sidecar(write), Place::Sidecar(_))
            | (Exporter::Kubelet(write), Place::Kubelet(_))
            | (Exporter::KubePod(write), Place::Cluster) => write(facts, page),
            _ => {}
        });
    }

    /// A Deployment is on the page.
    pub fn workload(&mut self, number: usize, facts: &WorkloadFacts<'_>) {
        self.part(Thing::Workload(number), |family, page| {
            if let Exporter::KubeWorkload(write) = family.exporter {
                write(facts, page);
            }
        });
    }

    /// A backend is on the page, as pods of one version in one pool.
    pub fn backend(&mut self, number: usize, facts: &BackendFacts<'_>) {
        self.part(Thing::Backend(number), |family, page| {
            if let Exporter::Backend(write) = family.exporter {
                write(facts, page);
            }
        });
    }

    /// A backend is on the page, as a whole.
    pub fn upstream(&mut self, number: usize, facts: &BackendFacts<'_>) {
        self.part(Thing::Upstream(number), |family, page| {
            if let Exporter::Upstream(write) = family.exporter {
                write(facts, page);
            }
        });
    }

    /// Does any family ask for backends: version by version, or as a whole?
    pub fn asks_for_backends(&self) -> [bool; 2] {
        let asks = |is: fn(&Exporter) -> bool| self.wanted.iter().any(|f| is(&f.exporter));
        [asks(|e| matches!(e, Exporter::Backend(_))), asks(|e| matches!(e, Exporter::Upstream(_)))]
    }

    /// The edge's own counters are on the page.
    pub fn edge(&mut self, facts: &EdgeFacts<'_>) {
        self.part(Thing::Target, |family, page| {
            if let Exporter::Edge(write) = family.exporter {
                write(facts, page);
            }
        });
    }

    /// Ends the series of everything that was not on the page.
    pub fn end_unseen(&mut self) {
        let visit = self.target.visit;
        for part in self.target.parts.values_mut().filter(|p| p.seen != visit) {
            part.columns.end(self.store);
        }
    }
}

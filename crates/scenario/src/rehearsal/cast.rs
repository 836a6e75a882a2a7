//! What all rehearsals of a strategy share: whom it is about, and what requests come to.

use super::follow::Followed;
use crate::foretell::errors_of_route;
use std::cell::RefCell;
use std::collections::BTreeMap;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::analysis::promql::{Options, Query};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::pilot::{Facts, Judged, Pilot};
use windtunnel_model::telemetry::facts::Bounds;
use windtunnel_model::telemetry::family::{self, Exporter, Family, SeriesKind};
use windtunnel_model::telemetry::scraper::{Place, Scraper};
use windtunnel_model::traffic::{Activity, Arrivals};
use windtunnel_model::world::names::Names;

/// Counters that requests of another kind feed: not what a check of errors asks for.
const BUSINESS: [&str; 2] = ["checkout_started_total", "orders_completed_total"];

/// Halvings by which a quantile is inverted.
const HALVINGS: u32 = 40;

/// What the rehearsals of a strategy share.
pub(super) struct Cast<'s> {
    pub scenario: &'s Scenario,
    pub pilot: &'s Pilot,
    pub names: &'s Names,
    pub bounds: Bounds,
    /// The checks that are watched.
    pub judged: Vec<Judged>,
    /// The queries of the strategy.
    pub queries: Vec<Query>,
    pub routes: Vec<Route>,
    /// Are users, not requests, divided, and all of them equally busy?
    pub alike: bool,
    /// Does anything ask for buckets?
    pub histograms: bool,
    /// Does any page tell of all pods?
    pub pages_of_all: bool,
    /// When scrapes begin.
    pub begins: SimTime,
    /// Which targets of the pods of a pool and version are scraped, as far as it has been asked.
    pub followed: RefCell<BTreeMap<(usize, usize), Followed>>,
}

/// What requests of a route come to.
pub(super) struct Route {
    pub share: f64,
    /// Share of errors by version.
    pub errors: [f64; 2],
    /// Share of answers by bucket, of a service that is never busy.
    pub buckets: Vec<f64>,
    /// Mean time of an answer in nanoseconds.
    pub mean_ns: f64,
    /// Share of answers that complete a business step, if it is one.
    pub completes: Option<f64>,
}

impl<'s> Cast<'s> {
    /// Nothing if the strategy has no check that a rehearsal can foretell.
    pub fn new(
        scenario: &'s Scenario,
        pilot: &'s Pilot,
        variant: Option<usize>,
    ) -> Option<Cast<'s>> {
        let Facts { judged, queries, names, .. } = &pilot.facts;
        let known = |j: &Judged| !j.queries.is_empty() && j.queries.iter().all(counts_requests);
        // All are kept, so that checks of one name are told apart by their order.
        if !judged.iter().any(known) || arrivals(scenario, 0.0, 1.0).is_none() {
            return None;
        }
        let scraper = Scraper::new(|name| queries.iter().any(|q| q.names(name)), None);
        let bounds = Bounds::new(&scenario.telemetry.buckets, scraper.wants_proxy_bounds());
        let histograms = scraper.families().iter().any(|f| f.kind == SeriesKind::Histogram);
        let routes = routes(scenario, variant, &bounds.all);
        let telemetry = &scenario.telemetry;
        let slowest = [telemetry.kubelets, telemetry.cluster, telemetry.edge].into_iter();
        let slowest = slowest.fold(telemetry.interval, Ord::max);
        let reach = |query: &Query| query.reach_ms(&Options::default());
        let reach = queries.iter().map(reach).try_fold(0, |most, ms| Some(ms?.max(most)));
        let back = reach.map_or(scenario.release.at, |ms| {
            SimDuration::from_millis(ms.max(0) as u64) + slowest * 2
        });
        Some(Cast {
            scenario,
            pilot,
            names,
            bounds,
            judged: judged.clone(),
            queries: queries.clone(),
            routes,
            alike: scenario.traffic.activity == Activity::Uniform,
            histograms,
            pages_of_all: [Place::Edge, Place::Cluster, Place::Kubelet(0)]
                .into_iter()
                .any(|place| scraper.wants(place)),
            followed: RefCell::default(),
            begins: (SimTime::ZERO + scenario.release.at).saturating_sub(back),
        })
    }

    /// Counts of one pod that are drawn between two scrapes.
    pub fn draws(&self) -> u64 {
        let buckets = if self.histograms { self.bounds.all.len() + 1 } else { 1 };
        (self.routes.len() * (2 * buckets + 1)) as u64
    }

    /// A scraper for what the strategy asks.
    pub fn scraper(&self) -> Scraper {
        Scraper::new(|name| self.queries.iter().any(|query| query.names(name)), None)
    }

    /// Can the share of failing first looks of a check be foretold?
    pub fn is_known(&self, number: usize) -> bool {
        let queries = &self.judged[number].queries;
        !queries.is_empty() && queries.iter().all(counts_requests)
    }

    /// Expected requests of users between two instants.
    pub fn arrivals(&self, from: SimTime, to: SimTime) -> f64 {
        arrivals(self.scenario, from.as_secs_f64(), to.as_secs_f64()).unwrap_or(0.0)
    }
}

/// Expected requests between two instants in seconds; nothing where they depend on the answers.
fn arrivals(scenario: &Scenario, from: f64, to: f64) -> Option<f64> {
    let span = SimDuration::from_secs_f64;
    match &scenario.traffic.arrivals {
        Arrivals::Steps(steps) => match &steps.steps[..] {
            [(_, rate)] => Some(rate * (to - from)),
            _ => Some(steps.expected(span(to)) - steps.expected(span(from))),
        },
        Arrivals::Trace(rows) => {
            let before = |end: f64| rows.partition_point(|row| row.at < span(end));
            Some((before(to) - before(from)) as f64)
        }
        Arrivals::Closed { .. } | Arrivals::TraceFile { .. } => None,
    }
}

fn routes(scenario: &Scenario, variant: Option<usize>, bounds: &[f64]) -> Vec<Route> {
    let variant = variant.map(|number| &scenario.release.variants[number]);
    let of = |route: &windtunnel_model::world::service::Route| {
        let below = |bound: f64| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(low, high);
                let inside = route.service_time.quantile(middle).as_secs_f64() <= bound;
                if inside { low = middle } else { high = middle }
            }
            low
        };
        let mut reached = 0.0;
        let ends = bounds.iter().map(|bound| below(*bound)).chain([1.0]);
        let buckets = ends.map(|end| {
            let part = (end - reached).max(0.0);
            reached = end.max(reached);
            part
        });
        let is_business = route.value > windtunnel_base::units::Money::default();
        Route {
            share: route.share.value(),
            errors: [errors_of_route(route, None), errors_of_route(route, variant)],
            buckets: buckets.collect(),
            mean_ns: route.service_time.mean_secs() * 1e9,
            completes: is_business.then(|| route.conversion.value()),
        }
    };
    scenario.service.routes.iter().map(of).collect()
}

/// Does a query ask for nothing but numbers of requests?
fn counts_requests(query: &Query) -> bool {
    let metrics = query.metrics();
    let counted = |family: &Family, metric: &str| {
        let of_requests = matches!(
            family.exporter,
            Exporter::App(_) | Exporter::Sidecar(_) | Exporter::Backend(_) | Exporter::Upstream(_)
        );
        let is_count = match family.kind {
            SeriesKind::Counter => family.name == metric,
            SeriesKind::Histogram => metric.strip_suffix("_count") == Some(family.name),
            SeriesKind::Gauge => false,
        };
        of_requests && is_count && !BUSINESS.contains(&family.name)
    };
    let known = |metric: &String| family::all().any(|family| counted(family, metric));
    !metrics.is_empty() && !query.has_nameless_selector() && metrics.iter().all(known)
}

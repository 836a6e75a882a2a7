//! What the application itself exports, by the conventions of the Prometheus client libraries:
//! requests and latencies by route and status, and the counters of the business funnel.
//!
//! A label combination appears with its first event, so its first increment is invisible to `rate`.

use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::{CODES, PodFacts, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "http_requests_total",
        kind: SeriesKind::Counter,
        help: "requests answered by the process, by route and status",
        exporter: Exporter::App(requests),
    },
    Family {
        name: "http_request_duration_seconds",
        kind: SeriesKind::Histogram,
        help: "time from the arrival of a request at the pod to its answer, in seconds",
        exporter: Exporter::App(durations),
    },
    Family {
        name: "checkout_started_total",
        kind: SeriesKind::Counter,
        help: "business steps started: answers of routes that have a value",
        exporter: Exporter::App(started),
    },
    Family {
        name: "orders_completed_total",
        kind: SeriesKind::Counter,
        help: "business steps completed",
        exporter: Exporter::App(completed),
    },
];

fn labels(facts: &PodFacts<'_>, route: usize, status: Option<usize>) -> Labels {
    let mut labels = vec![("route", facts.names.routes[route].clone())];
    labels.extend(status.map(|s| ("status", CODES[s].to_string())));
    labels
}

fn series(facts: &PodFacts<'_>) -> impl Iterator<Item = (usize, usize)> + use<> {
    let routes = facts.names.routes.len();
    (0..routes).flat_map(|route| (0..STATUSES).map(move |status| (route, status)))
}

fn requests(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for (route, status) in series(facts) {
        let count = facts.process.requests(route, status);
        page.cell("http_requests_total", count > 0, count as f64, || {
            labels(facts, route, Some(status))
        });
    }
}

fn durations(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for (route, status) in series(facts) {
        let count = |sums: &mut [u64]| facts.process.add_buckets(route, status, sums);
        let secs = facts.process.latency_secs(route, status);
        let own = || labels(facts, route, Some(status));
        let shown = &facts.bounds.application;
        page.histogram("http_request_duration_seconds", shown, count, secs, own);
    }
}

fn started(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for route in 0..facts.names.routes.len() {
        let count = facts.process.steps(route).0;
        let own = || labels(facts, route, None);
        page.cell("checkout_started_total", count > 0, count as f64, own);
    }
}

fn completed(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for route in 0..facts.names.routes.len() {
        let count = facts.process.steps(route).1;
        let own = || labels(facts, route, None);
        page.cell("orders_completed_total", count > 0, count as f64, own);
    }
}

//! What Traefik exports about its services (doc.traefik.io, "Metrics"): the time of requests by
//! service and code, in seconds. Its histogram has the application's bounds here.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: REQUESTS,
        kind: SeriesKind::Counter,
        help: "requests that a service answered",
        exporter: Exporter::Upstream(requests),
    },
    Family {
        name: DURATION,
        kind: SeriesKind::Histogram,
        help: "time that a service took, in seconds",
        exporter: Exporter::Upstream(durations),
    },
];

const REQUESTS: &str = "traefik_service_requests_total";
const DURATION: &str = "traefik_service_request_duration_seconds";

fn labels(facts: &BackendFacts<'_>, status: usize) -> Labels {
    let namespace = &facts.names.namespace;
    let name = |backend: &str| format!("{namespace}-{backend}-80@kubernetescrd");
    let mut labels = upstream(facts, |backend| vec![("service", name(backend))]);
    labels.push(("code", CODES[status].to_string()));
    labels.push(("method", "GET".to_string()));
    labels.push(("protocol", "http".to_string()));
    labels
}

fn requests(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = facts.requests(status);
        page.cell(REQUESTS, count > 0, count as f64, || labels(facts, status));
    }
}

fn durations(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = |sums: &mut [u64]| facts.add_buckets(status, sums);
        let secs = facts.latency_secs(status);
        let bounds = &facts.bounds.application;
        page.histogram(DURATION, bounds, count, secs, || labels(facts, status));
    }
}

//! What Skipper exports (opensource.zalando.com/skipper, "Operation"): responses by route and code,
//! and the time that serving a route took, in seconds. Its histograms have the application's bounds
//! here.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: RESPONSE,
        kind: SeriesKind::Histogram,
        help: "time of a response by route, code and method, in seconds",
        exporter: Exporter::Upstream(responses),
    },
    Family {
        name: ROUTE,
        kind: SeriesKind::Histogram,
        help: "time that serving a route took, in seconds",
        exporter: Exporter::Upstream(routes),
    },
];

const RESPONSE: &str = "skipper_response_duration_seconds";
const ROUTE: &str = "skipper_serve_route_duration_seconds";

fn labels(facts: &BackendFacts<'_>, status: usize) -> Labels {
    let namespace = &facts.names.namespace;
    let route = |backend: &str| format!("kube_{namespace}__{backend}");
    let mut labels = upstream(facts, |backend| vec![("route", route(backend))]);
    labels.push(("code", CODES[status].to_string()));
    labels.push(("method", "GET".to_string()));
    labels
}

fn responses(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    (0..STATUSES).for_each(|status| times(RESPONSE, status, facts, page));
}

fn routes(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    (0..STATUSES).for_each(|status| times(ROUTE, status, facts, page));
}

fn times(name: &str, status: usize, facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    let count = |sums: &mut [u64]| facts.add_buckets(status, sums);
    let secs = facts.latency_secs(status);
    page.histogram(name, &facts.bounds.application, count, secs, || labels(facts, status));
}

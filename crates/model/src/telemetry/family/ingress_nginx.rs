//! What ingress-nginx exports (`kubernetes/ingress-nginx`, `docs/user-guide/monitoring.md`):
//! requests and durations by ingress and backend.
//!
//! The label `canary` names the canary's backend and is empty for the stable one; Flagger selects
//! by it.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

const REQUEST: &str = "nginx_ingress_controller_request_duration_seconds";
const RESPONSE: &str = "nginx_ingress_controller_response_duration_seconds";

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "nginx_ingress_controller_requests",
        kind: SeriesKind::Counter,
        help: "attempts answered by a backend",
        exporter: Exporter::Upstream(requests),
    },
    Family {
        name: REQUEST,
        kind: SeriesKind::Histogram,
        help: "time from the first byte of a request to its answer, in seconds",
        exporter: Exporter::Upstream(|facts, page| durations(REQUEST, facts, page)),
    },
    Family {
        name: RESPONSE,
        kind: SeriesKind::Histogram,
        help: "time that the backend took, in seconds",
        exporter: Exporter::Upstream(|facts, page| durations(RESPONSE, facts, page)),
    },
];

fn labels(facts: &BackendFacts<'_>, status: usize) -> Labels {
    let names = facts.names;
    let backend = names.backends[facts.pool].clone();
    let canary = match facts.pool {
        0 => String::new(),
        _ => format!("{}-{backend}-80", names.namespace),
    };
    let mut labels = upstream(facts, |_| {
        vec![
            ("namespace", names.namespace.clone()),
            ("ingress", names.service.clone()),
            ("service", backend),
            ("canary", canary),
        ]
    });
    labels.push(("status", CODES[status].to_string()));
    labels
}

fn requests(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = facts.requests(status);
        page.cell("nginx_ingress_controller_requests", count > 0, count as f64, || {
            labels(facts, status)
        });
    }
}

fn durations(name: &str, facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = |sums: &mut [u64]| facts.add_buckets(status, sums);
        let secs = facts.latency_secs(status);
        page.histogram(name, &facts.bounds.application, count, secs, || labels(facts, status));
    }
}

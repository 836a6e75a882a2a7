//! What Open Service Mesh exports (docs.openservicemesh.io, "Metrics"): requests between workloads
//! by code, and their times in milliseconds.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "osm_request_total",
        kind: SeriesKind::Counter,
        help: "requests by source, destination and code",
        exporter: Exporter::Upstream(requests),
    },
    Family {
        name: "osm_request_duration_ms",
        kind: SeriesKind::Histogram,
        help: "time of a request, in milliseconds",
        exporter: Exporter::Upstream(times),
    },
];

fn labels(facts: &BackendFacts<'_>) -> Labels {
    upstream(facts, |_| {
        vec![
            ("destination_namespace", facts.names.namespace.clone()),
            ("destination_kind", "Deployment".to_string()),
            ("destination_name", facts.names.workloads[facts.pool].clone()),
        ]
    })
}

fn requests(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for (status, code) in CODES.iter().enumerate() {
        let count = facts.requests(status);
        page.cell("osm_request_total", count > 0, count as f64, || {
            let mut labels = labels(facts);
            labels.push(("response_code", code.to_string()));
            labels
        });
    }
}

fn times(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    let count = |sums: &mut [u64]| {
        (0..STATUSES).for_each(|status| facts.add_buckets(status, sums));
    };
    let ms = (0..STATUSES).map(|status| facts.latency_secs(status)).sum::<f64>() * 1e3;
    page.histogram("osm_request_duration_ms", &facts.bounds.proxy, count, ms, || labels(facts));
}

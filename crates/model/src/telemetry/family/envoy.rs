//! What a plain Envoy at the edge (Contour, Gloo, a front proxy) exports about its upstream
//! clusters (envoyproxy.io, "Cluster statistics"): attempts by response code, and their times in
//! milliseconds.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "envoy_cluster_upstream_rq",
        kind: SeriesKind::Counter,
        help: "attempts answered by the cluster, by response code",
        exporter: Exporter::Upstream(requests),
    },
    Family {
        name: "envoy_cluster_upstream_rq_time",
        kind: SeriesKind::Histogram,
        help: "time of an attempt, in milliseconds",
        exporter: Exporter::Upstream(times),
    },
];

fn labels(facts: &BackendFacts<'_>) -> Labels {
    let cluster = |backend: &str| format!("{}_{backend}_80", facts.names.namespace);
    upstream(facts, |backend| vec![("envoy_cluster_name", cluster(backend))])
}

fn requests(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for (status, code) in CODES.iter().enumerate() {
        let count = facts.requests(status);
        page.cell("envoy_cluster_upstream_rq", count > 0, count as f64, || {
            let mut labels = labels(facts);
            labels.push(("envoy_response_code", code.to_string()));
            labels
        });
    }
}

fn times(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    let count = |sums: &mut [u64]| {
        (0..STATUSES).for_each(|status| facts.add_buckets(status, sums));
    };
    let ms = (0..STATUSES).map(|status| facts.latency_secs(status)).sum::<f64>() * 1e3;
    let (name, shown) = ("envoy_cluster_upstream_rq_time", &facts.bounds.proxy);
    page.histogram(name, shown, count, ms, || labels(facts));
}

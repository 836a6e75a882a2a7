//! What Apache APISIX exports (apisix.apache.org, plugin `prometheus`): answers by route and code,
//! and latencies in milliseconds.

use super::{Exporter, Family, SeriesKind, upstream};
use crate::telemetry::facts::{BackendFacts, CODES, STATUSES};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "apisix_http_status",
        kind: SeriesKind::Counter,
        help: "answers by route and code",
        exporter: Exporter::Upstream(statuses),
    },
    Family {
        name: "apisix_http_latency",
        kind: SeriesKind::Histogram,
        help: "time of a request, in milliseconds; type is request, upstream or apisix",
        exporter: Exporter::Upstream(latencies),
    },
];

fn labels(facts: &BackendFacts<'_>) -> Labels {
    let namespace = &facts.names.namespace;
    let name = |backend: &str| format!("{namespace}_{backend}_rule");
    upstream(facts, |backend| vec![("route", name(backend))])
}

fn statuses(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for (status, code) in CODES.iter().enumerate() {
        let count = facts.requests(status);
        page.cell("apisix_http_status", count > 0, count as f64, || {
            let mut labels = labels(facts);
            labels.push(("code", code.to_string()));
            labels
        });
    }
}

/// The gateway adds no time of its own here: request and upstream are the same.
fn latencies(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    let ms = (0..STATUSES).map(|status| facts.latency_secs(status)).sum::<f64>() * 1e3;
    for kind in ["request", "upstream"] {
        let count = |sums: &mut [u64]| {
            (0..STATUSES).for_each(|status| facts.add_buckets(status, sums));
        };
        page.histogram("apisix_http_latency", &facts.bounds.proxy, count, ms, || {
            let mut labels = labels(facts);
            labels.push(("type", kind.to_string()));
            labels
        });
    }
}

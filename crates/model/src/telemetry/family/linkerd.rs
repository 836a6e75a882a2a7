//! What Linkerd's proxies export (linkerd.io, "Proxy Metrics"): responses by classification, and
//! latencies in milliseconds, inbound at the pod. The histogram has Envoy's bounds here; Linkerd's
//! own are finer.

use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::{CODES, PodFacts, STATUSES, is_error};
use crate::telemetry::page::{Labels, Page};

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "request_total",
        kind: SeriesKind::Counter,
        help: "requests that reached the pod's proxy",
        exporter: Exporter::Sidecar(requests),
    },
    Family {
        name: "response_total",
        kind: SeriesKind::Counter,
        help: "responses of the pod, classified as success or failure",
        exporter: Exporter::Sidecar(responses),
    },
    Family {
        name: "response_latency_ms",
        kind: SeriesKind::Histogram,
        help: "time from a request to its response, in milliseconds",
        exporter: Exporter::Sidecar(latencies),
    },
];

fn labels(facts: &PodFacts<'_>, status: Option<usize>) -> Labels {
    let mut labels = vec![
        ("direction", "inbound".to_string()),
        ("deployment", facts.pod.workload.clone()),
        ("tls", "true".to_string()),
    ];
    if let Some(status) = status {
        let class = if is_error(status) { "failure" } else { "success" };
        labels.push(("classification", class.to_string()));
        labels.push(("status_code", CODES[status].to_string()));
    }
    labels
}

fn requests(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let count: u64 = (0..STATUSES).map(|status| facts.lifetime_requests(status)).sum();
    page.cell("request_total", count > 0, count as f64, || labels(facts, None));
}

fn responses(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = facts.lifetime_requests(status);
        page.cell("response_total", count > 0, count as f64, || labels(facts, Some(status)));
    }
}

fn latencies(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = |sums: &mut [u64]| facts.add_lifetime_buckets(status, sums);
        let ms = facts.lifetime_secs(status) * 1e3;
        page.histogram("response_latency_ms", &facts.bounds.proxy, count, ms, || {
            labels(facts, Some(status))
        });
    }
}

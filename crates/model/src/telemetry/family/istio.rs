//! What Istio's proxies export (istio.io, "Istio Standard Metrics"): requests and durations in
//! milliseconds, as the server's sidecar (`reporter="destination"`) and as the ingress gateway
//! (`reporter="source"`) count them.
//!
//! Both reporters see every attempt that a pod answered, not every user's request. The histogram
//! has Envoy's bounds. Connections that were refused are in neither: no workload answered them.

use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::{BackendFacts, CODES, PodFacts, STATUSES};
use crate::telemetry::page::{Labels, Page};
use crate::world::names::Names;

const DURATION: &str = "istio_request_duration_milliseconds";

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "istio_requests_total",
        kind: SeriesKind::Counter,
        help: "attempts answered, as the server's sidecar saw them",
        exporter: Exporter::Sidecar(requests_in),
    },
    Family {
        name: "istio_requests_total",
        kind: SeriesKind::Counter,
        help: "attempts answered, as the gateway saw them",
        exporter: Exporter::Backend(requests_out),
    },
    Family {
        name: "istio_request_duration_milliseconds",
        kind: SeriesKind::Histogram,
        help: "time of an attempt at the server's sidecar, in milliseconds",
        exporter: Exporter::Sidecar(durations_in),
    },
    Family {
        name: "istio_request_duration_milliseconds",
        kind: SeriesKind::Histogram,
        help: "time of an attempt at the gateway, in milliseconds",
        exporter: Exporter::Backend(durations_out),
    },
];

/// Labels that both reporters give. The Service is the one that the route names, not the one that
/// clients call: Istio labels the cluster that a request is sent to.
fn labels(names: &Names, reporter: &str, pool: usize, version: &str, status: usize) -> Labels {
    let (workload, app, service) = (&names.workloads[pool], &names.apps[pool], &names.hosts[pool]);
    let host = format!("{service}.{}.svc.cluster.local", names.namespace);
    [
        ("reporter", reporter),
        ("source_workload", "istio-ingressgateway"),
        ("source_workload_namespace", "istio-system"),
        ("source_app", "istio-ingressgateway"),
        ("destination_workload", workload),
        ("destination_workload_namespace", &names.namespace),
        ("destination_app", app),
        ("destination_canonical_service", app),
        ("destination_version", version),
        ("destination_canonical_revision", version),
        ("destination_service", &host),
        ("destination_service_name", service),
        ("destination_service_namespace", &names.namespace),
        ("request_protocol", "http"),
        ("connection_security_policy", "mutual_tls"),
        ("response_code", CODES[status]),
        ("response_flags", "-"),
    ]
    .map(|(name, value)| (name, value.to_string()))
    .to_vec()
}

fn requests_in(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = facts.lifetime_requests(status);
        page.cell("istio_requests_total", count > 0, count as f64, || of_pod(facts, status));
    }
}

fn requests_out(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = facts.requests(status);
        page.cell("istio_requests_total", count > 0, count as f64, || of_backend(facts, status));
    }
}

fn of_pod(facts: &PodFacts<'_>, status: usize) -> Labels {
    labels(facts.names, "destination", facts.pod.pool, &facts.pod.version, status)
}

fn of_backend(facts: &BackendFacts<'_>, status: usize) -> Labels {
    labels(facts.names, "source", facts.pool, facts.version, status)
}

fn durations_in(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = |sums: &mut [u64]| facts.add_lifetime_buckets(status, sums);
        let ms = facts.lifetime_secs(status) * 1e3;
        page.histogram(DURATION, &facts.bounds.proxy, count, ms, || of_pod(facts, status));
    }
}

fn durations_out(facts: &BackendFacts<'_>, page: &mut Page<'_>) {
    for status in 0..STATUSES {
        let count = |sums: &mut [u64]| facts.add_buckets(status, sums);
        let ms = facts.latency_secs(status) * 1e3;
        page.histogram(DURATION, &facts.bounds.proxy, count, ms, || of_backend(facts, status));
    }
}

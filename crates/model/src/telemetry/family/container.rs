//! What the kubelet's cAdvisor exports about containers: CPU and memory.
//!
//! A restarted container begins at zero. Memory is a model: a quarter of the limit when nothing
//! leaks, growing to the limit as a leak does.

use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::PodFacts;
use crate::telemetry::page::{Labels, Page};

/// Memory limit of a container in bytes; the world knows shares of it only.
pub const MEMORY_LIMIT: f64 = 512.0 * 1024.0 * 1024.0;

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "container_cpu_usage_seconds_total",
        kind: SeriesKind::Counter,
        help: "CPU time used by the container, in seconds",
        exporter: Exporter::Kubelet(cpu),
    },
    Family {
        name: "container_memory_working_set_bytes",
        kind: SeriesKind::Gauge,
        help: "memory of the container that can't be reclaimed, in bytes",
        exporter: Exporter::Kubelet(working_set),
    },
    Family {
        name: "container_memory_usage_bytes",
        kind: SeriesKind::Gauge,
        help: "memory of the container, caches included, in bytes",
        exporter: Exporter::Kubelet(usage),
    },
];

fn labels(facts: &PodFacts<'_>) -> Labels {
    vec![
        ("namespace", facts.names.namespace.clone()),
        ("pod", facts.pod.pod.clone()),
        ("container", facts.names.service.clone()),
    ]
}

fn cpu(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let name = "container_cpu_usage_seconds_total";
    page.cell(name, facts.running, facts.cpu_secs, || labels(facts));
}

fn working_set(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let bytes = (facts.memory_share * MEMORY_LIMIT).round();
    page.cell("container_memory_working_set_bytes", facts.running, bytes, || labels(facts));
}

fn usage(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let bytes = (facts.memory_share * MEMORY_LIMIT).round();
    page.cell("container_memory_usage_bytes", facts.running, bytes, || labels(facts));
}

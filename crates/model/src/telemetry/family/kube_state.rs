//! What kube-state-metrics exports about pods and Deployments
//! (`kubernetes/kube-state-metrics`, `docs/metrics/workload/`).

use super::container::MEMORY_LIMIT;
use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::{PodFacts, WorkloadFacts};
use crate::telemetry::page::{Labels, Page};

const fn of_pod(
    name: &'static str,
    kind: SeriesKind,
    help: &'static str,
    write: fn(&PodFacts<'_>, &mut Page<'_>),
) -> Family {
    Family { name, kind, help, exporter: Exporter::KubePod(write) }
}

const fn of_workload(
    name: &'static str,
    help: &'static str,
    write: fn(&WorkloadFacts<'_>, &mut Page<'_>),
) -> Family {
    Family { name, kind: SeriesKind::Gauge, help, exporter: Exporter::KubeWorkload(write) }
}

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[
    of_pod("kube_pod_info", SeriesKind::Gauge, "1 for every pod that exists", info),
    of_pod("kube_pod_status_phase", SeriesKind::Gauge, "1 for the phase the pod is in", phase),
    of_pod("kube_pod_status_ready", SeriesKind::Gauge, "1 for the condition that holds", ready),
    of_pod(
        "kube_pod_container_status_ready",
        SeriesKind::Gauge,
        "1 while the container's readiness check passes",
        container_ready,
    ),
    of_pod(
        "kube_pod_container_status_restarts_total",
        SeriesKind::Counter,
        "restarts of the container",
        restarts,
    ),
    of_pod(
        "kube_pod_container_status_waiting_reason",
        SeriesKind::Gauge,
        "1 for the reason the container waits for",
        waiting,
    ),
    of_pod(
        "kube_pod_container_resource_limits",
        SeriesKind::Gauge,
        "limits of the container: cores of CPU, bytes of memory",
        limits,
    ),
    of_workload("kube_deployment_spec_replicas", "desired pods", |f, page| {
        gauge(f, page, "kube_deployment_spec_replicas", f.desired);
    }),
    of_workload("kube_deployment_status_replicas", "pods of the Deployment", |f, page| {
        gauge(f, page, "kube_deployment_status_replicas", f.replicas);
    }),
    of_workload("kube_deployment_status_replicas_ready", "ready pods", |f, page| {
        gauge(f, page, "kube_deployment_status_replicas_ready", f.ready);
    }),
    of_workload("kube_deployment_status_replicas_available", "available pods", |f, page| {
        gauge(f, page, "kube_deployment_status_replicas_available", f.available);
    }),
    of_workload("kube_deployment_status_replicas_unavailable", "missing pods", |f, page| {
        let missing = f.desired.max(f.replicas).saturating_sub(f.available);
        gauge(f, page, "kube_deployment_status_replicas_unavailable", missing);
    }),
    of_workload(
        "kube_deployment_status_replicas_updated",
        "pods of the new template",
        |f, page| {
            gauge(f, page, "kube_deployment_status_replicas_updated", f.updated);
        },
    ),
];

fn gauge(facts: &WorkloadFacts<'_>, page: &mut Page<'_>, name: &str, value: u32) {
    page.cell(name, true, f64::from(value), || {
        let namespace = facts.names.namespace.clone();
        vec![("namespace", namespace), ("deployment", facts.workload.to_string())]
    });
}

fn labels(facts: &PodFacts<'_>) -> Labels {
    vec![("namespace", facts.names.namespace.clone()), ("pod", facts.pod.pod.clone())]
}

fn with(facts: &PodFacts<'_>, name: &'static str, value: &str) -> Labels {
    let mut labels = labels(facts);
    labels.push((name, value.to_string()));
    labels
}

fn info(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    page.cell("kube_pod_info", true, 1.0, || {
        let mut labels = with(facts, "created_by_kind", "ReplicaSet");
        labels.push(("created_by_name", format!("{}-{}", facts.pod.workload, facts.pod.hash)));
        labels.push(("pod_ip", facts.pod.address.clone()));
        labels
    });
}

fn phase(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
        let holds = f64::from(u8::from(facts.phase == phase));
        page.cell("kube_pod_status_phase", true, holds, || with(facts, "phase", phase));
    }
}

fn ready(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for (condition, holds) in [("true", facts.ready), ("false", !facts.ready), ("unknown", false)] {
        let value = f64::from(u8::from(holds));
        page.cell("kube_pod_status_ready", true, value, || with(facts, "condition", condition));
    }
}

fn container_ready(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let value = f64::from(u8::from(facts.ready));
    page.cell("kube_pod_container_status_ready", true, value, || {
        with(facts, "container", &facts.names.service)
    });
}

fn restarts(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    let count = f64::from(facts.restarts);
    page.cell("kube_pod_container_status_restarts_total", true, count, || {
        with(facts, "container", &facts.names.service)
    });
}

fn waiting(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    page.cell("kube_pod_container_status_waiting_reason", facts.backing_off, 1.0, || {
        let mut labels = with(facts, "container", &facts.names.service);
        labels.push(("reason", "CrashLoopBackOff".to_string()));
        labels
    });
}

fn limits(facts: &PodFacts<'_>, page: &mut Page<'_>) {
    for (resource, unit, value) in
        [("cpu", "core", facts.cpu_limit), ("memory", "byte", MEMORY_LIMIT)]
    {
        page.cell("kube_pod_container_resource_limits", true, value, || {
            let mut labels = with(facts, "container", &facts.names.service);
            labels.extend([("resource", resource.to_string()), ("unit", unit.to_string())]);
            labels
        });
    }
}

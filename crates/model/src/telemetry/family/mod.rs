//! The metric families that the world exports, one file per exporter.
//!
//! A family says which target shows it and writes its cells from facts. Only families that a
//! check, a query or an export names are sampled. Names and labels are those of the real exporters,
//! so that published queries find them. Adding a family: one entry in the list of its file.

use super::facts::{BackendFacts, EdgeFacts, PodFacts, WorkloadFacts};
use super::page::{Labels, Page};

pub mod apisix;
pub mod application;
pub mod container;
pub mod edge;
pub mod envoy;
pub mod ingress_nginx;
pub mod istio;
pub mod kube_state;
pub mod linkerd;
pub mod osm;
pub mod skipper;
pub mod traefik;

/// Type of a family, as `# TYPE` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Rises, and falls to zero at restarts.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Classic histogram: `_bucket`, `_sum`, `_count`.
    Histogram,
}

impl SeriesKind {
    /// The word behind `# TYPE`.
    pub fn word(self) -> &'static str {
        match self {
            SeriesKind::Counter => "counter",
            SeriesKind::Gauge => "gauge",
            SeriesKind::Histogram => "histogram",
        }
    }
}

/// Who shows a family, and how its cells are written.
#[derive(Clone, Copy)]
pub enum Exporter {
    /// The process of a pod.
    App(fn(&PodFacts<'_>, &mut Page<'_>)),
    /// The sidecar of a pod: it outlives restarts of the process.
    Sidecar(fn(&PodFacts<'_>, &mut Page<'_>)),
    /// The kubelet of a node, about the pods on it.
    Kubelet(fn(&PodFacts<'_>, &mut Page<'_>)),
    /// kube-state-metrics, about pods.
    KubePod(fn(&PodFacts<'_>, &mut Page<'_>)),
    /// kube-state-metrics, about Deployments.
    KubeWorkload(fn(&WorkloadFacts<'_>, &mut Page<'_>)),
    /// The ingress or its proxy, about a backend, version by version.
    Backend(fn(&BackendFacts<'_>, &mut Page<'_>)),
    /// The ingress or its proxy, about a backend as a whole: it knows no versions.
    Upstream(fn(&BackendFacts<'_>, &mut Page<'_>)),
    /// The ingress, about its clients.
    Edge(fn(&EdgeFacts<'_>, &mut Page<'_>)),
}

/// A metric family.
pub struct Family {
    /// Name of its samples; histograms add `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: SeriesKind,
    /// What it is, for `# HELP` and the reference.
    pub help: &'static str,
    /// Who shows it.
    pub exporter: Exporter,
}

/// All families, exporter by exporter.
pub const FAMILIES: &[&[Family]] = &[
    application::FAMILIES,
    container::FAMILIES,
    kube_state::FAMILIES,
    istio::FAMILIES,
    ingress_nginx::FAMILIES,
    linkerd::FAMILIES,
    envoy::FAMILIES,
    skipper::FAMILIES,
    traefik::FAMILIES,
    apisix::FAMILIES,
    osm::FAMILIES,
    edge::FAMILIES,
];

impl Family {
    /// Names of its samples.
    pub fn samples(&self) -> Vec<String> {
        match self.kind {
            SeriesKind::Histogram => {
                ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", self.name)).to_vec()
            }
            _ => vec![self.name.to_string()],
        }
    }
}

/// The labels by which a proxy calls a backend: those it has been given, or its usual ones.
pub fn upstream(facts: &BackendFacts<'_>, usual: impl FnOnce(&str) -> Labels) -> Labels {
    match &facts.names.upstreams[facts.pool] {
        given if !given.is_empty() => given.clone(),
        _ => usual(&facts.names.backends[facts.pool]),
    }
}

/// All families.
pub fn all() -> impl Iterator<Item = &'static Family> {
    FAMILIES.iter().copied().flatten()
}

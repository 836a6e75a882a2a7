//! The kinds of manifests that are read, one file each.
//!
//! A kind's `read` function yields its settings, all problems, and a note for every field; run
//! without a manifest it yields the documentation. Adding a kind: one file, one line in [`KINDS`],
//! one arm in [`Body`].

use super::fields::Fields;
use super::note::Spot;
use crate::base::node::Node;
use crate::scenario::tree;
use std::sync::Arc;

pub mod alert_provider;
pub mod analysis_template;
pub mod autoscaler;
pub mod beside;
pub mod canary;
pub mod canary_config;
pub mod deployment;
pub mod destination_rule;
pub mod disruption_budget;
pub mod http_route;
pub mod metadata;
pub mod metric_template;
pub mod pod;
pub mod rollout;
pub mod service;
pub mod traffic_policy;
pub mod virtual_service;

/// All kinds, in the order of the documentation.
pub const KINDS: &[KindPart] = &[
    deployment::KIND,
    service::KIND,
    virtual_service::KIND,
    destination_rule::KIND,
    canary::KIND,
    metric_template::KIND,
    alert_provider::KIND,
    rollout::KIND,
    analysis_template::KIND,
    analysis_template::CLUSTER_KIND,
    canary_config::KIND,
    beside::EXPERIMENT,
    beside::ANALYSIS_RUN,
    http_route::KIND,
    http_route::GRPC,
    autoscaler::KIND,
    disruption_budget::KIND,
];

/// A kind of manifest.
pub struct KindPart {
    /// Its name.
    pub kind: &'static str,
    /// The group of its API; empty for the core.
    pub group: &'static str,
    /// Versions of the group that are read.
    pub versions: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
    /// The version of windtunnel that first read it.
    pub since: &'static str,
    /// Where the meaning of its fields was read.
    pub source: &'static str,
    /// Reads a document of this kind.
    pub read: fn(&mut Fields<'_>) -> (metadata::Metadata, Body),
}

/// The settings of an object, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A Deployment.
    Deployment(Box<deployment::Deployment>),
    /// A Service.
    Service(Box<service::Service>),
    /// Istio's routes.
    VirtualService(Box<virtual_service::VirtualService>),
    /// Istio's subsets and balancer.
    DestinationRule(Box<destination_rule::DestinationRule>),
    /// Flagger's release of a Deployment.
    Canary(Box<canary::Canary>),
    /// A query that Canaries refer to.
    MetricTemplate(Box<metric_template::MetricTemplate>),
    /// Where Flagger's alerts go.
    AlertProvider,
    /// Argo's pods and analyses beside what is released.
    Beside,
    /// Argo's workload with its strategy.
    Rollout(Box<rollout::Rollout>),
    /// The Gateway API's routes.
    HttpRoute(Box<virtual_service::VirtualService>),
    /// An autoscaler.
    Autoscaler(Box<autoscaler::Autoscaler>),
    /// A limit of evictions.
    DisruptionBudget(Box<disruption_budget::DisruptionBudget>),
    /// Metrics that Rollouts refer to.
    AnalysisTemplate(Box<analysis_template::AnalysisTemplate>),
    /// What Kayenta judges.
    CanaryConfig(Box<canary_config::CanaryConfig>),
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: &'static str,
    /// Name and namespace.
    pub metadata: metadata::Metadata,
    /// The file it stands in.
    pub file: Arc<str>,
    /// The document, for places.
    pub node: Arc<Node>,
    /// Its settings.
    pub body: Body,
}

impl Object {
    /// `Deployment/storefront`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind, self.metadata.name)
    }

    /// Where `path` stands, or as much of it as there is.
    pub fn spot(&self, path: &str) -> Spot {
        Spot { file: Arc::clone(&self.file), place: tree::place(&self.node, path) }
    }

    /// May the two know each other: no two different namespaces?
    pub fn is_near(&self, other: &Object) -> bool {
        match (&self.metadata.namespace, &other.metadata.namespace) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

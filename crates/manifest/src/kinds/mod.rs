//! The kinds of manifests that are read, one file each.
//!
//! A kind's `read` function yields its settings, all problems, and a note for every field; run
//! without a manifest it yields the documentation. Adding a kind: one file, one line in [`KINDS`],
//! one arm in [`Body`].

use super::fields::{Fields, describe, elsewhere};
use super::note::SourcePlace;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use windtunnel_base::node::Node;
use windtunnel_scenario::tree;

pub mod alb;
pub mod alert_provider;
pub mod analysis_template;
pub mod autoscaler;
pub mod beside;
pub mod canary;
pub mod canary_config;
pub mod deployment;
pub mod destination_rule;
pub mod disruption_budget;
pub mod http_proxy;
pub mod http_route;
pub mod ingress;
pub mod metadata;
pub mod metric_template;
pub mod namespace;
pub mod nginx;
pub mod node;
pub mod placing;
pub mod pod;
pub mod rollout;
pub mod scaled_object;
pub mod service;
pub mod target_group;
pub mod traefik;
pub mod traffic_policy;
pub mod traffic_split;
pub mod virtual_service;
pub mod volume_claim;

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
    ingress::KIND,
    ingress::OLD,
    traffic_split::KIND,
    traefik::KIND,
    traefik::OLD,
    traefik::ROUTE,
    traefik::OLD_ROUTE,
    http_proxy::KIND,
    autoscaler::KIND,
    scaled_object::KIND,
    disruption_budget::KIND,
    volume_claim::KIND,
    node::KIND,
    namespace::KIND,
    target_group::KIND,
];

/// The path of every field of a kind.
pub fn paths_of(kind: &str) -> Option<&'static BTreeSet<String>> {
    static PATHS: OnceLock<BTreeMap<&str, BTreeSet<String>>> = OnceLock::new();
    let of = |part: &KindPart| (part.kind, elsewhere::paths(&describe(part.read)));
    PATHS.get_or_init(|| KINDS.iter().map(of).collect()).get(kind)
}

/// A kind of manifest.
pub struct KindPart {
    /// The kind as it is written: `Deployment`.
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
    /// What users reach from outside.
    Ingress(Box<ingress::Ingress>),
    /// Routes of other routers: TrafficSplit, TraefikService, IngressRoute, HTTPProxy.
    Router(Box<virtual_service::VirtualService>),
    /// An autoscaler: Kubernetes' own, or KEDA's.
    Autoscaler(Box<autoscaler::Autoscaler>),
    /// A limit of evictions.
    DisruptionBudget(Box<disruption_budget::DisruptionBudget>),
    /// Metrics that Rollouts refer to.
    AnalysisTemplate(Box<analysis_template::AnalysisTemplate>),
    /// Who may have a volume.
    VolumeClaim(volume_claim::Access),
    /// A node.
    Node(Box<node::Node>),
    /// A namespace: does somebody put readiness gates into its pods?
    Namespace(bool),
    /// Pods of a Service as targets of a load balancer of AWS.
    TargetGroup(Box<target_group::TargetGroup>),
    /// What Kayenta judges.
    CanaryConfig(Box<canary_config::CanaryConfig>),
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The kind as it is written: `Deployment`.
    pub kind: &'static str,
    /// Name and namespace.
    pub metadata: metadata::Metadata,
    /// The file it stands in.
    pub file: Arc<str>,
    /// The document, for places.
    pub node: Arc<Node>,
    /// What was read of the object, by its kind.
    pub body: Body,
}

impl Object {
    /// `Deployment/storefront`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind, self.metadata.name)
    }

    /// Where `path` stands, or as much of it as there is. The name of an annotation has dots of its
    /// own.
    pub fn written_at(&self, path: &str) -> SourcePlace {
        if let Some(name) = path.strip_prefix("metadata.annotations.")
            && let Some(node) = self.node.at("metadata.annotations").and_then(|a| a.get(name))
        {
            return SourcePlace { file: Arc::clone(&self.file), place: node.place };
        }
        SourcePlace { file: Arc::clone(&self.file), place: tree::place(&self.node, path) }
    }

    /// The template of its pods, if it runs any.
    pub fn template(&self) -> Option<&pod::PodTemplate> {
        match &self.body {
            Body::Deployment(body) => body.template.as_ref(),
            Body::Rollout(body) => body.template.as_ref(),
            _ => None,
        }
    }

    /// May the two know each other: no two different namespaces?
    pub fn is_near(&self, other: &Object) -> bool {
        match (&self.metadata.namespace, &other.metadata.namespace) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

//! Routers whose weights a flown controller writes: Argo's and Flagger's own settings name them.
//!
//! Sources: argoproj/argo-rollouts pkg/apis/rollouts/v1alpha1/types.go (`RolloutTrafficRouting`)
//! and the README files of its plugins; fluxcd/flagger pkg/apis/flagger/v1beta1/canary.go
//! (`CanarySpec`). Kinds that are read are no matter here: their weights are looked at where they
//! are flown.

use super::Stranger;
use super::kinds;
use crate::kinds::{Body, Object};
use std::collections::BTreeMap;
use windtunnel_base::node::{Node, Value};

/// Fields of a Rollout's `trafficRouting` that name routers, and the kind of those.
const ROUTING: [(&str, &str); 11] = [
    ("ambassador.mappings", "Mapping"),
    ("apisix.route.name", "ApisixRoute"),
    ("appMesh.virtualService.name", APP_MESH),
    ("appMesh.virtualNodeGroup.canaryVirtualNodeRef.name", "VirtualNode"),
    ("appMesh.virtualNodeGroup.stableVirtualNodeRef.name", "VirtualNode"),
    ("plugins.argoproj-labs/gatewayAPI.tcpRoute", "TCPRoute"),
    ("plugins.argoproj-labs/gatewayAPI.tcpRoutes", "TCPRoute"),
    ("plugins.argoproj-labs/gatewayAPI.tlsRoute", "TLSRoute"),
    ("plugins.argoproj-labs/gatewayAPI.tlsRoutes", "TLSRoute"),
    ("plugins.argoproj-labs/openshift.routes", "Route"),
    ("plugins.solo-io/glooplatform.routeTableSelector.name", "RouteTable"),
];

/// The kind that leads App Mesh' users to a VirtualRouter, which has the weights.
const APP_MESH: &str = "VirtualService.appmesh.k8s.aws";

/// Fields of a Canary that refer to a router, and the kind of one that says none.
const REFERENCES: [(&str, &str); 3] =
    [("ingressRef", "Ingress"), ("routeRef", "ApisixRoute"), ("upstreamRef", "Upstream")];

/// A namespace, if given, and the title of the controller in it.
type Leader = (Option<String>, String);

/// Who leads which router.
#[derive(Debug, Default)]
pub struct Led {
    /// By kind and name of the router: its namespace, if given, and the title of its controller.
    by: BTreeMap<(String, String), Vec<Leader>>,
}

impl Led {
    /// Takes in what a flown object leads.
    pub fn add(&mut self, object: &Object) {
        match &object.body {
            Body::Canary(_) => {
                for (field, usual) in REFERENCES {
                    let Some(found) = object.node.at(&format!("spec.{field}")) else { continue };
                    let of = |name: &str| found.get(name).and_then(Node::text);
                    let version = of("apiVersion").unwrap_or_default();
                    let group = version.split_once('/').map_or("", |(group, _)| group);
                    let kind = kinds::title(of("kind").unwrap_or(usual), group);
                    self.put(object, &kind, of("name"));
                }
            }
            Body::Rollout(_) => {
                let routing = object.node.at("spec.strategy.canary.trafficRouting");
                for (field, kind) in ROUTING {
                    let found = routing.and_then(|routing| routing.at(field));
                    for name in found.map(names).unwrap_or_default() {
                        self.put(object, kind, Some(name));
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, leader: &Object, kind: &str, name: Option<&str>) {
        let Some(name) = name else { return };
        let entry = self.by.entry((kind.to_string(), name.to_string())).or_default();
        entry.push((leader.metadata.namespace.clone(), leader.title()));
    }

    /// Takes in the VirtualRouters of led VirtualServices of App Mesh: Argo writes the weights of
    /// their routes (rollout/trafficrouting/appmesh/appmesh.go, `reconcileVirtualRouter`).
    pub fn behind(&mut self, strangers: &[Stranger]) {
        for stranger in strangers.iter().filter(|s| s.kind == APP_MESH) {
            let Some(leader) = self.of(stranger).map(str::to_string) else { continue };
            let router = stranger.node.at("spec.provider.virtualRouter.virtualRouterRef.name");
            let Some(name) = router.and_then(Node::text) else { continue };
            let entry = self.by.entry(("VirtualRouter".into(), name.into())).or_default();
            entry.push((stranger.space().map(str::to_string), leader));
        }
    }

    /// Who leads a document that is not flown.
    pub fn of(&self, stranger: &Stranger) -> Option<&str> {
        let key = (stranger.kind.clone(), stranger.name().to_string());
        let near = |space: &Option<String>| match (space.as_deref(), stranger.space()) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        let mut leaders = self.by.get(&key)?.iter();
        leaders.find(|(space, _)| near(space)).map(|(_, title)| title.as_str())
    }
}

/// A name, names, or mappings with one each.
fn names(node: &Node) -> Vec<&str> {
    match &node.value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().flat_map(names).collect(),
        Value::Map(_) => node.get("name").and_then(Node::text).into_iter().collect(),
        _ => Vec::new(),
    }
}

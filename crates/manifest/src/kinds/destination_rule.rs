//! `DestinationRule` (Istio): the subsets of a host, and how a proxy treats its pods (see
//! [`traffic_policy`]).

use super::traffic_policy::{self, TrafficPolicy};
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};

/// `DestinationRule` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "DestinationRule",
    group: "networking.istio.io",
    versions: &["v1alpha3", "v1beta1", "v1"],
    summary: "subsets of a host, its balancer, and when pods are ejected",
    since: "0.2.0",
    source: "istio/api networking/v1alpha3/destination_rule.proto",
    read,
};

/// A DestinationRule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DestinationRule {
    /// The host it is about.
    pub host: String,
    /// Its subsets: names and labels.
    pub subsets: Vec<Subset>,
    /// How a proxy treats the pods.
    pub policy: TrafficPolicy,
}

/// A subset of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subset {
    /// Name of the subset, by which routes refer to it.
    pub name: String,
    /// Labels of its pods.
    pub labels: Labels,
    /// How a proxy treats them, where it differs.
    pub policy: Option<TrafficPolicy>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let rule = f.object("spec", spec).unwrap_or_default();
    (metadata, Body::DestinationRule(Box::new(rule)))
}

fn spec(f: &mut Fields<'_>) -> DestinationRule {
    let host = f.opt_text("host", "the service whose pods it divides and treats");
    f.missing("host", "the name of the service");
    let subsets = f.list("subsets", |f| {
        let subset = Subset {
            name: f.opt_text("name", "a name that routes may use").unwrap_or_default(),
            labels: f.labels("labels", "pods of this subset: a version").unwrap_or_default(),
            policy: f.object("trafficPolicy", traffic_policy::read),
        };
        f.missing("name", "subsets are named by routes");
        subset
    });
    let policy = f.object("trafficPolicy", traffic_policy::read).unwrap_or_default();
    f.no_effect(&["exportTo", "workloadSelector"], "no effect: there is one kind of client");
    DestinationRule { host: host.unwrap_or_default(), subsets, policy }
}

//! `PodDisruptionBudget` (policy/v1): how many pods a drain may evict. Rollouts are not limited.

use super::pod::{self, Selector};
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};

/// `PodDisruptionBudget` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "PodDisruptionBudget",
    group: "policy",
    versions: &["v1beta1", "v1"],
    summary: "how many pods a node's drain may evict (spec.service.disruptionBudget); rollouts \
        ignore it",
    since: "0.2.0",
    source: "kubernetes/api policy/v1/types.go, k/k pkg/controller/disruption",
    read,
};

/// A budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisruptionBudget {
    /// Whose pods.
    pub selector: Option<Selector>,
    /// `minAvailable`, as written.
    pub min_available: Option<String>,
    /// `maxUnavailable`, as written.
    pub max_unavailable: Option<String>,
    /// `unhealthyPodEvictionPolicy: AlwaysAllow`?
    pub always_unhealthy: bool,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let found = f.object("spec", |f| {
        let selector = pod::selector(f, "selector");
        if f.has("minAvailable") && f.has("maxUnavailable") {
            let help = "the API server refuses both";
            f.problem("maxUnavailable", "given beside minAvailable", "one of the two", help);
        }
        let least = "pods that must stay when a node is drained";
        let most = "pods that may be missing when a node is drained";
        let policy = "AlwaysAllow: pods that are not ready go whatever the budget says";
        let words = ["IfHealthyBudget", "AlwaysAllow"];
        let policy = f.opt_choice("unhealthyPodEvictionPolicy", &words, policy);
        DisruptionBudget {
            selector,
            min_available: f.int_or_percent("minAvailable", least),
            max_unavailable: f.int_or_percent("maxUnavailable", most),
            always_unhealthy: policy == Some(1),
        }
    });
    (metadata, Body::DisruptionBudget(Box::new(found.unwrap_or_default())))
}

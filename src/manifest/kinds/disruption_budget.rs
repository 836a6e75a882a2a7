//! `PodDisruptionBudget` (policy/v1): limits evictions, and no rollout. Nobody evicts pods in a
//! flight yet, so nothing waits for it.

use super::pod::{self, Selector};
use super::{Body, KindPart, metadata};
use crate::manifest::fields::Fields;

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "PodDisruptionBudget",
    group: "policy",
    versions: &["v1beta1", "v1"],
    summary: "limits evictions and drains; rollouts ignore it, and so does a flight",
    since: "0.2.0",
    source: "kubernetes/api policy/v1/types.go, k/k pkg/controller/disruption",
    read,
};

/// A budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisruptionBudget {
    /// Whose pods.
    pub selector: Option<Selector>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let found = f.object("spec", |f| {
        let selector = pod::selector(f, "selector");
        if f.has("minAvailable") && f.has("maxUnavailable") {
            let help = "the API server refuses both";
            f.problem("maxUnavailable", "given beside minAvailable", "one of the two", help);
        }
        let why = "rollouts are not limited by budgets, and nobody drains nodes in a flight";
        f.no_effect(&["minAvailable", "maxUnavailable", "unhealthyPodEvictionPolicy"], why);
        DisruptionBudget { selector }
    });
    (metadata, Body::DisruptionBudget(Box::new(found.unwrap_or_default())))
}

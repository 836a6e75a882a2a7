//! `HorizontalPodAutoscaler` (autoscaling/v2): read for what Flagger takes from it. Its own loop
//! does not act on a flight yet.

use super::{Body, KindPart, metadata};
use crate::manifest::fields::Fields;

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "HorizontalPodAutoscaler",
    group: "autoscaling",
    versions: &["v1", "v2beta2", "v2"],
    summary: "limits that Flagger's canary starts from; its own loop does not act on a flight yet",
    since: "0.2.0",
    source: "kubernetes/api autoscaling/v2/types.go, k/k pkg/controller/podautoscaler",
    read,
};

/// An autoscaler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autoscaler {
    /// Name of its target.
    pub target: String,
    /// Fewest pods.
    pub min: Option<u64>,
}

const NOT_YET: &str = "the fleet keeps its size: no autoscaler acts on a flight yet";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let found = f.object("spec", |f| {
        let target = f.object("scaleTargetRef", |f| {
            f.text("apiVersion", "the version of the kind's API");
            f.text("kind", "what is scaled");
            f.missing("name", "the name of what is scaled");
            f.text("name", "what is scaled")
        });
        f.missing("scaleTargetRef", "what is scaled");
        let min = f.count("minReplicas", 0..=5000, "the size at which Flagger's canary starts");
        let most = f.child("maxReplicas").and_then(|n| match n.value {
            crate::base::node::Value::Integer(most) => u64::try_from(most).ok(),
            _ => None,
        });
        f.not_flown(&["maxReplicas", "metrics", "behavior"], NOT_YET);
        f.not_flown(&["targetCPUUtilizationPercentage"], NOT_YET);
        if let (Some(min), Some(most)) = (min, most)
            && min > most
        {
            f.problem("minReplicas", format!("{min} is above maxReplicas"), "at most that", "");
        }
        Autoscaler { target: target.flatten().unwrap_or_default(), min }
    });
    (metadata, Body::Autoscaler(Box::new(found.unwrap_or_default())))
}

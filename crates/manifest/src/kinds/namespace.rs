//! `Namespace` (v1): whether pods that are made in it get a readiness gate.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};

/// `Namespace` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Namespace",
    group: "",
    versions: &["v1"],
    summary: "where pods get a readiness gate of their load balancer: \
        spec.service.balancer.registration.gate",
    since: "0.5.0",
    source: "kubernetes-sigs/aws-load-balancer-controller docs/deploy/pod_readiness_gate.md",
    read,
};

/// The label by which the controller puts gates into pods.
pub const INJECT: &str = "elbv2.k8s.aws/pod-readiness-gate-inject";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, labels) = metadata::with(f, |f| {
        f.bookkeeping(&["annotations"], metadata::TOOLS);
        f.labels("labels", "elbv2.k8s.aws/pod-readiness-gate-inject: enabled puts gates into pods")
    });
    f.bookkeeping(&["spec"], "of the namespace itself: no effect");
    let labels = labels.flatten().unwrap_or_default();
    let injects = labels.iter().any(|(key, value)| key == INJECT && value == "enabled");
    (metadata, Body::Namespace(injects))
}

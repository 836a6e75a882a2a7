//! `TargetGroupBinding` (elbv2.k8s.aws): pods of a Service as targets of a target group that
//! somebody else has made.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};
use crate::scalars;

/// `TargetGroupBinding` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "TargetGroupBinding",
    group: "elbv2.k8s.aws",
    versions: &["v1alpha1", "v1beta1"],
    summary: "pods of a Service as targets of a load balancer: spec.service.balancer.registration",
    since: "0.5.0",
    source: "kubernetes-sigs/aws-load-balancer-controller \
        apis/elbv2/v1beta1/targetgroupbinding_types.go",
    read,
};

/// Whose pods are targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// The Service.
    pub service: String,
    /// Pods (`ip`) or nodes (`instance`), if it is said.
    pub by_pod: Option<bool>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let found = f.object("spec", |f| {
        let service = f.object("serviceRef", |f| {
            f.opt_scalar("port", "port", "where the Service listens", scalars::port);
            f.opt_text("name", "the Service whose pods are targets")
        });
        f.missing("serviceRef", "the Service whose pods are targets");
        let kinds =
            "ip: pods are targets; instance: nodes are; left out: as the target group has it";
        let kind = f.opt_choice("targetType", &["instance", "ip"], kinds);
        f.no_effect(
            &[
                "targetGroupARN",
                "targetGroupName",
                "targetGroupProtocol",
                "networking",
                "nodeSelector",
                "ipAddressType",
                "vpcID",
                "iamRoleArnToAssume",
                "assumeRoleExternalId",
                "multiClusterTargetGroup",
            ],
            "no effect on when a target is healthy",
        );
        TargetGroup {
            service: service.flatten().unwrap_or_default(),
            by_pod: kind.map(|kind| kind == 1),
        }
    });
    (metadata, Body::TargetGroup(Box::new(found.unwrap_or_default())))
}

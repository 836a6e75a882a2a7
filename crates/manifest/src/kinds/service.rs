//! `Service` (v1): who is behind a name. Its selector is the switch of a blue-green release.

use super::alb::{self, Alb, number};
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};
use crate::scalars;

/// `Service` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Service",
    group: "",
    versions: &["v1"],
    summary: "who is behind a name; with two Deployments its selector is the blue-green switch",
    since: "0.2.0",
    source: "kubernetes/api core/v1/types.go, k/k pkg/proxy",
    read,
};

/// A Service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Labels of the pods behind it.
    pub selector: Option<Labels>,
    /// `sessionAffinity: ClientIP`?
    pub sticky: bool,
    /// Numbers of its ports; empty if none is written.
    pub ports: Vec<u64>,
    /// What an ALB in front of it is told.
    pub alb: Alb,
    /// Checks of a Network Load Balancer whose targets are pods: seconds between them, and how many
    /// a new target passes.
    pub nlb: Option<[u64; 2]>,
    /// Seconds for which a client that is silent keeps its pod, if given.
    pub sticky_secs: Option<u64>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, alb) = metadata::with(f, |f| {
        f.bookkeeping(&["labels"], metadata::TOOLS);
        f.object("annotations", |f| {
            let alb = alb::read(f);
            let nlb = nlb(f);
            f.free_unless(&[], "", metadata::TOOLS);
            (alb, nlb)
        })
    });
    let (alb, nlb) = alb.flatten().unwrap_or_default();
    let service = f.object("spec", spec).unwrap_or_default();
    (metadata, Body::Service(Box::new(Service { alb, nlb, ..service })))
}

fn spec(f: &mut Fields<'_>) -> Service {
    let selector = f.labels("selector", "pods with these labels are behind the name");
    let ports = f.list("ports", |f| {
        let port = f.opt_scalar("port", "port", "where users connect", scalars::port);
        f.opt_scalar("targetPort", "port", "where the process listens", scalars::port);
        f.opt_text("name", "its name");
        f.no_effect(&["protocol", "nodePort", "appProtocol"], "every request is an HTTP request");
        port
    });
    let affinity = f.opt_choice(
        "sessionAffinity",
        &["None", "ClientIP"],
        "ClientIP: a user stays with a pod as long as it is there (policy: sticky); each user has \
         an address of one's own",
    );
    if affinity != Some(1) && f.has("sessionAffinityConfig") {
        let help = "the API server refuses such a Service";
        let expected = "sessionAffinity: ClientIP, or nothing";
        let found = "must not be set when session affinity is None";
        f.problem("sessionAffinityConfig", found, expected, help);
    }
    let sticky_secs = f.object("sessionAffinityConfig", |f| {
        let kept = "a silent user's pod is forgotten after this: spec.service.balancer.stickyFor";
        let secs = f.object("clientIP", |f| f.opt_count("timeoutSeconds", 1..=86_400, kept));
        secs.flatten()
    });
    f.not_flown(
        &["publishNotReadyAddresses"],
        "pods get requests only while ready; this would send them before and after",
    );
    f.not_flown(
        &["internalTrafficPolicy", "externalTrafficPolicy", "trafficDistribution"],
        "every pod is as near as any other",
    );
    f.no_effect(
        &[
            "type",
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "loadBalancerIP",
            "loadBalancerClass",
            "loadBalancerSourceRanges",
            "externalIPs",
            "healthCheckNodePort",
            "allocateLoadBalancerNodePorts",
        ],
        "no effect on which pods are behind the name",
    );
    f.not_flown(&["externalName"], "an alias of another host: no pods are behind it here");
    let ports = ports.into_iter().flatten().filter_map(|p| p.parse().ok()).collect();
    let sticky_secs = sticky_secs.flatten();
    let sticky = affinity == Some(1);
    Service { selector, sticky, ports, sticky_secs, ..Service::default() }
}

/// An annotation of a Network Load Balancer.
macro_rules! own {
    ($name:literal) => {
        concat!("service.beta.kubernetes.io/aws-load-balancer-", $name)
    };
}

/// A Network Load Balancer whose targets are pods: seconds between its checks, and how many a new
/// target passes (aws-load-balancer-controller `docs/guide/service/annotations.md`).
fn nlb(f: &mut Fields<'_>) -> Option<[u64; 2]> {
    let kind = "nlb-ip: pods are targets (spec.service.balancer.registration)";
    let kind = f.opt_text(own!("type"), kind);
    let target = "ip: pods are targets (spec.service.balancer.registration)";
    let target = f.opt_text(own!("nlb-target-type"), target);
    let interval = "seconds between health checks: spec.service.balancer.registration.after";
    let interval = f.opt_scalar(own!("healthcheck-interval"), "number in quotes", interval, number);
    let passes = "checks that a new target passes: spec.service.balancer.registration.after";
    let name = own!("healthcheck-healthy-threshold");
    let threshold = f.opt_scalar(name, "number in quotes", passes, number);
    let by_pod = kind.as_deref() == Some("nlb-ip") || target.as_deref() == Some("ip");
    by_pod.then(|| [interval.unwrap_or(10), threshold.unwrap_or(3)])
}

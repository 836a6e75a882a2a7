//! `DestinationRule` (Istio): the subsets of a host, and how a proxy treats its pods.

use super::{Body, KindPart, metadata};
use crate::manifest::fields::{Fields, Labels};

/// The kind.
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
    /// How a pod is chosen, in the words of `spec.service.balancer.policy`.
    pub policy: Option<&'static str>,
}

/// A subset of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// Labels of its pods.
    pub labels: Labels,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let rule = f.object("spec", spec).unwrap_or_default();
    (metadata, Body::DestinationRule(Box::new(rule)))
}

fn spec(f: &mut Fields<'_>) -> DestinationRule {
    let host = f.text("host", "the service whose pods it divides and treats");
    f.missing("host", "the name of the service");
    let subsets = f.list("subsets", |f| {
        let subset = Subset {
            name: f.text("name", "a name that routes may use").unwrap_or_default(),
            labels: f.labels("labels", "pods of this subset: a version").unwrap_or_default(),
        };
        f.missing("name", "subsets are named by routes");
        let own = "a balancer of one version's own; both versions get the rule's";
        f.not_flown(&["trafficPolicy"], own);
        subset
    });
    let policy = f.object("trafficPolicy", traffic_policy).flatten();
    f.no_effect(&["exportTo", "workloadSelector"], "no effect: there is one kind of client");
    DestinationRule { host: host.unwrap_or_default(), subsets, policy }
}

fn traffic_policy(f: &mut Fields<'_>) -> Option<&'static str> {
    let policy = f.object("loadBalancer", load_balancer).flatten();
    let limits = "only the queue of a pod limits what waits: spec.service.queue";
    f.not_flown(&["connectionPool"], limits);
    f.not_flown(&["outlierDetection"], "pods are not ejected for errors yet: figures are too high");
    f.not_flown(&["portLevelSettings"], "one balancer serves every port");
    f.no_effect(&["tls", "tunnel", "proxyProtocol"], "no effect on which pod gets a request");
    f.not_flown(&["retryBudget"], "retries are not limited by a budget");
    policy
}

fn load_balancer(f: &mut Fields<'_>) -> Option<&'static str> {
    let words =
        ["LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "LEAST_CONN", "PASSTHROUGH", "UNSPECIFIED"];
    let simple = f.word("simple", &words, "spec.service.balancer.policy");
    let hash = f.object("consistentHash", |f| {
        f.text("httpHeaderName", "a user's requests stay with a pod: policy ringHash");
        f.object("httpCookie", |f| {
            f.text("name", "a user's requests stay with a pod: policy ringHash");
            f.no_effect(&["path", "ttl", "attributes"], "a user keeps the cookie");
        });
        f.flag("useSourceIp", "a user's requests stay with a pod: policy ringHash");
        f.text("httpQueryParameterName", "a user's requests stay with a pod: policy ringHash");
        f.not_flown(&["ringHash", "maglev", "minimumRingSize"], "one ring serves all sizes");
    });
    f.not_flown(
        &["warmup", "warmupDurationSecs"],
        "new pods get their full share at once; spec.service.warmUp slows them down instead",
    );
    f.not_flown(&["localityLbSetting"], "every pod is as near as any other");
    let simple = simple.map(|word| match word {
        1 => "roundRobin",
        2 | 4 => "random",
        _ => "leastRequest",
    });
    if hash.is_some() && !f.describing() { Some("ringHash") } else { simple }
}

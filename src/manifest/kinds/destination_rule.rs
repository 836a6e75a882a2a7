//! `DestinationRule` (Istio): the subsets of a host, and how a proxy treats its pods.

use super::{Body, KindPart, metadata};
use crate::base::node::Value;
use crate::manifest::draft::{integer, mapping, percent, text};
use crate::manifest::fields::{Fields, Labels};
use crate::manifest::rule::{Setting, put};

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
    /// What else it asks of the balancer.
    pub settings: Vec<Setting>,
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
    let mut settings = Vec::new();
    let policy = f.object("trafficPolicy", |f| traffic_policy(f, &mut settings)).flatten();
    f.no_effect(&["exportTo", "workloadSelector"], "no effect: there is one kind of client");
    if f.describing() {
        settings.clear();
    }
    DestinationRule { host: host.unwrap_or_default(), subsets, policy, settings }
}

/// How requests to a host are treated: notes settings, and returns how a pod is chosen.
pub(super) fn traffic_policy(
    f: &mut Fields<'_>,
    settings: &mut Vec<Setting>,
) -> Option<&'static str> {
    let policy = f.object("loadBalancer", |f| load_balancer(f, settings)).flatten();
    if let Some(most) = f.object("connectionPool", connection_pool).flatten() {
        put(settings, "trafficPolicy.connectionPool", "maxRequests", Some(integer(most)));
    }
    let outliers = f.object("outlierDetection", outlier_detection);
    put(settings, "trafficPolicy.outlierDetection", "outlierDetection", outliers);
    f.not_flown(&["portLevelSettings"], "one balancer serves every port");
    f.no_effect(&["tls", "tunnel", "proxyProtocol"], "no effect on which pod gets a request");
    f.not_flown(&["retryBudget"], "retries are not limited by a budget");
    policy
}

/// Most requests under way: those of HTTP/2, or connections of HTTP/1.1 and what may wait for one.
fn connection_pool(f: &mut Fields<'_>) -> Option<u64> {
    let most = 1..=u64::from(u32::MAX);
    let limit = "most requests that a proxy has under way (spec.service.balancer.maxRequests)";
    let connections = f.object("tcp", |f| {
        f.no_effect(
            &["connectTimeout", "tcpKeepalive", "maxConnectionDuration", "idleTimeout"],
            TCP,
        );
        f.count("maxConnections", most.clone(), limit)
    });
    let http = f.object("http", |f| {
        let pending = "requests that may wait for one of tcp.maxConnections; more get 503";
        let pending = f.count("http1MaxPendingRequests", most.clone(), pending);
        let requests = f.count("http2MaxRequests", most.clone(), limit);
        f.no_effect(&["maxRequestsPerConnection", "idleTimeout", "h2UpgradePolicy"], TCP);
        f.no_effect(&["useClientProtocol", "maxConcurrentStreams"], TCP);
        f.not_flown(&["maxRetries"], "retries are not limited by a budget");
        (pending, requests)
    });
    let (pending, requests) = http.unwrap_or_default();
    let old = connections.flatten().zip(pending).map(|(open, wait)| open.saturating_add(wait));
    [old, requests].into_iter().flatten().min().map(|most| most.min(1_000_000))
}

const TCP: &str = "connections cost nothing here";

fn outlier_detection(f: &mut Fields<'_>) -> Value {
    let mut fields = Vec::new();
    let mut add = |name, value: Option<Value>| fields.extend(value.map(|value| (name, value)));
    let many = 0..=1_000_000;
    let errors = "failures in a row that eject a pod; left out: 5";
    add("consecutive5xxErrors", f.count("consecutive5xxErrors", many.clone(), errors).map(integer));
    let gateway = "502, 503, 504 and broken connections in a row that eject a pod; left out: never";
    let given = f.count("consecutiveGatewayErrors", many.clone(), gateway);
    let old = f.count("consecutiveErrors", many, "the older name of consecutiveGatewayErrors");
    add("consecutiveGatewayErrors", given.or(old).map(integer));
    let interval = "between looks for pods to return; left out: 10s";
    add("interval", f.duration("interval", interval).map(text));
    let base = "time of a first ejection, n times for the n-th in a row; left out: 30s";
    add("baseEjectionTime", f.duration("baseEjectionTime", base).map(text));
    let share = |percent: u64| text(format!("{percent}%"));
    let most = "share of the pods that may be ejected, one always; left out: 10";
    add("maxEjection", f.count("maxEjectionPercent", 0..=100, most).map(share));
    let least = "with fewer left, nobody is ejected; left out: 0";
    add("minHealth", f.count("minHealthPercent", 0..=100, least).map(share));
    let split = "failures to connect count as any others";
    f.not_flown(&["splitExternalLocalOriginErrors", "consecutiveLocalOriginFailures"], split);
    mapping(fields)
}

fn load_balancer(f: &mut Fields<'_>, settings: &mut Vec<Setting>) -> Option<&'static str> {
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
        let ring = "users are spread as evenly as on a ring without end";
        f.not_flown(&["ringHash", "maglev", "minimumRingSize"], ring);
    });
    let mut warm = Vec::new();
    let window = "until a new pod has its full share (spec.service.balancer.slowStart)";
    let old = f.duration("warmupDurationSecs", window);
    f.object("warmup", |f| {
        warm.extend(f.duration("duration", window).map(|t| ("window", text(t))));
        let least = "share of its full share at first; left out: 10";
        let least = f.number("minimumPercent", 0.0..=100.0, least);
        warm.extend(least.map(|p| ("minimum", percent(p))));
        f.not_flown(&["aggression"], "the share grows evenly");
    });
    if let (true, Some(old)) = (warm.is_empty(), old) {
        warm.push(("window", text(old)));
    }
    let slow = (!warm.is_empty()).then(|| mapping(warm));
    put(settings, "trafficPolicy.loadBalancer.warmup", "slowStart", slow);
    f.not_flown(&["localityLbSetting"], "every pod is as near as any other");
    let simple = simple.map(|word| match word {
        1 => "roundRobin",
        2 | 4 => "random",
        _ => "leastRequest",
    });
    if hash.is_some() && !f.describing() { Some("ringHash") } else { simple }
}

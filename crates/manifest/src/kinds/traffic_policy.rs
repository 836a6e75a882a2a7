//! `trafficPolicy` of a DestinationRule, of its subsets, of their ports, and of a Canary's service:
//! how a proxy treats the pods of a host.
//!
//! A subset's own policy replaces the host's block by block; the policy of a port replaces all of
//! its blocks, whether they are given or not (istio `pilot/pkg/networking/util/util.go`,
//! `MergeSubsetTrafficPolicy`, and `pilot/pkg/model/destination_rule.go`, `MergeTrafficPolicy`).
//! Deliberately unknown here: which subset is released, and which port users use.

use crate::draft::{integer, mapping, percent, text};
use crate::fields::{Fields, Manifest};
use windtunnel_base::node::Value;

/// A policy, or that of a port: its blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficPolicy {
    /// The blocks that are given.
    pub blocks: Vec<Block>,
    /// Policies of single ports.
    pub ports: Vec<(u64, Vec<Block>)>,
}

/// One block: `loadBalancer`, `connectionPool`, `outlierDetection` or `retryBudget`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Name of the block in the file.
    pub name: &'static str,
    /// Settings below `spec.service.balancer`.
    pub settings: Vec<(&'static str, Value)>,
}

impl TrafficPolicy {
    /// The blocks for a port, and whether they are its own.
    fn of_port(&self, port: Option<u64>) -> (&[Block], bool) {
        let own = self.ports.iter().find(|(number, _)| Some(*number) == port);
        own.map_or((&self.blocks, false), |(_, blocks)| (blocks, true))
    }

    /// What holds for a port of a subset, whose own policy may be given.
    pub fn merged(&self, subset: Option<&TrafficPolicy>, port: Option<u64>) -> Vec<Block> {
        let (top, _) = self.of_port(port);
        let Some((own, whole)) = subset.map(|subset| subset.of_port(port)) else {
            return top.to_vec();
        };
        let replaced = |block: &Block| own.iter().any(|o| o.name == block.name);
        // A port has no retry budget of its own.
        let stays = |block: &&Block| !replaced(block) && (!whole || block.name == "retryBudget");
        top.iter().filter(stays).chain(own).cloned().collect()
    }

    /// Is anything said?
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.ports.is_empty()
    }
}

/// Whose schema it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schema {
    Istio,
    /// A Canary's service, whose CRD knows fewer fields
    /// (fluxcd/flagger 1.44 artifacts/flagger/crd.yaml).
    Flagger,
}

impl Schema {
    /// Is a field read that Flagger's CRD lacks? Otherwise it is booked as dropped.
    fn has(self, f: &mut Fields<'_>, names: &[&'static str]) -> bool {
        if self == Schema::Flagger {
            f.dropped(names, DROPPED);
        }
        self == Schema::Istio
    }
}

/// What becomes of fields that Flagger's CRD lacks.
pub const DROPPED: &str =
    "not in Flagger's CRD: kubectl refuses it, or else the API server drops it";

/// Reads a policy; nothing while fields are described.
pub fn read(f: &mut Fields<'_>) -> TrafficPolicy {
    policy(f, Schema::Istio)
}

/// Reads the policy of a Canary's service.
pub fn of_canary(f: &mut Fields<'_>) -> TrafficPolicy {
    policy(f, Schema::Flagger)
}

fn policy(f: &mut Fields<'_>, schema: Schema) -> TrafficPolicy {
    let mut found = blocks(f, schema);
    f.no_effect(&["tls"], "no effect on which pod gets a request");
    if !schema.has(f, &["retryBudget", "portLevelSettings", "tunnel", "proxyProtocol"]) {
        let blocks = if f.describing() { Vec::new() } else { found };
        return TrafficPolicy { blocks, ports: Vec::new() };
    }
    let budget = f.object("retryBudget", |f| {
        let share =
            f.opt_number("percent", 0.0..=100.0, "most further tries under way; left out: 20");
        let least = f.opt_count("minRetryConcurrency", 0..=1_000_000, "so many always may; 0: 3");
        f.not_flown(&["budgetInterval"], "requests under way are counted, not those of a span");
        let least = least.filter(|least| *least > 0).unwrap_or(3);
        mapping(vec![("share", percent(share.unwrap_or(20.0))), ("least", integer(least))])
    });
    // Envoy heeds the number of `maxRetries` only without a budget.
    if let Some(budget) = budget {
        found.iter_mut().for_each(|b| b.settings.retain(|(name, _)| *name != "retryBudget"));
        found.push(Block { name: "retryBudget", settings: vec![("retryBudget", budget)] });
    }
    let ports = f.list("portLevelSettings", |f| {
        let port = f.object("port", |f| {
            f.opt_count("number", 1..=65_535, "the port of which this is the whole policy")
        });
        let own = blocks(f, schema);
        f.no_effect(&["tls"], "no effect on which pod gets a request");
        port.flatten().map(|port| (port, own))
    });
    f.no_effect(&["tunnel", "proxyProtocol"], "no effect on which pod gets a request");
    if f.describing() {
        return TrafficPolicy::default();
    }
    TrafficPolicy { blocks: found, ports: ports.into_iter().flatten().collect() }
}

fn blocks(f: &mut Fields<'_>, schema: Schema) -> Vec<Block> {
    let block = |name, settings| Block { name, settings };
    let found = [
        f.object("loadBalancer", |f| load_balancer(f, schema)).map(|s| block("loadBalancer", s)),
        f.object("connectionPool", |f| connection_pool(f, schema))
            .map(|s| block("connectionPool", s)),
        f.object("outlierDetection", |f| outlier_detection(f, schema))
            .map(|s| block("outlierDetection", s)),
    ];
    found.into_iter().flatten().collect()
}

const TCP: &str = "connections cost nothing here";

/// Most requests under way: those of any protocol, or connections of HTTP/1.1 and what may wait
/// for one; most tries; and how long a connection may take.
fn connection_pool(f: &mut Fields<'_>, schema: Schema) -> Vec<(&'static str, Value)> {
    let most = 0..=u64::from(u32::MAX);
    let limit = "most requests that a proxy has under way (spec.service.balancer.maxRequests)";
    let mut settings = Vec::new();
    let mut connections = None;
    if schema.has(f, &["tcp"]) {
        connections = f.object("tcp", |f| {
            let connect = "a connection that nobody refuses is given up after this";
            let connect = f.duration("connectTimeout", connect);
            f.no_effect(&["tcpKeepalive", "maxConnectionDuration", "idleTimeout"], TCP);
            settings.extend(connect.map(|time| ("connectTimeout", text(time))));
            f.opt_count("maxConnections", most.clone(), limit)
        });
    }
    let http = f.object("http", |f| {
        let pending = "requests that may wait for one of tcp.maxConnections; more get 503";
        let pending = f.opt_count("http1MaxPendingRequests", most.clone(), pending);
        let requests = f.opt_count("http2MaxRequests", most.clone(), limit);
        f.no_effect(&["maxRequestsPerConnection", "idleTimeout", "h2UpgradePolicy"], TCP);
        let newer = ["useClientProtocol", "maxConcurrentStreams", "http2KeepAlive"];
        if schema.has(f, &newer) {
            f.no_effect(&newer, TCP);
        }
        let tries = "most further tries under way (spec.service.balancer.retryBudget)";
        (pending, requests, f.opt_count("maxRetries", most.clone(), tries))
    });
    let (pending, requests, tries) = http.unwrap_or_default();
    // Istio takes 0 for left out.
    let given = |limit: Option<u64>| limit.filter(|limit| *limit > 0);
    let (open, pending) = (given(connections.flatten()), given(pending));
    if open.is_some() != pending.is_some() {
        let source = "a request without a connection waits at its pod, as long as that lets it; \
            tcp.maxConnections with http.http1MaxPendingRequests is flown as a limit of both";
        f.assume("maxConnections", "no limit of its own", source, false);
    }
    let old = open.zip(pending).map(|(open, wait)| open.saturating_add(wait));
    let most = [old, given(requests)].into_iter().flatten().min();
    settings.extend(most.map(|most| ("maxRequests", integer(most.min(1_000_000)))));
    let budget = |least| mapping(vec![("share", percent(0.0)), ("least", integer(least))]);
    settings.extend(given(tries).map(|tries| ("retryBudget", budget(tries.min(1_000_000)))));
    settings
}

fn outlier_detection(f: &mut Fields<'_>, schema: Schema) -> Vec<(&'static str, Value)> {
    let mut fields = Vec::new();
    let mut add = |name, value: Option<Value>| fields.extend(value.map(|value| (name, value)));
    let many = 0..=1_000_000;
    let errors = "failures in a row that eject a pod; left out: 5";
    add(
        "consecutive5xxErrors",
        f.opt_count("consecutive5xxErrors", many.clone(), errors).map(integer),
    );
    let gateway = "502, 503, 504 and broken connections in a row that eject a pod; left out: never";
    let given = f.opt_count("consecutiveGatewayErrors", many.clone(), gateway);
    let old =
        f.opt_count("consecutiveErrors", many.clone(), "the older name of the same, by Istio 1.5");
    add("consecutiveGatewayErrors", given.or(old).map(integer));
    let interval = "between looks for pods to return; left out: 10s";
    add("interval", f.duration("interval", interval).map(text));
    let base = "time of a first ejection, n times for the n-th in a row; left out: 30s";
    add("baseEjectionTime", f.duration("baseEjectionTime", base).map(text));
    let share = |percent: u64| text(format!("{percent}%"));
    let most = "share of the pods that may be ejected, so with 10 nobody of nine; left out: 10";
    let most = f.opt_count("maxEjectionPercent", 0..=100, most);
    // Istio takes 0 for left out.
    add("maxEjection", most.filter(|most| *most > 0).map(share));
    let least = "with fewer left, nobody is ejected; left out: 0";
    add("minHealth", f.opt_count("minHealthPercent", 0..=100, least).map(share));
    let split = "are refused and broken connections, and timeouts, counted apart?";
    let split = f.opt_flag("splitExternalLocalOriginErrors", split);
    add("splitLocalErrors", split.map(Value::Flag));
    let local = "so many of those in a row eject, when counted apart; left out: 5";
    let local = f.opt_count("consecutiveLocalOriginFailures", many, local);
    add("consecutiveLocalErrors", local.filter(|local| *local > 0).map(integer));
    let codes = "answers of 5xx are failures, whatever codes are named";
    let newer = ["outlierDetectionHttpErrorCodes"];
    if schema.has(f, &newer) {
        f.not_flown(&newer, codes);
    }
    vec![("outlierDetection", mapping(fields))]
}

fn load_balancer(f: &mut Fields<'_>, schema: Schema) -> Vec<(&'static str, Value)> {
    let words =
        ["LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "LEAST_CONN", "PASSTHROUGH", "UNSPECIFIED"];
    let simple = f.opt_choice("simple", &words, "spec.service.balancer.policy");
    let hash = f.object("consistentHash", |f| {
        f.opt_text("httpHeaderName", "a user's requests stay with a pod: policy ringHash");
        f.object("httpCookie", |f| {
            f.opt_text("name", "a user's requests stay with a pod: policy ringHash");
            let why = "no effect on which pod a cookie means: between subsets with weights a \
                request is drawn before its cookie is looked at";
            f.no_effect(&["path", "ttl"], why);
            if schema.has(f, &["attributes"]) {
                f.no_effect(&["attributes"], why);
            }
        });
        f.opt_flag("useSourceIp", "a user's requests stay with a pod: policy ringHash");
        f.opt_text("httpQueryParameterName", "a user's requests stay with a pod: policy ringHash");
        let ring = "users are spread as evenly as on a ring without end";
        f.not_flown(&["minimumRingSize"], ring);
        if schema.has(f, &["ringHash", "maglev"]) {
            f.not_flown(&["ringHash", "maglev"], ring);
        }
    });
    let mut warm = Vec::new();
    let window = "until a new pod has its full share (spec.service.balancer.slowStart)";
    let old = f.duration("warmupDurationSecs", window);
    if schema.has(f, &["warmup"]) {
        f.object("warmup", |f| warm_up(f, window, &mut warm));
    }
    if let (true, Some(old)) = (warm.is_empty(), old) {
        warm.push(("window", text(old)));
    }
    f.not_flown(&["localityLbSetting"], "every pod is as near as any other");
    if schema.has(f, &["zoneAwareLbSetting"]) {
        f.not_flown(&["zoneAwareLbSetting"], "every pod is as near as any other");
    }
    let policy = match (hash.is_some(), simple) {
        (true, _) => Some("ringHash"),
        (_, Some(1)) => Some("roundRobin"),
        (_, Some(2 | 4)) => Some("random"),
        (_, Some(_)) => Some("leastRequest"),
        (_, None) => None,
    };
    let slow = (!warm.is_empty()).then(|| ("slowStart", mapping(warm)));
    policy.map(|policy| ("policy", text(policy))).into_iter().chain(slow).collect()
}

/// How a new pod gets its full share.
fn warm_up(f: &mut Fields<'_>, window: &'static str, warm: &mut Vec<(&'static str, Value)>) {
    warm.extend(f.duration("duration", window).map(|t| ("window", text(t))));
    let least = "share of its full share at first; left out: 10";
    let least = f.opt_number("minimumPercent", 0.0..=100.0, least);
    warm.extend(least.map(|p| ("minimum", percent(p))));
    let aggression = "above 1 the share grows faster at first; left out: 1";
    let aggression = f.opt_number("aggression", 1.0..=100.0, aggression);
    warm.extend(aggression.map(|a| ("aggression", Value::Number(a))));
}

/// The place of a setting below `trafficPolicy`: its block.
pub fn field_of(name: &str) -> &'static str {
    match name {
        "policy" | "slowStart" => "trafficPolicy.loadBalancer",
        "outlierDetection" => "trafficPolicy.outlierDetection",
        "retryBudget" => "trafficPolicy.retryBudget",
        _ => "trafficPolicy.connectionPool",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(name: &'static str, policy: &str) -> Block {
        Block { name, settings: vec![("policy", text(policy))] }
    }

    /// The rules of Istio's own `TestMergeSubsetTrafficPolicy`, in short: blocks replace blocks; a
    /// port's policy replaces everything but the budget.
    #[test]
    fn a_subset_replaces_blocks_and_a_port_everything() {
        let top = TrafficPolicy {
            blocks: vec![
                block("loadBalancer", "random"),
                block("outlierDetection", "a"),
                block("retryBudget", "b"),
            ],
            ports: vec![(8080, vec![block("connectionPool", "c")])],
        };
        let own = TrafficPolicy {
            blocks: vec![block("loadBalancer", "roundRobin")],
            ports: vec![(9090, vec![block("connectionPool", "d")])],
        };
        let names = |blocks: Vec<Block>| -> Vec<String> {
            let of = |b: &Block| format!("{} {}", b.name, format_args!("{:?}", b.settings[0].1));
            blocks.iter().map(of).collect()
        };
        let merged = |port| names(top.merged(Some(&own), port));
        assert_eq!(names(top.merged(None, Some(80))).len(), 3);
        assert_eq!(names(top.merged(None, Some(8080))), names(top.ports[0].1.clone()));
        assert_eq!(merged(Some(80)).len(), 3);
        assert!(merged(None)[2].contains("roundRobin"));
        assert_eq!(merged(Some(8080)).len(), 2, "the port's pool, and the subset's balancer");
        let whole = merged(Some(9090));
        assert!(whole.len() == 2 && whole[0].starts_with("retryBudget"), "{whole:?}");
    }
}

//! Annotations of the AWS load balancer controller on an Ingress or a Service: what its targets
//! are, when one is healthy, and how requests are divided between target groups.
//!
//! Names and defaults: kubernetes-sigs/aws-load-balancer-controller
//! `docs/guide/ingress/annotations.md`; what an action holds: `pkg/ingress/config_types.go`; rules
//! are asked in the order of the Ingress (`pkg/ingress/model_build_listener_rules.go`).

use crate::draft::{mapping, secs, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Setting, put};
use windtunnel_base::node::{Node, Value};
use windtunnel_scenario::yaml;

/// An annotation of the controller, by its name.
macro_rules! own {
    ($name:literal) => {
        concat!("alb.ingress.kubernetes.io/", $name)
    };
}

/// Where an annotation stands in its object.
macro_rules! at {
    ($name:literal) => {
        concat!("metadata.annotations.alb.ingress.kubernetes.io/", $name)
    };
}

/// Where the kind of targets stands.
pub const TARGET_TYPE: &str = at!("target-type");
/// Where the attributes of a target group stand.
pub const ATTRIBUTES: &str = at!("target-group-attributes");

/// What the annotations say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alb {
    /// Is any of them given?
    pub given: bool,
    /// Are targets pods (`ip`) or nodes (`instance`), if it is said?
    pub by_pod: Option<bool>,
    /// Seconds between health checks.
    pub interval: Option<u64>,
    /// Checks that a new target has to pass.
    pub threshold: Option<u64>,
    /// Seconds for which a target that leaves may finish its requests.
    pub drain: Option<u64>,
    /// What a target group's attributes ask of the balancer.
    pub settings: Vec<Setting>,
    /// Actions by their names.
    pub actions: Vec<(String, Action)>,
    /// Names of actions that answer, or lead elsewhere.
    pub answers: Vec<String>,
    /// Whom the rules of a Service's name mean besides, by that name.
    pub conditions: Vec<(String, Match)>,
}

/// What becomes of the requests of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    /// The Services that get them.
    pub destinations: Vec<Destination>,
    /// How long a user stays with the target group of the first request, if users do.
    pub sticky: Option<String>,
}

impl Alb {
    /// Is it the name of an action, and not of a Service?
    pub fn has_action(&self, name: &str) -> bool {
        self.answers.iter().chain(self.actions.iter().map(|(own, _)| own)).any(|own| own == name)
    }
}

/// Reads the annotations.
pub fn read(f: &mut Fields<'_>) -> Alb {
    let by_pod = "ip: pods are targets; instance: nodes are, and every pod is behind each";
    let by_pod = f.opt_choice(own!("target-type"), &["instance", "ip"], by_pod);
    let interval = own!("healthcheck-interval-seconds");
    let checks = "seconds between health checks: spec.service.balancer.registration.after";
    let interval = f.opt_scalar(interval, "whole number in quotes", checks, number);
    let passes = "checks that a new target passes: spec.service.balancer.registration.after";
    let threshold = own!("healthy-threshold-count");
    let threshold = f.opt_scalar(threshold, "whole number in quotes", passes, number);
    let mut settings = Vec::new();
    let attributes =
        "k=v, …: cookies, the balancer's policy, slow start, and how long targets drain";
    let attributes = f.opt_text(own!("target-group-attributes"), attributes).unwrap_or_default();
    let drain = target_group(&attributes, &mut settings);
    let actions =
        f.beginning(own!("actions."), "forward: the Services of a rule and their weights");
    let names: Vec<String> = actions.iter().map(|(name, _)| name.clone()).collect();
    let actions: Vec<(String, Action)> =
        actions.into_iter().filter_map(|(name, json)| action(f, name, &json)).collect();
    let forwards = |name: &String| actions.iter().any(|(own, _)| own == name);
    let answers = names.into_iter().filter(|name| !forwards(name)).collect();
    let means = "whom a rule means: http-header is a header that users send (headerShare)";
    let conditions = f.beginning(own!("conditions."), means);
    let conditions = conditions.into_iter().filter_map(|(name, json)| condition(f, name, &json));
    let conditions = conditions.collect();
    f.no_effect(
        &[
            own!("healthcheck-path"),
            own!("healthcheck-port"),
            own!("healthcheck-protocol"),
            own!("healthcheck-timeout-seconds"),
            own!("success-codes"),
            own!("unhealthy-threshold-count"),
        ],
        "a process answers health checks as it answers its readiness probe",
    );
    let given = f.has(own!("scheme"))
        || f.has(own!("group.name"))
        || f.names().iter().any(|name| name.starts_with(own!("")) && f.has(name));
    if f.describing() {
        settings.clear();
    }
    let by_pod = by_pod.map(|kind| kind == 1);
    Alb { given, by_pod, interval, threshold, drain, settings, actions, answers, conditions }
}

/// Attributes of a target group (AWS `ModifyTargetGroupAttributes`).
fn target_group(attributes: &str, settings: &mut Vec<Setting>) -> Option<u64> {
    let pairs = attributes.split(',').filter_map(|pair| pair.split_once('='));
    let pairs: Vec<(&str, &str)> = pairs.map(|(k, v)| (k.trim(), v.trim())).collect();
    let of = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let whole = |name: &str| of(name).and_then(|value| value.parse::<u64>().ok());
    let kept = match of("stickiness.type") {
        Some("app_cookie") => whole("stickiness.app_cookie.duration_seconds"),
        _ => whole("stickiness.lb_cookie.duration_seconds"),
    };
    let policy = match of("load_balancing.algorithm.type") {
        _ if of("stickiness.enabled") == Some("true") => {
            // A day, says AWS.
            let kept = kept.unwrap_or(86_400).clamp(1, 604_800);
            put(settings, ATTRIBUTES, "stickyFor", Some(secs(kept as f64)));
            "sticky"
        }
        Some("least_outstanding_requests") => "leastRequest",
        Some("weighted_random") => "random",
        _ => "roundRobin",
    };
    put(settings, ATTRIBUTES, "policy", Some(text(policy)));
    if let Some(window) = whole("slow_start.duration_seconds").filter(|secs| *secs >= 30) {
        let value = mapping(vec![("window", secs(window.min(900) as f64))]);
        put(settings, ATTRIBUTES, "slowStart", Some(value));
    }
    whole("deregistration_delay.timeout_seconds")
}

/// The Services that an action forwards to; nothing where it answers or leads elsewhere.
fn action(f: &mut Fields<'_>, name: String, json: &str) -> Option<(String, Action)> {
    let key = format!("{}{name}", own!("actions."));
    let Ok(node) = yaml::value(json) else {
        f.problem(&key, "not JSON", "{\"type\": \"forward\", …}", "");
        return None;
    };
    let kind = node.get("type").and_then(Node::text).unwrap_or_default();
    if kind != "forward" {
        return None;
    }
    let config = node.get("forwardConfig");
    let groups = match config.and_then(|config| config.get("targetGroups")).map(|g| &g.value) {
        Some(Value::List(groups)) => groups.as_slice(),
        _ => &[],
    };
    let own = groups.iter().filter_map(|group| {
        let host = group.get("serviceName").and_then(Node::text)?.to_string();
        // Left out it is 1 (`config_types.go`).
        let weight = group.get("weight").map_or(Some(1), |weight| number(weight).ok());
        Some(Destination { host, weight, ..Destination::default() })
    });
    let destinations: Vec<Destination> = own.collect();
    if destinations.len() < groups.len().max(1) && !f.describing() {
        let why = "a target group by its ARN is none of these files: its share is not flown";
        f.flown_otherwise(&key, why.to_string(), "serviceName and servicePort");
    }
    let stickiness = config.and_then(|config| config.get("targetGroupStickinessConfig"));
    let on = stickiness.and_then(|s| s.get("enabled")).map(|on| &on.value);
    let lasts = stickiness.and_then(|s| s.get("durationSeconds")).and_then(|n| number(n).ok());
    let sticky = matches!(on, Some(Value::Flag(true)))
        .then(|| format!("{}s", lasts.unwrap_or(86_400).clamp(1, 604_800)));
    (!destinations.is_empty()).then_some((name, Action { destinations, sticky }))
}

/// Whom a list of conditions means: all of them hold together.
fn condition(f: &mut Fields<'_>, name: String, json: &str) -> Option<(String, Match)> {
    let key = format!("{}{name}", own!("conditions."));
    let Ok(Node { value: Value::List(items), .. }) = yaml::value(json) else {
        f.problem(&key, "not JSON", "a list of conditions", "");
        return None;
    };
    let mut found = Match::default();
    for item in &items {
        let header = item.get("httpHeaderConfig").and_then(|c| c.get("httpHeaderName"));
        match (item.get("field").and_then(Node::text), header.and_then(Node::text)) {
            (Some("http-header"), Some(header)) => found.headers.push(header.to_string()),
            (Some("host-header"), _) => {}
            _ => found.other = true,
        }
    }
    Some((name, found))
}

/// A whole number, in quotes or not.
pub fn number(node: &Node) -> Result<u64, String> {
    let text = node.scalar_text().unwrap_or_default();
    let found = text.trim().parse::<u64>().ok().filter(|n| *n <= 1_000_000_000);
    found.ok_or_else(|| "a whole number in quotes, such as \"15\"".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_a_target_group_are_settings_of_the_balancer() {
        let of = |attributes: &str| {
            let mut settings = Vec::new();
            let drain = target_group(attributes, &mut settings);
            let told =
                |s: &Setting| format!("{}={}", s.name, Node::unplaced(s.value.clone()).shown());
            (drain, settings.iter().map(told).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(of(""), (None, "policy=\"roundRobin\"".into()));
        let drains = "deregistration_delay.timeout_seconds=30, \
                      load_balancing.algorithm.type=least_outstanding_requests";
        assert_eq!(of(drains), (Some(30), "policy=\"leastRequest\"".into()));
        let cookie = "stickiness.enabled=true,stickiness.lb_cookie.duration_seconds=60";
        assert_eq!(of(cookie).1, "stickyFor=\"60s\" policy=\"sticky\"");
    }
}

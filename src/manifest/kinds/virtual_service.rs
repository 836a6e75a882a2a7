//! `VirtualService` (Istio): where requests to a host go: weights, matches, copies, retries.

use super::{Body, KindPart, metadata};
use crate::manifest::fields::Fields;
use crate::manifest::rule::{Destination, Match, Rule};
use crate::manifest::scalars;

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "VirtualService",
    group: "networking.istio.io",
    versions: &["v1alpha3", "v1beta1", "v1"],
    summary: "weights (canary), header matches (A/B test), copies (shadow), retries, timeout",
    since: "0.2.0",
    source: "istio/api networking/v1alpha3/virtual_service.proto",
    read,
};

/// A VirtualService.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VirtualService {
    /// The hosts it is about.
    pub hosts: Vec<String>,
    /// Its rules for HTTP, in order.
    pub rules: Vec<Rule>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let service = f.object("spec", spec);
    if service.is_none() {
        f.missing("spec", "a VirtualService has hosts and http routes");
    }
    (metadata, Body::VirtualService(Box::new(service.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>) -> VirtualService {
    let hosts = f.texts("hosts", "the service whose requests are routed").unwrap_or_default();
    let mut index = 0;
    let rules = f.list("http", |f| {
        let rule = Rule { path: format!("spec.http[{index}]"), ..http(f) };
        index += 1;
        rule
    });
    f.not_flown(&["tcp", "tls"], "requests are HTTP requests");
    f.no_effect(&["gateways", "exportTo"], "no effect: there is one kind of client");
    VirtualService { hosts, rules }
}

fn http(f: &mut Fields<'_>) -> Rule {
    f.no_effect(&["name"], "a name for tools");
    let matches = f.list("match", matched);
    let destinations = f.list("route", |f| {
        let weight = f.count("weight", 0..=1_000_000, "share of requests: weight by sum of all");
        let destination = f.object("destination", destination).unwrap_or_default();
        f.missing("destination", "where the requests go");
        f.no_effect(&["headers"], "headers for the service change no figure");
        Destination { weight, ..destination }
    });
    if destinations.len() > 1 && destinations.iter().all(|d| d.weight.unwrap_or(0) == 0) {
        let help = "Istio takes a missing weight among several for 0";
        f.problem("route", "no destination has a weight", "a weight above 0", help);
    }
    let mirror = mirror(f);
    let retries = f.object("retries", |f| {
        let attempts = "attempts on other pods (spec.service.balancer.retries)";
        let attempts = f.count("attempts", 0..=10, attempts);
        f.not_flown(
            &["perTryTimeout", "retryOn", "retryRemoteLocalities", "backoff"],
            "connections that are refused are tried again, as by default",
        );
        f.not_flown(&["retryIgnorePreviousHosts"], "another pod is tried, as by default");
        attempts
    });
    let timeout = f.duration("timeout", "the client's own timeout, if it is longer, is cut to it");
    f.not_flown(&["fault"], "injected faults are not flown; a Scenario's chaos can say them");
    f.not_flown(
        &["redirect", "rewrite", "directResponse", "delegate"],
        "requests go to the destinations of the rule",
    );
    f.no_effect(&["corsPolicy", "headers"], "no effect on which pod gets a request");
    let retries = retries.flatten();
    Rule { path: String::new(), matches, destinations, mirror, retries, timeout }
}

fn destination(f: &mut Fields<'_>) -> Destination {
    let host = f.text("host", "the service that gets the requests");
    f.missing("host", "the name of the service");
    let subset = f.text("subset", "the version that gets the requests, after a DestinationRule");
    f.object("port", |f| {
        f.scalar("number", "port", "where the service listens", scalars::port);
    });
    Destination { host: host.unwrap_or_default(), subset, weight: None }
}

fn matched(f: &mut Fields<'_>) -> Match {
    let headers = f.map("headers", |name, f| {
        f.text("exact", "users who send the header meet the variant: spec.traffic.headerShare");
        f.text("prefix", "users who send the header meet the variant: spec.traffic.headerShare");
        f.text("regex", "users who send the header meet the variant: spec.traffic.headerShare");
        name.to_string()
    });
    let others =
        ["uri", "method", "authority", "scheme", "port", "sourceLabels", "sourceNamespace"];
    let other = others.iter().any(|name| f.has(name));
    f.not_flown(&others, "requests of all kinds follow the rule that divides them");
    f.not_flown(&["queryParams", "withoutHeaders"], "users are told apart by headers they send");
    f.no_effect(&["name", "gateways", "ignoreUriCase", "statPrefix"], "no effect on who is meant");
    Match { headers, other }
}

fn mirror(f: &mut Fields<'_>) -> Option<(Destination, f64)> {
    let to = f.object("mirror", destination);
    let share = "share of requests copied; left out: all, as Istio does";
    let percent = f.object("mirrorPercentage", |f| f.number("value", 0.0..=100.0, share));
    let old = f.count("mirrorPercent", 0..=100, "share of requests copied (deprecated by Istio)");
    let mut several = f.list("mirrors", |f| {
        let to = f.object("destination", destination).unwrap_or_default();
        let percent = f.object("percentage", |f| f.number("value", 0.0..=100.0, share));
        (to, percent.flatten().unwrap_or(100.0))
    });
    if several.len() > 1 {
        let help = "a flight has one candidate; keep the one that is meant";
        f.problem("mirrors", format!("{} targets", several.len()), "one target", help);
    }
    let percent = percent.flatten().or(old.map(|p| p as f64)).unwrap_or(100.0);
    let single = to.map(|to| (to, percent));
    let mirror = single.or_else(|| several.pop());
    mirror.filter(|(_, percent)| *percent > 0.0 && !f.describing())
}

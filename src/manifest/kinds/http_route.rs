//! `HTTPRoute` (Gateway API): weights between Services, header matches, copies.

use super::virtual_service::VirtualService;
use super::{Body, KindPart, metadata};
use crate::manifest::fields::Fields;
use crate::manifest::rule::{Destination, Match, Rule};
use crate::manifest::scalars;

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "HTTPRoute",
    group: "gateway.networking.k8s.io",
    versions: &["v1alpha2", "v1beta1", "v1"],
    summary: "weights (canary), header matches (A/B test), copies (shadow) between Services",
    since: "0.2.0",
    source: "kubernetes-sigs/gateway-api apis/v1/httproute_types.go, shared_types.go",
    read,
};

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let route = f.object("spec", spec);
    if route.is_none() {
        f.missing("spec", "an HTTPRoute has rules");
    }
    (metadata, Body::HttpRoute(Box::new(route.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>) -> VirtualService {
    f.no_effect(&["parentRefs"], "no effect: there is one kind of client");
    let hosts = f.texts("hostnames", "names under which users ask").unwrap_or_default();
    let mut index = 0;
    let rules = f.list("rules", |f| {
        let rule = Rule { path: format!("spec.rules[{index}]"), ..rule(f) };
        index += 1;
        rule
    });
    VirtualService { hosts, rules }
}

fn rule(f: &mut Fields<'_>) -> Rule {
    f.no_effect(&["name"], "a name for tools");
    // A rule without a match means every path, and so does a match of the path `/`.
    let matches = f.list("matches", matched).into_iter().flatten().collect();
    let destinations = f.list("backendRefs", |f| {
        let weight = f.count("weight", 0..=1_000_000, "share of requests: weight by sum of all");
        let to = backend(f);
        f.no_effect(&["filters"], "headers for one backend change no figure");
        Destination { weight: Some(weight.unwrap_or(1)), ..to }
    });
    if destinations.len() > 1 && destinations.iter().all(|d| d.weight == Some(0)) {
        f.problem("backendRefs", "no backend has a weight", "a weight above 0", "");
    }
    let mirror = f.list("filters", filter).into_iter().flatten().next();
    let timeout = f.object("timeouts", |f| {
        f.not_flown(&["backendRequest"], "time for one attempt is not limited");
        f.duration("request", "the client's own timeout, if it is longer, is cut to it")
    });
    let retries = f.object("retry", |f| {
        f.no_effect(&["codes", "backoff"], "refused connections are tried again");
        f.count("attempts", 0..=10, "attempts on other pods (spec.service.balancer.retries)")
    });
    f.not_flown(&["sessionPersistence"], "every request is divided anew");
    let (retries, timeout) = (retries.flatten(), timeout.flatten());
    Rule { path: String::new(), matches, destinations, mirror, retries, timeout }
}

fn backend(f: &mut Fields<'_>) -> Destination {
    f.no_effect(&["group"], "Services are meant");
    f.word("kind", &["Service"], "Services are meant");
    f.no_effect(&["namespace"], "the Service is found by its name");
    let host = f.text("name", "the Service that gets the requests");
    f.missing("name", "the name of the Service");
    f.scalar("port", "port", "where the Service listens", scalars::port);
    Destination { host: host.unwrap_or_default(), subset: None, weight: None }
}

fn matched(f: &mut Fields<'_>) -> Option<Match> {
    let headers = f.list("headers", |f| {
        f.word("type", &["Exact", "RegularExpression"], "how the value is compared");
        f.text("value", "users who send it meet the variant: spec.traffic.headerShare");
        f.text("name", "users who send the header meet the variant")
    });
    let root = f.object("path", |f| {
        f.word("type", &["PathPrefix", "Exact", "RegularExpression"], "which paths are meant");
        let value = f.text("value", "requests of all kinds follow the rule that divides them");
        value.is_none_or(|v| v == "/")
    });
    let other = f.has("method") || f.has("queryParams") || root == Some(false);
    f.not_flown(&["method", "queryParams"], "requests of all kinds follow the rule");
    let headers: Vec<String> = headers.into_iter().flatten().collect();
    (!headers.is_empty() || other).then_some(Match { headers, other })
}

fn filter(f: &mut Fields<'_>) -> Option<(Destination, f64)> {
    let types = [
        "RequestMirror",
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestRedirect",
        "URLRewrite",
        "ExtensionRef",
        "CORS",
    ];
    f.word("type", &types, "RequestMirror: a shadow");
    f.no_effect(
        &[
            "requestHeaderModifier",
            "responseHeaderModifier",
            "requestRedirect",
            "urlRewrite",
            "extensionRef",
            "cors",
        ],
        "no effect on which pod gets a request",
    );
    let mirror = f.object("requestMirror", |f| {
        let to = f.object("backendRef", backend).unwrap_or_default();
        let percent = f.number("percent", 0.0..=100.0, "share of requests copied; left out: all");
        let fraction = f.object("fraction", |f| {
            let part = f.count("numerator", 0..=1_000_000, "share of requests copied");
            let whole = f.count("denominator", 1..=1_000_000, "of so many").unwrap_or(100);
            part.map(|part| 100.0 * part as f64 / whole as f64)
        });
        (to, percent.or(fraction.flatten()).unwrap_or(100.0).min(100.0))
    });
    mirror.filter(|(_, percent)| *percent > 0.0 && !f.describing())
}

//! `HTTPRoute` and `GRPCRoute` (Gateway API): weights between Services, header matches, copies.

use super::virtual_service::{VirtualService, is_zero};
use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, GATEWAY, Match, Rule, Setting, put, within};
use crate::scalars;

/// `HTTPRoute` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "HTTPRoute",
    group: "gateway.networking.k8s.io",
    versions: &["v1alpha2", "v1beta1", "v1"],
    summary: "weights (canary), header matches (A/B test), copies (shadow) between Services",
    since: "0.2.0",
    source: "kubernetes-sigs/gateway-api apis/v1/httproute_types.go, shared_types.go",
    read,
};

/// Its sibling for gRPC, whose calls are requests like any others.
pub const GRPC: KindPart = KindPart {
    kind: "GRPCRoute",
    group: "gateway.networking.k8s.io",
    versions: &["v1alpha2", "v1"],
    summary: "the same for gRPC: weights, header matches, copies between Services",
    since: "0.3.0",
    source: "kubernetes-sigs/gateway-api apis/v1/grpcroute_types.go",
    read: read_grpc,
};

/// What becomes of fields that a GRPCRoute lacks.
const DROPPED: &str =
    "not in a GRPCRoute's CRD: kubectl refuses it, or else the API server drops it";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    either(f, false)
}

fn read_grpc(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    either(f, true)
}

/// Is one of these read? A GRPCRoute lacks them, and then they are booked as dropped.
fn has(f: &mut Fields<'_>, grpc: bool, names: &[&'static str]) -> bool {
    if grpc {
        f.dropped(names, DROPPED);
    }
    !grpc
}

fn either(f: &mut Fields<'_>, grpc: bool) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let route = f.object("spec", |f| spec(f, grpc));
    if route.is_none() {
        f.missing("spec", "a route has rules");
    }
    (metadata, Body::HttpRoute(Box::new(route.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>, grpc: bool) -> VirtualService {
    f.no_effect(&["parentRefs", "useDefaultGateways"], "no effect: there is one kind of client");
    let hosts = f.texts("hostnames", "names under which users ask").unwrap_or_default();
    let mut index = 0;
    let rules = f.list("rules", |f| {
        let rule = Rule { path: format!("spec.rules[{index}]"), ..rule(f, grpc) };
        index += 1;
        rule
    });
    VirtualService { hosts, rules }
}

fn rule(f: &mut Fields<'_>, grpc: bool) -> Rule {
    f.no_effect(&["name"], "a name for tools");
    // A rule without a match means every path, and so does a match of the path `/`.
    let matches = f.list("matches", |f| matched(f, grpc)).into_iter().flatten().collect();
    let destinations = f.list("backendRefs", |f| {
        let weight =
            f.opt_count("weight", 0..=1_000_000, "share of requests: weight by sum of all");
        let to = backend(f);
        f.no_effect(&["filters"], "headers for one backend change no figure");
        Destination { weight: Some(weight.unwrap_or(1)), ..to }
    });
    if !destinations.is_empty() && destinations.iter().all(|d| d.weight == Some(0)) {
        let help = "every request would be answered with 500";
        f.problem("backendRefs", "no backend has a weight", "a weight above 0", help);
    }
    let mut mirrors = f.list("filters", |f| filter(f, grpc)).into_iter().flatten();
    let mirror = mirrors.next();
    if let Some((to, _)) = mirrors.next() {
        let help = "a flight has one candidate; keep the one that is meant";
        let found = format!("copies go to {} as well", to.host);
        f.problem("filters", found, "one RequestMirror", help);
    }
    let mut settings = Vec::new();
    if has(f, grpc, &["timeouts", "retry"]) {
        tries(f, &mut settings);
    }
    let sticky = f.object("sessionPersistence", |f| {
        f.no_effect(&["sessionName", "cookieConfig"], "a user keeps the cookie");
        f.not_flown(&["absoluteTimeout"], "a session goes on as long as it is used");
        let kinds = ["Cookie", "Header"];
        f.opt_choice("type", &kinds, "a user's requests stay with a pod while it is there: sticky");
        let idle = "a silent user's pod is forgotten after this: spec.service.balancer.stickyFor";
        // Without it a cookie lasts as long as the browser; thirty days are the longest flight.
        f.duration("idleTimeout", idle).filter(|t| !is_zero(t)).unwrap_or("720h".into())
    });
    let policy = sticky.is_some().then(|| text("sticky"));
    put(&mut settings, "sessionPersistence", "policy", policy);
    put(&mut settings, "sessionPersistence.idleTimeout", "stickyFor", sticky.map(text));
    if f.describing() {
        settings.clear();
    }
    Rule { matches, destinations, mirror, settings, words: GATEWAY, ..Rule::default() }
}

/// How long tries may take, and which failures are tried again.
fn tries(f: &mut Fields<'_>, settings: &mut Vec<Setting>) {
    f.object("timeouts", |f| {
        let one = "longest time of one try (spec.service.balancer.perTryTimeout); 0s: no end";
        let one = f.duration("backendRequest", one).filter(|t| !is_zero(t));
        put(settings, "timeouts.backendRequest", "perTryTimeout", one.map(text));
        let all = "time for all tries (spec.service.balancer.timeout); 0s: no end";
        let all = f.duration("request", all).filter(|t| !is_zero(t));
        put(settings, "timeouts.request", "timeout", all.map(text));
    });
    f.object("retry", |f| {
        let codes = "answers that are tried again: 500, 503 (spec.service.balancer.retryOn)";
        let codes = f.opt_scalars("codes", "list of statuses", codes, |node| {
            scalars::count(node, &(400..=599))
        });
        // A connection without an answer is tried again in any case (GEP-1731).
        let known = |code: u64| [500, 503].contains(&code).then(|| text(code.to_string()));
        let always = ["connect-failure", "reset"].map(text);
        let codes = codes.unwrap_or_default().into_iter().filter_map(known);
        let words = list(always.into_iter().chain(codes).collect());
        put(settings, "retry", "retryOn", Some(words));
        let backoff = "first wait before a further try, doubled up to ten times; left out: 25ms";
        let backoff = f.duration("backoff", backoff).filter(|t| !is_zero(t));
        put(settings, "retry.backoff", "retryBackoff", backoff.map(text));
        let attempts = "tries on other pods; left out: 2, as Istio has it";
        let attempts = f.opt_count("attempts", 0..=10, attempts).unwrap_or(2);
        put(settings, "retry.attempts", "retries", Some(integer(attempts)));
    });
}

fn backend(f: &mut Fields<'_>) -> Destination {
    f.no_effect(&["group"], "whatever it is, it gets the requests");
    f.opt_text("kind", "whatever it is (Service, ServiceImport), it gets the requests");
    let space = f.opt_text("namespace", "where the Service lies; left out: in its own namespace");
    let host = f.opt_text("name", "the Service that gets the requests");
    f.missing("name", "the name of the Service");
    f.opt_scalar("port", "port", "where the Service listens", scalars::port_number);
    Destination { host: within(host.unwrap_or_default(), space), ..Destination::default() }
}

fn matched(f: &mut Fields<'_>, grpc: bool) -> Option<Match> {
    let headers = f.list("headers", |f| {
        f.opt_choice("type", &["Exact", "RegularExpression"], "how the value is compared");
        f.opt_text("value", "users who send it meet the variant: spec.traffic.headerShare");
        f.opt_text("name", "users who send the header meet the variant")
    });
    let mut root = None;
    if has(f, grpc, &["path", "queryParams"]) {
        root = f.object("path", |f| {
            f.opt_choice(
                "type",
                &["PathPrefix", "Exact", "RegularExpression"],
                "which paths are meant",
            );
            let value =
                f.opt_text("value", "requests of all kinds follow the rule that divides them");
            value.is_none_or(|v| v == "/")
        });
        f.not_flown(&["queryParams"], "requests of all kinds follow the rule");
    }
    let other = f.has("method") || !grpc && f.has("queryParams") || root == Some(false);
    f.not_flown(&["method"], "requests of all kinds follow the rule");
    let headers: Vec<String> = headers.into_iter().flatten().collect();
    (!headers.is_empty() || other).then_some(Match { headers, other })
}

fn filter(f: &mut Fields<'_>, grpc: bool) -> Option<(Destination, f64)> {
    let types = [
        "RequestMirror",
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestRedirect",
        "URLRewrite",
        "ExtensionRef",
        "CORS",
        "ExternalAuth",
    ];
    f.opt_choice("type", &types, "RequestMirror: a shadow");
    f.no_effect(
        &["requestHeaderModifier", "responseHeaderModifier", "extensionRef"],
        "no effect on which pod gets a request",
    );
    if has(f, grpc, &["urlRewrite", "cors", "requestRedirect", "externalAuth"]) {
        f.no_effect(&["urlRewrite", "cors"], "no effect on which pod gets a request");
        let why = "requests are not sent elsewhere: they stay at the backends";
        f.not_flown(&["requestRedirect"], why);
        f.not_flown(&["externalAuth"], "every request is let through");
    }
    let mirror = f.object("requestMirror", |f| {
        let to = f.object("backendRef", backend).unwrap_or_default();
        let percent =
            f.opt_number("percent", 0.0..=100.0, "share of requests copied; left out: all");
        let fraction = f.object("fraction", |f| {
            let part = f.opt_count("numerator", 0..=1_000_000, "share of requests copied");
            let whole = f.opt_count("denominator", 1..=1_000_000, "of so many").unwrap_or(100);
            part.map(|part| 100.0 * part as f64 / whole as f64)
        });
        (to, percent.or(fraction.flatten()).unwrap_or(100.0).min(100.0))
    });
    mirror.filter(|(_, percent)| *percent > 0.0 && !f.describing())
}

//! `HTTPProxy` (Contour): weights between the Services of a route, header conditions, copies.

use super::virtual_service::{VirtualService, is_zero};
use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Rule, Words, put};
use crate::scalars;

/// `HTTPProxy` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "HTTPProxy",
    group: "projectcontour.io",
    versions: &["v1"],
    summary: "weights (canary), header conditions (A/B test), copies (shadow) between Services",
    since: "0.5.0",
    source: "projectcontour/contour apis/projectcontour/v1/httpproxy.go, \
        internal/envoy/v3/route.go",
    read,
};

const WORDS: Words = Words {
    list: "services",
    host: "name",
    subset: "name",
    weight: "weight",
    mirror: "services",
    matches: "conditions",
};

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let proxy = f.object("spec", spec);
    if proxy.is_none() {
        f.missing("spec", "an HTTPProxy has routes");
    }
    (metadata, Body::Router(Box::new(proxy.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>) -> VirtualService {
    let host = f.object("virtualhost", |f| {
        let rest = ["tls", "authorization", "corsPolicy", "jwtProviders", "ipAllowPolicy"];
        f.no_effect(&rest, "no effect on which pod gets a request");
        f.no_effect(&["ipDenyPolicy"], "no effect on which pod gets a request");
        f.not_flown(&["rateLimitPolicy"], "every request is let through");
        f.opt_text("fqdn", "name under which users ask")
    });
    f.no_effect(&["ingressClassName"], "which controller reads it");
    f.not_flown(&["includes"], "routes of other HTTPProxies are read where they stand");
    f.not_flown(&["tcpproxy"], "requests are divided here, not connections");
    let mut index = 0;
    let mut rules = f.list("routes", |f| {
        let rule = Rule { path: format!("spec.routes[{index}]"), ..route(f) };
        index += 1;
        rule
    });
    if f.describing() {
        rules.clear();
    }
    VirtualService { hosts: host.flatten().into_iter().collect(), rules }
}

fn route(f: &mut Fields<'_>) -> Rule {
    let matches = conditions(f);
    let (mirrors, mut destinations): (Vec<_>, Vec<_>) =
        f.list("services", service).into_iter().partition(|(_, mirror)| *mirror);
    // Contour divides evenly where no Service has a weight (internal/envoy/v3/route.go).
    if destinations.iter().all(|(to, _)| to.weight == Some(0)) {
        destinations.iter_mut().for_each(|(to, _)| to.weight = Some(1));
    }
    if mirrors.len() > 1 {
        let found = format!("{} Services with mirror: true", mirrors.len());
        f.problem("services", found, "one", "Contour takes one mirror for a route");
    }
    // The weight of a mirror is the share that is copied; without one everything is.
    let copies = |to: Destination| {
        let share = to.weight.filter(|w| *w > 0).unwrap_or(100).min(100) as f64;
        (Destination { weight: None, ..to }, share)
    };
    let mirror = mirrors.into_iter().map(|(to, _)| copies(to)).next();
    let mut settings = Vec::new();
    let strategies = ["Cookie", "Random", "RoundRobin", "WeightedLeastRequest", "RequestHash"];
    let asked = "who gets a request (policy); Cookie: a user's requests stay with a pod (sticky)";
    let given = f.object("loadBalancerPolicy", |f| {
        f.not_flown(&["requestHashPolicies"], "requests are not told apart by what they carry");
        f.opt_choice("strategy", &strategies, asked)
    });
    let said = given.is_some() || matches.is_empty();
    let policy = match given.flatten() {
        Some(0) => "sticky",
        Some(1) => "random",
        Some(3) => "leastRequest",
        _ => "roundRobin",
    };
    let policy_said = Some(text(policy)).filter(|_| said);
    put(&mut settings, "loadBalancerPolicy", "policy", policy_said);
    if policy == "sticky" {
        let browser = Some(text("720h"));
        put(&mut settings, "loadBalancerPolicy", "stickyFor", browser);
    }
    f.object("retryPolicy", |f| {
        let count = "further tries (spec.service.balancer.retries); left out: 1";
        let count = f.opt_count("count", 0..=10, count).unwrap_or(1);
        put(&mut settings, "retryPolicy.count", "retries", Some(integer(count)));
        // Contour's default conditions are `5xx` (internal/dag/httpproxy_processor.go).
        put(&mut settings, "retryPolicy", "retryOn", Some(list(vec![text("5xx")])));
        let one = "longest time of one try (spec.service.balancer.perTryTimeout)";
        let one = f.duration("perTryTimeout", one).filter(|t| !is_zero(t));
        put(&mut settings, "retryPolicy.perTryTimeout", "perTryTimeout", one.map(text));
        f.not_flown(&["retryOn", "retriableStatusCodes"], "failures of all kinds are tried again");
    });
    f.object("timeoutPolicy", |f| {
        let all = "time for all tries (spec.service.balancer.timeout)";
        let holds = "duration or infinity";
        let all = f.opt_scalar("response", holds, all, |node| match node.text() {
            Some("infinity") => Ok("0s".to_string()),
            _ => scalars::duration(node),
        });
        let all = all.filter(|t| !is_zero(t));
        put(&mut settings, "timeoutPolicy.response", "timeout", all.map(text));
        f.no_effect(&["idle", "idleConnection"], "connections that nobody uses");
    });
    rest(f);
    if f.describing() {
        settings.clear();
    }
    let destinations = destinations.into_iter().map(|(to, _)| to).collect();
    let mirror = mirror.filter(|_| !f.describing());
    Rule { matches, destinations, mirror, settings, words: WORDS, ..Rule::default() }
}

fn rest(f: &mut Fields<'_>) {
    f.not_flown(&["requestRedirectPolicy", "directResponsePolicy"], "requests go to the Services");
    f.not_flown(&["rateLimitPolicy"], "every request is let through");
    f.not_flown(&["healthCheckPolicy"], "pods are asked while they are ready");
    let none = [
        "enableWebsockets",
        "permitInsecure",
        "pathRewritePolicy",
        "requestHeadersPolicy",
        "responseHeadersPolicy",
        "cookieRewritePolicies",
        "authPolicy",
        "jwtVerificationPolicy",
        "ipAllowPolicy",
        "ipDenyPolicy",
        "internalRedirectPolicy",
    ];
    f.no_effect(&none, "no effect on which pod gets a request");
}

fn conditions(f: &mut Fields<'_>) -> Vec<Match> {
    let mut found = Match::default();
    f.list("conditions", |f| {
        let paths = "requests of all kinds follow the rule that divides them";
        for name in ["prefix", "exact", "regex"] {
            found.other |= f.opt_text(name, paths).is_some_and(|path| path != "/");
        }
        f.object("header", |f| {
            let name = f.opt_text("name", "users who send the header meet the variant");
            let share = "users who send it meet the variant: spec.traffic.headerShare";
            f.opt_flag("present", share);
            for way in ["exact", "contains", "regex"] {
                f.opt_text(way, share);
            }
            f.no_effect(&["ignoreCase"], "how the value is compared");
            let negated = ["notpresent", "notexact", "notcontains"];
            found.other |= negated.iter().any(|way| f.has(way));
            f.not_flown(&negated, "users are told apart by headers they send");
            f.no_effect(&["treatMissingAsEmpty"], "how the value is compared");
            found.headers.extend(name);
        });
        found.other |= f.has("queryParameter");
        f.not_flown(&["queryParameter"], "users are told apart by headers they send");
    });
    let any = !found.headers.is_empty() || found.other;
    if any && !f.describing() { vec![found] } else { Vec::new() }
}

/// A Service of a route, and whether it gets copies.
fn service(f: &mut Fields<'_>) -> (Destination, bool) {
    let host = f.opt_text("name", "the Service that gets the requests").unwrap_or_default();
    f.missing("name", "the name of the Service");
    f.opt_scalar("port", "port", "where the Service listens", scalars::port_number);
    let share = "share of requests: weight by sum of all; of a mirror: percent that are copied";
    let weight = f.opt_count("weight", 0..=1_000_000_000, share);
    let mirror = f.opt_flag("mirror", "it gets copies, whose answers are thrown away: a shadow");
    f.not_flown(&["slowStartPolicy"], "new pods get their full share at once");
    let none = ["protocol", "validation", "requestHeadersPolicy", "responseHeadersPolicy"];
    f.no_effect(&none, "no effect on which pod gets a request");
    f.no_effect(&["healthPort", "cookieRewritePolicies"], "no effect on which pod gets a request");
    let to = Destination { host, weight: Some(weight.unwrap_or(0)), ..Destination::default() };
    (to, mirror == Some(true))
}

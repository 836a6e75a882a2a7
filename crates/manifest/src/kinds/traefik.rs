//! `TraefikService` and `IngressRoute` (Traefik): weights between Services, copies, cookies, and
//! the routes that lead there.

use super::virtual_service::VirtualService;
use super::{Body, KindPart, metadata};
use crate::draft::text;
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Rule, Setting, Words, put, within};
use crate::scalars;

/// `TraefikService` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "TraefikService",
    group: "traefik.io",
    versions: &["v1alpha1"],
    summary: "weights (canary) and copies (shadow) between Services, with cookies",
    since: "0.5.0",
    source: "traefik/traefik pkg/provider/kubernetes/crd/traefikio/v1alpha1/service.go",
    read: read_service,
};

/// Its first group.
pub const OLD: KindPart = KindPart { group: "traefik.containo.us", ..KIND };

/// Who leads there.
pub const ROUTE: KindPart = KindPart {
    kind: "IngressRoute",
    summary: "routes to Services or a TraefikService: weights (canary), header matches (A/B test)",
    source: "traefik/traefik pkg/provider/kubernetes/crd/traefikio/v1alpha1/ingressroute.go",
    read: read_route,
    ..KIND
};

/// Its first group.
pub const OLD_ROUTE: KindPart = KindPart { group: "traefik.containo.us", ..ROUTE };

/// How its lists of Services call their fields.
const WORDS: Words = Words {
    list: "services",
    host: "name",
    subset: "name",
    weight: "weight",
    mirror: "mirrors",
    matches: "match",
};

/// How a mirroring calls its fields.
const MIRRORING: Words = Words { list: "", ..WORDS };

/// How long a cookie without an age lasts: as long as the browser, or the longest flight.
const BROWSER: &str = "720h";

fn read_service(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let mut rules = Vec::new();
    f.object("spec", |f| {
        rules.extend(f.object("weighted", weighted));
        rules.extend(f.object("mirroring", mirroring));
        let other =
            "highest random weight and failover are not flown: the TraefikService is left out";
        f.not_flown(&["highestRandomWeight", "failover"], other);
    });
    f.missing("spec", "a TraefikService has weighted or mirroring");
    let rules = in_turn(f, rules);
    (metadata, Body::Router(Box::new(VirtualService { hosts: Vec::new(), rules })))
}

fn read_route(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let mut index = 0;
    let rules = f.object("spec", |f| {
        f.no_effect(&["entryPoints", "tls", "ingressClassName"], "no effect on who gets a request");
        f.not_flown(&["parentRefs"], "routes above it are not asked first");
        f.list("routes", |f| {
            let rule = Rule { path: format!("spec.routes[{index}]"), ..route(f) };
            index += 1;
            rule
        })
    });
    f.missing("spec", "an IngressRoute has routes");
    let rules = in_turn(f, rules.unwrap_or_default());
    (metadata, Body::Router(Box::new(VirtualService { hosts: Vec::new(), rules })))
}

/// The rules, whose pods are asked in turn.
fn in_turn(f: &mut Fields<'_>, mut rules: Vec<Rule>) -> Vec<Rule> {
    if f.describing() {
        return Vec::new();
    }
    if let Some(first) = rules.first_mut()
        && !first.settings.iter().any(|setting| setting.name == "policy")
    {
        put(&mut first.settings, "services", "policy", Some(text("roundRobin")));
        let source = "traefik asks pods in turn, pkg/server/service/loadbalancer/wrr";
        f.assume("spec.service.balancer.policy", "roundRobin", source, false);
    }
    rules
}

fn weighted(f: &mut Fields<'_>) -> Rule {
    let mut settings = Vec::new();
    let destinations = f.list("services", |f| service(f, &mut settings));
    let sticky = f.object("sticky", |f| {
        let kept = "users stay with the Service that has answered them first";
        cookie(f, kept)
    });
    if !destinations.is_empty() && destinations.iter().all(|d| d.weight == Some(0)) {
        f.problem("services", "no Service has a weight", "a weight above 0", "");
    }
    let (path, sticky) = ("spec.weighted".to_string(), sticky.flatten());
    Rule { path, destinations, settings, sticky, words: WORDS, ..Rule::default() }
}

fn mirroring(f: &mut Fields<'_>) -> Rule {
    let mut settings = Vec::new();
    let mut mirrors = f.list("mirrors", |f| {
        let to = service(f, &mut Vec::new());
        let share = "share of requests copied; left out: none";
        let percent = f.opt_count("percent", 0..=100, share).unwrap_or(0) as f64;
        (Destination { weight: None, ..to }, percent)
    });
    mirrors.retain(|(_, percent)| *percent > 0.0);
    if mirrors.len() > 1 {
        let help = "a flight has one candidate; keep the one that is meant";
        f.problem("mirrors", format!("{} targets", mirrors.len()), "one target", help);
    }
    f.no_effect(&["mirrorBody", "maxBodySize"], "bodies are of one size");
    let main = service(f, &mut settings);
    let destinations = vec![Destination { weight: None, ..main }];
    let path = "spec.mirroring".to_string();
    Rule {
        path,
        destinations,
        mirror: mirrors.pop(),
        settings,
        words: MIRRORING,
        ..Rule::default()
    }
}

fn service(f: &mut Fields<'_>, settings: &mut Vec<Setting>) -> Destination {
    let host = f.opt_text("name", "the Service or TraefikService that gets the requests");
    f.missing("name", "the name of the Service");
    let kind = f.opt_choice("kind", &["Service", "TraefikService"], "which of the two it is");
    let share = "share of requests: weight by sum of all; left out: 1";
    let weight = f.opt_count("weight", 0..=1_000_000, share).unwrap_or(1);
    f.opt_scalar("port", "port", "where the Service listens", scalars::port);
    let kept = "a user's requests stay with a pod while it is there (policy: sticky)";
    if let Some(lasts) = f.object("sticky", |f| cookie(f, kept)).flatten()
        && !settings.iter().any(|setting| setting.name == "policy")
    {
        put(settings, "services", "policy", Some(text("sticky")));
        put(settings, "services", "stickyFor", Some(text(lasts)));
    }
    f.not_flown(&["strategy", "nativeLB", "nodePortLB"], "pods are asked in turn");
    f.not_flown(&["healthCheck", "passiveHealthCheck"], "pods are asked while they are ready");
    let space = f.opt_text("namespace", "where the Service lies; left out: in its own namespace");
    let none = ["scheme", "passHostHeader", "responseForwarding"];
    f.no_effect(&none, "no effect on which pod gets a request");
    f.no_effect(&["serversTransport", "middlewares"], "no effect on which pod gets a request");
    let router = kind == Some(1);
    let host = within(host.unwrap_or_default(), space);
    Destination { host, subset: None, weight: Some(weight), router }
}

/// How long a cookie lasts.
fn cookie(f: &mut Fields<'_>, kept: &'static str) -> Option<String> {
    let lasts = f.object("cookie", |f| {
        f.no_effect(&["name", "secure", "httpOnly", "sameSite", "path", "domain"], "a name");
        let age = "seconds that the cookie lasts; left out or 0: as long as the browser";
        let secs = f.opt_count("maxAge", 0..=1_000_000_000, age).filter(|secs| *secs > 0);
        secs.map_or(BROWSER.to_string(), |secs| format!("{secs}s"))
    });
    if lasts.is_some() {
        f.assume("cookie", kept, "what Traefik's sticky cookie does", false);
    }
    lasts
}

fn route(f: &mut Fields<'_>) -> Rule {
    let asked = "whom the route means: Header(`…`) users who send it (spec.traffic.headerShare); \
        hosts and the root path mean everyone";
    let matches = f.opt_text("match", asked).map(|text| matched(&text)).unwrap_or_default();
    f.no_effect(&["kind", "syntax", "observability"], "no effect on who gets a request");
    f.no_effect(&["priority"], "routes with a header are asked before those for everyone");
    f.no_effect(&["middlewares"], "no effect on which pod gets a request");
    let mut settings = Vec::new();
    let destinations = f.list("services", |f| service(f, &mut settings));
    Rule { matches, destinations, settings, words: WORDS, ..Rule::default() }
}

/// Whom a route's expression means.
fn matched(expression: &str) -> Vec<Match> {
    let mut headers = Vec::new();
    for word in ["Header(`", "Headers(`", "HeaderRegexp(`", "HeadersRegexp(`"] {
        for (at, _) in expression.match_indices(word) {
            let negated = expression[..at].ends_with('!');
            // `Header(` is the end of no other word.
            let whole = !expression[..at].ends_with(|c: char| c.is_ascii_alphabetic());
            let rest = &expression[at + word.len()..];
            if let (true, false, Some(end)) = (whole, negated, rest.find('`')) {
                headers.push(rest[..end].to_string());
            }
        }
    }
    let root = expression.replace("PathPrefix(`/`)", "").replace("Path(`/`)", "");
    let others = ["Path", "Method", "Query", "ClientIP", "!"];
    let other = others.iter().any(|word| root.contains(word));
    if headers.is_empty() && !other { Vec::new() } else { vec![Match { headers, other }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_says_whom_it_means() {
        let of = |text: &str| matched(text).pop().map(|m| (m.headers.join(","), m.other));
        assert_eq!(of("Host(`a.example`)"), None);
        assert_eq!(of("Host(`a`) && PathPrefix(`/`)"), None);
        assert_eq!(of("Host(`a`) && PathPrefix(`/x`)"), Some((String::new(), true)));
        assert_eq!(of("Host(`a`) && Header(`X-Beta`, `1`)"), Some(("X-Beta".into(), false)));
        assert_eq!(of("HeadersRegexp(`X-Beta`, `.*`)"), Some(("X-Beta".into(), false)));
        assert_eq!(of("!Header(`X-Beta`, `1`)"), Some((String::new(), true)));
    }
}

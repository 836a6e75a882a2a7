//! `VirtualService` (Istio): where requests to a host go: weights, matches, copies, retries.

use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, percent, text};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Rule, Setting, put};
use crate::scalars;
use windtunnel_base::node::Value;
use windtunnel_model::world::mesh::RetryOn;

/// `VirtualService` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "VirtualService",
    group: "networking.istio.io",
    versions: &["v1alpha3", "v1beta1", "v1"],
    summary: "weights (canary), header matches (A/B test), copies (shadow), tries, time, faults",
    since: "0.2.0",
    source: "istio/api networking/v1alpha3/virtual_service.proto",
    read,
};

/// A VirtualService.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VirtualService {
    /// The hosts it is about.
    pub hosts: Vec<String>,
    /// Its rules for HTTP, or for connections if there are none, in order.
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
    let mut index = 0;
    let connections = f.list("tcp", |f| {
        let rule = Rule { path: format!("spec.tcp[{index}]"), ..tcp(f) };
        index += 1;
        rule
    });
    let rules = match rules.is_empty() {
        true => connections,
        false if connections.is_empty() => rules,
        false => {
            let why = "beside http: requests are those of its rules";
            f.assume("tcp", "left out", why, true);
            rules
        }
    };
    f.not_flown(&["tls"], "requests are HTTP requests");
    f.no_effect(&["gateways", "exportTo"], "no effect: there is one kind of client");
    VirtualService { hosts, rules }
}

/// Connections that are divided: each stays with its pod for as long as it lasts.
fn tcp(f: &mut Fields<'_>) -> Rule {
    f.not_flown(&["match"], "connections of all kinds follow the rule that divides them");
    let destinations = destinations(f, false);
    let source = "how long a connection lasts is not in the file; \
        spec.service.balancer.keepAlive says it";
    f.assume("route", "connections of up to 5m, with requests on them", source, false);
    let mut settings = Vec::new();
    put(&mut settings, "route", "keepAlive.maxAge", Some(text("5m")));
    if f.describing() {
        settings.clear();
    }
    Rule { destinations, settings, ..Rule::default() }
}

fn destinations(f: &mut Fields<'_>, http: bool) -> Vec<Destination> {
    let destinations = f.list("route", |f| {
        let weight =
            f.opt_count("weight", 0..=1_000_000, "share of requests: weight by sum of all");
        let destination = f.object("destination", destination).unwrap_or_default();
        f.missing("destination", "where the requests go");
        match http {
            true => f.no_effect(&["headers"], "headers for the service change no figure"),
            false => f.dropped(&["headers"], "connections have none: the API server drops it"),
        }
        Destination { weight, ..destination }
    });
    if destinations.len() > 1 && destinations.iter().all(|d| d.weight.unwrap_or(0) == 0) {
        let help = "Istio takes a missing weight among several for 0";
        f.problem("route", "no destination has a weight", "a weight above 0", help);
    }
    destinations
}

fn http(f: &mut Fields<'_>) -> Rule {
    f.no_effect(&["name"], "a name for tools");
    let matches = f.list("match", matched);
    let destinations = destinations(f, true);
    let mirror = mirror(f);
    let mut settings = Vec::new();
    f.object("retries", |f| {
        retries(f, &mut settings);
        newer_retries(f, &mut settings);
    });
    let timeout = "time for all tries (spec.service.balancer.timeout); 0s: no end";
    let timeout = f.duration("timeout", timeout).filter(|t| !is_zero(t));
    put(&mut settings, "timeout", "timeout", timeout.map(text));
    f.object("fault", |f| fault(f, &mut settings));
    f.not_flown(
        &["redirect", "rewrite", "directResponse", "delegate"],
        "requests go to the destinations of the rule",
    );
    f.no_effect(&["corsPolicy", "headers"], "no effect on which pod gets a request");
    if f.describing() {
        settings.clear();
    }
    Rule { matches, destinations, mirror, settings, ..Rule::default() }
}

/// Is it no time at all?
pub fn is_zero(span: &str) -> bool {
    windtunnel_base::units::parse_duration(span).is_some_and(|d| d.as_secs_f64() == 0.0)
}

/// Which failures are tried again, how often, and how long each try may take. Attempts without
/// conditions have Istio's default conditions, which come to refused connections.
pub(super) fn retries(f: &mut Fields<'_>, settings: &mut Vec<Setting>) {
    let attempts = "tries on other pods (spec.service.balancer.retries)";
    let attempts = f.opt_count("attempts", 0..=10, attempts);
    put(settings, "retries.attempts", "retries", attempts.map(integer));
    let per_try = "longest time of one try (spec.service.balancer.perTryTimeout)";
    let per_try = f.duration("perTryTimeout", per_try).filter(|t| !is_zero(t));
    put(settings, "retries.perTryTimeout", "perTryTimeout", per_try.map(text));
    let becomes = "failures that are tried again (spec.service.balancer.retryOn)";
    if let Some(words) = f.opt_text("retryOn", becomes) {
        put(settings, "retries.retryOn", "retryOn", conditions(f, &words));
    }
}

/// What only Istio's own schema has.
fn newer_retries(f: &mut Fields<'_>, settings: &mut Vec<Setting>) {
    f.not_flown(&["retryRemoteLocalities"], "every pod is as near as any other");
    let backoff = "first wait before a further try, doubled up to ten times; left out: 25ms";
    let backoff = f.duration("backoff", backoff).filter(|t| !is_zero(t));
    put(settings, "retries.backoff", "retryBackoff", backoff.map(text));
    let others = "false: a further try may meet the pod that failed";
    let others = f.opt_flag("retryIgnorePreviousHosts", others);
    let same = others.map(|others| text(if others { "never" } else { "always" }));
    put(settings, "retries.retryIgnorePreviousHosts", "retrySamePod", same);
}

/// The conditions that mean something here; others are named.
fn conditions(f: &mut Fields<'_>, written: &str) -> Option<Value> {
    let words = written.split(',').map(str::trim).filter(|w| !w.is_empty());
    let (known, other): (Vec<&str>, Vec<&str>) =
        words.partition(|word| RetryOn::NEVER.clone().add(word));
    // These come with a connection that is refused; there are no others of their kind.
    let silent = ["refused-stream", "unavailable", "cancelled", "retriable-status-codes"];
    let other: Vec<&str> = other.into_iter().filter(|w| !silent.contains(w)).collect();
    if !other.is_empty() {
        let source = "nothing here fails in such a way";
        f.assume("retryOn", &format!("without {}", other.join(", ")), source, false);
    }
    Some(list(known.into_iter().map(text).collect()))
}

/// Faults on purpose. A percentage that is left out is 0 %, as in Istio.
fn fault(f: &mut Fields<'_>, settings: &mut Vec<Setting>) {
    let share = |f: &mut Fields<'_>, what: &'static str| {
        f.object("percentage", |f| f.opt_number("value", 0.0..=100.0, what)).flatten()
    };
    let abort = f.object("abort", |f| {
        let what =
            "share of requests that fail (spec.service.balancer.fault.abort); left out: none";
        let hit = share(f, what).unwrap_or(0.0);
        let dropped = "not in the CRD, which has `percentage.value`: the API server drops it, and \
            without that no request fails";
        f.dropped(&["percent"], dropped);
        let status = "4xx and 5xx are failures; anything else is an answer";
        let status = f.opt_count("httpStatus", 200..=599, status);
        f.no_effect(&["grpcStatus", "http2Error"], "a failure like any other");
        if status.is_none_or(|s| s >= 400) { hit } else { 0.0 }
    });
    let delay = f.object("delay", |f| {
        let what = "share of requests held back (spec.service.balancer.fault.delayed)";
        let old = f.opt_count("percent", 0..=100, what).map(|percent| percent as f64);
        let hit = share(f, what).or(old).unwrap_or(0.0);
        let span = f.duration("fixedDelay", "for so long (spec.service.balancer.fault.delay)");
        f.not_flown(&["exponentialDelay"], "Istio does nothing with it");
        (hit, span)
    });
    let abort = abort.filter(|hit| *hit > 0.0);
    put(settings, "fault.abort", "fault.abort", abort.map(percent));
    let (hit, span) = delay.unwrap_or_default();
    if let Some(span) = span.filter(|t| hit > 0.0 && !is_zero(t)) {
        put(settings, "fault.delay.percentage", "fault.delayed", Some(percent(hit)));
        put(settings, "fault.delay.fixedDelay", "fault.delay", Some(text(span)));
    }
}

fn destination(f: &mut Fields<'_>) -> Destination {
    let host = f.opt_text("host", "the service that gets the requests");
    f.missing("host", "the name of the service");
    let subset =
        f.opt_text("subset", "the version that gets the requests, after a DestinationRule");
    f.object("port", |f| {
        f.opt_scalar("number", "port", "where the service listens", scalars::port_number);
    });
    Destination { host: host.unwrap_or_default(), subset, ..Destination::default() }
}

fn matched(f: &mut Fields<'_>) -> Match {
    let headers = f.map("headers", |name, f| {
        f.opt_text("exact", "users who send the header meet the variant: spec.traffic.headerShare");
        f.opt_text(
            "prefix",
            "users who send the header meet the variant: spec.traffic.headerShare",
        );
        f.opt_text("regex", "users who send the header meet the variant: spec.traffic.headerShare");
        name.to_string()
    });
    // A path that begins with `/` is every path.
    let root = f.child("uri").and_then(|uri| uri.get("prefix")?.text()) == Some("/");
    if root {
        f.no_effect(&["uri"], "every path is meant");
    } else {
        f.not_flown(&["uri"], "requests of all kinds follow the rule that divides them");
    }
    let others = ["method", "authority", "scheme", "port", "sourceLabels", "sourceNamespace"];
    let some = ["queryParams", "withoutHeaders", "gateways"];
    let other = f.has("uri") && !root || others.iter().chain(&some).any(|name| f.has(name));
    f.not_flown(&others, "requests of all kinds follow the rule that divides them");
    f.not_flown(&["queryParams", "withoutHeaders"], "users are told apart by headers they send");
    f.no_effect(&["name", "gateways", "ignoreUriCase", "statPrefix"], "no effect on who is meant");
    Match { headers, other }
}

fn mirror(f: &mut Fields<'_>) -> Option<(Destination, f64)> {
    let to = f.object("mirror", destination);
    let share = "share of requests copied; left out: all, as Istio does";
    let percent = f.object("mirrorPercentage", |f| f.opt_number("value", 0.0..=100.0, share));
    let deprecated = "share of requests copied (deprecated by Istio)";
    let old = f.opt_count("mirrorPercent", 0..=100, deprecated);
    // `crd-all.gen.yaml` has both names of the field, and route.go honours either.
    let older = f.opt_count("mirror_percent", 0..=100, deprecated);
    let mut several = f.list("mirrors", |f| {
        let to = f.object("destination", destination).unwrap_or_default();
        let percent = f.object("percentage", |f| f.opt_number("value", 0.0..=100.0, share));
        (to, percent.flatten().unwrap_or(100.0))
    });
    if several.len() > 1 {
        let help = "a flight has one candidate; keep the one that is meant";
        f.problem("mirrors", format!("{} targets", several.len()), "one target", help);
    }
    let percent = percent.flatten().or(old.or(older).map(|p| p as f64)).unwrap_or(100.0);
    let single = to.map(|to| (to, percent));
    let mirror = single.or_else(|| several.pop());
    mirror.filter(|(_, percent)| *percent > 0.0 && !f.describing())
}

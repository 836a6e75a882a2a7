//! `TrafficSplit` (Service Mesh Interface): weights between the Services behind a root Service.

use super::virtual_service::VirtualService;
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};
use crate::rule::{Destination, Match, Rule, Words};
use windtunnel_base::node::{Node, Value};

/// `TrafficSplit` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "TrafficSplit",
    group: "split.smi-spec.io",
    versions: &["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"],
    summary: "weights (canary) between the Services behind a root Service",
    since: "0.5.0",
    source: "servicemeshinterface/smi-spec apis/traffic-split/v1alpha1 to v1alpha4",
    read,
};

const WORDS: Words = Words {
    list: "backends",
    host: "service",
    subset: "service",
    weight: "weight",
    mirror: "backends",
    matches: "matches",
};

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let split = f.object("spec", spec);
    if split.is_none() {
        f.missing("spec", "a TrafficSplit has a service and backends");
    }
    (metadata, Body::Router(Box::new(split.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>) -> VirtualService {
    let root = f.opt_text("service", "the Service that users ask");
    f.missing("service", "the Service whose requests are divided");
    let destinations = f.list("backends", |f| {
        let host = f.opt_text("service", "the Service that gets the requests").unwrap_or_default();
        f.missing("service", "the name of the Service");
        let share = "share of requests: weight by sum of all; a quantity in v1alpha1, where 900m \
            is 0.9";
        let weight = f.opt_scalar("weight", "whole number or quantity", share, weight);
        Destination { host, weight: Some(weight.unwrap_or(0)), ..Destination::default() }
    });
    if !destinations.is_empty() && destinations.iter().all(|d| d.weight == Some(0)) {
        f.problem("backends", "no backend has a weight", "a weight above 0", "");
    }
    let matches = f.list("matches", |f| {
        f.opt_text("kind", "HTTPRouteGroup: conditions that are given elsewhere");
        let name = f.opt_text("name", "who matches the group: spec.traffic.headerShare");
        f.no_effect(&["apiGroup"], "the group of its API");
        name
    });
    let matches: Vec<String> = matches.into_iter().flatten().collect();
    if !matches.is_empty() {
        let source = "what an HTTPRouteGroup asks for is not read";
        f.assume("matches", "a header that some users send", source, true);
    }
    let group = |name: String| Match { headers: vec![name], other: false };
    let rule = Rule {
        path: "spec".into(),
        matches: matches.into_iter().map(group).collect(),
        destinations,
        words: WORDS,
        ..Rule::default()
    };
    let rules = if f.describing() { Vec::new() } else { vec![rule] };
    VirtualService { hosts: root.into_iter().collect(), rules }
}

/// A weight in thousandths, so that `900m`, 900 and 0.9 are of one kind.
fn weight(node: &Node) -> Result<u64, String> {
    let expected = || "a weight such as 90, or 900m".to_string();
    let whole = |number: u64| number.checked_mul(1000).filter(|n| *n <= 1_000_000_000);
    match &node.value {
        Value::Integer(number) => u64::try_from(*number).ok().and_then(whole).ok_or_else(expected),
        Value::Text(text) => {
            let (digits, thousandths) = match text.strip_suffix('m') {
                Some(digits) => (digits, true),
                None => (text.as_str(), false),
            };
            let number = digits.parse::<u64>().ok().filter(|n| *n <= 1_000_000_000);
            let number = number.and_then(|n| if thousandths { Some(n) } else { whole(n) });
            number.ok_or_else(expected)
        }
        _ => Err(expected()),
    }
}

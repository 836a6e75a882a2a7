//! Flagger: metrics of Canaries, with the MetricTemplates that they name.

use super::{Document, Found, number, seconds, text};
use crate::check::{Asks, Check, Controller, Judge, Text, Timing};
use crate::fill::Filled;
use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_controllers::flagger::query::Builtin;

/// The metrics of a Canary that ask a query of their own; the two that are built in are Flagger's.
pub fn canary(document: &Document<'_>, all: &[Document<'_>], found: &mut Found) {
    let Some(spec) = document.node.get("spec") else { return };
    let Some(analysis) = spec.get("analysis").or_else(|| spec.get("canaryAnalysis")) else {
        return;
    };
    for metric in analysis.items_at("metrics") {
        let interval = text(metric, "interval").map_or("1m".to_string(), |found| found.text);
        let asked =
            query(metric, document, all, found).map(|(query, file)| (query, file, Asks::Query));
        let Some((query, file, asks)) = asked.or_else(|| without(metric, document, &interval))
        else {
            continue;
        };
        let names = Names { canary: document, spec, metric, interval };
        let mut filled = Filled::new(&query.text, &|word| names.value(word));
        filled.target = names.value("target").map(|(target, _)| target);
        let name = metric.get("name").and_then(Node::text).unwrap_or_default();
        found.checks.push(Check {
            asks,
            file: document.file.clone(),
            place: metric.place,
            object: document.object(),
            name: name.to_string(),
            controller: Controller::Flagger,
            query_file: file,
            query,
            filled,
            judge: bounds(metric),
            timing: Timing {
                interval_s: seconds(analysis, "interval").or(Some(60.0)),
                count: number(analysis, "iterations"),
                failure_limit: number(analysis, "threshold"),
                failure_limit_at: analysis.get("threshold").map_or(metric.place, |n| n.place),
                background: false,
            },
            scrape_s: super::SCRAPE_S,
            first_weight: number(analysis, "stepWeight").map(|percent| percent / 100.0),
        });
    }
}

/// A template that no Canary of these files names: its query is looked at, and nothing else.
pub fn unused(document: &Document<'_>, all: &[Document<'_>], found: &mut Found) {
    let named = all.iter().filter(|other| other.kind() == "Canary").any(|canary| {
        let Some(analysis) = canary.node.at("spec.analysis") else { return false };
        analysis.items_at("metrics").iter().any(|m| names(m, document, canary))
    });
    // Beside Canaries a template that none of them names judges nothing.
    if named || all.iter().any(|other| other.kind() == "Canary") {
        return;
    }
    let Some(query) = own_query(document, found) else { return };
    let words = ["name", "namespace", "target", "service", "ingress", "route", "interval"];
    let filled = Filled::new(&query.text, &|word| match word {
        "interval" => Some(("1m".to_string(), false)),
        _ if word.starts_with("variables.") => Some((word[10..].to_string(), false)),
        _ => words.contains(&word).then(|| (format!("the-{word}"), false)),
    });
    found.checks.push(Check {
        asks: Asks::Query,
        file: document.file.clone(),
        place: document.node.place,
        object: document.object(),
        name: document.name().to_string(),
        controller: Controller::Flagger,
        query_file: document.file.clone(),
        query,
        filled,
        judge: Judge::Unknown,
        timing: Timing::default(),
        scrape_s: super::SCRAPE_S,
        first_weight: None,
    });
}

fn names(metric: &Node, template: &Document<'_>, canary: &Document<'_>) -> bool {
    let Some(reference) = metric.get("templateRef") else { return false };
    let namespace = reference.get("namespace").and_then(Node::text);
    let home =
        |namespace: &str| if namespace.is_empty() { "default" } else { namespace }.to_string();
    reference.get("name").and_then(Node::text) == Some(template.name())
        && home(namespace.unwrap_or(canary.namespace())) == home(template.namespace())
}

fn own_query(document: &Document<'_>, found: &mut Found) -> Option<Text> {
    let spec = document.node.get("spec")?;
    let provider = spec.at("provider.type").and_then(Node::text).unwrap_or("prometheus");
    if provider != "prometheus" {
        found.elsewhere += 1;
        return None;
    }
    text(spec, "query")
}

fn query(
    metric: &Node,
    canary: &Document<'_>,
    all: &[Document<'_>],
    found: &mut Found,
) -> Option<(Text, Arc<str>)> {
    if let Some(query) = text(metric, "query").filter(|query| !query.text.is_empty()) {
        return Some((query, canary.file.clone()));
    }
    let is_named =
        |other: &&Document<'_>| other.kind() == "MetricTemplate" && names(metric, other, canary);
    let template = all.iter().find(is_named)?;
    own_query(template, found).map(|query| (query, template.file.clone()))
}

/// What a metric without a query of its own asks; nothing if its template is not in these files.
fn without(metric: &Node, canary: &Document<'_>, interval: &str) -> Option<(Text, Arc<str>, Asks)> {
    if metric.get("templateRef").is_some() {
        return None;
    }
    let name = metric.get("name").and_then(Node::text).unwrap_or_default();
    let asks = if Builtin::parse(name).is_some() { Asks::BuiltIn } else { Asks::Nothing };
    let place = metric.get("interval").map_or(metric.place, |interval| interval.place);
    // Stands for the built-in query, whose window is the interval.
    let text = format!("sum(rate(built_in_total[{interval}]))");
    Some((Text { place, text }, canary.file.clone(), asks))
}

fn bounds(metric: &Node) -> Judge {
    let at = |path: &str| metric.at(path).map(|node| node.place);
    if let Some(place) = at("thresholdRange") {
        let range = |end: &str| number(metric, &format!("thresholdRange.{end}"));
        return Judge::Bounds { min: range("min"), max: range("max"), place };
    }
    match (number(metric, "threshold"), at("threshold")) {
        // The older field is a limit that the value may not exceed.
        (Some(max), Some(place)) => Judge::Bounds { min: None, max: Some(max), place },
        _ => Judge::Bounds { min: None, max: None, place: metric.place },
    }
}

struct Names<'a> {
    canary: &'a Document<'a>,
    spec: &'a Node,
    metric: &'a Node,
    interval: String,
}

impl Names<'_> {
    fn value(&self, word: &str) -> Option<(String, bool)> {
        let at = |path: &str| self.spec.at(path).and_then(Node::text).map(str::to_string);
        let target = at("targetRef.name");
        let found = match word {
            "name" => Some(self.canary.name().to_string()),
            "namespace" => match self.canary.namespace() {
                "" => Some("default".to_string()),
                own => Some(own.to_string()),
            },
            "target" => target,
            "service" => at("service.name").or(target),
            "ingress" => at("ingressRef.name").or(Some("the-ingress".to_string())),
            "route" => at("routeRef.name").or(Some("the-route".to_string())),
            "interval" => Some(self.interval.clone()),
            _ => {
                let name = word.strip_prefix("variables.")?;
                let value = self.metric.get("templateVariables").and_then(|v| v.get(name));
                return Some(match value.and_then(Node::text) {
                    Some(value) => (value.to_string(), true),
                    None => (String::new(), false),
                });
            }
        };
        Some((found.unwrap_or_else(|| format!("the-{word}")), true))
    }
}

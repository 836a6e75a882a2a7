//! Argo: metrics of AnalysisTemplates, with what the Rollouts of the same files give them.

use super::{Document, Found, number, seconds, text};
use crate::check::{Asks, Check, Controller, Judge, Text, Timing};
use crate::fill::Filled;
use std::collections::BTreeMap;
use windtunnel_base::node::Node;

/// How a Rollout uses templates: the arguments it gives them, and when.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// The template's name.
    template: String,
    /// Values of arguments, as far as they are written.
    given: BTreeMap<String, String>,
    /// Share of the traffic on the new version when it begins, if weights are written before it.
    weight: Option<f64>,
    /// Does it run beside the steps, and not as one of them?
    background: bool,
}

/// Every use of a template by a Rollout.
pub fn rollouts(all: &[Document<'_>]) -> Vec<Use> {
    let mut uses = Vec::new();
    for rollout in all.iter().filter(|document| document.kind() == "Rollout") {
        let Some(strategy) = rollout.node.at("spec.strategy") else { continue };
        let steps = strategy.items_at("canary.steps");
        let mut weight = None;
        for step in steps {
            weight = number(step, "setWeight").map(|percent| percent / 100.0).or(weight);
            if let Some(analysis) = step.get("analysis") {
                analyses(analysis, weight, false, &mut uses);
            }
        }
        if let Some(analysis) = strategy.at("canary.analysis") {
            let starting = number(analysis, "startingStep").unwrap_or(0.0) as usize;
            let mut first =
                steps.iter().take(starting.max(1)).filter_map(|s| number(s, "setWeight"));
            analyses(analysis, first.next_back().map(|percent| percent / 100.0), true, &mut uses);
        }
        for path in ["blueGreen.prePromotionAnalysis", "blueGreen.postPromotionAnalysis"] {
            if let Some(analysis) = strategy.at(path) {
                analyses(analysis, None, false, &mut uses);
            }
        }
    }
    uses
}

fn analyses(analysis: &Node, weight: Option<f64>, background: bool, uses: &mut Vec<Use>) {
    let mut given = BTreeMap::new();
    for argument in analysis.items_at("args") {
        let Some(name) = argument.get("name").and_then(Node::text) else { continue };
        if let Some(value) = value(argument) {
            given.insert(name.to_string(), value);
        }
    }
    for template in analysis.items_at("templates") {
        let Some(name) = template.get("templateName").and_then(Node::text) else { continue };
        uses.push(Use { template: name.to_string(), given: given.clone(), weight, background });
    }
}

/// What an argument is, if that is written: a text, or which version's hash.
fn value(argument: &Node) -> Option<String> {
    if let Some(text) = argument.get("value").and_then(Node::text) {
        return Some(text.to_string());
    }
    match argument.at("valueFrom.podTemplateHashValue").and_then(Node::text)? {
        "Latest" => Some(NEW_HASH.to_string()),
        _ => Some(STABLE_HASH.to_string()),
    }
}

/// Stands for the hash of the new version's pods.
pub const NEW_HASH: &str = "canary-hash";

/// Stands for the hash of the stable version's pods.
pub const STABLE_HASH: &str = "stable-hash";

/// The metrics of a template.
pub fn template(document: &Document<'_>, uses: &[Use], found: &mut Found) {
    let Some(spec) = document.node.get("spec") else { return };
    let used = uses.iter().find(|used| used.template == document.name());
    let mut arguments = BTreeMap::new();
    for argument in spec.items_at("args") {
        let Some(name) = argument.get("name").and_then(Node::text) else { continue };
        let given = used.and_then(|used| used.given.get(name).cloned());
        arguments.insert(name.to_string(), given.or_else(|| value(argument)));
    }
    for metric in spec.items_at("metrics") {
        let provider = metric.get("provider");
        let Some(query) = provider.and_then(|p| text(p, "prometheus.query")) else {
            found.elsewhere += usize::from(provider.is_some());
            continue;
        };
        let value_of = |word: &str| {
            let name = word.strip_prefix("args.")?;
            match arguments.get(name) {
                Some(Some(value)) => Some((value.clone(), true)),
                // Only a caller gives it: its name is all that is known of it.
                Some(None) => Some((format!("arg_{}", name.replace('-', "_")), false)),
                None => None,
            }
        };
        let filled = Filled::new(&query.text, &value_of);
        let name = metric.get("name").and_then(Node::text).unwrap_or_default();
        found.checks.push(Check {
            asks: Asks::Query,
            file: document.file.clone(),
            place: metric.place,
            object: document.object(),
            name: name.to_string(),
            controller: Controller::Argo,
            query_file: document.file.clone(),
            query,
            filled,
            judge: conditions(metric, &value_of),
            timing: Timing {
                interval_s: seconds(metric, "interval"),
                count: number(metric, "count"),
                failure_limit: number(metric, "failureLimit"),
                failure_limit_at: metric.get("failureLimit").map_or(metric.place, |n| n.place),
                background: used.is_some_and(|used| used.background),
            },
            scrape_s: super::SCRAPE_S,
            first_weight: used.and_then(|used| used.weight),
        });
    }
}

/// The conditions with their arguments in place; where a value is in no file nobody can say how the
/// metric is judged.
fn conditions(metric: &Node, value: &dyn Fn(&str) -> Option<(String, bool)>) -> Judge {
    let mut known = true;
    let mut of = |path: &str| {
        let written = text(metric, path)?;
        let filled = Filled::new(&written.text, value);
        known &= filled.unknown.is_empty() && filled.spans.iter().all(|span| span.known);
        Some(Text { text: filled.text, ..written })
    };
    let (success, failure) = (of("successCondition"), of("failureCondition"));
    if known { Judge::Conditions { success, failure } } else { Judge::Unknown }
}

//! Documents → metric checks: whatever asks Prometheus in Argo's, Flagger's and our own files.
//!
//! What is not a check is passed over: other readers tell what is wrong with it.

mod argo;
mod flagger;
mod own;

use super::check::{Check, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::units::parse_duration;

/// A document and its file.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The file, or `-`.
    pub file: &'a Arc<str>,
    /// The document.
    pub node: &'a Node,
}

impl<'a> Document<'a> {
    fn kind(&self) -> &'a str {
        self.node.get("kind").and_then(Node::text).unwrap_or_default()
    }

    fn name(&self) -> &'a str {
        self.node.at("metadata.name").and_then(Node::text).unwrap_or_default()
    }

    fn namespace(&self) -> &'a str {
        self.node.at("metadata.namespace").and_then(Node::text).unwrap_or_default()
    }

    fn object(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The checks, in the order of files and lines.
    pub checks: Vec<Check>,
    /// Queries of recording rules, by the names that they give.
    pub recorded: BTreeMap<String, String>,
    /// Checks that ask somebody else than Prometheus, whose query nobody here can read.
    pub elsewhere: usize,
}

/// Seconds between two scrapes where no file says it: kube-prometheus-stack's.
pub const SCRAPE_S: f64 = 30.0;

/// All checks of some documents, with lists of Kubernetes taken apart.
pub fn read(documents: &[Document<'_>]) -> Found {
    let mut all = Vec::new();
    for document in documents {
        if document.kind().ends_with("List") && document.node.get("items").is_some() {
            let items = document.node.items_at("items").iter();
            all.extend(items.map(|node| Document { file: document.file, node }));
        } else {
            all.push(document.clone());
        }
    }
    let scrape_s = all.iter().find_map(own::scrape_s).unwrap_or(SCRAPE_S);
    let mut found = Found::default();
    let rollouts = argo::rollouts(&all);
    for document in &all {
        match document.kind() {
            "AnalysisTemplate" | "ClusterAnalysisTemplate" => {
                argo::template(document, &rollouts, &mut found);
            }
            "Canary" => flagger::canary(document, &all, &mut found),
            "MetricTemplate" => flagger::unused(document, &all, &mut found),
            "PrometheusRule" => rules(document.node.get("spec"), &mut found),
            "" if document.node.get("groups").is_some() => rules(Some(document.node), &mut found),
            "" => own::checks(document, &mut found),
            _ => {}
        }
    }
    found.checks.iter_mut().for_each(|check| check.scrape_s = scrape_s);
    found
}

fn rules(spec: Option<&Node>, found: &mut Found) {
    for group in spec.map_or(&[][..], |spec| spec.items_at("groups")) {
        for rule in group.items_at("rules") {
            let text = |key: &str| rule.get(key).and_then(Node::text).map(str::to_string);
            found.recorded.extend(text("record").zip(text("expr")));
        }
    }
}

/// A text under a path.
fn text(node: &Node, path: &str) -> Option<Text> {
    let found = node.at(path)?;
    Some(Text { place: found.place, text: found.text()?.to_string() })
}

/// A number under a path, perhaps written as a text.
fn number(node: &Node, path: &str) -> Option<f64> {
    match &node.at(path)?.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Seconds under a path.
fn seconds(node: &Node, path: &str) -> Option<f64> {
    let text = node.at(path)?.text()?;
    parse_duration(text).map(|found| found.as_secs_f64())
}

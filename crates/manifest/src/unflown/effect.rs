//! What a document that is not flown does to what is, by the fields with which it refers to it.

use super::flown::Target;
use super::kinds::Known;
use super::refer::{By, Reference};
use std::collections::BTreeMap;
use windtunnel_base::node::{Node, Value};

/// What leaving a document out may change, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It owns the release: what is flown is another one.
    Owns,
    /// It divides requests, or copies them.
    Divides,
    /// It sets the number or the size of pods.
    Sizes,
    /// Nobody knows here.
    MayChange,
    /// It is a workload, whose own releases are not flown.
    OwnRelease,
}

impl Effect {
    /// The effect in a word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Owns => "ownsRelease",
            Effect::Divides => "dividesRequests",
            Effect::Sizes => "setsSize",
            Effect::MayChange => "mayChange",
            Effect::OwnRelease => "ownRelease",
        }
    }

    /// Would a flight without it be of another release than the user's?
    pub fn governs(self) -> bool {
        self <= Effect::Sizes
    }

    /// The way out: how to say it in words that are flown.
    pub fn way_out(self) -> &'static str {
        match self {
            Effect::Owns => "write its steps as a Scenario (`windtunnel explain canary`)",
            Effect::Divides => {
                "divide by a kind that is flown (docs/manifests.md), or in a Scenario"
            }
            _ => "write the size into a Scenario: spec.service.replicas, spec.service.autoscaler",
        }
    }
}

/// One reference that meets something, directly or by way of another document.
pub struct Meeting<'f> {
    /// The field that refers to what is flown.
    pub reference: Reference,
    /// What it means.
    pub target: &'f Target,
    /// Without another document between?
    pub direct: bool,
}

/// The sentence about it: what stands before the names of what it refers to, and behind them.
pub struct Judged {
    /// What leaving it out may change.
    pub effect: Effect,
    /// The reference that says so.
    pub by: usize,
    /// Begins the sentence.
    pub before: &'static str,
    /// Ends it.
    pub after: String,
}

/// Fields of a document's `spec` in which a release is planned.
const PLANS: [&str; 16] = [
    "strategy",
    "rolloutStrategy",
    "deploymentStrategy",
    "releasePlan",
    "rolloutPlan",
    "rollout",
    "steps",
    "batches",
    "phases",
    "stages",
    "waves",
    "canary",
    "blueGreen",
    "analysis",
    "canaryAnalysis",
    "promotion",
];

/// Fields that bound a number of pods.
const BOUNDS: [&str; 6] = [
    "minReplicas",
    "maxReplicas",
    "minReplicaCount",
    "maxReplicaCount",
    "idleReplicaCount",
    "desiredReplicas",
];

/// What a document does that refers to something flown; nothing if it does nothing.
pub fn judge(document: &Node, known: Known, met: &[Meeting<'_>]) -> Option<Judged> {
    let found = |test: &dyn Fn(&Meeting<'_>) -> bool| met.iter().position(test);
    let say = |effect: Effect, by: usize, before: &'static str, after: &str| {
        Some(Judged { effect, by, before, after: after.to_string() })
    };
    if known == Known::Vertical {
        return vertical(document);
    }
    let scaled = |m: &Meeting<'_>| {
        let last = m.reference.path.rsplit('.').next().unwrap_or_default();
        let scaler = document.get("kind").and_then(Node::text).unwrap_or_default();
        let sizes = bounds(document) || scaler.contains("Autoscaler");
        last == "scaleTargetRef" || m.target.is_workload() && named(m) && sizes
    };
    if let Some(by) = found(&scaled) {
        let after = ": flown, the size would stay as the other files have it";
        return say(Effect::Sizes, by, "it sets the size of ", after);
    }
    if let Some(by) = found(&named).filter(|_| known != Known::Router && plans(document)) {
        let after = ": its plan is not flown, and what would be flown is another release";
        return say(Effect::Owns, by, "it owns the release of ", after);
    }
    if let Some(by) = found(&|m| matches!(m.reference.by, By::Pods(_))) {
        let after = " as well, which sends them a share of its requests: they are not flown";
        return say(Effect::Divides, by, "its pods are picked by ", after);
    }
    if let Some(by) = found(&|m| m.direct && m.reference.copies) {
        let after = ": these are not flown";
        return say(Effect::Divides, by, "it sends copies of requests to ", after);
    }
    if let Some(by) = found(&|m| m.direct && m.target.one_sided && named(m)) {
        let after = ", which picks the pods of one version only: flown, they would meet both";
        return say(Effect::Divides, by, "it sends requests to ", after);
    }
    let shared = found(&|m| m.reference.share && named(m));
    if let Some(by) = shared.or_else(|| several(document, met)) {
        let after = ": the shares that it gives are not flown";
        return say(Effect::Divides, by, "it divides the requests of ", after);
    }
    if known == Known::Router {
        let after = " through it, undivided: its own timeouts, retries and limits are not flown";
        return say(Effect::MayChange, 0, "requests reach ", after);
    }
    let after = ": what it does there is not known here, and may change the result";
    say(Effect::MayChange, 0, "it refers to ", after)
}

/// Does it name what it means, and not only pick it by labels?
fn named(met: &Meeting<'_>) -> bool {
    !matches!(met.reference.by, By::Selector(_) | By::Pods(_))
}

/// Does the document plan a release?
fn plans(document: &Node) -> bool {
    let planned = |name: &&str| {
        let node = document.get("spec").and_then(|spec| spec.get(name));
        node.is_some_and(|node| matches!(node.value, Value::Map(_) | Value::List(_)))
    };
    PLANS.iter().any(planned)
}

/// Does it bound a number of pods, in its `spec` or one mapping below?
fn bounds(document: &Node) -> bool {
    let own = |node: &Node| BOUNDS.iter().any(|name| node.get(name).is_some());
    let Some(spec) = document.get("spec") else { return false };
    let Value::Map(entries) = &spec.value else { return false };
    own(spec) || entries.iter().any(|(_, node)| own(node))
}

/// One of several Services of one release that stand in one list, or are told apart by what
/// requests carry.
fn several(document: &Node, met: &[Meeting<'_>]) -> Option<usize> {
    let served = |m: &Meeting<'_>| m.direct && named(m) && m.target.kind == "Service";
    let served = met.iter().enumerate().filter(|(_, m)| served(m));
    let served: Vec<(usize, &Meeting<'_>)> = served.collect();
    let name = |m: &Meeting<'_>| m.reference.name.clone();
    let (_, first) = served.first()?;
    if served.iter().all(|(_, m)| m.reference.name == first.reference.name) {
        return None;
    }
    if weighs(document) {
        return served.first().map(|(at, _)| *at);
    }
    let by_request = carried(document.get("spec").unwrap_or(document));
    let list =
        |m: &Meeting<'_>| m.reference.path.rsplit_once('[').map(|(list, _)| list.to_string());
    // The first of every group, and its name: where another follows, the two are told apart.
    let mut groups: BTreeMap<(usize, Option<String>), (usize, String)> = BTreeMap::new();
    let mut found: Option<usize> = None;
    for (at, one) in served {
        let unit = one.target.unit;
        let own = list(one).map(|list| (unit, Some(list)));
        for key in own.into_iter().chain(by_request.then_some((unit, None))) {
            let (first, other) = groups.entry(key).or_insert_with(|| (at, name(one)));
            if *other != one.reference.name {
                found = Some(found.map_or(*first, |found| found.min(*first)));
            }
        }
    }
    found
}

/// Does a document give weights?
fn weighs(node: &Node) -> bool {
    match &node.value {
        Value::List(items) => items.iter().any(weighs),
        Value::Map(entries) => {
            entries.iter().any(|(key, value)| key.name == "weight" || weighs(value))
        }
        _ => false,
    }
}

/// Does a document speak of headers or cookies?
fn carried(node: &Node) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("header") || text.contains("cookie")
    };
    match &node.value {
        Value::Text(text) => says(text),
        Value::List(items) => items.iter().any(carried),
        Value::Map(entries) => entries.iter().any(|(k, value)| says(&k.name) || carried(value)),
        _ => false,
    }
}

/// A VerticalPodAutoscaler kills pods so that new ones get other requests, unless it only
/// recommends (`Off`) or waits for pods to come (`Initial`; kubernetes/autoscaler
/// vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1/types.go).
fn vertical(document: &Node) -> Option<Judged> {
    let mode = document.at("spec.updatePolicy.updateMode").and_then(Node::text);
    let (effect, before, after) = match mode.unwrap_or("Auto") {
        "Off" => return None,
        "Initial" => {
            (Effect::MayChange, "it sets the requests of new pods of ", ": not flown".to_string())
        }
        mode => {
            let after = format!(" to give them other requests (updateMode {mode}): not flown");
            (Effect::Sizes, "it replaces pods of ", after)
        }
    };
    Some(Judged { effect, by: 0, before, after })
}

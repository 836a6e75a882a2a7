//! Joins a Scenario with the manifests of the same service: the Scenario says traffic, faults and
//! times, the manifests say strategy and pods. What both say, the Scenario decides, and it is said.

use super::draft::Draft;
use super::note::{Lists, Note, SourcePlace, Weight};
use std::sync::Arc;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::Place;

/// Puts the fields of a unit into a Scenario that leaves them out; `strategies` are appended.
/// Returns the document and the origins of the values that are the unit's.
pub fn join(
    scenario: &Node,
    file: &Arc<str>,
    draft: &Draft,
    lists: &mut Lists,
) -> (Node, Vec<(String, SourcePlace)>) {
    let mut joined = scenario.clone();
    let mut overridden = Vec::new();
    merge(&mut joined, &draft.node, "", &mut overridden);
    let before = strategies(scenario).map_or(0, <[Node]>::len);
    append_strategies(&mut joined, draft, before);
    for (path, own, place) in &overridden {
        let said = ["apiVersion", "kind", "metadata.name", "spec.service.name", "spec.strategies"];
        if said.contains(&path.as_str()) {
            continue;
        }
        let manifest = origin(&draft.origins, path).unwrap_or(&draft.written_at).clone();
        lists.overridden.push(Note {
            written_at: manifest,
            object: draft.object.clone(),
            field: path.clone(),
            text: format!("{own}: the Scenario says otherwise, at {file}:{}", place.line),
            source: String::new(),
            weight: Weight::NoEffect,
        });
    }
    let moved = |(path, written_at): &(String, SourcePlace)| {
        let path = match path.strip_prefix("spec.strategies[0]") {
            Some(rest) => format!("spec.strategies[{before}]{rest}"),
            None => path.clone(),
        };
        let lost =
            overridden.iter().any(|(p, ..)| *p == path || path.starts_with(&format!("{p}.")));
        (!lost).then(|| (path, written_at.clone()))
    };
    let origins = draft.origins.iter().filter_map(moved).collect();
    (joined, origins)
}

/// The strategies that a Scenario lists.
fn strategies(scenario: &Node) -> Option<&[Node]> {
    match &scenario.get("spec")?.get("strategies")?.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// Adds what is missing; notes the paths where both have something different.
fn merge(into: &mut Node, from: &Node, path: &str, overridden: &mut Vec<(String, String, Place)>) {
    if into.value == Value::Null {
        into.value = Value::Map(Vec::new());
    }
    let Value::Map(given) = &from.value else { return };
    let Value::Map(entries) = &mut into.value else { return };
    for (key, value) in given {
        let path = if path.is_empty() { key.name.clone() } else { format!("{path}.{}", key.name) };
        match entries.iter_mut().find(|(k, _)| k.name == key.name) {
            None => entries.push((key.clone(), value.clone())),
            Some((_, own)) => match (&own.value, &value.value) {
                (Value::Map(_) | Value::Null, Value::Map(_)) if !is_probe(&path) => {
                    merge(own, value, &path, overridden);
                }
                (a, b) if json(a) == json(b) => {}
                _ => overridden.push((path, value.shown(), own.place)),
            },
        }
    }
}

/// A probe is one value: half of the one and half of the other would be nobody's.
fn is_probe(path: &str) -> bool {
    path.ends_with("Probe") || path == "spec.traffic.arrivals"
}

fn json(value: &Value) -> serde_json::Value {
    super::print::json(&Node::unplaced(value.clone()))
}

/// The manifests' strategy behind those of the Scenario, with a name of its own.
fn append_strategies(joined: &mut Node, draft: &Draft, before: usize) {
    if before == 0 {
        return;
    }
    let Some(own) = strategies(&draft.node) else { return };
    let Some(list) = child(joined, "spec").and_then(|spec| child(spec, "strategies")) else {
        return;
    };
    let Value::List(items) = &mut list.value else { return };
    for strategy in own {
        let strategy = named_apart(strategy.clone(), items, &draft.name);
        items.push(strategy);
    }
}

/// The strategy, with a name that none of `others` has.
pub fn named_apart(mut strategy: Node, others: &[Node], unit: &str) -> Node {
    let Some(kind) = kind_of(&strategy).map(str::to_string) else { return strategy };
    let taken = |name: &str| others.iter().any(|o| name_of(o) == Some(name));
    let own = name_of(&strategy).unwrap_or(&kind).to_string();
    if !taken(&own) {
        return strategy;
    }
    let numbered = (2..).map(|n| format!("{kind}-{unit}-{n}"));
    let free = std::iter::once(format!("{kind}-{unit}")).chain(numbered).find(|n| !taken(n));
    if let Some(settings) = child(&mut strategy, &kind) {
        if settings.value == Value::Null {
            settings.value = Value::Map(Vec::new());
        }
        if let Value::Map(entries) = &mut settings.value {
            entries.retain(|(key, _)| key.name != "name");
            let key = Key { place: Place::default(), name: "name".into() };
            entries.push((key, Node::unplaced(Value::Text(free.unwrap_or_default()))));
        }
    }
    strategy
}

/// Kind of a strategy as it is listed.
pub fn kind_of(strategy: &Node) -> Option<&str> {
    match &strategy.value {
        Value::Text(kind) => Some(kind),
        Value::Map(entries) => entries.first().map(|(key, _)| key.name.as_str()),
        _ => None,
    }
}

fn name_of(strategy: &Node) -> Option<&str> {
    let kind = kind_of(strategy)?;
    strategy.get(kind).and_then(|s| s.get("name")).and_then(Node::text).or(Some(kind))
}

/// The node under a key.
pub fn child<'a>(node: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|(k, _)| k.name == name).map(|(_, v)| v),
        _ => None,
    }
}

/// Where the value under `path` came from: its own origin, or that of what it stands in.
pub fn origin<'a>(origins: &'a [(String, SourcePlace)], path: &str) -> Option<&'a SourcePlace> {
    let within = |(own, _): &&(String, SourcePlace)| {
        path.strip_prefix(own.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    origins.iter().filter(within).max_by_key(|(own, _)| own.len()).map(|(_, written_at)| written_at)
}

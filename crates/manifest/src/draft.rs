//! A scenario in the making: what manifests say, written as the Scenario that says the same, with
//! the place in a manifest that each value came from.
//!
//! Everything that a manifest can ask for can be written in a Scenario. That is why an import can
//! be printed and flown again, why `--set` works on manifests, and why there is one reader only.

use super::fields::Labels;
use super::kinds::Object;
use super::note::{Lists, Note, SourcePlace, Weight};
use super::rule::Destination;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::Place;
use windtunnel_scenario::read::{API_VERSION, KIND};

/// A release unit as a document of kind Scenario.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Name of the unit: of the service that is released.
    pub name: String,
    /// The namespace of its objects, if given.
    pub namespace: Option<String>,
    /// Where it was found.
    pub written_at: SourcePlace,
    /// The object it was found in.
    pub object: String,
    /// The document so far.
    pub node: Node,
    /// Paths of the document, and where their values came from.
    pub origins: Vec<(String, SourcePlace)>,
    /// Other names that a Scenario may call it by.
    pub aliases: Vec<String>,
    /// Names of the objects that took part in it, by their titles.
    pub used: Vec<String>,
    /// Where requests of the old and of the new version go, if rules say it.
    pub roles: Option<[Destination; 2]>,
    /// Labels of the old and of the new version's pods, where they are two fleets.
    pub fleets: Option<[Labels; 2]>,
    /// Budgets that cover its pods, to be written together.
    pub budgets: Vec<(SourcePlace, Vec<(&'static str, Value)>)>,
}

impl Draft {
    /// An empty unit found in `object`.
    pub fn new(name: &str, object: &Object) -> Draft {
        let mut draft = Draft {
            name: name.to_string(),
            namespace: object.metadata.namespace.clone(),
            written_at: object.written_at(""),
            object: object.title(),
            node: Node::unplaced(Value::Map(Vec::new())),
            origins: Vec::new(),
            aliases: vec![object.metadata.name.clone()],
            used: Vec::new(),
            roles: None,
            fleets: None,
            budgets: Vec::new(),
        };
        let written_at = object.written_at("metadata.name");
        draft.write("apiVersion", Value::Text(API_VERSION.into()));
        draft.write("kind", Value::Text(KIND.into()));
        draft.set("metadata.name", Value::Text(name.into()), written_at.clone());
        draft.set("spec.service.name", Value::Text(name.into()), written_at);
        if let Some(namespace) = &object.metadata.namespace {
            let written_at = object.written_at("metadata.namespace");
            draft.set("spec.service.namespace", Value::Text(namespace.clone()), written_at);
        }
        draft.takes(object);
        draft
    }

    /// May an object belong to it: does it lie in no other namespace?
    pub fn is_near(&self, object: &Object) -> bool {
        match (&self.namespace, &object.metadata.namespace) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        }
    }

    /// Notes that an object took part.
    pub fn takes(&mut self, object: &Object) {
        if !self.used.contains(&object.title()) {
            self.used.push(object.title());
        }
    }

    /// Writes a value that came from a manifest.
    pub fn set(&mut self, path: &str, value: Value, written_at: SourcePlace) {
        self.write(path, value);
        self.origins.retain(|(p, _)| p != path);
        self.origins.push((path.to_string(), written_at));
    }

    /// Writes a value that came from nowhere.
    pub fn write(&mut self, path: &str, value: Value) {
        *place_for(&mut self.node, path) = value;
    }

    /// Adds an entry to a list that came from a manifest.
    pub fn push(&mut self, path: &str, value: Value, written_at: SourcePlace) {
        let mut items = match self.get(path).map(|node| &node.value) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        };
        items.push(Node::unplaced(value));
        self.set(path, Value::List(items), written_at);
    }

    /// Takes back what stands under `path`.
    pub fn remove(&mut self, path: &str) {
        let (above, name) = path.rsplit_once('.').unwrap_or(("", path));
        if self.get(above).is_some()
            && let Value::Map(entries) = place_for(&mut self.node, above)
        {
            entries.retain(|(key, _)| key.name != name);
        }
        let within = |own: &str| own == path || own.starts_with(&format!("{path}."));
        self.origins.retain(|(own, _)| !within(own));
    }

    /// Begins the strategy of the unit; its settings are written below what comes back.
    pub fn strategy(&mut self, kind: &str, written_at: SourcePlace) -> String {
        let settings = Node::unplaced(Value::Map(Vec::new()));
        let key = Key { place: Place::default(), name: kind.to_string() };
        let part = Node::unplaced(Value::Map(vec![(key, settings)]));
        let path = "spec.strategies";
        self.set(path, Value::List(vec![part]), written_at.clone());
        let path = format!("{path}[0].{kind}");
        self.origins.push((path.clone(), written_at));
        path
    }

    /// What stands under `path`, if anything does.
    pub fn get(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(&self.node, |node, name| node.get(name))
    }

    /// Books something that was assumed for the unit.
    pub fn assume(&self, lists: &mut Lists, field: &str, value: &str, source: &str, matters: bool) {
        lists.assumed.push(Note {
            written_at: self.written_at.clone(),
            object: self.object.clone(),
            field: field.to_string(),
            text: value.to_string(),
            source: source.to_string(),
            weight: if matters { Weight::Matters } else { Weight::NoEffect },
        });
    }

    /// A note of something in an object that would change figures.
    pub fn note(&self, object: &Object, field: &str, text: String) -> Note {
        Note {
            written_at: object.written_at(field),
            object: object.title(),
            field: field.to_string(),
            text,
            source: String::new(),
            weight: Weight::Matters,
        }
    }

    /// Books what an object as a whole becomes.
    pub fn understand(&self, lists: &mut Lists, object: &Object, field: &str, text: String) {
        lists.understood.push(Note {
            written_at: object.written_at(field),
            object: object.title(),
            field: field.to_string(),
            text,
            source: String::new(),
            weight: Weight::NoEffect,
        });
    }
}

/// The node under a path that exists.
fn place_for<'a>(node: &'a mut Node, path: &str) -> &'a mut Value {
    let mut node = node;
    for part in path.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        node = child(node, name);
        if let Some(index) = index {
            node = item(node, index);
        }
    }
    &mut node.value
}

fn child<'a>(node: &'a mut Node, name: &str) -> &'a mut Node {
    let empty = Value::Map(Vec::new());
    if !matches!(node.value, Value::Map(_)) {
        node.value = empty;
    }
    let Value::Map(entries) = &mut node.value else { unreachable!("a mapping was just put there") };
    let at = entries.iter().position(|(key, _)| key.name == name).unwrap_or(entries.len());
    if at == entries.len() {
        let key = Key { place: Place::default(), name: name.to_string() };
        entries.push((key, Node::unplaced(Value::Null)));
    }
    &mut entries[at].1
}

fn item(node: &mut Node, index: usize) -> &mut Node {
    if !matches!(&node.value, Value::List(items) if index < items.len()) {
        let filler = |_| Node::unplaced(Value::Null);
        node.value = Value::List((0..=index).map(filler).collect());
    }
    let Value::List(items) = &mut node.value else { unreachable!("a list was just put there") };
    &mut items[index]
}

/// A text value.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A whole number.
pub fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Seconds as a duration.
pub fn secs(number: f64) -> Value {
    Value::Text(format!("{number}s"))
}

/// Percent as a share.
pub fn percent(number: f64) -> Value {
    let rounded = (number * 1e6).round() / 1e6;
    Value::Text(format!("{rounded}%"))
}

/// A mapping.
pub fn mapping(entries: Vec<(&str, Value)>) -> Value {
    let entry = |(name, value): (&str, Value)| {
        let key = Key { place: Place::default(), name: name.to_string() };
        (key, Node::unplaced(value))
    };
    Value::Map(entries.into_iter().map(entry).collect())
}

/// A list.
pub fn list(values: Vec<Value>) -> Value {
    Value::List(values.into_iter().map(Node::unplaced).collect())
}

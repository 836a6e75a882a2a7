//! Documents → objects: what each is, what is in it, and everything wrong with it.

use super::fields::{Api, Book, Fields, Labels, Manifest, elsewhere};
use super::kinds::metadata::Metadata;
use super::kinds::{KINDS, KindPart, Object, canary_config, paths_of};
use super::note::Lists;
use super::store::Store;
use super::unflown::{self, Stranger};
use super::worlds::Clash;
use super::{Input, canary_ingress, foreign, is_manifest, nested};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::{Place, Problem, Severity, nearest};
use windtunnel_base::settings::read_document;

/// Lists within lists, at most.
const DEEPEST_LIST: usize = 4;

/// Most objects of one run.
const OBJECTS_MAX: usize = 20_000;

/// Where a document begins: its file, and the place in it.
pub type Start = (Arc<str>, Place);

/// What reading yields.
#[derive(Debug, Default)]
pub struct Objects {
    /// All objects that were read, by kind and name.
    pub store: Store,
    /// Documents of kinds that are not read.
    pub strangers: Vec<Stranger>,
    /// Notes about their fields.
    pub lists: Lists,
    /// Everything wrong with them.
    pub problems: Vec<Problem>,
    /// Where every document begins, and the object that was read from it.
    pub starts: BTreeMap<Start, Option<(&'static str, Metadata)>>,
    /// Files that give the same object differently.
    pub clashes: Vec<Clash>,
    /// Files of tools that make manifests.
    foreign: Vec<Problem>,
}

/// Reads all manifests of a run.
pub fn read(inputs: &[Input]) -> Objects {
    let mut objects = Objects::default();
    for input in inputs {
        for document in &input.documents {
            if is_manifest(document) {
                expand(document, &input.file, 0, &mut objects);
            } else {
                objects.store.told.extend(told(document));
            }
        }
    }
    let Objects { store, problems, .. } = &mut objects;
    if store.objects.len() > OBJECTS_MAX {
        let message = format!("{} objects", store.objects.len());
        let file = inputs.first().map(|i| Arc::clone(&i.file)).unwrap_or_default();
        let problem = Problem::error(Default::default(), "", message).in_file(&file);
        problems.push(problem.expected(format!("at most {OBJECTS_MAX}")));
        store.objects.clear();
    }
    beside(&mut objects);
    twice(&mut objects);
    canary_ingress::join(&mut objects);
    nested::resolve(&mut objects);
    objects
}

/// Files of tools that make manifests are refused; beside manifests that can be flown it is told
/// that they are not applied.
fn beside(objects: &mut Objects) {
    let runs = objects.store.objects.iter().any(|object| object.template().is_some());
    for mut problem in std::mem::take(&mut objects.foreign) {
        if runs {
            problem.severity = Severity::Warning;
            problem.message += ", which is not applied";
        }
        objects.problems.push(problem);
    }
}

/// The names that a Scenario gives to the old and the new version, of their workloads or of
/// themselves.
pub fn told(scenario: &Node) -> Vec<[String; 2]> {
    let service = "spec.service";
    let of = |group: &str| {
        let name = |side: &str| scenario.at(&format!("{service}.{group}.{side}"))?.text();
        Some([name("old")?.to_string(), name("new")?.to_string()])
    };
    ["workloads", "versions"].into_iter().filter_map(of).collect()
}

/// One document, or each entry of a list of them.
fn expand(document: &Node, file: &Arc<str>, depth: usize, objects: &mut Objects) {
    let kind = document.get("kind").and_then(Node::text).unwrap_or_default();
    let version = document.get("apiVersion").and_then(Node::text).unwrap_or_default();
    if kind.ends_with("List") && document.get("items").is_some() {
        let Some(Node { value: Value::List(items), place }) = document.get("items") else {
            let found = document.get("items").map(Node::shown).unwrap_or_default();
            let problem = Problem::error(document.place, "items", format!("found {found}"));
            objects.problems.push(problem.expected("a list of objects").in_file(file));
            return;
        };
        if depth >= DEEPEST_LIST || items.len() > OBJECTS_MAX {
            let found = format!("{} objects, {depth} lists deep", items.len());
            let expected = format!("at most {OBJECTS_MAX}, {DEEPEST_LIST} lists deep");
            let problem = Problem::error(*place, "items", found).expected(expected);
            objects.problems.push(problem.help("name fewer files").in_file(file));
            return;
        }
        let own = kind.strip_suffix("List").unwrap_or_default();
        for item in items {
            match typed(item, own, version) {
                Some(typed) => expand(&typed, file, depth + 1, objects),
                None => expand(item, file, depth + 1, objects),
            }
        }
        return;
    }
    objects.starts.insert((Arc::clone(file), document.place), None);
    if let Some(problem) = foreign::document(document, file) {
        objects.foreign.push(problem);
        return;
    }
    if canary_config::is_bare(document) {
        object(&canary_config::BARE, document, file, objects);
        return;
    }
    if let Some(part) = part_of(document, kind, version, file, objects) {
        object(part, document, file, objects);
    }
}

/// Entries of a `DeploymentList` may leave out what they are; nothing for one that says it.
fn typed(item: &Node, kind: &str, version: &str) -> Option<Node> {
    if kind.is_empty() || item.get("kind").is_some() {
        return None;
    }
    let mut item = item.clone();
    if let Value::Map(entries) = &mut item.value {
        for (name, value) in [("apiVersion", version), ("kind", kind)] {
            let key = Key { place: item.place, name: name.to_string() };
            let value = Node { place: item.place, value: Value::Text(value.to_string()) };
            entries.push((key, value));
        }
    }
    Some(item)
}

/// The kind's part; unknown kinds are booked, slips and wrong versions are problems.
fn part_of(
    document: &Node,
    kind: &str,
    version: &str,
    file: &Arc<str>,
    objects: &mut Objects,
) -> Option<&'static KindPart> {
    let place = document.get("kind").map_or(document.place, |n| n.place);
    let (group, number) = version.rsplit_once('/').unwrap_or(("", version));
    if let Some(part) = KINDS.iter().find(|p| p.kind == kind && p.group == group) {
        if !part.versions.contains(&number) {
            let place = document.get("apiVersion").map_or(place, |n| n.place);
            let found = format!("found {version:?}");
            let problem = Problem::error(place, "apiVersion", found).in_file(file);
            objects.problems.push(problem.expected(expected(part)));
            return None;
        }
        return Some(part);
    }
    let of_group = KINDS.iter().find(|p| p.kind == kind);
    // A kind of another group is no slip of one of ours.
    let same = |p: &&KindPart| {
        version.is_empty() || p.group == group || nearest(version, [expected(p).as_str()]).is_some()
    };
    let near = nearest(kind, KINDS.iter().filter(same).map(|p| p.kind));
    let near = near.filter(|_| !unflown::is_listed(kind) && !kind.is_empty());
    // `Service` of another group is another thing; a missing, misspelt or old version is not.
    let slip = match of_group {
        Some(part) => {
            let near = || nearest(version, [expected(part).as_str()]).is_some();
            version.is_empty() || group == "extensions" || near()
        }
        None => false,
    };
    let problem = match (of_group, near) {
        (Some(part), _) if slip => {
            let place = document.get("apiVersion").map_or(place, |n| n.place);
            let found = format!("found {version:?}");
            Problem::error(place, "apiVersion", found).expected(expected(part))
        }
        (None, Some(near)) if nearest_is_slip(kind, near) => {
            let problem = Problem::error(place, "kind", format!("found {kind:?}"));
            problem.help(format!("did you mean {near}?"))
        }
        _ if kind.is_empty() || !matches!(document.value, Value::Map(_)) => {
            let problem = Problem::error(place, "kind", format!("found {}", document.shown()));
            problem.expected("an object with apiVersion and kind")
        }
        _ => {
            unknown(document, kind, group, file, objects);
            return None;
        }
    };
    objects.problems.push(problem.in_file(file));
    None
}

fn expected(part: &KindPart) -> String {
    let version = part.versions.last().unwrap_or(&"v1");
    if part.group.is_empty() { version.to_string() } else { format!("{}/{version}", part.group) }
}

/// Is `kind` a slip of the pen, and not another word? At most two letters differ.
fn nearest_is_slip(kind: &str, near: &str) -> bool {
    strsim::osa_distance(kind, near) <= 2
}

/// Books a document of a kind that is not read: what it does to what is flown is judged later.
fn unknown(document: &Node, kind: &str, group: &str, file: &Arc<str>, objects: &mut Objects) {
    objects.store.others.extend(pod_labels(document));
    match Stranger::new(document, kind, group, file) {
        Ok(stranger) => objects.strangers.push(stranger),
        Err(note) => objects.lists.ignored.push(note),
    }
}

/// Labels of the pods that an object of any kind runs, if it has a pod template or is a pod.
fn pod_labels(document: &Node) -> Option<Labels> {
    let template = document.at("spec.template.metadata.labels");
    let own = document.at("metadata.labels").filter(|_| document.at("spec.containers").is_some());
    let Value::Map(entries) = &template.or(own)?.value else { return None };
    let text = |(key, value): &(Key, Node)| Some((key.name.clone(), value.text()?.to_string()));
    Some(entries.iter().filter_map(text).collect())
}

fn object(part: &KindPart, document: &Node, file: &Arc<str>, objects: &mut Objects) {
    // Kayenta's own document has its name without a head.
    let bare = canary_config::is_bare(document);
    let head = if bare { Some(document) } else { document.get("metadata") };
    let given = head.and_then(|m| m.get("name")).and_then(Node::text);
    let fallback = part.kind.to_lowercase();
    let title = format!("{}/{}", part.kind, given.unwrap_or(&fallback));
    let book = RefCell::new(Book::default());
    let api = Api { object: Arc::from(title), file: Arc::clone(file) };
    let read = |f: &mut Fields<'_>| {
        let read = (part.read)(f);
        if given.is_none() && !bare && !f.has("metadata") {
            let source = "a fragment: the API server would refuse it without";
            f.assume("metadata.name", &fallback, source, true);
        }
        read
    };
    let (mut metadata, body) = read_document(document, "", api, &book, read);
    if metadata.name.is_empty() {
        metadata.name = fallback.clone();
    }
    let mut book = book.into_inner();
    if elsewhere::has_unknown(&book)
        && let Some(known) = paths_of(part.kind)
    {
        elsewhere::point(&mut book, known);
    }
    objects.strangers.extend(Stranger::within(document, file));
    objects.lists.extend(book.notes);
    objects.problems.extend(book.problems);
    let start = (Arc::clone(file), document.place);
    objects.starts.insert(start, Some((part.kind, metadata.clone())));
    let (file, node) = (Arc::clone(file), Arc::new(written(document)));
    objects.store.objects.push(Object { kind: part.kind, metadata, file, node, body });
}

/// The document without what the server keeps in it, of which nothing is asked any more: half of
/// what a cluster prints.
pub(super) fn written(document: &Node) -> Node {
    let Value::Map(entries) = &document.value else { return document.clone() };
    let kept = entries.iter().filter(|(key, _)| key.name != "status");
    let entries = kept.map(|(key, value)| match (key.name.as_str(), &value.value) {
        ("metadata", Value::Map(head)) => {
            let head = head.iter().filter(|(key, _)| key.name != "managedFields").cloned();
            (key.clone(), Node { place: value.place, value: Value::Map(head.collect()) })
        }
        _ => (key.clone(), value.clone()),
    });
    Node { place: document.place, value: Value::Map(entries.collect()) }
}

/// The same object given twice is a contradiction, unless both are alike.
fn twice(objects: &mut Objects) {
    let Objects { store, problems, clashes, .. } = objects;
    let mut kept: Vec<Object> = Vec::new();
    let mut known: BTreeMap<(&str, Metadata), usize> = BTreeMap::new();
    for object in std::mem::take(&mut store.objects) {
        let first = known.entry((object.kind, object.metadata.clone())).or_insert(kept.len());
        match kept.get(*first) {
            Some(first) if first.body == object.body => {}
            Some(first) => {
                let message = format!("{} is given twice", object.title());
                let written_at = object.written_at("metadata.name");
                let problem = Problem::error(written_at.place, "metadata.name", message);
                let help = format!(
                    "the first stands at {}; all files of a run are one cluster: name one of them",
                    first.written_at("metadata.name")
                );
                problems.push(problem.help(help).in_file(&written_at.file));
                clashes.push([Arc::clone(&first.file), written_at.file]);
            }
            None => kept.push(object),
        }
    }
    store.objects = kept;
}

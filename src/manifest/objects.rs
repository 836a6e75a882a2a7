//! Documents → objects: what each is, what is in it, and everything wrong with it.

use super::fields::{Api, Book, Fields, Manifest};
use super::kinds::metadata::Metadata;
use super::kinds::{KINDS, KindPart, Object, canary_config};
use super::note::{Lists, Note, Spot, Weight};
use super::store::Store;
use super::{Input, foreign, is_manifest};
use crate::base::node::{Node, Value};
use crate::base::problem::{Problem, nearest};
use crate::base::settings::read_document;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lists within lists, at most.
const DEEPEST_LIST: usize = 4;

/// Most objects of one run.
const OBJECTS_MAX: usize = 20_000;

/// Kinds that are often found beside workloads and say nothing about a release.
const BESIDE: [&str; 34] = [
    "ConfigMap",
    "Secret",
    "Namespace",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PriorityClass",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "Event",
    "Endpoints",
    "EndpointSlice",
    "ReplicaSet",
    "Pod",
    "Node",
    "Gateway",
    "GatewayClass",
    "PeerAuthentication",
    "AuthorizationPolicy",
    "RequestAuthentication",
    "Sidecar",
    "ServiceEntry",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
];

/// Kinds that change what users meet, and are not flown.
const NOT_FLOWN: [(&str, &str); 12] = [
    ("TCPRoute", "requests are divided here, not connections"),
    ("TLSRoute", "requests are divided here, not connections"),
    ("UDPRoute", "requests are divided here, not packets"),
    ("TrafficSplit", "weights of the Service Mesh Interface are not flown"),
    ("ScaledObject", "what KEDA measures is not flown; an autoscaler beside it is"),
    ("StatefulSet", "its pods are replaced one by one, in order; that is not flown"),
    ("DaemonSet", "a pod per node is not flown"),
    ("Job", "no users wait for it"),
    ("CronJob", "no users wait for it"),
    ("Ingress", "requests reach the Service directly"),
    ("EnvoyFilter", "changes to the proxy itself are not flown"),
    ("ReplicationController", "superseded by Deployments; not flown"),
];

/// What reading yields.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects.
    pub store: Store,
    /// Notes about their fields.
    pub lists: Lists,
    /// Everything wrong with them.
    pub problems: Vec<Problem>,
}

/// Reads all manifests of a run.
pub fn read(inputs: &[Input]) -> Objects {
    let mut objects = Objects::default();
    for input in inputs {
        for document in input.documents.iter().filter(|d| is_manifest(d)) {
            expand(document, &input.file, 0, &mut objects);
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
    twice(&mut objects);
    objects
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
            let problem =
                Problem::error(*place, "items", "lists within lists, or too many objects");
            objects.problems.push(problem.expected("a list of objects").in_file(file));
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
    if let Some(problem) = foreign::document(document, file) {
        objects.problems.push(problem);
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
            let key = crate::base::node::Key { place: item.place, name: name.to_string() };
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
    let listed = BESIDE.contains(&kind) || NOT_FLOWN.iter().any(|(k, _)| *k == kind);
    let of_group = KINDS.iter().find(|p| p.kind == kind);
    let near = nearest(kind, KINDS.iter().map(|p| p.kind)).filter(|_| !listed && !kind.is_empty());
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
            unknown(document, kind, file, objects);
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

fn unknown(document: &Node, kind: &str, file: &Arc<str>, objects: &mut Objects) {
    let name = document.get("metadata").and_then(|m| m.get("name")).and_then(Node::text);
    let known = NOT_FLOWN.iter().find(|(k, _)| *k == kind).map(|(_, why)| *why);
    let known = if divides(document) {
        Some("its annotations divide requests between Services; that is not flown")
    } else {
        known
    };
    let (text, weight) = match known {
        Some(why) => (why.to_string(), Weight::Matters),
        None if is_made(document, kind) => {
            ("made by a controller or the server: no effect".to_string(), Weight::Bookkeeping)
        }
        None if BESIDE.contains(&kind) => {
            ("a kind that does not shape a release".to_string(), Weight::NoEffect)
        }
        None => ("a kind that is not known here".to_string(), Weight::Matters),
    };
    let place = document.get("kind").map_or(document.place, |n| n.place);
    let object = format!("{kind}/{}", name.unwrap_or_default());
    let spot = Spot { file: Arc::clone(file), place };
    let (field, source) = (String::new(), String::new());
    objects.lists.ignored.push(Note { spot, object, field, text, source, weight });
}

/// Is it an Ingress that sends a share of the requests elsewhere (ingress-nginx, "Canary")?
fn divides(document: &Node) -> bool {
    let annotations = document.get("metadata").and_then(|m| m.get("annotations"));
    let canary = annotations.and_then(|a| a.get("nginx.ingress.kubernetes.io/canary"));
    canary.and_then(Node::text) == Some("true")
}

/// Is it something that nobody wrote: pods and sets of a workload, and what the server reports?
fn is_made(document: &Node, kind: &str) -> bool {
    let owned = document.get("metadata").and_then(|m| m.get("ownerReferences")).is_some();
    let reported = ["Event", "Endpoints", "EndpointSlice", "Node"].contains(&kind);
    reported || owned && BESIDE.contains(&kind)
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
    let book = book.into_inner();
    objects.lists.extend(book.notes);
    objects.problems.extend(book.problems);
    let (file, node) = (Arc::clone(file), Arc::new(written(document)));
    objects.store.objects.push(Object { kind: part.kind, metadata, file, node, body });
}

/// The document without what the server keeps in it, of which nothing is asked any more: half of
/// what a cluster prints.
fn written(document: &Node) -> Node {
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
    let Objects { store, problems, .. } = objects;
    let mut kept: Vec<Object> = Vec::new();
    let mut known: BTreeMap<(&str, Metadata), usize> = BTreeMap::new();
    for object in std::mem::take(&mut store.objects) {
        let first = known.entry((object.kind, object.metadata.clone())).or_insert(kept.len());
        match kept.get(*first) {
            Some(first) if first.body == object.body => {}
            Some(first) => {
                let message = format!("{} is given twice", object.title());
                let spot = object.spot("metadata.name");
                let problem = Problem::error(spot.place, "metadata.name", message);
                let help = format!(
                    "the first stands at {}; all files of a run are one cluster: name one of them",
                    first.spot("metadata.name")
                );
                problems.push(problem.help(help).in_file(&spot.file));
            }
            None => kept.push(object),
        }
    }
    store.objects = kept;
}

//! What a document of an unknown kind refers to: by name, by host, by selector, by the labels of
//! pods that it runs, in its fields and in its annotations.
//!
//! No kind is known here. Names of fields are read as their authors mean them: a `…Ref` names an
//! object, a `service` or `backend` a Service, a `selector` picks pods; a `weight` beside one of
//! several says that requests are divided among them.

use crate::fields::Labels;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::Place;
use windtunnel_scenario::yaml;

/// A share of all: alone, it divides nothing.
const WHOLE: f64 = 100.0;

/// Fields that say which share of the requests goes to what stands beside them.
const WEIGHTS: [&str; 9] = [
    "weight",
    "weights",
    "percent",
    "percentage",
    "ratio",
    "trafficpercent",
    "trafficpercentage",
    "trafficweight",
    "canaryweight",
];

/// What fields that name Services end with.
const SERVICES: [&str; 13] = [
    "service",
    "services",
    "servicename",
    "servicenames",
    "svc",
    "host",
    "hostname",
    "backend",
    "backends",
    "upstream",
    "upstreams",
    "destination",
    "destinations",
];

/// Fields that name a workload by a text.
const WORKLOADS: [&str; 4] = ["deployment", "deploymentname", "workload", "workloadname"];

/// Selectors of something else than of pods that are flown, and rules of placement.
const NOT_OF_PODS: [&str; 5] =
    ["nodeselector", "namespaceselector", "affinity", "topologyspreadconstraints", "status"];

/// What is named, and how.
#[derive(Clone, Debug, PartialEq)]
pub enum By {
    /// An object of this kind.
    Kind(String),
    /// An object; the field's own name says of which kind, or leaves it open.
    Field(String),
    /// A Service.
    Service,
    /// A workload.
    Workload,
    /// Pods with these labels.
    Selector(Labels),
    /// Services that pick pods with these labels.
    Pods(Labels),
}

/// One reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Path of the field that refers.
    pub path: String,
    /// Where it stands.
    pub place: Place,
    /// How it refers.
    pub by: By,
    /// The name; empty where labels tell.
    pub name: String,
    /// The namespace that it names.
    pub namespace: Option<String>,
    /// Is it a host `web.shop`, which is of the cluster only if `shop` is a namespace of it?
    pub doubtful: bool,
    /// Does it stand among several, with a share of requests beside it?
    pub share: bool,
    /// Do copies of requests go there?
    pub copies: bool,
}

/// All that a document refers to.
pub fn references(document: &Node) -> Vec<Reference> {
    let mut walk = Walk { found: Vec::new(), weights: weights(document) };
    let of = |name: &str| document.at(name).and_then(Node::text);
    let (name, space) = (of("metadata.name"), of("metadata.namespace"));
    if let Some(name) = name.filter(|name| name.contains('.')) {
        // Policies of some meshes bear the host that they are about.
        walk.host(name, "metadata.name", document, &Context::default());
    }
    let Value::Map(entries) = &document.value else { return Vec::new() };
    walk.pods(document, "", &Context::default());
    let root = Context { share: walk.divides(document), ..Context::default() };
    for (key, node) in entries.iter().filter(|(key, _)| key.name != "metadata") {
        walk.visit(node, &key.name, &root.below(&key.name));
    }
    if let Some(Value::Map(entries)) = document.at("metadata.annotations").map(|n| &n.value) {
        let canary = entries.iter().any(|(key, value)| is_canary(&key.name, value));
        walk.found.iter_mut().for_each(|r| r.share |= canary && r.by == By::Service);
        for (key, value) in entries {
            if let Some(text) = value.text() {
                walk.annotation(&key.name, text, key.place);
            }
        }
    }
    walk.found.iter_mut().filter(|r| r.namespace.is_none()).for_each(|reference| {
        reference.namespace = space.map(str::to_string);
    });
    walk.found
}

/// Does an annotation make a router one of a canary's (ingress-nginx, "Canary")?
fn is_canary(key: &str, value: &Node) -> bool {
    let own = key.rsplit('/').next().unwrap_or(key);
    let off = ["false", "0", ""];
    own.starts_with("canary") && value.text().is_some_and(|text| !off.contains(&text))
}

/// How many mappings of a document hold a share.
fn weights(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => items.iter().map(weights).sum(),
        Value::Map(entries) => {
            usize::from(share(node).is_some())
                + entries.iter().map(|(_, n)| weights(n)).sum::<usize>()
        }
        _ => 0,
    }
}

/// The share that stands in a mapping.
fn share(node: &Node) -> Option<f64> {
    let Value::Map(entries) = &node.value else { return None };
    let own = entries.iter().find(|(key, _)| WEIGHTS.contains(&plain(&key.name).as_str()))?;
    own.1.scalar_text()?.trim_end_matches('%').parse().ok()
}

/// A field's name without signs, in small letters.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Where in a document the walk is.
#[derive(Clone, Debug, Default)]
struct Context {
    /// The name of the field, plain.
    key: String,
    /// Items of the list that this one stands in.
    listed: Option<usize>,
    share: bool,
    copies: bool,
    selects: bool,
}

impl Context {
    fn below(&self, key: &str) -> Context {
        let key = plain(key);
        Context {
            copies: self.copies || key.starts_with("mirror") || key == "requestmirror",
            selects: self.selects || key.contains("selector"),
            key,
            listed: None,
            share: self.share,
        }
    }

    fn names_service(&self) -> bool {
        self.key.starts_with("mirror") || names_service(&self.key)
    }
}

/// Does a field of this plain name hold the name of a Service?
fn names_service(key: &str) -> bool {
    SERVICES.iter().any(|end| key.ends_with(end))
}

struct Walk {
    found: Vec<Reference>,
    /// Mappings with a share in the whole document.
    weights: usize,
}

impl Walk {
    fn push(&mut self, by: By, name: &str, path: &str, place: Place, context: &Context) {
        self.found.push(Reference {
            path: path.to_string(),
            place,
            by,
            name: name.to_string(),
            namespace: None,
            doubtful: false,
            share: context.share,
            copies: context.copies,
        });
    }

    /// Does a mapping that is no item of a list say that it gets a share only?
    fn divides(&self, node: &Node) -> bool {
        share(node).is_some_and(|own| self.weights > 1 || own != WHOLE)
    }

    fn visit(&mut self, node: &Node, path: &str, context: &Context) {
        match &node.value {
            Value::Text(text) => self.text(text, path, node, context),
            Value::List(items) => {
                let shares = items.len() > 1 && items.iter().any(|item| share(item).is_some());
                for (i, item) in items.iter().enumerate() {
                    let listed = Some(items.len());
                    let share = context.share || shares;
                    let context = Context { listed, share, ..context.clone() };
                    self.visit(item, &format!("{path}[{i}]"), &context);
                }
            }
            Value::Map(entries) => {
                if NOT_OF_PODS.contains(&context.key.as_str()) {
                    return;
                }
                let mut context = context.clone();
                context.share |= context.listed.is_none() && self.divides(node);
                let mirrors = node.get("mirror").is_some_and(|n| n.value == Value::Flag(true));
                context.copies |= mirrors;
                if self.selector(node, path, &context) {
                    return;
                }
                self.object(node, path, &context);
                self.pods(node, path, &context);
                for (key, value) in entries {
                    self.visit(value, &format!("{path}.{}", key.name), &context.below(&key.name));
                }
            }
            _ => {}
        }
    }

    /// A mapping that names an object.
    fn object(&mut self, node: &Node, path: &str, context: &Context) {
        let text = |name: &str| node.get(name).and_then(Node::text);
        let Some(name) = text("name").or(text("host")) else { return };
        let stem = ["references", "reference", "refs", "ref"];
        let stem = stem.iter().find_map(|end| context.key.strip_suffix(end));
        let by = match (text("kind"), stem) {
            (Some(kind), _) => By::Kind(kind.to_string()),
            (None, Some(stem)) if names_service(stem) => By::Service,
            (None, Some(stem)) => By::Field(stem.to_string()),
            (None, None) if context.names_service() => By::Service,
            (None, None) if context.key == "to" => By::Service,
            _ => return,
        };
        let before = self.found.len();
        match by {
            By::Service => self.host(name, path, node, context),
            by => self.push(by, name, path, node.place, context),
        }
        if let Some(space) = text("namespace") {
            self.found[before..].iter_mut().for_each(|r| r.namespace = Some(space.to_string()));
        }
    }

    /// A mapping that picks pods; true if it is one.
    fn selector(&mut self, node: &Node, path: &str, context: &Context) -> bool {
        let own = context.key == "matchlabels"
            || context.selects && (context.key.contains("selector") || context.key == "labels");
        let Value::Map(entries) = &node.value else { return false };
        let label = |(key, value): &(windtunnel_base::node::Key, Node)| {
            Some((key.name.clone(), value.text()?.to_string()))
        };
        let labels: Option<Labels> = entries.iter().map(label).collect();
        match labels.filter(|labels| own && !labels.is_empty()) {
            Some(labels) => {
                self.push(By::Selector(labels), "", path, node.place, context);
                true
            }
            None => false,
        }
    }

    /// Pods that the document runs itself, which a Service may pick.
    fn pods(&mut self, node: &Node, path: &str, context: &Context) {
        let runs = node.at("spec.containers").is_some();
        let labels = node.at("metadata.labels").filter(|_| runs);
        let Some(Value::Map(entries)) = labels.map(|n| &n.value) else { return };
        let labels = entries.iter().filter_map(|(k, v)| Some((k.name.clone(), v.text()?.into())));
        let path = format!("{path}.metadata.labels");
        let path = path.trim_start_matches('.');
        let place = node.at("metadata.labels").map_or(node.place, |n| n.place);
        self.push(By::Pods(labels.collect()), "", path, place, context);
    }

    fn text(&mut self, text: &str, path: &str, node: &Node, context: &Context) {
        if context.names_service() {
            return self.host(text, path, node, context);
        }
        if let Some((space, name)) = text.split_once('/').filter(|_| context.key == "target") {
            return self.target(space, name, path, node, context);
        }
        if WORKLOADS.iter().any(|end| context.key.ends_with(end)) {
            return self.push(By::Workload, text, path, node.place, context);
        }
        let labels = context.key.contains("selector") || context.key.contains("label");
        if let Some(labels) = written_labels(text).filter(|_| labels) {
            return self.push(By::Selector(labels), "", path, node.place, context);
        }
        if text.contains("://") || text.contains(".svc") {
            self.host(text, path, node, context);
        }
    }

    /// What an experiment tries, as `namespace/name` (iter8-tools/iter8 v0.x, `spec.target` of its
    /// Experiment): the application, by the name of its workload or its Service.
    fn target(&mut self, space: &str, name: &str, path: &str, node: &Node, context: &Context) {
        let plain = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !text.is_empty() && text.chars().all(fits)
        };
        if !plain(space) || !plain(name) {
            return;
        }
        for by in [By::Workload, By::Service] {
            self.push(by, name, path, node.place, context);
            self.found.iter_mut().next_back().into_iter().for_each(|reference| {
                reference.namespace = Some(space.to_string());
            });
        }
    }

    /// A host, with or without scheme and port.
    fn host(&mut self, text: &str, path: &str, node: &Node, context: &Context) {
        let Some((name, space)) = service(text) else { return };
        self.push(By::Service, name, path, node.place, context);
        if let Some(last) = self.found.last_mut() {
            last.namespace = space.map(str::to_string);
            last.doubtful = space.is_some() && !text.contains(".svc");
        }
    }

    /// An annotation: a document of its own, or the name of a Service.
    fn annotation(&mut self, key: &str, text: &str, place: Place) {
        let own = key.rsplit('/').next().unwrap_or(key);
        if own == "last-applied-configuration" {
            return;
        }
        let path = format!("metadata.annotations.{key}");
        let context = Context::default().below(own);
        let before = self.found.len();
        let structured = text.trim_start().starts_with(['{', '[']) || text.contains('\n');
        match yaml::documents(text, "").ok().filter(|_| structured) {
            Some(documents) => {
                for document in documents {
                    self.weights = weights(&document);
                    self.visit(&document, &path, &context);
                }
            }
            None => self.text(text, &path, &Node::unplaced(Value::Null), &context),
        }
        self.found[before..].iter_mut().for_each(|reference| {
            (reference.place, reference.path) = (place, path.clone());
        });
    }
}

/// The Service that a host inside the cluster means, and its namespace: `web`, `web:8080`,
/// `http://web.shop/`, `web.shop.svc.cluster.local`. A name of the outside world means none.
fn service(text: &str) -> Option<(&str, Option<&str>)> {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = text.split(['/', ':', '?']).next().unwrap_or(text);
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if host.is_empty() || host.len() > 253 || !host.chars().all(named) {
        return None;
    }
    match host.split('.').collect::<Vec<_>>()[..] {
        [name] => Some((name, None)),
        [name, space] => Some((name, Some(space))),
        [name, space, "svc", ..] => Some((name, Some(space))),
        _ => None,
    }
}

/// Labels as one text: `app=web,tier=front`.
fn written_labels(text: &str) -> Option<Labels> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim_start_matches('=');
        Some((key.trim().to_string(), value.trim().to_string()))
    };
    text.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, String, bool, bool)> {
        let document = yaml::documents(text, "a").expect("YAML").remove(0);
        let found = references(&document).into_iter();
        found.map(|r| (r.path, format!("{:?} {}", r.by, r.name), r.share, r.copies)).collect()
    }

    fn shares(text: &str) -> Vec<bool> {
        of(text).into_iter().map(|(.., share, _)| share).collect()
    }

    #[test]
    fn hosts_of_the_cluster_are_told_from_those_outside() {
        assert_eq!(service("http://web.shop:8080/x"), Some(("web", Some("shop"))));
        assert_eq!(service("web.shop.svc.cluster.local"), Some(("web", Some("shop"))));
        assert_eq!(service("web:80"), Some(("web", None)));
        for outside in ["web.example.com", "", "a b", "https://api.web.example/"] {
            assert_eq!(service(outside), None, "{outside}");
        }
    }

    #[test]
    fn a_share_counts_where_it_stands_among_several() {
        let list = |items: &str| shares(&format!("spec: {{services: [{items}]}}"));
        assert_eq!(list("{name: a, weight: 1}"), [false]);
        assert_eq!(list("{name: a, weight: 1}, {name: b, weight: 2}"), [true, true]);
        assert_eq!(list("{name: a}, {name: b}"), [false, false]);
        // One of several routes that share a host, as Ambassador has it.
        assert_eq!(shares("spec: {service: a, weight: 10}"), [true]);
        // What a server writes by default.
        assert_eq!(shares("spec: {to: {kind: Service, name: a, weight: 100}}"), [false]);
        let two = "spec: {to: {kind: Service, name: a, weight: 90}, \
            alternateBackends: [{kind: Service, name: b, weight: 10}]}";
        assert!(shares(two)[0]);
    }

    #[test]
    fn selectors_templates_and_annotations_refer() {
        let text = "metadata:\n  annotations:\n    x/mirror-target: http://web.shop/\n    \
            x/actions.web: '{\"groups\": [{\"serviceName\": \"a\", \"weight\": 1}, \
            {\"serviceName\": \"b\", \"weight\": 9}]}'\nspec:\n  selector: {app: web}\n  \
            podSelector: {matchLabels: {tier: front}}\n  nodeSelector: {disk: fast}\n  \
            appinfo: {applabel: app=web}\n  template:\n    metadata: {labels: {app: web}}\n    \
            spec: {containers: []}\n";
        let found = of(text);
        let told: Vec<String> = found.iter().map(|(path, by, ..)| format!("{path} {by}")).collect();
        let app = "[(\"app\", \"web\")]";
        assert_eq!(told[0], format!("spec.selector Selector({app}) "));
        assert_eq!(told[1], "spec.podSelector.matchLabels Selector([(\"tier\", \"front\")]) ");
        assert_eq!(told[2], format!("spec.appinfo.applabel Selector({app}) "));
        assert_eq!(told[3], format!("spec.template.metadata.labels Pods({app}) "));
        assert_eq!(told[4], "metadata.annotations.x/mirror-target Service web");
        assert!(found[4].3 && found[5].2 && found[6].2 && found.len() == 7, "{found:?}");
    }
}

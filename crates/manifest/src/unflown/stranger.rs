//! A document that is not flown: what it is called, and who made it.

use super::flown::Flown;
use super::kinds::{self, Known};
use crate::kinds::placing::HASHES;
use crate::note::{Note, SourcePlace, Weight};
use crate::objects::written;
use std::sync::Arc;
use windtunnel_base::node::{Node, Value};
use windtunnel_scenario::yaml;

/// A document that is not flown.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// What it is: `ScaledObject`, or `Rollout.rollouts.kruise.io` where ours has the same name.
    pub(super) kind: String,
    pub(super) known: Known,
    pub(super) node: Node,
    pub(super) written_at: SourcePlace,
    /// Is it written in an annotation, so that no place within it is one of the file?
    pub(super) inner: bool,
}

impl Stranger {
    /// A document of this kind and group; a note in its place if nothing of it may matter.
    pub fn new(node: &Node, kind: &str, group: &str, file: &Arc<str>) -> Result<Stranger, Note> {
        let versioned = node.get("apiVersion").is_some();
        let title = kinds::title(kind, group);
        let place = node.get("kind").map_or(node.place, |n| n.place);
        let written_at = SourcePlace { file: Arc::clone(file), place };
        let known = kinds::known(kind, group, versioned);
        let stranger =
            |node: Node| Stranger { kind: title.clone(), known, node, written_at, inner: false };
        let reported = ["Event", "Endpoints", "EndpointSlice"].contains(&kind);
        let owned = node.at("metadata.ownerReferences").is_some();
        let made = owned && ["Pod", "ReplicaSet"].contains(&kind);
        if made || known == Known::WithoutEffect {
            // Only its name is told.
            let name = node.get("metadata").and_then(|m| m.get("name")).and_then(Node::text);
            let (text, weight) = if reported || owned {
                ("made by a controller or the server: no effect", Weight::Bookkeeping)
            } else {
                ("a kind that does not shape a release", Weight::NoEffect)
            };
            let object = format!("{title}/{}", name.unwrap_or_default());
            let (field, source, text) = (String::new(), String::new(), text.to_string());
            let written_at = SourcePlace { file: Arc::clone(file), place };
            return Err(Note { written_at, object, field, text, source, weight });
        }
        Ok(stranger(written(node)))
    }

    /// Documents that stand in the annotations of an object that is read, as Ambassador has them
    /// on a Service (emissary, `getambassador.io/config`).
    pub fn within(object: &Node, file: &Arc<str>) -> Vec<Stranger> {
        let Some(annotations) = object.at("metadata.annotations") else { return Vec::new() };
        let Value::Map(entries) = &annotations.value else { return Vec::new() };
        let mut found = Vec::new();
        for (key, value) in entries {
            let text = value.text().unwrap_or_default();
            let documents = text.contains("apiVersion:") && text.contains("kind:");
            if !documents || key.name.ends_with("/last-applied-configuration") {
                continue;
            }
            for document in yaml::documents(text, "").unwrap_or_default() {
                let of = |name: &str| document.get(name).and_then(Node::text).unwrap_or_default();
                let group = of("apiVersion").split('/').next().unwrap_or_default();
                let Ok(mut stranger) = Stranger::new(&document, of("kind"), group, file) else {
                    continue;
                };
                stranger.written_at.place = key.place;
                stranger.inner = true;
                found.push(stranger);
            }
        }
        found
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.node.at(path).and_then(Node::text)
    }

    pub(super) fn name(&self) -> &str {
        self.text("metadata.name").or_else(|| self.text("name")).unwrap_or_default()
    }

    pub(super) fn space(&self) -> Option<&str> {
        self.text("metadata.namespace")
    }

    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name())
    }

    /// The flown object whose controller made it.
    pub(super) fn maker(&self, flown: &Flown) -> Option<String> {
        let owners = self.node.items_at("metadata.ownerReferences").iter();
        let owner = |owner| {
            let of = |field| Node::get(owner, field).and_then(Node::text);
            Some((of("kind")?, of("name")?))
        };
        let flown = |(kind, name): &(&str, &str)| flown.has(kind, name, self.space());
        let owner = owners.filter_map(owner).find(flown);
        let owner = owner.or_else(|| self.named_after().into_iter().find(flown));
        owner.map(|(kind, name)| format!("{kind}/{name}"))
    }

    /// Whose name it bears, with the hash of a template behind it: sets and pods that have lost
    /// their owners on the way. Those of Flagger's second Deployment are the first one's.
    fn named_after(&self) -> Vec<(&'static str, &str)> {
        if !["Pod", "ReplicaSet"].contains(&self.kind.as_str()) {
            return Vec::new();
        }
        let labels = self.node.at("metadata.labels");
        let hash = |key: &&str| labels?.get(key)?.text();
        let before = HASHES
            .iter()
            .filter_map(hash)
            .find_map(|hash| self.name().split_once(&format!("-{hash}")).map(|(before, _)| before));
        let Some(name) = before else { return Vec::new() };
        let first = name.strip_suffix("-primary");
        let names = std::iter::once(name).chain(first);
        names.flat_map(|name| ["Deployment", "Rollout"].map(|kind| (kind, name))).collect()
    }
}

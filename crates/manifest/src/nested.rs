//! Routes that lead to other sets of rules (a TraefikService), and not to a Service: in place of
//! the name stands the Service that the other leads to first, so that both belong to one release.
//!
//! The other set divides the requests itself. A set that divides them among further sets has more
//! than two versions behind it; what is left out of those is told. So is a set that is not among
//! the files: what it divides, and among whom, nobody here knows.

use super::kinds::metadata::Metadata;
use super::kinds::{Body, Object};
use super::note::{Note, Weight};
use super::objects::Objects;
use super::rule::{Destination, Rule, namespace, short};
use std::collections::BTreeMap;
use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;

/// How many sets may lead one to another; more than that is a circle.
const DEEPEST: usize = 8;

/// Sets of rules that others may lead to, by name, and the first rule of each, if it has one that
/// is flown.
type Sets = BTreeMap<String, Vec<(Metadata, Option<Rule>)>>;

/// Where another set leads.
enum Leads {
    /// To this Service first, and to more than that or not.
    To(Destination, bool),
    /// To a set of this name that is not given, or back to itself.
    Nowhere(String),
    /// To a set of this name whose own rules are not flown, as is told where it stands, or which a
    /// controller makes or leads.
    Told(String),
}

/// Puts Services in the place of all other sets of rules.
pub fn resolve(objects: &mut Objects) {
    let mut sets = Sets::new();
    for object in objects.store.objects.iter().filter(|o| o.kind == "TraefikService") {
        if let Body::Router(routes) = &object.body {
            let named = sets.entry(object.metadata.name.clone()).or_default();
            named.push((object.metadata.clone(), routes.rules.first().cloned()));
        }
    }
    for (name, metadata) in objects.store.objects.iter().flat_map(led) {
        sets.entry(name).or_default().push((metadata, None));
    }
    let mut notes = Vec::new();
    for object in &mut objects.store.objects {
        let Body::Router(routes) = &mut object.body else { continue };
        let mut rules = std::mem::take(&mut routes.rules);
        rules.iter_mut().for_each(|rule| settle(rule, object, &sets, &mut notes));
        if let Body::Router(routes) = &mut object.body {
            routes.rules = rules;
        }
    }
    for (note, unknown) in notes {
        if unknown {
            let path = format!("{} {}", note.object, note.field);
            let warning = Problem::warning(note.written_at.place, path, note.text.clone());
            let help = "name the file of the set as well";
            objects.problems.push(warning.help(help).in_file(&note.written_at.file));
        }
        objects.lists.ignored.push(note);
    }
}

/// Looks at every place of a rule that may name a set; notes, and whether the set is unknown.
fn settle(rule: &mut Rule, object: &Object, sets: &Sets, notes: &mut Vec<(Note, bool)>) {
    let several = rule.destinations.len() > 1;
    let fields: Vec<String> =
        (0..rule.destinations.len()).map(|index| rule.field_of(index, "host")).collect();
    let copies = rule.mirror_field();
    let copies = rule.mirror.as_mut().map(|(to, _)| (to, &copies, true));
    let places = rule.destinations.iter_mut().zip(&fields).map(|(to, field)| (to, field, several));
    for (to, field, several) in places.chain(copies) {
        match service_of(sets, &object.metadata, to) {
            Some(Leads::To(first, divides)) => {
                if several && divides {
                    let why =
                        format!("divides its requests again: all of them go to {}", first.host);
                    notes.push((left_out(object, field, &to.host, &why), false));
                }
                (to.host, to.router) = (first.host, false);
            }
            Some(Leads::Nowhere(name)) => {
                let why = format!(
                    "is a set of rules that is not among these files, or leads back to itself: \
                     what it divides is not flown, and it is taken for a Service {name}"
                );
                notes.push((left_out(object, field, &name, &why), true));
                to.router = false;
            }
            Some(Leads::Told(name)) => (to.host, to.router) = (name, false),
            None => {}
        }
    }
}

/// Sets that a controller makes or leads: Flagger one by the name of the Service
/// (pkg/router/traefik.go), Argo the one that a Rollout names.
fn led(object: &Object) -> Vec<(String, Metadata)> {
    let text = |path: &str| object.node.at(path).and_then(Node::text).map(str::to_string);
    let name = match &object.body {
        Body::Canary(canary) => text("spec.service.name").or(Some(canary.target.clone())),
        Body::Rollout(_) => {
            text("spec.strategy.canary.trafficRouting.traefik.weightedTraefikServiceName")
        }
        _ => None,
    };
    name.map(|name| (name, object.metadata.clone())).into_iter().collect()
}

/// Where another set leads; nothing for a Service.
fn service_of(sets: &Sets, from: &Metadata, to: &Destination) -> Option<Leads> {
    if !to.router {
        return None;
    }
    let (mut to, mut divides) = (to.clone(), false);
    for _ in 0..DEEPEST {
        if !to.router {
            return Some(Leads::To(to, divides));
        }
        let name = short(&to.host);
        let space = namespace(&to.host).or(from.namespace.as_deref());
        let mut named = sets.get(name).into_iter().flatten();
        let set = named.find(|(own, _)| own.namespace.as_deref() == space);
        let rule = match set {
            None => return Some(Leads::Nowhere(to.host)),
            Some((_, None)) => return Some(Leads::Told(to.host)),
            Some((_, Some(rule))) => rule,
        };
        let live = rule.live();
        divides |= live.len() > 1 || rule.mirror.is_some();
        let next = live.first().and_then(|first| rule.destinations.get(*first));
        let Some(next) = next else { return Some(Leads::Nowhere(to.host)) };
        to = next.clone();
    }
    Some(Leads::Nowhere(to.host))
}

fn left_out(object: &Object, field: &str, name: &str, why: &str) -> Note {
    Note {
        written_at: object.written_at(field),
        object: object.title(),
        field: field.to_string(),
        text: format!("{name} {why}"),
        source: String::new(),
        weight: Weight::Matters,
    }
}

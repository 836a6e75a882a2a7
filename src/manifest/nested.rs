//! Routes that lead to other sets of rules (a TraefikService), and not to a Service: in place of
//! the name stands the Service that the other leads to first, so that both belong to one release.
//!
//! The other set divides the requests itself. A set that divides them among further sets has more
//! than two versions behind it; what is left out of those is told.

use super::kinds::metadata::Metadata;
use super::kinds::{Body, Object};
use super::note::{Note, Weight};
use super::objects::Objects;
use super::rule::{Destination, Rule};

/// How many sets may lead one to another; more than that is a circle.
const DEEPEST: usize = 8;

/// Sets of rules that others may lead to, by name, and the first rule of each.
type Sets = Vec<(Metadata, Rule)>;

/// Puts Services in the place of all other sets of rules.
pub fn resolve(objects: &mut Objects) {
    let set = |object: &Object| match &object.body {
        Body::Router(routes) if object.kind == "TraefikService" => {
            Some((object.metadata.clone(), routes.rules.first()?.clone()))
        }
        _ => None,
    };
    let sets: Sets = objects.store.objects.iter().filter_map(set).collect();
    if sets.is_empty() {
        return;
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
    objects.lists.ignored.extend(notes);
}

fn settle(rule: &mut Rule, object: &Object, sets: &Sets, notes: &mut Vec<Note>) {
    let several = rule.destinations.len() > 1;
    let fields: Vec<String> =
        (0..rule.destinations.len()).map(|index| rule.field_of(index, "host")).collect();
    for (to, field) in rule.destinations.iter_mut().zip(&fields) {
        let Some((first, divides)) = service_of(sets, &object.metadata, to) else { continue };
        if several && divides {
            notes.push(left_out(object, field, to, &first));
        }
        (to.host, to.router) = (first.host, false);
    }
    if let Some((to, _)) = &mut rule.mirror
        && let Some((first, _)) = service_of(sets, &object.metadata, to)
    {
        (to.host, to.router) = (first.host, false);
    }
}

/// Where another set leads first, and whether it leads to more than that.
fn service_of(sets: &Sets, from: &Metadata, to: &Destination) -> Option<(Destination, bool)> {
    if !to.router {
        return None;
    }
    let (mut to, mut divides) = (to.clone(), false);
    for _ in 0..DEEPEST {
        if !to.router {
            return Some((to, divides));
        }
        let near = |own: &Metadata| own.name == to.host && own.namespace == from.namespace;
        let (_, rule) = sets.iter().find(|(own, _)| near(own))?;
        let live = rule.live();
        divides |= live.len() > 1 || rule.mirror.is_some();
        to = rule.destinations.get(*live.first()?)?.clone();
    }
    None
}

fn left_out(object: &Object, field: &str, to: &Destination, first: &Destination) -> Note {
    Note {
        spot: object.spot(field),
        object: object.title(),
        field: field.to_string(),
        text: format!("{} divides its requests again: all of them go to {}", to.host, first.host),
        source: String::new(),
        weight: Weight::Matters,
    }
}

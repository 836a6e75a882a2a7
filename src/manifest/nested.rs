//! Routes that lead to other sets of rules (a TraefikService), and not to a Service: in place of the
//! name stands the Service that the other leads to first, so that both belong to one release.
//!
//! The other set divides the requests itself. A set that divides them among further sets has more
//! than two versions behind it; what is left out of those is told.

use super::kinds::{Body, Object};
use super::note::{Note, Weight};
use super::objects::Objects;
use super::rule::{Destination, Rule};

/// How many sets may lead one to another; more than that is a circle.
const DEEPEST: usize = 8;

/// Puts Services in the place of all other sets of rules.
pub fn resolve(objects: &mut Objects) {
    let all = objects.store.objects.clone();
    let mut notes = Vec::new();
    for object in &mut objects.store.objects {
        let near = all.iter().filter(|o| o.is_near(object)).collect::<Vec<_>>();
        let title = object.clone();
        let Body::Router(routes) = &mut object.body else { continue };
        for rule in &mut routes.rules {
            let several = rule.destinations.len() > 1;
            for index in 0..rule.destinations.len() {
                let field = rule.field_of(index, "host");
                let to = &mut rule.destinations[index];
                if let Some(found) = service_of(&near, to) {
                    if several && found.divides {
                        notes.push(left_out(&title, &field, to, &found.to));
                    }
                    to.host = found.to.host;
                    to.router = false;
                }
            }
            if let Some((to, _)) = &mut rule.mirror
                && let Some(found) = service_of(&near, to)
            {
                (to.host, to.router) = (found.to.host, false);
            }
        }
    }
    objects.lists.ignored.extend(notes);
}

/// Where another set leads, and whether it leads to more than that.
struct Found {
    to: Destination,
    divides: bool,
}

fn service_of(near: &[&Object], to: &Destination) -> Option<Found> {
    let (mut to, mut divides) = (to.clone(), false);
    if !to.router {
        return None;
    }
    for _ in 0..DEEPEST {
        if !to.router {
            return Some(Found { to, divides });
        }
        let rule = rules_of(near, &to.host)?.first()?;
        let live = rule.live();
        divides |= live.len() > 1 || rule.mirror.is_some();
        to = rule.destinations.get(*live.first()?)?.clone();
    }
    None
}

fn rules_of<'a>(near: &[&'a Object], name: &str) -> Option<&'a Vec<Rule>> {
    near.iter().find_map(|object| match &object.body {
        Body::Router(routes) if object.kind == "TraefikService" => {
            (object.metadata.name == name).then_some(&routes.rules)
        }
        _ => None,
    })
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

//! One name for several things: in several namespaces (`kubectl get -A`) each is a unit of its own,
//! called `NAME.NAMESPACE`; within one namespace it is a contradiction.
//!
//! A stream in which two objects of a kind share a name is taken apart by namespace before units
//! are looked for, so that nothing of one is attached to the other. Deliberately unknown here: how
//! units are found.

use super::{UnitsFound, within};
use crate::draft::text;
use crate::kinds::{Body, Object};
use crate::rule::namespace;
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windtunnel_base::problem::Problem;

/// Where objects lie that name no namespace, as kubectl has it.
const USUAL: &str = "default";

/// All units, with names that differ.
pub fn find(store: &Store) -> UnitsFound {
    let parts = parts(store);
    let mut found = match parts.len() {
        0 | 1 => within(store),
        _ => together(parts),
    };
    name_apart(&mut found);
    found
}

/// Is everything well so far? Objects that a slip keeps apart are not released twice.
fn is_sound(found: &UnitsFound) -> bool {
    !crate::fields::has_errors(&found.problems)
}

/// The objects of each namespace, if some name stands in two of them; else nothing.
fn parts(store: &Store) -> BTreeMap<String, Store> {
    let titles: BTreeSet<String> = store.objects.iter().map(Object::title).collect();
    let mut parts: BTreeMap<String, Store> = BTreeMap::new();
    if titles.len() == store.objects.len() {
        return parts;
    }
    let (guests, own): (Vec<&Object>, Vec<&Object>) =
        store.objects.iter().partition(|object| is_guest(object));
    for object in own {
        let space = home(object);
        parts.entry(space).or_default().objects.push(object.clone());
    }
    for part in parts.values_mut() {
        part.told.clone_from(&store.told);
        part.others.clone_from(&store.others);
        part.objects.extend(guests.iter().map(|object| (*object).clone()));
    }
    parts
}

/// The namespace whose objects it belongs to: of rules that name one namespace alone, that one.
fn home(object: &Object) -> String {
    let rules = match &object.body {
        Body::VirtualService(body) | Body::HttpRoute(body) | Body::Router(body) => &body.rules[..],
        _ => &[],
    };
    let to = rules.iter().flat_map(|rule| &rule.destinations).map(|to| namespace(&to.host));
    let to: BTreeSet<Option<&str>> = to.collect();
    let named = to.first().copied().flatten().filter(|_| to.len() == 1).map(str::to_string);
    let own = object.metadata.namespace.clone();
    named.or(own).unwrap_or_else(|| USUAL.to_string())
}

/// May the object be named from any namespace?
pub fn is_guest(object: &Object) -> bool {
    [
        "MetricTemplate",
        "AlertProvider",
        "ClusterAnalysisTemplate",
        "CanaryConfig",
        "Node",
        "Namespace",
    ]
    .contains(&object.kind)
}

fn together(parts: BTreeMap<String, Store>) -> UnitsFound {
    let mut whole = UnitsFound::default();
    let titles = |store: &Store| -> BTreeSet<String> {
        store.objects.iter().filter(|o| is_guest(o)).map(Object::title).collect()
    };
    let guests = parts.values().next().map(titles).unwrap_or_default();
    for (i, store) in parts.into_values().enumerate() {
        let mut found = within(&store);
        // What is said of a guest is said once.
        found.lists.ignored.retain(|note| i == 0 || !guests.contains(&note.object));
        whole.drafts.extend(found.drafts);
        whole.lists.extend(found.lists);
        whole.problems.extend(found.problems);
        whole.clashes.extend(found.clashes);
    }
    // A template that one namespace has no use for may serve another.
    let used = |title: &String| whole.drafts.iter().any(|d| d.used.contains(title));
    whole.lists.ignored.retain(|note| !guests.contains(&note.object) || !used(&note.object));
    whole
}

/// Gives units of one name their namespaces' names too.
fn name_apart(found: &mut UnitsFound) {
    let space = |namespace: &Option<String>| namespace.clone().unwrap_or_else(|| USUAL.into());
    let sound = is_sound(found);
    let mut first: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (i, draft) in found.drafts.iter().enumerate() {
        *count.entry(draft.name.clone()).or_default() += 1;
        let key = (draft.name.clone(), space(&draft.namespace));
        let Some(earlier) = first.get(&key).map(|at| &found.drafts[*at]) else {
            first.insert(key, i);
            continue;
        };
        let files = [&earlier.written_at.file, &draft.written_at.file].map(Arc::clone);
        found.clashes.push(files);
        if !sound {
            continue;
        }
        let message = format!("{:?} is released twice", draft.name);
        let (other, place) = (&earlier.object, earlier.written_at.place);
        let help = format!(
            "the other is {other}, at {}:{}:{}; name one of them",
            earlier.written_at.file, place.line, place.column
        );
        let problem = Problem::error(draft.written_at.place, &draft.object, message);
        let problem = problem.expected("one object that says how it is released");
        found.problems.push(problem.help(help).in_file(&draft.written_at.file));
    }
    for draft in found.drafts.iter_mut().filter(|d| count.get(&d.name).is_some_and(|n| *n > 1)) {
        let apart = format!("{}.{}", draft.name, space(&draft.namespace));
        draft.aliases.push(std::mem::replace(&mut draft.name, apart.clone()));
        draft.write("metadata.name", text(apart));
    }
}

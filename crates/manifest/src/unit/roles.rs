//! Which of the destinations of a rule serves, and which is tried.
//!
//! A smaller weight tells nothing: at the end of a shift it is the old version's. What tells is a
//! word of the kind itself, a Scenario beside, names, labels, images; who is told by none of these
//! is asked for a label.

use super::routes::carrying;
use super::{UnitsFound, workload};
use crate::kinds::Object;
use crate::newer;
use crate::note::{Note, Weight};
use crate::rule::{Destination, Rule, short};
use crate::store::Store;
use std::cmp::Ordering;

/// Labels that say which version a pod runs.
const LABELS: [&str; 7] =
    ["version", "app.kubernetes.io/version", "ver", "v", "track", "release", "stage"];

/// Who serves and who is tried, by their places in the rule.
pub fn of(
    store: &Store,
    object: &Object,
    rule: &Rule,
    among: &[usize],
    found: &mut UnitsFound,
) -> Option<(usize, usize)> {
    let candidate = rule
        .tried
        .filter(|tried| among.contains(tried))
        .or_else(|| latest(store, object, rule, among))
        .or_else(|| by_zero(object, rule, among, found));
    let by_weight = |a: &&usize, b: &&usize| rule.percent(**a).total_cmp(&rule.percent(**b));
    let candidate = match candidate {
        Some(candidate) => candidate,
        None => {
            untold(store, object, rule, among, found);
            *among.iter().rev().min_by(by_weight)?
        }
    };
    let others = among.iter().rev().filter(|i| **i != candidate);
    Some((*others.max_by(by_weight)?, candidate))
}

/// The destination that is later than all others.
fn latest(store: &Store, object: &Object, rule: &Rule, among: &[usize]) -> Option<usize> {
    let to = |i: usize| &rule.destinations[i];
    let later =
        |i: usize, j: usize| i == j || order(store, object, to(j), to(i)) == Some(Ordering::Less);
    among.iter().copied().find(|i| among.iter().all(|j| later(*i, *j)))
}

/// The order of two destinations by age, as a Scenario says it, their names, labels of their pods,
/// their Deployments, or their images.
fn order(store: &Store, object: &Object, a: &Destination, b: &Destination) -> Option<Ordering> {
    let behind = |to| carrying(store, object, to);
    let (own, other) = (behind(a), behind(b));
    let names = |to: &Destination, fleet: Option<_>| -> Vec<String> {
        let fleet: Option<(&Object, _)> = fleet;
        let title = fleet.map(|(o, _)| o.metadata.name.clone());
        [to.name(), short(&to.host)].map(str::to_string).into_iter().chain(title).collect()
    };
    let [of_a, of_b] = [names(a, own), names(b, other)];
    let told = store.told.iter().find_map(|[old, new]| {
        if of_a.contains(old) && of_b.contains(new) {
            return Some(Ordering::Less);
        }
        (of_a.contains(new) && of_b.contains(old)).then_some(Ordering::Greater)
    });
    told.or_else(|| newer::order(a.name(), b.name())).or_else(|| {
        let (a, b) = own.zip(other)?;
        let labels = |key: &str| {
            let of = |d: &crate::kinds::deployment::Deployment| {
                let labels = &d.template.as_ref()?.labels;
                labels.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
            };
            newer::order(&of(a.1)?, &of(b.1)?)
        };
        let by_label = LABELS.into_iter().find_map(labels);
        by_label
            .or_else(|| newer::order(&a.0.metadata.name, &b.0.metadata.name))
            .or_else(|| newer::order_of_images(workload::image(a.1)?, workload::image(b.1)?))
    })
}

/// Of two of which one has all the weight: a list names the old one first, so that 100/0 is the
/// beginning of a shift, and 0/90 the end of one.
fn by_zero(object: &Object, rule: &Rule, among: &[usize], found: &mut UnitsFound) -> Option<usize> {
    let [first, second] = among else { return None };
    let weighs = |i: &usize| rule.percent(*i) > 0.0;
    if weighs(first) && weighs(second) {
        return None;
    }
    let field = rule.field_of(*second, "weight");
    let at = if weighs(first) { "beginning" } else { "end" };
    found.lists.assumed.push(Note {
        written_at: object.written_at(&field),
        object: object.title(),
        field,
        text: format!(
            "{} is the new version: the {at} of a shift",
            rule.destinations[*second].name()
        ),
        source: "neither names nor labels nor images say which is older; the old one is taken to \
            stand first"
            .to_string(),
        weight: Weight::Matters,
    });
    Some(*second)
}

/// Nothing says which version is older.
fn untold(store: &Store, object: &Object, rule: &Rule, among: &[usize], found: &mut UnitsFound) {
    let names: Vec<&str> = among.iter().map(|i| rule.destinations[*i].name()).collect();
    let message = format!("nothing says which of {} is the older version", names.join(" and "));
    let expected = "a label `version` on the pods of each, such as v1 and v2";
    let title = |i: &usize| {
        let to = &rule.destinations[*i];
        let fleet = carrying(store, object, to).map(|(o, _)| o.metadata.name.clone());
        fleet.unwrap_or_else(|| to.name().to_string())
    };
    let titles: Vec<String> = among.iter().take(2).map(title).collect();
    let help = format!(
        "or a Scenario beside these files says it: spec.service.workloads: {{old: {}, new: {}}}",
        titles.first().map_or("…", String::as_str),
        titles.get(1).map_or("…", String::as_str)
    );
    let field = among.first().map(|i| rule.field_of(*i, "host")).unwrap_or_default();
    found.problem(object, &field, message, expected, &help);
}

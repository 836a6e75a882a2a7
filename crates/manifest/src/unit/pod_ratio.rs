//! Several Deployments behind one Service whose selector names none of them alone: requests are
//! divided by the number of pods, as the canary of Kubernetes' own documentation ("Canary
//! deployments", kubernetes.io/docs/concepts/workloads/management) has it.

use super::{UnitsFound, by_hand, plain, workload};
use crate::draft::{Draft, list, percent, text};
use crate::kinds::deployment::Deployment;
use crate::kinds::service::Service;
use crate::kinds::{Body, Object};
use crate::newer;
use crate::note::Weight;
use crate::store::Store;
use std::cmp::Ordering;

/// A Deployment and its number of pods.
type Fleet<'a> = (&'a Object, &'a Deployment, u64);

/// A unit for every Service before two Deployments of one image.
pub fn find(store: &Store, found: &mut UnitsFound) {
    for (object, service) in store.services() {
        let fleets = fleets(store, object, service, found);
        let [first, .., last] = fleets.as_slice() else { continue };
        if fleets.iter().any(|fleet| !workload::is_alike(first.1, fleet.1)) {
            let names: Vec<String> = fleets.iter().map(|fleet| fleet.0.title()).collect();
            let why = format!(
                "it sends requests to {} alike, whose images differ: each is flown alone, with \
                 requests of its own",
                names.join(" and ")
            );
            found.ignore(object, "spec.selector", &why, Weight::Matters);
            continue;
        }
        let (stable, candidate) = match fleets.as_slice() {
            [a, b] if is_later(a, b) => (a, b),
            [a, b] => (b, a),
            _ => by_size(&fleets).unwrap_or((first, last)),
        };
        for other in fleets.iter().filter(|f| ![stable, candidate].iter().any(|o| o.0 == f.0)) {
            let why = "a flight has two versions: its pods are not flown";
            found.ignore(other.0, "", why, Weight::Matters);
        }
        let draft = unit(object, stable, candidate, found);
        found.add(draft);
    }
}

/// The Deployments with pods that the selector picks, that nothing else releases, and that no rule
/// keeps requests from.
fn fleets<'a>(
    store: &'a Store,
    object: &Object,
    service: &Service,
    found: &UnitsFound,
) -> Vec<Fleet<'a>> {
    let Some(selector) = service.selector.as_ref().filter(|s| !s.is_empty()) else {
        return Vec::new();
    };
    let fleet = |owner: &'a Object| {
        let Body::Deployment(deployment) = &owner.body else { return None };
        let pods = deployment.replicas.unwrap_or(1);
        let left = owner.is_near(object) && !found.uses(owner) && pods > 0;
        (left && plain::idle(store, owner, deployment).is_none()).then_some((
            owner,
            &**deployment,
            pods,
        ))
    };
    store.pods_with(selector).into_iter().filter_map(|(owner, _)| fleet(owner)).collect()
}

/// Is `b` the one that is tried? By name, by image, by fewer pods, or else because it comes later.
fn is_later(a: &Fleet<'_>, b: &Fleet<'_>) -> bool {
    let images = workload::image(a.1).zip(workload::image(b.1));
    let told = newer::order(&a.0.metadata.name, &b.0.metadata.name)
        .or_else(|| images.and_then(|(a, b)| newer::order_of_images(a, b)));
    told.map_or(b.2 <= a.2, |order| order == Ordering::Less)
}

/// Of three and more: the largest serves, the smallest of the others is tried.
fn by_size<'a, 'b>(fleets: &'b [Fleet<'a>]) -> Option<(&'b Fleet<'a>, &'b Fleet<'a>)> {
    let stable = fleets.iter().rev().max_by_key(|fleet| fleet.2)?;
    let others = fleets.iter().filter(|fleet| fleet.0 != stable.0);
    Some((stable, others.min_by_key(|fleet| fleet.2)?))
}

fn unit(
    service: &Object,
    stable: &Fleet<'_>,
    candidate: &Fleet<'_>,
    found: &mut UnitsFound,
) -> Draft {
    let mut draft = Draft::new(&service.metadata.name, service);
    let lists = &mut found.lists;
    let (all, now) = (stable.2 + candidate.2, candidate.2);
    workload::replicas(&mut draft, stable.0, Some(all.min(5000)), lists);
    let template = candidate.1.template.as_ref();
    workload::pods(&mut draft, candidate.0, template, candidate.1.min_ready_secs, lists);
    for (object, ..) in [stable, candidate] {
        draft.takes(object);
        draft.aliases.push(object.metadata.name.clone());
    }
    let now = 100.0 * now as f64 / all as f64;
    let path = draft.strategy("canary", service.written_at("spec.selector"));
    draft.write(&format!("{path}.routing"), text("podRatio"));
    let weights = by_hand::ladder((now * 10.0).round() / 10.0);
    let shown: Vec<String> = weights.iter().map(|w| format!("{w}%")).collect();
    let steps = list(weights.into_iter().map(percent).collect());
    draft.set(&format!("{path}.steps"), steps, candidate.0.written_at("spec.replicas"));
    let told = format!(
        "it divides requests by pods: {} to {} is a canary at {now:.0}%",
        stable.0.metadata.name, candidate.0.metadata.name
    );
    draft.understand(lists, service, "spec.selector", told);
    let what = format!("with the other it is the full size of {all} pods");
    for (object, ..) in [stable, candidate] {
        draft.understand(lists, object, "spec.replicas", what.clone());
    }
    let why = "who moves the pods is not in the file: its owner walks up, step by step";
    draft.assume(lists, &format!("{path}.steps"), &shown.join(" → "), why, false);
    draft.write(&format!("{path}.interval"), text("5m"));
    let why = "time that the owner watches a step; without checks only the person on call sees";
    draft.assume(lists, &format!("{path}.interval"), "5m", why, false);
    draft
}

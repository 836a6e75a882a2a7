//! By which Service users come to a Rollout without traffic routing: by one that picks all of its
//! pods, so that the weight is a ratio of pods, or by the stable one.
//!
//! With or without traffic routing the controller writes the hash of the stable pods into the
//! selector of the stable Service (`reconcileStableAndCanaryService` in argoproj/argo-rollouts
//! `rollout/service.go`). Who comes by it meets stable pods alone: the canary gets nothing, while
//! the stable version shrinks under all the load, until a promotion moves everybody at once.

use super::Found;
use crate::base::node::{Node, Value};
use crate::base::problem::Problem;
use crate::manifest::draft::Draft;
use crate::manifest::kinds::Object;
use crate::manifest::kinds::pod::contains;
use crate::manifest::kinds::rollout::Rollout;
use crate::manifest::note::Weight;
use crate::manifest::rule::short;
use crate::manifest::store::Store;
use crate::strategy::argo::field;

const STABLE: &str = "spec.strategy.canary.stableService";

/// Writes that users come by the stable Service, where they do.
pub fn write(
    store: &Store,
    object: &Object,
    rollout: &Rollout,
    path: &str,
    draft: &mut Draft,
    found: &mut Found,
) {
    let canary = object.node.at("spec.strategy.canary");
    let routed = canary.is_some_and(|canary| canary.get("trafficRouting").is_some());
    let Some(stable) = object.node.at(STABLE).and_then(Node::text).filter(|_| !routed) else {
        return;
    };
    // Services that pick all pods are those of the labels alone.
    let labels = rollout.template.as_ref().map(|template| &template.labels);
    let picks = |name: &str| {
        let selector = store.service_of(object, name).and_then(|(_, s)| s.selector.as_ref());
        selector.zip(labels).is_some_and(|(selector, labels)| contains(labels, selector))
    };
    let own = |name: &str| rollout.wired.services.iter().any(|known| known == name);
    let mut by_stable = None;
    let mut by_all = None;
    for (owner, routes) in store.virtual_services().filter(|(o, _)| o.is_near(object)) {
        for rule in &routes.rules {
            for (index, to) in rule.destinations.iter().enumerate() {
                let (host, at) = (short(&to.host), (owner, rule.field_of(index, "host")));
                if host == stable {
                    by_stable.get_or_insert(at);
                } else if !own(host) && picks(host) {
                    by_all.get_or_insert(at);
                }
            }
        }
    }
    let near = store.services().filter(|(o, _)| o.is_near(object));
    let third = near.map(|(o, _)| o.metadata.name.as_str()).find(|name| !own(name) && picks(name));
    match (by_stable, by_all, third) {
        (Some((owner, at)), Some(_), _) => {
            let why = format!(
                "who comes by {stable} meets stable pods alone: all users are flown as coming by \
                 the Service that picks all pods"
            );
            found.ignore(owner, &at, &why, Weight::Matters);
        }
        (None, Some(_), _) | (None, None, Some(_)) => {}
        (by_stable, None, _) => {
            let spot = object.spot(STABLE);
            draft.set(&format!("{path}.{}", field::STABLE_SERVICE_ONLY), Value::Flag(true), spot);
            match by_stable {
                Some((owner, at)) => {
                    draft.takes(owner);
                    let what = format!("users come by {stable}, which selects stable pods alone");
                    draft.understand(&mut found.lists, owner, &at, what);
                }
                None => {
                    let source = "no other Service of these files picks the Rollout's pods";
                    let value = format!("users come by {stable}");
                    draft.assume(&mut found.lists, STABLE, &value, source, false);
                }
            }
            warn(object, rollout, stable, found);
        }
    }
}

fn warn(object: &Object, rollout: &Rollout, stable: &str, found: &mut Found) {
    let spot = object.spot(STABLE);
    let path = format!("{} {STABLE}", object.title());
    let pods = rollout.replicas.unwrap_or(1);
    let message = format!(
        "without trafficRouting users of {stable} meet stable pods alone: the canary gets no \
         requests, and the stable version shrinks from {pods} pods under all of them, until a \
         promotion moves everybody at once"
    );
    let help = "give trafficRouting, or take stableService and canaryService away and let users \
        come by a Service that picks all pods";
    found.problems.push(Problem::warning(spot.place, path, message).help(help).in_file(&spot.file));
}

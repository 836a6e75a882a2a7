//! By which Service users come to a Rollout without traffic routing: by one that picks all of its
//! pods, so that the weight is a ratio of pods, or by the stable one.
//!
//! With or without traffic routing the controller writes the hash of the stable pods into the
//! selector of the stable Service (`reconcileStableAndCanaryService` in argoproj/argo-rollouts
//! `rollout/service.go`). Who comes by it meets stable pods alone: the canary gets nothing, while
//! the stable version shrinks under all the load, until a promotion moves everybody at once.

use super::UnitsFound;
use crate::draft::Draft;
use crate::kinds::Object;
use crate::kinds::pod::contains;
use crate::kinds::rollout::Rollout;
use crate::note::Weight;
use crate::rule::short;
use crate::store::Store;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::Problem;
use windtunnel_model::strategy::argo::field;

const STABLE: &str = "spec.strategy.canary.stableService";

/// A field that leads to a Service, and its object.
type Way<'a> = (&'a Object, String);

/// How users come: by routes to the stable Service, to the canary's, to one that picks all pods.
#[derive(Default)]
struct Ways<'a> {
    stable: Option<Way<'a>>,
    canary: Option<Way<'a>>,
    all: Option<Way<'a>>,
    /// Is there a Service that picks all pods, with a route or without?
    third: bool,
}

/// Writes that users come by the stable Service, where they do.
pub fn write(
    store: &Store,
    object: &Object,
    rollout: &Rollout,
    path: &str,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let canary = object.node.at("spec.strategy.canary");
    let routed = canary.is_some_and(|canary| canary.get("trafficRouting").is_some());
    let Some(stable) = object.node.at(STABLE).and_then(Node::text).filter(|_| !routed) else {
        return;
    };
    let ways = ways(store, object, rollout, stable);
    match (ways.stable, ways.canary, ways.all) {
        (Some((owner, at)), _, Some(_)) => {
            let why = format!(
                "who comes by {stable} meets stable pods alone: all users are flown as coming by \
                 the Service that picks all pods"
            );
            found.ignore(owner, &at, &why, Weight::Matters);
        }
        (_, Some((owner, at)), _) => {
            let why = "it sends users to the canary's Service, and no step of the Rollout changes \
                how many: all are flown as meeting the pods of both by their number";
            found.ignore(owner, &at, why, Weight::Matters);
        }
        (None, None, Some(_)) => {}
        (None, None, None) if ways.third => {}
        (by_stable, None, None) => {
            let written_at = object.written_at(STABLE);
            draft.set(
                &format!("{path}.{}", field::STABLE_SERVICE_ONLY),
                Value::Flag(true),
                written_at,
            );
            if let Some((owner, at)) = by_stable {
                draft.takes(owner);
                let what = format!("users come by {stable}, which selects stable pods alone");
                draft.understand(&mut found.lists, owner, &at, what);
            } else {
                let source = "no other Service of these files picks the Rollout's pods";
                let value = format!("users come by {stable}");
                draft.assume(&mut found.lists, STABLE, &value, source, false);
            }
            warn(object, rollout, stable, found);
        }
    }
}

fn ways<'a>(store: &'a Store, object: &Object, rollout: &Rollout, stable: &str) -> Ways<'a> {
    let own = |name: &str| rollout.wired.services.iter().any(|known| known == name);
    let named = rollout.workload.as_ref().and_then(|name| {
        let mut all = store.deployments().filter(|(o, _)| o.is_near(object));
        all.find(|(o, _)| o.metadata.name == *name)?.1.template.as_ref()
    });
    let labels = named.or(rollout.template.as_ref()).map(|template| &template.labels);
    let picks = |name: &str| {
        let selector = store.service_of(object, name).and_then(|(_, s)| s.selector.as_ref());
        selector.zip(labels).is_some_and(|(selector, labels)| contains(labels, selector))
    };
    let mut found = Ways::default();
    for (owner, routes) in store.virtual_services().filter(|(o, _)| o.is_near(object)) {
        for rule in &routes.rules {
            for index in rule.live() {
                let host = short(&rule.destinations[index].host);
                let at = (owner, rule.field_of(index, "host"));
                if host == stable {
                    found.stable.get_or_insert(at);
                } else if own(host) && !rule.by_header() && rule.splits() {
                    found.canary.get_or_insert(at);
                } else if !own(host) && picks(host) {
                    found.all.get_or_insert(at);
                }
            }
        }
    }
    let mut near = store.services().filter(|(o, _)| o.is_near(object));
    found.third = near.any(|(o, _)| !own(&o.metadata.name) && picks(&o.metadata.name));
    found
}

fn warn(object: &Object, rollout: &Rollout, stable: &str, found: &mut UnitsFound) {
    let written_at = object.written_at(STABLE);
    let path = format!("{} {STABLE}", object.title());
    let pods = rollout.replicas.unwrap_or(1);
    let message = format!(
        "without trafficRouting users of {stable} meet stable pods alone: the canary gets no \
         requests, and the stable version shrinks from {pods} pods under all of them, until a \
         promotion moves everybody at once"
    );
    let help = "give trafficRouting, or take stableService and canaryService away and let users \
        come by a Service that picks all pods";
    found.problems.push(
        Problem::warning(written_at.place, path, message).help(help).in_file(&written_at.file),
    );
}

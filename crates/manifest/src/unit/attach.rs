//! What belongs to a unit without making one: Services, balancers, rules with one destination.
//!
//! Objects that belong to none are listed; one whose name or selector is a slip of something given
//! is a contradiction.

use super::{UnitsFound, balancers, budgets, keda, mesh, policies, scaled};
use crate::draft::{Draft, integer, text};
use crate::fields::Labels;
use crate::kinds::autoscaler::{Autoscaler, Memory};
use crate::kinds::pod::contains;
use crate::kinds::virtual_service::VirtualService;
use crate::kinds::{Body, Object};
use crate::note::{Lists, Weight};
use crate::rule::{Rule, short};
use crate::store::Store;
use std::collections::BTreeSet;
use windtunnel_base::node::Node;
use windtunnel_base::problem::nearest;

/// Attaches everything that is left.
pub fn all(store: &Store, found: &mut UnitsFound) {
    found.recount();
    services(store, found);
    virtual_services(store, found);
    policies::all(store, found);
    autoscalers(store, found);
    budgets::attach(store, found);
    balancers::assume(store, found);
    paused(store, found);
    found.recount();
    let booked = found.lists.ignored.iter().filter(|n| n.weight == Weight::Matters);
    let booked: BTreeSet<String> = booked.map(|n| n.object.clone()).collect();
    for object in &store.objects {
        let attached = matches!(
            object.body,
            Body::Service(_)
                | Body::VirtualService(_)
                | Body::HttpRoute(_)
                | Body::Ingress(_)
                | Body::Router(_)
                | Body::DestinationRule(_)
                | Body::AlertProvider
                | Body::VolumeClaim(_)
                | Body::Node(_)
                | Body::Namespace(_)
                | Body::TargetGroup(_)
        );
        if object.body == Body::Beside {
            let why = "it runs beside what is released, and no release waits for it; as a step of \
                a Rollout it is flown";
            found.ignore(object, "", why, Weight::Matters);
        } else if !attached && !found.uses(object) && !booked.contains(&object.title()) {
            found.ignore(object, "", "belongs to nothing that is released", Weight::Matters);
        }
    }
}

/// A paused Deployment that something else than itself releases.
fn paused(store: &Store, found: &mut UnitsFound) {
    for (object, _) in store.deployments().filter(|(_, deployment)| deployment.paused) {
        let plain = |d: &Draft| d.object == object.title();
        let others = found.drafts.iter().any(|d| d.used.contains(&object.title()) && !plain(d));
        if others {
            let why = "flown as resumed: paused, it would never run the new version, and whatever \
                releases it would wait";
            found.ignore(object, "spec.paused", why, Weight::Matters);
        }
    }
}

/// Units that the Service's pods belong to; its selector may pick none of what is given.
fn services(store: &Store, found: &mut UnitsFound) {
    let who = found.who();
    for (object, service) in store.services() {
        let Some(selector) = &service.selector else { continue };
        let selector = &bare(store, object, selector);
        let pods = store.pods_with(selector).into_iter();
        let near = pods.filter(|(owner, _)| owner.is_near(object));
        let picked: Vec<String> = near.map(|(owner, _)| owner.title()).collect();
        if picked.is_empty() && experiments(store, object, selector) {
            let why = "its pods are those of an experiment, which no user asks for";
            found.ignore(object, "spec.selector", why, Weight::NoEffect);
        } else if picked.is_empty() {
            unmatched(store, object, selector, found);
        }
        for number in who.use_any(picked.iter().chain([&object.title()])) {
            let draft = &mut found.drafts[number];
            draft.takes(object);
            draft.aliases.push(object.metadata.name.clone());
            if service.sticky {
                let written_at = object.written_at("spec.sessionAffinity");
                draft.set("spec.service.balancer.policy", text("sticky"), written_at);
                if let Some(secs) = service.sticky_secs {
                    let written_at =
                        object.written_at("spec.sessionAffinityConfig.clientIP.timeoutSeconds");
                    draft.set(
                        "spec.service.balancer.stickyFor",
                        text(format!("{secs}s")),
                        written_at,
                    );
                }
            }
        }
    }
}

/// A selector without what the controllers write into it: Argo adds the hash of a pod template,
/// Flagger points the Service at the primary, which has labels of its own.
fn bare(store: &Store, object: &Object, selector: &Labels) -> Labels {
    let given = |pair: &(String, String)| !store.pods_with(&vec![pair.clone()]).is_empty();
    let kept = selector.iter().filter(|(key, _)| key != "rollouts-pod-template-hash");
    kept.map(|pair| match pair.1.strip_suffix("-primary") {
        Some(target)
            if store.canaries().any(|(owner, _)| owner.is_near(object)) && !given(pair) =>
        {
            (pair.0.clone(), target.to_string())
        }
        _ => pair.clone(),
    })
    .collect()
}

/// Does the selector mean pods of an experiment, by labels that it puts in place of a Rollout's?
fn experiments(store: &Store, object: &Object, selector: &Labels) -> bool {
    let near = store.rollouts().filter(|(owner, _)| owner.is_near(object));
    near.flat_map(|(_, rollout)| rollout.experiments()).any(|labels| contains(&labels, selector))
}

/// Whose pods a selector that picks none may mean: those called like the Service, and those with a
/// label that one of its own is like.
fn like<'s>(store: &'s Store, object: &Object, selector: &Labels) -> Vec<&'s Object> {
    let mut found = store.named_like(&object.metadata.name);
    for (i, pair) in selector.iter().enumerate() {
        for meant in store.labels_like(object, pair) {
            let mut wanted = selector.clone();
            wanted[i] = meant;
            found.extend(store.pods_with(&wanted).into_iter().map(|(owner, _)| owner));
        }
    }
    found.retain(|owner| owner.is_near(object));
    found
}

/// A Service that picks nothing: a slip, or pods that are not given.
fn unmatched(store: &Store, object: &Object, selector: &Labels, found: &mut UnitsFound) {
    let mut slip = None;
    for deployment in like(store, object, selector) {
        let Some(labels) = deployment.template().map(|template| &template.labels) else { continue };
        let missing: Vec<&(String, String)> =
            selector.iter().filter(|pair| !labels.contains(pair)).collect();
        let [(key, value)] = missing[..] else { continue };
        let own = labels.iter().find(|(k, v)| k == key || v == value);
        let Some((own_key, own_value)) = own else { continue };
        let near = nearest(value, [own_value.as_str()]).is_some()
            && nearest(key, [own_key.as_str()]).is_some();
        let named = object.metadata.name == deployment.metadata.name
            || deployment.metadata.name.starts_with(&format!("{}-", object.metadata.name));
        if near || named {
            slip = Some((deployment, own_key, own_value));
            break;
        }
    }
    match slip {
        Some((deployment, key, value)) => {
            let message = "the selector picks no pods of these files".to_string();
            let expected = format!("labels of {}'s pods", deployment.title());
            let help = format!("did you mean {key}: {value}?");
            found.problem(object, "spec.selector", message, &expected, &help);
        }
        None if !found.uses(object) => {
            let why = "its pods are not among those that are flown";
            found.ignore(object, "spec.selector", why, Weight::NoEffect);
        }
        None => {}
    }
}

/// Rules that divide nothing still say how requests are treated.
fn virtual_services(store: &Store, found: &mut UnitsFound) {
    let who = found.who();
    for (object, service) in store.virtual_services() {
        if mesh::lies_elsewhere(store, object, &service.rules) {
            continue;
        }
        let hosts: Vec<&str> = service
            .rules
            .iter()
            .flat_map(|r| r.destinations.iter().map(|d| short(&d.host)))
            .collect();
        let own = found.uses(object);
        let by_path = matches!(object.body, Body::Ingress(_));
        let mut attached = false;
        let mut others: Vec<&Rule> = Vec::new();
        let mut flown: Vec<&str> = Vec::new();
        let numbers = match own {
            true => who.use_any([&object.title()]),
            false => who.are_called(hosts.iter().copied()),
        };
        for number in numbers {
            let draft = &mut found.drafts[number];
            attached = true;
            draft.takes(object);
            // The rule that means everyone, of those to its own Services if there are such; what
            // another says of its few is listed below.
            let says = |r: &&Rule| !r.settings.is_empty();
            let named = |host: &str| draft.name == host || draft.aliases.iter().any(|a| a == host);
            let mine = |r: &Rule| r.destinations.iter().any(|d| named(short(&d.host)));
            let all = service.rules.iter().filter(|r| !r.by_header());
            let chosen = (all.clone().find(|r| r.splits() && mine(r)))
                .or(all.clone().find(|r| r.splits()))
                .or(all.clone().find(says));
            for setting in chosen.iter().flat_map(|rule| &rule.settings) {
                let field = chosen.map(|rule| rule.at(setting.field)).unwrap_or_default();
                let written_at = object.written_at(&field);
                let path = format!("spec.service.balancer.{}", setting.name);
                draft.set(&path, setting.value.clone(), written_at);
            }
            // Each path of an Ingress leads to a Service of its own.
            let first = chosen.and_then(|r| r.destinations.first()).filter(|_| !by_path);
            if let (None, Some(to)) = (&draft.roles, first) {
                draft.roles = Some([to.clone(), to.clone()]);
            }
            flown.extend(chosen.map(|rule| rule.path.as_str()));
            others = service.rules.iter().filter(says).collect();
        }
        for rule in others.into_iter().filter(|rule| !flown.contains(&rule.path.as_str())) {
            for setting in &rule.settings {
                let field = rule.at(setting.field);
                let why = "requests of all kinds are treated as those of the rule that means all";
                found.ignore(object, &field, why, Weight::Matters);
            }
        }
        if !attached {
            belongs_nowhere(store, object, service, found);
        }
    }
}

/// Rules that lead to nothing which is flown: a slip, or none of its business.
fn belongs_nowhere(
    store: &Store,
    object: &Object,
    service: &VirtualService,
    found: &mut UnitsFound,
) {
    let by_path = matches!(object.body, Body::Ingress(_));
    // What keeps a canary from its main Ingress has been told, and so have rules that do not fly.
    if (by_path || object.kind == "TraefikService") && service.rules.is_empty() {
        return;
    }
    let all = service.rules.iter().flat_map(|rule| &rule.destinations);
    let hosts: Vec<&str> = all.map(|to| short(&to.host)).collect();
    // Backends of an Ingress are looked at one by one.
    let slip = |h: &&str| store.host_like(object, h);
    let slip = if by_path { None } else { hosts.iter().find_map(slip) };
    match slip {
        Some(near) => {
            let message = format!("nothing here is called {:?}", hosts.join(", "));
            let help = format!("did you mean {near}?");
            let field = service.rules.first().map(|rule| rule.field_of(0, "host"));
            let field = field.unwrap_or_default();
            found.problem(object, &field, message, "a host of these files", &help);
        }
        None => {
            let why = match by_path {
                true => "the Services that it leads to have no pods among these files",
                false => "it divides no requests, and its host is not among what is flown",
            };
            found.ignore(object, "", why, Weight::Matters);
        }
    }
}

/// Autoscalers belong to what they scale; a slip of its name is a contradiction.
fn autoscalers(store: &Store, found: &mut UnitsFound) {
    let who = found.who();
    for (object, autoscaler) in store.autoscalers() {
        if keda::is_made(object) {
            let why = "KEDA makes it: what the ScaledObject says is flown";
            found.ignore(object, "", why, Weight::NoEffect);
            continue;
        }
        let workload = |o: &&Object| ["Deployment", "Rollout"].contains(&o.kind);
        let mut given = store.named(&autoscaler.target).filter(workload).peekable();
        if given.peek().is_some() && !given.any(|o| o.is_near(object)) {
            let why = "what it scales lies in its own namespace, of which nothing is flown here";
            found.ignore(object, "spec.scaleTargetRef", why, Weight::NoEffect);
            continue;
        }
        // What is scaled is a workload; another unit may be called like it, by its Service.
        let kind = object.node.at("spec.scaleTargetRef.kind").and_then(Node::text);
        let scaled = store.named(&autoscaler.target).filter(workload);
        let scaled = scaled.filter(|o| o.is_near(object) && kind.is_none_or(|kind| kind == o.kind));
        let titles: Vec<String> = scaled.map(Object::title).collect();
        let called = who.are_called([autoscaler.target.as_str()]);
        let number = who.use_any(&titles).into_iter().chain(called).next();
        if let Some(number) = number {
            let draft = &mut found.drafts[number];
            draft.takes(object);
            // The first of two for the same thing counts; Flagger gives each side a copy, and
            // pauses KEDA itself.
            let lists = &mut found.lists;
            let paused =
                !scaled::by_flagger(draft) && keda::paused(object, autoscaler, draft, lists);
            if !paused && draft.get("spec.service.autoscaler").is_none() {
                scales(store, object, autoscaler, draft, lists);
            }
            continue;
        }
        if found.uses(object) {
            continue;
        }
        if let Some(near) = store.workload_like(object, &autoscaler.target) {
            let message = format!("nothing here is called {:?}", autoscaler.target);
            let help = format!("did you mean {near}?");
            let field = "spec.scaleTargetRef.name";
            found.problem(object, field, message, "a workload of these files", &help);
        } else {
            let why = "what it scales is not among what is flown";
            found.ignore(object, "spec.scaleTargetRef", why, Weight::Matters);
        }
    }
}

/// Writes an autoscaler as `spec.service.autoscaler`.
fn scales(
    store: &Store,
    object: &Object,
    autoscaler: &Autoscaler,
    draft: &mut Draft,
    lists: &mut Lists,
) {
    let path = "spec.service.autoscaler";
    for (field, value) in &autoscaler.fields {
        let written_at = object.written_at("spec");
        if *field != "queries" {
            draft.set(&format!("{path}.{field}"), value.clone(), written_at);
            continue;
        }
        let (asked, outside) = keda::queries(store, object, value, draft, lists);
        let written_at = object.written_at("spec.triggers");
        for query in asked {
            draft.push(&format!("{path}.queries"), query, written_at.clone());
        }
        for name in outside {
            draft.push(&format!("{path}.atTarget"), name, written_at.clone());
        }
    }
    if let Some(target) = autoscaler.memory {
        memory(store, object, target, draft, lists);
    }
    keda::least(store, object, autoscaler, draft, lists);
}

/// The target of a memory metric as a share of the limit, which is how a flight measures memory.
fn memory(store: &Store, object: &Object, target: Memory, draft: &mut Draft, lists: &mut Lists) {
    let templates = store.deployments().map(|(o, d)| (o, d.template.as_ref()));
    let templates = templates.chain(store.rollouts().map(|(o, r)| (o, r.template.as_ref())));
    let names: Vec<&str> =
        draft.used.iter().filter_map(|title| Some(title.split_once('/')?.1)).collect();
    // Titles are made for those alone whose name fits.
    let templates = templates.filter(|(owner, _)| names.contains(&owner.metadata.name.as_str()));
    let own = templates.filter(|(owner, _)| draft.used.contains(&owner.title()));
    let container = own.filter_map(|(_, template)| template?.application()).next();
    let [limit, request] = container.map_or([None; 2], |container| container.memory);
    let whole = limit.or(request);
    let share = match (target, whole) {
        (Memory::Percent(percent), whole) => {
            let part = request.zip(whole).map_or(1.0, |(request, whole)| request / whole);
            Some(percent as f64 * part)
        }
        (Memory::Bytes(bytes), Some(whole)) => Some(100.0 * bytes / whole),
        (Memory::Bytes(_), None) => None,
    };
    let field = if object.kind == "ScaledObject" { "spec.triggers" } else { "spec.metrics" };
    let path = "spec.service.autoscaler";
    let Some(share) = share.filter(|share| share.is_finite()) else {
        let source = "no container says how much memory it has: the metric stands at its target, \
            so the fleet never shrinks";
        draft.push(&format!("{path}.atTarget"), text("memory"), object.written_at(field));
        draft.assume(lists, field, "memory as asked for", source, true);
        return;
    };
    let share = (share.round() as u64).clamp(1, 100_000);
    let path = format!("{path}.memoryUtilization");
    draft.set(&path, integer(share), object.written_at(field));
    let source = "percent of the memory limit (of the request without one); a process uses 25 % \
        of it unless a defect leaks (assumption)";
    draft.assume(lists, &path, &share.to_string(), source, false);
}

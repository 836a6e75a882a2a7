//! A Rollout with its templates: the strategies `argoCanary` and `argoBlueGreen`.

use super::argo_analysis::analysis_of;
use super::argo_steps::{self, Said, check_annotations};
use super::argo_write::{self, Written};
use super::{UnitsFound, argo_service, orders, workload};
use crate::draft::{Draft, integer, list, mapping, text};
use crate::kinds::Object;
use crate::kinds::pod::contains;
use crate::kinds::rollout::{Rollout, Step, Strategy, Wired};
use crate::note::{SourcePlace, Weight};
use crate::rule::short;
use crate::store::Store;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::nearest;
use windtunnel_model::strategy::argo::field;

/// A unit for every Rollout.
pub fn find(store: &Store, found: &mut UnitsFound) {
    for (object, rollout) in store.rollouts() {
        unit(store, object, rollout, found);
    }
}

fn unit(store: &Store, object: &Object, rollout: &Rollout, found: &mut UnitsFound) {
    let Some(strategy) = &rollout.strategy else { return };
    let mut draft = Draft::new(&object.metadata.name, object);
    pods(store, object, rollout, &mut draft, found);
    draft.aliases.extend(rollout.wired.services.iter().cloned());
    services(store, object, rollout, &mut draft, found);
    rules(store, object, rollout, &mut draft, found);
    let (kind, at) = match strategy {
        Strategy::Canary(..) => ("argoCanary", "spec.strategy.canary"),
        Strategy::BlueGreen(..) => ("argoBlueGreen", "spec.strategy.blueGreen"),
    };
    let path = draft.strategy(kind, object.written_at(at));
    let own = text(object.metadata.name.clone());
    draft.set(&format!("{path}.{}", field::ROLLOUT), own, object.written_at("metadata.name"));
    write(&mut draft, &path, argo_write::common(rollout), &object.written_at("spec"));
    match strategy {
        Strategy::Canary(canary) => {
            write(&mut draft, &path, argo_write::canary(canary), &object.written_at(at));
            argo_service::write(store, object, rollout, &path, &mut draft, found);
            let waits = canary.steps.contains(&Step::Pause(None));
            let routed = canary.traffic.is_some();
            let said = Said { store, object, rollout, routed };
            let steps: Vec<Value> = (canary.steps.iter().enumerate())
                .map(|(i, step)| {
                    let at = format!("{path}.{}[{i}]", field::STEPS);
                    said.step(step, &at, &mut draft, found)
                })
                .collect();
            if !steps.is_empty() {
                let written_at = object.written_at(&format!("{at}.steps"));
                for i in 0..steps.len() {
                    let written_at = object.written_at(&format!("{at}.steps[{i}]"));
                    draft.origins.push((format!("{path}.{}[{i}]", field::STEPS), written_at));
                }
                draft.set(&format!("{path}.{}", field::STEPS), list(steps), written_at);
            }
            if let Some((reference, first)) = &canary.analysis {
                let mut fields = argo_write::given([(field::STARTING_STEP, first.map(integer))]);
                let at = format!("{path}.{}", field::ANALYSIS);
                fields.extend(analysis_of(store, object, reference, &at, &mut draft, found));
                let written_at = object.written_at(&reference.path);
                draft.set(&format!("{path}.{}", field::ANALYSIS), mapping(fields), written_at);
            }
            promotes(&mut draft, &path, waits, rollout, found);
        }
        Strategy::BlueGreen(plan) => {
            write(&mut draft, &path, argo_write::blue_green(plan), &object.written_at(at));
            for (field, reference) in [
                (field::PRE_PROMOTION_ANALYSIS, &plan.before),
                (field::POST_PROMOTION_ANALYSIS, &plan.after),
            ] {
                let Some(reference) = reference else { continue };
                let at = format!("{path}.{field}");
                let analysis = analysis_of(store, object, reference, &at, &mut draft, found);
                draft.set(&at, mapping(analysis), object.written_at(&reference.path));
            }
            let waits = plan.auto_promotion == Some(false);
            promotes(&mut draft, &path, waits, rollout, found);
        }
    }
    paused(&mut draft, object, &path, rollout, found);
    orders::write(&mut draft, &path, object, &rollout.answers);
    if let Some(rules) = argo_steps::said(rollout, argo_steps::RULES) {
        let written_at = object.written_at(&format!("metadata.annotations.{}", argo_steps::RULES));
        draft.set(&format!("{path}.{}", field::RULES), text(rules), written_at);
    }
    check_annotations(object, rollout, found);
    hosts(store, object, rollout, &path, &mut draft);
    found.add(draft);
}

/// The Services by which metrics know the two sides: those that the Rollout names or, where it
/// points a rule's subsets at pods, the one host of the rules.
fn hosts(store: &Store, object: &Object, rollout: &Rollout, path: &str, draft: &mut Draft) {
    let strategy = object.node.get("spec").and_then(|spec| spec.get("strategy"));
    let under = |kind: &str, field: &str| strategy?.get(kind)?.get(field);
    let wired = &rollout.wired;
    let named = |(owner, _): &(&Object, _)| {
        wired.virtual_services.contains(&owner.metadata.name) && owner.is_near(object)
    };
    let rules = store.virtual_services().find(named).map(|(_, rules)| &rules.rules);
    let to = || rules.into_iter().flatten().flat_map(|rule| &rule.destinations);
    let host = to().next().map(|first| short(&first.host));
    let alone = |host: &&str| to().all(|destination| short(&destination.host) == *host);
    let host = host.filter(alone).filter(|_| !wired.destination_rules.is_empty());
    for (kind, from, group, to) in [
        ("canary", "stableService", Some(field::TRAFFIC_ROUTING), field::STABLE_SERVICE),
        ("canary", "canaryService", Some(field::TRAFFIC_ROUTING), field::CANARY_SERVICE),
        ("blueGreen", "activeService", None, field::ACTIVE_SERVICE),
    ] {
        let divided = kind == "blueGreen" || under(kind, "trafficRouting").is_some();
        let own = under(kind, from).and_then(Node::text);
        let service = host.filter(|_| kind == "canary").or(own);
        if let Some(service) = service.filter(|_| divided) {
            let written_at = object.written_at(&format!("spec.strategy.{kind}.{from}"));
            let group = group.map(|group| format!("{group}.")).unwrap_or_default();
            draft.set(&format!("{path}.{group}{to}"), text(service), written_at);
        }
    }
}

fn write(draft: &mut Draft, path: &str, fields: Written, written_at: &SourcePlace) {
    for (field, value) in fields {
        draft.set(&format!("{path}.{field}"), value, written_at.clone());
    }
}

fn promotes(draft: &mut Draft, path: &str, waits: bool, rollout: &Rollout, found: &mut UnitsFound) {
    let field = format!("{path}.{}", field::PROMOTED_AFTER);
    let said = argo_steps::said(rollout, argo_steps::PROMOTED);
    if let Some(after) = said {
        if after != "never" {
            draft.write(&field, text(after));
        }
    } else if waits {
        draft.write(&field, text("10m"));
        let source = "somebody promotes a pause without end; when is not in the file";
        draft.assume(&mut found.lists, &field, "10m", source, false);
    }
}

/// A Rollout that is paused does nothing until somebody resumes it.
fn paused(
    draft: &mut Draft,
    object: &Object,
    path: &str,
    rollout: &Rollout,
    found: &mut UnitsFound,
) {
    if !rollout.paused {
        return;
    }
    let ordered = orders::resumed(&rollout.answers);
    let said = argo_steps::said(rollout, argo_steps::RESUMED).or(ordered);
    let field = format!("{path}.{}", field::RESUMED_AFTER);
    draft.set(&field, text(said.unwrap_or("10m")), object.written_at("spec.paused"));
    if said.is_none() {
        let source = "a paused Rollout releases nothing; somebody resumes it, and when is not in \
            the file: its annotation windtunnel-resumed says otherwise";
        draft.assume(&mut found.lists, &field, "10m", source, true);
    }
}

fn pods(
    store: &Store,
    object: &Object,
    rollout: &Rollout,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let named = rollout.workload.as_ref();
    let workload = named.and_then(|name| {
        store.deployments().find(|(o, _)| o.metadata.name == *name && o.is_near(object))
    });
    if let (Some(name), None) = (named, workload) {
        let names: Vec<&str> = store.deployments().map(|(o, _)| o.metadata.name.as_str()).collect();
        if let Some(near) = nearest(name, names) {
            let message = format!("no Deployment here is called {name:?}");
            let help = format!("did you mean {near}?");
            let field = "spec.workloadRef.name";
            found.problem(object, field, message, "a Deployment of these files", &help);
        }
    }
    if let (Some(selector), Some(template)) = (&rollout.selector, &rollout.template)
        && !template.labels.is_empty()
        && !selector.picks(&template.labels)
    {
        let message = "the selector does not pick the Rollout's own pods".to_string();
        let expected = "labels of spec.template.metadata.labels";
        found.problem(object, "spec.selector", message, expected, "the controller refuses it");
    }
    if rollout.replicas == Some(0) {
        let message = "no pods: nothing of it is released".to_string();
        let help = "the number of pods that it runs in production";
        found.problem(object, "spec.replicas", message, "at least 1", help);
    }
    workload::replicas(draft, object, rollout.replicas.filter(|r| *r > 0), &mut found.lists);
    let (owner, template) = match workload {
        Some((owner, deployment)) => {
            draft.takes(owner);
            (owner, deployment.template.as_ref())
        }
        None => (object, rollout.template.as_ref()),
    };
    let lists = &mut found.lists;
    workload::pods(draft, owner, template, rollout.min_ready_secs, lists);
    let written_at = owner.written_at("spec.template.metadata.labels");
    // Those of one side stand among the template's, for Services that select by them.
    let sided = |pair: &(String, String)| rollout.wired.sides.iter().any(|s| s.contains(pair));
    let own = template.into_iter().flat_map(|t| &t.labels).filter(|pair| !sided(pair));
    workload::labels(draft, "all", &own.cloned().collect(), &written_at);
    let written_at = object.written_at("spec.strategy");
    for (whose, own) in ["old", "new"].into_iter().zip(&rollout.wired.sides) {
        workload::labels(draft, whose, own, &written_at);
    }
}

/// Services that the Rollout names belong to it; a slip of one that is given is a contradiction.
fn services(
    store: &Store,
    object: &Object,
    rollout: &Rollout,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let given: Vec<&str> = store.services().map(|(o, _)| o.metadata.name.as_str()).collect();
    for name in &rollout.wired.services {
        match store.service_of(object, name) {
            Some((service, _)) => draft.takes(service),
            None => {
                if let Some(near) = nearest(name, given.iter().copied())
                    .filter(|near| !rollout.wired.services.iter().any(|s| s == near))
                {
                    let message = format!("no Service here is called {name:?}");
                    let help = format!("did you mean {near}?");
                    let field = "spec.strategy";
                    found.problem(object, field, message, "a Service of these files", &help);
                }
            }
        }
    }
}

/// VirtualServices and DestinationRules that the Rollout names, and rules that divide requests
/// among its Services: their weights are the controller's to set.
fn rules(
    store: &Store,
    object: &Object,
    rollout: &Rollout,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let wired = &rollout.wired;
    // Without routing of its own a Service stands for both versions.
    let labels = rollout.template.as_ref().map(|template| &template.labels);
    let picks = |host: &str| {
        let selector = store.service_of(object, host).and_then(|(_, s)| s.selector.as_ref());
        selector.zip(labels).is_some_and(|(selector, labels)| contains(labels, selector))
    };
    let own = |host: &str| wired.services.iter().any(|s| s == short(host)) || picks(host);
    for (owner, rules) in store.virtual_services().filter(|(o, _)| o.is_near(object)) {
        let mut to = rules.rules.iter().flat_map(|rule| &rule.destinations).peekable();
        let named = wired.virtual_services.contains(&owner.metadata.name);
        if named || to.peek().is_some() && to.all(|destination| own(&destination.host)) {
            let hosts = rules.rules.iter().flat_map(|r| r.destinations.iter().map(|d| &d.host));
            draft.aliases.extend(hosts.map(|host| short(host).to_string()));
            draft.takes(owner);
            if named {
                undivided(owner, wired, found);
            }
        }
    }
    for (owner, _) in store.destination_rules().filter(|(o, _)| o.is_near(object)) {
        if wired.destination_rules.contains(&owner.metadata.name) {
            draft.takes(owner);
        }
    }
    slips(store, object, wired, found);
}

/// Routes of a VirtualService that the Rollout leaves alone: their requests stay with the stable
/// version.
fn undivided(owner: &Object, wired: &Wired, found: &mut UnitsFound) {
    let Some(Value::List(routes)) =
        owner.node.get("spec").and_then(|spec| spec.get("http")).map(|routes| &routes.value)
    else {
        return;
    };
    for (i, route) in routes.iter().enumerate() {
        let name = route.get("name").and_then(Node::text).unwrap_or_default();
        if !wired.routes.is_empty() && !wired.routes.iter().any(|known| known == name) {
            let why = "the Rollout does not divide this route, whose requests stay with the stable \
                version; here all requests are divided alike";
            found.ignore(owner, &format!("spec.http[{i}]"), why, Weight::Matters);
        }
    }
}

/// A name that is the slip of a given rule's is a contradiction.
fn slips(store: &Store, object: &Object, wired: &Wired, found: &mut UnitsFound) {
    let field = "spec.strategy.canary.trafficRouting.istio";
    for (kind, names) in
        [("VirtualService", &wired.virtual_services), ("DestinationRule", &wired.destination_rules)]
    {
        let given = || store.objects.iter().filter(|o| o.kind == kind);
        let all = || given().map(|o| o.metadata.name.as_str());
        for name in names.iter().filter(|name| !all().any(|given| given == name.as_str())) {
            if let Some(near) = nearest(name, all()) {
                let message = format!("no {kind} here is called {name:?}");
                let help = format!("did you mean {near}?");
                found.problem(object, field, message, "a rule of these files", &help);
            }
        }
    }
}

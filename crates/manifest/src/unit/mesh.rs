//! Rules that divide, match or copy requests, as people write them by hand: a canary, an A/B test,
//! a shadow.
//!
//! Such rules say where requests go now, not what becomes of them. What their owner would do next
//! is assumed, and said: a split is walked up to 100 %, a match is an A/B test, a copy a shadow.

use super::routes::{self, Plan, RouterKind};
use super::{UnitsFound, by_hand, hosts, idle_fleet, nowhere, workload};
use crate::draft::{Draft, text};
use crate::kinds::Object;
use crate::kinds::canary::Canary;
use crate::kinds::deployment::Deployment;
use crate::kinds::pod::contains;
use crate::note::{Lists, Weight};
use crate::rule::{Destination, Rule, namespace, short};
use crate::store::Store;
use windtunnel_base::node::Value;
use windtunnel_base::problem::nearest;
use windtunnel_model::strategy::flagger::field;

/// A unit for every set of rules that releases something.
pub fn find(store: &Store, found: &mut UnitsFound) {
    for (object, service) in store.virtual_services() {
        if found.uses(object) || is_flaggers(store, object, &service.rules, found) {
            continue;
        }
        if lies_elsewhere(store, object, &service.rules) {
            let why = "its Services lie in another namespace, of which nothing is flown here";
            found.ignore(object, "", why, Weight::NoEffect);
            continue;
        }
        let rules = routes::reached(object, &service.rules, found);
        nowhere::check(store, object, &rules, found);
        let mut left = rules.clone();
        let mut first = true;
        // Rules for several services release each of them.
        while let Some(plan) = routes::plan(store, object, &left, found) {
            unit(store, object, (&plan, first), found);
            if let (Some(draft), "TrafficSplit") = (found.drafts.last_mut(), object.kind) {
                // Users ask the root Service.
                draft.aliases.extend(service.hosts.iter().map(|host| short(host).to_string()));
            }
            let (own, others): (Vec<&Rule>, Vec<&Rule>) =
                left.iter().copied().partition(|rule| plan.concerns(rule));
            routes::tell_unflown(object, &own, &plan, found);
            (left, first) = (others, false);
        }
        if first {
            routes::tell_own_copies(object, &rules, found);
            idle_fleet::find(store, object, &rules, found);
        }
    }
}

/// Do all destinations of rules lie in another namespace than the rules, of which nothing is
/// given? Of Istio's hosts, which are one word, that may be a slip, and is told as one.
pub(super) fn lies_elsewhere(store: &Store, object: &Object, rules: &[Rule]) -> bool {
    let own = object.metadata.namespace.as_deref();
    let mut all = rules.iter().flat_map(|rule| &rule.destinations).peekable();
    let apart = object.kind != "VirtualService" && own.is_some() && all.peek().is_some();
    let given = |to: &Destination, space: &str| {
        let lies = |o: &Object| o.metadata.namespace.as_deref() == Some(space);
        store.service_of(object, &to.host).is_some_and(|(service, _)| lies(service))
    };
    let gone = |to: &Destination| {
        namespace(&to.host).is_some_and(|space| Some(space) != own && !given(to, space))
    };
    apart && all.all(gone)
}

/// Rules to the two sides of a Canary, which Flagger writes and divides: they are its own.
fn is_flaggers(store: &Store, object: &Object, rules: &[Rule], found: &mut UnitsFound) -> bool {
    let hosts = || rules.iter().flat_map(|rule| &rule.destinations).map(|to| short(&to.host));
    let sides = |target: &str| {
        let side = |host: &str| {
            host.strip_prefix(target).is_some_and(|end| ["-primary", "-canary"].contains(&end))
        };
        hosts().any(side)
    };
    let named = |canary: &Canary| {
        let service = canary.names.iter().find(|(name, _)| *name == field::SERVICE);
        matches!(service, Some((_, Value::Text(name))) if sides(name))
    };
    let owner = store
        .canaries()
        .find(|(o, canary)| o.is_near(object) && (sides(&canary.target) || named(canary)));
    let Some((owner, canary)) = owner else { return false };
    let Some(draft) = found.drafts.iter_mut().find(|d| d.used.contains(&owner.title())) else {
        return false;
    };
    draft.takes(object);
    let target = &canary.target;
    let what = format!("Flagger divides the requests of {target}: what stands here is its own");
    draft.understand(&mut found.lists, object, "spec", what);
    true
}

/// The unit of a plan; a second one of the same rules is called by its own service.
fn unit(store: &Store, object: &Object, plan: (&Plan<'_>, bool), found: &mut UnitsFound) {
    let (plan, first) = plan;
    let Plan { rule, stable, candidate, .. } = *plan;
    // Two hosts are two Services of one thing; its name is that of the rules, or of the main one
    // where the other declares itself a canary of it.
    let alike = short(&stable.host) == short(&candidate.host);
    let same = alike || rule.tried.is_some() || !first;
    let own = same && !stable.host.is_empty();
    let name = if own { short(&stable.host) } else { object.metadata.name.as_str() };
    let mut draft = Draft::new(name, object);
    draft.aliases.extend([&stable.host, &candidate.host].map(|host| short(host).to_string()));
    if let Some((service, _)) = store.service_of(object, &stable.host) {
        draft.takes(service);
    }
    if let Some((rule, _)) = store.rule_of(object, &stable.host) {
        draft.takes(rule);
    }
    hosts::check(store, object, plan, found);
    let fleets = [stable, candidate].map(|to| fleet(store, object, plan, to, found));
    sizes(&mut draft, &fleets, &mut found.lists);
    unknown_pods(store, &draft, object, plan, &mut found.lists);
    versions(store, &mut draft, object, [stable, candidate]);
    draft.roles = Some([stable.clone(), candidate.clone()]);
    match plan.kind {
        RouterKind::Split => {
            by_hand::canary(&mut draft, object, plan, &mut found.lists);
            by_hand::fixed_size(&mut draft, &fleets, &mut found.lists);
        }
        RouterKind::Match => {
            by_hand::ab_test(&mut draft, object, rule, candidate, &mut found.lists)
        }
        RouterKind::Mirror => by_hand::shadow(&mut draft, object, plan, &fleets, &mut found.lists),
    }
    found.add(draft);
}

/// Pods behind one of the two hosts are given, behind the other none: they are taken for alike.
fn unknown_pods(store: &Store, draft: &Draft, object: &Object, plan: &Plan<'_>, lists: &mut Lists) {
    let [stable, candidate] = [plan.stable, plan.candidate];
    let given = |to: &Destination| !store.behind(object, &to.host).is_empty();
    let (missing, given) = match (given(stable), given(candidate)) {
        (true, false) => (candidate, stable),
        (false, true) => (stable, candidate),
        _ => return,
    };
    let field = format!("pods of {}", short(&missing.host));
    let value = format!("a version of {}", short(&given.host));
    draft.assume(lists, &field, &value, "nothing of that host is given", true);
}

/// Size and pods of the service, from the fleets that are given.
fn sizes(draft: &mut Draft, fleets: &[Option<(&Object, &Deployment)>; 2], lists: &mut Lists) {
    let [stable, candidate] = fleets;
    let labels = |fleet: &Option<(&Object, &Deployment)>| {
        let template = fleet.and_then(|(_, deployment)| deployment.template.as_ref());
        template.map(|template| template.labels.clone())
    };
    let differ = stable.map(|(o, _)| o.title()) != candidate.map(|(o, _)| o.title());
    let both = labels(stable).zip(labels(candidate)).filter(|_| differ);
    draft.fleets = both.map(|(old, new)| [old, new]);
    for (object, _) in fleets.iter().flatten() {
        draft.takes(object);
        draft.aliases.push(object.metadata.name.clone());
    }
    if let [Some((old, _)), Some((new, _))] = fleets {
        workload::names(draft, old, new);
    }
    match stable.or(*candidate) {
        Some((object, deployment)) => {
            let pods = deployment.replicas.filter(|r| *r > 0);
            workload::replicas(draft, object, pods, lists);
            let (object, released) = candidate.unwrap_or((object, deployment));
            let template = released.template.as_ref().or(deployment.template.as_ref());
            workload::pods(draft, object, template, released.min_ready_secs, lists);
        }
        None => workload::unknown_workload(draft, lists),
    }
}

/// The label `version` of both subsets, by which queries tell the versions apart.
fn versions(store: &Store, draft: &mut Draft, object: &Object, to: [&Destination; 2]) {
    let found = to.map(|to| {
        let (owner, rule) = store.rule_of(object, &to.host)?;
        let at = rule.subsets.iter().position(|s| Some(&s.name) == to.subset.as_ref())?;
        let label = rule.subsets[at].labels.iter().find(|(name, _)| name == "version")?;
        Some((label.1.clone(), owner.written_at(&format!("spec.subsets[{at}].labels"))))
    });
    let [Some(old), Some(new)] = found else { return };
    if old.0 != new.0 {
        draft.set("spec.service.versions.old", text(old.0), old.1);
        draft.set("spec.service.versions.new", text(new.0), new.1);
    }
}

/// The Deployment of a destination, if it is given. A subset that is named nowhere, or that no
/// given Deployment carries, is a contradiction.
fn fleet<'a>(
    store: &'a Store,
    object: &Object,
    plan: &Plan<'_>,
    to: &Destination,
    found: &mut UnitsFound,
) -> Option<(&'a Object, &'a Deployment)> {
    let behind = store.behind(object, &to.host);
    let Some(subset) = &to.subset else { return behind.first().copied() };
    let Some((rule_object, rule)) = store.rule_of(object, &to.host) else {
        let draft = Draft::new(&to.host, object);
        let source = "no DestinationRule of the host is given";
        let field = format!("subset {subset}");
        draft.assume(&mut found.lists, &field, "pods of a version of their own", source, true);
        return behind.into_iter().find(|(o, _)| o.metadata.name.ends_with(&format!("-{subset}")));
    };
    let Some(at) = rule.subsets.iter().position(|s| s.name == *subset) else {
        let names: Vec<&str> = rule.subsets.iter().map(|s| s.name.as_str()).collect();
        let message = format!("{} has no subset {subset:?}", rule_object.title());
        let near = nearest(subset, names.iter().copied());
        let help = near.map(|n| format!("did you mean {n}?")).unwrap_or_default();
        let expected = format!("one of {}", names.join(", "));
        let field = place_of(plan, to);
        found.problem(object, &field, message, &expected, &help);
        return None;
    };
    let labels = &rule.subsets[at].labels;
    let of = |d: &'a Deployment| d.template.as_ref().map(|t| &t.labels);
    let carries = |d: &&(&'a Object, &'a Deployment)| of(d.1).is_some_and(|l| contains(l, labels));
    let fleet = behind.iter().find(carries).copied();
    if fleet.is_none() && !behind.is_empty() {
        let said = labels.iter().map(|(k, v)| format!("{k}: {v}")).collect::<Vec<_>>().join(", ");
        let titles: Vec<String> = behind.iter().map(|(o, _)| o.title()).collect();
        let message = format!("no given Deployment of {} carries {said}", to.host);
        let known = behind.iter().filter_map(|(_, d)| of(d)).flatten();
        let known: Vec<String> = known.map(|(k, v)| format!("{k}: {v}")).collect();
        // Labels that are no slip of any lead nowhere: `nowhere` says what that comes to.
        if let Some(near) = nearest(&said, known.iter().map(String::as_str)) {
            let help = format!("did you mean {near}?");
            let expected = format!("labels of {}", titles.join(" or "));
            let field = format!("spec.subsets[{at}].labels");
            found.problem(rule_object, &field, message, &expected, &help);
        }
    }
    fleet
}

/// Where a destination's subset stands.
fn place_of(plan: &Plan<'_>, to: &Destination) -> String {
    let within = |rule: &Rule| {
        let at = rule.destinations.iter().position(|d| d == to);
        let mirrored = rule.mirror.as_ref().is_some_and(|(d, _)| d == to);
        let mirror = mirrored.then(|| format!("{}.subset", rule.mirror_field()));
        at.map(|i| rule.field_of(i, "subset")).or(mirror)
    };
    plan.rules().into_iter().find_map(within).unwrap_or_default()
}

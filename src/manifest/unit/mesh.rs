//! Rules that divide, match or copy requests, as people write them by hand: a canary, an A/B test,
//! a shadow.
//!
//! Such rules say where requests go now, not what becomes of them. What their owner would do next
//! is assumed, and said: a split is walked up to 100 %, a match is an A/B test, a copy a shadow.

use super::routes::{self, Kind, Plan};
use super::{Found, hosts, idle_fleet, workload};
use crate::base::problem::nearest;
use crate::manifest::draft::{Draft, integer, list, percent, text};
use crate::manifest::kinds::Object;
use crate::manifest::kinds::deployment::Deployment;
use crate::manifest::kinds::pod::contains;
use crate::manifest::note::Lists;
use crate::manifest::rule::{Destination, Rule, short};
use crate::manifest::store::Store;
use crate::manifest::storm;

/// Weights in percent that the owner of a static split walks through.
const LADDER: [f64; 5] = [5.0, 10.0, 25.0, 50.0, 100.0];

/// A unit for every set of rules that releases something.
pub fn find(store: &Store, found: &mut Found) {
    for (object, service) in store.virtual_services() {
        if found.uses(object) {
            continue;
        }
        let rules = routes::reached(object, &service.rules, found);
        if let Some(plan) = routes::plan(store, object, &rules) {
            unit(store, object, &plan, found);
            routes::tell_unflown(object, &rules, &plan, found);
        } else {
            routes::tell_own_copies(object, &rules, found);
            idle_fleet::find(store, object, &rules, found);
        }
    }
}

fn unit(store: &Store, object: &Object, plan: &Plan<'_>, found: &mut Found) {
    let Plan { rule, stable, candidate, .. } = *plan;
    // Two hosts are two Services of one thing; its name is that of the rules.
    let same = short(&stable.host) == short(&candidate.host) && !stable.host.is_empty();
    let name = if same { short(&stable.host) } else { object.metadata.name.as_str() };
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
        Kind::Split => {
            canary(&mut draft, object, rule, candidate, &mut found.lists);
            fixed_size(&mut draft, &fleets, &mut found.lists);
        }
        Kind::Match => ab_test(&mut draft, object, rule, candidate, &mut found.lists),
        Kind::Mirror => shadow(&mut draft, object, rule, candidate, &mut found.lists),
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
        Some((label.1.clone(), owner.spot(&format!("spec.subsets[{at}].labels"))))
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
    found: &mut Found,
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
        let near = nearest(&said, known.iter().map(String::as_str));
        let help = near.map(|n| format!("did you mean {n}?")).unwrap_or_default();
        let expected = format!("labels of {}", titles.join(" or "));
        let field = format!("spec.subsets[{at}].labels");
        found.problem(rule_object, &field, message, &expected, &help);
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

/// The weights that an owner walks through who stands at `now` percent: from there up. Who stands
/// above one half is at the end of a walk, and is taken to have come all the way.
pub(super) fn ladder(now: f64) -> Vec<f64> {
    let first = (now > 0.0).then_some(now);
    let below = LADDER.into_iter().filter(|w| now > 50.0 && *w < now);
    let above = LADDER.into_iter().filter(|w| *w > now);
    below.chain(first).chain(above).collect()
}

fn canary(
    draft: &mut Draft,
    object: &Object,
    rule: &Rule,
    candidate: &Destination,
    lists: &mut Lists,
) {
    let at = rule.destinations.iter().position(|d| d == candidate).unwrap_or(0);
    let now = rule.percent(at);
    let field = rule.field_of(at, "weight");
    let path = draft.strategy("canary", object.spot(&rule.path));
    let weights = ladder(now);
    let shown: Vec<String> = weights.iter().map(|w| format!("{w}%")).collect();
    let steps = weights.into_iter().map(percent).collect();
    draft.set(&format!("{path}.steps"), list(steps), object.spot(&field));
    let what = format!("{} is the canary, at {now}%", candidate.name());
    draft.understand(lists, object, &field, what);
    let why = "who moves the weights is not in the file: its owner walks up, step by step";
    draft.assume(lists, &format!("{path}.steps"), &shown.join(" → "), why, false);
    draft.write(&format!("{path}.interval"), text("5m"));
    let why = "time that the owner watches a step; without checks only the person on call sees";
    draft.assume(lists, &format!("{path}.interval"), "5m", why, false);
}

/// A Deployment of the canary's own has a size, and nothing in the files changes it.
fn fixed_size(draft: &mut Draft, fleets: &[Option<(&Object, &Deployment)>; 2], lists: &mut Lists) {
    let [Some((stable, _)), Some((object, canary))] = fleets else { return };
    if stable.title() == object.title() || canary.replicas == Some(0) {
        return;
    }
    let path = "spec.strategies[0].canary.pods";
    let pods = canary.replicas.unwrap_or(1);
    draft.set(path, integer(pods), object.spot("spec.replicas"));
    let what = format!("{pods} pods get whatever the weight sends: nothing here scales them");
    draft.understand(lists, object, "spec.replicas", what);
    let why = "nobody sends everything to a small canary: its owner scales it up before that";
    draft.assume(lists, path, "the full size at 100%", why, false);
}

fn ab_test(
    draft: &mut Draft,
    object: &Object,
    rule: &Rule,
    candidate: &Destination,
    lists: &mut Lists,
) {
    let field = rule.match_field();
    let path = draft.strategy("abTest", object.spot(&field));
    draft.set(&format!("{path}.assignment"), text("header"), object.spot(&field));
    let headers: Vec<&str> =
        rule.matches.iter().flat_map(|m| m.headers.iter().map(String::as_str)).collect();
    let sends = format!("who sends {} meets {}", headers.join(", "), candidate.name());
    draft.understand(lists, object, &field, sends);
    // The share of the test is that of the header: `storm::settle` writes it when all is known.
    let why = "who sends the header is not in the file; a Scenario's spec.traffic.headerShare says";
    draft.assume(lists, "spec.traffic.headerShare", storm::HEADER_SHARE, why, false);
    let why = "when the test ends is not in the file; windtunnel's own default";
    draft.assume(lists, &format!("{path}.duration"), "20m", why, false);
}

fn shadow(
    draft: &mut Draft,
    object: &Object,
    rule: &Rule,
    candidate: &Destination,
    lists: &mut Lists,
) {
    let share = rule.mirror.as_ref().map_or(100.0, |(_, share)| *share);
    let field = rule.mirror_field();
    let path = draft.strategy("shadow", object.spot(&field));
    let spot = object.spot(&format!("{}.mirrorPercentage", rule.path));
    draft.set(&format!("{path}.mirror"), percent(share), spot);
    let what = format!("{} gets copies of {share}% of the requests", candidate.name());
    draft.understand(lists, object, &field, what);
    let why = "when mirroring ends, and what follows, is not in the file; windtunnel's own default";
    draft.assume(lists, &format!("{path}.for"), "15m", why, false);
    draft.write(&format!("{path}.then"), text("none"));
    draft.assume(lists, &format!("{path}.then"), "none", why, false);
    let why = "whether copied writes reach the same data is not in the file";
    draft.assume(lists, &format!("{path}.isolated"), "true", why, false);
}

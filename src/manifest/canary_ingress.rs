//! Canary Ingresses of ingress-nginx, each joined with the main Ingress whose requests it takes.
//!
//! The controller merges a canary's backend into that of the main Ingress of the same host, path
//! and pathType (`mergeAlternativeBackends` in `internal/ingress/controller/controller.go`), and
//! asks header, cookie and weight in this order for each request (`route_to_alternative_balancer`
//! in `rootfs/etc/nginx/lua/balancer.lua`). What it drops with a line in its log is a contradiction
//! here, in its words.

use super::kinds::ingress::{Ingress, Path, WORDS};
use super::kinds::nginx::{self, Canary};
use super::kinds::{Body, Object};
use super::note::{Note, Weight};
use super::objects::Objects;
use super::rule::{Destination, Rule, Words};
use crate::base::problem::Problem;

/// What becomes of a path of a canary.
enum Joined {
    /// It takes requests from this Service.
    With(String, Option<String>),
    /// The controller drops it, and says why.
    Dropped(String),
}

/// Gives every canary Ingress the rules that it and its main one come to.
pub fn join(objects: &mut Objects) {
    let of_kind = |object: &&Object| matches!(object.body, Body::Ingress(_));
    let all: Vec<Object> = objects.store.objects.iter().filter(of_kind).cloned().collect();
    let mut taken: Vec<&Path> = Vec::new();
    for canary in canaries(&all) {
        let Body::Ingress(own) = &canary.body else { continue };
        let Some(asked) = &own.nginx.canary else { continue };
        let mut rules: Vec<Rule> = Vec::new();
        for path in own.paths.iter().filter(|path| !path.service.is_empty()) {
            if taken.iter().any(|other| is_same(other, path)) {
                second(objects, canary, path);
                continue;
            }
            taken.push(path);
            match partner(&all, canary, path) {
                Joined::With(service, cookie) => {
                    let sticky = cookie.clone().filter(|_| !own.nginx.legacy);
                    if cookie.is_some() && own.nginx.legacy {
                        drawn_anew(objects, canary);
                    }
                    add(&mut rules, of_path(path, asked, &service, sticky));
                }
                Joined::Dropped(why) => objects.problems.push(dropped(canary, path, why)),
            }
        }
        let named = |o: &&mut Object| o.kind == canary.kind && o.metadata == canary.metadata;
        let place = objects.store.objects.iter_mut().find(named);
        if let Some(Object { body: Body::Ingress(own), .. }) = place {
            own.routes.rules = rules;
        }
    }
}

/// The canaries in the order of the controller, which has the older ones first and those of one age
/// by name; files tell no age.
fn canaries(all: &[Object]) -> Vec<&Object> {
    let is_canary = |o: &&Object| matches!(&o.body, Body::Ingress(ingress) if ingress.is_canary());
    let mut found: Vec<&Object> = all.iter().filter(is_canary).collect();
    found.sort_by_key(|o| (o.metadata.namespace.clone(), o.metadata.name.clone()));
    found
}

fn is_same(a: &Path, b: &Path) -> bool {
    (&a.host, &a.path, &a.kind) == (&b.host, &b.path, &b.kind)
}

/// The main Ingress of a path, and how long its cookies last.
fn partner(all: &[Object], canary: &Object, path: &Path) -> Joined {
    let mains = all.iter().filter(|o| o.is_near(canary)).filter_map(|o| match &o.body {
        Body::Ingress(ingress) if !ingress.is_canary() => Some(&**ingress),
        _ => None,
    });
    let mains: Vec<&Ingress> = mains.collect();
    let (own, host) = (&path.service, &path.host);
    let known = mains.iter().flat_map(|main| &main.paths).any(|p| p.host == *host);
    let found = mains.iter().find_map(|main| {
        let path = main.paths.iter().find(|p| is_same(p, path) && !p.service.is_empty())?;
        Some((*main, path))
    });
    match found {
        Some((_, main)) if main.service == *own => Joined::Dropped(format!(
            "alternative upstream {own} is primary upstream in Other Ingress for location {host}{}",
            path.path
        )),
        Some((main, at)) => Joined::With(at.service.clone(), main.nginx.cookie.clone()),
        None if known || host.is_empty() => Joined::Dropped(format!(
            "unable to find real backend for alternative backend {own}. Deleting."
        )),
        None => Joined::Dropped(format!(
            "cannot merge alternative backend {own} into hostname {host} that does not exist"
        )),
    }
}

/// The rules of one path: who sends the header or the cookie, then everyone by weight.
fn of_path(path: &Path, asked: &Canary, main: &str, sticky: Option<String>) -> Vec<Rule> {
    let to = |host: &str, weight: Option<u64>| Destination {
        host: host.to_string(),
        weight,
        ..Destination::default()
    };
    let first = asked.matches.first().and_then(|m| m.headers.first());
    let by_cookie = first.is_some_and(|name| name.starts_with("the cookie "));
    let matches = if by_cookie { nginx::COOKIE } else { nginx::HEADER };
    let words = Words { matches, ..WORDS };
    let rule = |destinations| Rule {
        path: path.at.clone(),
        destinations,
        words,
        sticky: sticky.clone(),
        ..Rule::default()
    };
    let mut rules = Vec::new();
    if !asked.matches.is_empty() {
        let matched = rule(vec![to(&path.service, None)]);
        rules.push(Rule { matches: asked.matches.clone(), tried: Some(0), ..matched });
    }
    let by_weight = [asked.total - asked.weight, asked.weight].map(Some);
    if asked.weight == 0 && !asked.matches.is_empty() {
        rules.push(Rule { path: format!("{} by weight", path.at), ..rule(vec![to(main, None)]) });
    } else {
        let both = vec![to(main, by_weight[0]), to(&path.service, by_weight[1])];
        rules.push(Rule { tried: Some(1), ..rule(both) });
    }
    rules
}

/// Rules of another path that say the same are said once.
fn add(rules: &mut Vec<Rule>, more: Vec<Rule>) {
    for rule in more {
        let same =
            |other: &Rule| other.matches == rule.matches && other.destinations == rule.destinations;
        if !rules.iter().any(same) {
            rules.push(rule);
        }
    }
}

fn dropped(canary: &Object, path: &Path, why: String) -> Problem {
    let spot = canary.spot(&format!("{}.backend", path.at));
    let field = format!("{} {}.backend", canary.title(), path.at);
    let problem = Problem::error(spot.place, field, format!("ingress-nginx: {why}"));
    let expected = "the main Ingress of the same host, path and pathType, with another Service";
    let help = "give its file too; without it the canary gets no requests";
    problem.expected(expected).help(help).in_file(&spot.file)
}

/// A second canary of one rule, which the controller never asks.
fn second(objects: &mut Objects, canary: &Object, path: &Path) {
    let why = "a second canary of this rule: ingress-nginx applies one per rule, the older one, or \
        of one age the first by name; this one gets no requests";
    ignore(objects, canary, &path.at, why);
}

/// Cookies that a canary neither sets nor asks for.
fn drawn_anew(objects: &mut Objects, canary: &Object) {
    let note = Note {
        spot: canary.spot(nginx::BEHAVIOR),
        object: canary.title(),
        field: nginx::BEHAVIOR.to_string(),
        text: "each request is drawn anew by the weight: users meet both versions".to_string(),
        source: "annotations.md: legacy, \"when session affinity was ignored\"; from controller \
            1.0 on balancer.lua leaves users whom the main Ingress gave its cookie there, so that \
            the canary may get less"
            .to_string(),
        weight: Weight::NoEffect,
    };
    objects.lists.assumed.push(note);
}

fn ignore(objects: &mut Objects, object: &Object, field: &str, why: &str) {
    let spot = object.spot(field);
    let path = format!("{} {field}", object.title());
    objects.problems.push(Problem::warning(spot.place, path, why).in_file(&spot.file));
    let (object, source) = (object.title(), String::new());
    let (field, text) = (field.to_string(), why.to_string());
    let weight = Weight::Matters;
    objects.lists.ignored.push(Note { spot, object, field, text, source, weight });
}

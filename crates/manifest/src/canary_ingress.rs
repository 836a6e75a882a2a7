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
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_base::problem::Problem;

/// What becomes of a path of a canary.
enum Joined {
    /// It takes requests from this Service.
    With(String, Option<String>),
    /// The controller drops it, and says why.
    Dropped(String),
}

/// Gives every canary Ingress the rules that it and its main one come to.
pub fn join(objects: &mut Objects) {
    let of_kind = |(_, object): &(usize, &Object)| matches!(object.body, Body::Ingress(_));
    let all = objects.store.objects.iter().enumerate().filter(of_kind);
    let all: Vec<(usize, Object)> = all.map(|(at, object)| (at, object.clone())).collect();
    let mains = Mains::of(&all);
    let mut taken: BTreeSet<Location<'_>> = BTreeSet::new();
    for (at, canary) in canaries(&all) {
        let Body::Ingress(own) = &canary.body else { continue };
        let Some(asked) = &own.nginx.canary else { continue };
        let mut rules: Vec<Rule> = Vec::new();
        for path in own.paths.iter().filter(|path| !path.service.is_empty()) {
            let space = (canary.metadata.namespace.as_deref(), own.class.as_deref());
            let location = (space, (path.host.as_str(), path.path.as_str(), path.kind.as_str()));
            if taken.contains(&location) {
                second(objects, canary, path);
                continue;
            }
            match mains.partner(canary, own, path) {
                Joined::With(service, cookie) => {
                    taken.insert(location);
                    let sticky = cookie.clone().filter(|_| !own.nginx.legacy);
                    if cookie.is_some() && own.nginx.legacy {
                        drawn_anew(objects, canary);
                    }
                    add(&mut rules, of_path(path, asked, &service, sticky));
                }
                Joined::Dropped(why) => objects.problems.push(dropped(canary, path, why)),
            }
        }
        if let Some(Object { body: Body::Ingress(own), .. }) = objects.store.objects.get_mut(at) {
            own.routes.rules = rules;
        }
    }
}

/// The canaries in the order of the controller, which has the older ones first and those of one age
/// by name; files tell no age.
fn canaries(all: &[(usize, Object)]) -> Vec<(usize, &Object)> {
    let is_canary = |o: &Object| matches!(&o.body, Body::Ingress(ingress) if ingress.is_canary());
    let found = all.iter().filter(|(_, object)| is_canary(object));
    let mut found: Vec<(usize, &Object)> = found.map(|(at, object)| (*at, object)).collect();
    found.sort_by_key(|(_, o)| (o.metadata.namespace.clone(), o.metadata.name.clone()));
    found
}

/// A namespace and a class, if they are given.
type Space<'a> = (Option<&'a str>, Option<&'a str>);

/// A location of one controller: who reads it, and host, path and pathType.
type Location<'a> = (Space<'a>, (&'a str, &'a str, &'a str));

/// A path of a main Ingress.
type Main<'a> = (&'a Object, &'a Ingress, &'a Path);

/// Paths of main Ingresses, by their hosts.
struct Mains<'a>(BTreeMap<&'a str, Vec<Main<'a>>>);

impl<'a> Mains<'a> {
    fn of(all: &'a [(usize, Object)]) -> Mains<'a> {
        let mut mains: BTreeMap<&str, Vec<Main<'_>>> = BTreeMap::new();
        for (_, object) in all {
            let Body::Ingress(ingress) = &object.body else { continue };
            for path in ingress.paths.iter().filter(|_| !ingress.is_canary()) {
                mains.entry(&path.host).or_default().push((object, ingress, path));
            }
        }
        Mains(mains)
    }

    /// What becomes of a path of a canary: its main Ingress is one of the same host, path and
    /// pathType, which the same controller reads.
    fn partner(&self, canary: &Object, ingress: &Ingress, path: &Path) -> Joined {
        let (own, host) = (&path.service, &path.host);
        let by_one = |main: &&Main<'_>| {
            let classes = main.1.class.as_ref().zip(ingress.class.as_ref());
            main.0.is_near(canary) && classes.is_none_or(|(a, b)| a == b)
        };
        let on_host = self.0.get(host.as_str()).into_iter().flatten().filter(by_one);
        let on_host: Vec<&Main<'_>> = on_host.collect();
        let same = |other: &Path| (&other.path, &other.kind) == (&path.path, &path.kind);
        let found = on_host.iter().find(|main| same(main.2) && !main.2.service.is_empty());
        joined(found.map(|main| (main.1, main.2)), own, path, !on_host.is_empty())
    }
}

/// What becomes of a path of a canary beside its main one, on a host that is known or not.
fn joined(found: Option<(&Ingress, &Path)>, own: &str, path: &Path, known: bool) -> Joined {
    let host = &path.host;
    match found {
        Some((_, main)) if main.service == own => Joined::Dropped(format!(
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
    let matches = if asked.by_cookie { nginx::COOKIE } else { nginx::HEADER };
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
    let written_at = canary.written_at(&format!("{}.backend", path.at));
    let field = format!("{} {}.backend", canary.title(), path.at);
    let problem = Problem::error(written_at.place, field, format!("ingress-nginx: {why}"));
    let expected = "the main Ingress of the same host, path and pathType, with another Service";
    let help = "give its file too; without it the canary gets no requests";
    problem.expected(expected).help(help).in_file(&written_at.file)
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
        written_at: canary.written_at(nginx::BEHAVIOR),
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
    let written_at = object.written_at(field);
    let path = format!("{} {field}", object.title());
    objects.problems.push(Problem::warning(written_at.place, path, why).in_file(&written_at.file));
    let (object, source) = (object.title(), String::new());
    let (field, text) = (field.to_string(), why.to_string());
    let weight = Weight::Matters;
    objects.lists.ignored.push(Note { written_at, object, field, text, source, weight });
}

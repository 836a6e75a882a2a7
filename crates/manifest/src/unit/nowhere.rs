//! Rules that send requests where nothing answers: a Service that picks no pods, or a Deployment
//! without any.
//!
//! Proxies answer such requests with 503: Envoy's `UH` "no healthy upstream"
//! (docs/root/configuration/observability/access_log/usage.rst), the Gateway API for a Service
//! without endpoints (apis/v1/httproute_types.go, "backendRefs"), Traefik and nginx alike. A canary
//! of ingress-nginx is the exception: without endpoints it is not asked at all (`sync_backend` in
//! balancer.lua).
//! What is flown has pods there all the same, so this is told as a warning.

use super::UnitsFound;
use super::routes::carrying;
use crate::kinds::Object;
use crate::kinds::pod::contains;
use crate::note::Weight;
use crate::rule::{Destination, Rule, short};
use crate::store::Store;
use windtunnel_base::problem::Problem;

/// Warns of all destinations with requests and without pods.
pub fn check(store: &Store, object: &Object, rules: &[&Rule], found: &mut UnitsFound) {
    for rule in rules {
        for index in rule.live() {
            let to = &rule.destinations[index];
            if let Some(why) = reason(store, object, rule, to) {
                let text = told(rule, index, &why);
                let single = rule.destinations.len() == 1;
                let field = rule.field_of(index, if single { "host" } else { "weight" });
                let written_at = object.written_at(&field);
                let path = format!("{} {field}", object.title());
                let help = "give the files of its pods too, or take the weight from it";
                let warning = Problem::warning(written_at.place, path, text.clone()).help(help);
                found.problems.push(warning.in_file(&written_at.file));
                found.ignore(object, &field, &text, Weight::Matters);
            }
        }
    }
}

/// What becomes of requests that nobody answers.
fn told(rule: &Rule, index: usize, why: &str) -> String {
    let share = (rule.percent(index) * 10.0).round() / 10.0;
    let whose = if rule.by_header() { " of those that match" } else { "" };
    if rule.tried == Some(index) {
        return format!(
            "{why}: ingress-nginx leaves its {share} % of requests{whose} with the main Service; \
             it is flown as if its pods ran"
        );
    }
    format!("{share} % of requests{whose} would get 503: {why}; it is flown as if its pods ran")
}

/// Why nothing answers behind a destination, if these files say so.
fn reason(store: &Store, object: &Object, rule: &Rule, to: &Destination) -> Option<String> {
    let behind = store.behind(object, &to.host);
    if let Some((owner, deployment)) = carrying(store, object, to) {
        // Of several fleets behind one Service another may have pods.
        let empty = match to.subset {
            Some(_) => deployment.replicas == Some(0),
            None => behind.iter().all(|(_, d)| d.replicas == Some(0)),
        };
        let scaled = store.scalers_of(&owner.metadata.name).any(|(o, _)| o.is_near(owner));
        return (empty && !scaled).then(|| format!("{} has 0 replicas", owner.title()));
    }
    if let Some(subset) = &to.subset {
        let (named, destinations) = store.rule_of(object, &to.host)?;
        let labels = &destinations.subsets.iter().find(|s| s.name == *subset)?.labels;
        let carried = store.pods().any(|(o, own)| o.is_near(object) && contains(own, labels));
        let unknown = store.others.iter().any(|own| contains(own, labels));
        let known = !behind.is_empty() && !carried && !unknown;
        return known
            .then(|| format!("no pods here carry the labels of {subset} in {}", named.title()));
    }
    let (service, body) = store.service_of(object, &to.host)?;
    let selector = body.selector.as_ref().filter(|selector| !selector.is_empty())?;
    // Files that hold none of the pods are incomplete, and say nothing of any.
    let others = rule.destinations.iter().filter(|d| short(&d.host) != short(&to.host));
    let whole = others.into_iter().any(|d| carrying(store, object, d).is_some());
    let nothing = whole && !store.runs(object, selector);
    nothing.then(|| format!("{} picks no pods of these files", service.title()))
}

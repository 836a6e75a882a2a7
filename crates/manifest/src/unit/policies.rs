//! DestinationRules as rules of the balancer: what holds for the pods of both versions, and what
//! for the candidate's alone.
//!
//! Which subset is which version is known from the rules that divide requests. Deliberately
//! unknown here: what a policy says (see [`crate::kinds::traffic_policy`]).

use super::UnitsFound;
use crate::draft::{Draft, mapping};
use crate::kinds::Object;
use crate::kinds::destination_rule::DestinationRule;
use crate::kinds::traffic_policy::{Block, TrafficPolicy, field_of};
use crate::note::{Lists, Weight};
use crate::rule::{Destination, short};
use crate::store::Store;
use std::collections::BTreeSet;
use windtunnel_base::node::Value;

const BALANCER: &str = "spec.service.balancer";

/// The blocks that hold for a destination, and the rule they stand in.
struct Treated<'a> {
    object: &'a Object,
    blocks: Vec<Block>,
    /// Place of the subset in the rule, if it has a policy of its own.
    subset: Option<usize>,
}

/// Attaches all DestinationRules.
pub fn all(store: &Store, found: &mut UnitsFound) {
    let UnitsFound { drafts, lists, .. } = found;
    let mut attached: BTreeSet<String> = BTreeSet::new();
    for draft in drafts {
        let roles = draft.roles.clone().unwrap_or_else(|| {
            let host = Destination { host: draft.name.clone(), ..Destination::default() };
            [host.clone(), host]
        });
        let rules = store.rules_about(draft.aliases.iter().chain([&draft.name]));
        for (object, rule) in &rules {
            attached.insert(object.title());
            draft.takes(object);
            unused(object, rule, draft.roles.as_ref(), lists);
        }
        let known = draft.roles.is_some();
        let [old, new] = roles.map(|to| treated(store, &rules, (&to, known), lists));
        let sticky = draft.get(&format!("{BALANCER}.policy")).map(|node| node.value.clone());
        let candidate = match (&old, &new) {
            (Some(old), Some(new)) => {
                (settings(&old.blocks) != settings(&new.blocks)).then_some(new)
            }
            (None, Some(new)) => (!settings(&new.blocks).is_empty()).then_some(new),
            _ => None,
        };
        if let Some(old) = &old {
            write(draft, old, sticky.is_some());
        }
        if let Some(new) = candidate {
            own_rules(draft, new, sticky, lists);
        } else if let (Some(old), None) = (&old, &new)
            && !settings(&old.blocks).is_empty()
        {
            // The candidate's host has no rule at all.
            draft.write(&format!("{BALANCER}.candidate"), mapping(Vec::new()));
        }
    }
    for (object, rule) in store.destination_rules() {
        if !attached.contains(&object.title()) {
            unattached(store, object, short(&rule.host), found);
        }
    }
}

/// What holds for a destination: of the rules of a unit the one of its host, else the only one.
fn treated<'a>(
    store: &Store,
    rules: &[(&'a Object, &'a DestinationRule)],
    (to, known): (&Destination, bool),
    lists: &mut Lists,
) -> Option<Treated<'a>> {
    let of_host = rules.iter().find(|(_, rule)| short(&rule.host) == short(&to.host));
    // Where no rule divides requests, whatever there is means all pods.
    let (object, rule) = of_host.or(rules.first().filter(|_| !known)).copied()?;
    let at = rule.subsets.iter().position(|s| Some(&s.name) == to.subset.as_ref());
    let own = at.and_then(|at| rule.subsets[at].policy.as_ref());
    let port = port(store, object, rule, lists);
    let blocks = rule.policy.merged(own, port);
    Some(Treated { object, blocks, subset: at.filter(|_| own.is_some()) })
}

/// The port that users use: the only one of the Service; else, where ports have policies of their
/// own, the first of those, and that is said.
fn port(store: &Store, object: &Object, rule: &DestinationRule, lists: &mut Lists) -> Option<u64> {
    let own = rule.subsets.iter().filter_map(|s| s.policy.as_ref());
    let named: Vec<u64> =
        own.chain([&rule.policy]).flat_map(|p| &p.ports).map(|(port, _)| *port).collect();
    let first = *named.first()?;
    let ports = store.service_of(object, &rule.host).map(|(_, service)| &service.ports);
    if let Some([only]) = ports.map(Vec::as_slice) {
        if !named.contains(only) {
            let draft = Draft::new(&rule.host, object);
            let why = format!("users use port {only}, of which nothing is said here");
            let note = draft.note(object, "spec.trafficPolicy.portLevelSettings", why);
            lists.ignored.push(note);
        }
        return Some(*only);
    }
    let draft = Draft::new(&rule.host, object);
    let source = "which port users use is not known; the first that has a policy of its own";
    draft.assume(lists, "portLevelSettings", &format!("port {first}"), source, true);
    Some(first)
}

fn settings(blocks: &[Block]) -> Vec<(&'static str, &Value)> {
    let all = blocks.iter().flat_map(|block| &block.settings);
    let mut found: Vec<(&'static str, &Value)> = all.map(|(name, value)| (*name, value)).collect();
    found.sort_by_key(|(name, _)| *name);
    found
}

impl Treated<'_> {
    fn path(&self, name: &str) -> String {
        let own = self.subset.map_or(String::new(), |at| format!("subsets[{at}]."));
        format!("spec.{own}{}", field_of(name))
    }
}

/// What holds for all pods. A Service's own affinity stays.
fn write(draft: &mut Draft, treated: &Treated<'_>, sticky: bool) {
    for (name, value) in settings(&treated.blocks) {
        if name == "policy" && sticky {
            continue;
        }
        let written_at = treated.object.written_at(&treated.path(name));
        draft.set(&format!("{BALANCER}.{name}"), value.clone(), written_at);
    }
}

/// What holds for the candidate's pods alone: all of it, for what is left out there is off.
fn own_rules(draft: &mut Draft, treated: &Treated<'_>, sticky: Option<Value>, lists: &mut Lists) {
    let path = format!("{BALANCER}.candidate");
    let fields = settings(&treated.blocks);
    let field = treated.subset.map_or("spec".to_string(), |at| format!("spec.subsets[{at}]"));
    let written_at = treated.object.written_at(&field);
    let mut copies: Vec<(&str, Value)> =
        fields.into_iter().map(|(name, value)| (name, value.clone())).collect();
    if let Some(policy) = sticky {
        copies.retain(|(name, _)| *name != "policy");
        copies.push(("policy", policy));
    }
    draft.set(&path, mapping(copies), written_at);
    let what = "the new version's pods are treated by a policy of their own".to_string();
    draft.understand(lists, treated.object, &field, what);
}

/// Policies of subsets that neither version is.
fn unused(
    object: &Object,
    rule: &DestinationRule,
    roles: Option<&[Destination; 2]>,
    lists: &mut Lists,
) {
    let plays =
        |name: &str| roles.into_iter().flatten().any(|to| to.subset.as_deref() == Some(name));
    let own = |policy: &Option<TrafficPolicy>| policy.as_ref().is_some_and(|p| !p.is_empty());
    let draft = Draft::new(&rule.host, object);
    for (at, subset) in rule.subsets.iter().enumerate() {
        if own(&subset.policy) && !plays(&subset.name) {
            let field = format!("spec.subsets[{at}].trafficPolicy");
            let why = match roles {
                Some(_) => "no rule that is flown sends requests to this subset",
                None => "which version this subset is is not known; all pods get the host's policy",
            };
            let why = why.to_string();
            lists.ignored.push(draft.note(object, &field, why));
        }
    }
}

/// A rule about a host that nothing here is called.
fn unattached(store: &Store, object: &Object, host: &str, found: &mut UnitsFound) {
    match store.host_like(object, host) {
        Some(near) => {
            let message = format!("nothing here is called {host:?}");
            let help = format!("did you mean {near}?");
            found.problem(object, "spec.host", message, "a host of these files", &help);
        }
        None => {
            let why = "no rule sends requests to its host";
            found.ignore(object, "", why, Weight::Matters);
        }
    }
}

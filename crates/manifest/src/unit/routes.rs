//! What a set of routing rules is about: which of them anybody reaches, which destination is tried
//! against which, and what of it is not flown.
//!
//! A flight has two versions and one rule that means everyone. What goes beyond that is listed as
//! ignored: nothing that sends users to another version is left out in silence.

use super::{UnitsFound, roles};
use crate::kinds::deployment::Deployment;
use crate::kinds::pod::contains;
use crate::kinds::{Body, Object};
use crate::note::Weight;
use crate::rule::{Destination, Rule, short};
use crate::store::Store;

/// How requests reach the version that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterKind {
    /// By weight.
    Split,
    /// Those who send a header.
    Match,
    /// As copies.
    Mirror,
}

/// What a set of rules is about.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// How.
    pub kind: RouterKind,
    /// The rule that says so.
    pub rule: &'a Rule,
    /// The rule that means everyone; the same but for a match.
    pub default: &'a Rule,
    /// Who serves.
    pub stable: &'a Destination,
    /// Who is tried.
    pub candidate: &'a Destination,
    /// A rule that sends who sends a header to the one that is tried, whatever the weight.
    pub beside: Option<&'a Rule>,
}

impl<'a> Plan<'a> {
    /// Is the rule about this release, and not about another service alone?
    pub fn concerns(&self, rule: &Rule) -> bool {
        let own = [self.stable, self.candidate].map(|to| short(&to.host));
        let mirror = rule.mirror.as_ref().map(|(to, _)| to);
        rule.destinations.iter().chain(mirror).any(|to| own.contains(&short(&to.host)))
    }

    /// The rules that are flown, each once.
    pub fn rules(&self) -> Vec<&'a Rule> {
        let mut rules = vec![self.rule];
        if self.default.path != self.rule.path {
            rules.push(self.default);
        }
        rules.extend(self.beside);
        rules
    }
}

/// The rules that some request meets. Istio asks them in order, so nothing comes behind one that
/// means everyone (virtual_service.proto, "the first rule matching an incoming request is used");
/// the Gateway API asks the most specific one first, wherever it stands.
pub fn reached<'a>(object: &Object, rules: &'a [Rule], found: &mut UnitsFound) -> Vec<&'a Rule> {
    let in_order = matches!(object.body, Body::VirtualService(_));
    let last = rules.iter().position(Rule::by_everyone).filter(|_| in_order);
    let end = last.map_or(rules.len(), |last| last + 1);
    for rule in rules.iter().skip(end) {
        let why = "never reached: a rule before it means every request";
        found.ignore(object, &rule.path, why, Weight::Matters);
    }
    rules.iter().take(end).collect()
}

/// What the rules are about; nothing, if they release nothing.
pub fn plan<'a>(
    store: &Store,
    object: &Object,
    rules: &[&'a Rule],
    found: &mut UnitsFound,
) -> Option<Plan<'a>> {
    split(store, object, rules, found).or_else(|| matched(rules)).or_else(|| mirrored(rules))
}

fn split<'a>(
    store: &Store,
    object: &Object,
    rules: &[&'a Rule],
    found: &mut UnitsFound,
) -> Option<Plan<'a>> {
    let rule = rules.iter().find(|r| r.splits() && !r.by_header())?;
    let live = rule.live();
    // All weight on one beside a copy to another: a shadow, unless users go there as well.
    if live.len() < 2 && rule.mirror.is_some() {
        return None;
    }
    let among: Vec<usize> =
        if live.len() > 1 { live } else { (0..rule.destinations.len()).collect() };
    let (stable, candidate) = roles::of(store, object, rule, &among, found)?;
    let [stable, candidate] = [stable, candidate].map(|i| &rule.destinations[i]);
    let only = |r: &&&Rule| {
        let mut to = live_of(r);
        r.by_header() && to.next().is_some_and(|d| d.is_same(candidate)) && to.next().is_none()
    };
    let beside = rules.iter().find(only).copied();
    Some(Plan { kind: RouterKind::Split, rule, default: rule, stable, candidate, beside })
}

/// The Deployment that a destination leads to, if it is given.
pub fn carrying<'a>(
    store: &'a Store,
    object: &Object,
    to: &Destination,
) -> Option<(&'a Object, &'a Deployment)> {
    let behind = store.behind(object, &to.host);
    let Some(subset) = &to.subset else { return behind.first().copied() };
    let (_, rule) = store.rule_of(object, &to.host)?;
    let labels = &rule.subsets.iter().find(|s| s.name == *subset)?.labels;
    let carries = |d: &Deployment| d.template.as_ref().is_some_and(|t| contains(&t.labels, labels));
    behind.into_iter().find(|(_, d)| carries(d))
}

fn matched<'a>(rules: &[&'a Rule]) -> Option<Plan<'a>> {
    let default = *rules.iter().rev().find(|r| r.by_everyone()).or(rules.last())?;
    let stable = live_of(default).next()?;
    let differs = |r: &Rule| r.by_header() && live_of(r).any(|d| !d.is_same(stable));
    let rule = *rules.iter().find(|r| differs(r))?;
    let candidate = live_of(rule).find(|d| !d.is_same(stable))?;
    Some(Plan { kind: RouterKind::Match, rule, default, stable, candidate, beside: None })
}

fn mirrored<'a>(rules: &[&'a Rule]) -> Option<Plan<'a>> {
    rules.iter().find_map(|rule| {
        let (candidate, _) = rule.mirror.as_ref()?;
        let stable = live_of(rule).next()?;
        let plan =
            Plan { kind: RouterKind::Mirror, rule, default: rule, stable, candidate, beside: None };
        (!candidate.is_same(stable)).then_some(plan)
    })
}

fn live_of(rule: &Rule) -> impl Iterator<Item = &Destination> {
    rule.live().into_iter().map(|i| &rule.destinations[i])
}

/// Lists what of the rules is not flown beside the plan.
pub fn tell_unflown(object: &Object, rules: &[&Rule], plan: &Plan<'_>, found: &mut UnitsFound) {
    let mut tell = |field: &str, why: String| found.ignore(object, field, &why, Weight::Matters);
    let stable = plan.stable.name();
    let known = |d: &Destination| d.is_same(plan.stable) || d.is_same(plan.candidate);
    for rule in plan.rules() {
        for index in rule.live() {
            let to = &rule.destinations[index];
            if !known(to) {
                let share = rule.percent(index);
                let why = format!(
                    "a flight has two versions: the {share:.0}% for {} go to {stable}",
                    to.name()
                );
                tell(&rule.field_of(index, "weight"), why);
            }
        }
    }
    if plan.kind == RouterKind::Match && plan.rule.live().len() > 1 {
        let why = format!("who is meant here goes to {} alone", plan.candidate.name());
        tell(&plan.rule.path, why);
    }
    let flown = |rule: &&&Rule| plan.rules().iter().any(|own| own.path == rule.path);
    for rule in rules.iter().filter(|r| !flown(r)) {
        // Rules to other services are not about this release.
        let here = |d: &Destination| {
            let host = short(&d.host);
            host == short(&plan.stable.host) || host == short(&plan.candidate.host)
        };
        let other =
            live_of(rule).find(|d| !d.is_same(plan.stable) && (here(d) || rule.by_header()));
        if let Some(other) = other {
            let (who, to) = (&plan.rule.path, other.name());
            tell(&rule.path, format!("sends requests to {to}: only what {who} says is flown"));
        }
    }
    for rule in rules.iter().filter(|rule| rule.mirror.is_some()) {
        if plan.kind != RouterKind::Mirror || rule.path != plan.rule.path {
            let why = format!("copies are not flown beside what {} says", plan.rule.path);
            tell(&rule.mirror_field(), why);
        }
    }
}

/// Copies that go to the pods that answer release nothing.
pub fn tell_own_copies(object: &Object, rules: &[&Rule], found: &mut UnitsFound) {
    for rule in rules.iter().filter(|rule| rule.mirror.is_some()) {
        let why =
            "copies go to the pods that answer: nothing is tried, and their work is not flown";
        found.ignore(object, &rule.mirror_field(), why, Weight::Matters);
    }
}

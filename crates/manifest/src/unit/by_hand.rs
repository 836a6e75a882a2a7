//! Strategies that rules come to which nobody but their owner moves: a canary, an A/B test, a
//! shadow.
//!
//! What the owner does next is assumed, and said. Deliberately unknown here: how rules are found.

use super::routes::Plan;
use crate::draft::{Draft, integer, list, percent, text};
use crate::kinds::Object;
use crate::kinds::deployment::Deployment;
use crate::note::Lists;
use crate::rule::{Destination, Rule};
use crate::standard_releases;
use windtunnel_base::node::Value;

/// Weights in percent that the owner of a static split walks through.
const LADDER: [f64; 5] = [5.0, 10.0, 25.0, 50.0, 100.0];

/// The weights that an owner walks through who stands at `now` percent: from there up. Who stands
/// above one half is at the end of a walk, and is taken to have come all the way.
pub fn ladder(now: f64) -> Vec<f64> {
    let first = (now > 0.0).then_some(now);
    let below = LADDER.into_iter().filter(|w| now > 50.0 && *w < now);
    let above = LADDER.into_iter().filter(|w| *w > now);
    below.chain(first).chain(above).collect()
}

/// A split: the weight as the rules have it, walked up to 100 %.
pub fn canary(draft: &mut Draft, object: &Object, plan: &Plan<'_>, lists: &mut Lists) {
    let Plan { rule, candidate, .. } = *plan;
    let at = rule.destinations.iter().position(|d| d == candidate).unwrap_or(0);
    let now = rule.percent(at);
    let field = rule.field_of(at, "weight");
    let path = draft.strategy("canary", object.written_at(&rule.path));
    let weights = ladder(now);
    let shown: Vec<String> = weights.iter().map(|w| format!("{w}%")).collect();
    let steps = weights.into_iter().map(percent).collect();
    draft.set(&format!("{path}.steps"), list(steps), object.written_at(&field));
    let what = format!("{} is the canary, at {now}%", candidate.name());
    draft.understand(lists, object, &field, what);
    let why = "who moves the weights is not in the file: its owner walks up, step by step";
    draft.assume(lists, &format!("{path}.steps"), &shown.join(" → "), why, false);
    draft.write(&format!("{path}.interval"), text("5m"));
    let why = "time that the owner watches a step; without checks only the person on call sees";
    draft.assume(lists, &format!("{path}.interval"), "5m", why, false);
    let field = plan.beside.map(Rule::match_field);
    match (&rule.sticky, plan.beside, field) {
        (_, Some(beside), Some(field)) => {
            let value = text(standard_releases::SENDERS);
            draft.set(&format!("{path}.matched"), value, object.written_at(&field));
            let to = candidate.name();
            let sends = format!("who sends {} meets {to} at every weight", senders(beside));
            draft.understand(lists, object, &field, sends);
            let why = "who sends the header is not in the file; a Scenario's \
                spec.traffic.headerShare says";
            draft.assume(
                lists,
                "spec.traffic.headerShare",
                standard_releases::HEADER_SHARE,
                why,
                false,
            );
            if rule.sticky.is_some() {
                let why = "cookies beside a header are not flown: all others are drawn anew";
                let note = draft.note(object, &rule.path, why.to_string());
                lists.ignored.push(note);
            }
        }
        (Some(age), ..) => {
            draft.set(
                &format!("{path}.stickiness"),
                text(age.clone()),
                object.written_at(&rule.path),
            );
            let what = format!("a cookie keeps users {age} at the side that has answered them");
            draft.understand(lists, object, &rule.path, what);
            if rule.tried.is_some() {
                let why = "ingress-nginx follows a cookie before it asks for the weight \
                    (balancer.lua): the rollback takes the canary's Ingress away, and 100% is a \
                    main Ingress that leads to it; a weight of 0 or 100 moves nobody with a cookie";
                draft.assume(lists, &format!("{path}.stickiness"), "edits move all", why, false);
            }
        }
        _ => {}
    }
}

/// What a rule asks for, in words.
fn senders(rule: &Rule) -> String {
    let headers: Vec<&str> =
        rule.matches.iter().flat_map(|m| m.headers.iter().map(String::as_str)).collect();
    headers.join(" or ")
}

/// A Deployment of the canary's own has a size, and nothing in the files changes it.
pub fn fixed_size(
    draft: &mut Draft,
    fleets: &[Option<(&Object, &Deployment)>; 2],
    lists: &mut Lists,
) {
    let [Some((stable, _)), Some((object, canary))] = fleets else { return };
    if stable.title() == object.title() || canary.replicas == Some(0) {
        return;
    }
    let path = "spec.strategies[0].canary.pods";
    let pods = canary.replicas.unwrap_or(1);
    draft.set(path, integer(pods), object.written_at("spec.replicas"));
    let what = format!("{pods} pods get whatever the weight sends: nothing here scales them");
    draft.understand(lists, object, "spec.replicas", what);
    let why = "nobody sends everything to a small canary: its owner scales it up before that";
    draft.assume(lists, path, "the full size at 100%", why, false);
}

/// A match: who sends a header meets the variant.
pub fn ab_test(
    draft: &mut Draft,
    object: &Object,
    rule: &Rule,
    candidate: &Destination,
    lists: &mut Lists,
) {
    let field = rule.match_field();
    let path = draft.strategy("abTest", object.written_at(&field));
    draft.set(&format!("{path}.assignment"), text("header"), object.written_at(&field));
    let sends = format!("who sends {} meets {}", senders(rule), candidate.name());
    draft.understand(lists, object, &field, sends);
    // The share of the test is that of the header, which `standard_releases::settle` writes when
    // all is known.
    let why = "who sends the header is not in the file; a Scenario's spec.traffic.headerShare says";
    draft.assume(lists, "spec.traffic.headerShare", standard_releases::HEADER_SHARE, why, false);
    let why = "when the test ends is not in the file; windtunnel's own default";
    draft.assume(lists, &format!("{path}.duration"), "20m", why, false);
}

/// A mirror copies requests, and no more: nobody compares, and no pods are there but its own.
pub fn shadow(
    draft: &mut Draft,
    object: &Object,
    plan: &Plan<'_>,
    fleets: &[Option<(&Object, &Deployment)>; 2],
    lists: &mut Lists,
) {
    let Plan { rule, candidate, .. } = *plan;
    let share = rule.mirror.as_ref().map_or(100.0, |(_, share)| *share);
    let field = rule.mirror_field();
    let path = draft.strategy("shadow", object.written_at(&field));
    draft.set(&format!("{path}.mirror"), percent(share), object.written_at(&field));
    let what = format!("{} gets copies of {share}% of the requests", candidate.name());
    draft.understand(lists, object, &field, what);
    draft.write(&format!("{path}.compare"), Value::Flag(false));
    if let [stable, Some((owner, deployment))] = fleets
        && stable.map(|(o, _)| o.title()) != Some(owner.title())
        && deployment.replicas != Some(0)
    {
        let pods = deployment.replicas.unwrap_or(1);
        let written_at = owner.written_at("spec.replicas");
        draft.set(&format!("{path}.pods"), integer(pods), written_at);
        let what = format!("{pods} pods get the copies; their answers are thrown away");
        draft.understand(lists, owner, "spec.replicas", what);
    }
    let why = "when mirroring ends, and what follows, is not in the file; windtunnel's own default";
    draft.assume(lists, &format!("{path}.for"), "15m", why, false);
    draft.write(&format!("{path}.then"), text("none"));
    draft.assume(lists, &format!("{path}.then"), "none", why, false);
    let why = "whether copied writes reach the same data is not in the file";
    draft.assume(lists, &format!("{path}.isolated"), "true", why, false);
}

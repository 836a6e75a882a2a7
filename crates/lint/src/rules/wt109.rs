//! WT109, a total failure passes: a fallback stands in for the answers that are missing when
//! everything fails: a release none of whose requests succeed reads as if all did.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::Made;
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT109",
    name: "a total failure passes",
    wrong: "A fallback stands in for the answers that are missing when everything fails: a release \
        none of whose requests succeed reads as if all did.",
    bad: "sum(rate(http_requests_total{status=\"200\"}[2m])) / sum(rate(http_requests_total[2m])) \
        or vector(1)",
    good: "(sum(rate(http_requests_total{status=\"200\"}[2m])) or vector(0)) / \
        sum(rate(http_requests_total[2m]))",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    if !look.falls_back(|number| number > 0.0) {
        return None;
    }
    let all = World::failing(1.0, 1.0);
    (look.made(&all)? == Made::Pass).then_some(())?;
    let read = look.value(&all)?;
    Some(Told::new(
        format!("when every request fails the query reads {read}, and the check passes"),
        "put the fallback on the numerator alone: (sum(…) or vector(0)) / sum(…)",
    ))
}

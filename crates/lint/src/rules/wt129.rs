//! WT129, no end: an interval without a count never ends: as a step of a rollout it is waited for,
//! for ever.

use super::{Rule, Told};
use crate::check::Controller;
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT129",
    name: "no end",
    wrong: "An interval without a count never ends: as a step of a rollout it is waited for, for \
        ever.",
    bad: "interval: 1m",
    good: "interval: 1m    count: 10",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let timing = &look.check.timing;
    let argo = look.check.controller == Controller::Argo;
    if !argo || timing.background || timing.count.is_some() {
        return None;
    }
    let interval = timing.interval_s?;
    Some(
        Told::new(
            format!("it looks every {interval} s without end: a step that waits for it hangs"),
            "count: the number of looks (an analysis beside the steps ends with them)",
        )
        .at(look.check.place),
    )
}

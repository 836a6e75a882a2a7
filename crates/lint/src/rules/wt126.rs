//! WT126, no condition: nothing judges the answer: every measurement succeeds, whatever the query
//! says.

use super::{Rule, Told};
use crate::check::Judge;
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT126",
    name: "no condition",
    wrong: "Nothing judges the answer: every measurement succeeds, whatever the query says.",
    bad: "query: … > 0.02    (no successCondition)",
    good: "query: …    successCondition: result[0] < 0.02",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let none = match &look.check.judge {
        Judge::Conditions { success, failure } => {
            [success, failure].into_iter().flatten().all(|text| text.text.trim().is_empty())
        }
        Judge::Bounds { min, max, .. } => min.is_none() && max.is_none(),
        _ => false,
    };
    none.then(|| {
        Told::new(
            "neither a success nor a failure condition: every measurement passes",
            "a condition on the answer: successCondition: result[0] < …, or thresholdRange",
        )
        .at(look.check.place)
    })
}

//! WT137, guard behind the index: the condition asks for the first sample before it asks whether
//! there is one: on an empty answer the index fails first, and the guard is never reached.

use super::{Rule, Told};
use crate::check::Judge;
use crate::finding::Harm;
use crate::judging::{Made, made};
use crate::look::Look;
use crate::world::Answer;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT137",
    name: "guard behind the index",
    wrong: "The condition asks for the first sample before it asks whether there is one: on an \
        empty answer the index fails first, and the guard is never reached.",
    bad: "successCondition: result[0] >= 0.9 || len(result) == 0",
    good: "successCondition: len(result) == 0 || result[0] >= 0.9",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Judge::Conditions { success, failure } = &look.check.judge else { return None };
    let guarded = [success, failure]
        .into_iter()
        .flatten()
        .find(|text| text.text.contains("len(result)") && text.text.contains("[0]"))?;
    let Some(Made::Error(_)) = made(look.check, Answer::Vector(None, false)) else { return None };
    if matches!(made(look.check, Answer::Vector(Some(0.5), false))?, Made::Error(_)) {
        return None;
    }
    Some(
        Told::new(
            "on an empty answer result[0] is an error before len(result) is asked",
            "the guard first: len(result) > 0 && …",
        )
        .at(guarded.place),
    )
}

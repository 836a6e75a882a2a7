//! WT103, list against number: a query yields a list of samples, and the condition compares the
//! list itself with a number, which is an error in Argo's language: every measurement is an error,
//! and after five the release is aborted.

use super::{Rule, Told};
use crate::check::Judge;
use crate::finding::Harm;
use crate::judging::{Made, made};
use crate::look::Look;
use crate::world::Answer;
use windtunnel_promql::ast::Type;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT103",
    name: "list against number",
    wrong: "A query yields a list of samples, and the condition compares the list itself with a \
        number, which is an error in Argo's language: every measurement is an error, and after \
        five the release is aborted.",
    bad: "successCondition: result < 0.05",
    good: "successCondition: result[0] < 0.05",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Judge::Conditions { success, failure } = &look.check.judge else { return None };
    let scalar = look.query.yields() == Type::Scalar;
    let (own, other) = match scalar {
        true => (Answer::Scalar(0.5), Answer::Vector(Some(0.5), false)),
        false => (Answer::Vector(Some(0.5), false), Answer::Scalar(0.5)),
    };
    let Some(Made::Error(why)) = made(look.check, own) else { return None };
    if matches!(made(look.check, other), Some(Made::Error(_))) {
        return None;
    }
    let why = why.rsplit(": ").next().unwrap_or_default().lines().next().unwrap_or_default();
    let (what, repair) = match scalar {
        true => ("the query yields a number, not a list", "write result without an index"),
        false => ("the query yields a list of samples", "write result[0]"),
    };
    let told = Told::new(format!("{what}: every measurement is an error ({why})"), repair);
    Some(told.at_text(success.as_ref().or(failure.as_ref())))
}

//! WT122, gap between the conditions: between the success and the failure condition lies a range of
//! values that is neither: the measurement is inconclusive, and the rollout waits for a person.

use super::{Rule, Told};
use crate::check::Judge;
use crate::finding::Harm;
use crate::judging::{Made, grid, made};
use crate::look::Look;
use crate::world::Answer;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT122",
    name: "gap between the conditions",
    wrong: "Between the success and the failure condition lies a range of values that is neither: \
        the measurement is inconclusive, and the rollout waits for a person.",
    bad: "successCondition: result[0] >= 0.95    failureCondition: result[0] < 0.90",
    good: "successCondition: result[0] >= 0.95",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Judge::Conditions { success: Some(success), failure: Some(_) } = &look.check.judge else {
        return None;
    };
    let gap = |value: &f64| {
        made(look.check, Answer::Vector(Some(*value), false)) == Some(Made::Doubt)
            || made(look.check, Answer::Scalar(*value)) == Some(Made::Doubt)
    };
    let found: Vec<f64> =
        (0..=2000).map(|k| f64::from(k) / 1000.0).chain(grid()).filter(gap).collect();
    let least = found.iter().copied().reduce(f64::min)?;
    let most = found.iter().copied().reduce(f64::max)?;
    Some(
        Told::new(
            format!(
                "values from about {least:.3} to {most:.3} are neither: a person is waited for"
            ),
            "one condition, or two that leave nothing between them",
        )
        .at(success.place),
    )
}

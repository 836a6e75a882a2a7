//! WT123, conditions overlap: some values meet both the success and the failure condition; failure
//! wins.

use super::{Rule, Told};
use crate::check::{Check, Judge};
use crate::finding::Harm;
use crate::judging::{Made, grid, made};
use crate::look::Look;
use crate::world::Answer;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT123",
    name: "conditions overlap",
    wrong: "Some values meet both the success and the failure condition; failure wins.",
    bad: "successCondition: result[0] < 0.05    failureCondition: result[0] >= 0.005",
    good: "successCondition: result[0] < 0.05    failureCondition: result[0] >= 0.05",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Judge::Conditions { success: Some(success), failure: Some(failure) } = &look.check.judge
    else {
        return None;
    };
    let alone = |success: bool| Check {
        judge: Judge::Conditions {
            success: success.then(|| match &look.check.judge {
                Judge::Conditions { success: Some(text), .. } => text.clone(),
                _ => Default::default(),
            }),
            failure: (!success).then(|| failure.clone()),
        },
        ..look.check.clone()
    };
    let (first, second) = (alone(true), alone(false));
    let both = |value: &f64| {
        let answer = Answer::Vector(Some(*value), false);
        made(&first, answer) == Some(Made::Pass) && made(&second, answer) == Some(Made::Fail)
    };
    let found: Vec<f64> =
        (0..=1000).map(|k| f64::from(k) / 1000.0).chain(grid()).filter(both).collect();
    let least = found.iter().copied().reduce(f64::min)?;
    let most = found.iter().copied().reduce(f64::max)?;
    Some(
        Told::new(
            format!("values from about {least:.3} to {most:.3} meet both conditions, and fail"),
            "two conditions that leave no value to both",
        )
        .at(success.place),
    )
}

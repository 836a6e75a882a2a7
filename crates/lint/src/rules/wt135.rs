//! WT135, percent against share: the query is in percent and the limit a share, or the other way
//! round: the limit is a hundred times off.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::Passing;
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT135",
    name: "percent against share",
    wrong: "The query is in percent and the limit a share, or the other way round: the limit is a \
        hundred times off.",
    bad: "100 * sum(rate(x{status!~\"5..\"}[2m])) / sum(rate(x[2m]))    successCondition: \
        result[0] >= 0.95",
    good: "100 * sum(rate(x{status!~\"5..\"}[2m])) / sum(rate(x[2m]))    successCondition: \
        result[0] >= 95",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let trend = look.trend()?;
    if trend == 0 || super::wt106::scales(look) {
        return None;
    }
    // The whole: what a share of everything reads.
    let whole = if trend < 0 {
        look.value(&World::good(1.0))?
    } else {
        look.value(&World::failing(1.0, 0.5))? * 2.0
    };
    let is = |number: f64| (whole - number).abs() < 1e-6 * number;
    let (limit, low) = match look.passing? {
        Passing::Low(limit) => (limit, true),
        Passing::High(limit) => (limit, false),
        _ => return None,
    };
    if is(100.0) && limit > 0.0 && limit < 1.0 {
        let harm = if low { Harm::FailsGood } else { Harm::NeverFails };
        let told = Told::new(
            format!("the query is in percent, and the limit of {limit} is {limit} %"),
            format!("a limit in percent: {}", limit * 100.0),
        );
        return Some(told.with(harm));
    }
    if is(1.0) && limit > 1.0 && limit <= 100.0 {
        let harm = if low { Harm::NeverFails } else { Harm::FailsGood };
        let told = Told::new(
            format!("the query is a share of 1 at most, and the limit is {limit}"),
            format!("a limit as a share: {}", limit / 100.0),
        );
        return Some(told.with(harm));
    }
    None
}

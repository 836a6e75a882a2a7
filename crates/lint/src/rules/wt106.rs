//! WT106, lenient: the limit lets half of the new version's answers fail.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::{Made, Passing};
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT106",
    name: "lenient",
    wrong: "The limit lets half of the new version's answers fail.",
    bad: "successCondition: result[0] <= 0.95    # of a share of errors",
    good: "successCondition: result[0] <= 0.05",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let trend = look.trend()?;
    let right_way = match look.passing? {
        Passing::Low(_) => trend > 0,
        Passing::High(_) => trend < 0,
        _ => false,
    };
    // What a count lets through hangs on the traffic.
    if !right_way || scales(look) {
        return None;
    }
    let half = World::failing(1.0, 0.5);
    (look.made(&half)? == Made::Pass).then_some(())?;
    let limit = match look.passing? {
        Passing::Low(limit) | Passing::High(limit) => limit,
        _ => return None,
    };
    Some(Told::new(
        format!(
            "a release of which every second answer fails reads {:.3} and passes: the limit is \
             {limit}",
            look.value(&half)?
        ),
        "a limit a little above what a good release reads",
    ))
}

/// Does the number grow with the traffic?
pub(super) fn scales(look: &Look<'_>) -> bool {
    let world = World::failing(0.5, 0.05);
    let more = World { rate: world.rate * 10.0, ..world };
    match (look.value(&world), look.value(&more)) {
        (Some(a), Some(b)) => a != 0.0 && (b / a - 10.0).abs() < 1e-6,
        _ => false,
    }
}

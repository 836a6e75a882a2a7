//! WT108, passes on nothing: where no request met the new version the check passes: a release is
//! promoted that nobody has seen.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::{Made, Passing, made};
use crate::look::Look;
use crate::world::{Answer, World};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT108",
    name: "passes on nothing",
    wrong: "Where no request met the new version the check passes: a release is promoted that \
        nobody has seen.",
    bad: "successCondition: len(result) == 0 || result[0] < 0.05",
    good: "successCondition: len(result) > 0 && result[0] < 0.05",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    if !matches!(look.passing?, Passing::Low(_) | Passing::High(_) | Passing::Odd) {
        return None;
    }
    let idle = World { idle: true, ..World::empty() };
    // A count of errors is nothing in a healthy hour, too.
    if look.trend() == Some(1) && super::wt106::scales(look) {
        return None;
    }
    // What cannot be followed may be empty all the same, unless something stands in for it.
    if look.answer(&World::good(0.5)).is_none() && !look.falls_back(|_| true) {
        let empty = made(look.check, Answer::Vector(None, false))?;
        return (empty == Made::Pass && !look.calls("absent")).then(|| {
            Told::new(
                "where the query has no answer the check passes",
                "let an empty answer be inconclusive, or ask for a number of requests beside it",
            )
        });
    }
    let worlds = [("without any series of requests", World::empty()), ("without requests", idle)];
    let passing = worlds.iter().find(|(_, world)| look.made(world) == Some(Made::Pass))?;
    let read = match look.answer(&passing.1).and_then(|answer| answer.value()) {
        Some(value) => format!("the query reads {value}"),
        None => "the query is empty".to_string(),
    };
    Some(Told::new(
        format!("{} {read}, and the check passes", passing.0),
        "let an empty answer be inconclusive, or ask for a number of requests beside it",
    ))
}

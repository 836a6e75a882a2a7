//! WT107, upside down: the number rises when things get better, and the check fails when it is
//! high; or the other way round. A good release fails, and the worse a release is, the more surely
//! it passes.

use super::{Rule, Told};
use crate::check::{Judge, Sign};
use crate::finding::Harm;
use crate::judging::Passing;
use crate::look::Look;
use crate::query::Ended;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT107",
    name: "upside down",
    wrong: "The number rises when things get better, and the check fails when it is high; or the \
        other way round. A good release fails, and the worse a release is, the more surely it \
        passes.",
    bad: "sum(rate(orders_completed_total[5m])) / sum(rate(checkout_started_total[5m])) \
        failsWhen: \"> 0.03\"",
    good: "sum(rate(orders_completed_total[5m])) / sum(rate(checkout_started_total[5m])) \
        failsWhen: \"< 0.03\"",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    // A query about refusals (a share of 404) says as much of the same thing.
    let trend = match look.trend()? {
        0 => look.trend_of(Ended::Refused)?,
        trend => trend,
    };
    let (limit, way) = match look.passing? {
        Passing::Low(limit) if trend < 0 => (limit, "falls"),
        Passing::High(limit) if trend > 0 => (limit, "rises"),
        _ => return None,
    };
    let passes = if way == "falls" { "low" } else { "high" };
    let evidence = format!(
        "the number {way} as more requests go wrong, and the check passes while it is {passes} \
         (limit {limit}): the worse a release is, the more surely it passes"
    );
    let (repair, at) = match &look.check.judge {
        Judge::FailsWhen { sign, limit, place } => {
            let other = match sign {
                Sign::Above => "<",
                Sign::AtLeast => "<=",
                Sign::Below => ">",
                Sign::AtMost => ">=",
            };
            (format!("turn the comparison round: failsWhen: \"{other} {limit}\""), Some(*place))
        }
        Judge::Bounds { place, min, .. } => {
            let (from, to) = if min.is_some() { ("min", "max") } else { ("max", "min") };
            (format!("write {to} in the place of {from}, or ask 1 − the share"), Some(*place))
        }
        _ => ("turn the comparison round, or ask 1 − the share".to_string(), None),
    };
    let told = Told::new(evidence, repair);
    Some(match at {
        Some(place) => told.at(place),
        None => told,
    })
}

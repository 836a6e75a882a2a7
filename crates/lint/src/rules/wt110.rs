//! WT110, unit of time: the query measures in one unit of time and the limit is in another: it can
//! never be reached, or is always exceeded.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::Passing;
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT110",
    name: "unit of time",
    wrong: "The query measures in one unit of time and the limit is in another: it can never be \
        reached, or is always exceeded.",
    bad: "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) \
        max: 500",
    good: "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) \
        max: 0.5",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Passing::Low(limit) = look.passing? else { return None };
    let usual = look.value(&World::good(0.5))?;
    let mut slow = World::good(0.5);
    slow.new.seconds = 10.0;
    slow.stable.seconds = 10.0;
    let slower = look.value(&slow)?;
    if slower <= usual * 2.0 {
        return None;
    }
    // An answer takes a tenth of a second in the world that is looked at.
    let per_second = usual / 0.1;
    let seconds = limit / per_second;
    let unit = if per_second > 100.0 { "milliseconds" } else { "seconds" };
    if seconds >= 30.0 {
        let message = format!("the query is in {unit}, so the limit of {limit} is {seconds} s");
        return Some(Told::new(message, format!("a limit in {unit}: {}", limit / 1000.0)));
    }
    if seconds <= 0.002 && seconds > 0.0 {
        let message = format!(
            "the query is in {unit}, so the limit of {limit} is {} ms: no answer is as fast",
            seconds * 1000.0
        );
        let told = Told::new(message, format!("a limit in {unit}: {}", limit * 1000.0));
        return Some(told.with(Harm::FailsGood));
    }
    None
}

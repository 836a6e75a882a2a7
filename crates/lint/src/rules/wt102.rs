//! WT102, empty when healthy: the share of errors has no fallback. Where no request has failed
//! there is no series of failed ones, so a healthy release has no answer at all, which is an error
//! or a failed check.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::Made;
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT102",
    name: "empty when healthy",
    wrong: "The share of errors has no fallback. Where no request has failed there is no series of \
        failed ones, so a healthy release has no answer at all, which is an error or a failed \
        check.",
    bad: "sum(rate(http_requests_total{pod=~\"shop-canary.*\",status=~\"5..\"}[2m])) / \
        sum(rate(http_requests_total{pod=~\"shop-canary.*\"}[2m]))",
    good: "(sum(rate(http_requests_total{pod=~\"shop-canary.*\",status=~\"5..\"}[2m])) or \
        vector(0)) / sum(rate(http_requests_total{pod=~\"shop-canary.*\"}[2m]))",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let failed = look.only_failed();
    let first = failed.first()?;
    let healthy = look.answer(&World::good(0.5))?;
    let ill = look.answer(&World::failing(0.5, 0.1))?;
    if healthy.value().is_some() || ill.value().is_none() {
        return None;
    }
    // A condition that lets an empty answer pass has thought of it.
    if look.made(&World::good(0.5)) == Some(Made::Pass) {
        return None;
    }
    let name = first.selector.name().unwrap_or_default();
    let masked = match look.sees_both() {
        true => "; the stable version's failed requests hide it as long as the query sees both",
        false => "",
    };
    Some(Told::new(
        format!(
            "while no request fails, no series of {name} passes the condition on its status, and \
             the query has no answer{masked}"
        ),
        "give the numerator a fallback: (sum(…) or vector(0)) / sum(…)",
    ))
}

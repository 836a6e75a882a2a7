//! WT133, count instead of share: failed requests are counted, not divided by all: at the first
//! step's weight the limit is many times as lenient as at the last, and at peak it is exceeded by
//! the usual errors.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::{Passing, percent};
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT133",
    name: "count instead of share",
    wrong: "Failed requests are counted, not divided by all: at the first step's weight the limit \
        is many times as lenient as at the last, and at peak it is exceeded by the usual errors.",
    bad: "sum(rate(http_requests_total{pod=~\"shop-canary.*\",status=~\"5..\"}[2m]))",
    good: "sum(rate(http_requests_total{pod=~\"shop-canary.*\",status=~\"5..\"}[2m])) / \
        sum(rate(http_requests_total{pod=~\"shop-canary.*\"}[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let Passing::Low(limit) = look.passing? else { return None };
    if !(look.trend()? > 0 && super::wt106::scales(look)) {
        return None;
    }
    let at = |weight: f64| look.value(&World::failing(weight, 0.05));
    let (first, last) = (at(look.weight())?, at(1.0)?);
    Some(Told::new(
        format!(
            "at 20 requests a second, 5 % errors read {first:.3} at a weight of {} and {last:.3} \
             at 100 %; the limit is {limit}",
            percent(look.weight())
        ),
        "divide by all requests of the same version",
    ))
}

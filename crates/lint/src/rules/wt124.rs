//! WT124, 2xx only: only 2xx counts as success: redirects and refusals by the service's own rules
//! (3xx, 4xx) are taken for failures of the release.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;
use crate::world::{Mix, World};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT124",
    name: "2xx only",
    wrong: "Only 2xx counts as success: redirects and refusals by the service's own rules (3xx, \
        4xx) are taken for failures of the release.",
    bad: "sum(rate(http_requests_total{code=~\"2..\"}[2m])) / sum(rate(http_requests_total[2m]))",
    good: "sum(rate(http_requests_total{code!~\"5..\"}[2m])) / sum(rate(http_requests_total[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    // A share of what is no success has no element while there is none.
    let good = look.answer(&World::good(0.5))?.value().unwrap_or(0.0);
    let mix = Mix { shares: [0.9, 0.1, 0.0, 0.0], seconds: 0.1 };
    let read = look.value(&World { new: mix, stable: mix, ..World::good(0.5) })?;
    if (read - good).abs() < 1e-9 || super::wt106::scales(look) {
        return None;
    }
    Some(Told::new(
        format!("with one redirect (3xx) in ten answers the query reads {read:.3} for {good:.3}"),
        "all but 5xx counts as success: status!~\"5..\"",
    ))
}

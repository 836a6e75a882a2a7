//! WT121, irate: irate looks at the last two samples alone, however long its window is: the number
//! is noise.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT121",
    name: "irate",
    wrong: "irate looks at the last two samples alone, however long its window is: the number is \
        noise.",
    bad: "sum(irate(http_requests_total[5m]))",
    good: "sum(rate(http_requests_total[5m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    look.calls("irate").then(|| {
        let window = look.longest_window_s().unwrap_or(0.0);
        let scrape = look.check.scrape_s;
        Told::new(
            format!(
                "of the window of {window} s only the last two samples count, {scrape} s of it"
            ),
            "rate in the place of irate",
        )
    })
}

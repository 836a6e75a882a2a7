//! WT105, window below two scrapes: a rate needs two samples in its window. A window shorter than
//! two scrapes often holds one or none, and then there is no answer.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT105",
    name: "window below two scrapes",
    wrong: "A rate needs two samples in its window. A window shorter than two scrapes often holds \
        one or none, and then there is no answer.",
    bad: "sum(rate(http_requests_total{pod=~\"shop-canary.*\"}[30s]))",
    good: "sum(rate(http_requests_total{pod=~\"shop-canary.*\"}[2m]))",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let window = look.shortest_window_s()?;
    let scrape = look.check.scrape_s;
    if window >= 2.0 * scrape {
        return None;
    }
    // A window that is open on the left holds two scrapes only in the part of it beyond one.
    let share = ((window - scrape) / scrape).clamp(0.0, 1.0) * 100.0;
    Some(Told::new(
        format!(
            "of windows of {window} s only {share:.0} % hold two scrapes of {scrape} s; the others \
             have no rate"
        ),
        format!("a window of four scrapes or more: [{}s]", 4.0 * scrape),
    ))
}

//! WT113, one burst counts several times: the window is longer than the interval, so that one bad
//! moment lies in several looks, and spends the limit on failed looks by itself.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT113",
    name: "one burst counts several times",
    wrong: "The window is longer than the interval, so that one bad moment lies in several looks, \
        and spends the limit on failed looks by itself.",
    bad: "query: …[5m]    interval: 1m",
    good: "query: …[5m]    interval: 5m",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let window = look.longest_window_s()?;
    let timing = &look.check.timing;
    let interval = timing.interval_s.filter(|interval| *interval > 0.0)?;
    if window <= interval || timing.count == Some(1.0) {
        return None;
    }
    let looks = (window / interval).ceil();
    let limit = timing.failure_limit.unwrap_or(0.0);
    // Where the first failed look ends it, there is nothing to be spent.
    let harm = if limit < 1.0 { Harm::Note } else { Harm::Weak };
    Some(
        Told::new(
            format!(
                "a window of {window} s every {interval} s: one bad moment lies in {looks:.0} \
                 looks, and {limit} failed looks are forgiven"
            ),
            format!("an interval of {window} s, or a limit {looks:.0} times as high"),
        )
        .with(harm),
    )
}

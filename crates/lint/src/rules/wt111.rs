//! WT111, over before its window: all looks are over before one window has passed: they see the
//! time before the release, and little of the new version.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT111",
    name: "over before its window",
    wrong: "All looks are over before one window has passed: they see the time before the release, \
        and little of the new version.",
    bad: "query: …[10m]    interval: 30s    count: 3",
    good: "query: …[1m]    interval: 1m    count: 5",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let window = look.longest_window_s()?;
    let timing = &look.check.timing;
    let (interval, count) = (timing.interval_s?, timing.count?);
    let lasts = interval * count;
    if count <= 0.0 || lasts >= window {
        return None;
    }
    Some(Told::new(
        format!(
            "{count} looks {interval} s apart are over after {lasts} s, the window is {window} s"
        ),
        format!("a window of {lasts} s at most, or {:.0} looks", (window / interval).ceil()),
    ))
}

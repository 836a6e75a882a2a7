//! WT128, wrong placeholder: a placeholder is not one that the controller fills, or stands where
//! another belongs.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT128",
    name: "wrong placeholder",
    wrong: "A placeholder is not one that the controller fills, or stands where another belongs.",
    bad: "sum(rate(http_requests_total{status!=\"{{ interval }}\"}[1m]))",
    good: "sum(rate(http_requests_total{status!=\"404\"}[{{ interval }}]))",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let filled = &look.check.filled;
    if let Some(unknown) = filled.unknown.first() {
        return Some(Told::new(
            format!("{unknown} is not a placeholder that is filled here"),
            "an argument of the template, or the text itself",
        ));
    }
    // Between quotes it is a value of a label, and no window.
    let quoted = |from: usize| filled.text[..from].ends_with(['"', '\'']);
    let interval = filled.spans.iter().find(|s| s.word == "interval" && quoted(s.from))?;
    let value = &filled.text[interval.from..interval.to];
    Some(Told::new(
        format!("a label is compared with {value:?}, which is the interval"),
        "the value that is meant, and {{ interval }} within [ ]",
    ))
}

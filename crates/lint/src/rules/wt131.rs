//! WT131, wrong type: a rate of something that goes up and down, or a difference of something that
//! only counts up.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT131",
    name: "wrong type",
    wrong: "A rate of something that goes up and down, or a difference of something that only \
        counts up.",
    bad: "rate(process_resident_memory_bytes[5m])",
    good: "process_resident_memory_bytes",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let counter =
        |name: &str| ["_total", "_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end));
    let gauge = |name: &str| {
        let words = ["_bytes", "_ratio", "_temperature", "_in_flight", "_inflight", "_connections"];
        !counter(name) && words.iter().any(|word| name.ends_with(word))
    };
    let asked = look.asked();
    let (name, function) = asked.iter().find_map(|a| {
        let (name, function) = (a.selector.name()?, a.function?);
        let wrong = match function {
            "rate" | "irate" | "increase" => gauge(name),
            "delta" | "idelta" | "deriv" => counter(name),
            _ => false,
        };
        wrong.then_some((name, function))
    })?;
    let (what, repair) = match counter(name) {
        true => ("a counter, which begins at 0 again when a pod does", "rate or increase"),
        false => ("no counter: it goes up and down", "delta, deriv or *_over_time"),
    };
    Some(Told::new(format!("{function} of {name}, {what}"), repair))
}

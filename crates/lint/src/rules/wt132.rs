//! WT132, counted twice: istio counts every request at its sender and at its receiver; without
//! reporter both are seen.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT132",
    name: "counted twice",
    wrong: "Istio counts every request at its sender and at its receiver; without reporter both \
        are seen.",
    bad: "sum(rate(istio_requests_total{destination_workload=\"shop\"}[2m]))",
    good: "sum(rate(istio_requests_total\
        {reporter=\"destination\",destination_workload=\"shop\"}[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let asked = look.asked();
    let twice = asked.iter().find(|a| {
        a.selector.name().is_some_and(|name| name.starts_with("istio_request"))
            && !a.selector.matchers.iter().any(|matcher| matcher.label == "reporter")
    })?;
    let name = twice.selector.name()?;
    Some(Told::new(
        format!("{name} is counted at the sender and at the receiver, and both are seen"),
        "reporter=\"destination\"",
    ))
}

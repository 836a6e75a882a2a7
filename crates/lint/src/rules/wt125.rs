//! WT125, dead name: the check asks for something that nothing has, or asks nothing at all.

use super::{Rule, Told};
use crate::check::{Asks, Controller};
use crate::finding::Harm;
use crate::look::Look;
use windtunnel_promql::ast::Test;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT125",
    name: "dead name",
    wrong: "The check asks for a name that nothing bears, or names no query at all: it never has \
            an answer.",
    bad: "sum(rate(http_requests_total{pod=~\"{{ target }}-canary-.*\"}[1m]))",
    good: "sum(rate(http_requests_total{pod=~\"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\"}[1m]))",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let check = look.check;
    if check.asks == Asks::Nothing {
        let told = Told::new(
            "it names no template, no query, and no query that is built in",
            "templateRef: {name: …}, or the name request-success-rate or request-duration",
        );
        return Some(told.at(check.place));
    }
    let target = check.filled.target.as_ref()?;
    if check.controller != Controller::Flagger {
        return None;
    }
    // Flagger's canary is the target itself; its Services bear such a name, its pods do not.
    let dead = format!("{target}-canary");
    let asked = look.asked();
    let matcher = asked.iter().flat_map(|a| &a.selector.matchers).find(|matcher| {
        let of_pods = ["pod", "deployment", "workload"].iter().any(|w| matcher.label.contains(w));
        let text = match &matcher.test {
            Test::Equal(text) => text.as_str(),
            Test::Like(pattern) => pattern.as_str(),
            _ => return false,
        };
        of_pods && text.contains(&dead)
    })?;
    Some(Told::new(
        format!("no {} is called {dead}: Flagger's canary runs in {target} itself", matcher.label),
        format!("{{{{ target }}}} in the label {}", matcher.label),
    ))
}

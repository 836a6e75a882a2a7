//! WT138, limit as high as the count: more failed looks are forgiven than are taken: the check
//! cannot fail.

use super::{Rule, Told};
use crate::check::Controller;
use crate::finding::Harm;
use crate::look::Look;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT138",
    name: "limit as high as the count",
    wrong: "More failed looks are forgiven than are taken: the check cannot fail.",
    bad: "count: 5    failureLimit: 5",
    good: "count: 5    failureLimit: 1",
    harm: Harm::NeverFails,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let timing = &look.check.timing;
    let (count, limit) = (timing.count?, timing.failure_limit?);
    let cannot = match look.check.controller {
        // A failed look more than the limit ends it.
        Controller::Argo => count > 0.0 && limit >= count,
        // The limit's number of failed looks ends it.
        Controller::Flagger => count > 0.0 && limit > count,
        Controller::Own => false,
    };
    cannot.then(|| {
        Told::new(
            format!("{count} looks, of which {limit} may fail"),
            format!("a limit below {count}"),
        )
        .at(timing.failure_limit_at)
    })
}

//! WT101, sees both versions: the query names no version: it sees all requests, of which only the
//! weight is the new version's. A fault of the new version is divided by the weight.

use super::{Rule, Told};
use crate::check::Controller;
use crate::finding::Harm;
use crate::judging::{Passing, percent};
use crate::look::Look;
use crate::world::World;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT101",
    name: "sees both versions",
    wrong: "The query names no version: it sees all requests, of which only the weight is the new \
        version's. A fault of the new version is divided by the weight.",
    bad: "sum(rate(http_requests_total{status=~\"5..\"}[2m])) / sum(rate(http_requests_total[2m]))",
    good: "sum(rate(http_requests_total\
        {rollouts_pod_template_hash=\"{{args.canary-hash}}\",status=~\"5..\"}[2m])) \
        / \
        sum(rate(http_requests_total{rollouts_pod_template_hash=\"{{args.canary-hash}}\"}[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    if !look.sees_both() {
        return None;
    }
    let weight = look.weight();
    let repair = match look.check.controller {
        Controller::Argo => {
            "select the new version's pods: rollouts_pod_template_hash=\"{{args.canary-hash}}\", \
             with an argument from podTemplateHashValue: Latest"
        }
        Controller::Flagger => {
            "select the canary's workload: {{ target }} and {{ namespace }} in its labels"
        }
        Controller::Own => {
            "select the new version: a label that only its pods have, or whose value is {{canary}}"
        }
    };
    let read = look.value(&World::failing(weight, 0.1));
    let is_of_errors = look.trend().is_some_and(|trend| trend != 0);
    let evidence = match (read, look.passing) {
        (Some(read), Some(Passing::Low(limit) | Passing::High(limit))) if is_of_errors => format!(
            "nothing in the query picks the new version: at a weight of {}, 10 % errors of it read \
             {read:.4}, and the limit is {limit}",
            percent(weight)
        ),
        _ => format!(
            "nothing in the query picks the new version: at a weight of {} only so many of the \
             requests that are seen are its own",
            percent(weight)
        ),
    };
    Some(Told::new(evidence, repair))
}

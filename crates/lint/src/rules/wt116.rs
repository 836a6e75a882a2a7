//! WT116, halves differ: numerator and denominator see different versions: the number is the
//! weight, not the quality.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;
use crate::query::Picks;
use windtunnel_promql::ast::{Expr, Node, Op};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT116",
    name: "halves differ",
    wrong: "Numerator and denominator see different versions: the number is the weight, not the \
        quality.",
    bad: "sum(rate(http_requests_total{version=\"canary\",status!~\"5..\"}[2m])) / \
        sum(rate(http_requests_total[2m]))",
    good: "sum(rate(http_requests_total{version=\"canary\",status!~\"5..\"}[2m])) / \
        sum(rate(http_requests_total{version=\"canary\"}[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let differs = |expr: &Expr| {
        let Node::Binary(binary) = &expr.node else { return false };
        if binary.op != Op::Div {
            return false;
        }
        let side = |part: &Expr| -> Option<Picks> {
            let all = crate::query::asked(part);
            let picked: Vec<Picks> = all
                .iter()
                .filter(|a| crate::query::is_of_requests(a.selector))
                .map(|a| look.picks(a))
                .collect();
            let first = *picked.first()?;
            picked.iter().all(|one| *one == first).then_some(first)
        };
        matches!(
            (side(&binary.left), side(&binary.right)),
            (Some(Picks::New), Some(Picks::Both)) | (Some(Picks::Both), Some(Picks::New))
        )
    };
    crate::look::any(look.expr(), &differs).then(|| {
        Told::new(
            "one side of the ratio sees the new version alone, the other both: the number follows \
             the weight",
            "the same selection on both sides, but for the status",
        )
    })
}

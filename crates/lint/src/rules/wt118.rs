//! WT118, quantile of every pod: the buckets are not summed by le, so that there is a quantile for
//! every pod, status and route, and one of them is judged.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;
use windtunnel_promql::ast::{Expr, Node};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT118",
    name: "quantile of every pod",
    wrong: "The buckets are not summed by le, so that there is a quantile for every pod, status \
        and route, and one of them is judged.",
    bad: "histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[5m]))",
    good: "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let unsummed = |expr: &Expr| {
        let Node::Call(function, arguments) = &expr.node else { return false };
        function.name == "histogram_quantile" && arguments.get(1).is_some_and(is_unsummed)
    };
    crate::look::any(look.expr(), &unsummed).then(|| {
        Told::new(
            "there is a quantile for every pod and route, and only one of them is judged",
            "sum by (le) (rate(…)) within histogram_quantile",
        )
    })
}

fn is_unsummed(expr: &Expr) -> bool {
    match &expr.node {
        Node::Paren(inner) => is_unsummed(inner),
        Node::Call(..) | Node::Selector(_) => true,
        _ => false,
    }
}

//! WT117, several series, one is judged: the query yields several series, of which Argo's result[0]
//! judges the first and Flagger the last: the others may be as bad as they like.

use super::{Rule, Told};
use crate::check::{Controller, Judge};
use crate::finding::Harm;
use crate::look::Look;
use windtunnel_promql::ast::{Expr, Fold, Node, Type};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT117",
    name: "several series, one is judged",
    wrong: "The query yields several series, of which Argo's result[0] judges the first and \
        Flagger the last: the others may be as bad as they like.",
    bad: "rate(http_requests_total{status=~\"5..\"}[2m])",
    good: "sum(rate(http_requests_total{status=~\"5..\"}[2m]))",
    harm: Harm::Weak,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    if look.query.yields() != Type::Vector || !many(look.expr()) {
        return None;
    }
    let judged = match (&look.check.judge, look.check.controller) {
        (Judge::Conditions { success, failure }, _) => {
            let all = [success, failure].into_iter().flatten();
            let walks = |text: &str| {
                ["all(", "any(", "none(", "filter(", "max(", "min(", "sum(", "mean(", "count("]
                    .iter()
                    .any(|word| text.contains(word))
            };
            if all.clone().any(|text| walks(&text.text)) || all.count() == 0 {
                return None;
            }
            "the first of them is judged"
        }
        (Judge::Bounds { .. }, Controller::Flagger) => "the last of them is judged",
        _ => return None,
    };
    Some(Told::new(
        format!("nothing sums the series up: {judged}, the others are not seen"),
        "sum(…), max(…) or sum by (le) (…) around it",
    ))
}

/// Can an expression yield several series?
fn many(expr: &Expr) -> bool {
    match &expr.node {
        Node::Selector(_) | Node::Range(..) | Node::Subquery(_) => true,
        Node::Number(_) | Node::Text(_) => false,
        Node::Paren(inner) | Node::Unary { inner, .. } => many(inner),
        Node::Binary(binary) => {
            let sides = [&binary.left, &binary.right];
            let vectors = sides.iter().filter(|side| side.yields() == Type::Vector);
            vectors.clone().count() > 0 && vectors.clone().all(|side| many(side))
        }
        Node::Aggregate(aggregate) => {
            crate::world::keeps_several(aggregate)
                || matches!(aggregate.op, Fold::Topk | Fold::Bottomk | Fold::CountValues)
        }
        Node::Call(function, _) if function.name == "vector" => false,
        Node::Call(function, arguments) if function.name == "histogram_quantile" => {
            arguments.get(1).is_none_or(by_more_than_le)
        }
        Node::Call(_, arguments) => arguments.iter().any(many),
    }
}

fn by_more_than_le(expr: &Expr) -> bool {
    match &expr.node {
        Node::Aggregate(aggregate) => {
            aggregate.without || aggregate.labels.iter().any(|label| label != "le")
        }
        Node::Paren(inner) => by_more_than_le(inner),
        // Without any sum it is a quantile per pod, which has a code of its own.
        _ => false,
    }
}

//! WT119, only the last bucket: a quantile of the bucket le="+Inf" alone has no bound to lie under:
//! it is NaN for ever.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::look::Look;
use crate::query::passes;
use windtunnel_promql::ast::{Expr, Node};

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT119",
    name: "only the last bucket",
    wrong: "A quantile of the bucket le=\"+Inf\" alone has no bound to lie under: it is NaN for \
        ever.",
    bad: "histogram_quantile(0.99, sum by (le) (rate(x_bucket{le=\"+Inf\"}[5m])))",
    good: "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))",
    harm: Harm::FailsGood,
    look,
};

fn look(look: &Look<'_>) -> Option<Told> {
    let only = |expr: &Expr| {
        let Node::Call(function, _) = &expr.node else { return false };
        function.name == "histogram_quantile"
            && crate::query::asked(expr).iter().any(|asked| {
                let le = asked.selector.matchers.iter().filter(|m| m.label == "le");
                le.clone().count() > 0
                    && le.clone().all(|m| passes(&m.test, "+Inf") && !passes(&m.test, "0.5"))
            })
    };
    crate::look::any(look.expr(), &only).then(|| {
        Told::new("a quantile of the bucket +Inf alone is NaN, whatever happens", "without le")
    })
}

//! WT120, limit inside a bucket: a quantile between two bounds is a guess along a straight line.
//!
//! Told of histograms only whose bounds are fixed by their exporter.

use super::{Rule, Told};
use crate::finding::Harm;
use crate::judging::Passing;
use crate::look::Look;
use windtunnel_promql::ast::Node;

/// The rule.
pub const RULE: Rule = Rule {
    code: "WT120",
    name: "limit inside a bucket",
    wrong: "The limit lies between two bounds of the histogram: within a bucket the quantile is a \
            guess along a straight line, and a slowdown that stays in the bucket is not seen.",
    bad: "histogram_quantile(0.99, sum by (le) \
          (rate(istio_request_duration_milliseconds_bucket[2m]))) max: 300",
    good: "histogram_quantile(0.99, sum by (le) \
           (rate(istio_request_duration_milliseconds_bucket[2m]))) max: 500",
    harm: Harm::Weak,
    look,
};

/// Bounds that an exporter always has: Istio's mesh (Envoy's defaults, in milliseconds).
const FIXED: [(&str, &[f64]); 1] = [(
    "istio_request_duration_milliseconds_bucket",
    &[
        0.5,
        1.0,
        5.0,
        10.0,
        25.0,
        50.0,
        100.0,
        250.0,
        500.0,
        1000.0,
        2500.0,
        5000.0,
        10_000.0,
        30_000.0,
        60_000.0,
        300_000.0,
        600_000.0,
        1_800_000.0,
        3_600_000.0,
    ],
)];

fn look(look: &Look<'_>) -> Option<Told> {
    let Passing::Low(limit) = look.passing? else { return None };
    // A ratio of two quantiles is held against no bound.
    let Node::Call(function, _) = &look.expr().node else { return None };
    if function.name != "histogram_quantile" {
        return None;
    }
    let asked = look.asked();
    let bounds = asked.iter().find_map(|a| {
        let name = a.selector.name()?;
        FIXED.iter().find(|(known, _)| *known == name).map(|(_, bounds)| *bounds)
    })?;
    let above = bounds.iter().position(|bound| *bound >= limit)?;
    let (low, high) = (*bounds.get(above.checked_sub(1)?)?, bounds[above]);
    (high != limit).then(|| {
        Told::new(
            format!("the limit of {limit} lies between the bounds {low} and {high}"),
            format!("a limit of {low} or {high}"),
        )
    })
}

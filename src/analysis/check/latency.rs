//! `latency`: a quantile of the new version's request duration, from histogram buckets.
//!
//! Between two bucket bounds the answer is interpolated, so a limit on a bound is exact and one
//! between bounds is biased (see `docs/methods.md`).

use super::{Bound, Check, Metric, common};
use crate::analysis::histogram_quantile::histogram_quantile;
use crate::base::settings::{Part, Reader};
use crate::base::time::{SimDuration, SimTime};
use crate::telemetry::{Selector, Telemetry};

/// The part.
pub const PART: Part<Check> =
    Part { name: "latency", summary: "a quantile of the request duration", read };

fn read(r: &mut Reader<'_>) -> Check {
    let quantile = r.share("quantile", "99%", "which quantile");
    let max =
        r.duration("max", "500ms", "longest duration that passes; Flagger's examples use 500ms");
    let help = "instead: highest factor over the stable version's quantile";
    let versus = r.opt_count("percentOfStable", 1..=100_000, help);
    let (window, no_data) = common(r);
    let bound = match versus {
        Some(percent) => Bound::AtMostStable { factor: percent as f64 / 100.0, margin: 0.0 },
        None => Bound::AtMost(max.as_secs_f64()),
    };
    let metric = Metric::Latency { quantile: quantile.value() };
    Check { name: "latency", metric, bound, window, no_data }
}

/// The measured quantile in seconds.
pub fn value(
    t: &Telemetry,
    select: Selector,
    at: SimTime,
    window: SimDuration,
    quantile: f64,
) -> Option<f64> {
    let counts: Vec<f64> = (0..=t.layout.bounds)
        .map(|bucket| {
            let routes = 0..t.layout.routes;
            let cells =
                routes.map(|route| t.increase(select, t.layout.bucket(route, bucket), at, window));
            cells.fold(None, |sum: Option<f64>, cell| cell.map(|c| sum.unwrap_or(0.0) + c).or(sum))
        })
        .collect::<Option<_>>()?;
    Some(histogram_quantile(quantile, &t.bounds, &counts)).filter(|v| !v.is_nan())
}

//! `latency`: a quantile of the new version's request duration, from histogram buckets.
//!
//! Between two bucket bounds the answer is interpolated, so a limit on a bound is exact and one
//! between bounds is biased (see `docs/methods.md`).

use super::about::{About, range};
use super::judge::{self, Counted};
use super::samples::gained;
use super::{Bound, Check, Metric, common};
use crate::telemetry::exposition::number;
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `latency` for the catalogue: name, summary and reader.
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
    let slow = max.as_secs_f64();
    let own = ["max", "percentOfStable", "quantile"];
    let judge = judge::read(r, bound, &own, Counted::AboveMax);
    let metric = Metric::Latency { quantile: quantile.value(), slow };
    Check::new("latency", metric, judge, window, no_data)
}

/// The quantile in seconds, over all pods, routes and statuses.
pub fn query(about: &About<'_>, version: Version, window: SimDuration, quantile: f64) -> String {
    let (of, range) = (about.matchers(version), range(window));
    format!(
        "histogram_quantile({quantile}, sum by (le) \
         (rate(http_request_duration_seconds_bucket{{{of}}}[{range}])))"
    )
}

/// Requests that took longer than `slow` seconds, and all, in whole numbers. Empty where `slow` is
/// no bound of the histogram: nobody counted those.
pub fn counts(about: &About<'_>, version: Version, window: SimDuration, slow: f64) -> [String; 2] {
    let (of, le) = (about.matchers(version), number(slow));
    let all = gained(&format!("http_request_duration_seconds_count{{{of}}}"), window);
    let family = "http_request_duration_seconds_bucket";
    let quick = gained(&format!("{family}{{{of},le=\"{le}\"}}"), window);
    [format!("{all} - {quick}"), all]
}

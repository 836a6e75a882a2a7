//! `errorRate`: the share of the new version's requests answered with 5xx.
//!
//! It sees what servers answered. Connections that a dead pod refused are in no server's counter.

use super::about::{About, range};
use super::judge::{self, Counted};
use super::samples::gained;
use super::{Bound, Check, Metric, common};
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `errorRate` for the catalogue: name, summary and reader.
pub const PART: Part<Check> =
    Part { name: "errorRate", summary: "share of requests answered with 5xx", read };

fn read(r: &mut Reader<'_>) -> Check {
    let max =
        r.share("max", "1%", "highest share that passes; Flagger's usual success rate is 99%");
    let versus = r.opt_share("overStable", "instead: highest share above the stable version's");
    let (window, no_data) = common(r);
    let bound = match versus {
        Some(margin) => Bound::AtMostStable { factor: 1.0, margin: margin.value() },
        None => Bound::AtMost(max.value()),
    };
    let judge = judge::read(r, bound, &["max", "overStable"], Counted::Yes);
    Check::new("errorRate", Metric::ErrorRate, judge, window, no_data)
}

/// The share. A version without any 5xx has no such series yet: that is 0, as long as it serves.
pub fn query(about: &About<'_>, version: Version, window: SimDuration) -> String {
    let (of, range) = (about.matchers(version), range(window));
    format!(
        "(sum(rate(http_requests_total{{{of},status=~\"5..\"}}[{range}])) or vector(0)) / \
         sum(rate(http_requests_total{{{of}}}[{range}]))"
    )
}

/// Requests of the version within the window, as far as scrapes tell.
pub fn requests(about: &About<'_>, version: Version, window: SimDuration) -> String {
    let (of, range) = (about.matchers(version), range(window));
    format!("sum(increase(http_requests_total{{{of}}}[{range}]))")
}

/// Requests answered with 5xx, and all, in whole numbers.
pub fn counts(about: &About<'_>, version: Version, window: SimDuration) -> [String; 2] {
    let of = about.matchers(version);
    let bad = gained(&format!("http_requests_total{{{of},status=~\"5..\"}}"), window);
    let all = gained(&format!("http_requests_total{{{of}}}"), window);
    [format!("{bad} or vector(0)"), all]
}

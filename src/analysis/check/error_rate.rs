//! `errorRate`: the share of the new version's requests answered with 5xx.
//!
//! It sees what servers answered. Connections that a dead pod refused are in no server's counter.

use super::{Bound, Check, Metric, common};
use crate::base::settings::{Part, Reader};
use crate::base::time::{SimDuration, SimTime};
use crate::telemetry::{STATUSES, Selector, Telemetry};

/// The part.
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
    Check { name: "errorRate", metric: Metric::ErrorRate, bound, window, no_data }
}

/// Requests of all routes and statuses within the window.
pub fn requests(t: &Telemetry, select: Selector, at: SimTime, window: SimDuration) -> Option<f64> {
    sum(t, select, at, window, 0..STATUSES)
}

fn sum(
    t: &Telemetry,
    select: Selector,
    at: SimTime,
    window: SimDuration,
    statuses: std::ops::Range<usize>,
) -> Option<f64> {
    let cells = (0..t.layout.routes)
        .flat_map(|route| statuses.clone().map(move |status| (route, status)))
        .map(|(route, status)| t.increase(select, t.layout.requests(route, status), at, window));
    cells.fold(None, |sum, cell| cell.map(|c| sum.unwrap_or(0.0) + c).or(sum))
}

/// The measured share.
pub fn value(t: &Telemetry, select: Selector, at: SimTime, window: SimDuration) -> Option<f64> {
    let all = requests(t, select, at, window)?;
    let bad = sum(t, select, at, window, 1..STATUSES)?;
    Some(bad / all)
}

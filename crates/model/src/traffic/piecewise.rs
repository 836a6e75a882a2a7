//! `piecewise`: a rate that steps at given instants, for load that is known or was measured.

use super::{Arrivals, Steps};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `piecewise` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> =
    Part { name: "piecewise", summary: "a rate that changes at given instants", read };

fn read(r: &mut Reader<'_>) -> Arrivals {
    let steps = r.opt_list("steps", "the steps, in order of time", |r| {
        let at = r.duration("at", "0s", "start of the step, since the start of the flight");
        (at, r.rate("rate", "60/s", "mean arrivals from then on").value())
    });
    let period = r.opt_duration("period", "after this the steps start again");
    let mut steps = steps.unwrap_or_else(|| vec![(SimDuration::ZERO, 60.0)]);
    if !steps.is_sorted_by(|a, b| a.0 < b.0)
        || steps.first().is_none_or(|s| s.0 > SimDuration::ZERO)
    {
        r.problem("steps", "steps out of order", "rising instants, the first at 0s", "");
        steps = vec![(SimDuration::ZERO, 60.0)];
    }
    if steps.iter().all(|(_, rate)| *rate <= 0.0) {
        r.problem("steps", "no traffic at all", "at least one rate above 0", "");
        steps = vec![(SimDuration::ZERO, 60.0)];
    }
    let last = steps.last().map_or(SimDuration::ZERO, |s| s.0).max(SimDuration::from_millis(999));
    if let Some(period) = period.filter(|p| *p <= last) {
        let found = format!("found {period}");
        r.problem("period", found, "1s or more, and later than the last step", "");
    }
    let period = period.filter(|p| *p > last);
    Arrivals::Steps(Steps { steps, period })
}

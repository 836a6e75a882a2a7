//! `conversion`: orders completed per checkout started by the new version's users.

use super::{Bound, Check, Metric, common};
use crate::base::settings::{Part, Reader};
use crate::base::time::{SimDuration, SimTime};
use crate::telemetry::{Selector, Telemetry};

/// The part.
pub const PART: Part<Check> =
    Part { name: "conversion", summary: "orders completed per checkout started", read };

fn read(r: &mut Reader<'_>) -> Check {
    let min = r.opt_share("min", "lowest conversion that passes");
    let help = "otherwise: lowest percentage of the stable version's conversion that passes";
    let versus = r.count("percentOfStable", 90, 1..=1000, help);
    let (window, no_data) = common(r);
    let bound = match min {
        Some(min) => Bound::AtLeast(min.value()),
        None => Bound::AtLeastStable { factor: versus as f64 / 100.0 },
    };
    Check { name: "conversion", metric: Metric::Conversion, bound, window, no_data }
}

/// The measured ratio.
pub fn value(t: &Telemetry, select: Selector, at: SimTime, window: SimDuration) -> Option<f64> {
    let sum = |cell: fn(crate::telemetry::Layout, usize) -> usize| {
        let cells = (0..t.layout.routes).map(|r| t.increase(select, cell(t.layout, r), at, window));
        cells.fold(None, |sum: Option<f64>, cell| cell.map(|c| sum.unwrap_or(0.0) + c).or(sum))
    };
    let started = sum(crate::telemetry::Layout::started)?;
    let completed = sum(crate::telemetry::Layout::completed)?;
    Some(completed / started)
}

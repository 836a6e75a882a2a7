//! `conversion`: orders completed per checkout started by the new version's users.

use super::about::{About, range};
use super::judge::{self, Counted};
use super::samples::gained;
use super::{Bound, Check, Metric, common};
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `conversion` for the catalogue: name, summary and reader.
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
    let judge = judge::read(r, bound, &["min", "percentOfStable"], Counted::Yes);
    Check::new("conversion", Metric::Conversion, judge, window, no_data)
}

/// The ratio. Where nothing was completed yet it is 0, not empty.
pub fn query(about: &About<'_>, version: Version, window: SimDuration) -> String {
    let (of, range) = (about.matchers(version), range(window));
    format!(
        "(sum(rate(orders_completed_total{{{of}}}[{range}])) or vector(0)) / \
         sum(rate(checkout_started_total{{{of}}}[{range}]))"
    )
}

/// Checkouts that were started and not completed, and all that were started, in whole numbers.
pub fn counts(about: &About<'_>, version: Version, window: SimDuration) -> [String; 2] {
    let of = about.matchers(version);
    let done = gained(&format!("orders_completed_total{{{of}}}"), window);
    let all = gained(&format!("checkout_started_total{{{of}}}"), window);
    [format!("{all} - ({done} or vector(0))"), all]
}

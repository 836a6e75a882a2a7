//! `cpu`: mean CPU use of the new version's pods, as a share of their limit.

use super::about::{About, range};
use super::judge::{self, Counted};
use super::{Bound, Check, Metric, common};
use crate::world::service::Version;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `cpu` for the catalogue: name, summary and reader.
pub const PART: Part<Check> =
    Part { name: "cpu", summary: "CPU use as a share of the limit", read };

fn read(r: &mut Reader<'_>) -> Check {
    let max = r.share("max", "80%", "highest share of the CPU limit that passes");
    let help = "instead: highest percentage of the stable version's use";
    let versus = r.opt_count("percentOfStable", 1..=100_000, help);
    let (window, no_data) = common(r);
    let bound = match versus {
        Some(percent) => Bound::AtMostStable { factor: percent as f64 / 100.0, margin: 0.0 },
        None => Bound::AtMost(max.value()),
    };
    let judge = judge::read(r, bound, &["max", "percentOfStable"], Counted::No);
    Check::new("cpu", Metric::Cpu, judge, window, no_data)
}

/// Mean use per pod, divided by the limit.
pub fn query(about: &About<'_>, version: Version, window: SimDuration) -> String {
    let (of, range) = (about.containers(version), range(window));
    format!("avg(rate(container_cpu_usage_seconds_total{{{of}}}[{range}])) / {}", about.cpu_limit)
}

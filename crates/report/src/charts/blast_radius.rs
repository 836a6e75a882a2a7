//! Blast radius: which share of the users a release hurts, per strategy and variant.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::figure::Quantity;
use crate::headlines;
use crate::reading::HURT_SHARE;
use windtunnel_experiment::rating::RISK_LIMITS;
use windtunnel_experiment::results::ScenarioResults;

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!("{name}: users hurt by the release, with 95 % intervals");
    let releases = Releases::of(results, false, true);
    let groups = measures::groups(results, &releases, &[HURT_SHARE], |_, _| "not flown".into());
    if !measures::has_values(&groups) {
        return page::empty("No flight to tell whom a release hurts", name);
    }
    let title = "Users hurt, of those active";
    let mut panel = measures::panel(title, measures::axis(Quantity::Share, &groups, &[0]));
    let [low, medium] = RISK_LIMITS;
    panel.zones = vec![(low, "low risk"), (medium, "medium"), (f64::INFINITY, "high")];
    let legend = releases.legend();
    DotChart {
        title: headlines::blast_radius::headline(results),
        subtitle,
        legend,
        panels: vec![panel],
        groups,
    }
    .svg()
}

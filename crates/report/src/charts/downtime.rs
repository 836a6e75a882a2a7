//! Downtime: how long the service is not there, per strategy and variant.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::figure::Quantity;
use crate::headlines;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!(
        "{name}: time by the release, over the twin without one; means with 95 % intervals"
    );
    let releases = Releases::of(results, false, false);
    let columns = [MeasureId::OutageByReleaseS, MeasureId::DowntimeByReleaseS];
    let groups = measures::groups(results, &releases, &columns, |_, _| "not flown".into());
    if !measures::has_values(&groups) {
        return page::empty("No flight to tell downtime from", name);
    }
    let axis = measures::axis(Quantity::Seconds, &groups, &[0, 1]);
    let panels = vec![
        measures::panel("Outage, which is rated: no pod answers", axis.clone()),
        measures::panel("Objective missed: too many fail", axis),
    ];
    let legend = releases.legend();
    DotChart { title: headlines::downtime::headline(results), subtitle, legend, panels, groups }
        .svg()
}

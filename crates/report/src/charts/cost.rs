//! Cost: what a release needs in pods and money beyond a day without one.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::figure::Quantity;
use crate::headlines;
use windtunnel_experiment::rating::COST_LIMITS;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;

const COLUMNS: [MeasureId; 2] = [MeasureId::FleetMinutesExtra, MeasureId::PodsPeak];

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!(
        "{name}: pods beyond the twin without a release, with 95 % intervals; a fleet-minute is \
         the whole service for a minute"
    );
    let releases = Releases::of(results, false, true);
    let groups = measures::groups(results, &releases, &COLUMNS, |_, _| "not flown".into());
    if !measures::has_values(&groups) {
        return page::empty("No flight to tell the cost from", name);
    }
    let mut minutes =
        measures::panel("Extra cost", measures::axis(Quantity::FleetMinutes, &groups, &[0]));
    minutes.weight = 2.0;
    let [low, medium] = COST_LIMITS;
    minutes.zones = vec![(low, "low"), (medium, "medium"), (f64::INFINITY, "high")];
    let axis = measures::axis(Quantity::Count, &groups, &[1]);
    let peak = measures::panel("Most pods at a time", axis);
    let legend = releases.legend();
    let panels = vec![minutes, peak];
    DotChart { title: headlines::cost::headline(results), subtitle, legend, panels, groups }.svg()
}

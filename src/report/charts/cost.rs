//! Cost: what a release needs in pods and money beyond a day without one.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::experiment::rating::COST_LIMITS;
use crate::experiment::results::ScenarioResults;
use crate::outcome::MeasureId;
use crate::report::figure::{Quantity, significant};
use crate::report::reading;
use crate::scenario::ids::ReleaseId;

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
    DotChart { title: message(results), subtitle, legend, panels, groups }.svg()
}

/// The dearest and the cheapest.
fn message(results: &ScenarioResults) -> String {
    let ranked = measures::ranked(results, ReleaseId::Mix, COLUMNS[0]);
    let show = |value: f64| format!("{} fleet-minutes", significant(value.abs()));
    match ranked.as_slice() {
        [] => "What a release costs in pods".to_string(),
        [(name, cost)] => {
            let verb = if *cost < 0.0 { "saves" } else { "costs" };
            format!("A release by {name} {verb} {}", show(*cost))
        }
        [(_, least), .., (_, most)] if least == most => {
            let verb = if *least < 0.0 { "saves" } else { "takes" };
            format!("A release {verb} {} by any strategy", show(*least))
        }
        [(first, least), .., (last, most)] if *most <= 0.0 => {
            format!("{first} saves {} a release, {last} {}", show(*least), show(*most))
        }
        [(first, least), .., (last, most)] => {
            let plan = results.scenario.plan_id(first);
            let of = |plan| reading::estimate(results, ReleaseId::Mix, plan, COLUMNS[0]);
            let estimate = plan.and_then(of);
            let cheapest = match estimate {
                Some(e) if e.lower <= 0.0 && e.upper >= 0.0 => "next to none".to_string(),
                _ if *least < 0.0 => format!("saves {}", show(*least)),
                _ => format!("takes {}", show(*least)),
            };
            format!("{last} takes {} more a release, {first} {cheapest}", show(*most))
        }
    }
}

//! Downtime: how long the service is not there, per strategy and variant.

use super::dots::DotChart;
use super::measures::{self, Releases, listed};
use super::page;
use crate::experiment::results::ScenarioResults;
use crate::outcome::{Grade, MeasureId};
use crate::report::figure::Quantity;

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
        measures::panel("Outage: no pod answers", axis.clone()),
        measures::panel("Downtime: objective missed", axis),
    ];
    let legend = releases.legend();
    DotChart { title: message(results), subtitle, legend, panels, groups }.svg()
}

/// Who takes the service down although the release is good.
fn message(results: &ScenarioResults) -> String {
    let down: Vec<(&str, f64)> = results
        .ratings
        .iter()
        .filter(|row| row.downtime == Grade::Yes)
        .map(|row| (results.scenario.plan_name(row.plan), row.outage_good_s))
        .collect();
    match down.as_slice() {
        [] => match worst(results) {
            Some((name, seconds)) if results.ratings.len() == 1 => format!(
                "{name} is not down by itself; a bad release is down for {}",
                Quantity::Seconds.show(seconds)
            ),
            Some((name, seconds)) => format!(
                "No strategy is down by itself; a bad release is down longest under {name}: {}",
                Quantity::Seconds.show(seconds)
            ),
            None => "No strategy takes the service down for a second".to_string(),
        },
        [(name, seconds)] if results.ratings.len() == 1 => {
            format!("{name} is down for {} by itself", Quantity::Seconds.show(*seconds))
        }
        [_, ..] if results.scenario.release.variants.iter().all(|v| v.bad) => {
            let names: Vec<&str> = down.iter().map(|(name, _)| *name).collect();
            format!("Down by a bad release: {}", listed(&names))
        }
        [(name, seconds)] => format!(
            "{name} is down for {} even when the release is good; no other strategy is",
            Quantity::Seconds.show(*seconds)
        ),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            format!("Down even when the release is good: {}", listed(&names))
        }
    }
}

/// The longest downtime that a bad release causes, if it is a second or more.
fn worst(results: &ScenarioResults) -> Option<(&str, f64)> {
    results
        .scenario
        .bad_variants()
        .filter_map(|v| measures::ranked(results, v, MeasureId::DowntimeByReleaseS).pop())
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, seconds)| *seconds >= 1.0)
}

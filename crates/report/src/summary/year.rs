//! A year of releases.

use super::Section;
use super::markup::{named, table};
use crate::figure::{Quantity, significant};
use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::ReleaseId;

/// Measures summed up over a year of releases.
const YEARLY: [(&str, MeasureId); 3] = [
    ("users hurt by releases", MeasureId::UsersHurtByRelease),
    ("value lost by releases", MeasureId::ValueLostByReleaseUsd),
    ("extra cost of pods", MeasureId::CostExtraUsd),
];

/// The mix of a release, times the releases of a year.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    let times = significant(results.scenario.releases_per_year);
    Some(Section::new(&format!("A year of {times} releases"), yearly(results)))
}

fn yearly(results: &ScenarioResults) -> String {
    let times = results.scenario.releases_per_year;
    let mut head = vec!["strategy"];
    head.extend(YEARLY.map(|(title, ..)| title));
    let rows = results.scenario.plan_ids().map(|plan| {
        let cells = YEARLY.map(|(_, measure)| {
            match reading::estimate(results, ReleaseId::Mix, plan, measure) {
                Some(e) => {
                    let [mean, lower, upper] = [e.mean, e.lower, e.upper].map(|end| end * times);
                    Quantity::of(measure).show_interval(mean, lower, upper)
                }
                None => "–".to_string(),
            }
        });
        std::iter::once(named(results.scenario.plan_name(plan))).chain(cells).collect()
    });
    format!(
        "{}\n\nThe mix of one release times the releases of a year; a user hurt by two releases \
         counts twice.",
        table(&head, rows)
    )
}

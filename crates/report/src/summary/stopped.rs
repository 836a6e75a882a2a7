//! Who stops what.

use super::Section;
use super::markup::{named, table};
use crate::stops;
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::ScenarioResults;

/// Strategies down, releases across.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("Who stops what", stopped(results)))
}

fn stopped(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let mut head = vec!["strategy"];
    let names: Vec<String> =
        scenario.variant_ids().map(|variant| named(scenario.release_name(variant))).collect();
    head.extend(names.iter().map(String::as_str));
    let rows = scenario.plan_ids().map(|plan| {
        let cell = |variant| stops::cell(results, (plan, variant), &markdown::code);
        let cells = scenario.variant_ids().map(cell);
        std::iter::once(named(scenario.plan_name(plan))).chain(cells).collect()
    });
    let mut text = table(&head, rows);
    for line in stops::warnings(results, &named) {
        text += &format!("\n\n**{line}**");
    }
    text
}

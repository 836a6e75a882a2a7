//! The year in dollars.

use super::Section;
use super::markup::{named, table};
use crate::money;
use windtunnel_experiment::results::ScenarioResults;

/// The section, where somebody asked for it; its picture stands in `charts/`, in the scenario's
/// folder.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    let (head, rows) = money::rows(results, &named)?;
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let note = money::not_counted(results);
    let note = note.map_or_else(String::new, |note| format!(" **{note}**"));
    let text = format!(
        "{}\n\nMeans by part, and the total with its interval; differences are flight by \
         flight.{note}",
        table(&head, rows)
    );
    Some(Section::new("The year in dollars", text))
}

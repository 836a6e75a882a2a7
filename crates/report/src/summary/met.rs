//! What users met of each step.

use super::Section;
use crate::seen;
use windtunnel_experiment::results::ScenarioResults;

/// Asked and met, a row a step.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("What users met", seen::markdown(results)))
}

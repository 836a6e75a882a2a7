//! What users met of each step.

use super::Section;
use crate::experiment::results::ScenarioResults;
use crate::report::seen;

/// Asked and met, a row a step.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("What users met", seen::markdown(results)))
}

//! What the scenario's `expect:` lines came to.

use super::Section;
use super::markup::table;
use crate::verdicts;
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::ScenarioResults;

/// A row a line; nothing without lines.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    if results.expectations.is_empty() {
        return None;
    }
    let rows = results.expectations.iter().map(|e| {
        let judgement = verdicts::word(e.judgement);
        vec![markdown::code(&e.text), format!("**{judgement}**"), e.detail.clone()]
    });
    let table = table(&["expectation", "judgement", "measured"], rows);
    Some(Section::new("What was expected", table))
}

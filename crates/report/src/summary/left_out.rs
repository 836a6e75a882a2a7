//! What of the input was not flown.

use super::Section;
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::{LeftOut, Results};

/// Documents first; of fields those that would change figures.
pub fn section(results: &Results) -> Option<Section> {
    let line = |left: &LeftOut| {
        let (what, text) = (markdown::text(&left.what), markdown::text(&left.text));
        let mark = if left.document { "**" } else { "" };
        format!("- {mark}{what}{mark}: {text}")
    };
    let lines: Vec<String> = results.left_out.iter().map(line).collect();
    let title = "What was left out, and what it may change";
    (!lines.is_empty()).then(|| Section::new(title, lines.join("\n")))
}

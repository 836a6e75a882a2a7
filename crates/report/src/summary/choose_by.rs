//! What to choose by.

use super::Section;
use super::markup::{named, table};
use crate::{choose, headlines};
use windtunnel_experiment::results::ScenarioResults;

/// A row a question, and the constraints together.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("Choose by", choose_by(results)))
}

fn choose_by(results: &ScenarioResults) -> String {
    let list = |all: &[(String, String)]| {
        let shown = |(name, figure): &(String, String)| format!("{} ({figure})", named(name));
        let names: Vec<String> = all.iter().map(shown).collect();
        if names.is_empty() { "–".to_string() } else { names.join(" · ") }
    };
    let limit = |text: &str| if text.is_empty() { "–".to_string() } else { text.to_string() };
    let rows = choose::answers(results).into_iter().map(|answer| {
        let (within, beyond) = (list(&answer.within), list(&answer.beyond));
        vec![answer.question.to_string(), limit(&answer.limit), within, beyond]
    });
    let head = ["choose by", "limit here", "qualify, best first", "do not"];
    let mut text = table(&head, rows);
    if results.qualification.is_empty() {
        return text;
    }
    text += "\n\nUnder all constraints of the scenario together:\n";
    for row in &results.qualification {
        let word =
            if row.qualifies { "meets the constraints" } else { "does not meet the constraints" };
        let ruled_out = results.choice.ruled_out.iter().find(|(plan, _)| *plan == row.plan);
        let ruled_out =
            ruled_out.filter(|_| row.qualifies).map(|(_, out)| headlines::choice::why(out));
        let reasons = row.reasons.join("; ");
        let colon = if reasons.is_empty() { "" } else { ": " };
        text += &format!(
            "\n- {} **{word}**{colon}{reasons}",
            named(results.scenario.plan_name(row.plan))
        );
        text.extend(headlines::limits::open(row).map(|open| format!("; {open}")));
        text.extend(ruled_out.map(|why| format!("; ruled out all the same: {why}")));
    }
    text
}

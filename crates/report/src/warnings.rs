//! What was warned of before anything was flown, for `summary.md`: whoever reads the page alone is
//! told what the terminal was told.

use windtunnel_base::escape::markdown;
use windtunnel_base::escape::short::thousands;
use windtunnel_experiment::results::{Results, Warned};

/// Most kinds of warnings that are listed.
const LISTED: usize = 50;

/// The section, or nothing if there was no warning.
pub fn markdown(results: &Results) -> Option<String> {
    if results.warnings.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = results.warnings.iter().take(LISTED).map(line).collect();
    let more = results.warnings.len().saturating_sub(LISTED);
    lines.extend((more > 0).then(|| {
        format!(
            "- … and {} more kinds of warnings: `windtunnel validate` lists them\n",
            thousands(more)
        )
    }));
    Some(lines.concat().trim_end().to_string())
}

fn line(warned: &Warned) -> String {
    let what = match warned.what.as_str() {
        "" => String::new(),
        what => format!("**{}**: ", markdown::text(what)),
    };
    let help = match warned.help.as_str() {
        "" => String::new(),
        help => format!(" Help: {}.", markdown::text(help)),
    };
    let more = match warned.more {
        0 => String::new(),
        1 => " and one more place".to_string(),
        more => format!(" and {} more places", thousands(more)),
    };
    let (text, place) = (markdown::text(&warned.text), markdown::text(&warned.place));
    let place = if place.is_empty() { String::new() } else { format!(" ({place}{more})") };
    format!("- {what}{text}.{help}{place}\n")
}

//! Rollback: how long a bad release is not seen, and how long the way back takes.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::experiment::results::ScenarioResults;
use crate::report::figure::Quantity;
use crate::report::reading;

const COLUMNS: [&str; 3] = ["detected_after_s", "rollback_s", "capacity_restored_s"];

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!(
        "{name}: bad releases, means over the flights that went back, with 95 % intervals; a value \
         out of fewer flights says of how many"
    );
    let releases = Releases::of(results, true, false);
    if releases.0.is_empty() {
        return page::empty("No release was bad: there was nothing to take back", &subtitle);
    }
    let groups = measures::groups(results, &releases, &COLUMNS, |release, plan| {
        why_missing(results, release, plan).to_string()
    });
    if !measures::has_values(&groups) {
        return page::empty(&nothing_back(results), &subtitle);
    }
    let panels = vec![
        measures::panel("Harm → decision", Quantity::Seconds, &groups, 0),
        measures::panel("Decision → safe", Quantity::Seconds, &groups, 1),
        measures::panel("→ full size again", Quantity::Seconds, &groups, 2),
    ];
    let legend = if releases.0.len() > 1 { releases.legend() } else { Vec::new() };
    DotChart { title: message(results), subtitle, legend, panels, groups }.svg()
}

fn why_missing(results: &ScenarioResults, release: &str, plan: &str) -> &'static str {
    if reading::flights(results, release, plan) == 0 {
        return "not flown";
    }
    match reading::estimate(results, release, plan, "users_exposed") {
        Some(exposed) if exposed.mean > 0.0 => "never went back",
        _ => "no user exposed",
    }
}

/// Why no flight went back.
fn nothing_back(results: &ScenarioResults) -> String {
    let exposed = results.ratings.iter().any(|row| row.exposed);
    let why =
        if exposed { "No bad release was taken back" } else { "No bad flight exposed a user" };
    why.to_string()
}

/// Who is back fastest and slowest, by the figure that the rating uses.
fn message(results: &ScenarioResults) -> String {
    let rows = results.ratings.iter().filter(|row| row.exposed);
    let mut back: Vec<(&str, f64)> =
        rows.filter_map(|row| Some((row.strategy.as_str(), row.way_back_s?))).collect();
    back.sort_by(|a, b| a.1.total_cmp(&b.1));
    let show = |seconds: f64| Quantity::Seconds.show(seconds);
    match back.as_slice() {
        [] => nothing_back(results),
        [(name, seconds)] => format!("Only {name} goes back: within {}", show(*seconds)),
        [(first, fast), .., (last, slow)] => format!(
            "Once decided, {first} is back within {}; {last} takes {}",
            show(*fast),
            show(*slow)
        ),
    }
}

//! `summary.md`: what the flights say, for readers.
//!
//! The first page says whom to choose, the worst and what is not known; the contents lead to every
//! section. Tables are not folded away: they read as plain text, and a search finds what is in
//! them. Per scenario: its question, the textbook table with the figures that decided, the main
//! measures with intervals, verdicts, harm per year, what to choose by, and how precise it all
//! is. A section is a file: add one, and a line in `OF_ALL` or `OF_SCENARIO`. Deliberately
//! absent: computing measures; sentences that the tables do not carry.

use super::{Document, Format, names, sweeps, warnings, worst};
use contents::Chapter;
use markup::named;
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::{Results, ScenarioResults};

mod choose_by;
mod contents;
mod delivery;
mod dollars;
mod ended;
mod expected;
mod first_page;
mod left_out;
mod markup;
mod measures;
mod met;
mod precision;
mod ratings;
mod scenario;
mod stopped;
mod year;

/// What makes these files of the results.
pub const FORMAT: Format = make;

/// Sections about everything that was flown, in the order of the page.
const OF_ALL: &[fn(&Results) -> Option<Section>] = &[
    left_out::section,
    |results| warnings::markdown(results).map(|text| Section::new("What was warned of", text)),
    // The worst of several services.
    |results| {
        let table = worst::markdown(results).filter(|_| !sweeps::is_sweep(results));
        table.map(|table| Section::new("Worst first", table))
    },
];

/// Sections of a scenario, in the order of its chapter.
const OF_SCENARIO: &[fn(&ScenarioResults) -> Option<Section>] = &[
    ratings::section,
    measures::section,
    delivery::section,
    stopped::section,
    met::section,
    ended::section,
    year::section,
    dollars::section,
    choose_by::section,
    expected::section,
    precision::section,
];

/// A part of the page with a heading.
struct Section {
    /// The heading; Markdown already.
    title: String,
    /// What stands below it; Markdown already.
    text: String,
}

impl Section {
    fn new(title: &str, text: String) -> Section {
        Section { title: title.to_string(), text }
    }
}

fn make(results: &Results) -> Result<Vec<Document>, String> {
    let bytes = text(results).into_bytes();
    Ok(vec![Document { path: "summary.md".to_string(), bytes }])
}

/// The heading of the page, and that of its contents.
const HEADINGS: [&str; 2] = ["What the flights say", "Contents"];

/// The whole page.
pub fn text(results: &Results) -> String {
    let folders = names::slugs(results.scenarios.iter().map(|s| s.scenario.name.as_str()));
    let mut of_all: Vec<Section> = OF_ALL.iter().filter_map(|section| section(results)).collect();
    let swept = sweeps::markdown::sections(results);
    of_all.extend(swept.into_iter().map(|(title, text)| Section { title, text }));
    let scenarios: Vec<(String, Vec<Section>)> = results
        .scenarios
        .iter()
        .filter(|s| is_whole(s))
        .map(|s| (named(&s.scenario.name), scenario::sections(s)))
        .collect();
    let mut parts = vec![format!("# {}", HEADINGS[0])];
    parts.extend(interrupted(results));
    parts.push(first_page::text(results));
    let command = markdown::command(&results.command);
    parts.push(format!(
        "Seed {}. Repeat with {command}.\nIntervals are 95 %. Shares of users are shares of the \
         users active in the horizon.",
        results.seed
    ));
    let titles = |sections: &[Section]| sections.iter().map(|s| s.title.clone()).collect();
    let alone = of_all.iter().map(|s| Chapter { title: s.title.clone(), sections: Vec::new() });
    let chapters = scenarios
        .iter()
        .map(|(name, sections)| Chapter { title: name.clone(), sections: titles(sections) });
    let chapters: Vec<Chapter> = alone.chain(chapters).collect();
    parts.extend([format!("## {}", HEADINGS[1]), contents::list(&HEADINGS, &chapters)]);
    for section in of_all {
        parts.extend([format!("## {}", section.title), section.text]);
    }
    if results.scenarios.len() > 1 && !sweeps::is_sweep(results) {
        let chart = "![Who gets hurt: all strategies in all scenarios](charts/overview.svg)";
        parts.push(chart.to_string());
    }
    let whole = results.scenarios.iter().zip(&folders).filter(|(one, _)| is_whole(one));
    for ((one, folder), (name, sections)) in whole.zip(scenarios) {
        parts.extend([format!("## {name}"), scenario::head(one, folder)]);
        for section in sections {
            parts.extend([format!("### {}", section.title), section.text]);
        }
    }
    parts.join("\n\n") + "\n"
}

/// Is a scenario told in a chapter of its own? Points of a sweep are, if somebody asks for them.
fn is_whole(results: &ScenarioResults) -> bool {
    results.scenario.point.as_ref().is_none_or(|point| point.whole)
}

/// What is told of a point of a sweep.
pub fn in_short(results: &ScenarioResults) -> Vec<String> {
    let sections = [ratings::section, stopped::section, expected::section];
    sections.iter().filter_map(|section| section(results)).map(|section| section.text).collect()
}

/// What is missing of a run that was interrupted.
fn interrupted(results: &Results) -> Option<String> {
    let mut text =
        "**Interrupted:** some flights are missing; the figures cover those flown. The command \
         below flies as many of each as there are of the release and strategy that have fewest."
            .to_string();
    let unrecorded = results.scenarios.iter().filter(|s| is_whole(s) && s.recordings.is_empty());
    let names: Vec<&str> = unrecorded.map(|s| s.scenario.name.as_str()).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        text += &format!(" No typical flight was recorded of {names}: timelines and events ");
        text += "of it are missing.";
    }
    results.interrupted.then_some(text)
}

//! Every figure of every output against the CSV files.
//!
//! Tables are compared cell by cell, by the names of their columns; charts mark by mark, in the
//! order of strategies and releases; `run.json` digit by digit. Sentences (the answer, headlines,
//! who ruled out whom, what users met, lines of `expect:`) may only hold figures that a table of
//! their scenario holds: a cell; a cell times the releases of a year; the number of strategies,
//! releases, scenarios or flights; or a cut-off of the rules. Deliberately absent: whether a cell
//! is right, which the engine's tests ask.

mod cells;
mod first_page;
mod gates;
mod json;
mod money;
mod number;
mod page;
mod pictures;
mod planted;
mod sections;
mod sheet;
mod terminal;

use super::desk::Desk;
use cells::Faults;
use serde_json::Value;
use sheet::{Scene, Sheets};
use std::collections::BTreeMap;
use std::path::Path;

/// What a run prints and writes.
struct Report {
    terminal: String,
    files: BTreeMap<String, String>,
}

impl Report {
    fn read(terminal: String, folder: &Path) -> Report {
        let mut files = BTreeMap::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(&next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    let name = path.strip_prefix(folder).expect("below it").display().to_string();
                    files.insert(name.replace('\\', "/"), text);
                }
            }
        }
        Report { terminal, files }
    }

    fn file(&self, path: &str) -> &str {
        self.files.get(path).unwrap_or_else(|| panic!("no {path}"))
    }

    /// The part of the terminal's text that is about each scenario: it ends with a line on
    /// precision.
    fn parts(&self, scenes: &[Scene<'_>]) -> Vec<&str> {
        let mut parts = Vec::new();
        let mut rest = self.terminal.as_str();
        for _ in scenes {
            let end = rest.find("\nPrecision: ").map_or(rest.len(), |at| at + 1);
            let (part, more) = rest.split_at(end);
            parts.push(part);
            rest = more.split_once('\n').map_or("", |(_, rest)| rest);
        }
        parts
    }

    /// What is wrong in any output.
    fn faults(&self) -> Faults {
        let sheets = Sheets::read(&self.files);
        let run: Value = serde_json::from_str(self.file("run.json")).expect("JSON");
        let scenes = Scene::all(&sheets, &run);
        let mut faults = self.of_tables(&scenes);
        faults.extend(pictures::overview(&scenes, self.file("charts/overview.svg")));
        let sections = sections::all(self.file("summary.md"), &scenes);
        for ((scene, section), part) in scenes.iter().zip(sections).zip(self.parts(&scenes)) {
            faults.extend(json::check(scene, &run));
            faults.extend(sentences(scene, "summary.md", &prose(section)));
            faults.extend(sentences(scene, "terminal", &spoken(part)));
            faults.extend(pictures::check(scene, section, &self.charts(scene, section)));
        }
        faults
    }

    /// What is wrong in the tables of the page and of the terminal.
    fn of_tables(&self, scenes: &[Scene<'_>]) -> Faults {
        let sections = sections::all(self.file("summary.md"), scenes);
        let first = first_page::check(scenes, self.file("summary.md"));
        let all = scenes.iter().zip(sections).zip(self.parts(scenes));
        let others = all.flat_map(|((scene, section), part)| {
            let of_page = page::check(scene, section);
            of_page.into_iter().chain(terminal::check(scene, part, section))
        });
        first.into_iter().chain(others).collect()
    }

    /// The charts of a scenario, by name.
    fn charts(&self, scene: &Scene<'_>, section: &str) -> Vec<(&str, &str)> {
        let folder = self.folder(scene, section);
        let own = self.files.iter().filter_map(|(path, svg)| {
            let name = path.strip_prefix(&folder)?.strip_suffix(".svg")?;
            Some((name, svg.as_str()))
        });
        let charts: Vec<(&str, &str)> = own.collect();
        assert!(charts.len() >= 6, "{folder}: {charts:?}");
        charts
    }

    /// Where the charts of a scenario lie: the page links them.
    fn folder(&self, scene: &Scene<'_>, section: &str) -> String {
        let start =
            section.find("(charts/").unwrap_or_else(|| panic!("no chart of {}", scene.name));
        let link = &section[start + 1..];
        let end = link.find("blast-radius").expect("the first chart");
        link[..end].to_string()
    }
}

/// The sentences of a section, and the tables that are lists of sentences.
fn prose(section: &str) -> Vec<String> {
    let mut under = "";
    let mut lines = Vec::new();
    for line in section.lines() {
        under = line.strip_prefix("### ").unwrap_or(under);
        // The scenario's own words, and rules, are no results.
        let is_text = ["> ", "- **downtime", "- **rollback", "- **risk", "- **cost", "\"(3 of 40"]
            .iter()
            .all(|start| !line.starts_with(start));
        let is_list = ["Choose by", "What was expected"].contains(&under);
        if line.starts_with('|') && is_list {
            let cells: Vec<&str> = line.trim_matches('|').split('|').skip(2).collect();
            lines.push(cells.join(" · "));
        } else if is_text && !line.starts_with('|') && !line.starts_with('!') {
            lines.push(line.to_string());
        }
    }
    lines
}

/// Is it the rule of a table?
fn is_rule(line: &&str) -> bool {
    line.starts_with("───")
}

/// The terminal's sentences: what is no table.
fn spoken(part: &str) -> Vec<String> {
    let lines: Vec<&str> = part.lines().collect();
    let (first, last) = (lines.iter().position(is_rule), lines.iter().rposition(is_rule));
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let name = lines[..first].iter().rposition(|line| line.is_empty()).map_or(0, |at| at + 1);
    // Of a folder the worst come first, which is about others.
    // A figure and its unit may stand on two lines.
    let words = |lines: &[&str]| lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    vec![words(&lines[name..first]), words(&lines[last + 1..])]
}

fn sentences(scene: &Scene<'_>, place: &str, lines: &[String]) -> Faults {
    let mut faults = Vec::new();
    for line in lines {
        let mut bare = scene.without_names(line);
        // What the lines of `expect:` ask for and would need, and the horizon, stand in no table.
        for cut in ["expected ", "about ", "horizon "] {
            while let Some(at) = bare.find(cut) {
                let end = bare[at..].find([';', '|', ')', ':']).map_or(bare.len(), |n| at + n);
                bare.replace_range(at..end, "");
            }
        }
        for figure in number::told(&bare) {
            if !scene.derives(&figure) {
                faults.push(format!(
                    "{} · {place}: nothing yields {figure:?} of {line:?}",
                    scene.name
                ));
            }
        }
    }
    faults
}

fn flown(desk: &Desk, args: &[&str]) -> Report {
    let given = [&["run"], args, &["--replications", "2", "--details", "--out", "out"]].concat();
    let terminal = desk.fine(&given);
    Report::read(terminal, &desk.path("out"))
}

fn shipped(folder: &str) -> String {
    format!("{}/scenarios/{folder}", env!("CARGO_MANIFEST_DIR"))
}

fn sound(report: &Report) {
    let faults = report.faults();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn figures_of_the_default_suite_are_those_of_the_tables() {
    let desk = Desk::new();
    sound(&flown(&desk, &[&shipped("")]));
}

#[test]
fn figures_of_manifests_and_controllers_are_those_of_the_tables() {
    for folder in ["manifests", "controllers"] {
        let files = std::fs::read_dir(shipped(folder)).expect("a folder");
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        files.sort();
        // Every other one: each is a scenario or a service of its own.
        for file in files.iter().step_by(2) {
            let desk = Desk::new();
            sound(&flown(&desk, &[&file.display().to_string()]));
        }
    }
}

/// A bad release that does nothing is told of, where it is flown and where it is read.
#[test]
fn a_bad_release_that_never_acts_is_told_of() {
    let desk = Desk::new();
    // So many new pods there never are.
    let late = "faults: [{errors: {rate: 30%, aboveFleet: 50}}]";
    let idle = super::desk::SMALL.replace("faults: [{errors: {rate: 30%}}]", late);
    desk.write("small.yaml", &idle);
    let report = flown(&desk, &["small.yaml"]);
    let told = "The bad release bad differs from good in no flight";
    let words = report.terminal.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(told), "{words}");
    assert!(
        report.file("summary.md").contains(&format!("**{told}")),
        "{}",
        report.file("summary.md")
    );
}

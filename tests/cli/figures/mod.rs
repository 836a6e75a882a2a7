//! Every figure of every output against the CSV files.
//!
//! Tables are compared cell by cell, by the names of their columns; charts mark by mark, in the
//! order of strategies and releases; `run.json` digit by digit. Sentences (the answer, headlines,
//! who ruled out whom, what users met, lines of `expect:`) may only hold figures that a table of
//! their scenario holds: a cell; a cell times the releases of a year; the number of strategies,
//! releases, scenarios or flights; or a cut-off of the rules. Deliberately absent: whether a cell
//! is right, which the engine's tests ask.

mod json;
mod number;
mod page;
mod pictures;
mod sheet;
mod terminal;

use super::desk::Desk;
use page::Faults;
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

    fn faults(&self) -> Faults {
        let sheets = Sheets::read(&self.files);
        let run: Value = serde_json::from_str(self.file("run.json")).expect("JSON");
        let scenes = Scene::all(&sheets, &run);
        let page = self.file("summary.md");
        let mut faults = Vec::new();
        let sections = page::sections(page, &scenes);
        let parts = self.parts(&scenes);
        let overview = self.file("charts/overview.svg");
        faults.extend(pictures::overview(&scenes, overview));
        for ((scene, section), part) in scenes.iter().zip(sections).zip(parts) {
            faults.extend(page::check(scene, section));
            faults.extend(terminal::check(scene, part, section));
            faults.extend(json::check(scene, &run));
            faults.extend(sentences(scene, "summary.md", &prose(section)));
            faults.extend(sentences(scene, "terminal", &spoken(part)));
            let folder = self.folder(scene, section);
            let own = self.files.iter().filter_map(|(path, svg)| {
                let name = path.strip_prefix(&folder)?.strip_suffix(".svg")?;
                Some((name, svg.as_str()))
            });
            let charts: Vec<(&str, &str)> = own.collect();
            assert!(charts.len() >= 6, "{folder}: {charts:?}");
            faults.extend(pictures::check(scene, &charts));
        }
        faults
    }

    /// Where the charts of a scenario lie: the page links them.
    fn folder(&self, scene: &Scene<'_>, section: &str) -> String {
        let start = section.find("(charts/").unwrap_or_else(|| panic!("no chart of {}", scene.name));
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

/// The terminal's sentences: what is no table.
fn spoken(part: &str) -> Vec<String> {
    let rule = |line: &&str| line.starts_with("───");
    let lines: Vec<&str> = part.lines().collect();
    let (first, last) = (lines.iter().position(|l| rule(&l)), lines.iter().rposition(|l| rule(&l)));
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let name = lines[..first].iter().rposition(|line| line.is_empty()).map_or(0, |at| at + 1);
    // Of a folder the worst come first, which is about others.
    [&lines[name..first], &lines[last + 1..]].map(|lines| lines.join(" ")).to_vec()
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
                faults.push(format!("{} · {place}: nothing yields {figure:?} of {line:?}", scene.name));
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

/// Another digit anywhere in a table is found.
#[test]
fn a_wrong_figure_in_any_cell_is_found() {
    let desk = Desk::new();
    let report = flown(&desk, &[&shipped("checkout-errors.yaml")]);
    sound(&report);
    let mut planted = 0;
    let page = report.file("summary.md").to_string();
    for (at, digit) in last_digits(&page, |line, under| {
        line.starts_with("| ") && !["Choose by", "What was expected"].contains(&under)
    }) {
        let mut wrong = Report { terminal: report.terminal.clone(), files: report.files.clone() };
        let mut text = page.clone();
        text.replace_range(at..at + 1, &digit);
        wrong.files.insert("summary.md".to_string(), text);
        assert!(!wrong.faults().is_empty(), "{}", around(&page, at));
        planted += 1;
    }
    let first = report.terminal.find("───").expect("a table");
    let last = report.terminal.rfind("───").expect("a table");
    for (at, digit) in last_digits(&report.terminal, |line, _| !line.starts_with('─')) {
        if !(first..last).contains(&at) {
            continue;
        }
        let mut wrong = Report { terminal: report.terminal.clone(), files: report.files.clone() };
        wrong.terminal.replace_range(at..at + 1, &digit);
        assert!(!wrong.faults().is_empty(), "{}", around(&report.terminal, at));
        planted += 1;
    }
    assert!(planted > 150, "{planted} figures");
}

fn around(text: &str, at: usize) -> &str {
    let from = text[..at].rfind('\n').map_or(0, |n| n + 1);
    text[from..].lines().next().unwrap_or_default()
}

/// The last digit of every figure in lines that count, and another one in its place.
fn last_digits(text: &str, counts: impl Fn(&str, &str) -> bool) -> Vec<(usize, String)> {
    let (mut found, mut from, mut under) = (Vec::new(), 0, "");
    for line in text.split_inclusive('\n') {
        under = line.strip_prefix("### ").map_or(under, str::trim);
        // Heads of columns hold no figures.
        let is_head = text[from + line.len()..].starts_with("|---");
        if counts(line, under) && !is_head {
            let bytes = line.as_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                let next = bytes.get(at + 1).copied().unwrap_or(b' ');
                let ends = !next.is_ascii_digit() && !(b".,".contains(&next)
                    && bytes.get(at + 2).is_some_and(u8::is_ascii_digit));
                let first = line[..at].trim_end_matches(|c: char| c.is_ascii_digit() || ".,".contains(c));
                let word = first.ends_with(|c: char| c.is_alphanumeric() || "-_`".contains(c));
                if byte.is_ascii_digit() && ends && !word && !next.is_ascii_alphabetic() {
                    let other = (byte - b'0' + 5) % 10;
                    found.push((from + at, other.to_string()));
                }
            }
        }
        from += line.len();
    }
    found
}

//! Wrong figures, planted one at a time: none may pass.

use super::sheet::{Scene, Sheets};
use super::{Report, flown, number, pictures, shipped, sound};
use crate::desk::Desk;
use serde_json::Value;
use std::collections::BTreeMap;

/// Another digit anywhere in a table is found.
#[test]
fn a_wrong_figure_in_any_cell_is_found() {
    let desk = Desk::new();
    let report = flown(&desk, &[&shipped("checkout-errors.yaml")]);
    sound(&report);
    let (planted, missed) = plant(&report);
    assert!(missed.is_empty(), "not found in\n{}", missed.join("\n"));
    assert!(planted > 150, "{planted} figures");
}

/// Plants a wrong figure in every cell of `summary.md` and of the terminal's tables, one at a time:
/// how many there are, and the lines in which one is not found.
fn plant(report: &Report) -> (usize, Vec<String>) {
    let sheets = Sheets::read(&report.files);
    let run: Value = serde_json::from_str(report.file("run.json")).expect("JSON");
    let scenes = Scene::all(&sheets, &run);
    let (page, text) = (report.file("summary.md"), report.terminal.as_str());
    let of_page = last_digits(page, |line, under| {
        line.starts_with("| ") && !["Choose by", "What was expected"].contains(&under)
    });
    let first = text.find("───").expect("a table");
    let last = text.rfind("───").expect("a table");
    let of_text = last_digits(text, |line, _| !line.starts_with('─'));
    let of_text = of_text.into_iter().filter(|(at, _)| (first..last).contains(at));
    let of_page = of_page.into_iter().map(|(at, digit)| (true, at, digit));
    let planted: Vec<(bool, usize, String)> =
        of_page.chain(of_text.map(|(at, digit)| (false, at, digit))).collect();
    let is_missed = |(in_page, at, digit): &&(bool, usize, String)| {
        let mut page = page.to_string();
        let mut terminal = text.to_string();
        let changed = if *in_page { &mut page } else { &mut terminal };
        changed.replace_range(*at..at + 1, digit);
        let files = BTreeMap::from([("summary.md".to_string(), page)]);
        Report { terminal, files }.of_tables(&scenes).is_empty()
    };
    let line = |(in_page, at, _): &(bool, usize, String)| {
        around(if *in_page { page } else { text }, *at).to_string()
    };
    let missed = planted.iter().filter(is_missed).map(line).collect();
    (planted.len(), missed)
}

/// So is one beside a mark of a chart.
#[test]
fn a_wrong_figure_in_a_chart_is_found() {
    let desk = Desk::new();
    let mut report = flown(&desk, &[&shipped("checkout-errors.yaml")]);
    let folder = "charts/checkout-errors";
    let charts = ["blast-radius", "downtime", "cost", "rollback", "stops"];
    let charts = charts.map(|name| format!("{folder}/{name}.svg"));
    for path in charts.iter().map(String::as_str).chain(["charts/overview.svg"]) {
        let svg = report.file(path).to_string();
        let texts = pictures::texts(&svg);
        let last = texts.iter().rfind(|text| !number::told(text).is_empty()).expect("a figure");
        let at = svg.rfind(last.as_str()).expect("where it stands");
        let digit = last.rfind(|c: char| c.is_ascii_digit()).expect("a digit");
        let other = if last[digit..].starts_with('5') { "1" } else { "5" };
        let mut wrong = svg.clone();
        wrong.replace_range(at + digit..at + digit + 1, other);
        report.files.insert(path.to_string(), wrong);
        let faults = report.faults().join("\n");
        let name = path.rsplit('/').next().expect("a name");
        assert!(faults.contains(name), "{path}: {last}: {faults}");
        report.files.insert(path.to_string(), svg);
    }
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
            for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
                let next = bytes.get(at + 1).copied().unwrap_or(b' ');
                let further = bytes.get(at + 2).is_some_and(u8::is_ascii_digit);
                let goes_on = next.is_ascii_digit() || b".,".contains(&next) && further;
                let ends = !goes_on;
                let first =
                    line[..at].trim_end_matches(|c: char| c.is_ascii_digit() || ".,".contains(c));
                let word = first.ends_with(|c: char| c.is_alphanumeric() || "-_`".contains(c));
                if ends && !word && !next.is_ascii_alphabetic() {
                    let other = (byte - b'0' + 5) % 10;
                    found.push((from + at, other.to_string()));
                }
            }
        }
        from += line.len();
    }
    found
}

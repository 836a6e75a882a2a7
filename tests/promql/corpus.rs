//! Prometheus' own test files as facts: every question of `promql/promqltest/testdata` that needs
//! neither native histograms nor what a server takes only behind a flag, in
//! `tests/data/promql/corpus/`, one file each.
//!
//! A file names its source, version and licence, and counts what was left out of it and why
//! (`left_out`). `series` are the loads that a case stands on, by number: `[labels, step in ms,
//! points]`, points being numbers, `[first, step, times]` for a run, null for no sample; a number
//! in front says whose series come first. `written_out` cases round upstream, so they hold what
//! Prometheus itself answers. What is known to differ is listed in `differences.txt`, with a reason.

use crate::suite::{Case, Series, judge, store};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use windtunnel::analysis::promql::Rules;
use windtunnel::analysis::promql::value::LabelTexts;
use windtunnel::telemetry::store::{Store, stale};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/promql/corpus");

/// A file of facts.
struct Facts {
    name: String,
    stores: Vec<Store>,
    cases: Vec<(usize, Case)>,
    left_out: u64,
}

/// What was asked, and which cases answer otherwise: `(file, line)` → what came instead.
#[derive(Default)]
struct Verdict {
    asked: usize,
    left_out: u64,
    differ: BTreeMap<(String, usize), String>,
}

fn array(value: &Json) -> &[Json] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

fn whole(value: &Json) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

fn number(value: &Json) -> f64 {
    match value.as_str() {
        Some("stale") => stale(),
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{text} is no number")),
        None => value.as_f64().unwrap_or_else(|| panic!("{value} is no number")),
    }
}

fn labels(value: &Json) -> LabelTexts {
    let pairs = value.as_object().unwrap_or_else(|| panic!("{value} are no labels"));
    let text = |value: &Json| value.as_str().expect("a text").to_string();
    let mut labels: LabelTexts = pairs.iter().map(|(n, v)| (n.clone(), text(v))).collect();
    labels.sort();
    labels
}

/// Points in their places: runs are spread, null stands for nothing.
fn points(list: &[Json]) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    for point in list {
        match point {
            Json::Null => values.push(None),
            Json::Array(run) => {
                let (mut value, step) = (number(&run[0]), number(&run[1]));
                values.push(Some(value));
                for _ in 0..whole(&run[2]) {
                    value += step;
                    values.push(Some(value));
                }
            }
            one => values.push(Some(number(one))),
        }
    }
    values
}

/// The series of each load; one may build on an earlier one.
fn loads(lists: &[Json]) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for list in lists {
        let mut series = Series::new();
        for row in array(list) {
            if let Some(earlier) = row.as_u64() {
                series = all[earlier as usize].clone();
                continue;
            }
            let samples = series.entry(labels(&row[0])).or_default();
            let step = whole(&row[1]);
            for (i, value) in points(array(&row[2])).into_iter().enumerate() {
                if let Some(value) = value {
                    samples.insert(i as i64 * step, value);
                }
            }
        }
        all.push(series);
    }
    all
}

fn case(fact: &Json) -> Case {
    let at = match fact.get("range_ms").map(array) {
        Some([start, end, step]) => (whole(start), whole(end), whole(step)),
        _ => (whole(&fact["at_ms"]), whole(&fact["at_ms"]), 0),
    };
    let wants = fact.get("wants").map(array).unwrap_or_default();
    Case {
        line: whole(&fact["line"]) as usize,
        query: fact["query"].as_str().expect("a query").to_string(),
        at,
        fails: fact.get("fails").is_some(),
        ordered: fact.get("ordered").is_some(),
        text: fact.get("text").map(|text| text.as_str().expect("a text").to_string()),
        rows: wants.iter().map(|row| (labels(&row[0]), points(array(&row[1])))).collect(),
    }
}

fn facts(name: &str, text: &str) -> Facts {
    let json: Json = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(json["source"]["licence"], "Apache-2.0", "{name} names its source");
    let left_out = json["left_out"].as_object().expect("what was left out");
    let questions = left_out.iter().filter(|(why, _)| why.starts_with("questions"));
    let cases = array(&json["cases"]).iter();
    Facts {
        name: name.to_string(),
        stores: loads(array(&json["series"])).iter().map(store).collect(),
        cases: cases.map(|fact| (whole(&fact["series"]) as usize, case(fact))).collect(),
        left_out: questions.map(|(_, count)| count.as_u64().expect("a count")).sum(),
    }
}

fn verdict(all: &[Facts]) -> Verdict {
    let mut verdict = Verdict::default();
    for facts in all {
        verdict.left_out += facts.left_out;
        for (load, case) in &facts.cases {
            verdict.asked += 1;
            if let Some(told) = judge(case, &facts.stores[*load], Rules::V3) {
                verdict.differ.insert((facts.name.clone(), case.line), told);
            }
        }
    }
    verdict
}

fn corpus() -> Vec<Facts> {
    let entries = std::fs::read_dir(FOLDER).expect("the folder of facts");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        facts(&name, &std::fs::read_to_string(path).expect("facts"))
    };
    paths.iter().map(read).collect()
}

/// `file line reason`, one each; empty lines and `#` for people.
fn known() -> BTreeMap<(String, usize), String> {
    let text = std::fs::read_to_string(format!("{FOLDER}/differences.txt")).expect("a list");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let [file, at, why] = words[..] else { panic!("{line}: no reason") };
        ((file.to_string(), at.parse().expect("a line")), why.to_string())
    };
    lines.map(entry).collect()
}

#[test]
fn prometheus_own_test_files_are_answered_alike() {
    let (verdict, known) = (verdict(&corpus()), known());
    let told = |differ: &BTreeMap<(String, usize), String>, other: &BTreeMap<_, String>| {
        let only = differ.iter().filter(|(place, _)| !other.contains_key(*place));
        only.map(|((file, line), told)| format!("{file} {line}: {told}")).collect::<Vec<_>>()
    };
    let (unlisted, healed) = (told(&verdict.differ, &known), told(&known, &verdict.differ));
    assert!(unlisted.is_empty(), "{} differ:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(healed.is_empty(), "listed, but they agree:\n{}", healed.join("\n"));
    let agree = verdict.asked - verdict.differ.len();
    let (asked, left_out) = (verdict.asked, verdict.left_out);
    println!("{agree} of {asked} questions are answered alike; {left_out} were left out");
    let readme = include_str!("../../crates/promql/README.md");
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [format!("{agree} of the {asked} questions"), format!("{left_out} others")] {
        assert!(readme.contains(&said), "{said}");
    }
}

#[test]
fn a_wrong_fact_is_noticed() {
    let text = |wants: &str| {
        format!(
            r#"{{"source": {{"licence": "Apache-2.0"}}, "left_out": {{"questions of x": 2}},
            "series": [[[{{"__name__": "up"}}, 60000, [[1, 2, 3], null, "NaN"]]],
                       [0, [{{"__name__": "down"}}, 60000, ["+Inf"]]]],
            "cases": [{{"line": 7, "query": "up + on() down", "series": 1, {wants}}},
                      {{"line": 8, "query": "down", "at_ms": 0, "wants": [], "series": 0}}]}}"#
        )
    };
    let differing = |wants: &str| {
        let verdict = verdict(&[facts("small", &text(wants))]);
        assert_eq!((verdict.asked, verdict.left_out), (2, 2));
        verdict.differ.into_keys().map(|(_, line)| line).collect::<Vec<_>>()
    };
    assert!(
        differing(r#""range_ms": [0, 60000, 60000], "wants": [[{}, ["+Inf", "+Inf"]]]"#).is_empty()
    );
    assert_eq!(differing(r#""range_ms": [0, 60000, 60000], "wants": [[{}, ["+Inf", 3]]]"#), [7]);
    assert_eq!(differing(r#""at_ms": 0, "wants": [[{"a": "b"}, ["+Inf"]]]"#), [7]);
    assert_eq!(differing(r#""at_ms": 0, "fails": true"#), [7]);
}

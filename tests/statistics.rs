//! Every statistical function against recorded answers of independent implementations, and every
//! interval against the truth (`coverage`).
//!
//! `tests/data/oracles/statistics.json` holds families of cases. A runner per family turns any
//! `input` into an answer, so new cases need no code; a family that nobody runs fails the test.

mod coverage;
mod oracle;

use oracle::{Family, Input, compare};
use serde_json::Value;

const DATA: &str = include_str!("data/oracles/statistics.json");

/// Families that are known and deliberately not run yet.
const NOT_COVERED: &[&str] = &[];

fn families() -> impl Iterator<Item = &'static Family> {
    oracle::stats::FAMILIES.iter().chain(oracle::analysis::FAMILIES).chain(oracle::judges::FAMILIES)
}

#[test]
fn every_case_is_answered_as_recorded() {
    let data: Value = serde_json::from_str(DATA).expect("the oracle is JSON");
    let recorded = data["families"].as_object().expect("families");
    let mut problems = Vec::new();
    let mut answered = 0;
    for (name, cases) in recorded {
        let Some(family) = families().find(|f| f.name == name) else {
            if !NOT_COVERED.contains(&name.as_str()) {
                problems.push(format!("family `{name}` has no runner"));
            }
            continue;
        };
        for case in cases.as_array().expect("cases") {
            let id = case["id"].as_str().unwrap_or(name);
            let input = Input(case["input"].as_object().expect("input"));
            match (family.run)(&input) {
                Some(got) => problems.extend(compare(&got, &case["expected"], family, id)),
                None => problems.push(format!("{id}: refused")),
            }
            answered += 1;
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
    assert!(answered > 0, "no case was run");
}

#[test]
fn the_lists_name_only_recorded_families() {
    let data: Value = serde_json::from_str(DATA).expect("the oracle is JSON");
    let names = families().map(|f| f.name).chain(NOT_COVERED.iter().copied());
    for name in names {
        assert!(data["families"].get(name).is_some(), "`{name}` is not in the oracle");
    }
}

/// The comparison itself bites: a wrong digit, a missing and an extra key are all found.
#[test]
fn the_comparison_finds_differences() {
    let family = families().next().expect("a family");
    let count = |got: &str, expected: &str| {
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        compare(&read(got), &read(expected), family, "case").len()
    };
    assert_eq!(count(r#"{"a": 1.0, "b": null}"#, r#"{"a": 1.000000001}"#), 0);
    assert_eq!(count(r#"{"a": 1.0}"#, r#"{"a": 1.0000001}"#), 1);
    assert_eq!(count(r#"{"a": 1.0}"#, r#"{"a": 1.0, "b": 2}"#), 1);
    assert_eq!(count(r#"{"a": 1.0, "b": [1, 2]}"#, r#"{"a": 1.0, "b": [1]}"#), 1);
    assert_eq!(count(r#"{"a": 0}"#, r#"{"a": "NaN"}"#), 1);
}

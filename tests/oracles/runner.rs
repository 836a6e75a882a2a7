//! Reads one oracle file, asks for an answer to every case, and lists all that differ.

use crate::input::Input;
use serde_json::Value;
use std::path::Path;

/// Runs all cases of `tests/data/oracles/<name>.json`. `answer` gets a case's kind and input; it
/// returns nothing for a kind it does not know, which fails the test, as does a file without cases.
/// Of an answer with named parts, only the parts that the case expects are compared.
pub fn run(name: &str, answer: impl Fn(&str, Input) -> Option<Value>) {
    let wrong = wrong_answers(&read(name), answer);
    assert!(wrong.is_empty(), "{name}: {} wrong answers\n{}", wrong.len(), wrong.join("\n"));
}

/// Compares the answer to every entry of the list `list` of `tests/data/oracles/<name>.json`, for
/// files whose entries name no kind. `check` returns what was found and what is expected.
pub fn run_list(name: &str, list: &str, check: impl Fn(Input) -> (Value, Value)) {
    let file = read(name);
    let entries = file[list].as_array().expect("the oracle file has the list");
    assert!(!entries.is_empty(), "{name}: no entry in {list}");
    let mut wrong = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        eprintln!("{list} {number}");
        let (found, expected) = check(Input::of(entry));
        if !matches(&found, &expected) {
            wrong.push(format!("{entry}: found {found}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{name}: {} wrong answers\n{}", wrong.len(), wrong.join("\n"));
}

/// The same for a list whose entries are rows of values.
pub fn run_rows(name: &str, list: &str, check: impl Fn(&[Value]) -> (Value, Value)) {
    let file = read(name);
    let rows = file[list].as_array().expect("the oracle file has the list");
    assert!(!rows.is_empty(), "{name}: no row in {list}");
    for row in rows {
        let (found, expected) = check(row.as_array().expect("a row"));
        assert!(matches(&found, &expected), "{row}: found {found}, expected {expected}");
    }
}

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracles");
    let path = folder.join(name).with_extension("json");
    let text = std::fs::read_to_string(&path).expect("the oracle file can be read");
    serde_json::from_str(&text).expect("the oracle file is JSON")
}

/// One line for each case whose answer is not the expected one.
fn wrong_answers(file: &Value, answer: impl Fn(&str, Input) -> Option<Value>) -> Vec<String> {
    let cases = file["cases"].as_array().expect("the oracle file has cases");
    assert!(!cases.is_empty(), "the oracle file has no case");
    let mut wrong = Vec::new();
    for case in cases {
        let (id, kind) = (&case["id"], case["kind"].as_str().unwrap_or_default());
        // Shown only if the test fails: names the case whose answer panicked.
        eprintln!("case {id}");
        let expected = case.get("expect").expect("a case says what it expects");
        match answer(kind, Input::of(&case["input"])) {
            None => wrong.push(format!("{id}: unknown kind {kind:?}")),
            Some(found) if !matches(&found, expected) => {
                wrong.push(format!("{id}: found {found}, expected {expected}"));
            }
            Some(_) => {}
        }
    }
    wrong
}

fn matches(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let part = |(key, value)| found.get(key).is_some_and(|found| matches(found, value));
            expected.iter().all(part)
        }
        (Value::Array(found), Value::Array(expected)) => {
            let mut pairs = found.iter().zip(expected);
            found.len() == expected.len() && pairs.all(|(found, expected)| matches(found, expected))
        }
        (Value::Number(found), Value::Number(expected)) => found.as_f64() == expected.as_f64(),
        _ => found == expected,
    }
}

mod tests {
    use super::{matches, wrong_answers};
    use serde_json::json;

    #[test]
    fn only_expected_parts_are_compared() {
        assert!(matches(&json!({"a": 1, "b": [2]}), &json!({"b": [2.0]})));
        assert!(!matches(&json!({"a": 1}), &json!({"a": 1, "c": null})));
        assert!(!matches(&json!([1, 2]), &json!([1])));
    }

    #[test]
    fn unknown_kinds_and_wrong_answers_fail() {
        let case = |kind| json!({"id": kind, "kind": kind, "input": {}, "expect": 1});
        let file = json!({"cases": [case("right"), case("wrong"), case("unknown")]});
        let answer = |kind: &str, _: crate::input::Input| match kind {
            "right" => Some(json!(1)),
            "wrong" => Some(json!(2)),
            _ => None,
        };
        assert_eq!(wrong_answers(&file, answer).len(), 2);
    }

    #[test]
    #[should_panic(expected = "no case")]
    fn an_empty_file_fails() {
        wrong_answers(&json!({"cases": []}), |_, _| None);
    }
}

//! The JSON Schema says of whole scenarios what the readers say, as far as shapes go.
//!
//! A validator of the few keywords that the schema uses; patterns of strings are not looked at.

use super::desk::{Desk, SMALL};
use serde_json::{Map, Value};
use std::fs;

/// What the schema says against a value: the path and the keyword, one line each.
fn against(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let Some(keywords) = schema.as_object() else { return vec![format!("{path}: no schema")] };
    let mut found = Vec::new();
    for (keyword, wanted) in keywords {
        let of = |schema: &Value| against(root, schema, value, path);
        let fine = |schemas: &Value| {
            schemas.as_array().into_iter().flatten().filter(|s| of(s).is_empty()).count()
        };
        let holds = match keyword.as_str() {
            "$ref" => {
                let target = wanted.as_str().and_then(|w| w.strip_prefix("#/$defs/"));
                found.extend(of(&root["$defs"][target.expect("a definition")]));
                true
            }
            "type" => types(wanted).any(|name| is(value, name)),
            "enum" => wanted.as_array().is_some_and(|words| words.contains(value)),
            "const" => wanted == value,
            "oneOf" => fine(wanted) == 1,
            "anyOf" => fine(wanted) > 0,
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "maximum" => value.as_f64() <= wanted.as_f64(),
            "minProperties" => value.as_object().map(Map::len) >= Some(number(wanted)),
            "maxProperties" => value.as_object().map_or(0, Map::len) <= number(wanted),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(against(root, wanted, item, &format!("{path}[{index}]")));
                }
                true
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(key) {
                        found.extend(against(root, schema, inner, &format!("{path}.{key}")));
                    }
                }
                true
            }
            "required" => {
                let mut names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
                value.as_object().is_none_or(|map| names.all(|name| map.contains_key(name)))
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                let known = |key: &String| known.is_some_and(|known| known.contains_key(key));
                value.as_object().is_none_or(|map| map.keys().all(known))
            }
            "if" => {
                let part = if of(wanted).is_empty() { "then" } else { "else" };
                found.extend(of(&keywords[part]));
                true
            }
            "then" | "else" => true,
            "$schema" | "$defs" | "title" | "description" | "pattern" => true,
            other => panic!("the schema uses {other}, which this test does not know"),
        };
        if !holds {
            found.push(format!("{path}: {keyword} {wanted} does not fit {value}"));
        }
    }
    found
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or(0) as usize
}

fn types(wanted: &Value) -> impl Iterator<Item = &str> {
    let many = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
    wanted.as_str().into_iter().chain(many)
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type {other}"),
    }
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

#[test]
fn the_schema_accepts_what_the_readers_accept() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&desk.fine(&["schema"])).expect("JSON");
    let accepts = |name: &str, text: &str| {
        let found = against(&schema, &schema, &value(text), "");
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    };
    accepts("the starter", &desk.fine(&["new", "shop"]));
    accepts("small.yaml", SMALL);
    for manifest in ["- manifest: canary.yaml", "- manifest: {path: canary.yaml, name: ours}"] {
        accepts(manifest, &SMALL.replace("- rollingUpdate", manifest));
    }
    let root = env!("CARGO_MANIFEST_DIR");
    accepts("a textbook", &read(&format!("{root}/docs/textbook.yaml")));
    accepts("everything", &read(&format!("{root}/tests/data/scenarios/everything.yaml")));
    for entry in fs::read_dir(format!("{root}/scenarios")).expect("scenarios") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "yaml") {
            accepts(&path.to_string_lossy(), &read(&path.to_string_lossy()));
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

const BOOK: &str = "\
kind: Textbook
spec:
  chapters:
  - title: One
    claims:
    - {id: A, claim: x, verdict: holds, why: because, evidence: [{scenario: small, line: l}]}
    - {id: B, claim: x, verdict: depends, why: because, sweeps: [{scenario: s, set: p, line: l, values: [1, 2]}]}
";

#[test]
fn the_schema_refuses_textbooks_that_the_reader_refuses() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&desk.fine(&["schema"])).expect("JSON");
    assert_eq!(against(&schema, &schema, &value(BOOK), ""), Vec::<String>::new());
    for (right, wrong) in [
        ("verdict: holds", "verdict: perhaps"),
        ("claim: x", "says: x"),
        ("title: One", "heading: One"),
        ("set: p", "path: p"),
        ("values: [1, 2]", "values: [1, 2], replications: 1"),
        ("chapters:", "chapter:"),
    ] {
        let text = BOOK.replace(right, wrong);
        assert_ne!(text, BOOK, "{right} is not in the book");
        assert!(!against(&schema, &schema, &value(&text), "").is_empty(), "{wrong} is accepted");
        desk.write("book.yaml", &text);
        let answer = desk.run(&["textbook", "book.yaml", "--only", "A"]);
        assert_eq!(answer.code, Some(2), "{wrong}: {}", answer.err);
    }
}

#[test]
fn the_schema_refuses_what_the_readers_refuse() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&desk.fine(&["schema"])).expect("JSON");
    for (right, wrong) in [
        ("replicas: 3", "replicas: 0"),
        ("replicas: 3", "replica: 3"),
        ("kind: Scenario", "kind: Deployment"),
        ("- rollingUpdate", "- rolling"),
        ("- rollingUpdate", "- manifest: {file: canary.yaml}"),
        ("steps: [20%, 100%]", "steps: 20%"),
        ("faults: [{errors:", "faults: [{error:"),
        ("horizon: 4m", "horizon: {minutes: 4}"),
        ("name: small", "title: small"),
    ] {
        let text = SMALL.replace(right, wrong);
        assert_ne!(text, SMALL, "{right} is not in the small scenario");
        assert!(!against(&schema, &schema, &value(&text), "").is_empty(), "{wrong} is accepted");
        assert_eq!(desk.run_with(&["validate", "-"], &text).code, Some(2), "{wrong}");
    }
}

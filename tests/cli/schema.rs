//! The JSON Schema says of whole scenarios what the readers say, as far as shapes go: asked of a
//! validator of JSON Schema that others wrote, so of what an editor shows.

use super::desk::{Desk, SMALL};
use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The schema that `windtunnel schema` prints, itself held against the schema of schemas.
fn schema(desk: &Desk) -> Validator {
    let schema: Value = serde_json::from_str(&desk.fine(&["schema"])).expect("JSON");
    if let Err(error) = jsonschema::meta::validate(&schema) {
        panic!("no schema at {}: {error}", error.instance_path());
    }
    jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("no schema: {e}"))
}

/// What the schema says against a value: the path and what is wrong, one line each.
fn against(schema: &Validator, value: &Value) -> Vec<String> {
    let told = schema.iter_errors(value);
    told.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// All documents of a file of YAML.
fn values(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

/// Every file with an ending in a folder and those within it.
fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push(path);
        }
    }
}

fn value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

#[test]
fn the_schema_accepts_what_the_readers_accept() {
    let desk = Desk::new();
    let schema = schema(&desk);
    let accepts = |name: &str, text: &str| {
        let found = against(&schema, &value(text));
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
}

#[test]
fn the_schema_accepts_every_shipped_scenario() {
    let desk = Desk::new();
    let schema = schema(&desk);
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), "yaml", &mut paths);
    let mut asked = 0;
    for path in &paths {
        let documents = values(&read(&path.to_string_lossy()));
        // Manifests of controllers stand beside scenarios, and are nobody's here.
        let own = |document: &&Value| {
            let version = document["apiVersion"].as_str().unwrap_or_default();
            version.starts_with("windtunnel/")
        };
        for document in documents.iter().filter(own) {
            let found = against(&schema, document);
            assert!(found.is_empty(), "{}:\n{}", path.display(), found.join("\n"));
            asked += 1;
        }
    }
    assert!(asked >= 25, "only {asked} scenarios were found in {} files", paths.len());
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
    let schema = schema(&desk);
    assert_eq!(against(&schema, &value(BOOK)), Vec::<String>::new());
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
        assert!(!against(&schema, &value(&text)).is_empty(), "{wrong} is accepted");
        desk.write("book.yaml", &text);
        let answer = desk.run(&["textbook", "book.yaml", "--only", "A"]);
        assert_eq!(answer.code, Some(2), "{wrong}: {}", answer.err);
    }
}

#[test]
fn the_schema_refuses_what_the_readers_refuse() {
    let desk = Desk::new();
    let schema = schema(&desk);
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
        assert!(!against(&schema, &value(&text)).is_empty(), "{wrong} is accepted");
        assert_eq!(desk.run_with(&["validate", "-"], &text).code, Some(2), "{wrong}");
    }
}

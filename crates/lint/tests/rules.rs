//! Every rule sees its fault in every check of `CODE.bad.yaml`, and in none of `CODE.good.yaml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use windtunnel_lint::finding::Finding;
use windtunnel_lint::read::{self, Document};
use windtunnel_lint::rules::RULES;
use windtunnel_lint::{Lint, NOT_PROMQL, lint};
use windtunnel_scenario::yaml;

fn linted(path: &Path) -> (Lint, BTreeSet<String>) {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: Arc<str> = Arc::from(path.display().to_string());
    let nodes = yaml::documents(&text, &file).expect("YAML");
    let documents: Vec<Document<'_>> =
        nodes.iter().map(|node| Document { file: &file, node }).collect();
    let checks = read::read(&documents).checks;
    (lint(&documents), checks.into_iter().map(|check| check.object).collect())
}

fn codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code).chain([NOT_PROMQL])
}

fn objects_with(found: &[Finding], code: &str) -> BTreeSet<String> {
    let own = found.iter().filter(|finding| finding.code == code);
    own.map(|finding| finding.object.clone()).collect()
}

#[test]
fn every_rule_sees_its_fault_and_nothing_where_it_is_mended() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for code in codes() {
        let (bad, objects) = linted(&data.join(format!("{code}.bad.yaml")));
        assert_eq!(objects_with(&bad.findings, code), objects, "{code}: {:#?}", bad.findings);
        let (good, objects) = linted(&data.join(format!("{code}.good.yaml")));
        assert!(!objects.is_empty(), "{code}: no check to be good");
        assert_eq!(objects_with(&good.findings, code), BTreeSet::new(), "{code}");
    }
}

#[test]
fn codes_are_given_once_and_in_order() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
}

#[test]
fn hostile_documents_are_passed_over() {
    for text in [
        "kind: AnalysisTemplate",
        "kind: AnalysisTemplate\nspec: [1, 2]",
        "kind: Canary\nspec: {analysis: {metrics: [{templateRef: {name: x}}]}}",
        "kind: List\nitems: {a: 1}",
        "kind: AnalysisTemplate\nspec: {metrics: [{provider: {prometheus: {query: \"{{{{}}\"}}}]}",
        "checks: [{query: \"{{\", failsWhen: \"> many\"}]",
        "kind: PrometheusRule\nspec: {groups: [{rules: [{record: 7}]}]}",
    ] {
        let file: Arc<str> = Arc::from("a.yaml");
        let nodes = yaml::documents(text, &file).expect("YAML");
        let documents: Vec<Document<'_>> =
            nodes.iter().map(|node| Document { file: &file, node }).collect();
        lint(&documents);
    }
}

//! `lint`: what it finds in files, how it says so, and what it leaves alone.

use super::desk::Desk;
use serde_json::Value;
use std::time::Instant;

const CHECKS: &str = include_str!("../data/lint/checks.yaml");

/// A template with a query and a condition.
fn template(name: &str, query: &str, success: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: {name}}}\n\
         spec:\n  args: [{{name: canary-hash}}]\n  metrics:\n    - name: share\n      interval: 2m\n      \
         count: 5\n      successCondition: {success}\n      provider:\n        prometheus:\n          \
         query: {query}\n"
    )
}

const GOOD: &str = "sum(rate(http_requests_total{rollouts_pod_template_hash=\
     \"{{args.canary-hash}}\",code!~\"5..\"}[2m])) / sum(rate(http_requests_total\
     {rollouts_pod_template_hash=\"{{args.canary-hash}}\"}[2m]))";

#[test]
fn a_check_that_is_upside_down_is_found_with_its_line_and_mended() {
    let desk = Desk::new();
    desk.write("checks.yaml", CHECKS);
    let answer = desk.run(&["lint", "checks.yaml"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let line = CHECKS.lines().position(|l| l.contains("\"> 0.03\"")).expect("the limit") + 1;
    let place = format!("checks.yaml:{line}:");
    let told = answer.out.lines().find(|l| l.starts_with(&place)).expect("the finding");
    assert!(told.contains("WT107"), "{told}");
    assert!(answer.out.contains("failsWhen: \"< 0.03\""), "{}", answer.out);
    let mended = CHECKS.replace("\"> 0.03\"", "\"< 0.03\"");
    desk.write("checks.yaml", &mended);
    assert!(!desk.run(&["lint", "checks.yaml"]).out.contains("WT107"));
}

#[test]
fn what_has_no_fault_is_told_so_and_exits_with_0() {
    let desk = Desk::new();
    desk.write("a.yaml", &template("a", GOOD, "'result[0] >= 0.95'"));
    let answer = desk.run(&["lint", "a.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(answer.out.starts_with("1 check: nothing found\n"), "{}", answer.out);
}

#[test]
fn findings_are_there_for_machines() {
    let desk = Desk::new();
    desk.write("a.yaml", &template("a", GOOD, "'result >= 0.95'"));
    let answer = desk.run(&["lint", "a.yaml", "--format", "json"]);
    assert_eq!(answer.code, Some(1));
    let found: Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!((&found["checks"], &found["findings"][0]["code"]), (&1.into(), &"WT103".into()));
    let text = desk.read("a.yaml");
    let line = text.lines().position(|l| l.contains("successCondition")).expect("a line") + 1;
    assert_eq!(found["findings"][0]["line"], line);
    assert_eq!(found["findings"].as_array().map(Vec::len), Some(1), "{found}");
}

#[test]
fn what_cannot_be_read_is_refused_with_every_problem() {
    let desk = Desk::new();
    desk.write("broken.yaml", "kind: [");
    desk.write("worse.yaml", "a: b: c");
    let answer = desk.run(&["lint", "broken.yaml", "worse.yaml", "missing.yaml"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
    for file in ["broken.yaml:1", "worse.yaml:1", "missing.yaml: error: no such file"] {
        assert!(answer.err.contains(file), "{file}: {}", answer.err);
    }
    assert_eq!(desk.run(&["lint"]).code, Some(2));
}

#[test]
fn helm_templates_of_a_folder_are_told_and_left_out() {
    let desk = Desk::new();
    desk.write("deploy/a.yaml", &template("a", GOOD, "'result[0] >= 0.95'"));
    desk.write("deploy/chart/b.yaml", "metadata: {name: {{ .Values.name }}}\n");
    let answer = desk.run(&["lint", "-R", "deploy"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("helm template"), "{}", answer.err);
    let named = desk.run(&["lint", "deploy/chart/b.yaml"]);
    assert_eq!(named.code, Some(2));
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let desk = Desk::new();
    let name = "\"a\\e[31m<script>\"";
    desk.write("a.yaml", &template(name, GOOD, "'result >= 0.95'"));
    let answer = desk.run(&["lint", "a.yaml"]);
    assert_eq!(answer.code, Some(1));
    assert!(!answer.out.contains('\u{1b}'), "{}", answer.out);
}

#[test]
fn five_hundred_files_take_less_than_a_second() {
    let desk = Desk::new();
    for n in 0..500 {
        let good = template(&format!("t{n}"), GOOD, "'result[0] >= 0.95'");
        desk.write(&format!("all/{n}.yaml"), &good);
    }
    let begun = Instant::now();
    let answer = desk.run(&["lint", "all"]);
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.starts_with("500 checks: nothing found"), "{}", answer.out);
    // A second when optimized; this program is not, and others run beside it.
    assert!(took < 15.0, "{took} s");
}

#[test]
fn codes_are_explained() {
    let desk = Desk::new();
    let text = desk.fine(&["explain", "WT103"]);
    for part in ["list against number", "bad:", "good:", "result[0] < 0.05"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Every code stands in the document with its name and what is wrong.
#[test]
fn the_document_has_every_code() {
    let text = include_str!("../../docs/thresholds.md");
    for rule in windtunnel_lint::rules::RULES {
        let row = format!("| {} | {} | ", rule.code, rule.name);
        let line = text.lines().find(|line| line.starts_with(&row)).expect(rule.code);
        assert!(line.contains(rule.wrong), "{}: {line}", rule.code);
    }
}

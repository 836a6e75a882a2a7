//! Hostile texts from files and arguments: no verb sends them to a terminal as they are, and what is
//! recorded can be read back.

use super::desk::{Desk, PROGRAM, SMALL};
use proptest::prelude::*;
use std::process::Command;
use windtunnel::base::escape::is_hidden;

/// Escape sequences, an override of the direction, a bell, C1, and no width.
const NASTY: &str = "a\u{1b}[31m\u{202e}b\u{7}\u{9b}2J\u{200b}\u{2066}";

/// The same as a YAML text in quotes.
const IN_YAML: &str = r#""a\e[31m\u202eb\a\x9b2J\u200b\u2066""#;

fn shows_everything(what: &str, text: &str) {
    let hidden = text.chars().find(|c| is_hidden(*c) && *c != '\n' && *c != '\t');
    assert!(hidden.is_none(), "{what}: {hidden:?} in {text:?}");
}

#[test]
fn no_field_of_a_file_reaches_a_terminal_raw() {
    let desk = Desk::new();
    let put = |from: &str, to: &str| SMALL.replace(from, &to.replace("NASTY", IN_YAML));
    let cases = [
        ("kind", put("kind: Scenario", "kind: NASTY")),
        ("apiVersion", put("apiVersion: windtunnel/v1alpha1", "apiVersion: NASTY")),
        ("name", put("name: small", "name: NASTY")),
        ("key", put("  horizon: 4m", "  horizon: 4m\n  NASTY: 1")),
        ("value", put("horizon: 4m", "horizon: NASTY")),
        ("route", put("name: home", "name: NASTY")),
        ("variant", put("name: good", "name: NASTY")),
        ("strategy", put("- rollingUpdate", "- NASTY")),
        ("strategy's name", put("- rollingUpdate", "- rollingUpdate: {name: NASTY}")),
        ("manifest", put("- rollingUpdate", "- manifest: NASTY")),
        ("trace", put("{poisson: {rate: 10/s}}", "{trace: {file: NASTY}}")),
        ("check", put("errorRate: {max: 10%}", "NASTY: {max: 10%}")),
        ("query", put("errorRate: {max: 10%}", "query: {query: NASTY, failsWhen: \"> 0\"}")),
        ("condition", put("errorRate: {max: 10%}", "query: {query: up, failsWhen: NASTY}")),
        ("line", put("canary · bad · users_exposed > 0", "NASTY")),
        ("zone", put("replicas: 3", "replicas: 3\n    zones: [{name: NASTY, share: 100%}]")),
        ("raw", format!("{SMALL}# {NASTY}\n{NASTY}: x\n")),
    ];
    for (what, text) in cases {
        desk.write("bad.yaml", &text);
        for args in [&["validate", "bad.yaml"][..], &["validate", "bad.yaml", "--format", "json"]] {
            let answer = desk.run(args);
            assert_ne!(answer.code, Some(0), "{what} is refused");
            shows_everything(what, &answer.out);
            shows_everything(what, &answer.err);
        }
    }
}

#[test]
fn no_argument_reaches_a_terminal_raw() {
    let desk = Desk::new();
    let set = format!("spec.{NASTY}={NASTY}");
    for args in [
        &["run", NASTY][..],
        &["validate", "small.yaml", "--set", &set],
        &["validate", "small.yaml", "--set", NASTY],
        &["run", "small.yaml", "--strategies", NASTY],
        &["run", "small.yaml", "--out", "small.yaml/\u{1b}[31m"],
        &["replay", "small.yaml", "--strategy", NASTY],
        &["replay", "small.yaml", "--telemetry", "none/\u{1b}[31m"],
        &["list", NASTY],
        &["explain", NASTY],
        &["new", NASTY],
        &["query", NASTY, NASTY],
        &["query", "small.yaml", NASTY],
        &["textbook", NASTY],
        &["import", NASTY],
        &[NASTY],
        &["run", &format!("--{NASTY}")],
        &["run", "--jobs", NASTY],
    ] {
        let answer = desk.run(args);
        assert_ne!(answer.code, Some(0), "{args:?}");
        shows_everything(&format!("{args:?}"), &answer.out);
        shows_everything(&format!("{args:?}"), &answer.err);
    }
}

#[test]
fn series_are_shown_in_quotes_that_read_back() {
    let desk = Desk::new();
    desk.write("odd.om", &format!("{{\"{NASTY}\"}} 1 1\na{{\"x{NASTY}\"=\"{NASTY}\"}} 1 1\n"));
    let all = "{__name__=~\".+\"}";
    for args in [&["query", "odd.om", all][..], &["query", "odd.om", all, "--format", "json"]] {
        let answer = desk.run(args);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        shows_everything("query", &answer.out);
        shows_everything("query", &answer.err);
    }
    // What the table shows can be asked.
    let table = desk.fine(&["query", "odd.om", all]);
    for line in table.lines().skip(1) {
        let (series, _) = line.trim_end().rsplit_once(' ').expect("a value");
        assert!(desk.fine(&["query", "odd.om", series.trim_end()]).contains(series.trim_end()));
    }
}

#[test]
fn names_of_checks_are_shown_in_stories_and_pages() {
    let desk = Desk::new();
    let name = r#""a\e[31mR\u202eb<script>x|y`\n=cmd()""#;
    let check = format!("query: {{name: {name}, query: vector(1), failsWhen: \"> 0\"}}");
    desk.write("check.yaml", &SMALL.replace("errorRate: {max: 10%}", &check));
    let event_log = desk.run(&["replay", "check.yaml", "--strategy", "canary"]);
    assert!(event_log.code == Some(0) && event_log.out.contains(r"a\u{1b}[31mR\u{202e}b<script>"));
    shows_everything("event log", &event_log.out);
    let run = desk.run(&["run", "check.yaml", "--replications", "2", "--out", "report"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    shows_everything("run", &run.out);
    let summary = desk.read("report/summary.md");
    shows_everything("summary", &summary);
    assert!(
        summary.contains("`` a\\u{1b}[31mR") || summary.contains("``a\\u{1b}[31mR"),
        "{summary}"
    );
    for (path, bytes) in desk.files("report") {
        let is = |ending: &str| path.extension().is_some_and(|e| e == ending);
        if is("svg") || is("json") || is("jsonl") {
            let text = String::from_utf8(bytes).expect("UTF-8");
            shows_everything(&path.display().to_string(), &text);
            assert!(!is("svg") || !text.contains("<script>"), "{path:?}");
        }
    }
}

#[test]
fn imports_are_yaml_that_reads_back() {
    let desk = Desk::new();
    let manifest = format!("\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop, annotations: {{{IN_YAML}: {IN_YAML}}}}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: shop}}}}
  {IN_YAML}: {IN_YAML}
  template:
    metadata: {{labels: {{app: shop, {IN_YAML}: {IN_YAML}}}}}
    spec:
      containers:
        - name: shop
          image: {IN_YAML}
          readinessProbe: {{httpGet: {{path: {IN_YAML}, port: 80, httpHeaders: [{{name: {IN_YAML}, value: x}}]}}}}
");
    desk.write("shop.yaml", &manifest);
    for args in [&["import", "shop.yaml"][..], &["import", "shop.yaml", "--format", "json"]] {
        let answer = desk.run(args);
        shows_everything("import", &answer.out);
        shows_everything("import", &answer.err);
        if answer.code == Some(0) && args.len() == 2 {
            desk.write("again.yaml", &answer.out);
            desk.fine(&["validate", "again.yaml"]);
        }
    }
}

#[test]
fn the_recorded_command_repeats_the_run() {
    let desk = Desk::new();
    let odd = "it's a \"$HOME\" `x`\n\u{e4} \u{1b}[31m\u{202e}";
    desk.write(&format!("{odd}.yaml"), SMALL);
    let set = "metadata.name='it'".to_string();
    let file = format!("{odd}.yaml");
    let args = ["run", &file, "--replications", "1", "--out", "o", "--set", &set];
    assert_eq!(desk.run(&args).code, Some(0));
    let run: serde_json::Value = serde_json::from_str(&desk.read("o/run.json")).expect("JSON");
    let command = run["command"].as_str().expect("a command").to_string();
    shows_everything("command", &command);
    let before = desk.files("o");
    std::fs::remove_dir_all(desk.path("o")).expect("removed");
    let folder = std::path::Path::new(PROGRAM).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    let again = shell.arg("-c").arg(&command).current_dir(desk.path(".")).env("PATH", path);
    let again = again.output().expect("a shell");
    assert!(again.status.success(), "{command}: {}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(desk.files("o"), before);
    assert!(desk.read("o/summary.md").contains("```sh\nwindtunnel run "), "a command of two lines");
}

#[test]
fn queries_may_begin_with_a_minus_and_counts_may_have_exponents() {
    let desk = Desk::new();
    let answer = desk.run_with(&["query", "-", "-a"], "");
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("no samples"), "{}", answer.err);
    let answer = desk.run_with(&["query", "-", "-a"], "a 1 1000\n");
    assert!(answer.out.contains("-1"), "{} {}", answer.out, answer.err);
    desk.write("e.yaml", &SMALL.replace("users: 200", "users: 1e3"));
    desk.fine(&["validate", "e.yaml"]);
    desk.write("e.yaml", &SMALL.replace("users: 200", "users: 1.5"));
    assert!(desk.run(&["validate", "e.yaml"]).err.contains("found 1.5; expected a whole number"));
    let startup = "startup: {lognormal: {median: 8s, p99: 5s}}";
    desk.write("e.yaml", &SMALL.replace("startup: 5s", startup));
    let err = desk.run(&["validate", "e.yaml"]).err;
    assert!(err.contains("found \"5s\"; expected p99 above the median"), "{err}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever a name is, a flight with it tells it in a form that obeys nothing.
    #[test]
    fn any_name_of_a_check_can_be_told(name in "\\PC{0,8}[\\x00-\\xff\u{202a}-\u{202e}|`<*\\[]{1,8}") {
        let desk = Desk::new();
        let quoted = serde_json::to_string(&name).expect("JSON");
        let check = format!("query: {{name: {quoted}, query: vector(1), failsWhen: \"> 0\"}}");
        desk.write("check.yaml", &SMALL.replace("errorRate: {max: 10%}", &check));
        let event_log = desk.run(&["replay", "check.yaml", "--strategy", "canary"]);
        shows_everything("event log", &event_log.out);
        shows_everything("event log", &event_log.err);
        prop_assert!(matches!(event_log.code, Some(0 | 2)), "{}", event_log.err);
    }
}

/// The one place of each format: nothing else prints, and nothing else writes these formats.
#[test]
fn there_is_one_exit_of_each_kind() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("crates")];
    let mut wrong = Vec::new();
    let only: [(&str, &[&str]); 5] = [
        ("println!", &[]),
        ("std::io::stdout()", &["src/cli/output/print.rs"]),
        ("std::io::stderr().lock()", &["src/cli/output/print.rs"]),
        ("&lt;", &["crates/base/src/escape/xml.rs", "crates/base/src/escape/markdown.rs"]),
        ("csv::Writer", &["crates/report/src/csv/mod.rs"]),
    ];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(root).expect("below the top").display().to_string();
            // Examples and tests of crates are programs of their own.
            if !name.ends_with(".rs") || ["/examples/", "/tests/"].iter().any(|f| name.contains(f))
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a text");
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let bare = |line: &str| line.split("//").next().unwrap_or_default().to_string();
            let code: String = code.lines().map(bare).collect();
            for (word, places) in only {
                if code.contains(word) && !places.contains(&&*name) && !name.ends_with("tests.rs") {
                    wrong.push(format!("{name}: {word}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

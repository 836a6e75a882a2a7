//! Problems as people and as machines are told them: the line of the file, a caret, a way out.

use super::desk::Desk;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/problems")
}

/// Texts by their names.
fn inputs() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder()).expect("the folder of inputs");
    let names = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    let read = |name: &String| fs::read_to_string(folder().join(name)).expect("text");
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

fn held(name: &str, found: &str) -> Option<String> {
    let golden = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, found).expect("the golden file is writable");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    (found != expected).then(|| format!("{name}: expected\n{expected}found\n{found}"))
}

#[test]
fn every_kind_of_text_shows_where_it_is_wrong() {
    let desk = Desk::new();
    let mut wrong = Vec::new();
    for (name, text) in inputs() {
        desk.write(&name, &text);
        let told = desk.run(&["validate", &name]);
        assert!(told.err.starts_with(&format!("{name}:")), "{}", told.err);
        assert!(!told.err.contains('\u{1b}'), "{name}: colours without a terminal");
        wrong.extend(held(&name.replace(".yaml", ".shown"), &told.err));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_has_no_file_is_told_as_well() {
    let desk = Desk::new();
    let piped = desk.run_with(&["validate", "-"], "kind: Scenario\nspec: {servce: 1}\n");
    assert!(piped.err.contains("-:2:8: error: spec: unknown key"), "{}", piped.err);
    assert!(piped.err.contains("2 | spec: {servce: 1}\n  |        ^^^^^^\n"), "{}", piped.err);
    let path = "spec.strategies[1].canary.checks";
    let set = format!("{path}=[{{query: 'up +', failsWhen: '> 1'}}]");
    let told = desk.run(&["validate", "small.yaml", "--set", &set]);
    assert_eq!(told.code, Some(2));
    let shown = format!("small.yaml:17:15: error: {path}[0].query.query: the query ends too early");
    assert!(told.err.starts_with(&shown), "{}", told.err);
    let read = "as it is read:1:5\n   |\n 1 | up +\n   |     ^\n";
    assert!(told.err.contains(read), "{}", told.err);
    let told = desk.run(&["validate", "small.yaml", "--set", "spec.service.replicas"]);
    assert!(told.err.starts_with("--set: error: "), "{}", told.err);
    assert!(told.err.contains("\n    help: write --set"), "{}", told.err);
}

#[test]
fn a_trace_and_a_query_show_their_lines() {
    let desk = Desk::new();
    desk.write("t.csv", "t_s,user\n1,a\nx,b\n");
    let set = "spec.traffic.arrivals={trace: {file: t.csv}}";
    let told = desk.run(&["validate", "small.yaml", "--set", set]);
    assert!(told.err.contains("t.csv:3:") && told.err.contains("3 | x,b\n"), "{}", told.err);
    // So do flags that cannot be read at all.
    for (args, part) in [
        (
            &["run", "small.yaml", "--format", "json", "--replications", "x"][..],
            "invalid value 'x'",
        ),
        (&["check", "--format=json", "--bogus"], "unexpected argument '--bogus'"),
        (&["validate", "small.yaml", "--bogus", "--format", "json"], "unexpected argument"),
    ] {
        let told = desk.run(args);
        assert_eq!((told.code, told.err.as_str()), (Some(2), ""), "{args:?}");
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        is_problem(&found["problems"][0], "");
        let message = found["problems"][0]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(part), "{message}");
    }
    let text = desk.run(&["run", "small.yaml", "--bogus", "--format", "text"]);
    assert!(text.out.is_empty() && text.err.contains("--bogus"), "{}{}", text.out, text.err);
    desk.write("up.prom", "up 1 1000\n");
    let told = desk.run(&["query", "up.prom", "sum(up) by\n\tx + 日本"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.starts_with("query:2:6: error: "), "{}", told.err);
    assert!(told.err.contains("\n2 |     x + 日本\n  |         ^^^^\n"), "{}", told.err);
}

#[test]
fn colours_are_for_those_who_see_them() {
    let desk = Desk::new();
    desk.write("a.yaml", "kind: Scenario\nspec: {servce: 1}\n");
    let run = |variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(super::desk::PROGRAM);
        command.args(["validate", "a.yaml"]).current_dir(desk.path("."));
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        String::from_utf8_lossy(&command.output().expect("it runs").stderr).into_owned()
    };
    let plain = run(&[]);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = run(&[("CLICOLOR_FORCE", "1")]);
    assert!(coloured.contains("\u{1b}[1m\u{1b}[91merror:"), "{coloured}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    assert_eq!(run(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), plain);
    assert_eq!(run(&[("TERM", "dumb")]), plain);
}

/// The fields of a problem for machines, and what they hold.
fn is_problem(problem: &Value, text: &str) {
    let whole = |name: &str| problem[name].as_u64().unwrap_or_else(|| panic!("{name}: {problem}"));
    let said = |name: &str| problem[name].as_str().unwrap_or_else(|| panic!("{name}: {problem}"));
    assert!(["error", "warning"].contains(&said("severity")));
    assert!(!said("file").is_empty() && !said("message").is_empty());
    let texts = ["path", "expected", "help"].map(said);
    assert!(texts.iter().all(|text| !text.contains('\n')), "{problem}");
    let (line, column) = (whole("line"), whole("column"));
    let known = ["severity", "file", "line", "column", "path", "message", "expected", "help"];
    let more = ["found", "endLine", "endColumn", "within"];
    let fields = problem.as_object().expect("a mapping").keys();
    assert!(fields.clone().all(|f| known.contains(&f.as_str()) || more.contains(&f.as_str())));
    if line == 0 {
        return;
    }
    let end = (whole("endLine"), whole("endColumn"));
    assert!(end >= (line, column), "{problem}");
    let line = text.lines().nth(line as usize - 1).unwrap_or_default();
    let rest: String = line.chars().skip(column as usize - 1).collect();
    assert!(rest.starts_with(said("found").lines().next().unwrap_or_default()), "{problem}");
}

#[test]
fn machines_are_told_the_same_in_json() {
    let desk = Desk::new();
    for (name, text) in inputs() {
        desk.write(&name, &text);
        let told = desk.run(&["validate", &name, "--format", "json"]);
        assert_eq!(told.code, desk.run(&["validate", &name]).code, "{name}");
        assert_eq!(told.err, "", "{name}");
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        assert_eq!(found["valid"], Value::Bool(told.code == Some(0)), "{name}");
        let problems = found["problems"].as_array().expect("a list");
        let count = |name: &str| found[name].as_u64().expect("a count") as usize;
        assert_eq!(count("errors") + count("warnings"), problems.len() + count("leftOut"));
        problems.iter().for_each(|problem| is_problem(problem, &text));
    }
    let none = desk.run(&["validate", "small.yaml", "--format", "json"]);
    let none: Value = serde_json::from_str(&none.out).expect("JSON");
    assert_eq!((&none["errors"], &none["leftOut"]), (&0.into(), &0.into()));
    assert!(none["problems"].is_array() && none["scenarios"][0] == "small", "{none}");
}

#[test]
fn verbs_that_answer_in_json_refuse_in_json() {
    let desk = Desk::new();
    desk.write("bad.yaml", "kind: Scenario\nspec: {servce: 1}\n");
    let valid: Value = {
        let told = desk.run(&["validate", "bad.yaml", "--format", "json"]);
        serde_json::from_str(&told.out).expect("JSON")
    };
    for verb in ["run", "check", "replay", "import"] {
        let told = desk.run(&[verb, "bad.yaml", "--format", "json"]);
        assert_eq!((told.code, told.err.as_str()), (Some(2), ""), "{verb}");
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        assert_eq!(found, valid, "{verb}");
    }
    for args in [
        &["list", "nothing"][..],
        &["explain", "nothing"],
        &["check", "small.yaml", "--strategies", "nobody"],
        &["replay", "small.yaml", "--strategy", "nobody", "--release", "bad"],
        &["import", "small.yaml"],
        &["run", "small.yaml", "--out", "/dev/null"],
    ] {
        let told = desk.run(&[args, &["--format", "json"]].concat());
        assert_eq!(told.code, Some(2), "{args:?}");
        let said = |word: &str| told.err.contains(word);
        assert!(!said("windtunnel: ") && !said(" error: "), "{args:?}: {}", told.err);
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        assert_eq!((&found["valid"], &found["errors"]), (&false.into(), &1.into()), "{args:?}");
        is_problem(&found["problems"][0], "");
    }
    // So do flags that cannot be read at all.
    for (args, part) in [
        (
            &["run", "small.yaml", "--format", "json", "--replications", "x"][..],
            "invalid value 'x'",
        ),
        (&["check", "--format=json", "--bogus"], "unexpected argument '--bogus'"),
        (&["validate", "small.yaml", "--bogus", "--format", "json"], "unexpected argument"),
    ] {
        let told = desk.run(args);
        assert_eq!((told.code, told.err.as_str()), (Some(2), ""), "{args:?}");
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        is_problem(&found["problems"][0], "");
        let message = found["problems"][0]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(part), "{message}");
    }
    let text = desk.run(&["run", "small.yaml", "--bogus", "--format", "text"]);
    assert!(text.out.is_empty() && text.err.contains("--bogus"), "{}{}", text.out, text.err);
    desk.write("up.prom", "up 1 1000\n");
    let told = desk.run(&["query", "up.prom", "up +", "--format", "json"]);
    let found: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((told.code, &found["errorType"]), (Some(2), &"bad_data".into()));
    is_problem(&found["problems"][0], "up +");
}

#[test]
fn thousands_of_problems_in_a_large_file_end_soon() {
    let desk = Desk::new();
    let line = |number: u32| format!("\"canary · bad · x{number} < 5\"{}", " ".repeat(1_500));
    let lines: Vec<String> = (0..9_000).map(line).collect();
    let own = format!("  expect: [{}]\n", lines.join(", "));
    let text =
        super::desk::SMALL.replace("  expect:\n    - canary · bad · users_exposed > 0\n", &own);
    assert!(text.len() > 13_000_000);
    desk.write("large.yaml", &text);
    let begun = std::time::Instant::now();
    let told = desk.run(&["validate", "large.yaml"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.len() < 200_000, "{}", told.err.len());
    assert!(told.err.contains("… and 8,980 more like this"), "{}", told.err);
    assert!(told.err.lines().all(|line| line.chars().count() < 5_000));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

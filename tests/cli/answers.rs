//! What every verb answers, where, and with which exit code.

use super::desk::{Desk, PROGRAM};
use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

#[test]
fn help_version_and_wrong_flags_have_the_usual_codes() {
    let desk = Desk::new();
    assert!(desk.fine(&["--help"]).contains("Usage: windtunnel"));
    assert!(desk.fine(&["--version"]).starts_with("windtunnel "));
    for args in [&["fly"][..], &[], &["run", "--jobs", "0"], &["run", "--replications", "-1"]] {
        let answer = desk.run(args);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(answer.err.contains("Usage") || answer.err.contains("error"), "{}", answer.err);
    }
}

#[test]
fn check_says_by_its_exit_code_what_became_of_the_lines() {
    let desk = Desk::new();
    let check = |line: &str| {
        let set = format!("spec.expect=[{line}]");
        desk.run(&["check", "small.yaml", "--replications", "4", "--set", &set])
    };
    let holds = check("canary · bad · users_exposed > 0");
    assert_eq!(holds.code, Some(0), "{}", holds.err);
    assert!(holds.out.contains("1 hold, 0 fail, 0 undecided"), "{}", holds.out);
    assert_eq!(check("canary · bad · users_exposed < 1").code, Some(1));
    let undecided = check("canary · bad · verdict rolled-back-bad ≥ 99%");
    assert_eq!(undecided.code, Some(3));
    let out = undecided.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("flights would decide it, if they go on like this"), "{out}");
    let nothing = desk.run(&["check", "small.yaml", "--set", "spec.expect=[]"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(2), ""), "{}", nothing.err);
    assert_eq!(desk.names(), ["small.yaml"], "check writes nothing");
}

#[test]
fn a_line_about_a_strategy_that_is_left_out_is_left_out_too() {
    let desk = Desk::new();
    let lines = "spec.expect=[canary · bad · users_exposed > 0, \
        canary - rollingUpdate · bad · users_exposed < 0, rollingUpdate · bad · users_exposed > 0]";
    let args = ["check", "small.yaml", "--replications", "4", "--set", lines];
    let out = desk.fine(&[&args[..], &["--strategies", "canary"]].concat());
    assert!(out.contains("1 hold, 0 fail, 0 undecided"), "{out}");
}

#[test]
fn every_verb_that_answers_answers_in_json() {
    let desk = Desk::new();
    let fly = ["--replications", "4", "--format", "json"];
    let run = json(&desk.fine(&[&["run", "small.yaml"][..], &fly].concat()));
    assert_eq!(run["scenarios"][0]["scenario"], "small");
    assert_eq!(run["scenarios"][0]["strategies"][1]["strategy"], "canary");
    let check = json(&desk.fine(&[&["check", "small.yaml"][..], &fly].concat()));
    assert_eq!(check["scenarios"][0]["expectations"][0]["judgement"], "holds");
    let replay = json(&desk.fine(&["replay", "small.yaml", "--format", "json"]));
    assert_eq!(replay["verdict"].as_str().map(|v| v.contains('-')), Some(true), "{replay}");
    let valid = json(&desk.fine(&["validate", "small.yaml", "--format", "json"]));
    assert_eq!((&valid["valid"], &valid["scenarios"][0]), (&true.into(), &"small".into()));
    let list = json(&desk.fine(&["list", "--format", "json"]));
    assert!(list.as_array().is_some_and(|parts| parts.len() > 30));
    for name in ["canary", "spec.service.preStop", "users_hurt", "missed-bad", "Scenario"] {
        json(&desk.fine(&["explain", name, "--format", "json"]));
    }
    json(&desk.fine(&["selftest", "--quick", "--format", "json"]));
    json(&desk.fine(&["schema"]));
}

#[test]
fn bad_input_is_json_too_when_asked() {
    let desk = Desk::new();
    desk.write("wrong.yaml", "spec: {servce: 1}\n");
    let answer = desk.run(&["validate", "wrong.yaml", "--format", "json"]);
    let found = json(&answer.out);
    assert_eq!((answer.code, &found["valid"]), (Some(2), &false.into()));
    let problems = found["problems"].as_array().expect("a list");
    let typo =
        problems.iter().find(|p| p["message"].as_str().is_some_and(|m| m.contains("servce")));
    assert_eq!(typo.map(|p| (&p["line"], &p["column"])), Some((&1.into(), &8.into())), "{found}");
}

#[test]
fn everything_that_is_listed_can_be_explained() {
    let desk = Desk::new();
    let list = json(&desk.fine(&["list", "--format", "json"]));
    let mut groups: Vec<&str> = Vec::new();
    for part in list.as_array().expect("a list") {
        let name = part["name"].as_str().expect("a name");
        // Lines are broken to fit a terminal.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = desk.fine(&["explain", name]);
        let summary = part["summary"].as_str().expect("a summary");
        assert!(flat(&text).contains(&flat(summary)), "{text}");
        groups.push(part["group"].as_str().expect("a group"));
    }
    groups.dedup();
    for group in groups.iter().chain(&["measures", "metrics", "strategies", "checks", "defects"]) {
        assert!(!desk.fine(&["list", group]).is_empty(), "{group}");
    }
    let unknown = desk.run(&["list", "strategems"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("\"strategems\"") && !unknown.err.contains("Some("));
    let mapping = desk.fine(&["explain", "spec.service"]);
    for inner in ["spec.service.replicas: ", "spec.service.preStop: ", "spec.service.routes: "] {
        assert!(mapping.contains(inner), "{inner}\n{mapping}");
    }
    let near = desk.run(&["explain", "canry"]);
    assert!(near.code == Some(2) && near.err.contains("did you mean canary"), "{}", near.err);
}

#[test]
fn completions_exist_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(desk.fine(&["completions", shell]).contains("windtunnel"), "{shell}");
    }
    assert_eq!(desk.run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn what_new_prints_can_be_flown_from_standard_input() {
    let desk = Desk::new();
    let starter = desk.fine(&["new", "checkout"]);
    let args = ["run", "-", "--replications", "1", "--strategies", "canary", "--out", "o"];
    let answer = desk.run_with(&args, &starter);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.starts_with("Only canary was flown: "), "{}", answer.out);
    assert_eq!(desk.run(&["validate", "-"]).code, Some(2), "nothing is no scenario");
}

#[test]
fn new_writes_a_file_once() {
    let desk = Desk::new();
    let args = ["new", "shop", "--out", "shop.yaml"];
    assert_eq!(desk.fine(&args), "");
    assert_eq!(desk.read("shop.yaml"), desk.fine(&["new", "shop"]));
    desk.write("shop.yaml", "mine");
    assert_eq!((desk.run(&args).code, desk.read("shop.yaml").as_str()), (Some(2), "mine"));
    assert_eq!(desk.run(&["new", "a/b"]).code, Some(2));
}

#[test]
fn without_a_path_and_a_folder_of_scenarios_the_way_out_is_said() {
    let desk = Desk::new();
    for verb in ["run", "check", "validate", "replay", "import"] {
        let answer = desk.run(&[verb]);
        assert_eq!(answer.code, Some(2), "{verb}: {}", answer.err);
        assert!(answer.err.contains("no path was given"), "{verb}: {}", answer.err);
        assert!(answer.err.contains("windtunnel new NAME"), "{verb}: {}", answer.err);
    }
    let answer = desk.run(&["textbook"]);
    assert!(answer.code == Some(2) && answer.err.contains("kind: Textbook"), "{}", answer.err);
    assert_eq!(desk.run(&["check", "--telemetry"]).code, Some(2), "check exports nothing");
    assert_eq!(desk.run(&["check", "--out=x"]).code, Some(2), "there is no scenario");
    assert_eq!(desk.names(), ["small.yaml"]);
}

#[test]
fn standard_output_carries_results_and_nothing_else() {
    let desk = Desk::new();
    let run = desk.run(&["run", "small.yaml", "--replications", "2"]);
    assert!(run.out.contains("\nsmall: 3 strategies"), "{}", run.out);
    assert!(!run.out.contains("reports/latest") && run.err.contains("reports/latest"));
    let warned = desk.run(&["validate", "small.yaml", "--set", "spec.service.preStop=0s"]);
    assert!(!warned.out.contains("warning:"), "{}", warned.out);
    let wrong = desk.run(&["run", "nowhere.yaml"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""));
    // Scraped often enough, no check is in want of an answer.
    let often = ["--set", "spec.telemetry.interval=5s"];
    let replay = ["replay", "small.yaml", "--strategy", "canary"];
    let replay = desk.run(&[&replay[..], &often].concat());
    assert!(replay.out.contains("Verdict: ") && replay.err.is_empty(), "{}", replay.err);
}

#[test]
fn replay_tells_the_flight_that_run_flew() {
    let desk = Desk::new();
    desk.fine(&["run", "small.yaml", "--replications", "3"]);
    let runs = desk.read("reports/latest/runs.csv");
    let row = runs.lines().find(|l| l.starts_with("small,bad,canary,2,")).expect("the flight");
    let verdict = row.split(',').nth(5).expect("a verdict");
    let args = ["replay", "small.yaml", "--strategy", "canary", "--replication", "2"];
    assert!(desk.fine(&args).ends_with(&format!("Verdict: {verdict}\n")));
    for wrong in [["--strategy", "canry"], ["--release", "worse"]] {
        let answer = desk.run(&[&["replay", "small.yaml"][..], &wrong].concat());
        assert_eq!(answer.code, Some(2));
        assert!(answer.err.contains("known are"), "{}", answer.err);
    }
}

#[test]
fn a_closed_pipe_is_fine() {
    let desk = Desk::new();
    let mut child = Command::new(PROGRAM)
        .args(["schema"])
        .current_dir(desk.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    let mut err = child.stderr.take().expect("standard error");
    err.read_to_string(&mut said).expect("text");
    let status = child.wait().expect("it ends");
    assert!(status.success() && said.is_empty(), "{status}: {said}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_not() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Command::new(PROGRAM).arg("schema").stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = Command::new(PROGRAM).args(["explain", "x"]).stderr(full).status();
    assert_eq!(status.expect("it runs").code(), Some(2), "no panic when nobody can be told");
}

/// Who stopped a release may be expected, and is not whom a verdict counts.
#[test]
fn a_line_may_name_the_check_that_stops() {
    let desk = Desk::new();
    let line = "    - canary · bad · users_exposed > 0\n";
    let with = |lines: &[&str]| {
        let lines: String = lines.iter().map(|line| format!("    - {line}\n")).collect();
        desk.write("lines.yaml", &desk.read("small.yaml").replace(line, &lines));
        desk.run(&["check", "lines.yaml", "-n", "16"])
    };
    let answer = with(&[
        "canary · bad · stopped_by errorRate ≥ 50%",
        "canary · bad · stopped_by human < 50%",
        "canary · good · stopped_by errorRate < 50%",
        "rollingUpdate · bad · stopped_by human < 50%",
    ]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("4 hold, 0 fail"), "{}", answer.out);
    let answer = with(&["canary · bad · stopped_by human > 50%"]);
    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    let answer = with(&["canary · bad · stopped_by erorRate > 50%"]);
    assert_eq!(answer.code, Some(2), "{}{}", answer.out, answer.err);
    assert!(answer.err.contains("did you mean errorRate?"), "{}", answer.err);
    let answer = with(&["rollingUpdate · bad · stopped_by errorRate > 50%"]);
    assert_eq!(answer.code, Some(2), "{}{}", answer.out, answer.err);
    assert!(answer.err.contains("check or gate of rollingUpdate"), "{}", answer.err);
}

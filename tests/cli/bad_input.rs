//! Wrong input: every problem with its place and a way out, exit code 2, nothing written.

use super::desk::{Answer, Desk};
use std::fs;
use std::time::{Duration, Instant};

/// Flies what must not be flown, and asks that nothing came of it.
fn refused(desk: &Desk, args: &[&str]) -> Answer {
    let before = desk.names();
    let answer = desk.run(&[&["run"][..], args].concat());
    assert_eq!(answer.code, Some(2), "{args:?}: {}{}", answer.out, answer.err);
    assert_eq!(answer.out, "", "{args:?}");
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
    assert_eq!(desk.names(), before, "{args:?} wrote something");
    answer
}

#[test]
fn every_problem_is_told_with_file_line_and_column() {
    let desk = Desk::new();
    desk.write(
        "wrong.yaml",
        "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: wrong}\nspec:\n  \
         service: {replicas: 0, preStopp: 3s}\n  strategies: [canry]\n",
    );
    let err = refused(&desk, &["wrong.yaml", "small.yaml"]).err;
    for wanted in [
        "wrong.yaml:5:23: error: spec.service.replicas: found 0; expected a whole number from 1",
        "wrong.yaml:5:26: error: spec.service: unknown key \"preStopp\"",
        "did you mean preStop?",
        "wrong.yaml:6:16: error: spec.strategies[0]: unknown name \"canry\"",
        "did you mean canary?",
    ] {
        assert!(err.contains(wanted), "{wanted:?} is not in\n{err}");
    }
}

#[test]
fn all_committed_bad_inputs_are_refused_by_the_program_too() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/scenarios");
    let desk = Desk::new();
    let mut refusals = 0;
    for entry in fs::read_dir(folder).expect("the folder of inputs") {
        let path = entry.expect("an entry").path();
        let problems = fs::read_to_string(path.with_extension("problems")).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "yaml") && !problems.starts_with("fine") {
            let name = path.to_string_lossy().into_owned();
            let first = problems.lines().next().unwrap_or_default();
            let err = refused(&desk, &[&name]).err;
            assert!(err.contains(first), "{first:?} is not in\n{err}");
            refusals += 1;
        }
    }
    assert!(refusals > 15, "only {refusals}");
}

#[test]
fn places_without_a_scenario_are_told() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).expect("a folder");
    let told = |args: &[&str], wanted: &str| {
        let err = refused(&desk, args).err;
        assert!(err.contains(wanted), "{wanted:?} is not in\n{err}");
    };
    told(&["empty"], "no scenario in this folder");
    told(&["nowhere.yaml"], "nowhere.yaml: error: no such file");
    told(&[], "scenarios: error: no path was given, and there is no such folder here");
    told(&[], "windtunnel new");
    told(&["small.yaml", "small.yaml"], "given twice");
    told(&["-"], "-");
}

#[test]
fn too_large_a_file_is_refused_before_it_is_read() {
    let desk = Desk::new();
    let file = fs::File::create(desk.path("large.yaml")).expect("a file");
    file.set_len(100 << 20).expect("100 MB of nothing");
    let started = Instant::now();
    let err = refused(&desk, &["large.yaml"]).err;
    assert!(err.contains("large.yaml: error: more than 64 MB"), "{err}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_unknown_strategy_suggests_a_known_one() {
    let desk = Desk::new();
    let err = refused(&desk, &["small.yaml", "--strategies", "rollingupdat"]).err;
    assert!(err.contains("did you mean rollingUpdate?"), "{err}");
}

#[test]
fn a_wrong_set_names_itself() {
    let desk = Desk::new();
    let told = |set: &str, wanted: &str| {
        let err = refused(&desk, &["small.yaml", "--set", set]).err;
        assert!(err.contains(wanted), "{wanted:?} is not in\n{err}");
    };
    told("spec.service.replicas", "without `=`");
    told("spec.service.replicas=3,x", "(with --set spec.service.replicas=x)");
    told("spec.service.replica=3", "(with --set spec.service.replica=3)");
    told("spec.service.replica=3", "did you mean replicas?");
    let hundred = (1..=100).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let (a, b) = (format!("spec.service.replicas={hundred}"), format!("spec.release.at={hundred}"));
    let err = refused(&desk, &["small.yaml", "--set", &a, "--set", &b]).err;
    assert!(err.contains("combinations"), "{err}");
}

#[test]
fn a_trace_that_does_not_fit_is_told_by_its_own_line() {
    let desk = Desk::new();
    let args = ["small.yaml", "--set", "spec.traffic.arrivals={trace: {file: t.csv}}"];
    assert!(refused(&desk, &args).err.contains("t.csv"));
    desk.write("t.csv", "t_s,user,route\n1.5,1,home\nsoon,1,home\n");
    let err = refused(&desk, &args).err;
    assert!(err.contains("t.csv:3:1: error: time \"soon\""), "{err}");
}

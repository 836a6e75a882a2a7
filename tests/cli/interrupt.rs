//! Ctrl-C: what is finished is written, whole, and is what a run without it would have begun with.

#![cfg(unix)]

use super::desk::{Answer, Desk, PROGRAM};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A run that would take hours, in the background.
fn start(desk: &Desk, verb: &str) -> Child {
    Command::new(PROGRAM)
        .args([verb, "small.yaml", "--replications", "1000000", "--jobs", "2"])
        .current_dir(desk.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn interrupt(child: Child) -> Answer {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
    assert!(sent.success());
    let started = Instant::now();
    let answer = Answer::of(&child.wait_with_output().expect("it ends"));
    assert!(started.elapsed() < Duration::from_secs(20), "it takes too long to stop");
    answer
}

#[test]
fn an_interrupted_run_writes_what_is_finished() {
    let desk = Desk::new();
    let child = start(&desk, "run");
    std::thread::sleep(Duration::from_secs(3));
    let answer = interrupt(child);
    assert_eq!(answer.code, Some(130), "{}", answer.err);
    assert!(answer.out.starts_with("small: 3 strategies"), "{}", answer.out);
    assert!(answer.err.contains("only finished replications"), "{}", answer.err);
    assert_eq!(desk.names(), ["reports", "small.yaml"], "nothing half-written is left");
    let run: serde_json::Value =
        serde_json::from_str(&desk.read("reports/latest/run.json")).expect("whole JSON");
    assert_eq!(run["interrupted"], true);
    rows_are_a_beginning(&desk);
}

/// Rows of a pair are replications 0, 1, 2, … and equal those of a run that was left alone.
fn rows_are_a_beginning(desk: &Desk) {
    let interrupted = desk.read("reports/latest/runs.csv");
    assert!(interrupted.ends_with('\n'));
    desk.fine(&["run", "small.yaml", "--replications", "2", "--out", "whole"]);
    let whole = desk.read("whole/runs.csv");
    for release in ["good", "bad"] {
        for strategy in ["rollingUpdate", "canary", "abTest"] {
            let start = format!("small,{release},{strategy},");
            let rows = |text: &str| -> Vec<String> {
                text.lines().filter(|l| l.starts_with(&start)).map(str::to_string).collect()
            };
            let (found, expected) = (rows(&interrupted), rows(&whole));
            assert!(!found.is_empty());
            for (number, row) in found.iter().enumerate() {
                assert!(row.starts_with(&format!("{start}{number},")), "{row}");
            }
            let common = found.len().min(expected.len());
            assert_eq!(found[..common], expected[..common]);
        }
    }
}

#[test]
fn an_interrupted_check_says_so_by_its_code() {
    let desk = Desk::new();
    let child = start(&desk, "check");
    std::thread::sleep(Duration::from_secs(2));
    let answer = interrupt(child);
    assert_eq!(answer.code, Some(130), "{}", answer.err);
    assert_eq!(desk.names(), ["small.yaml"]);
}

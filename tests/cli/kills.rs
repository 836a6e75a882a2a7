//! Killed at any call to the system that changes a name, a run leaves the old report or the new,
//! whole, and the next run leaves no rests. Needs strace; where it is missing, the tests at the end
//! of `src/cli/output` stop the same procedure between its steps.

#![cfg(target_os = "linux")]

use super::desk::{Desk, PROGRAM};
use std::process::{Command, Stdio};

const FLY: [&str; 8] =
    ["run", "small.yaml", "--replications", "1", "--strategies", "canary", "--out", "o"];

fn has_strace() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    tried.is_ok_and(|status| status.success())
}

/// Flies seed 2, killed when it enters the `nth` of these calls; true if it was.
fn killed(desk: &Desk, calls: &str, nth: usize) -> bool {
    let inject = format!("inject={calls}:signal=SIGKILL:when={nth}");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject])
        .arg(PROGRAM)
        .args(FLY)
        .args(["--seed", "2", "--jobs", "1"])
        .current_dir(desk.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace runs");
    !status.success()
}

/// The seed of the report that stands there, every file of which is what its list says.
fn seed(desk: &Desk) -> u64 {
    let run: serde_json::Value = serde_json::from_str(&desk.read("o/run.json")).expect("whole");
    let list = desk.read("o/inventory.txt");
    assert!(list.ends_with("whole\n"), "{list}");
    for line in list.lines().filter_map(|line| line.split_once("  ")) {
        assert!(desk.path(&format!("o/{}", line.1)).is_file(), "{} is missing", line.1);
    }
    assert_eq!(desk.files("o").len(), list.lines().count() - 1);
    run["seed"].as_u64().expect("a seed")
}

#[test]
fn killed_at_any_step_the_old_report_stands_or_the_new() {
    if !has_strace() {
        return;
    }
    let desk = Desk::new();
    // Fewer files, so that there are fewer steps.
    let plain = [&FLY[..], &["--seed", "1"]].concat();
    desk.fine(&plain);
    let mut seen = Vec::new();
    for (calls, steps) in [
        ("rename,renameat,renameat2", 1..=1),
        ("mkdir", 1..=2),
        ("fsync", 1..=1),
        ("unlink", 1..=2),
        ("rmdir", 1..=1),
    ] {
        for nth in steps {
            assert!(killed(&desk, calls, nth), "{calls} {nth}");
            seen.push(seed(&desk));
            desk.fine(&plain);
            assert_eq!(seed(&desk), 1);
            assert_eq!(desk.names(), ["o", "small.yaml"], "{calls} {nth} left something");
        }
    }
    assert!(seen.contains(&1) && seen.contains(&2), "{seen:?}");
    assert!(!killed(&desk, "renameat2", 2), "there is one rename, so no second one is met");
}

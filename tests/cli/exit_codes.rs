//! Exit codes tell the truth: about results that went nowhere, and threads that were refused.

#![cfg(unix)]

use super::desk::{Answer, Desk, PROGRAM};
use std::fs;
use std::process::{Command, Stdio};

const FLY: [&str; 6] = ["run", "small.yaml", "--replications", "1", "--strategies", "canary"];

/// Runs a line of shell with the program as `$WT`.
fn shell(desk: &Desk, line: &str) -> Answer {
    let output = Command::new("bash")
        .args(["-c", line])
        .env("WT", PROGRAM)
        .current_dir(desk.path("."))
        .output()
        .expect("bash runs");
    Answer::of(&output)
}

#[test]
fn whoever_closes_standard_output_gets_code_2() {
    let desk = Desk::new();
    desk.write("claim.om", "# TYPE a gauge\na 1 1\n# EOF\n");
    for args in [
        "schema",
        "--help",
        "--version",
        "run --help",
        "help run",
        "completions bash",
        "list",
        "explain canary --format json",
        "new x",
        "validate small.yaml",
        "query claim.om a",
        "check small.yaml --replications 1",
        "replay small.yaml",
    ] {
        let closed = shell(&desk, &format!("$WT {args} >&-"));
        assert_eq!(closed.code, Some(2), "{args}: {}", closed.err);
        assert!(closed.err.contains("standard output: it is closed"), "{args}: {}", closed.err);
    }
    assert_eq!(shell(&desk, "$WT schema > /dev/null").code, Some(0));
    assert_eq!(shell(&desk, "$WT schema 1<> /dev/null").code, Some(0), "as daemons open it");
    assert_eq!(shell(&desk, "$WT schema < /dev/null 0<&- > /dev/null").code, Some(0));
    assert_eq!(shell(&desk, "$WT schema 2>&- > /dev/null").code, Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn whatever_a_full_disk_takes_is_told() {
    let desk = Desk::new();
    for args in ["schema", "--help", "--version", "run --help", "completions zsh"] {
        let full = shell(&desk, &format!("$WT {args} > /dev/full"));
        assert_eq!(full.code, Some(2), "{args}: {}", full.err);
        assert!(full.err.contains("standard output: No space left"), "{args}: {}", full.err);
    }
    let line = format!("$WT {} --format json > /dev/full", FLY.join(" "));
    assert_eq!(shell(&desk, &line).code, Some(2));
    assert!(desk.path("reports/latest/run.json").exists(), "the files are whole all the same");
    let failing = "$WT check small.yaml --replications 4 --set \
        'spec.expect=[canary · bad · users_exposed < 1]' > /dev/full";
    assert_eq!(shell(&desk, failing).code, Some(2), "nobody could read what failed");
}

#[test]
fn a_reader_that_has_seen_enough_changes_nothing() {
    let desk = Desk::new();
    let line = format!("$WT {} --format json | true; exit ${{PIPESTATUS[0]}}", FLY.join(" "));
    let answer = shell(&desk, &line);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(desk.path("reports/latest/run.json").exists());
    let check = |line: &str| {
        let line = format!(
            "$WT check small.yaml --replications 4 --set 'spec.expect=[{line}]' | true; \
             exit ${{PIPESTATUS[0]}}"
        );
        shell(&desk, &line).code
    };
    assert_eq!(check("canary · bad · users_exposed > 0"), Some(0));
    assert_eq!(check("canary · bad · users_exposed < 1"), Some(1));
    assert_eq!(shell(&desk, "$WT --help | true; exit ${PIPESTATUS[0]}").code, Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn refused_threads_are_fewer_threads() {
    let desk = Desk::new();
    let fly = FLY.join(" ");
    let line = format!("ulimit -v 1000000; $WT {fly} --jobs 1000 --out o");
    let answer = shell(&desk, &line);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("no memory for 1000 threads; "), "{}", answer.err);
    let line = format!("ulimit -v 1000000; RAYON_NUM_THREADS=1000 $WT {fly} --out p");
    let answer = shell(&desk, &line);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    desk.fine(&[&FLY[..], &["--jobs", "1", "--out", "q"]].concat());
    let rows = |folder: &str| desk.read(&format!("{folder}/runs.csv"));
    assert!(rows("o") == rows("q") && rows("p") == rows("q"));
    for jobs in ["0", "5000", "many"] {
        assert_eq!(desk.run(&["run", "--jobs", jobs]).code, Some(2), "{jobs}");
    }
}

#[test]
fn a_disk_that_is_full_leaves_the_old_report() {
    let desk = Desk::new();
    desk.fine(&[&FLY[..], &["--out", "o"]].concat());
    let before = desk.files("o");
    // No file may become larger than 4 KB: what `ulimit -f` forbids fails as a full disk does, once
    // its signal is ignored.
    let line = format!("trap '' XFSZ; ulimit -f 4; $WT {} --seed 2 --out o", FLY.join(" "));
    let answer = shell(&desk, &line);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("windtunnel: --out: o/"), "{}", answer.err);
    assert!(!answer.err.contains(".windtunnel-"), "{}", answer.err);
    assert_eq!(desk.files("o"), before);
    assert_eq!(desk.names(), ["o", "small.yaml"]);
    let _ = fs::remove_dir_all(desk.path("o"));
    let unused = Command::new(PROGRAM).arg("schema").stdout(Stdio::null()).status();
    assert_eq!(unused.expect("it runs").code(), Some(0));
}

//! Output is opened before anything is flown: what can never be written, and what is not ours, is
//! refused; links are followed; at every instant the target is the old or the new.

use super::desk::{Answer, Desk, PROGRAM};
use std::fs;
use std::process::{Command, Stdio};

const FLY: [&str; 6] = ["run", "small.yaml", "--replications", "1", "--strategies", "canary"];

/// So many replications would take hours: an answer has to come before the first.
const HOURS: [&str; 4] = ["run", "small.yaml", "--replications", "1000000"];

fn run(desk: &Desk, out: &str) -> Answer {
    desk.run(&[&FLY[..], &["--out", out]].concat())
}

/// Is refused before the first flight, with code 2 and one line that says `why`.
fn refused(desk: &Desk, args: &[&str], why: &str) {
    let answer = desk.run(args);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{args:?}: {}", answer.err);
    assert!(answer.err.contains(why), "{args:?}: {}", answer.err);
    assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    assert!(!answer.err.contains(".windtunnel-"), "a temporary name: {}", answer.err);
}

/// The folder of the desk holds these names and no staging folder.
fn holds(desk: &Desk, names: &[&str]) {
    assert_eq!(desk.names(), names);
}

#[test]
fn a_folder_that_holds_anything_of_the_user_is_refused() {
    let desk = Desk::new();
    assert_eq!(run(&desk, "o").code, Some(0));
    let foreign = |name: &str| {
        desk.write(&format!("o/{name}"), "precious");
        refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), "did not write");
        assert_eq!(desk.read(&format!("o/{name}")), "precious");
        fs::remove_file(desk.path(&format!("o/{name}"))).expect("removed");
    };
    for name in ["thesis.tex", "charts/mine.svg", ".hidden", "charts/small/run.json"] {
        foreign(name);
    }
    fs::create_dir(desk.path("o/.git")).expect("a folder");
    refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), ".git");
    fs::remove_dir(desk.path("o/.git")).expect("removed");
    // What was edited is the user's, too.
    let summary = desk.read("o/summary.md");
    desk.write("o/summary.md", "my notes");
    refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), "\"summary.md\" (changed since)");
    desk.write("o/summary.md", &summary);
    assert_eq!(run(&desk, "o").code, Some(0), "and without them it is ours again");
}

#[test]
fn a_run_json_alone_makes_no_report() {
    let desk = Desk::new();
    for text in ["{}", "{\"report\": \"windtunnel.dev/report/v1\", \"files\": []}"] {
        desk.write("o/run.json", text);
        refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), "did not write: \"run.json\"");
    }
    let old = r#"{"seed":1,"version":"0.3.0","command":"x","interrupted":false,"scenarios":[]}"#;
    desk.write("o/run.json", old);
    refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), "windtunnel 0.3 or earlier");
    assert_eq!(desk.read("o/run.json"), old);
    // A copied list does not make the folder ours.
    assert_eq!(run(&desk, "p").code, Some(0));
    fs::copy(desk.path("p/inventory.txt"), desk.path("o/inventory.txt")).expect("a copy");
    refused(&desk, &[&HOURS[..], &["--out", "o"]].concat(), "\"run.json\" (changed since)");
    holds(&desk, &["o", "p", "small.yaml"]);
}

#[test]
fn hopeless_names_are_refused_before_the_first_flight() {
    let desk = Desk::new();
    desk.write("file", "precious");
    fs::create_dir(desk.path("empty")).expect("a folder");
    let (long, beside) = ("x".repeat(300), format!("empty/{}", "x".repeat(255)));
    let names = [
        ("", "empty name"),
        (".", "not replaced as a whole"),
        ("..", "not replaced as a whole"),
        ("/", "not replaced as a whole"),
        ("empty/..", "not replaced as a whole"),
        ("-", "standard output"),
        ("file", "a file, not a folder"),
        ("file/inner", "file/inner: "),
        (&long, "File name too long"),
    ];
    for (out, why) in names {
        refused(&desk, &[&HOURS[..], &["--out", out]].concat(), why);
    }
    holds(&desk, &["empty", "file", "small.yaml"]);
    assert_eq!(run(&desk, &beside).code, Some(0), "a name of 255 letters is a name");
    assert_eq!(run(&desk, "a/b/c").code, Some(0), "folders above are made");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    #[test]
    fn links_stay_and_their_target_is_written() {
        let desk = Desk::new();
        fs::create_dir_all(desk.path("real/place")).expect("folders");
        symlink("real/place", desk.path("o")).expect("a link");
        symlink("o", desk.path("oo")).expect("a link");
        for out in ["o", "oo/", "real/../oo"] {
            assert_eq!(run(&desk, out).code, Some(0), "{out}");
            assert!(fs::symlink_metadata(desk.path("o")).expect("the link").is_symlink());
            assert!(desk.path("real/place/run.json").is_file());
        }
        assert_eq!(fs::read_dir(desk.path("real")).expect("a folder").count(), 1);
        symlink("nowhere", desk.path("dangling")).expect("a link");
        symlink("round", desk.path("round")).expect("a link");
        refused(&desk, &[&HOURS[..], &["--out", "dangling"]].concat(), "which does not exist");
        refused(&desk, &[&HOURS[..], &["--out", "dangling/o"]].concat(), "dangling/o: ");
        refused(&desk, &[&HOURS[..], &["--out", "round"]].concat(), "circle");
        holds(&desk, &["dangling", "o", "oo", "real", "round", "small.yaml"]);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let desk = Desk::new();
        let made = Command::new("mkfifo").arg(desk.path("pipe")).status().expect("mkfifo runs");
        assert!(made.success());
        let _socket = UnixListener::bind(desk.path("socket")).expect("a socket");
        symlink("/dev/null", desk.path("null")).expect("a link");
        for (name, why) in [
            ("pipe", "named pipe"),
            ("socket", "socket"),
            ("null", "device"),
            ("/dev/full", "device"),
        ] {
            refused(&desk, &[&HOURS[..], &["--out", name]].concat(), why);
            refused(&desk, &["replay", "small.yaml", "--telemetry", name], why);
            refused(&desk, &["textbook", "nothing.yaml", "--out", name], why);
        }
        refused(&desk, &["replay", "small.yaml", "--telemetry", "/proc/self/comm"], "/proc");
        for stream in ["/dev/stdout", "/dev/stderr", "/dev/fd/1"] {
            refused(&desk, &["replay", "small.yaml", "--telemetry", stream], "open stream");
        }
        refused(&desk, &["replay", "small.yaml", "--telemetry", "-"], "standard output");
        holds(&desk, &["null", "pipe", "small.yaml", "socket"]);
    }

    #[test]
    fn what_a_folder_allows_it_goes_on_to_allow() {
        let desk = Desk::new();
        assert_eq!(run(&desk, "o").code, Some(0));
        let mode = |mode| fs::set_permissions(desk.path("o"), fs::Permissions::from_mode(mode));
        mode(0o750).expect("a mode");
        assert_eq!(run(&desk, "o").code, Some(0));
        let found = fs::metadata(desk.path("o")).expect("the folder").permissions().mode();
        assert_eq!(found & 0o777, 0o750);
    }

    #[test]
    fn a_folder_in_which_nothing_may_be_created_is_refused() {
        let desk = Desk::new();
        refused(&desk, &[&HOURS[..], &["--out", "/proc/x"]].concat(), "no folder can be created");
        refused(&desk, &[&HOURS[..], &["--out", "/proc/x/y"]].concat(), "/proc/x/y: ");
        refused(&desk, &["new", "x", "--out", "/proc/x.yaml"], "nothing can be created");
        refused(&desk, &["new", "x", "--out", "nowhere/"], "names a folder");
    }
}

#[test]
fn files_are_replaced_only_if_they_are_ours() {
    let desk = Desk::new();
    let replay = ["replay", "small.yaml", "--strategy", "canary", "--telemetry", "flight.om"];
    desk.write("flight.om", "my notes");
    refused(&desk, &replay, "no export of windtunnel");
    fs::remove_file(desk.path("flight.om")).expect("removed");
    desk.write("flight.om.stale", "my other notes");
    refused(&desk, &replay, "flight.om.stale: ");
    assert_eq!(desk.read("flight.om.stale"), "my other notes");
    fs::remove_file(desk.path("flight.om.stale")).expect("removed");
    desk.fine(&replay);
    let first = desk.read("flight.om");
    desk.fine(&[&replay[..], &["--seed", "2"]].concat());
    assert!(desk.read("flight.om") != first && desk.read("flight.om").ends_with("# EOF\n"));
    holds(&desk, &["flight.om", "flight.om.stale", "small.yaml"]);
}

#[test]
fn a_report_of_a_run_that_wrote_less_leaves_nothing_of_the_one_before() {
    let desk = Desk::new();
    desk.fine(&["run", "small.yaml", "--replications", "1", "--out", "o"]);
    assert!(desk.path("o/charts/small/timeline-ab-test.svg").exists());
    assert_eq!(run(&desk, "o").code, Some(0));
    assert!(!desk.path("o/charts/small/timeline-ab-test.svg").exists());
    let whole = desk.read("o/inventory.txt");
    assert!(whole.starts_with("windtunnel.dev/report/v1\n") && whole.ends_with("whole\n"));
    assert_eq!(whole.lines().count(), 2 + desk.files("o").len() - 1, "{whole}");
}

#[test]
fn leftovers_of_killed_runs_are_removed_and_never_mixed_in() {
    let desk = Desk::new();
    desk.write("o.new-1/charts/other/stale.svg", "of windtunnel 0.3.0, or of the user");
    desk.write(".windtunnel-0123456789abcdef/thesis.tex", "not ours: it has no list");
    desk.write(".windtunnel-0000000000000001/inventory.txt", "a list, but not ours\n");
    fs::create_dir(desk.path(".windtunnel-0000000000000002")).expect("a folder");
    let cut = "windtunnel.dev/report/v1\n0123  charts/x.svg\n4567  y.csv\n";
    desk.write(".windtunnel-0000000000000003/inventory.txt", cut);
    desk.write(".windtunnel-0000000000000003/charts/x.svg", "half of it");
    desk.write(".windtunnel-0000000000000004/inventory.txt", cut);
    desk.write(".windtunnel-0000000000000004/charts/mine.svg", "precious");
    assert_eq!(run(&desk, "o").code, Some(0));
    let left = [
        ".windtunnel-0000000000000001",
        ".windtunnel-0000000000000004",
        ".windtunnel-0123456789abcdef",
        "o",
        "o.new-1",
        "small.yaml",
    ];
    holds(&desk, &left);
    let charts = fs::read_dir(desk.path("o/charts")).expect("charts");
    assert_eq!(charts.count(), 3, "the overview twice, and the folder of the scenario");
    assert_eq!(desk.read(".windtunnel-0000000000000004/charts/mine.svg"), "precious");
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let desk = Desk::new();
    let start = |seed: &str| {
        Command::new(PROGRAM)
            .args([&FLY[..], &["--out", "o", "--seed", seed]].concat())
            .current_dir(desk.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    let both = [start("1"), start("2")];
    for child in both {
        let answer = Answer::of(&child.wait_with_output().expect("it ends"));
        assert_eq!(answer.code, Some(0), "{}", answer.err);
    }
    let run: serde_json::Value = serde_json::from_str(&desk.read("o/run.json")).expect("JSON");
    let rows = desk.read("o/runs.csv");
    desk.fine(&[&FLY[..], &["--out", "alone", "--seed", &run["seed"].to_string()]].concat());
    assert_eq!(rows, desk.read("alone/runs.csv"), "the report of one of them, whole");
    holds(&desk, &["alone", "o", "small.yaml"]);
}

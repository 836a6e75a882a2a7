//! Habits of the command line: silence, colours, short flags, columns, defaults from the
//! environment, manual pages.

use super::desk::{Answer, Desk, PROGRAM};
use serde_json::Value;
use std::process::Command;

/// Runs the program with variables of its environment.
fn with(desk: &Desk, variables: &[(&str, &str)], args: &[&str]) -> Answer {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(desk.path("."));
    command.envs(variables.iter().copied());
    Answer::of(&command.output().expect("the program starts"))
}

fn seed_and_command(desk: &Desk, folder: &str) -> (u64, String) {
    let run: Value = serde_json::from_str(&desk.read(&format!("{folder}/run.json"))).expect("JSON");
    let command = run["command"].as_str().expect("a command").to_string();
    (run["seed"].as_u64().expect("a seed"), command)
}

#[test]
fn quiet_leaves_errors_and_results() {
    let desk = Desk::new();
    let fly = ["run", "small.yaml", "-n", "2", "-j", "1"];
    let loud = desk.run(&[&fly[..], &["-o", "a"]].concat());
    let quiet = desk.run(&[&fly[..], &["-o", "b", "-q"]].concat());
    assert!(loud.err.contains("Results: a/summary.md"), "{}", loud.err);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""));
    assert_eq!(loud.out, quiet.out, "results stay");
    let before = desk.run(&["--quiet", "validate", "small.yaml", "missing.yaml"]);
    assert_eq!(before.code, Some(2));
    assert!(before.err.contains("missing.yaml"), "errors are told: {}", before.err);
    let wrong = desk.run(&["run", "-q", "small.yaml", "--strategies", "nobody"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("nobody"), "{}", wrong.err);
}

#[test]
fn colours_come_where_they_are_wanted_and_never_into_files() {
    let desk = Desk::new();
    let line = "spec.expect=[canary · bad · users_exposed > 0]";
    let check = ["check", "small.yaml", "-n", "4", "--set", line];
    let auto = with(&desk, &[], &check);
    assert!(!auto.out.contains('\u{1b}'), "no terminal listens");
    let always = with(&desk, &[], &[&check[..], &["--color", "always"]].concat());
    assert!(always.out.contains("\u{1b}[32mholds"), "{:?}", always.out);
    let forced = with(&desk, &[("CLICOLOR_FORCE", "1")], &check);
    assert_eq!(forced.out, always.out);
    for (variables, more) in [
        (&[("NO_COLOR", "1")][..], &[][..]),
        (&[("CLICOLOR_FORCE", "1")][..], &["--color=never"][..]),
        (&[("CLICOLOR_FORCE", "1"), ("WINDTUNNEL_COLOR", "never")][..], &[][..]),
    ] {
        let plain = with(&desk, variables, &[&check[..], more].concat());
        assert_eq!(plain.out, auto.out, "{variables:?} {more:?}");
    }
    let run = ["run", "small.yaml", "-n", "2", "-o", "o", "--color", "always"];
    with(&desk, &[], &run);
    for (path, bytes) in desk.files("o") {
        let png = path.extension().is_some_and(|e| e == "png");
        assert!(png || !bytes.contains(&0x1b), "{path:?}");
    }
    let wrong =
        with(&desk, &[("CLICOLOR_FORCE", "1")], &["run", "--color", "never", "--seed", "x"]);
    assert!(!wrong.err.contains('\u{1b}'), "{:?}", wrong.err);
}

#[test]
fn defaults_come_from_the_environment_and_are_written_down() {
    let desk = Desk::new();
    let said = [
        ("WINDTUNNEL_SEED", "7"),
        ("WINDTUNNEL_REPLICATIONS", "2"),
        ("WINDTUNNEL_OUT", "there"),
        ("WINDTUNNEL_JOBS", "1"),
        ("WINDTUNNEL_QUIET", "1"),
    ];
    let answer = with(&desk, &said, &["run", "small.yaml"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    let (seed, command) = seed_and_command(&desk, "there");
    assert_eq!(seed, 7);
    let wanted = "windtunnel run small.yaml --seed=7 --replications=2 --out=there";
    assert_eq!(command, wanted);
    let first = desk.files("there");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    desk.fine(&words);
    let changed = |(path, bytes): (&std::path::PathBuf, &Vec<u8>)| first.get(path) != Some(bytes);
    let again = desk.files("there");
    assert_eq!(again.iter().filter(|entry| changed(*entry)).count(), 0, "it repeats the run");
    let typed = with(&desk, &said, &["run", "small.yaml", "-s", "3", "-o", "typed"]);
    assert_eq!((typed.code, seed_and_command(&desk, "typed").0), (Some(0), 3), "typed flags win");
    let wrong = with(&desk, &[("WINDTUNNEL_SEED", "many")], &["run", "small.yaml"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("set in the environment: WINDTUNNEL_SEED"), "{}", wrong.err);
    assert!(desk.fine(&["run", "--help"]).contains("[env: WINDTUNNEL_SEED]"));
}

#[test]
fn what_changes_no_byte_is_no_part_of_the_command() {
    let desk = Desk::new();
    desk.fine(&["-q", "run", "-j1", "small.yaml", "-n2", "--color", "never", "-o", "o"]);
    assert_eq!(seed_and_command(&desk, "o").1, "windtunnel run small.yaml -n2 -o o");
}

#[test]
fn columns_are_chosen_by_name() {
    let desk = Desk::new();
    let known = desk.fine(&["run", "--columns", "help"]);
    let names: Vec<&str> = known.lines().collect();
    for name in ["downtime", "hurt_share", "rollout_s", "requests_failed", "cost_extra_usd"] {
        assert!(names.contains(&name), "{name}");
    }
    let fly = ["run", "small.yaml", "-n", "2", "-q", "-o", "o", "--columns"];
    let out = desk.fine(&[&fly[..], &["delivery,rollout_s"]].concat());
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("strategy delivery rollout_s"), "{out}");
    assert!(!out.contains("fleet-min\n"), "the usual columns are gone: {out}");
    for line in desk.read("o/summary.csv").lines().filter(|l| l.contains(",all,")) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[3] == "rollout_s" {
            assert!(out.lines().any(|l| l.starts_with(cells[2])), "{line}");
        }
    }
    let wrong = desk.run(&[&fly[..], &["downtme,rollout"]].concat());
    assert_eq!(wrong.code, Some(2));
    for part in ["\"downtme\"; did you mean downtime?", "\"rollout\""] {
        assert!(wrong.err.contains(part), "{part}: {}", wrong.err);
    }
}

#[test]
fn every_verb_has_a_manual_page() {
    let desk = Desk::new();
    let page = desk.fine(&["man"]);
    assert!(page.contains(".TH windtunnel 1"), "{page}");
    let run = desk.fine(&["man", "run"]);
    assert!(page.contains("WINDTUNNEL_SEED") && run.contains("\\-\\-columns"), "{run}");
    let wrong = desk.run(&["man", "replya"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean replay?"), "{}", wrong.err);
    desk.write("run.1", &run);
    let mut judge =
        Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(desk.path("run.1")).output();
    if judge.is_err() {
        let man = Command::new("man").args(["--warnings", "-l"]).arg(desk.path("run.1")).output();
        judge = man;
    }
    match judge {
        Ok(judge) => {
            let err = String::from_utf8_lossy(&judge.stderr).into_owned();
            assert!(judge.status.success() && err.is_empty(), "{err}");
        }
        Err(_) => eprintln!("skipped: neither mandoc nor man is here"),
    }
}

/// `--quick` and `--for`, typed, win over a number of replications that the environment says.
#[test]
fn what_is_typed_wins_over_replications_of_the_environment() {
    let desk = Desk::new();
    let said = [("WINDTUNNEL_REPLICATIONS", "3")];
    let run = with(&desk, &said, &["run", "small.yaml", "--quick"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

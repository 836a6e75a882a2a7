//! Two folders of results compared, and folders that cannot be.

use super::desk::Desk;
use serde_json::Value;
use std::fs;

fn flown(flights: &str, more: &[&str], folder: &str, desk: &Desk) {
    let fly = ["run", "small.yaml", "-q", "-n", flights, "-o", folder];
    desk.fine(&[&fly[..], more].concat());
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let desk = Desk::new();
    flown("3", &[], "a", &desk);
    flown("3", &["--jobs", "1"], "b", &desk);
    let out = desk.fine(&["diff", "a", "b"]);
    assert!(out.starts_with("No difference: 18 flights compared"), "{out}");
    assert!(out.contains("small: the same storm"), "{out}");
    let answer = json(&desk.fine(&["diff", "a", "b", "--format", "json"]));
    assert_eq!((&answer["differs"], &answer["certain"]), (&false.into(), &0.into()));
    assert_eq!(answer["scenarios"][0]["figures"], Value::Array(Vec::new()));
}

#[test]
fn what_changed_is_found_in_pairs_where_the_storm_is_the_same() {
    let desk = Desk::new();
    flown("16", &[], "a", &desk);
    flown("16", &["--set", "spec.service.startup=15s"], "b", &desk);
    let answer = desk.run(&["diff", "a", "b"]);
    assert_eq!(answer.code, Some(1), "{}\n{}", answer.out, answer.err);
    assert!(answer.out.starts_with("Different: "), "{}", answer.out);
    let found = json(&desk.run(&["diff", "a", "b", "--format", "json"]).out);
    let small = &found["scenarios"][0];
    assert_eq!((&small["paired"], &small["flights_paired"]), (&true.into(), &96.into()));
    let rows = small["figures"].as_array().expect("figures");
    let row = rows.iter().find(|r| {
        let is = |key: &str, word: &str| r[key] == word;
        is("measure", "rollout_s") && is("strategy", "rollingUpdate") && is("release", "good")
    });
    let row = row.expect("slower pods make a slower rollout");
    assert_eq!(row["certain"], true, "{row}");
    let mean = |folder: &str| {
        let table = desk.read(&format!("{folder}/summary.csv"));
        let start = "small,good,rollingUpdate,rollout_s,";
        let line = table.lines().find(|l| l.starts_with(start)).expect("a row").to_string();
        line.split(',').nth(5).expect("a mean").parse::<f64>().expect("a number")
    };
    for (word, folder) in [("before", "a"), ("after", "b")] {
        let told = row[word].as_f64().expect("a number");
        assert!((told - mean(folder)).abs() < 1e-6 * told.abs(), "{word}: {row}");
    }
    flown("16", &["-s", "2"], "c", &desk);
    let other = json(&desk.run(&["diff", "a", "c", "--format", "json"]).out);
    assert_eq!(other["scenarios"][0]["paired"], false, "another seed is another storm");
    assert_eq!(other["certain"], 0, "chance alone");
}

#[test]
fn what_only_one_side_flew_is_told() {
    let desk = Desk::new();
    flown("2", &[], "a", &desk);
    flown("2", &["--strategies", "canary"], "b", &desk);
    let answer = desk.run(&["diff", "a", "b"]);
    assert_eq!(answer.code, Some(1));
    let flat = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("flown only before: rollingUpdate · "), "{}", answer.out);
}

/// Everything wrong at once, each with file and line.
#[test]
fn folders_that_are_no_results_are_refused_with_every_problem() {
    let desk = Desk::new();
    flown("2", &[], "a", &desk);
    let answer = desk.run(&["diff", "a", "nowhere"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
    for file in ["nowhere/run.json", "nowhere/runs.csv", "nowhere/ratings.csv"] {
        assert!(answer.err.contains(file), "{file}: {}", answer.err);
    }
    let copy = |name: &str, change: &dyn Fn(&str, String) -> String| {
        for file in ["run.json", "runs.csv", "ratings.csv"] {
            desk.write(&format!("{name}/{file}"), &change(file, desk.read(&format!("a/{file}"))));
        }
        desk.run(&["diff", "a", name])
    };
    let answer = copy("bad", &|file, text| match file {
        "runs.csv" => {
            let mut lines: Vec<String> = text.lines().map(String::from).collect();
            lines[1] = lines[1].replacen(",0,1,", ",x,1,", 1);
            lines[2] = lines[2].split(',').take(9).collect::<Vec<_>>().join(",");
            let again = lines[3].clone();
            lines.push(again);
            lines.join("\n")
        }
        "ratings.csv" => text.replacen("scenario,strategy", "scenario,plan", 1),
        _ => text,
    });
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
    for part in ["bad/runs.csv:2", "bad/runs.csv:3", "a row of 9 cells", "is there twice"] {
        assert!(answer.err.contains(part), "{part}: {}", answer.err);
    }
    assert!(answer.err.contains("bad/ratings.csv:1"), "{}", answer.err);
    let older = copy("older", &|file, text| match file {
        "run.json" => text.replace("\"version\": \"0", "\"version\": \"0.0.1-0"),
        "runs.csv" => text.replacen(",verdict,", ",outcome,", 1),
        _ => text,
    });
    assert!(older.code == Some(2) && older.err.contains("version 0.0.1"), "{}", older.err);
    let torn = copy("torn", &|file, text| match file {
        "run.json" => text[..text.len() / 2].to_string(),
        _ => text,
    });
    assert!(torn.code == Some(2) && torn.err.contains("torn/run.json:"), "{}", torn.err);
}

#[test]
fn pipes_and_folders_in_the_place_of_files_do_not_hang() {
    let desk = Desk::new();
    flown("2", &[], "a", &desk);
    fs::create_dir_all(desk.path("odd/run.json")).expect("a folder");
    let answer = desk.run(&["diff", "odd", "a"]);
    assert!(answer.code == Some(2) && answer.err.contains("not a file"), "{}", answer.err);
}

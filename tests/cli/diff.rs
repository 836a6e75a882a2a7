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

/// A share changes no flight, and yet the mix.
#[test]
fn a_share_that_changed_is_seen_in_the_mix() {
    let desk = Desk::new();
    flown("8", &[], "a", &desk);
    let text = desk.read("small.yaml").replacen("share: 80%", "share: 40%", 1);
    desk.write("small.yaml", &text.replacen("share: 20%", "share: 60%", 1));
    flown("8", &[], "b", &desk);
    let answer = desk.run(&["diff", "a", "b"]);
    assert_eq!(answer.code, Some(1), "{}\n{}", answer.out, answer.err);
    assert!(answer.out.starts_with("Different: small: "), "{}", answer.out);
    assert!(answer.out.contains("share of bad: "), "{}", answer.out);
    let found = json(&desk.run(&["diff", "a", "b", "--format", "json"]).out);
    let small = &found["scenarios"][0];
    assert_eq!(small["flights_same"], small["flights_paired"], "no flight differs");
    let rows = small["figures"].as_array().expect("figures");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["release"] == "all"), "{rows:?}");
    let row = rows.iter().find(|r| r["measure"] == "requests_failed").expect("a row");
    // The same numbers as in the rows `all` of summary.csv.
    for (word, folder) in [("before", "a"), ("after", "b")] {
        let table = desk.read(&format!("{folder}/summary.csv"));
        let start =
            format!("small,all,{},requests_failed,", row["strategy"].as_str().unwrap_or(""));
        let line = table.lines().find(|l| l.starts_with(&start)).expect("a row").to_string();
        let mean = line.split(',').nth(5).expect("a mean").parse::<f64>().expect("a number");
        let told = row[word].as_f64().expect("a number");
        assert!((told - mean).abs() < 1e-9 * mean.abs().max(1.0), "{word}: {told} for {mean}");
    }
}

/// What matters stands first: verdicts, the main measures of the mix, those of a release, others.
#[test]
fn figures_stand_in_the_order_of_their_weight() {
    let desk = Desk::new();
    flown("16", &[], "a", &desk);
    flown("16", &["--set", "spec.service.startup=15s"], "b", &desk);
    let found = json(&desk.run(&["diff", "a", "b", "--format", "json"]).out);
    let rows = found["scenarios"][0]["figures"].as_array().expect("figures");
    let main =
        ["users_hurt_by_release_share", "rollout_s", "fleet_minutes_extra", "cost_extra_usd"];
    let class = |row: &Value| match (row["measure"].as_str(), row["release"] == "all") {
        (None, _) => 0,
        (Some(name), true) if main.contains(&name) => 1,
        (Some(name), false) if main.contains(&name) => 2,
        (Some("users_active" | "pods_peak" | "pod_hours" | "start_to_ready_s"), true) => 3,
        (Some("users_active" | "pods_peak" | "pod_hours" | "start_to_ready_s"), false) => 4,
        _ => usize::MAX,
    };
    let certain = rows.iter().filter(|row| row["certain"] == true);
    let order: Vec<usize> = certain.map(class).filter(|class| *class < usize::MAX).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(order, sorted);
    for class in 1..=4 {
        assert!(order.contains(&class), "no row of class {class}: {order:?}");
    }
}

/// All that is wrong with a folder, whichever files are whole.
#[test]
fn damaged_folders_are_refused_with_all_that_is_wrong() {
    let desk = Desk::new();
    flown("2", &[], "a", &desk);
    let damaged = |name: &str, file: &str, change: &dyn Fn(String) -> String| {
        for own in ["run.json", "runs.csv", "ratings.csv"] {
            let text = desk.read(&format!("a/{own}"));
            let text = if own == file { change(text) } else { text };
            desk.write(&format!("{name}/{own}"), &text);
        }
        let answer = desk.run(&["diff", "a", name]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{name}: {}", answer.err);
        answer.err.clone()
    };
    let expect = |err: &str, parts: &[&str]| {
        parts.iter().for_each(|part| assert!(err.contains(part), "{part}: {err}"));
    };
    // Cut where a row ends: nothing is wrong with what is left.
    let cut = damaged("cut", "runs.csv", &|text| {
        text.lines().take(5).map(|line| format!("{line}\n")).collect()
    });
    expect(&cut, &["cut/runs.csv:5", "2, as run.json has it", "0 flights of"]);
    // Two cells of one row, and names that run.json does not know.
    let cells = damaged("cells", "runs.csv", &|text| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        let mut row: Vec<String> = lines[1].split(',').map(String::from).collect();
        (row[6], row[8]) = ("NaN".to_string(), "many".to_string());
        lines[1] = row.join(",");
        lines[2] = lines[2].replacen(",rollingUpdate,", ",rolingUpdate,", 1);
        lines[3] = lines[3].replacen("small,", "large,", 1);
        lines.join("\n")
    });
    expect(&cells, &["cells/runs.csv:2", "\"NaN\"", "\"many\"", "cells/runs.csv:3"]);
    expect(&cells, &["\"rolingUpdate\"", "cells/runs.csv:4", "\"large\""]);
    let head = damaged("head", "runs.csv", &|text| text.replacen("users_hurt,", "users_hrut,", 1));
    expect(&head, &["head/runs.csv:1", "users_hrut", "users_hurt?"]);
    let word = damaged("word", "ratings.csv", &|text| text.replacen(",low,", ",lwo,", 1));
    expect(&word, &["word/ratings.csv:", "\"lwo\"", "one of ", "low, medium, high"]);
    let short = damaged("short", "ratings.csv", &|text| {
        text.lines().take(2).map(|line| format!("{line}\n")).collect()
    });
    expect(&short, &["short/ratings.csv:2", "no row of "]);
    // A run.json of another kind is told with its line; the tables are not blamed for it.
    let run = damaged("run", "run.json", &|text| {
        text.replacen("\"share\": 0.8", "\"share\": 8", 1).replacen(
            "\"ending\": \"",
            "\"ending\": \"x",
            1,
        )
    });
    expect(
        &run,
        &["scenarios[0].releases[0].share", "scenarios[0].choice.ending", "one of nobody"],
    );
    assert!(run.matches("run/run.json:").count() == 2 && !run.contains("run.json:1:"), "{run}");
    let seed = damaged("seed", "run.json", &|text| text.replacen("\"seed\": 1", "\"seed\": -1", 1));
    expect(&seed, &["seed/run.json:4", "a whole number"]);
    assert!(!seed.contains("runs.csv"), "{seed}");
    // A file is missing, and another is damaged.
    desk.write("half/runs.csv", &desk.read("a/runs.csv").replacen(",0,1,", ",x,1,", 1));
    desk.write("half/run.json", "{");
    let half = desk.run(&["diff", "half", "a"]);
    assert_eq!(half.code, Some(2));
    expect(&half.err, &["half/ratings.csv", "half/run.json:1", "half/runs.csv:", "\"x\""]);
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

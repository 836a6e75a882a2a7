//! The folder of results: whole or not at all, and never in place of something else.

use super::desk::Desk;
use std::collections::BTreeSet;
use std::fs;

const FLY: [&str; 4] = ["run", "small.yaml", "--replications", "2"];

#[test]
fn a_report_holds_its_files_and_no_rests() {
    let desk = Desk::new();
    desk.fine(&FLY);
    let files = desk.files("reports/latest");
    for name in [
        "runs.csv",
        "summary.csv",
        "verdicts.csv",
        "differences.csv",
        "ratings.csv",
        "timeline.csv",
        "discrepancies.csv",
        "steps.csv",
        "stops.csv",
        "events.jsonl",
        "run.json",
        "summary.md",
        "charts/small/blast-radius.svg",
        "charts/small/timeline-canary.svg",
    ] {
        assert!(files.contains_key(std::path::Path::new(name)), "{name} is missing");
    }
    assert_eq!(desk.names(), ["reports", "small.yaml"]);
    let rows = desk.read("reports/latest/runs.csv").lines().count();
    assert_eq!(rows, 1 + 2 * 3 * 2, "a row per release, strategy and replication");
}

#[test]
fn a_report_is_replaced_as_a_whole() {
    let desk = Desk::new();
    desk.fine(&FLY);
    let first = desk.files("reports/latest");
    let other = [&FLY[..], &["--seed", "2"]].concat();
    desk.fine(&other);
    let second = desk.files("reports/latest");
    assert!(first != second);
    let fresh = Desk::new();
    fresh.fine(&other);
    assert!(second == fresh.files("reports/latest"), "nothing of the first is left");
    let left = fs::read_dir(desk.path("reports")).expect("the folder").count();
    assert_eq!(left, 1, "no half-written folder is left");
}

#[test]
fn a_folder_that_is_no_report_is_left_alone_before_anything_is_flown() {
    let desk = Desk::new();
    desk.write("thesis/chapter1.md", "precious");
    desk.write("file", "precious too");
    for out in ["thesis", "file", "."] {
        // So many replications would take hours: the answer must come first.
        let fly = ["run", "small.yaml", "--replications", "1000000", "--out", out];
        let answer = desk.run(&fly);
        assert_eq!(answer.code, Some(2), "{out}: {}", answer.err);
    }
    assert_eq!(desk.read("thesis/chapter1.md"), "precious");
    assert_eq!(desk.names(), ["file", "small.yaml", "thesis"]);
    fs::create_dir(desk.path("empty")).expect("a folder");
    desk.fine(&[&FLY[..], &["--out", "empty/"]].concat());
    assert!(desk.path("empty/run.json").exists(), "an empty folder may be filled");
}

#[test]
fn set_flies_every_combination() {
    let desk = Desk::new();
    let sets = ["--set", "spec.service.replicas=2,3", "--set", "spec.traffic.users=50,60"];
    let only = ["--strategies", "rollingUpdate"];
    desk.fine(&[&FLY[..], &sets, &only].concat());
    let names = |column: usize| -> BTreeSet<String> {
        let runs = desk.read("reports/latest/runs.csv");
        let cell = |line: &str| line.split(',').nth(column).unwrap_or_default().to_string();
        runs.lines().skip(1).map(cell).collect()
    };
    let wanted = [(2, 50), (2, 60), (3, 50), (3, 60)]
        .map(|(replicas, users)| format!("small replicas={replicas} users={users}"));
    assert_eq!(names(0), BTreeSet::from(wanted));
    assert_eq!(names(2), BTreeSet::from(["rollingUpdate".to_string()]));
    assert!(desk.path("reports/latest/charts/sweep-small/users-hurt-by-a-release.svg").exists());
}

#[test]
fn a_folder_and_a_stream_are_many_scenarios() {
    let desk = Desk::new();
    let small = desk.read("small.yaml");
    let other = small.replace("name: small", "name: other");
    desk.write("scenarios/a.yaml", &other);
    desk.write("scenarios/b.yaml", &small);
    desk.write("scenarios/deeper/c.yaml", "not read: it lies deeper");
    desk.write("scenarios/notes.txt", "not read: it is no scenario");
    let quick = ["--replications", "1", "--strategies", "canary"];
    let out = desk.fine(&[&["run"][..], &quick].concat());
    assert!(out.find("other: ") < out.find("small: "), "{out}");
    let stream = desk.run_with(&["validate", "-"], &format!("{small}---\n{other}"));
    assert_eq!(stream.code, Some(0), "{}", stream.err);
    assert!(stream.out.starts_with("small, other: valid"), "{}", stream.out);
}

/// What a file's author found is printed of the flights that the file asks for, and of no others.
#[test]
fn a_file_answers_for_its_own_flights_only() {
    let desk = Desk::new();
    let head = "# Question: which one?\n# Answer: the canary, it hurts 3 % of the users.\n";
    let small = desk.read("small.yaml").replace("replicas: 3", "replicas: 2");
    desk.write("asked.yaml", &format!("{head}{small}  replications: {{min: 2, max: 2}}\n"));
    let page = |more: &[&str]| {
        desk.fine(&[&["run", "asked.yaml"], more].concat());
        desk.read("reports/latest/summary.md")
    };
    let own = page(&[]);
    assert!(own.contains("> Question: which one?\n> Answer: the canary"), "{own}");
    for other in [
        &["--seed", "2"][..],
        &["--replications", "3"],
        &["--quick"],
        &["--max-requests", "1000000"],
        &["--strategies", "canary,abTest"],
        &["--set", "spec.service.replicas=3"],
    ] {
        let page = page(other);
        assert!(page.contains("> Question: which one?"), "{other:?}: {page}");
        assert!(!page.contains("Answer:") && !page.contains("hurts 3 %"), "{other:?}: {page}");
    }
    // The seed that is flown without a word.
    assert!(page(&["--seed", "1"]).contains("> Answer: the canary"));
}

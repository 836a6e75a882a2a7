//! What `run` and `check` answer: verdicts, reports, one JSON, and how much is flown for it.

use super::desk::{Desk, SMALL};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Two tests write blocks of one page.
static PAGE: Mutex<()> = Mutex::new(());

const EXAMPLE: [&str; 6] = ["check", "small.yaml", "--replications", "4", "--format", "json"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The small scenario with three lines: one holds, one fails, one is undecided.
fn three(desk: &Desk) {
    let lines = "    - canary · bad · users_exposed < 1\n\
        \x20   - canary · bad · verdict rolled-back-bad ≥ 99%\n";
    desk.write("three.yaml", &(SMALL.replace("name: small", "name: three") + lines));
}

#[test]
fn the_first_scenario_that_is_written_ends_decided() {
    let desk = Desk::new();
    desk.fine(&["new", "demo", "--out", "x.yaml"]);
    let answer = desk.run(&["check", "x.yaml"]);
    assert_eq!(answer.code, Some(0), "{}\n{}", answer.out, answer.err);
    assert!(answer.out.contains("2 hold, 0 fail, 0 undecided"), "{}", answer.out);
    assert_eq!(desk.names(), ["small.yaml", "x.yaml"], "without --out nothing is written");
}

#[test]
fn run_prints_the_verdicts_last_and_exits_with_0() {
    let desk = Desk::new();
    three(&desk);
    let out = desk.fine(&["run", "three.yaml", "--replications", "4"]);
    let (_, lines) = out.split_once("What was expected:\n").expect("the lines");
    assert!(lines.starts_with("three\n  holds     canary"), "{lines}");
    assert!(lines.contains("  FAILS     canary · bad · users_exposed < 1\n"), "{lines}");
    assert!(lines.contains("\n            three.yaml:21:7\n"), "{lines}");
    assert!(lines.trim_end().ends_with("1 hold, 1 fail, 1 undecided"), "{lines}");
    let check = desk.run(&["check", "three.yaml", "--replications", "4"]);
    assert_eq!(check.code, Some(1), "one line that fails decides");
    assert_eq!(check.out.trim_end(), lines.trim_end());
    assert!(!check.out.contains("three.yaml:20"), "a line that holds needs no place");
}

/// Of many scenarios those lines are printed that do not hold.
#[test]
fn lines_of_many_scenarios_are_counted_and_those_printed_that_do_not_hold() {
    let desk = Desk::new();
    three(&desk);
    for name in "abcdefghi".chars() {
        let text = SMALL.replace("name: small", &format!("name: scenario-{name}"));
        desk.write(&format!("many/{name}.yaml"), &text);
    }
    let fly = ["run", "three.yaml", "many", "--replications", "2", "--strategies", "canary"];
    let out = desk.fine(&fly);
    let (_, lines) = out.split_once("What was expected:\n").expect("the lines");
    assert!(lines.starts_with("three\n  FAILS"), "{lines}");
    assert!(!lines.contains("scenario-a") && lines.contains("10 hold, 1 fail, 1 und"), "{lines}");
}

#[test]
fn check_writes_the_report_that_run_writes() {
    let desk = Desk::new();
    three(&desk);
    let fly = ["three.yaml", "--replications", "4"];
    let check = desk.run(&[&["check"], &fly[..], &["--out", "c"]].concat());
    assert_eq!(check.code, Some(1), "the code is that of the lines: {}", check.err);
    assert!(check.out.contains("1 hold, 1 fail") && check.err.contains("c/summary.md"));
    desk.fine(&[&["run"], &fly[..], &["--out", "r"]].concat());
    let (checked, flown) = (desk.files("c"), desk.files("r"));
    assert!(checked.keys().eq(flown.keys()));
    let own: BTreeSet<PathBuf> =
        ["run.json", "summary.md", "inventory.txt"].map(PathBuf::from).into();
    for (name, bytes) in &checked {
        // These name the command.
        assert!(own.contains(name) || *bytes == flown[name], "{} differs", name.display());
    }
    // Flown until every line is decided, too.
    let gate = desk.run(&["check", "small.yaml", "--out", "g"]);
    assert_eq!(gate.code, Some(0), "{}", gate.err);
    assert!(
        desk.files("g").keys().eq(desk
            .files("r")
            .keys()
            .map(|name| PathBuf::from(name.display().to_string().replace("three", "small")))
            .collect::<BTreeSet<_>>()
            .iter())
    );
    let taken = desk.run(&["check", "small.yaml", "--out", "small.yaml"]);
    assert_eq!((taken.code, taken.out.as_str()), (Some(2), ""), "{}", taken.err);
    let empty = ["check", "small.yaml", "--set", "spec.expect=[]", "--out", "e"];
    assert_eq!(desk.run(&empty).code, Some(2));
    assert!(!desk.path("e").exists(), "nothing was checked, nothing is written");
}

#[test]
fn run_check_and_the_folder_answer_in_one_shape() {
    let desk = Desk::new();
    three(&desk);
    let fly = ["three.yaml", "--replications", "4", "--format", "json", "--out", "o"];
    let run = desk.fine(&[&["run"], &fly[..]].concat());
    assert_eq!(run, desk.read("o/run.json"), "byte for byte");
    let check = desk.run(&[&["check"], &fly[..]].concat());
    assert_eq!((check.code, check.out.as_str()), (Some(1), desk.read("o/run.json").as_str()));
    let (mut run, mut check) = (json(&run), json(&check.out));
    for answer in [&mut run, &mut check] {
        answer["command"] = Value::Null;
    }
    assert_eq!(run, check, "but for the command the answers are the same");
    assert_eq!(run["schema"], "windtunnel.results/1");
    assert_eq!((&run["verdict"], &run["lines"]["undecided"]), (&"fails".into(), &1.into()));
    assert_eq!(run["replications"], serde_json::json!({"least": 4, "most": 4}));
    let lines = run["scenarios"][0]["expectations"].as_array().expect("lines");
    let spots: Vec<_> = lines.iter().map(|l| (l["file"].as_str(), l["line"].as_u64())).collect();
    assert_eq!(spots, [20, 21, 22].map(|line| (Some("three.yaml"), Some(line))));
    assert_eq!(lines[1]["unit"], "users");
    assert_eq!((&lines[2]["unit"], &lines[2]["flights"]), (&"share".into(), &4.into()));
    assert!(lines[2]["needed"].as_u64() > Some(4) && lines[1]["needed"].is_null(), "{lines:?}");
    // The figure of a line is one of the figures.
    let same = run["scenarios"][0]["figures"].as_array().expect("figures").iter().find(|row| {
        row["measure"] == "users_exposed" && row["release"] == "bad" && row["strategy"] == "canary"
    });
    let same = same.expect("the figure");
    assert_eq!((&same["mean"], &same["upper"]), (&lines[0]["value"], &lines[0]["upper"]));
    let set = ["check", "small.yaml", "--format", "json", "--set", "spec.expect=[canary · x]"];
    let refused = desk.run(&set);
    let answer = json(&refused.out);
    assert!(refused.code == Some(2) && answer["problems"].is_array(), "{answer}");
    assert!(answer["schema"].is_null(), "{answer}");
}

#[test]
fn a_line_that_was_set_stands_in_no_file() {
    let desk = Desk::new();
    let set = "spec.expect=[canary · bad · users_exposed < 1]";
    let args = ["check", "small.yaml", "--replications", "2", "--set", set];
    let text = desk.run(&args);
    assert!(text.code == Some(1) && !text.out.contains("small.yaml:"), "{}", text.out);
    let found = json(&desk.run(&[&args[..], &["--format", "json"]].concat()).out);
    let line = &found["scenarios"][0]["expectations"][0];
    assert!(line["file"].is_null() && line["line"].is_null(), "{line}");
}

/// Paths of all values that hold no others, with `[]` for places in lists, and whether one of them
/// is there.
fn paths(value: &Value, path: &str, found: &mut BTreeMap<String, bool>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                paths(inner, &format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) if items.is_empty() => {
            found.entry(format!("{path}[]")).or_insert(false);
        }
        Value::Array(items) => {
            items.iter().for_each(|item| paths(item, &format!("{path}[]"), found));
        }
        value => *found.entry(path.to_string()).or_insert(false) |= !value.is_null(),
    }
}

/// `docs/json.md` names every field that there is, and no other.
#[test]
fn every_field_of_the_answer_is_documented() {
    let desk = Desk::new();
    three(&desk);
    desk.write("two/three.yaml", &desk.read("three.yaml"));
    desk.write("two/small.yaml", SMALL);
    let fly = ["run", "two", "--replications", "4", "--format", "json"];
    let mut found = BTreeMap::new();
    paths(&json(&desk.fine(&fly)), "", &mut found);
    let page = page();
    let cells = page.lines().filter(|line| line.starts_with("| `"));
    let cells = cells.filter_map(|line| line.split(" | ").next());
    let documented: BTreeSet<&str> =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(documented.len() > 100, "{documented:?}");
    // What is empty or null here may have fields of its own.
    let below = |path: &str, outer: &str| {
        path != outer && path.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    for (path, has_value) in &found {
        let inner = documented.iter().any(|d| below(d, path)) && !has_value;
        assert!(documented.contains(&**path) || inner, "{path} is not in docs/json.md");
    }
    for path in documented {
        let outer = found.iter().any(|(f, has_value)| !has_value && below(path, f));
        assert!(found.contains_key(path) || outer, "docs/json.md: there is no {path}");
    }
}

fn page_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")
}

fn page() -> String {
    fs::read_to_string(page_path()).expect("docs/json.md")
}

#[test]
fn the_example_of_the_answer_is_one() {
    let found = json(&Desk::new().fine(&EXAMPLE));
    let line = &found["scenarios"][0]["expectations"][0];
    is_made("example", line);
}

/// What is refused stands in the place of the answer, the same from every verb that flies.
#[test]
fn the_example_of_a_refusal_is_one() {
    let desk = Desk::new();
    let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: shop}\nspec: \
                {servce: {replicas: 6}}\n";
    desk.write("shop.yaml", text);
    let refused = |verb: &str| {
        let told = desk.run(&[verb, "shop.yaml", "--format", "json"]);
        assert_eq!((told.code, told.err.as_str()), (Some(2), ""), "{verb}");
        json(&told.out)
    };
    let found = refused("check");
    assert_eq!((&found, &found), (&refused("run"), &refused("validate")));
    is_made("refusal", &found);
}

/// Holds the block of that name in the page against what was found, or writes it.
fn is_made(name: &str, found: &Value) {
    let begin = format!("<!-- {name}: made by tests/cli/verbs.rs -->\n\n");
    let end = format!("\n<!-- end of {name}");
    let _one_at_a_time = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = page();
    let (before, rest) = page.split_once(&begin).expect("the block");
    let (example, after) = rest.split_once(&end).expect("its end");
    let made = format!("```json\n{found:#}\n```\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(page_path(), format!("{before}{begin}{made}{end}{after}")).expect("docs");
        return;
    }
    assert_eq!(example, made, "UPDATE_GOLDEN=1 writes it");
}

/// `--quick` flies what `--replications` with its number flies; how a budget is divided over more
/// than this, see `experiment::budget`.
#[test]
fn quick_is_a_number_of_replications() {
    let desk = Desk::new();
    let fly = |more: &[&str]| {
        let fly = ["run", "small.yaml", "--strategies", "canary", "--format", "json"];
        json(&desk.fine(&[&fly[..], more].concat()))
    };
    let quick = fly(&["--quick", "--out", "q"]);
    assert_eq!(quick["replications"], serde_json::json!({"least": 16, "most": 16}), "one batch");
    fly(&["--replications", "16", "--out", "n"]);
    for name in ["runs.csv", "summary.csv", "timeline.csv", "events.jsonl"] {
        let read = |out: &str| desk.read(&format!("{out}/{name}"));
        assert_eq!(read("q"), read("n"), "{name}");
    }
    let pictures = |out: &str, ending: &str| {
        desk.files(out).keys().any(|path| path.extension().is_some_and(|e| e == ending))
    };
    assert!(pictures("q", "svg") && !pictures("q", "png"), "a first look has no PNG");
    assert!(pictures("n", "svg"));
    assert_eq!(pictures("n", "png"), cfg!(feature = "png"));
}

#[test]
fn what_is_flown_for_a_time_can_be_repeated() {
    let desk = Desk::new();
    desk.write("two/small.yaml", SMALL);
    desk.write("two/other.yaml", &SMALL.replace("name: small", "name: other"));
    let args = ["run", "two", "--for", "1s", "--strategies", "canary", "--out", "o"];
    let answer = desk.run(&args);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let first = desk.files("o");
    let run = json(&desk.read("o/run.json"));
    let reached = &run["replications"];
    assert_eq!(reached["least"], reached["most"], "one number holds for all");
    let count = reached["least"].as_u64().expect("a number");
    assert!(count >= 2 && (count < 16 || count.is_multiple_of(16)), "{count}: whole batches");
    let command = run["command"].as_str().expect("a command");
    let wanted = args.join(" ").replace("--for 1s", &format!("--replications {count}"));
    assert_eq!(command, format!("windtunnel {wanted}"));
    assert!(flat(&answer.err).contains(&flat(command)), "{}", answer.err);
    assert!(desk.read("o/summary.md").contains(&format!("--replications {count}")));
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    desk.fine(&words);
    let second = desk.files("o");
    assert!(first.keys().eq(second.keys()));
    for (name, bytes) in &first {
        assert!(bytes == &second[name], "{} differs", name.display());
    }
    let check = desk.run(&["check", "two", "--for=1s", "--format", "json"]);
    assert_eq!(check.code, Some(0), "{}", check.err);
    let command = json(&check.out)["command"].as_str().map(str::to_string);
    assert!(command.is_some_and(|c| c.starts_with("windtunnel check two --replications ")));
}

#[test]
fn budgets_exclude_each_other() {
    let desk = Desk::new();
    for flags in [
        ["--quick", "--replications=3"],
        ["--for=1s", "--replications=3"],
        ["--for=1s", "--quick"],
        ["--max-requests=9", "--quick"],
        ["--max-requests=9", "--for=1s"],
    ] {
        for verb in ["run", "check"] {
            let answer = desk.run(&[&[verb, "small.yaml"], &flags[..]].concat());
            assert_eq!(answer.code, Some(2), "{verb} {flags:?}");
            assert!(answer.err.contains("cannot be used with"), "{}", answer.err);
        }
    }
    for wrong in ["0s", "25h", "soon", "-3s"] {
        let answer = desk.run(&["run", "small.yaml", &format!("--for={wrong}")]);
        assert!(answer.code == Some(2) && answer.err.contains("from 1s to 24h"), "{}", answer.err);
    }
    assert_eq!(desk.names(), ["small.yaml"]);
}

/// What takes a moment needs no words before; of what is long, and of many, see `pace` and `many`.
#[test]
fn what_is_short_is_not_announced() {
    let desk = Desk::new();
    let small = desk.run(&["run", "small.yaml", "--replications", "2"]);
    assert!(!small.err.contains("combination"), "{}", small.err);
}

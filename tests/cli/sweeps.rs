//! Sweeps: `--set` with several values, what is written of them, and what the points share.

use super::desk::{Desk, SMALL};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::report::figure::Quantity;

/// The rows of a table, each by column.
fn table(desk: &Desk, path: &str) -> Vec<BTreeMap<String, String>> {
    let text = desk.read(path);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers().expect("a head").iter().map(str::to_string).collect();
    let row =
        |row: csv::StringRecord| head.iter().cloned().zip(row.iter().map(str::to_string)).collect();
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    match row[column].as_str() {
        // The end of an interval that is not known.
        "" => f64::INFINITY,
        text => text.parse().unwrap_or_else(|e| panic!("{column} of {row:?}: {e}")),
    }
}

/// Sizes, by how long a way to ship takes: one pod after the other, or by steps.
const SIZES: &str = "\
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: sizes}
spec:
  horizon: 30m
  onCall: none
  service: {replicas: 4, startup: 5s}
  traffic: {users: 50, arrivals: {poisson: {rate: 1/s}}}
  release: {at: 1m, variants: [{name: good}]}
  strategies:
    - rollingUpdate: {name: one-by-one, maxSurge: 1, maxUnavailable: 0}
    - canary: {steps: [25%, 100%], interval: 90s}
";

#[test]
fn a_sweep_is_told_first_and_every_row_says_where_it_stands() {
    let desk = Desk::new();
    desk.write("sizes.yaml", SIZES);
    let set = ["--set", "spec.service.replicas=4..64x4"];
    let run = [&["run", "sizes.yaml", "--replications", "16", "--out", "o"], &set[..]].concat();
    let out = desk.fine(&run);
    for part in [
        "sizes over spec.service.replicas: 3 values, 16 flights of each strategy with each release",
        "time to ship a good release",
        "one-by-one is better at ",
        ", canary at 16: they change places in between, at about ",
        "replicas  choice",
    ] {
        let out = out.replace("\n  ", " ");
        assert!(out.contains(part), "{part}\n{out}");
    }
    let page = desk.read("o/summary.md");
    assert!(page.find("## Sweep: ") < page.find("### sizes replicas=4"), "{page}");
    let pictures: Vec<String> =
        desk.files("o/charts").keys().map(|path| path.display().to_string()).collect();
    assert!(pictures.iter().all(|path| path.starts_with("sweep-sizes")), "{pictures:?}");
    let svg = desk.read("o/charts/sweep-sizes/time-to-ship-a-good-release.svg");
    assert!(svg.contains("they change places in between") && svg.contains("\nturns\n"), "{svg}");
    for line in page.lines().filter(|line| line.starts_with("![")) {
        let path = line.split("](").nth(1).and_then(|rest| rest.strip_suffix(')')).expect("a path");
        assert!(desk.path("o").join(path).is_file(), "{path}");
    }
    let rows = table(&desk, "o/sweeps.csv");
    for row in &rows {
        assert_eq!(
            (row["scenario"].as_str(), row["path"].as_str()),
            ("sizes", "spec.service.replicas")
        );
        assert!(["4", "16", "64"].contains(&row["value"].as_str()), "{row:?}");
        assert!(row["path2"].is_empty() && row["value2"].is_empty() && row["further"].is_empty());
        assert!(!row["strategy"].is_empty() && !row["release"].is_empty() && !row["n"].is_empty());
    }
    let run: Value = serde_json::from_str(&desk.read("o/run.json")).expect("JSON");
    let turns = &run["sweeps"][0]["lines"][0]["order_turns"];
    let ship = turns.as_array().and_then(|all| all.iter().find(|t| t["measure"] == "rollout_s"));
    let ship = ship.unwrap_or_else(|| panic!("{turns}"));
    assert_eq!((&ship["better_before"], &ship["after"]), (&"one-by-one".into(), &"16".into()));
}

/// Every figure of the page's table stands in `sweeps.csv`, and so does the terminal's.
#[test]
fn tables_tell_the_figures_of_the_csv_file() {
    let desk = Desk::new();
    let run = ["run", "small.yaml", "--replications", "4", "--out", "o"];
    let out = desk.fine(&[&run[..], &["--set", "spec.service.replicas=2,3"]].concat());
    let (page, mut seen) = (desk.read("o/summary.md"), 0);
    for row in table(&desk, "o/sweeps.csv") {
        let (title, of) = match (row["measure"].as_str(), row["release"].as_str()) {
            ("users_hurt_by_release_share", "all") => ("users hurt by a release", Quantity::Share),
            ("verdict promoted-good", "all good") => ("good releases shipped", Quantity::Share),
            ("rollout_s", "all good") => ("time to ship a good release", Quantity::Seconds),
            _ => continue,
        };
        let [mean, lower, upper] = ["mean", "lower", "upper"].map(|column| number(&row, column));
        let section = page.split(&format!("### small: {title}\n")).nth(1).expect(title);
        let section = section.split("\n### ").next().unwrap_or_default();
        let line = section.lines().find(|line| line.starts_with(&format!("| {} |", row["value"])));
        let shown = of.show_interval(mean, lower, upper);
        assert!(line.is_some_and(|line| line.contains(&shown)), "{title} {row:?}: {shown}\n{page}");
        let table = out.split(&format!("\n{title}\n")).nth(1).expect(title);
        let line = table.lines().find(|line| line.starts_with(&format!("{} ", row["value"])));
        let shown = of.show(mean);
        assert!(line.is_some_and(|line| line.contains(&shown)), "{title} {row:?}: {shown}\n{out}");
        seen += 1;
    }
    // Of a strategy that ships nothing there is no time to ship.
    assert!(seen > 3 * 2 * 2, "{seen}");
}

#[test]
fn two_settings_make_maps() {
    let desk = Desk::new();
    let sets = [
        "--set",
        "spec.service.replicas=2,3",
        "--set",
        "spec.release.variants.bad.faults.errors.rate=5..25/10",
    ];
    let sets = sets.map(|set| set.replace("5..25/10", "5%..25%/10%"));
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let run = ["run", "small.yaml", "--replications", "2", "--out", "o"];
    let out = desk.fine(&[&run[..], &sets].concat());
    assert!(out.contains("Of 6 points the choice is"), "{out}");
    assert!(out.contains("replicas \\ rate"), "{out}");
    for name in ["choice", "users-hurt-by-a-release", "time-to-ship-a-good-release"] {
        assert!(desk.path(&format!("o/charts/sweep-small/{name}.svg")).is_file(), "{name}");
    }
    let rows = table(&desk, "o/sweeps.csv");
    let places: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row["value"].clone(), row["value2"].clone())).collect();
    assert_eq!(places.len(), 6);
    let page = desk.read("o/summary.md");
    assert!(page.contains("| replicas ↓ rate → | 5% | 15% | 25% |"), "{page}");
    // A third setting makes a grid for each of its values.
    let third = ["--set", "spec.traffic.users=50,60", "--strategies", "canary"];
    desk.fine(&[&run[..], &sets, &third].concat());
    let rows = table(&desk, "o/sweeps.csv");
    let further: BTreeSet<String> = rows.iter().map(|row| row["further"].clone()).collect();
    assert_eq!(further, BTreeSet::from(["50", "60"].map(|n| format!("spec.traffic.users={n}"))));
}

/// What a point flies is what the scenario flies that has its values; a sweep takes nothing away
/// from being repeated, nor does the number of threads.
#[test]
fn a_point_flies_what_its_scenario_flies() {
    let desk = Desk::new();
    let fly = |set: &str, out: &str, jobs: &str| {
        let run = ["run", "small.yaml", "--replications", "4", "--set", set, "--out", out];
        desk.fine(&[&run[..], &["--jobs", jobs]].concat());
        desk.read(&format!("{out}/runs.csv"))
    };
    let swept = fly("spec.service.replicas=2,3", "o", "1");
    let alone = fly("spec.service.replicas=2", "a", "1");
    let point = swept.replace("small replicas=2,", "small,");
    let missing: Vec<&str> = alone.lines().filter(|row| !point.contains(*row)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let files = desk.files("o");
    fly("spec.service.replicas=2,3", "o", "3");
    for (name, bytes) in desk.files("o") {
        let same = files[&name] == bytes;
        assert!(same || name.ends_with("run.json"), "{} differs", name.display());
    }
}

/// Arrivals are drawn without regard to what is swept, unless it is the traffic itself: the
/// requests and users of replication n are those of every value.
#[test]
fn the_points_of_a_sweep_meet_the_same_requests() {
    let desk = Desk::new();
    for (set, same) in [
        ("spec.service.replicas=2,4", true),
        ("spec.strategies.canary.interval=20s,40s", true),
        ("spec.traffic.arrivals.poisson.rate=5/s,10/s", false),
    ] {
        let run = ["run", "small.yaml", "--replications", "3", "--set", set, "--out", "o"];
        desk.fine(&run);
        let mut by_flight: BTreeMap<[String; 3], BTreeSet<[String; 2]>> = BTreeMap::new();
        for row in table(&desk, "o/runs.csv") {
            let key = ["release", "strategy", "replication"].map(|name| row[name].clone());
            let met = ["requests", "users_active"].map(|name| row[name].clone());
            by_flight.entry(key).or_default().insert(met);
        }
        let alike = by_flight.values().filter(|met| met.len() == 1).count();
        assert_eq!(alike == by_flight.len(), same, "{set}: {by_flight:?}");
    }
}

#[test]
fn entries_of_lists_have_names() {
    let desk = Desk::new();
    let runs = |set: &str| {
        desk.fine(&["run", "small.yaml", "--replications", "2", "--set", set, "--out", "o"]);
        desk.read("o/runs.csv")
    };
    for (named, counted) in [
        ("spec.strategies.canary.interval=20s", "spec.strategies[1].canary.interval=20s"),
        (
            "spec.strategies.canary.checks.errorRate.max=1%",
            "spec.strategies[1].canary.checks[0].errorRate.max=1%",
        ),
        (
            "spec.release.variants.bad.faults.errors.rate=5%",
            "spec.release.variants[1].faults[0].errors.rate=5%",
        ),
        ("spec.service.routes.home.value=$1", "spec.service.routes[0].value=$1"),
    ] {
        assert_eq!(runs(named), runs(counted), "{named}");
    }
}

/// Who asks how often a release is bad need not say how often it is good.
#[test]
fn shares_that_are_swept_leave_the_rest_to_the_others() {
    let desk = Desk::new();
    let set = ["--set", "spec.release.variants.bad.share=10%,50%"];
    let run = ["run", "small.yaml", "--replications", "1", "--strategies", "canary", "--out", "o"];
    let answer = desk.run(&[&run[..], &set].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let told = "--set: warning: spec.release.variants: the others share what is left: good has 90% \
                (with --set spec.release.variants.bad.share=10%) and 1 more like this";
    assert!(answer.err.contains(told), "{}", answer.err);
    let found: serde_json::Value = serde_json::from_str(&desk.read("o/run.json")).expect("JSON");
    let shares = |at: usize| {
        let releases = found["scenarios"][at]["releases"].as_array().expect("releases");
        releases.iter().filter_map(|r| r["share"].as_f64()).collect::<Vec<_>>()
    };
    assert_eq!([shares(0), shares(1)], [[0.9, 0.1], [0.5, 0.5]]);
    let both = [&set[..], &["--set", "spec.release.variants.good.share=20%"]].concat();
    let answer = desk.run(&[&["validate", "small.yaml"], &both[..]].concat());
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("the shares come to 30%"), "{}", answer.err);
    assert!(answer.err.contains("leave the share of one of them out"), "{}", answer.err);
}

#[test]
fn everything_wrong_with_a_sweep_is_said_at_once() {
    let desk = Desk::new();
    let sets = [
        "spec.strategies.canry.interval=20s,30s",
        "spec.release.variants.badd.share=1%,2%",
        "spec.service.replica=3",
        "spec.traffic.users=100,many",
    ];
    let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    let answer = desk.run(&[&["run", "small.yaml"][..], &args].concat());
    assert_eq!(answer.code, Some(2));
    for part in [
        "spec.strategies has no entry \"canry\"",
        "did you mean canary? there is rollingUpdate, canary, abTest",
        "spec.release.variants has no entry \"badd\"",
        "did you mean bad? there is good, bad",
        "unknown key \"replica\"",
        "did you mean replicas?",
        "\"many\"",
    ] {
        assert_eq!(answer.err.matches(part).count(), 1, "{part}\n{}", answer.err);
    }
    let spelled =
        desk.run(&["run", "small.yaml", "--set", "a=1..5", "--set", "b", "--set", "c=1,1"]);
    assert_eq!(spelled.code, Some(2));
    for part in ["a: the range 1..5 has no step", "without `=`", "c: the value 1 is there twice"] {
        assert!(spelled.err.contains(part), "{part}\n{}", spelled.err);
    }
    assert!(!desk.path("reports").exists(), "nothing is written");
}

#[test]
fn every_point_is_told_in_whole_on_demand() {
    let desk = Desk::new();
    let run = ["run", "small.yaml", "--replications", "2", "--strategies", "canary", "--out", "o"];
    let set = ["--set", "spec.service.replicas=2,3"];
    let short = desk.fine(&[&run[..], &set].concat());
    assert!(short.contains("--details prints the table of each point"), "{short}");
    assert!(!desk.path("o/charts/small-replicas-2").exists());
    let whole = desk.fine(&[&run[..], &set, &["--details"]].concat());
    assert!(whole.contains("small replicas=3: 1 strategy"), "{whole}");
    assert!(desk.path("o/charts/small-replicas-2/blast-radius.svg").is_file());
    assert!(desk.read("o/timeline.csv").lines().count() > 1, "flights are recorded");
}

/// Values may be whole texts, and are escaped where they are written.
#[test]
fn values_of_any_kind_are_swept() {
    let desk = Desk::new();
    let set = "spec.strategies.canary.steps=[20%, 100%],[5%, 50%, 100%]";
    let run = ["run", "small.yaml", "--replications", "2", "--set", set, "--out", "o"];
    let out = desk.fine(&run);
    assert!(out.contains("[5%, 50%, 100%]"), "{out}");
    let values: BTreeSet<String> =
        table(&desk, "o/sweeps.csv").into_iter().map(|row| row["value"].clone()).collect();
    assert_eq!(values.len(), 2);
    let other = SMALL.replace("name: small", "name: other");
    desk.write("other.yaml", &other);
    let both = ["run", "small.yaml", "other.yaml", "--replications", "2", "--out", "o"];
    desk.fine(&[&both[..], &["--set", "spec.service.replicas=2,3"]].concat());
    let names: BTreeSet<String> =
        table(&desk, "o/sweeps.csv").into_iter().map(|row| row["scenario"].clone()).collect();
    assert_eq!(names, BTreeSet::from(["other".to_string(), "small".to_string()]));
}

#[test]
fn a_textbook_is_known_and_explained() {
    let desk = Desk::new();
    desk.write("book.yaml", "apiVersion: windtunnel/v1alpha1\nkind: Textbook\nspec: {}\n");
    let answer = desk.run(&["validate", "book.yaml"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("`windtunnel textbook FILE` judges its claims"), "{}", answer.err);
    let told = desk.fine(&["explain", "Textbook"]);
    assert!(told.contains("spec.chapters[].claims[].sweeps[].values"), "{told}");
    let field = desk.fine(&["explain", "spec.chapters.claims.verdict"]);
    assert!(field.contains("holds | depends | refuted | no measure"), "{field}");
    assert!(desk.fine(&["list", "textbook"]).contains("Textbook"));
}

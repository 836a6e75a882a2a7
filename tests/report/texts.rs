//! Texts for readers and JSON for scripts.

use crate::fixture::{nothing_flown, results};
use windtunnel::report::{documents, replay, run_json, stops, summary, table, worst};
use windtunnel::scenario::ids::{PlanId, VariantId};

fn document(path: &str) -> String {
    let all = documents(&results()).expect("documents");
    let found = all.into_iter().find(|d| d.path == path).expect("the document");
    String::from_utf8(found.bytes).expect("UTF-8")
}

#[test]
fn the_summary_states_figures_intervals_and_censoring() {
    let page = summary::text(&results());
    for part in [
        "# What the flights say",
        "> Which strategy for an ordinary web service?",
        "**yes** (38 s of outage)",
        "(2 of 20 empty)",
        "A year of 150 releases",
        "**No strategy helps** against *bad*",
        "needs a second fleet",
        "rolled-back-bad",
        "100 % [84, 100]",
        "reached the precision",
        "### Who stops what",
        "| canary | taken back 5 % by `p99`; shipped 95 % |",
        "### Delivery",
        "| canary | **mostly** | 95.0 % [75.1, 99.9] |",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    assert!(!page.contains("NaN"));
}

#[test]
fn terminal_tables_fit() {
    for results in [results(), nothing_flown()] {
        for scenario in &results.scenarios {
            let text = table::text(scenario, &[]);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{widest:?}\n{text}");
            assert!(!text.contains('\u{1b}'), "plain text");
        }
    }
}

/// What was asked and what was met stands in the terminal, the page and the JSON.
#[test]
fn what_users_met_stands_where_one_looks() {
    let results = results();
    let terminal = table::text(&results.scenarios[0], &[]);
    let line = "canary (good): 10 % asked, 50 % met: 1 of 2 pods, by 87 % of users";
    let flat = terminal.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("What users met:"), "{terminal}");
    assert!(flat.contains(line) || flat.contains(&line.replace(" (good)", "")), "{terminal}");
    let page = summary::text(&results);
    for part in [
        "### What users met",
        "| strategy | release | asked | requests that met it |",
        "| canary | good | 10 % | **50",
        "| canary | good | 50 % | 50",
        "| 1 of 2 | 5 min | 20 |",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    let json = run_json::value(&results);
    let met = json["scenarios"][0]["met"].as_array().expect("a list");
    let canary: Vec<_> = met.iter().filter(|row| row["strategy"] == "canary").collect();
    assert_eq!(canary.len(), 2, "a row a release");
    assert_eq!(canary[0]["steps"][0]["asked"], 0.1);
    assert_eq!(canary[0]["steps"][0]["requests_met"]["mean"], 0.5);
    assert_eq!(canary[1]["steps"].as_array().map(Vec::len), Some(1), "the bad one was stopped");
    let run: serde_json::Value = serde_json::from_str(&document("run.json")).expect("JSON");
    assert_eq!(run["scenarios"][0]["met"], json["scenarios"][0]["met"]);
}

/// Of several services the worst comes first; a single one needs no overview.
#[test]
fn the_worst_comes_first() {
    let mut results = results();
    let text = worst::text(&results);
    assert!(text.starts_with("2 scenarios, worst first"), "{text}");
    let rows = worst::json(&results);
    let share = |n: usize| rows[n]["hurt_share"].as_f64().expect("a share");
    assert!(rows.len() == 2 && share(0) >= share(1), "{rows:?}");
    assert!(summary::text(&results).contains("## Worst first"));
    results.scenarios.truncate(1);
    assert_eq!((worst::text(&results), worst::markdown(&results)), (String::new(), None));
    assert_eq!(worst::json(&results).len(), 1);
}

/// A bad release that never acted is warned of, by its name, wherever one looks for what it did.
#[test]
fn a_bad_release_that_never_acts_is_told() {
    let mut results = results();
    let plain = |name: &str| name.to_string();
    assert!(stops::warnings(&results.scenarios[0], &plain).is_empty());
    results.scenarios[0].idle = vec![(VariantId(1), VariantId(0))];
    let told = stops::warnings(&results.scenarios[0], &plain);
    let start = "The bad release bad differs from good in no flight";
    assert!(told.len() == 1 && told[0].starts_with(start), "{told:?}");
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [table::text(&results.scenarios[0], &[]), summary::text(&results)] {
        assert!(flat(text.clone()).contains(start), "{text}");
    }
}

#[test]
fn json_reads_back() {
    let run: serde_json::Value = serde_json::from_str(&document("run.json")).expect("JSON");
    assert_eq!(run["seed"], 7);
    assert_eq!(run["scenarios"][0]["strategies"][2]["kind"], "blueGreen");
    for line in document("events.jsonl").lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(event["since_release_s"].is_number() && event["kind"].is_string());
    }
    let summary = run_json::value(&results());
    assert_eq!(summary["scenarios"][0]["strategies"][0]["downtime"], "yes");
    assert_eq!(run_json::value(&nothing_flown())["interrupted"], true);
}

#[test]
fn a_replay_tells_times_from_the_release_on() {
    let results = results();
    let scenario = &results.scenarios[0];
    let record = scenario
        .recordings
        .iter()
        .find(|r| r.plan == PlanId(3) && r.variant == VariantId(1))
        .expect("a recording");
    let text = replay::text(&scenario.scenario, record);
    assert!(text.contains("+0:00") && text.contains("exceeds 1 %"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let json = replay::json(&scenario.scenario, record);
    assert_eq!(json["release_at_s"], 300.0);
    assert_eq!(json["samples"].as_array().map(Vec::len), Some(360));
}

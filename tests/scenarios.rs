//! The scenarios that come with the tool: each is readable, says what it asks and what it found,
//! flies, and does what its `expect:` lines say; and the textbook's table comes out of the
//! comparison with room to spare.

#[path = "scenarios/controllers.rs"]
mod controllers;
#[path = "scenarios/figures.rs"]
mod figures;
#[path = "scenarios/plain.rs"]
mod plain;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::FlySettings;
use windtunnel::experiment::results::{Judgement, RatingRow, ScenarioResults};
use windtunnel::experiment::run;
use windtunnel::outcome::Rating;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::read::read;
use windtunnel::scenario::{foretell, yaml};

fn files() -> Vec<PathBuf> {
    files_of("scenarios")
}

fn files_of(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    files
}

/// The scenarios of a file, and the warnings about it.
fn scenarios(path: &Path) -> (Vec<Arc<Scenario>>, Vec<String>) {
    let text = std::fs::read_to_string(path).expect("text");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (found, warnings) = read(&text, &name).unwrap_or_else(|problems| panic!("{problems:?}"));
    let warnings = warnings.iter().map(|w| w.to_string()).collect();
    (found.into_iter().map(Arc::new).collect(), warnings)
}

fn named(name: &str) -> Vec<Arc<Scenario>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    scenarios(&path).0
}

fn flown(scenarios: &[Arc<Scenario>], seed: u64, replications: u32) -> Vec<ScenarioResults> {
    let settings = FlySettings {
        seed,
        replications: Some(replications),
        requests_max: None,
        decide: false,
        checked: false,
        record: false,
        export: false,
    };
    run(scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
        .scenarios
}

/// Flown by the budget that each scenario gives itself.
fn flown_by_budget(scenarios: &[Arc<Scenario>], seed: u64) -> Vec<ScenarioResults> {
    let settings = FlySettings {
        seed,
        replications: None,
        requests_max: None,
        decide: false,
        checked: false,
        record: false,
        export: false,
    };
    run(scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
        .scenarios
}

/// Lines of all shipped scenarios that do not hold by the budget shipped with them.
fn open_lines(seed: u64) -> Vec<String> {
    let mut open = Vec::new();
    for path in files().into_iter().chain(files_of("scenarios/textbook")) {
        for results in flown_by_budget(&scenarios(&path).0, seed) {
            let lines = results.expectations.iter().filter(|l| l.judgement != Judgement::Holds);
            open.extend(lines.map(|line| {
                let name = &results.scenario.name;
                format!("seed {seed}, {name}: {:?}: {}: {}", line.judgement, line.text, line.detail)
            }));
        }
    }
    open
}

/// Minutes of work, so it is asked for by itself: cargo test --test scenarios -- --ignored
#[test]
#[ignore = "minutes of flights: cargo test --test scenarios -- --ignored"]
fn every_shipped_line_holds_on_seeds_1_to_5() {
    let open: Vec<String> = (1..=5).flat_map(open_lines).collect();
    assert!(open.is_empty(), "{}", open.join("\n"));
}

#[test]
fn every_scenario_asks_points_and_answers() {
    let files = files();
    assert!(files.len() >= 12, "{} scenarios", files.len());
    for path in files {
        let (found, warnings) = scenarios(&path);
        let [scenario] = found.as_slice() else { panic!("{path:?}: one scenario a file") };
        assert_eq!(path.file_stem().and_then(|s| s.to_str()), Some(scenario.name.as_str()));
        for part in ["Question: ", "Look at: ", "Answer: "] {
            assert!(scenario.head.contains(part), "{path:?} has no {part:?} in its head");
        }
        assert!(scenario.head.chars().any(|c| c.is_ascii_digit()), "{path:?}: no figure");
        assert!((2..=4).contains(&scenario.expect.len()), "{path:?}: 2 to 4 expectations");
        assert!(warnings.is_empty(), "{path:?}: {warnings:?}");
        // Two are about what chance does to checks; the others give no cause for that.
        let text = std::fs::read_to_string(&path).expect("text");
        let document = yaml::documents(&text, "a").expect("YAML").remove(0);
        let foretold = foretell::warnings(&document, scenario);
        let warns = !foretold.is_empty();
        let by_chance = ["thin-traffic", "judges"].contains(&&*scenario.name);
        assert_eq!(warns, by_chance, "{path:?}: {foretold:?}");
    }
}

#[test]
fn no_expectation_fails_with_few_flights() {
    for path in files() {
        for results in flown(&scenarios(&path).0, 1, 8) {
            for line in &results.expectations {
                let fails = line.judgement == Judgement::Fails;
                assert!(!fails, "{path:?}: {}: {}", line.text, line.detail);
            }
        }
    }
}

/// The factor between a figure and the nearest of its cut-offs.
fn room(figure: f64, cut_offs: &[f64]) -> f64 {
    let factor =
        |cut: &f64| if figure <= 0.0 { f64::INFINITY } else { (figure / cut).max(cut / figure) };
    cut_offs.iter().map(factor).fold(f64::INFINITY, f64::min)
}

/// The strategies of a scenario with what they are rated.
fn words(results: &ScenarioResults) -> Vec<[&str; 5]> {
    let row = |row: &RatingRow| {
        let [a, b, c, d] = Rating::TEXTBOOK.map(|rating| row.grade(rating).word());
        [results.scenario.plan_name(row.plan), a, b, c, d]
    };
    results.ratings.iter().map(row).collect()
}

#[test]
fn the_textbook_table_is_measured_with_room_to_every_cut_off() {
    for seed in [1, 2] {
        let results = flown(&named("strategy-comparison.yaml"), seed, 32);
        let rows = &results[0].ratings;
        assert_eq!(
            words(&results[0]),
            [
                ["recreate", "yes", "slow", "high", "low"],
                ["rollingUpdate", "no", "medium", "medium", "low"],
                ["blueGreen", "no", "instant", "medium", "high"],
                ["canary", "no", "instant", "low", "medium"],
                ["abTest", "no", "instant", "low", "high"],
                ["shadow", "no", "n.a.", "none", "high"],
            ]
        );
        for row in rows {
            let mut rooms = vec![
                ("outage", room(row.outage_good_s, &[1.0])),
                ("outage on the rollback", room(row.rollback_outage_s, &[1.0])),
                ("users hurt", room(row.hurt_share, &[0.003, 0.03])),
                ("cost", room(row.fleet_minutes, &[0.5, 6.0])),
            ];
            if let (Some(full_rollback), Some(start)) = (row.full_rollback_s, row.start_to_ready_s)
            {
                rooms.push(("rollback", room(full_rollback / start, &[0.5, 1.75, 30.0])));
            }
            for (figure, factor) in rooms {
                let name = results[0].scenario.plan_name(row.plan);
                assert!(factor >= 1.5, "seed {seed}, {name}: {figure} at {factor:.2}");
            }
        }
    }
}

#[test]
fn slow_starts_with_preloaded_surge_change_two_cells() {
    let usual = ["rollingUpdate", "no", "medium", "medium", "low"];
    let results = flown(&named("jvm-slow-start.yaml"), 1, 16);
    let rows = words(&results[0]);
    let row = rows.iter().find(|row| row[0] == usual[0]).expect("a rolling update");
    assert_eq!(*row, ["rollingUpdate", "no", "fast", "medium", "medium"]);
    assert_eq!(row.iter().zip(usual).filter(|(a, b)| **a != *b).count(), 2);
}

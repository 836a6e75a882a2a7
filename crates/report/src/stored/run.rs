//! `run.json`: seed, version, storms and choices.

use super::{PROBLEMS_MAX, help};
use serde_json::Value;
use std::collections::BTreeSet;
use windtunnel_base::escape::csv::cell;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_experiment::diff::{Chosen, Side, StoredScenario};

/// Reads it into `side`; comes first of all files.
pub fn read(text: &str, side: &mut Side) -> Vec<Problem> {
    let run: Value = match serde_json::from_str(text) {
        Ok(run) => run,
        Err(error) => {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let place = Place { line: number(error.line()), column: number(error.column()).max(1) };
            let problem = Problem::error(place, "", format!("not JSON: {error}"));
            return vec![problem.help(help(""))];
        }
    };
    let version = run["version"].as_str().unwrap_or_default().to_string();
    let mut problems = Vec::new();
    let mut miss = |path: String, expected: &str| {
        let found = Problem::error(Place::default(), path, "missing, or of another kind");
        problems.push(found.expected(expected).help(help(&version)));
    };
    match run["seed"].as_u64() {
        Some(seed) => side.seed = seed,
        None => miss("seed".into(), "a whole number"),
    }
    if version.is_empty() {
        miss("version".into(), "the version of windtunnel that wrote it");
    }
    side.interrupted = run["interrupted"].as_bool().unwrap_or(false);
    let Some(scenarios) = run["scenarios"].as_array() else {
        miss("scenarios".into(), "a list");
        return problems;
    };
    let mut known = BTreeSet::new();
    for (at, scenario) in scenarios.iter().enumerate().take(PROBLEMS_MAX) {
        match scenario["scenario"].as_str() {
            Some(name) if known.insert(name) => side.scenarios.push(one(name, scenario)),
            Some(_) => miss(format!("scenarios[{at}].scenario"), "a name of its own"),
            None => miss(format!("scenarios[{at}].scenario"), "a name"),
        }
    }
    side.version = version;
    problems
}

fn one(name: &str, scenario: &Value) -> StoredScenario {
    let choice = &scenario["choice"];
    let first = choice["standings"][0]["strategy"].as_str().map(String::from);
    StoredScenario {
        // As tables write it.
        name: cell(name).into_owned(),
        storm: scenario["storm"].as_str().map(String::from),
        choice: choice["ending"].as_str().map(|word| Chosen { ending: word.to_string(), first }),
        ..StoredScenario::default()
    }
}

//! `run.json`: seed, version, storms, releases, strategies and choices.

use super::{PROBLEMS_MAX, help};
use serde_json::Value;
use std::collections::BTreeSet;
use windtunnel_base::escape::csv::cell;
use windtunnel_base::node::Node;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_experiment::diff::{Chosen, Side, StoredScenario};
use windtunnel_experiment::winner::Ending;
use windtunnel_scenario::{tree, yaml};

/// What is wrong, by path, with the version that wrote it.
struct Finder<'a> {
    text: &'a str,
    version: String,
    /// The text again, with places; made once something is wrong.
    places: Option<Option<Node>>,
    problems: Vec<Problem>,
}

impl Finder<'_> {
    fn miss(&mut self, path: &str, expected: &str) {
        if self.problems.len() >= PROBLEMS_MAX {
            return;
        }
        let text = self.text;
        // JSON is YAML, whose reader tells places.
        let read = || yaml::documents(text, "").ok().and_then(|all| all.into_iter().next());
        let root = self.places.get_or_insert_with(read);
        let first = Place { line: 1, column: 1 };
        let place = root.as_ref().map_or(first, |root| tree::place(root, path));
        let found = Problem::error(place, path, "missing, or of another kind");
        self.problems.push(found.expected(expected).help(help(&self.version)));
    }

    fn text(&mut self, value: &Value, path: &str, expected: &str) -> Option<String> {
        let found = value.as_str().map(String::from);
        if found.is_none() {
            self.miss(path, expected);
        }
        found
    }

    fn list<'v>(&mut self, value: &'v Value, path: &str) -> &'v [Value] {
        match value.as_array() {
            Some(list) => list,
            None => {
                self.miss(path, "a list");
                &[]
            }
        }
    }
}

/// Reads it into `side`; comes first of all files.
pub fn read(text: &str, side: &mut Side, _sound: bool) -> Vec<Problem> {
    let run: Value = match serde_json::from_str(text) {
        Ok(run) => run,
        Err(error) => {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let place =
                Place { line: number(error.line()).max(1), column: number(error.column()).max(1) };
            let problem = Problem::error(place, "", format!("not JSON: {error}"));
            return vec![problem.help(help(""))];
        }
    };
    let version = run["version"].as_str().unwrap_or_default().to_string();
    let mut finder = Finder { text, version: version.clone(), places: None, problems: Vec::new() };
    match run["seed"].as_u64() {
        Some(seed) => side.seed = seed,
        None => finder.miss("seed", "a whole number"),
    }
    if version.is_empty() {
        finder.miss("version", "the version of windtunnel that wrote it");
    }
    side.interrupted = run["interrupted"].as_bool().unwrap_or(false);
    let mut known = BTreeSet::new();
    for (at, scenario) in finder.list(&run["scenarios"], "scenarios").iter().enumerate() {
        let path = format!("scenarios[{at}]");
        let own = format!("{path}.scenario");
        match finder.text(&scenario["scenario"], &own, "a name") {
            Some(name) if known.insert(name.clone()) => {
                side.scenarios.push(one(&name, scenario, &path, &mut finder));
            }
            Some(_) => finder.miss(&own, "a name of its own"),
            None => {}
        }
    }
    side.version = version;
    finder.problems
}

fn one(name: &str, scenario: &Value, path: &str, finder: &mut Finder<'_>) -> StoredScenario {
    // As tables write it.
    let written = |name: String| cell(&name).into_owned();
    let (mut releases, mut strategies) = (Vec::new(), Vec::new());
    let under = format!("{path}.releases");
    for (at, release) in finder.list(&scenario["releases"], &under).iter().enumerate() {
        let place = format!("{under}[{at}]");
        let name = finder.text(&release["release"], &format!("{place}.release"), "a name");
        let share = release["share"].as_f64().filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            finder.miss(&format!("{place}.share"), "a number from 0 to 1");
        }
        releases.extend(name.map(written).zip(share));
    }
    let under = format!("{path}.strategies");
    for (at, strategy) in finder.list(&scenario["strategies"], &under).iter().enumerate() {
        let place = format!("{under}[{at}].strategy");
        strategies.extend(finder.text(&strategy["strategy"], &place, "a name").map(written));
    }
    StoredScenario {
        name: written(name.to_string()),
        storm: scenario["storm"].as_str().map(String::from),
        choice: choice(scenario, path, finder),
        releases,
        strategies,
        counted: counted(scenario, path, finder),
        ..StoredScenario::default()
    }
}

/// The choice; nothing in folders of versions that told none.
fn choice(scenario: &Value, path: &str, finder: &mut Finder<'_>) -> Option<Chosen> {
    let choice = scenario.get("choice")?;
    let ending = choice["ending"].as_str().filter(|word| Ending::WORDS.contains(word));
    let Some(ending) = ending else {
        let words = format!("one of {}", Ending::WORDS.join(", "));
        finder.miss(&format!("{path}.choice.ending"), &words);
        return None;
    };
    let first = &choice["standings"][0]["strategy"];
    if first.as_str().is_none() && ending != Ending::Nobody.word() {
        finder.miss(&format!("{path}.choice.standings[0].strategy"), "a strategy");
    }
    Some(Chosen { ending: ending.to_string(), first: first.as_str().map(String::from) })
}

/// How many flights each strategy has with each release, where that is told.
fn counted(scenario: &Value, path: &str, finder: &mut Finder<'_>) -> Vec<([String; 2], u64)> {
    let Some(rows) = scenario.get("stops").and_then(Value::as_array) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let names = ["release", "strategy"].map(|key| row[key].as_str());
        match (names, row["flights"].as_u64()) {
            ([Some(release), Some(strategy)], Some(flights)) => {
                found.push(([release, strategy].map(|name| cell(name).into_owned()), flights));
            }
            _ => finder
                .miss(&format!("{path}.stops[{at}]"), "a release, a strategy and their flights"),
        }
    }
    found
}

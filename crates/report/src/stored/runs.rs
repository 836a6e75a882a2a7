//! `runs.csv`: every flight with all its measures.

use super::table;
use std::collections::BTreeMap;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_experiment::diff::{Flight, Flown, Side};
use windtunnel_model::outcome::{MeasureId, Verdict};

/// Columns that begin a row.
const NAMES: [&str; 6] = ["scenario", "release", "strategy", "replication", "seed", "verdict"];

/// Reads it into `side`, whose scenarios are those of `run.json`.
pub fn read(text: &str, side: &mut Side) -> Vec<Problem> {
    let (version, seed) = (side.version.clone(), side.seed);
    let known: BTreeMap<String, usize> =
        side.scenarios.iter().enumerate().map(|(at, s)| (s.name.clone(), at)).collect();
    let mut columns: Option<Vec<(usize, usize)>> = None;
    let (mut measures, mut strangers) = (Vec::new(), Vec::new());
    let mut places: BTreeMap<[String; 3], usize> = BTreeMap::new();
    let all: Vec<MeasureId> = MeasureId::all().collect();
    let scenarios = &mut side.scenarios;
    let mut problems = table::read((text, &version), &NAMES, |table, row| {
        let columns = columns.get_or_insert_with(|| {
            let found = sorted(&table.head, &all);
            measures.extend(found.iter().map(|(_, measure)| all[*measure]));
            let stranger = |name: &&String| {
                let measured = all.iter().any(|m| m.name() == name.as_str());
                !measured && !NAMES.contains(&name.as_str())
            };
            strangers.extend(table.head.iter().filter(stranger).cloned());
            found
        });
        let [scenario, release, strategy, replication, flown, verdict] =
            [0, 1, 2, 3, 4, 5].map(|wanted| table.cell(row, wanted));
        let wrong = |column: &str, found: &str, expected: &str| {
            Err((column.to_string(), format!("found {found:?}"), expected.to_string()))
        };
        let Some(at) = known.get(scenario) else {
            return wrong("scenario", scenario, "a scenario of run.json");
        };
        let Ok(number) = replication.parse::<u32>() else {
            return wrong("replication", replication, "a whole number from 0 to 4294967295");
        };
        if flown.parse::<u64>() != Ok(seed) {
            return wrong("seed", flown, "the seed of run.json");
        }
        let Some(verdict) = Verdict::ALL.into_iter().find(|v| v.word() == verdict) else {
            return wrong("verdict", verdict, &format!("one of {}", Verdict::WORDS.join(", ")));
        };
        let mut values = vec![f64::NAN; all.len()];
        for (column, measure) in columns.iter() {
            let cell = row.get(*column).unwrap_or_default();
            match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => values[*measure] = value,
                _ if cell.is_empty() => {}
                _ => return wrong(all[*measure].name(), cell, "a number, or nothing"),
            }
        }
        let names = [scenario, release, strategy].map(String::from);
        let list = &mut scenarios[*at].flown;
        let place = *places.entry(names).or_insert_with(|| {
            let names = [release, strategy].map(String::from);
            list.push(Flown { names, ..Flown::default() });
            list.len() - 1
        });
        if list[place].flights.insert(number, Flight { verdict, values }).is_some() {
            let message = format!("replication {number} is there twice");
            return Err(("replication".to_string(), message, "each flight once".to_string()));
        }
        Ok(())
    });
    (side.measures, side.strangers) = (measures, strangers);
    // What is wrong with run.json was told.
    if problems.is_empty() && !version.is_empty() {
        for scenario in side.scenarios.iter().filter(|s| s.flown.is_empty()) {
            let message = format!("no flight of the scenario {:?}", scenario.name);
            let place = Place { line: 1, column: 1 };
            problems.push(Problem::error(place, "scenario", message).help(super::help(&version)));
        }
    }
    problems
}

/// Columns that hold measures, each with the measure's number.
fn sorted(head: &[String], all: &[MeasureId]) -> Vec<(usize, usize)> {
    let measure = |name: &String| all.iter().position(|m| m.name() == name);
    head.iter().enumerate().filter_map(|(at, name)| Some((at, measure(name)?))).collect()
}

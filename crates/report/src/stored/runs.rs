//! `runs.csv`: every flight with all its measures.

use super::table::{self, Table, Wrong};
use csv::StringRecord;
use std::collections::BTreeMap;
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_experiment::diff::{Flight, Flown, Side, StoredScenario};
use windtunnel_model::outcome::{MeasureId, Verdict};

/// Columns that begin a row.
const NAMES: [&str; 6] = ["scenario", "release", "strategy", "replication", "seed", "verdict"];

/// Reads it into `side`, whose scenarios are those of `run.json` if that is `sound`.
pub fn read(text: &str, side: &mut Side, sound: bool) -> Vec<Problem> {
    let (version, seed) = (side.version.clone(), side.seed);
    let all: Vec<MeasureId> = MeasureId::all().collect();
    let mut columns: Option<Vec<(usize, usize)>> = None;
    let (mut head, mut places) = (Vec::new(), BTreeMap::new());
    let scenarios = &mut side.scenarios;
    let mut problems = table::read((text, &version), &NAMES, |table, row| {
        let columns = columns.get_or_insert_with(|| {
            head.clone_from(&table.head);
            sorted(&table.head, &all)
        });
        let (mut wrong, flight) = flight((table, row), columns, &all);
        let flown = table.cell(row, 4);
        if sound && flown.parse::<u64>() != Ok(seed) {
            wrong.push(Wrong::found("seed", flown, "the seed of run.json"));
        }
        if sound
            && let Some(place) = placed(scenarios, (table, row), &mut places, &mut wrong)
            && let Some((number, flight)) = flight
            && place.flights.insert(number, flight).is_some()
        {
            let message = format!("replication {number} is there twice");
            wrong.push(Wrong::new("replication", message, "each flight once"));
        }
        wrong
    });
    let known = |name: &str| all.iter().any(|measure| measure.name() == name);
    side.measures = sorted(&head, &all).iter().map(|(_, measure)| all[*measure]).collect();
    let strange = head.iter().filter(|name| !known(name) && !NAMES.contains(&name.as_str()));
    side.strangers = strange.cloned().collect();
    if super::is_own(&version) && !head.is_empty() {
        problems.extend(head_problems(side, &all));
    }
    if sound && problems.is_empty() {
        problems.extend(missing(side, table::last_line(text)));
    }
    problems
}

/// What a row tells of its flight, and what is wrong with its cells.
fn flight(
    (table, row): (&Table, &StringRecord),
    columns: &[(usize, usize)],
    all: &[MeasureId],
) -> (Vec<Wrong>, Option<(u32, Flight)>) {
    let mut wrong = Vec::new();
    let [replication, told] = [3, 5].map(|wanted| table.cell(row, wanted));
    let number = replication.parse::<u32>().ok();
    if number.is_none() {
        let expected = "a whole number from 0 to 4294967295";
        wrong.push(Wrong::found("replication", replication, expected));
    }
    let verdict = Verdict::ALL.into_iter().find(|v| v.word() == told);
    if verdict.is_none() {
        let words = format!("one of {}", Verdict::WORDS.join(", "));
        wrong.push(Wrong::found("verdict", told, &words));
    }
    let mut values = vec![f64::NAN; all.len()];
    for (column, measure) in columns {
        let cell = row.get(*column).unwrap_or_default();
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => values[*measure] = value,
            _ if cell.is_empty() => {}
            _ => wrong.push(Wrong::found(all[*measure].name(), cell, "a number, or nothing")),
        }
    }
    (wrong, number.zip(verdict).map(|(number, verdict)| (number, Flight { verdict, values })))
}

/// Where a row's flight belongs, if `run.json` knows its scenario, release and strategy.
fn placed<'s>(
    scenarios: &'s mut [StoredScenario],
    (table, row): (&Table, &StringRecord),
    places: &mut BTreeMap<[String; 3], usize>,
    wrong: &mut Vec<Wrong>,
) -> Option<&'s mut Flown> {
    let names = [0, 1, 2].map(|wanted| table.cell(row, wanted));
    let [scenario, release, strategy] = names;
    let Some(found) = scenarios.iter_mut().find(|known| known.name == scenario) else {
        wrong.push(Wrong::found("scenario", scenario, "a scenario of run.json"));
        return None;
    };
    let before = wrong.len();
    if !found.releases.iter().any(|(name, _)| name == release) {
        wrong.push(Wrong::found("release", release, "a release of run.json"));
    }
    if !found.strategies.iter().any(|name| name == strategy) {
        wrong.push(Wrong::found("strategy", strategy, "a strategy of run.json"));
    }
    if wrong.len() > before {
        return None;
    }
    let list = &mut found.flown;
    let place = *places.entry(names.map(String::from)).or_insert_with(|| {
        let names = [release, strategy].map(String::from);
        list.push(Flown { names, ..Flown::default() });
        list.len() - 1
    });
    list.get_mut(place)
}

/// Columns of a table of this version that are none, or that it lacks.
fn head_problems(side: &Side, all: &[MeasureId]) -> Vec<Problem> {
    let lost = all.iter().filter(|measure| !side.measures.contains(measure));
    let lost: Vec<&str> = lost.map(|measure| measure.name()).collect();
    let place = Place { line: 1, column: 1 };
    let strange = side.strangers.iter().map(|name| {
        let problem = Problem::error(place, name, "no column of this version, which wrote it");
        match nearest(name, lost.iter().copied()) {
            Some(near) => problem.expected(format!("{near}?")).help(super::help("")),
            None => problem.help(super::help("")),
        }
    });
    let missing = lost.iter().map(|name| {
        let problem = Problem::error(place, *name, "no such column");
        problem.expected("every measure of this version, which wrote it").help(super::help(""))
    });
    strange.chain(missing).collect()
}

/// Flights that `run.json` counts and the table lacks.
fn missing(side: &Side, line: u32) -> Vec<Problem> {
    let place = Place { line, column: 1 };
    let mut problems = Vec::new();
    for scenario in &side.scenarios {
        for (names, counted) in &scenario.counted {
            let flown = scenario.flown.iter().find(|flown| flown.names == *names);
            let found = flown.map_or(0, |flown| flown.flights.len() as u64);
            if found != *counted {
                let [release, strategy] = names;
                let message =
                    format!("{found} flights of {strategy} · {release} in {}", scenario.name);
                let problem = Problem::error(place, "replication", message);
                let problem = problem.expected(format!("{counted}, as run.json has it"));
                let cut = if found < *counted { table::CUT } else { "another run's rows?" };
                problems.push(problem.help(cut));
            }
        }
        if scenario.counted.is_empty() && scenario.flown.is_empty() {
            let message = format!("no flight of the scenario {:?}", scenario.name);
            problems
                .push(Problem::error(place, "scenario", message).help(super::help(&side.version)));
        }
    }
    problems
}

/// Columns that hold measures, each with the measure's number.
fn sorted(head: &[String], all: &[MeasureId]) -> Vec<(usize, usize)> {
    let measure = |name: &String| all.iter().position(|m| m.name() == name);
    head.iter().enumerate().filter_map(|(at, name)| Some((at, measure(name)?))).collect()
}

//! `sweeps.csv`: every figure over the values of a sweep, a row each that says where it stands.
//!
//! `path` and `value` are the first setting with several values, `path2` and `value2` the second;
//! `further` names those beyond. `change` is the mean minus the one at the first value of `path`,
//! replication by replication, all other settings alike.

use super::{CsvRow, Table};
use crate::sweeps::further;
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_experiment::sweep::{Grid, MAIN, Of, What, change, figure, grids};
use windtunnel_model::outcome::MeasureId;

/// `sweeps.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "sweeps.csv", columns, rows };

/// The releases of one kind together, each weighted by its share.
const TOGETHER: [(Of, &str); 2] = [(Of::Good, "all good"), (Of::Bad, "all bad")];

fn columns() -> Vec<&'static str> {
    let place = ["scenario", "path", "value", "path2", "value2", "further"];
    let figure = ["strategy", "release", "measure", "n", "mean", "lower", "upper"];
    let change = ["change", "change_lower", "change_upper"];
    place.into_iter().chain(figure).chain(change).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    grids(&results.scenarios).iter().flat_map(rows_of).collect()
}

fn rows_of(grid: &Grid<'_>) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    let across = grid.settings.get(1).map_or(1, |setting| setting.values.len());
    for first in 0..grid.settings[0].values.len() {
        for second in 0..across {
            let Some(here) = grid.at(first, second) else { continue };
            let mut start = CsvRow::of(&[grid.scenario]);
            for (setting, at) in grid.settings.iter().zip([first, second]) {
                start = start.text(&setting.path).text(setting.values[at].trim());
            }
            if grid.settings.len() == 1 {
                start = start.text("").text("");
            }
            let start = start.text(&further(&grid.fixed));
            let reference = grid.at(0, second).filter(|_| first > 0);
            rows.extend(measures(&start, here, reference));
            rows.extend(verdicts(&start, here));
            rows.extend(together(&start, here));
        }
    }
    rows
}

/// The rows of `summary.csv`, with what changed since the first value.
fn measures<'r>(
    start: &'r CsvRow,
    here: &'r ScenarioResults,
    reference: Option<&'r ScenarioResults>,
) -> impl Iterator<Item = CsvRow> + 'r {
    let scenario = &here.scenario;
    here.summary.iter().map(move |row| {
        let names = (scenario.release_name(row.release), scenario.plan_name(row.plan));
        let estimate = row.estimate.as_ref();
        let figures = match estimate {
            Some(found) => [found.mean, found.lower, found.upper].map(Some),
            None => [None; 3],
        };
        let found = reference.and_then(|first| change((first, here), names, row.measure));
        let changes = match found {
            Some(found) => [found.value, found.interval.lower, found.interval.upper].map(Some),
            None => [None; 3],
        };
        let named = start.clone().text(names.1).text(names.0).text(row.measure.name());
        named.count(estimate.map_or(0, |e| e.n as u64)).numbers(figures).numbers(changes)
    })
}

/// How flights ended, as lines of `expect:` call it.
fn verdicts<'r>(start: &'r CsvRow, here: &'r ScenarioResults) -> impl Iterator<Item = CsvRow> + 'r {
    let scenario = &here.scenario;
    here.verdicts.iter().map(move |row| {
        let names = [scenario.plan_name(row.plan), scenario.release_name(row.release)];
        let named = start.clone().text(names[0]).text(names[1]);
        let figures = [row.share, row.lower, row.upper].map(Some);
        let named = named.text(&format!("verdict {}", row.verdict.word())).count(row.n);
        named.numbers(figures).numbers([None; 3])
    })
}

/// The main figures over all good releases, over all bad ones, and over a year.
fn together(start: &CsvRow, here: &ScenarioResults) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    let told = MAIN.iter().filter_map(|main| match main.what {
        What::Shipped => Some((main.what, "all good", "verdict promoted-good")),
        What::Year => here.scenario.is_priced().then_some((main.what, "all", "usd_per_year")),
        What::Mean(measure, of) => {
            let (_, name) = TOGETHER.iter().find(|(kind, _)| *kind == of)?;
            Some((main.what, *name, MeasureId::name(measure)))
        }
    });
    for (what, release, measure) in told {
        for plan in here.scenario.plan_ids() {
            let Some(found) = figure(here, plan, what) else { continue };
            let names = [here.scenario.plan_name(plan), release, measure];
            let named = names.iter().fold(start.clone(), |row, name| row.text(name));
            let figures = [found.value, found.interval.lower, found.interval.upper].map(Some);
            rows.push(named.count(found.n as u64).numbers(figures).numbers([None; 3]));
        }
    }
    rows
}

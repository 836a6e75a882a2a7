//! A sweep over two settings: tables of what may be chosen and of figures, one a strategy.

use super::quantity;
use super::sentence::Write;
use crate::charts::heat::{Heat, Panel};
use crate::headlines::listed;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::sweep::{Grid, MAIN, Main, chosen, figure, plan};
use windtunnel_experiment::winner::Ending;

/// The main figures that flights have and that are not the same everywhere, each with a panel a
/// strategy.
pub(super) fn panels(grid: &Grid<'_>) -> Vec<(Main, Vec<Panel>)> {
    let counts = |main: &&Main| super::counts(grid, main);
    let of = |main: &Main| {
        let strategies = grid.strategies();
        let panel = |(name, _): &(&str, &'static str)| Panel {
            name: (*name).to_string(),
            rows: cells(grid, |results| {
                Some(figure(results, plan(results, name)?, main.what)?.value)
            }),
        };
        (*main, strategies.iter().map(panel).collect::<Vec<_>>())
    };
    let varies = |(_, panels): &(Main, Vec<Panel>)| {
        let mut values = panels.iter().flat_map(Panel::values);
        let first = values.next();
        first.is_some_and(|first| values.any(|value| value != first))
    };
    MAIN.iter().filter(counts).map(of).filter(varies).collect()
}

/// A cell for every point; nothing where nothing was flown.
fn cells<T>(grid: &Grid<'_>, of: impl Fn(&ScenarioResults) -> Option<T>) -> Vec<Vec<Option<T>>> {
    let (down, across) = (grid.settings[0].values.len(), grid.settings[1].values.len());
    let row = |first| (0..across).map(|second| grid.at(first, second).and_then(&of)).collect();
    (0..down).map(row).collect()
}

/// The map of a figure, without words.
pub(super) fn map(grid: &Grid<'_>, main: &Main, panels: &[Panel]) -> Heat {
    let axis = |at: usize| {
        let setting = &grid.settings[at];
        let values = setting.values.iter().map(|value| super::shortened(value.trim()));
        (setting.path.clone(), values.collect::<Vec<_>>())
    };
    Heat {
        title: String::new(),
        subtitle: String::new(),
        down: axis(0),
        across: axis(1),
        quantity: quantity(main.what),
        panels: panels.to_vec(),
    }
}

/// How often each strategy is the choice.
pub(super) fn choices(grid: &Grid<'_>, write: Write<'_>) -> String {
    let all: Vec<Vec<&str>> = grid.flown().map(chosen).collect();
    let alone = |name: &str, leads: bool| {
        let points = grid.flown().filter(|point| (point.choice.ending == Ending::Leads) == leads);
        points.filter(|point| chosen(point) == [name]).count()
    };
    let mut told: Vec<String> = Vec::new();
    for (leads, words) in [(false, ""), (true, " (leads, not proved)")] {
        for (name, _) in grid.strategies() {
            if alone(name, leads) > 0 {
                told.push(format!("{}{words} at {}", write(name), alone(name, leads)));
            }
        }
    }
    let ties = all.iter().filter(|chosen| chosen.len() > 1).count();
    let none = all.iter().filter(|chosen| chosen.is_empty()).count();
    told.extend((ties > 0).then(|| format!("a tie at {ties}")));
    told.extend((none > 0).then(|| format!("none at {none}")));
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    format!("Of {} points the choice is {}", all.len(), listed(&told))
}

/// May the strategy be chosen there? What ships nothing hurts nobody.
fn may_win(results: Option<&ScenarioResults>, name: &str) -> bool {
    results.is_some_and(|results| {
        let out = |plan| results.choice.ruled_out.iter().any(|(out, _)| *out == plan);
        plan(results, name).is_some_and(|plan| !out(plan))
    })
}

/// Where a figure is least and greatest, of all strategies that may be chosen there.
pub(super) fn message(grid: &Grid<'_>, main: &Main, panels: &[Panel], write: Write<'_>) -> String {
    let quantity = quantity(main.what);
    let mut all: Vec<(f64, &str, usize, usize)> = Vec::new();
    for panel in panels {
        for (first, row) in panel.rows.iter().enumerate() {
            let may = |second: usize| may_win(grid.at(first, second), &panel.name);
            let values = row.iter().enumerate().filter(|(second, _)| may(*second));
            let values = values.filter_map(|(at, value)| Some((at, (*value)?)));
            all.extend(values.map(|(second, value)| (value, panel.name.as_str(), first, second)));
        }
    }
    let place = |(value, name, first, second): &(f64, &str, usize, usize)| {
        let value_of = |at: usize, n: usize| write(grid.settings[at].values[n].trim());
        let (down, across) = (value_of(0, *first), value_of(1, *second));
        format!("{} ({} at {down}, {across})", quantity.show(*value), write(name))
    };
    let least = all.iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(place).unwrap_or_default();
    let most = all.iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(place).unwrap_or_default();
    if all.is_empty() {
        return format!("{}: no strategy can be chosen", main.title);
    }
    format!("{}, of those that may be chosen: from {least} to {most}", main.title)
}

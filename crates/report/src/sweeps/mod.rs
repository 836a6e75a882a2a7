//! Sweeps in words: the choice over the values of a setting, every main figure, and where an order
//! turns; first in every report that has one.
//!
//! `text` is for terminals, `markdown` for `summary.md`, `json` for machines, `pictures` draws.
//! Deliberately absent: measuring, and judging what is certain (the experiment has done that).

mod grid;
pub mod json;
pub mod markdown;
pub mod pictures;
mod sentence;
pub mod text;

use super::figure::Quantity;
use windtunnel_experiment::results::Results;
use windtunnel_experiment::sweep::{Curve, Grid, MAIN, Main, Of, SweepOrder, What, curves, orders};
use windtunnel_scenario::sweep::Changes;

/// Figures of the terminal's tables, by their place among the main ones.
const IN_TERMINAL: [usize; 5] = [0, 1, 2, 6, 7];

/// Was a sweep flown?
pub fn is_sweep(results: &Results) -> bool {
    results.scenarios.iter().any(|scenario| scenario.scenario.point.is_some())
}

/// Settings with their values: `a=1 b=2`.
pub fn further(changes: &Changes) -> String {
    let words = changes.iter().map(|(path, value)| format!("{path}={}", value.trim()));
    words.collect::<Vec<_>>().join(" ")
}

/// A main figure along the values of the first setting.
struct Strip {
    main: Main,
    /// Its place among the main figures.
    number: usize,
    quantity: Quantity,
    curves: Vec<Curve>,
    orders: Vec<SweepOrder>,
}

impl Strip {
    /// The one value that all strategies have everywhere.
    fn flat(&self) -> Option<f64> {
        let mut values = self.curves.iter().flat_map(|curve| &curve.points);
        let first = values.next()?.as_ref()?.0;
        values.all(|point| point.is_some_and(|(value, _)| value == first)).then_some(first)
    }

    /// The measure, if the figure is its mean over the mix.
    fn on_mix(&self) -> Option<windtunnel_model::outcome::MeasureId> {
        match self.main.what {
            What::Mean(measure, Of::All) => Some(measure),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.curves.iter().all(|curve| curve.points.iter().all(Option::is_none))
    }
}

/// The main figures that flights have, along the first setting at the n-th value of the second.
fn strips(grid: &Grid<'_>, second: usize) -> Vec<Strip> {
    let (line, strategies) = (grid.line(second), grid.strategies());
    let names: Vec<&str> = strategies.iter().map(|(name, _)| *name).collect();
    let strip = |(number, main): (usize, &Main)| Strip {
        main: *main,
        number,
        quantity: quantity(main.what),
        curves: curves(&strategies, &line, main.what),
        orders: orders(&names, &line, main.what),
    };
    let mains = MAIN.iter().enumerate().filter(|(_, main)| counts(grid, main));
    mains.map(strip).filter(|strip| !strip.is_empty()).collect()
}

/// Is the figure told? Dollars are where something beside pods has a price.
fn counts(grid: &Grid<'_>, main: &Main) -> bool {
    main.what != What::Year || grid.flown().any(|results| results.scenario.is_priced())
}

fn quantity(what: What) -> Quantity {
    what.measure().map_or(Quantity::Share, Quantity::of)
}

/// Flights of each strategy with each release, at all points: least and most.
fn flights(grid: &Grid<'_>) -> (usize, usize) {
    let counts = || grid.flown().flat_map(|results| results.flights.iter().flatten().map(Vec::len));
    (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
}

/// Longest value that is written at an axis.
const VALUE_MAX: usize = 24;

/// A value as it stands at an axis.
fn shortened(value: &str) -> String {
    if value.chars().count() <= VALUE_MAX {
        return value.to_string();
    }
    value.chars().take(VALUE_MAX - 1).chain(['…']).collect()
}

//! Sweeps on a terminal: values down, strategies across.

use super::grid;
use super::sentence::{self, choice, choice_turning, has_choice, short_choice};
use super::{IN_TERMINAL, Strip, strips};
use crate::charts::heat::Panel;
use crate::figure::significant;
use crate::setting::short;
use crate::table;
use windtunnel_base::count::counted;
use windtunnel_base::wrap;
use windtunnel_experiment::results::Results;
use windtunnel_experiment::sweep::{Estimated, Grid, MAIN, Main, What, grids};
use windtunnel_model::outcome::MeasureId;

/// Turning orders that are told; the others are counted.
const ORDERS_MAX: usize = 3;
/// Rows of a table; the others are counted.
const ROWS_MAX: usize = 40;
/// Values across that have room; of more there are maps only.
const ACROSS_MAX: usize = 10;
/// Tables of strategies over two settings; the others are counted.
const PANELS_MAX: usize = 6;
/// Up to so many strategies there is room for intervals.
const WITH_INTERVALS: usize = 2;

/// All sweeps.
pub fn text(results: &Results) -> String {
    let grids = grids(&results.scenarios);
    grids.iter().map(|grid| format!("{}\n", of(grid))).collect()
}

fn plain(name: &str) -> String {
    name.to_string()
}

fn of(grid: &Grid<'_>) -> String {
    if grid.settings.len() > 1 { two(grid) } else { one(grid) }
}

/// A line a value.
fn one(grid: &Grid<'_>) -> String {
    let mut out = wrap::filled(&sentence::head(grid, &plain));
    let head = short(&grid.settings[0].path);
    let values = &grid.settings[0].values;
    if has_choice(grid) {
        out += &wrap::filled(&choice_turning(grid, 0, &plain));
        let line = grid.line(0);
        let row = |at: usize| vec![values[at].trim().to_string(), choice(line[at], &plain)];
        out += &rows(&[head, "choice"], (0..values.len()).map(row));
    }
    let strips = strips(grid, 0);
    let (shown, more): (Vec<&Strip>, Vec<&Strip>) = strips
        .iter()
        .filter(|strip| strip.flat().is_none())
        .partition(|strip| IN_TERMINAL.contains(&strip.number));
    for strip in shown {
        out += &format!(
            "\n{}\n{}",
            wrap::filled(strip.main.title).trim_end(),
            strip_table(grid, strip)
        );
        out += &orders(grid, strip);
        if strip.main.what.measure() == Some(MeasureId::UsersHurtByReleaseShare) {
            let changes = sentence::changes(grid, MeasureId::UsersHurtByReleaseShare, &plain);
            out += &changes.map_or(String::new(), |told| wrap::filled(&told));
        }
    }
    out += &sentence::flat(&strips).map_or(String::new(), |told| wrap::filled(&told));
    if !more.is_empty() {
        let titles: Vec<&str> = more.iter().map(|strip| strip.main.title).collect();
        out += &wrap::filled(&format!("In summary.md, too: {}.", titles.join("; ")));
    }
    out
}

fn strip_table(grid: &Grid<'_>, strip: &Strip) -> String {
    let mut head = vec![short(&grid.settings[0].path)];
    head.extend(strip.curves.iter().map(|curve| curve.name.as_str()));
    let whole = strip.curves.len() <= WITH_INTERVALS;
    let cell = |point: &Option<Estimated>| {
        point.map_or("–".to_string(), |point| sentence::cell(strip.quantity, point, whole))
    };
    let row = |(at, value): (usize, &String)| {
        let cells = strip.curves.iter().map(|curve| cell(&curve.points[at]));
        std::iter::once(value.trim().to_string()).chain(cells).collect()
    };
    rows(&head, grid.settings[0].values.iter().enumerate().map(row))
}

fn orders(grid: &Grid<'_>, strip: &Strip) -> String {
    let mut out = String::new();
    for order in strip.orders.iter().take(ORDERS_MAX) {
        out += &wrap::filled(&sentence::order(grid, strip, order, &plain));
    }
    let more = strip.orders.len().saturating_sub(ORDERS_MAX);
    if more > 0 {
        let pairs = counted(more as u64, "pair");
        out += &wrap::filled(&format!("{pairs} more change places: see summary.md."));
    }
    out
}

/// Values of the first setting down, of the second across.
fn two(grid: &Grid<'_>) -> String {
    let mut out = wrap::filled(&sentence::head(grid, &plain));
    let corner = format!("{} \\ {}", short(&grid.settings[0].path), short(&grid.settings[1].path));
    let across = grid.settings[1].values.iter().map(|value| value.trim());
    let head: Vec<&str> = std::iter::once(corner.as_str()).chain(across).collect();
    let down = &grid.settings[0].values;
    let fits = grid.settings[1].values.len() <= ACROSS_MAX;
    let table = |cell: &dyn Fn(usize, usize) -> String| {
        let row = |first: usize| {
            let cells = (0..head.len() - 1).map(|second| cell(first, second));
            std::iter::once(down[first].trim().to_string()).chain(cells).collect()
        };
        rows(&head, (0..down.len()).map(row))
    };
    if has_choice(grid) {
        out += &wrap::filled(&format!("{}.", grid::choices(grid, &plain)));
        if fits {
            out += &table(&|first, second| short_choice(grid.at(first, second), &plain));
            if sentence::has_lead(grid) {
                out += &wrap::filled(sentence::QUESTION);
            }
        }
    }
    let all: Vec<(Main, Vec<Panel>)> = grid::panels(grid);
    let (shown, more): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(main, _)| [MAIN[0].what, What::Year].contains(&main.what));
    for (main, panels) in &shown {
        let map = grid::map(grid, main, panels);
        let message = grid::message(grid, main, panels, &plain);
        out += &format!("\n{}", wrap::filled(&format!("{message}{}", map.unit())));
        if !fits {
            out += &wrap::filled("Its maps are in summary.md and charts/.");
            continue;
        }
        for panel in panels.iter().take(PANELS_MAX) {
            out += &format!("{}\n", panel.name);
            let shown = |value: Option<f64>| value.map_or("–".into(), |value| map.field(value));
            out += &table(&|first, second| shown(panel.rows[first][second]));
        }
        let left = panels.len().saturating_sub(PANELS_MAX);
        if left > 0 {
            let strategies = counted(left as u64, "strategy");
            out += &wrap::filled(&format!("{strategies} more in summary.md."));
        }
    }
    if !more.is_empty() {
        let titles: Vec<&str> = more.iter().map(|(main, _)| main.title).collect();
        out += &wrap::filled(&format!("In summary.md, too: {}.", titles.join("; ")));
    }
    out
}

/// A table of at most so many rows.
fn rows(head: &[&str], all: impl ExactSizeIterator<Item = Vec<String>>) -> String {
    let more = all.len().saturating_sub(ROWS_MAX);
    let shown: Vec<Vec<String>> = all.take(ROWS_MAX).collect();
    let mut out = format!("{}\n", table::plain(head, shown).trim_fmt());
    if more > 0 {
        let more = significant(more as f64);
        out += &wrap::filled(&format!("… and {more} values more in summary.md and sweeps.csv."));
    }
    out
}

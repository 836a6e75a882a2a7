//! The pictures of a sweep: a curve for every main figure, or heat maps over two settings.

use super::sentence;
use super::{Strip, shortened, strips};
use crate::charts::heat::{self, Heat};
use crate::charts::sweep::{self as curve, Picture};
use crate::names;
use crate::setting::{places, scale, short};
use windtunnel_experiment::results::Results;
use windtunnel_experiment::sweep::{Grid, MAIN, SweepOrder, What, chosen, grids};
use windtunnel_experiment::winner::Ending;

/// Path without ending, and SVG.
type Drawn = (String, String);

/// All pictures of all sweeps.
pub fn all(results: &Results) -> Result<Vec<Drawn>, String> {
    let grids = grids(&results.scenarios);
    let folders = folders(&grids);
    let mut all = Vec::new();
    for (grid, folder) in grids.iter().zip(folders) {
        for (name, svg) in of(grid)? {
            all.push((format!("charts/{folder}/{name}"), svg));
        }
    }
    Ok(all)
}

/// The folder of each grid's pictures.
pub fn folders(grids: &[Grid<'_>]) -> Vec<String> {
    let name = |grid: &Grid<'_>| match super::further(&grid.fixed) {
        none if none.is_empty() => format!("sweep {}", grid.scenario),
        fixed => format!("sweep {} {fixed}", grid.scenario),
    };
    let all: Vec<String> = grids.iter().map(name).collect();
    names::slugs(all.iter().map(String::as_str))
}

/// Names and SVGs of a grid's pictures, as `summary.md` shows them.
fn of(grid: &Grid<'_>) -> Result<Vec<Drawn>, String> {
    if grid.settings.len() > 1 {
        return heat_maps(grid);
    }
    let strips = strips(grid, 0).into_iter().filter(|strip| strip.flat().is_none());
    let draw = |strip: Strip| {
        let order = strip.orders.first();
        let (title, message) = (title(grid, &strip), sentence::head(grid, &plain));
        let svg = curve::svg(&Picture { title, message, ..picture(grid, &strip, order) })?;
        Ok((slug(&strip), svg))
    };
    strips.map(draw).collect()
}

/// The file name of a figure's picture.
pub(super) fn slug(strip: &Strip) -> String {
    names::slug(strip.main.title)
}

/// The curves of a figure, with the order that turns, if one does.
pub(super) fn picture(grid: &Grid<'_>, strip: &Strip, order: Option<&SweepOrder>) -> Picture {
    let setting = &grid.settings[0];
    let texts: Vec<&str> = setting.values.iter().map(|value| value.trim()).collect();
    let log = scale(&texts).is_some_and(|scale| scale.is_log());
    let place = |name: &str| strip.curves.iter().position(|curve| curve.name == name).unwrap_or(0);
    let unit = if log { ", logarithmic" } else { "" };
    Picture {
        title: String::new(),
        message: String::new(),
        setting: format!("{}{unit}", setting.path),
        measure: strip.main.title.to_string(),
        quantity: strip.quantity,
        values: texts.iter().map(|text| shortened(text)).collect(),
        places: places(&setting.values),
        limit: None,
        straight: strip.main.what == What::Shipped,
        pair: order.map_or((0, 0), |order| (place(&order.first), place(&order.then))),
        turn: order.map(|order| order.turn),
        curves: strip.curves.clone(),
    }
}

/// The message of a figure's picture.
fn title(grid: &Grid<'_>, strip: &Strip) -> String {
    let name = capital(strip.main.title);
    let over = short(&grid.settings[0].path);
    match strip.orders.first() {
        Some(order) => {
            let told = sentence::order(grid, strip, order, &plain);
            format!("{name}: {}", told.trim_end_matches('.'))
        }
        None if strip.curves.len() > 1 && strip.main.what.measure().is_some() => {
            format!("{name} over {over}: no two strategies change places for certain")
        }
        None => format!("{name} over {over}"),
    }
}

/// Heat maps over two settings: the choice, then a map a figure with a panel a strategy.
fn heat_maps(grid: &Grid<'_>) -> Result<Vec<Drawn>, String> {
    let mut all = Vec::new();
    if sentence::has_choice(grid) {
        all.push(("choice".to_string(), heat::choices(&choices(grid))?));
    }
    for (main, panels) in super::grid::panels(grid) {
        let title = capital(&super::grid::message(grid, &main, &panels, &plain));
        let subtitle = sentence::head(grid, &plain);
        let map = Heat { title, subtitle, ..super::grid::map(grid, &main, &panels) };
        all.push((names::slug(main.title), heat::svg(&map)?));
    }
    Ok(all)
}

/// What may be chosen at every point.
fn choices(grid: &Grid<'_>) -> heat::Choices {
    let (down, across) = (grid.settings[0].values.len(), grid.settings[1].values.len());
    let cell = |first: usize, second: usize| {
        let results = grid.at(first, second)?;
        let chosen = chosen(results);
        let kinds = results.scenario.plans.iter().filter(|plan| chosen.contains(&&*plan.name));
        Some(heat::Chosen {
            names: chosen.iter().map(|name| name.to_string()).collect(),
            kinds: kinds.map(|p| p.kind).collect(),
            leads: results.choice.ending == Ending::Leads,
        })
    };
    let row = |first: usize| (0..across).map(|second| cell(first, second)).collect();
    let (title, subtitle) = (super::grid::choices(grid, &plain), sentence::head(grid, &plain));
    let map = Heat { title, subtitle, ..super::grid::map(grid, &MAIN[0], &[]) };
    heat::Choices { map, cells: (0..down).map(row).collect() }
}

fn plain(name: &str) -> String {
    name.to_string()
}

/// A sentence with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

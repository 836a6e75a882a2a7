//! The section of a sweep in `summary.md`: tables with intervals, where orders turn, pictures.

use super::grid;
use super::pictures::{folders, slug};
use super::sentence::{self, choice, choice_turning, has_choice};
use super::{Strip, strips};
use crate::setting::short;
use crate::{headlines, names, summary};
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_experiment::sweep::{Estimated, Grid, grids};

/// Points of which the page shows ratings and delivery; of more only the sweep's own tables.
const POINTS_MAX: usize = 12;

/// The sections of all sweeps, before those of scenarios: their headings and texts. None without a
/// sweep.
pub fn sections(results: &Results) -> Vec<(String, String)> {
    let grids = grids(&results.scenarios);
    let folders = folders(&grids);
    let sections = grids.iter().zip(&folders).map(|(grid, folder)| section(grid, folder));
    sections.chain(points(results)).collect()
}

fn named(name: &str) -> String {
    markdown::text(name).into_owned()
}

fn section(grid: &Grid<'_>, folder: &str) -> (String, String) {
    let title = format!("Sweep: {}", sentence::head(grid, &named));
    let mut parts = vec![
        "Replication n of every value begins with the same draws: strategies are compared within \
         a value, values within a strategy, flight by flight. `sweeps.csv` has every figure."
            .to_string(),
    ];
    match grid.settings.len() {
        1 => one(grid, folder, &mut parts),
        _ => two(grid, folder, &mut parts),
    }
    (title, parts.join("\n\n"))
}

/// Values down, strategies across.
fn one(grid: &Grid<'_>, folder: &str, parts: &mut Vec<String>) {
    let (values, head) = (&grid.settings[0].values, named(short(&grid.settings[0].path)));
    if has_choice(grid) {
        parts.push(format!("**{}**", choice_turning(grid, 0, &named)));
        let line = grid.line(0);
        let row = |at: usize| vec![named(values[at].trim()), choice(line[at], &named)];
        parts.push(markdown::table(&[&head, "choice"], (0..values.len()).map(row)));
    }
    let strips = strips(grid, 0);
    for strip in strips.iter().filter(|strip| strip.flat().is_none()) {
        parts.push(format!("### {}: {}", named(grid.scenario), strip.main.title));
        let path = format!("charts/{folder}/{}.svg", slug(strip));
        parts.push(format!("![{} over {head}]({path})", strip.main.title));
        parts.push(strip_table(grid, strip, &head));
        let orders = strip.orders.iter();
        let told = orders.map(|order| format!("- {}", sentence::order(grid, strip, order, &named)));
        let mut told: Vec<String> = told.collect();
        let changes = strip.on_mix().and_then(|measure| sentence::changes(grid, measure, &named));
        told.extend(changes.map(|line| format!("- {line}")));
        if !told.is_empty() {
            parts.push(told.join("\n"));
        }
    }
    parts.extend(sentence::flat(&strips));
}

fn strip_table(grid: &Grid<'_>, strip: &Strip, setting: &str) -> String {
    let names: Vec<String> = strip.curves.iter().map(|curve| named(&curve.name)).collect();
    let head: Vec<&str> =
        std::iter::once(setting).chain(names.iter().map(String::as_str)).collect();
    let cell = |point: &Option<Estimated>| {
        point.map_or("–".to_string(), |point| sentence::cell(strip.quantity, point, true))
    };
    let row = |(at, value): (usize, &String)| {
        let cells = strip.curves.iter().map(|curve| cell(&curve.points[at]));
        std::iter::once(named(value.trim())).chain(cells).collect()
    };
    markdown::table(&head, grid.settings[0].values.iter().enumerate().map(row))
}

/// Values of the first setting down, of the second across.
fn two(grid: &Grid<'_>, folder: &str, parts: &mut Vec<String>) {
    let corner = format!("{} ↓ {} →", short(&grid.settings[0].path), short(&grid.settings[1].path));
    let across = grid.settings[1].values.iter().map(|value| named(value.trim()));
    let head: Vec<String> = std::iter::once(named(&corner)).chain(across).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let down = &grid.settings[0].values;
    let table = |cell: &dyn Fn(usize, usize) -> String| {
        let row = |first: usize| {
            let cells = (0..head.len() - 1).map(|second| cell(first, second));
            std::iter::once(named(down[first].trim())).chain(cells).collect()
        };
        markdown::table(&head, (0..down.len()).map(row))
    };
    if has_choice(grid) {
        parts.push(format!("**{}.**", grid::choices(grid, &named)));
        parts.push(format!("![What may be chosen](charts/{folder}/choice.svg)"));
        parts.push(table(&|first, second| choice(grid.at(first, second), &named)));
    }
    for (main, panels) in grid::panels(grid) {
        parts.push(format!("### {}: {}", named(grid.scenario), main.title));
        let path = format!("charts/{folder}/{}.svg", names::slug(main.title));
        parts.push(format!("![{} over both]({path})", main.title));
        parts.push(format!("{}.", grid::message(grid, &main, &panels, &named)));
        let quantity = super::quantity(main.what);
        for panel in &panels {
            let shown =
                |value: Option<f64>| value.map_or("–".into(), |value| quantity.show(value));
            parts.push(format!("{}:", named(&panel.name)));
            parts.push(table(&|first, second| shown(panel.rows[first][second])));
        }
    }
}

/// Every point in short; where a point is to be told in whole, its own section does.
fn points(results: &Results) -> Option<(String, String)> {
    let short = |results: &&ScenarioResults| {
        results.scenario.point.as_ref().is_some_and(|point| !point.whole)
    };
    let all: Vec<&ScenarioResults> = results.scenarios.iter().filter(short).collect();
    if all.is_empty() {
        return None;
    }
    let title = "The points in short".to_string();
    let how = "`--details` writes the whole report of every point, with its charts, typical \
               flights and events.";
    if all.len() > POINTS_MAX {
        return Some((title, format!("The {} points are in the CSV files; {how}", all.len())));
    }
    let mut page = vec![how.to_string()];
    for results in all {
        let mut parts = vec![format!("### {}", named(&results.scenario.name))];
        let choice = headlines::choice::lines(results, &named);
        if let Some((first, rest)) = choice.split_first() {
            parts.push(format!("**{first}** {}", rest.join(" ")).trim().to_string());
        }
        parts.extend(summary::in_short(results));
        page.push(parts.join("\n\n"));
    }
    Some((title, page.join("\n\n")))
}

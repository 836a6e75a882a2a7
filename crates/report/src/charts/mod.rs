//! Charts, as SVG by plotters and as PNG of the same picture.
//!
//! `canvas` draws, `axis` scales, `palette` colours, `page` and `dots` lay out; every other file
//! is one chart and starts with its message. Charts are drawn from the tables of a scenario and
//! never compute a measure. Adding a chart: one file, one line in [`CHARTS`] or [`OVERVIEWS`].

use super::{Document, Format, names, sweeps};
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_model::scenario::ids::PlanId;

pub mod axis;
pub mod blast_radius;
pub mod canvas;
pub mod cost;
pub mod cost_harm;
pub mod dots;
pub mod downtime;
pub mod flight;
pub mod heat;
pub mod labels;
pub mod matrix;
pub mod measures;
pub mod money;
pub mod overview;
pub mod page;
pub mod palette;
pub mod pane;
#[cfg(feature = "png")]
pub mod png;
pub mod rollback;
pub mod steps;
pub mod sweep;
pub mod timeline;
pub mod turns;

/// Charts as SVG.
pub const SVG: Format = svg_documents;

/// Charts as PNG.
#[cfg(feature = "png")]
pub const PNG: Format = png_documents;

/// A picture: file name without ending, and SVG.
type Picture = (String, String);

/// Draws one chart of a scenario.
type Chart = fn(&ScenarioResults) -> Result<String, String>;

/// Draws one chart of all scenarios.
type Overview = fn(&Results) -> Result<String, String>;

/// Charts of one scenario, by their file name.
pub const CHARTS: &[(&str, Chart)] = &[
    ("blast-radius", blast_radius::svg),
    ("downtime", downtime::svg),
    ("rollback", rollback::svg),
    ("cost", cost::svg),
    ("cost-harm", cost_harm::svg),
    ("stops", matrix::in_time),
];

/// Charts of all scenarios together, by their file name.
pub const OVERVIEWS: &[(&str, Overview)] = &[("overview", overview::svg)];

/// Every picture of a report.
fn pictures(results: &Results) -> Result<Vec<Picture>, String> {
    let mut all = Vec::new();
    if sweeps::is_sweep(results) {
        all.extend(sweeps::pictures::all(results)?);
    } else {
        for (name, draw) in OVERVIEWS {
            all.push((format!("charts/{name}"), draw(results)?));
        }
    }
    let folders = names::slugs(results.scenarios.iter().map(|s| s.scenario.name.as_str()));
    for (scenario, folder) in results.scenarios.iter().zip(folders) {
        // A point of a sweep is drawn alone on demand only.
        if scenario.scenario.point.as_ref().is_some_and(|point| !point.whole) {
            continue;
        }
        for (name, draw) in CHARTS {
            all.push((format!("charts/{folder}/{name}"), draw(scenario)?));
        }
        if let Some(svg) = money::svg(scenario)? {
            all.push((format!("charts/{folder}/money"), svg));
        }
        if let Some(picture) = steps::svg(scenario) {
            all.push((format!("charts/{folder}/steps"), picture?));
        }
        if scenario.recordings.is_empty() {
            // Interrupted: there is no flight to draw.
            continue;
        }
        let plans = names::slugs(scenario.scenario.plans.iter().map(|plan| plan.name.as_str()));
        for (index, plan) in plans.iter().enumerate() {
            let picture = timeline::svg(scenario, PlanId(index))?;
            all.push((format!("charts/{folder}/timeline-{plan}"), picture));
        }
    }
    Ok(all)
}

fn svg_documents(results: &Results) -> Result<Vec<Document>, String> {
    let document =
        |(path, svg): Picture| Document { path: format!("{path}.svg"), bytes: svg.into_bytes() };
    Ok(pictures(results)?.into_iter().map(document).collect())
}

#[cfg(feature = "png")]
fn png_documents(results: &Results) -> Result<Vec<Document>, String> {
    use rayon::prelude::*;
    let options = png::options();
    let document = |(path, svg): &Picture| {
        let bytes = png::png(svg, &options).map_err(|e| format!("{path}: {e}"))?;
        Ok(Document { path: format!("{path}.png"), bytes })
    };
    pictures(results)?.par_iter().map(document).collect()
}

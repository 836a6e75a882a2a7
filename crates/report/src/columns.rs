//! Columns of the terminal's table that a reader asks for, by their names in the CSV files.
//!
//! A column of `ratings.csv` is what stands there; a measure is its mean over the mix of releases,
//! with its interval, as in the rows `all` of `summary.csv`.

use super::csv::ratings;
use super::figure::Quantity;
use super::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::ReleaseId;

/// Columns that name a row, and need not be asked for.
const OWN: [&str; 2] = ["scenario", "strategy"];

/// All names, those of `ratings.csv` first.
pub fn known() -> Vec<&'static str> {
    let words = (ratings::TABLE.columns)().into_iter().filter(|name| !OWN.contains(name));
    let mut names: Vec<&'static str> = words.collect();
    let measures: Vec<_> =
        MeasureId::all().map(MeasureId::name).filter(|name| !names.contains(name)).collect();
    names.extend(measures);
    names
}

/// The table's rows, a strategy each, its name first.
pub fn rows(results: &ScenarioResults, columns: &[String]) -> Vec<Vec<String>> {
    let head = (ratings::TABLE.columns)();
    let cells = ratings::rows_of(results);
    let row =
        |(found, rated): (&windtunnel_experiment::results::RatingRow, &super::csv::CsvRow)| {
            let cell = |name: &String| match head.iter().position(|column| column == name) {
                Some(at) => rating(name, rated.cells().get(at).map_or("", String::as_str)),
                None => {
                    let measure = MeasureId::all().find(|measure| measure.name() == name);
                    let mean = measure.and_then(|measure| {
                        let mean = reading::estimate(results, ReleaseId::Mix, found.plan, measure)?;
                        Some(Quantity::of(measure).show_estimate(mean))
                    });
                    mean.unwrap_or_else(|| "–".to_string())
                }
            };
            let name = results.scenario.plan_name(found.plan).to_string();
            std::iter::once(name).chain(columns.iter().map(cell)).collect()
        };
    results.ratings.iter().zip(&cells).map(row).collect()
}

/// A cell of `ratings.csv` as people read it.
fn rating(name: &str, cell: &str) -> String {
    let quantity = match name {
        "fleet_minutes" => Quantity::FleetMinutes,
        "hurt_share" | "good_unfinished" | "good_no_evidence" => Quantity::Share,
        name if name.starts_with("good_shipped") => Quantity::Share,
        name if name.ends_with("_usd") => Quantity::Usd,
        name if name.ends_with("_s") => Quantity::Seconds,
        _ => Quantity::Count,
    };
    match cell.parse::<f64>() {
        Ok(value) => quantity.show(value),
        Err(_) if cell.is_empty() => "–".to_string(),
        Err(_) => cell.to_string(),
    }
}

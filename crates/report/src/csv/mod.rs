//! Tables as CSV, one file per table.
//!
//! A table is its path, its columns and a function that writes its rows; all cells go through
//! [`CsvRow`], so that numbers are written alike everywhere: shortest text that reads back, empty
//! for what has no value. CSV files carry no comments; seed and command stand in `run.json`.
//! Deliberately absent: statistics, which the experiment has done. Adding a table: one file, one
//! line in [`TABLES`].

use super::{Document, Format, figure};
use windtunnel_base::escape;
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_model::outcome::Outcome;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::Scenario;

pub mod choice;
pub mod differences;
pub mod discrepancies;
pub mod expectations;
pub mod money;
pub mod precision;
pub mod ratings;
pub mod runs;
pub mod steps;
pub mod stops;
pub mod summary;
pub mod sweeps;
pub mod timeline;
pub mod verdicts;

/// What makes these files of the results.
pub const FORMAT: Format = documents;

/// All tables.
pub const TABLES: &[Table] = &[
    runs::TABLE,
    summary::TABLE,
    verdicts::TABLE,
    differences::TABLE,
    ratings::TABLE,
    timeline::TABLE,
    discrepancies::TABLE,
    steps::TABLE,
    stops::TABLE,
    sweeps::TABLE,
    money::TABLE,
    choice::TABLE,
    precision::TABLE,
    expectations::TABLE,
];

/// One table that leaves the tool.
pub struct Table {
    /// Name of the file in the results folder.
    pub path: &'static str,
    /// Its columns; new ones go to the end.
    pub columns: fn() -> Vec<&'static str>,
    /// What makes its rows of the results.
    pub rows: fn(&Results) -> Vec<CsvRow>,
}

/// The cells of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvRow(Vec<String>);

impl CsvRow {
    /// Its cells, in the order of the columns.
    pub fn cells(&self) -> &[String] {
        &self.0
    }

    /// A row that begins with these texts.
    pub fn of(texts: &[&str]) -> CsvRow {
        texts.iter().fold(CsvRow::default(), |row, text| row.text(text))
    }

    /// The row and one text more; one that spreadsheets would compute begins with an apostrophe.
    pub fn text(mut self, text: &str) -> CsvRow {
        self.0.push(escape::csv::cell(text).into_owned());
        self
    }

    /// The row and one count more.
    pub fn count(mut self, count: impl Into<u64>) -> CsvRow {
        self.0.push(count.into().to_string());
        self
    }

    /// The row and one number more; empty if there is none.
    pub fn number(mut self, value: Option<f64>) -> CsvRow {
        self.0.push(figure::exact(value));
        self
    }

    /// The row and several numbers more.
    pub fn numbers(self, values: impl IntoIterator<Item = Option<f64>>) -> CsvRow {
        values.into_iter().fold(self, CsvRow::number)
    }

    /// The row and several counts more.
    pub fn counts(self, values: impl IntoIterator<Item = u64>) -> CsvRow {
        values.into_iter().fold(self, CsvRow::count)
    }
}

/// One table as bytes.
pub fn bytes(table: &Table, results: &Results) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: &[String]| writer.write_record(cells);
    let failed = |e: csv::Error| format!("{}: {e}", table.path);
    write(&CsvRow::of(&(table.columns)()).0).map_err(failed)?;
    for row in (table.rows)(results) {
        write(&row.0).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| format!("{}: {e}", table.path))
}

fn documents(results: &Results) -> Result<Vec<Document>, String> {
    let one = |table: &Table| {
        Ok(Document { path: table.path.to_string(), bytes: bytes(table, results)? })
    };
    TABLES.iter().map(one).collect()
}

/// All flights in the order of the tables, each with the names of scenario, variant and strategy.
pub(super) fn flights(results: &Results) -> impl Iterator<Item = ([&str; 3], &Outcome)> {
    results.scenarios.iter().flat_map(flights_of)
}

/// The names of scenario, release and strategy, as rows begin.
fn names(scenario: &Scenario, release: ReleaseId, plan: PlanId) -> [&str; 3] {
    [&scenario.name, scenario.release_name(release), scenario.plan_name(plan)]
}

fn flights_of(scenario: &ScenarioResults) -> impl Iterator<Item = ([&str; 3], &Outcome)> {
    let what = &scenario.scenario;
    let variants = what.release.variants.iter().zip(&scenario.flights);
    variants.flat_map(move |(variant, strategies)| {
        what.plans.iter().zip(strategies).flat_map(move |(plan, outcomes)| {
            let names = [what.name.as_str(), variant.name.as_str(), plan.name.as_str()];
            outcomes.iter().map(move |outcome| (names, outcome))
        })
    })
}

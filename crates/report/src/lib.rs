//! Layer 7: results → bytes. One file per format, all from the same tables.
//!
//! [`documents`] turns [`Results`] into named files in memory; `table` and `replay` give text for a
//! terminal. `reading` holds the few facts that several formats state in words. How numbers are
//! written is the outcome's. Deliberately absent: file access, clocks, and any computing of
//! measures (the experiment has done that). Adding a format: one file, one line in [`FORMATS`].

#![forbid(unsafe_code)]

use windtunnel_experiment::results::Results;

pub use windtunnel_model::outcome::figure;

pub mod answer;
pub mod charts;
pub mod choose;
pub mod columns;
pub mod csv;
pub mod diff;
pub mod events;
pub mod full_rollback;
pub mod headlines;
pub mod money;
pub mod names;
pub mod reading;
pub mod replay;
pub mod run_json;
pub mod seen;
pub mod setting;
pub mod stops;
pub mod stored;
pub mod summary;
pub mod sweeps;
pub mod table;
pub mod telemetry;
pub mod textbook;
pub mod verdicts;
pub mod warnings;
pub mod worst;

/// All formats, in the order in which their files are made.
pub const FORMATS: &[Format] = &[
    csv::FORMAT,
    run_json::FORMAT,
    events::FORMAT,
    summary::FORMAT,
    charts::SVG,
    #[cfg(feature = "png")]
    charts::PNG,
];

/// The formats of a first look: pictures as SVG only, for to make them PNG takes longer than its
/// few flights.
pub const SKETCH: &[Format] =
    &[csv::FORMAT, run_json::FORMAT, events::FORMAT, summary::FORMAT, charts::SVG];

/// A file that a report consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Path below the report's folder, with `/`: `runs.csv`, `charts/overview.svg`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A way to write results down: makes its files.
pub type Format = fn(&Results) -> Result<Vec<Document>, String>;

/// The files of a whole report.
pub fn documents(results: &Results) -> Result<Vec<Document>, String> {
    documents_in(FORMATS, results)
}

/// The files of a report in some formats.
pub fn documents_in(formats: &[Format], results: &Results) -> Result<Vec<Document>, String> {
    let mut all = Vec::new();
    for format in formats {
        all.extend(format(results)?);
    }
    Ok(all)
}

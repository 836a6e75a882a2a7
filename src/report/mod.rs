//! Layer 12: results → bytes. One file per format, all from the same tables.
//!
//! [`documents`] turns [`Results`] into named files in memory; `table` and `replay` give text for
//! a terminal. `reading` holds the few facts that several formats state in words, `figure` how
//! numbers are written. Deliberately absent: file access, clocks, and any computing of measures
//! (the experiment has done that). Adding a format: one file, one line in [`FORMATS`].

use crate::experiment::results::Results;

pub mod answer;
pub mod charts;
pub mod choose;
pub mod csv;
pub mod events;
pub mod figure;
pub mod headlines;
pub mod names;
pub mod reading;
pub mod replay;
pub mod run_json;
pub mod seen;
pub mod stops;
pub mod summary;
pub mod table;
pub mod telemetry;
pub mod textbook;
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

/// The files of a report.
pub fn documents(results: &Results) -> Result<Vec<Document>, String> {
    let mut all = Vec::new();
    for format in FORMATS {
        all.extend(format(results)?);
    }
    Ok(all)
}

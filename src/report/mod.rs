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
pub mod names;
pub mod reading;
pub mod replay;
pub mod run_json;
pub mod summary;
pub mod table;
pub mod telemetry;
pub mod textbook;

/// All formats, by their name on the command line.
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

/// A way to write results down.
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// One sentence for help texts.
    pub summary: &'static str,
    /// Makes its files.
    pub make: fn(&Results) -> Result<Vec<Document>, String>,
}

/// A choice of [`FORMATS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats(u32);

impl Default for Formats {
    fn default() -> Self {
        Formats::ALL
    }
}

impl Formats {
    /// Every format.
    pub const ALL: Formats = Formats((1 << FORMATS.len()) - 1);
    /// No format.
    pub const NONE: Formats = Formats(0);

    /// The choice and one format more; nothing if no format has that name.
    pub fn with(self, name: &str) -> Option<Formats> {
        let index = FORMATS.iter().position(|format| format.name == name)?;
        Some(Formats(self.0 | 1 << index))
    }

    /// Is the format chosen?
    pub fn has(self, name: &str) -> bool {
        self.with(name) == Some(self)
    }

    /// Names of all formats, for help texts and "did you mean".
    pub fn names() -> Vec<&'static str> {
        FORMATS.iter().map(|format| format.name).collect()
    }
}

/// The files of a report, in the order of [`FORMATS`].
pub fn documents(results: &Results, formats: Formats) -> Result<Vec<Document>, String> {
    let mut all = Vec::new();
    for format in FORMATS.iter().filter(|format| formats.has(format.name)) {
        all.extend((format.make)(results)?);
    }
    Ok(all)
}

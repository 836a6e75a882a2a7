//! Texts of a report → what a comparison needs of it, or everything wrong with them.
//!
//! A folder that `run` wrote comes back from outside: it may be old, cut short or somebody else's.
//! `run` reads `run.json`, `runs` the flights, `ratings` the words. Every problem is found at once,
//! with file and line. Deliberately absent: opening files, and comparing.

mod ratings;
mod run;
mod runs;
mod table;

use std::sync::Arc;
use windtunnel_base::problem::Problem;
use windtunnel_experiment::diff::Side;

/// Files of a report that are read.
pub const FILES: [&str; 3] = ["run.json", "runs.csv", "ratings.csv"];

/// Most problems that are collected in one file; a file that is something else has no end of them.
const PROBLEMS_MAX: usize = 1_000;

/// Reads a text into what is known so far. If `sound`, that is what `run.json` says; else only what
/// a text says of itself can be judged.
type Reader = fn(&str, &mut Side, bool) -> Vec<Problem>;

/// Reads the texts of [`FILES`], each with the path that problems name; those that could not be
/// opened are left out, and what is wrong with the others is told all the same.
pub fn read(texts: [(&str, Option<&str>); 3]) -> Result<Side, Vec<Problem>> {
    let (mut side, mut problems, mut sound) = (Side::default(), Vec::new(), true);
    let readers: [Reader; 3] = [run::read, runs::read, ratings::read];
    for (at, ((file, text), read)) in texts.into_iter().zip(readers).enumerate() {
        let file: Arc<str> = Arc::from(file);
        let found = text.map(|text| read(text, &mut side, sound));
        sound &= at > 0 || found.as_ref().is_some_and(Vec::is_empty);
        problems.extend(found.into_iter().flatten().map(|p| p.in_file(&file)));
    }
    if problems.is_empty() { Ok(side) } else { Err(problems) }
}

/// Was it written by this version?
fn is_own(version: &str) -> bool {
    version == env!("CARGO_PKG_VERSION")
}

/// The way out for whoever has a folder that cannot be read.
fn help(version: &str) -> String {
    if version.is_empty() || is_own(version) {
        return "`windtunnel run --out FOLDER` writes one that can be read".to_string();
    }
    let own = env!("CARGO_PKG_VERSION");
    format!(
        "version {version} wrote it, this is {own}: the command in its run.json repeats the run"
    )
}

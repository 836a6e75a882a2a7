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

/// Reads the texts of [`FILES`], each with the path that problems name.
pub fn read(texts: [(&str, &str); 3]) -> Result<Side, Vec<Problem>> {
    let (mut side, mut problems) = (Side::default(), Vec::new());
    let readers: [fn(&str, &mut Side) -> Vec<Problem>; 3] = [run::read, runs::read, ratings::read];
    for ((file, text), read) in texts.into_iter().zip(readers) {
        let file: Arc<str> = Arc::from(file);
        problems.extend(read(text, &mut side).into_iter().map(|p| p.in_file(&file)));
    }
    if problems.is_empty() { Ok(side) } else { Err(problems) }
}

/// The way out for whoever has a folder that cannot be read.
fn help(version: &str) -> String {
    let own = env!("CARGO_PKG_VERSION");
    if version.is_empty() || version == own {
        return "`windtunnel run --out FOLDER` writes one that can be read".to_string();
    }
    format!(
        "version {version} wrote it, this is {own}: the command in its run.json repeats the run"
    )
}

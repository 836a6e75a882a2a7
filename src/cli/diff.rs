//! `diff`: two folders of results compared. 0 if nothing differs, 1 if something does, as diff(1)
//! and `kubectl diff` have it.

use super::flags::{Diff, Format};
use super::sources::Sources;
use super::{FAILED, FINE, WRONG, output};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use windtunnel_base::escape;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_experiment::diff::{self, Side};
use windtunnel_report::{self as report, stored};

/// Larger files are refused before they are read.
const LARGEST_BYTES: u64 = 1 << 30;

/// Reads both, compares, prints.
pub fn run(flags: &Diff) -> u8 {
    let (before, after) = match (side(&flags.before), side(&flags.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (before, after) => {
            let problems = [before.err(), after.err()].into_iter().flatten().flatten();
            let problems: Vec<Problem> = problems.collect();
            output::refuse(&problems, &Sources::default(), flags.format);
            return WRONG;
        }
    };
    let found = diff::compare(&before, &after);
    let sides = [&before, &after];
    match flags.format {
        Format::Json => output::print(&escape::json::pretty(&report::diff::json(&found, sides))),
        Format::Text => output::print(&report::diff::text(&found, sides, flags.details)),
    }
    if found.differs() { FAILED } else { FINE }
}

/// One folder, or everything wrong with it.
fn side(folder: &str) -> Result<Side, Vec<Problem>> {
    let paths = stored::FILES.map(|name| Path::new(folder).join(name));
    let texts = paths.each_ref().map(|path| text(path));
    let names = paths.each_ref().map(|path| path.display().to_string());
    let [a, b, c] = names.each_ref().map(String::as_str);
    let [run, runs, ratings] = texts.each_ref().map(|text| text.as_deref().ok());
    let found = stored::read([(a, run), (b, runs), (c, ratings)]);
    let unread: Vec<Problem> = texts.into_iter().filter_map(Result::err).collect();
    match (found, unread.is_empty()) {
        (Ok(side), true) => Ok(side),
        (found, _) => Err(unread.into_iter().chain(found.err().unwrap_or_default()).collect()),
    }
}

/// The text of one file, if it is one of a size that can be.
fn text(path: &Path) -> Result<String, Problem> {
    let name: Arc<str> = Arc::from(path.display().to_string());
    let wrong = |message: String| {
        let problem = Problem::error(Place::default(), "", message).in_file(&name);
        problem.help("name a folder that `windtunnel run --out FOLDER` has written")
    };
    let told = |error: std::io::Error| wrong(output::said(&error));
    // A pipe would wait for a writer that never comes.
    let about = std::fs::metadata(path).map_err(told)?;
    if !about.is_file() {
        return Err(wrong("not a file".to_string()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(told)?;
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(wrong(format!("larger than {} MiB", LARGEST_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        Problem { place, ..wrong("not a text in UTF-8".to_string()) }
    })
}

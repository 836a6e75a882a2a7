//! The texts of all files that were read, for problems that point into them.
//!
//! The only owner: problems hold places, never lines.

use std::collections::BTreeMap;
use windtunnel_base::problem::Problem;
use windtunnel_base::source::Source;
use windtunnel_scenario::scalar;

/// Texts by the names that problems have for them.
#[derive(Default)]
pub struct Sources(BTreeMap<String, Source<'static>>);

impl Sources {
    /// One text, such as a query that was typed.
    pub fn of(file: &str, source: Source<'static>) -> Sources {
        Sources(BTreeMap::from([(file.to_string(), source)]))
    }

    /// Keeps the text of a file.
    pub fn keep(&mut self, file: &str, source: Source<'static>) {
        self.0.insert(file.to_string(), source);
    }

    /// The text of a file.
    pub fn get(&self, file: &str) -> Option<&Source<'static>> {
        self.0.get(file)
    }

    /// Moves problems within values of YAML to the very place in the file.
    pub fn locate(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        scalar::locate(&mut problems, |file| self.get(file));
        problems
    }
}

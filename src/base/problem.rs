//! A problem with something a user wrote: where, what was found, what was expected, a way out.
//!
//! Readers collect problems instead of stopping at the first. Printing belongs to the command line.

use std::fmt;
use std::sync::Arc;

/// A place in a text, both counted from 1; line 0 means "nowhere in particular".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input can't be used.
    Error,
    /// The input is used, but will probably surprise.
    Warning,
}

/// One thing wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// File, or `-` for standard input.
    pub file: Arc<str>,
    /// Where in the file.
    pub place: Place,
    /// Path of the field, such as `spec.service.replicas`; empty if none.
    pub path: String,
    /// What is wrong, with what was found.
    pub message: String,
    /// What was expected; empty if the message says it.
    pub expected: String,
    /// A way out; empty if none is known.
    pub help: String,
}

impl Problem {
    /// An error at `place`.
    pub fn error(place: Place, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            file: Arc::from(""),
            place,
            path: path.into(),
            message: message.into(),
            expected: String::new(),
            help: String::new(),
        }
    }

    /// A warning at `place`.
    pub fn warning(place: Place, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, path, message) }
    }

    /// The same, saying what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Problem {
        self.expected = expected.into();
        self
    }

    /// The same, with a way out.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = help.into();
        self
    }

    /// The same, in `file`.
    pub fn in_file(mut self, file: &Arc<str>) -> Problem {
        self.file = Arc::clone(file);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}", self.file)?;
        if self.place.line > 0 {
            write!(f, ":{}:{}", self.place.line, self.place.column)?;
        }
        write!(f, ": {kind}: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.message)?;
        if !self.expected.is_empty() {
            write!(f, "; expected {}", self.expected)?;
        }
        if !self.help.is_empty() {
            write!(f, "\n    help: {}", self.help)?;
        }
        Ok(())
    }
}

/// The candidate most like `name`, if one is close enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored =
        candidates.into_iter().map(|c| (strsim::jaro_winkler(&lower, &c.to_lowercase()), c));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_like_a_compiler_message() {
        let problem = Problem::error(Place { line: 6, column: 5 }, "spec", "unknown key maxSurg")
            .expected("one of maxSurge, maxUnavailable")
            .help("did you mean maxSurge?")
            .in_file(&Arc::from("a.yaml"));
        let text = problem.to_string();
        assert!(text.starts_with("a.yaml:6:5: error: spec: unknown key maxSurg; expected one of"));
        assert!(text.ends_with("help: did you mean maxSurge?"));
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("maxSurg", ["maxSurge", "interval"]), Some("maxSurge"));
        assert_eq!(nearest("zebra", ["maxSurge", "interval"]), None);
    }
}

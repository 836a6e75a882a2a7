//! Reads the fields of one mapping of a manifest, and books what becomes of each.
//!
//! A kind has one `read` function. Run against a manifest it yields the settings, all problems, and
//! a note per field; run against nothing it yields the documentation of the kind, so that a field
//! can't be read without being documented. The reader is that of Scenarios in another dialect
//! ([`Api`]): a number in quotes is text, a percentage has its sign, nothing has a default, and an
//! unknown field is a note. Deliberately unknown here: which kinds there are.

mod booking;
mod dialect;
pub mod elsewhere;

use windtunnel_base::problem::{Problem, Severity};
use windtunnel_base::settings::{Reader, Sink};

pub use booking::Manifest;
pub use dialect::{Api, FieldDoc, Treatment};
pub use windtunnel_base::settings::describe;

/// Labels or a selector: names and values, in the order of the text.
pub type Labels = Vec<(String, String)>;

/// Reads the fields of one mapping of a manifest.
pub type Fields<'a> = Reader<'a, Api>;

/// What reading a manifest yields beside the settings: problems, lists, documentation.
pub type Book = Sink<Api>;

/// Is anything in the list an error?
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}

//! What differs between files of different authors: how their values are spelled, what is kept of
//! a field that was read, and what becomes of one that nobody reads.

use super::{FieldSpec, Reader, scalars};
use crate::node::{Key, Node, Value};
use crate::problem::{Place, Problem, nearest};
use std::ops::RangeInclusive;

/// Longest name, in characters; tables, charts and stories repeat it.
const LONGEST_NAME: usize = 253;

/// The ways of one author of files; a value of it is what a reader has to know of the document.
pub trait Dialect: Clone {
    /// What describing yields of a field.
    type Doc;
    /// What reading keeps beside the settings and the problems.
    type Notes: Default;

    /// Do settings have defaults, so that a mapping that is missing or no mapping is read for them?
    /// Else `null` is the same as nothing at all, and what is no mapping is not read.
    const DEFAULTS: bool;

    /// A whole number within a range; the error says what was expected, here and below.
    fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String>;
    /// A number within a range.
    fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String>;
    /// Text.
    fn text(node: &Node) -> Result<String, String>;
    /// The text of a field `name`.
    fn name(node: &Node) -> Result<String, String> {
        Self::text(node)
    }
    /// `true` or `false`.
    fn flag(node: &Node) -> Result<bool, String>;

    /// What describing yields of a field; nothing if its own fields say it all.
    fn doc(spec: FieldSpec) -> Option<Self::Doc>;
    /// The problem, in the file where it stands if the dialect knows.
    fn place(&self, problem: Problem) -> Problem {
        problem
    }
    /// Keeps that field `name` was read, for which `help` was given.
    fn understood(_reader: &Reader<'_, Self>, _name: &str, _node: &Node, _help: &str) {}
    /// What becomes of a key that nobody asked for.
    fn unread(reader: &Reader<'_, Self>, key: &Key);
}

/// windtunnel's own files: values with their units, defaults for nearly everything, and no key that
/// nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own;

impl Dialect for Own {
    type Doc = FieldSpec;
    type Notes = ();

    const DEFAULTS: bool = true;

    fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
        match &node.value {
            // A default, or a value of the command line.
            Value::Text(text) if node.place == Place::default() => {
                scalars::within(text.parse().ok(), range)
            }
            _ => scalars::count(node, range),
        }
    }

    fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
        scalars::within_f64(node.scalar_text().and_then(|t| t.parse().ok()), range)
    }

    fn text(node: &Node) -> Result<String, String> {
        node.scalar_text().ok_or_else(|| "text".to_string())
    }

    fn name(node: &Node) -> Result<String, String> {
        let short = |name: &String| name.chars().count() <= LONGEST_NAME;
        let expected = || format!("a name of at most {LONGEST_NAME} characters");
        Some(Self::text(node)?).filter(short).ok_or_else(expected)
    }

    fn flag(node: &Node) -> Result<bool, String> {
        let flag = match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        flag.ok_or_else(|| "true or false".to_string())
    }

    fn doc(spec: FieldSpec) -> Option<FieldSpec> {
        Some(spec)
    }

    fn unread(reader: &Reader<'_, Own>, key: &Key) {
        let names = reader.names();
        let problem =
            Problem::error(key.place, reader.path(), format!("unknown key {:?}", key.name));
        let problem = problem.expected(match names.is_empty() {
            true => "no settings here".to_string(),
            false => format!("one of {}", names.join(", ")),
        });
        reader.push(match nearest(&key.name, names.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean {meant}?")),
            None => problem,
        });
    }
}

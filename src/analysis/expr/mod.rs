//! The expression language in which Argo's AnalysisTemplates write their conditions.
//!
//! expr-lang 1.17 (github.com/expr-lang/expr) but for clocks, calendars and bytes: `result`,
//! literals, lists and maps, all operators, `let`, `if`, closures (`{# > 0.9}`) and the functions
//! of numbers, texts, lists and maps. [`token`] cuts a text, [`mod@parse`] makes a tree, [`types`]
//! checks it against the type that `result` has at the moment, as upstream compiles anew for every
//! result, and [`eval`] runs it. Nesting and work are limited, so no text can hang or exhaust
//! anything. Deliberately unknown here: what the value of a condition means.

pub mod builtin;
pub mod eval;
pub mod lists;
pub mod parse;
pub mod texts;
pub mod token;
pub mod tree;
pub mod types;
pub mod value;

use parse::parse;
use tree::Node;
use value::Value;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Position in characters, from 1; 0 when only running it can tell.
    pub column: usize,
    /// What is wrong, in expr's words where it has some.
    pub text: String,
    /// The language has it, this reader does not.
    pub unsupported: bool,
}

impl Fault {
    pub(crate) fn at(column: usize, text: impl Into<String>) -> Fault {
        Fault { column, text: text.into(), unsupported: false }
    }

    pub(crate) fn unsupported(column: usize, what: &str) -> Fault {
        let text = format!("{what} can't be evaluated here");
        Fault { column, text, unsupported: true }
    }
}

/// A condition, read once and evaluated for every result.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    text: String,
    tree: Node,
}

impl Condition {
    /// Reads a condition. What depends on the type of the result is told when it is evaluated.
    pub fn parse(text: &str) -> Result<Condition, Fault> {
        Ok(Condition { text: text.to_string(), tree: parse(text)? })
    }

    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Is it true for this result? Anything but a boolean is an error, as are names that are
    /// unknown and types that don't fit, even in a part that would not be reached.
    pub fn holds(&self, result: &Value) -> Result<bool, String> {
        types::check(&self.tree, result).map_err(|fault| fault.text)?;
        match eval::run(&self.tree, result)? {
            Value::Bool(found) => Ok(found),
            other => Err(format!("expected bool, but got {}", other.type_name())),
        }
    }
}

#[cfg(test)]
#[path = "expr_tests.rs"]
mod tests;

//! The expression language in which Argo's AnalysisTemplates write their conditions.
//!
//! expr-lang 1.17 (github.com/expr-lang/expr): `result`, literals, lists and maps, all operators,
//! `let`, `if`, closures (`{# > 0.9}`), the functions of numbers, texts, lists, maps and dates, and
//! the methods of dates. `now()` is the clock of the flight. [`token`] cuts a text, [`mod@parse`]
//! makes a tree, [`types`] checks it against the type that `result` has at the moment, as upstream
//! compiles anew for every result, and [`eval`] runs it. Nesting and work are limited, so no text
//! can hang or exhaust anything. Deliberately unknown here: what the value of a condition means.

#![forbid(unsafe_code)]

pub mod builtin;
pub mod dates;
pub mod eval;
pub mod layout;
pub mod lists;
pub mod parse;
pub mod texts;
pub mod token;
pub mod tree;
pub mod types;
pub mod value;

use jiff::Zoned;
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
}

impl Fault {
    /// The byte of the expression; nothing when only running it can tell.
    pub fn byte(&self, text: &str) -> Option<usize> {
        let before = self.column.checked_sub(1)?;
        Some(text.char_indices().nth(before).map_or(text.len(), |(at, _)| at))
    }

    /// A fault at a character of an expression.
    pub fn at(column: usize, text: impl Into<String>) -> Fault {
        Fault { column, text: text.into() }
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

    /// Is it true for this result at this instant? Anything but a boolean is an error, as are names
    /// that are unknown and types that don't fit, even in a part that would not be reached.
    pub fn holds(&self, result: &Value, now: &Zoned) -> Result<bool, String> {
        types::check(&self.tree, result).map_err(|fault| fault.text)?;
        match eval::run(&self.tree, result, now)? {
            Value::Bool(found) => Ok(found),
            other => Err(format!("expected bool, but got {}", other.type_name())),
        }
    }

    /// The instant that it stands for, in milliseconds of Unix time: the ends of a range query are
    /// written so (`utils/evaluate/evaluate.go` EvalTime, which knows no result).
    pub fn instant_ms(&self, now: &Zoned) -> Result<i64, String> {
        if self.tree.names("result") {
            return Err("unknown name result".into());
        }
        types::check(&self.tree, &Value::Nil).map_err(|fault| fault.text)?;
        match eval::run(&self.tree, &Value::Nil, now)? {
            Value::Time(at) => Ok(at.timestamp().as_millisecond()),
            other => Err(format!("expected time.Time, but got {}", other.type_name())),
        }
    }
}

/// The README's example, tried as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
#[path = "expr_tests.rs"]
mod tests;

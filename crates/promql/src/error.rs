//! What is wrong with a query, and where.

use std::fmt;

/// Characters before the place of an error, and half of those in all, that a long line shows.
const AROUND: usize = 72;

/// A query that Prometheus would not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
    /// Byte of the query at which it shows.
    pub byte: usize,
    /// Line of the query, from 1.
    pub line: usize,
    /// Character of that line, from 1.
    pub column: usize,
    /// The line itself.
    pub shown: String,
}

impl ParseError {
    /// An error at a byte of a text.
    pub fn at(text: &str, byte: usize, message: impl Into<String>) -> ParseError {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let start = text[..byte].rfind('\n').map_or(0, |i| i + 1);
        let end = text[byte..].find('\n').map_or(text.len(), |i| byte + i);
        ParseError {
            message: message.into(),
            byte,
            line: text[..byte].matches('\n').count() + 1,
            column: text[start..byte].chars().count() + 1,
            shown: text[start..end].to_string(),
        }
    }

    /// The same error, found in a part of `text` that begins at byte `by`.
    pub fn shifted(self, text: &str, by: usize) -> ParseError {
        ParseError::at(text, by + self.byte, self.message)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        // Of a long line only what stands around the place.
        let at = self.column - 1;
        let from = if at > AROUND { at - AROUND / 2 } else { 0 };
        let mut rest = self.shown.chars().skip(from);
        let line: String = rest.by_ref().take(2 * AROUND).collect();
        let (before, after) = (if from > 0 { "…" } else { "" }, rest.next().map_or("", |_| "…"));
        // Tabs stay tabs, so that the caret stands below its character.
        let indent = before.chars().chain(line.chars().take(at - from));
        let indent: String = indent.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "  {before}{line}{after}\n  {indent}^")
    }
}

impl std::error::Error for ParseError {}

/// A query that is well formed and cannot be answered: Prometheus' execution errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError(pub String);

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

/// An execution error.
pub fn fail<T>(message: impl Into<String>) -> Result<T, EvalError> {
    Err(EvalError(message.into()))
}

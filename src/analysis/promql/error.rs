//! What is wrong with a query, and where.

use std::fmt;

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
        // Tabs stay tabs, so that the caret stands below its character.
        let before = self.shown.chars().take(self.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        write!(f, "  {}\n  {indent}^", self.shown)
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

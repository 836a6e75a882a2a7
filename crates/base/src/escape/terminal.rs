//! Terminals: what would move the cursor, change colours or hide text is shown as its code.
//!
//! `\u{1b}` stands for the escape character, as in Rust. A backslash stays one, so that escaping
//! twice changes nothing.

use super::is_hidden;
use std::borrow::Cow;

/// A text of several lines: line feeds and tabs stay.
pub fn text(text: &str) -> Cow<'_, str> {
    shown(text, |c| is_hidden(c) && c != '\n' && c != '\t')
}

/// A text within a line: line feeds and tabs are shown, too.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

fn shown(text: &str, hides: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hides) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hides(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

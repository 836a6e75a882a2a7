//! XML, of which SVG is a kind: characters of markup have names, and those that XML 1.0 forbids
//! (nearly all control characters) are shown as their code.

use super::{is_hidden, terminal};
use std::borrow::Cow;

/// A text that a library escapes itself: only without what XML cannot carry, and nothing hidden.
pub fn letters(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if !text.contains(forbidden) {
        return Cow::Borrowed(text);
    }
    let shown = terminal::line(text);
    Cow::Owned(shown.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

/// The text of an element (not of an attribute: quotes stay).
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in letters(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

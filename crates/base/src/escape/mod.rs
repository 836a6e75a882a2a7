//! Texts that others wrote, on their way out: one writer per format.
//!
//! Every text that a user can choose (names, paths, queries, labels, sentences) is kept as it was
//! read, and escaped exactly once, where it leaves: for terminals in [`terminal`], for Markdown in
//! [`markdown`], for SVG in [`xml`], for tables in [`csv`], for JSON in [`json`], for YAML and
//! PromQL in [`quoted`], for commands in [`shell`]. Nothing else escapes. [`short`] cuts what is
//! too long for a message. Deliberately unknown here: what a text means, and where it goes.

pub mod csv;
pub mod json;
pub mod markdown;
pub mod quoted;
pub mod shell;
pub mod short;
pub mod terminal;
pub mod xml;

#[cfg(test)]
mod escape_tests;

/// Does a reader not see this character, or see others in another order because of it?
///
/// Control characters (C0, DEL, C1), marks that turn the direction of writing or cut off an
/// override, characters without width, separators of lines that are no line feed, and the tags
/// that hide texts in texts (Unicode, "Trojan Source", CVE-2021-42574). Tabs and line feeds are
/// among them; formats that can carry those say so.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

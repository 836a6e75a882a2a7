//! The part of a line around a place, fit for a terminal: bounded in width, whatever the text.
//!
//! Tabs are four spaces and what would not be seen is shown as its code, so that the columns up to
//! the place can be counted. The work is bounded by the width, not by the length of the line.

use super::escape::{is_hidden, terminal};
use unicode_width::UnicodeWidthChar;

/// Columns that are shown of a line.
pub const WIDTH: usize = 100;

/// Of these, at most so many before the place, where more than those are behind it.
const BEFORE: usize = 60;

/// Characters on one side of the place: those without a width take room, too.
const CHARACTERS: usize = 200;

/// Longest word that is pointed at as a whole, in bytes.
const LONGEST_WORD: usize = 200;

/// What stands for the part of a line that is left out.
const CUT: &str = "…";

/// The shown part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Its text: one line, nothing hidden.
    pub text: String,
    /// Bytes of that before the place.
    pub start: usize,
    /// Bytes of that up to the end of what is pointed at; at least `start`.
    pub end: usize,
}

impl Excerpt {
    /// Columns before the place.
    pub fn indent(&self) -> usize {
        width(&self.text[..self.start])
    }
}

/// The columns that a text takes.
fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A character as it is shown.
fn shown(c: char) -> String {
    match c {
        '\t' => "    ".to_string(),
        c if is_hidden(c) => terminal::line(c.encode_utf8(&mut [0; 4])).into_owned(),
        c => c.to_string(),
    }
}

/// Characters up to the end of the line or of the room, as they are shown; whether more follow.
fn taken(chars: impl Iterator<Item = char>, room: usize) -> (Vec<String>, bool) {
    let (mut out, mut used) = (Vec::new(), 0);
    for c in chars.take_while(|c| !matches!(c, '\n' | '\r')) {
        let piece = shown(c);
        used += width(&piece);
        if used > room || out.len() >= CHARACTERS {
            return (out, true);
        }
        out.push(piece);
    }
    (out, false)
}

/// The line of `text` that holds the bytes `start..end`, around them. Bytes beyond the line are
/// none of it.
pub fn excerpt(text: &str, start: usize, end: usize) -> Excerpt {
    let inner = |mut byte: usize| {
        byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    let (start, end) = (inner(start), inner(end));
    let (rest, _) = taken(text[start..].chars(), WIDTH);
    // A line that fits is shown whole, wherever the place is.
    let rest: usize = rest.iter().map(|piece| width(piece)).sum();
    let room = BEFORE.max(WIDTH.saturating_sub(rest));
    let (mut before, cut) = taken(text[..start].chars().rev(), room);
    before.reverse();
    let mut out = if cut { CUT.to_string() } else { String::new() };
    out.extend(before);
    let at = out.len();
    let (after, cut) = taken(text[start..].chars(), WIDTH.saturating_sub(width(&out)));
    let count = text[start..end.max(start)].chars().take(after.len()).count();
    let meant: usize = after.iter().take(count).map(String::len).sum();
    out.extend(after);
    if cut {
        out.push_str(CUT);
    }
    Excerpt { text: out, start: at, end: at + meant }
}

/// The length in bytes of the first word of a text, or of what stands there in quotes; of one
/// character, if it begins with neither.
pub fn word(text: &str) -> usize {
    let most = text.len().min(LONGEST_WORD);
    let most = (most..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let line = text[..most].split(['\n', '\r']).next().unwrap_or_default();
    let Some(first) = line.chars().next() else { return 0 };
    if matches!(first, '"' | '\'') {
        let mut escaped = false;
        let end = line.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == first && !escaped;
            escaped = *c == '\\' && first == '"' && !escaped;
            ends
        });
        return end.map_or(1, |(at, _)| at + 1);
    }
    let part = |c: char| c.is_alphanumeric() || "_-./%$".contains(c);
    let end = line.find(|c| !part(c)).unwrap_or(line.len());
    end.max(first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_line_is_shown() {
        let found = excerpt("one\n\ttwo x\nthree", 9, 10);
        assert_eq!(found, Excerpt { text: "    two x".into(), start: 8, end: 9 });
        assert_eq!(excerpt("one\r\ntwo", 3, 3).text, "one");
        assert_eq!(excerpt("ab", 9, 12), Excerpt { text: "ab".into(), start: 2, end: 2 });
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}!{}", "a".repeat(5_000_000), "b".repeat(5_000_000));
        let found = excerpt(&text, 5_000_000, 5_000_001);
        assert!(found.text.starts_with("…aaa") && found.text.ends_with("bbb…"));
        assert_eq!((&found.text[found.start..found.end], found.indent()), ("!", BEFORE + 1));
    }

    #[test]
    fn words_end_where_another_begins() {
        let of = |text: &'static str| &text[..word(text)];
        assert_eq!(
            (of("maxSurg: 1"), of("60))"), of("5%, x"), of(""), of("日本 x")),
            ("maxSurg", "60", "5%", "", "日本")
        );
        assert_eq!(
            (of(r#""a \" b", c"#), of("'a b' c"), of("\"open"), of("{a")),
            (r#""a \" b""#, "'a b'", "\"", "{")
        );
        assert_eq!((of("\nx"), word(&"ä".repeat(500))), ("", LONGEST_WORD));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// The caret stands below the place, and nothing hidden is shown, whatever the text.
        #[test]
        fn the_place_is_where_the_excerpt_says(
            before in "(?s).{0,90}", meant in "(?s).{0,3}", after in "(?s).{0,90}",
        ) {
            let text = format!("{before}{meant}{after}");
            let found = excerpt(&text, before.len(), before.len() + meant.len());
            prop_assert!(!found.text.contains(is_hidden), "{found:?}");
            prop_assert!(width(&found.text) <= WIDTH + 2);
            let line = |text: &str| text.chars().map(shown).collect::<String>();
            let own = before.rsplit(['\n', '\r']).next().unwrap_or_default();
            let head = found.text[..found.start].trim_start_matches(CUT);
            prop_assert!(line(own).ends_with(head), "{found:?}");
            let rest = text[before.len()..].split(['\n', '\r']).next().unwrap_or_default();
            let tail = found.text[found.start..].trim_end_matches(CUT);
            prop_assert!(line(rest).starts_with(tail), "{found:?}");
            let meant = meant.split(['\n', '\r']).next().unwrap_or_default();
            let shown = &found.text[found.start..found.end];
            prop_assert!(line(meant).starts_with(shown), "{found:?}");
            prop_assert!(shown == line(meant) || found.text.ends_with(CUT), "{found:?}");
        }
    }
}

//! Messages of bounded length: what is too long loses its middle, and says how much.

use std::borrow::Cow;

/// Longest run of letters without a space that a message shows whole.
const LONGEST_WORD: usize = 200;

/// Longest part of a message.
const LONGEST_PART: usize = 4_000;

/// A part of a message: a word (a name, a path, a value) beyond 200 characters, and a text beyond
/// 4,000, are cut in the middle.
pub fn message(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_WORD {
        return Cow::Borrowed(text);
    }
    if !text.split_whitespace().any(|word| word.len() > LONGEST_WORD) {
        return middle(text, LONGEST_PART);
    }
    let word = |word: &str| middle(word, LONGEST_WORD).into_owned();
    // Words first: a cut through a long word would be cut once more, and told twice.
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |end| start + end);
        out.push_str(&rest[..start]);
        out.push_str(&word(&rest[start..end]));
        rest = &rest[end..];
    }
    out.push_str(rest);
    match middle(&out, LONGEST_PART) {
        Cow::Owned(cut) => Cow::Owned(cut),
        Cow::Borrowed(_) => Cow::Owned(out),
    }
}

/// A text of at most `most` characters (40 or more): its beginning, how many characters are left
/// out, and its end.
pub fn middle(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    // The mark that says what is missing takes some room itself.
    let mark = |left_out: usize| format!("…({}_characters_left_out)…", thousands(left_out));
    let room = most.saturating_sub(mark(count).chars().count()).max(8);
    let (head, tail) = (room - room / 3, room / 3);
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let mark = mark(count - head - tail);
    Cow::Owned(format!("{}{mark}{}", &text[..at(head)], &text[at(count - tail)..]))
}

/// A count with commas: `99,980`.
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

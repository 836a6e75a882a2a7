//! Markdown (CommonMark with GitHub's extensions): user's words are words, never markup.
//!
//! A name of letters and digits stays as it is; anything that could be markup, a link, HTML or a
//! mention becomes a code span, in which nothing means anything but its own backticks.

use super::{is_hidden, terminal};
use std::borrow::Cow;

/// A name or value within a paragraph, a heading or a cell.
pub fn text(text: &str) -> Cow<'_, str> {
    if is_plain(text) { Cow::Borrowed(text) } else { Cow::Owned(code(text)) }
}

/// Could nothing of it be taken for markup?
fn is_plain(text: &str) -> bool {
    let sound = |c: char| match c {
        ' ' | '-' | '.' | ',' | ';' | ':' | '/' | '%' | '(' | ')' | '=' | '+' | '\'' | '"'
        | '?' => true,
        '_' | '$' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => !is_hidden(c) && !c.is_whitespace(),
    };
    // Underscores within words are letters; at their borders they would emphasise.
    let letter = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    let bytes = text.as_bytes();
    let inner = |at: usize| at > 0 && letter(bytes.get(at - 1)) && letter(bytes.get(at + 1));
    let underscores = bytes.iter().enumerate().all(|(at, b)| *b != b'_' || inner(at));
    // A sum of money; any other dollar could begin a formula.
    let digit = |at: usize| bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let money = text.matches('$').count() < 2 && text.find('$').is_none_or(digit);
    // Lists, headings under lines and quotes begin with these; so do indented blocks.
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = digits.len() < text.len() && digits.starts_with(['.', ')']);
    let begins = text.starts_with(['-', '+', '=', ' ']) || numbered && digits[1..].starts_with(' ');
    let lower = text.to_ascii_lowercase();
    let link = lower.contains("://") || lower.contains("www.");
    text.chars().all(sound) && underscores && money && !begins && !text.ends_with(' ') && !link
}

/// A table; what stands in its cells is Markdown already.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut lines = vec![row(head), format!("|{}", "---|".repeat(head.len()))];
    lines.extend(rows.into_iter().map(row));
    lines.join("\n")
}

/// A name, a query or a command as code, whatever it holds. A backslash before `|` would end a
/// cell of a table, so such a bar is shown as its code.
pub fn code(text: &str) -> String {
    let line = terminal::line(text).replace("\\|", "\\\\u{7c}");
    if line.is_empty() {
        return "–".to_string();
    }
    let fence = "`".repeat(longest_run(&line) + 1);
    // One space on either side is taken off again.
    let pad = line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']);
    let space = if pad { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// A command: within the line, or as a block of its own where it has several lines.
pub fn command(text: &str) -> String {
    if !text.contains('\n') {
        return code(text);
    }
    let shown = terminal::text(text);
    let fence = "`".repeat(longest_run(&shown).max(2) + 1);
    format!("\n\n{fence}sh\n{shown}\n{fence}\n\n")
}

/// Sentences that may use code spans and emphasis, such as the comment above a file; HTML, links,
/// pictures and hidden characters in them are shown and have no effect, and no line of them begins
/// a heading, a quotation, a table or a rule.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, part) in spans(&terminal::text(text)).into_iter().enumerate() {
        if number % 2 == 1 {
            out.push_str(part);
            continue;
        }
        let mut rest = part.chars().peekable();
        let mut read = 0;
        while let Some(c) = rest.next() {
            let line = out.rsplit('\n').next().unwrap_or_default();
            if line.chars().all(|c| c == ' ') && begins_a_block(&part[read..]) {
                out.push('\\');
            }
            read += c.len_utf8();
            match (c, rest.peek()) {
                // A tag, a comment, an instruction or a link; any other `<` is a sign.
                ('<', Some(next)) if next.is_ascii_alphabetic() || "/!?".contains(*next) => {
                    out.push_str("&lt;");
                }
                // A backslash would take the effect of the one that is put before a bracket, and a
                // lone backtick would make code of what follows it.
                ('[' | ']' | '`' | '\\', _) => out.extend(['\\', c]),
                _ => out.push(c),
            }
        }
    }
    out
}

/// Would this, at the start of a line, make more of it than a line of a paragraph or a list?
fn begins_a_block(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    let rule = |mark: char| {
        let mut marks = line.chars().filter(|c| *c != ' ').peekable();
        marks.peek().is_some() && marks.all(|c| c == mark)
    };
    line.starts_with(['#', '>', '=', '|', '~']) || ['-', '*', '_'].into_iter().any(rule)
}

/// A text in turns outside and inside of code spans; the backticks belong to the spans.
fn spans(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = text[at..].find('`').map(|found| at + found) {
        let run = text[open..].len() - text[open..].trim_start_matches('`').len();
        let Some(end) = closing(&text[open + run..], run) else {
            at = open + run;
            continue;
        };
        let end = open + run + end;
        parts.extend([&text[from..open], &text[open..end]]);
        (from, at) = (end, end);
    }
    parts.push(&text[from..]);
    parts
}

/// The end of the next run of exactly so many backticks, within the paragraph.
pub(super) fn closing(text: &str, run: usize) -> Option<usize> {
    let mut at = 0;
    let paragraph = paragraph_end(text);
    while let Some(found) = text[at..paragraph].find('`').map(|found| at + found) {
        let rest = &text[found..];
        let length = rest.len() - rest.trim_start_matches('`').len();
        if length == run {
            return Some(found + length);
        }
        at = found + length;
        if at >= paragraph {
            return None;
        }
    }
    None
}

/// Where the next line without a letter begins.
fn paragraph_end(text: &str) -> usize {
    let blank = |at: usize| text[at + 1..].lines().next().is_none_or(|line| line.trim().is_empty());
    text.match_indices('\n').map(|(at, _)| at).find(|at| blank(*at)).unwrap_or(text.len())
}

/// Cells of one row of a table: bars in them are escaped, line feeds are spaces.
pub fn row(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let safe = |cell: &str| cell.replace('|', "\\|").replace(['\n', '\r'], " ");
    let cells: Vec<String> = cells.into_iter().map(|cell| safe(cell.as_ref())).collect();
    format!("| {} |", cells.join(" | "))
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut now) = (0, 0);
    for c in text.chars() {
        now = if c == '`' { now + 1 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

//! Cells of CSV tables: quotes are the business of the CSV writer, formulas are ours.
//!
//! Spreadsheets compute a cell that begins like a formula (OWASP, "CSV Injection"), so a text that
//! does begins with an apostrophe here, which spreadsheets do not show. Numbers stay numbers.

use std::borrow::Cow;

/// A text as a cell.
pub fn cell(text: &str) -> Cow<'_, str> {
    let formula = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
    };
    // Spreadsheets read over blanks before a formula.
    let begins = text.starts_with(formula) || text.trim_start().starts_with(formula);
    if begins { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

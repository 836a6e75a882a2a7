//! Markdown of the page's parts.

use crate::base::escape::markdown;

/// A name that a user chose, as a part of the page.
pub fn named(name: &str) -> String {
    markdown::text(name).into_owned()
}

/// A table in Markdown; what stands in its cells is Markdown already.
pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut lines = vec![markdown::row(head)];
    lines.push(format!("|{}", "---|".repeat(head.len())));
    lines.extend(rows.into_iter().map(markdown::row));
    lines.join("\n")
}

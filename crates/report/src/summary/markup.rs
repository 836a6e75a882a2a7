//! Markdown of the page's parts.

use windtunnel_base::escape::markdown;
pub use windtunnel_base::escape::markdown::table;

/// A name that a user chose, as a part of the page.
pub fn named(name: &str) -> String {
    markdown::text(name).into_owned()
}

//! The contents: a link to every section, by the anchors that GitHub gives to headings.

use std::collections::BTreeSet;

/// The anchors of a page's headings, in their order.
#[derive(Default)]
pub struct Anchors(BTreeSet<String>);

impl Anchors {
    /// The anchor of the next heading: lower case, letters, digits, `_` and `-`, a dash for each
    /// blank; headings alike are numbered (`lib/html/pipeline/toc_filter.rb` of html-pipeline).
    pub fn next(&mut self, heading: &str) -> String {
        let kept = |c: &char| c.is_alphanumeric() || "_- ".contains(*c);
        let lower = heading.to_lowercase();
        let plain: String =
            lower.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect();
        let numbered = (1..).map(|number| format!("{plain}-{number}"));
        let mut free = std::iter::once(plain.clone()).chain(numbered);
        let anchor = free.find(|anchor| !self.0.contains(anchor)).unwrap_or(plain);
        self.0.insert(anchor.clone());
        anchor
    }
}

/// A heading of the page and the headings below it.
pub struct Chapter {
    /// Its heading, Markdown already.
    pub title: String,
    /// Headings of its sections.
    pub sections: Vec<String>,
}

/// The list: a line a chapter, its sections behind it. `before` are headings above the list.
pub fn list(before: &[&str], chapters: &[Chapter]) -> String {
    let mut anchors = Anchors::default();
    before.iter().for_each(|heading| drop(anchors.next(heading)));
    let mut lines = Vec::new();
    for chapter in chapters {
        let mut link = |title: &str| format!("[{title}](#{})", anchors.next(title));
        let mut line = format!("- {}", link(&chapter.title));
        let sections: Vec<String> = chapter.sections.iter().map(|s| link(s)).collect();
        if !sections.is_empty() {
            line += &format!(": {}", sections.join(" · "));
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the rule, worked out by hand.
    #[test]
    fn anchors_are_those_of_github() {
        let mut anchors = Anchors::default();
        for (heading, anchor) in [
            ("How precise this is", "how-precise-this-is"),
            ("The textbook table, measured", "the-textbook-table-measured"),
            ("How precise this is", "how-precise-this-is-1"),
            ("A year of 1,500 releases", "a-year-of-1500-releases"),
            ("`a|b` & c", "ab--c"),
            ("Über_maß – 5 %", "über_maß--5-"),
            ("checkout replicas=5", "checkout-replicas5"),
            ("How precise this is", "how-precise-this-is-2"),
        ] {
            assert_eq!(anchors.next(heading), anchor, "{heading}");
        }
    }
}

//! The first page of `summary.md`, and that every link of its contents leads somewhere.

use crate::fixture::{nothing_flown, results};
use windtunnel::report::summary;

/// Anchors of a page as GitHub makes them, written apart from the program's own.
fn anchors(page: &str) -> Vec<String> {
    let (mut found, mut code) = (Vec::<String>::new(), false);
    for line in page.lines() {
        code ^= line.starts_with("```");
        let Some(heading) = line.strip_prefix('#').filter(|_| !code) else { continue };
        let heading = heading.trim_start_matches('#').trim();
        let mut anchor = String::new();
        for c in heading.chars().flat_map(char::to_lowercase) {
            match c {
                ' ' => anchor.push('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => anchor.push(c),
                _ => {}
            }
        }
        let mut number = 0;
        let mut free = anchor.clone();
        while found.contains(&free) {
            number += 1;
            free = format!("{anchor}-{number}");
        }
        found.push(free);
    }
    found
}

#[test]
fn every_link_of_the_contents_leads_to_a_heading() {
    for results in [results(), nothing_flown()] {
        let page = summary::text(&results);
        let anchors = anchors(&page);
        let links: Vec<&str> =
            page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        let headings = page.lines().filter(|l| l.starts_with("## ") || l.starts_with("### "));
        assert_eq!(links.len() + 1, headings.count(), "all but the contents themselves");
        for link in &links {
            assert!(anchors.iter().any(|anchor| anchor == link), "{link} in {anchors:?}");
        }
        let mut once = links.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), links.len(), "each leads to its own");
    }
}

#[test]
fn one_screen_answers() {
    let page = summary::text(&results());
    let (first, _) = page.split_once("## Contents").expect("contents");
    assert!(first.lines().count() <= 40, "{first}");
    for part in ["| scenario | choice | runner-up |", "**The worst:**", "**Not known:**"] {
        assert!(first.contains(part), "{part} is missing in\n{first}");
    }
    assert!(first.contains("A line of `expect:` is undecided"), "{first}");
}

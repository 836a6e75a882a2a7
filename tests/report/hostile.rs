//! Results in which every text that a user may choose is hostile: each format still holds what it
//! should, and nothing of a text is obeyed.

use crate::fixture::results;
use proptest::prelude::*;
use std::sync::Arc;
use windtunnel::base::escape::{is_hidden, terminal};
use windtunnel::experiment::results::Results;
use windtunnel::report::{Document, Format, charts, events, replay, run_json, summary, table};

/// Texts that one format or another would obey.
const NASTY: [&str; 24] = [
    "\u{1b}[31m",
    "\u{1b}]0;pwn\u{7}",
    "\u{9b}2J",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\r",
    "\n",
    "\t",
    "\0",
    "|",
    "\\|",
    "`",
    "```",
    "<script>alert(1)</script>",
    "</title>",
    "]]>",
    "&lt;",
    "\"",
    "'",
    "=cmd()",
    "[a](javascript:b)",
    "![a](http://b)",
    "*a*",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(NASTY.to_vec()).prop_map(str::to_string),
        1 => "[a-z0-9 =+@-]{1,4}",
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// The results with `nasty` in front of and behind every name and text.
fn poisoned(nasty: &str) -> Results {
    let mut all = results();
    let spoil = |text: &mut String| *text = format!("{nasty}{text}{nasty}");
    spoil(&mut all.command);
    for of in &mut all.scenarios {
        let scenario = Arc::make_mut(&mut of.scenario);
        spoil(&mut scenario.name);
        spoil(&mut scenario.head);
        scenario.release.variants.iter_mut().for_each(|variant| spoil(&mut variant.name));
        scenario.plans.iter_mut().for_each(|plan| spoil(&mut plan.name));
        let flights = of.flights.iter_mut().flatten().flatten();
        flights.for_each(|flight| flight.stopped_by.iter_mut().for_each(spoil));
        of.expectations.iter_mut().for_each(|r| spoil(&mut r.text));
        for record in &mut of.recordings {
            record.recording.events.iter_mut().for_each(|event| spoil(&mut event.text));
        }
    }
    all
}

fn made(results: &Results, format: Format) -> Vec<(String, String)> {
    let text = |d: Document| (d.path, String::from_utf8(d.bytes).expect("UTF-8"));
    format(results).expect("documents").into_iter().map(text).collect()
}

fn shows_everything(path: &str, text: &str) -> Result<(), TestCaseError> {
    // Tabs are blanks in Markdown.
    let blank = |c: char| c == '\n' || c == '\t' && path.ends_with(".md");
    let hidden = text.chars().find(|c| is_hidden(*c) && !blank(*c));
    prop_assert!(hidden.is_none(), "{path}: {hidden:?}");
    Ok(())
}

/// Parts of a Markdown text outside of code: code spans and blocks are left out.
fn outside_of_code(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(open) = rest.find('`') {
        out.push_str(&rest[..open]);
        let slashes = out.len() - out.trim_end_matches('\\').len();
        if slashes % 2 == 1 {
            out.push('`');
            rest = &rest[open + 1..];
            continue;
        }
        let run = rest[open..].len() - rest[open..].trim_start_matches('`').len();
        let (fence, behind) = ("`".repeat(run), &rest[open + run..]);
        let mut at = 0;
        let close = loop {
            let Some(found) = behind[at..].find(&fence).map(|found| at + found) else { break None };
            let length = behind[found..].len() - behind[found..].trim_start_matches('`').len();
            if length == run {
                break Some(found + run);
            }
            at = found + length;
        };
        match close {
            Some(close) => rest = &behind[close..],
            None => rest = behind,
        }
    }
    out + rest
}

/// Cells of a row, as GitHub divides it.
fn cells(row: &str) -> usize {
    let (mut bars, mut escaped) = (0_usize, false);
    for c in row.chars() {
        bars += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    bars
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tables_compute_nothing(nasty in hostile()) {
        for (path, text) in made(&poisoned(&nasty), windtunnel::report::csv::FORMAT) {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let width = reader.headers().expect("a header").len();
            for row in reader.records() {
                let row = row.expect("as long as the header");
                prop_assert_eq!(row.len(), width);
                for cell in row.iter().filter(|cell| cell.parse::<f64>().is_err()) {
                    let formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
                    prop_assert!(!formula, "{}: {:?}", path, cell);
                }
            }
        }
    }

    #[test]
    fn json_is_json_and_hides_nothing(nasty in hostile()) {
        let results = poisoned(&nasty);
        let (run, story) = (made(&results, run_json::FORMAT), made(&results, events::FORMAT));
        for (path, text) in run.into_iter().chain(story) {
            shows_everything(&path, &text)?;
            let whole = if path.ends_with("jsonl") { text.lines().collect() } else { vec![&*text] };
            for part in whole {
                let value: Result<serde_json::Value, _> = serde_json::from_str(part);
                prop_assert!(value.is_ok(), "{}: {}", path, part);
            }
        }
        let run = &made(&results, run_json::FORMAT)[0].1;
        let run: serde_json::Value = serde_json::from_str(run).expect("JSON");
        prop_assert_eq!(run["command"].as_str(), Some(&*results.command), "kept as it was");
    }

    #[test]
    fn the_summary_has_no_markup_of_others(nasty in hostile()) {
        let (path, text) = made(&poisoned(&nasty), summary::FORMAT).remove(0);
        shows_everything(&path, &text)?;
        let mut width = None;
        for line in text.lines() {
            if !line.starts_with('|') {
                width = None;
                continue;
            }
            prop_assert_eq!(cells(line), *width.get_or_insert(cells(line)), "{}", line);
        }
        let outside = outside_of_code(&text);
        for (at, _) in outside.match_indices('<') {
            let next = outside[at + 1..].chars().next().unwrap_or(' ');
            prop_assert!(!next.is_ascii_alphabetic() && next != '/', "{}", &outside[at..]);
        }
        // Pictures and links are those of the page itself.
        let links = outside.match_indices("](").filter(|(at, _)| {
            let own = ["charts/", "#"].iter().any(|to| outside[at + 2..].starts_with(to));
            !outside[..*at].ends_with('\\') && !own
        });
        prop_assert_eq!(links.count(), 0, "{}", outside);
    }
}

proptest! {
    // Drawing takes most of the time.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn pictures_are_xml_and_hold_no_elements_of_others(nasty in hostile()) {
        let plain = made(&results(), charts::SVG);
        for ((path, text), (_, before)) in made(&poisoned(&nasty), charts::SVG).iter().zip(&plain) {
            shows_everything(path, text)?;
            prop_assert!(!text.contains("<script"), "{}", path);
            prop_assert_eq!(text.matches("<title>").count(), 1, "{}", path);
            prop_assert_eq!(before.matches("<title>").count(), 1, "{}", path);
            #[cfg(feature = "png")]
            {
                let tree = resvg::usvg::Tree::from_str(text, &Default::default());
                prop_assert!(tree.is_ok(), "{}: {:?}", path, tree.err());
            }
        }
    }

    #[test]
    fn terminals_get_lines_of_their_own(nasty in hostile()) {
        let results = poisoned(&nasty);
        for scenario in &results.scenarios {
            let mut texts = vec![table::text(scenario, &[])];
            let stories = scenario.recordings.iter().take(2);
            texts.extend(stories.map(|record| replay::text(&scenario.scenario, record)));
            for text in texts {
                let shown = terminal::text(&text);
                prop_assert!(!shown.contains(|c| is_hidden(c) && c != '\n' && c != '\t'), "{shown}");
            }
        }
    }
}

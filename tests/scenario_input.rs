//! Scenario texts and what reading them comes to, side by side in `tests/data/scenarios`: a
//! `*.problems` file holds every problem, or `fine` and the warnings. `UPDATE_GOLDEN=1` rewrites
//! them. Then texts that nobody wrote: arbitrary ones, and valid ones with damage.

use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use windtunnel::base::random::{Purpose, Streams};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::random::random_valid;
use windtunnel::scenario::read::{head, read, read_documents, set};
use windtunnel::scenario::{starter, yaml};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios")
}

fn inputs() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder of inputs");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut inputs: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    inputs.sort();
    inputs
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a reader of the command line would see.
fn outcome(text: &str, file: &str) -> String {
    let lines = |problems: &[windtunnel::base::problem::Problem]| {
        problems.iter().map(|p| format!("{p}\n")).collect::<String>()
    };
    match read(text, file) {
        Ok((_, warnings)) => format!("fine\n{}", lines(&warnings)),
        Err(problems) => lines(&problems),
    }
}

#[test]
fn every_input_yields_what_stands_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut wrong, mut bad) = (Vec::new(), 0);
    for path in inputs() {
        let text = fs::read_to_string(&path).expect("text");
        let found = outcome(&text, &name(&path));
        bad += u32::from(!found.starts_with("fine"));
        let golden = path.with_extension("problems");
        if update {
            fs::write(&golden, &found).expect("the golden file is writable");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}: expected\n{expected}found\n{found}", name(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bad >= 15, "only {bad} bad inputs");
}

#[test]
fn problems_come_in_the_order_of_the_text_and_in_the_named_file() {
    for path in inputs() {
        let text = fs::read_to_string(&path).expect("text");
        let Err(problems) = read(&text, "some.yaml") else { continue };
        assert!(problems.is_sorted_by_key(|p| p.place), "{}", name(&path));
        assert!(problems.iter().all(|p| &*p.file == "some.yaml"), "{}", name(&path));
        assert!(problems.iter().all(|p| p.place.line > 0), "{}: {problems:?}", name(&path));
    }
}

#[test]
fn the_head_comment_is_kept() {
    let text = fs::read_to_string(folder().join("everything.yaml")).expect("text");
    let (scenarios, _) = read(&text, "everything.yaml").unwrap_or_else(|p| panic!("{p:?}"));
    let expected = "Does every part of the format read?\n\nA second paragraph of the head.";
    assert_eq!(scenarios[0].head, expected);
    assert_eq!(head("kind: Scenario # no head"), "");
}

#[test]
fn fields_set_from_outside_are_read_like_written_ones() {
    let text = fs::read_to_string(folder().join("smallest.yaml")).expect("text");
    let with = |path: &str, value: &str| {
        let mut documents = yaml::documents(&text, "a.yaml").expect("valid");
        set(&mut documents[0], path, value)
            .map_err(|p| vec![p])
            .and_then(|()| read_documents(&documents, &text, "a.yaml"))
    };
    let replicas = with("spec.service.replicas", "5").expect("valid").0;
    assert_eq!(replicas[0].service.replicas, 5);
    let canary = with("spec.strategies[3].canary.interval", "2m").expect("valid").0;
    let crew = Crew::bind(&Arc::new(canary[0].clone())).expect("sound queries");
    let first = &crew.pilots[3].facts.checks[0];
    assert_eq!((first.1.as_secs_f64(), &*first.0.name), (120.0, "errorRate"));
    for (path, value) in [
        ("spec.service.replicas", "0"),
        ("spec.service.replica", "5"),
        ("spec.strategies[9].canary.interval", "2m"),
        ("spec.expect", "[canry]"),
        ("spec.service.replicas", "{"),
    ] {
        assert!(with(path, value).is_err(), "{path}={value}");
    }
}

#[test]
fn hostile_texts_end_soon() {
    let long_list = format!("a: [{}]", "x, ".repeat(400_000));
    let long_key = format!("{}: 1", "k".repeat(1_000_000));
    let anchors: String = (0..60_000).map(|i| format!("k{i}: &a{i} 1\n")).collect();
    let comments = "# nothing\n".repeat(1_000_000);
    let colons = ": ".repeat(500_000);
    let quotes = "\"".repeat(99_999);
    for text in [&long_list, &long_key, &anchors, &comments, &colons, &quotes] {
        let begun = Instant::now();
        assert!(read(text, "hostile.yaml").is_err());
        assert!(begun.elapsed() < Duration::from_secs(20), "{}…", &text[..20]);
    }
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let problem = yaml::text(b"kind: Scenario\nmetadata: \xff", "a.yaml").expect_err("no text");
    assert_eq!(
        problem.to_string(),
        "a.yaml:2:11: error: found the byte 0xff; expected text in UTF-8"
    );
}

/// Puts damage into a text: pieces out, in, and doubled.
fn damaged(text: &str, damage: &[(usize, u8, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, kind, piece) in damage {
        let at = at % (chars.len() + 1);
        let end = (at + piece.chars().count()).min(chars.len());
        match kind % 3 {
            0 => drop(chars.splice(at..end, piece.chars())),
            1 => drop(chars.splice(at..at, piece.chars())),
            _ => drop(chars.drain(at..end)),
        }
    }
    chars.into_iter().collect()
}

fn piece() -> impl Strategy<Value = String> {
    let tokens = [
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "&a ",
        "*a",
        "\n",
        "  ",
        "\t",
        "%",
        "/s",
        "-1",
        "0",
        "1e999",
        ".nan",
        "null",
        "~",
        "|",
        ">",
        "\"",
        "'",
        "#",
        "<<: ",
        "!!int ",
        "!x ",
        "999999999999999999999",
        "5m",
        "lognormal",
        "canary",
        "·",
        "≥",
        "ä",
        "\u{0}",
        "---\n",
    ];
    prop_oneof![
        proptest::sample::select(tokens.to_vec()).prop_map(String::from),
        "\\PC{0,8}".prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(text) = yaml::text(&bytes, "a") {
            let _ = read(text, "a");
        }
    }

    #[test]
    fn arbitrary_expectations_never_panic(line in "\\PC{0,60}") {
        let text = format!("{}    - {}\n", starter::starter("a"), serde_json::json!(line));
        if let Err(problems) = read(&text, "a") {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn damaged_scenarios_never_panic(
        seed in 0u64..50,
        fresh in any::<bool>(),
        damage in proptest::collection::vec((any::<usize>(), any::<u8>(), piece()), 1..6),
    ) {
        let text = match fresh {
            true => starter::starter("a"),
            false => random_valid(&mut Streams::new(seed, 0).stream(Purpose::Swarm, 0)),
        };
        if let Err(problems) = read(&damaged(&text, &damage), "a") {
            prop_assert!(!problems.is_empty());
        }
    }
}

/// Of a stream every document is told of in full: that another has the same problem, or only a
/// warning, keeps nothing back.
#[test]
fn a_document_is_told_whatever_stands_before_it() {
    let stream = |spec: &str| {
        let document = |name: &str| {
            format!(
                "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: {name}}}\n\
                 spec: {{horizon: 20m, service: {{replicas: 4}}, {spec}}}\n---\n"
            )
        };
        format!("{}{}", document("a"), document("b"))
    };
    let wrong = "strategies: [{canary: {checks: [{query: \"rate(\", failsWhen: \"> 0\"}]}}]";
    let problems = read(&stream(wrong), "s").expect_err("no query");
    let lines: Vec<u32> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [4, 9], "{problems:#?}");
    let (_, warnings) = read(&stream("strategies: [{shadow: {for: 30m}}]"), "s").expect("sound");
    let late = warnings.iter().filter(|w| w.message.contains("takes at least 30m"));
    let lines: Vec<u32> = late.map(|warning| warning.place.line).collect();
    assert_eq!(lines, [4, 9], "{warnings:#?}");
}

/// What the platform scrapes at best is what is scraped, where the scenario leaves it open.
#[test]
fn the_platform_says_how_often_it_scrapes() {
    let interval = |constraints: &str, telemetry: &str| {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec: \
             {{service: {{replicas: 3}}, constraints: {{{constraints}}}, telemetry: {{{telemetry}}}}}\n"
        );
        let (found, _) = read(&text, "a").unwrap_or_else(|p| panic!("{p:?}"));
        found[0].telemetry.interval.as_secs_f64()
    };
    assert_eq!(interval("", ""), 15.0);
    assert_eq!(interval("scrapeEvery: 1m", ""), 60.0);
    assert_eq!(interval("scrapeEvery: 5s", ""), 15.0, "it may be slower");
    assert_eq!(interval("scrapeEvery: 1m", "interval: 90s"), 90.0);
}

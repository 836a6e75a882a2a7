//! Timelines of whole controllers: real manifests beside a small Scenario in, the sequence of
//! weights, sizes, phases and events with their times out.
//!
//! `tests/data/controllers` holds a `*.timeline` for every `*.yaml`. They are worked out by hand
//! from the controllers' rules, and their comments say how; nothing rewrites them. A line is
//! `m:ss text` for what the controller says (an ellipsis stands for the rest), or
//! `m:ss = 25 % 4 1` for the share of requests to the new version and the ready pods of the old and
//! the new one. Times count from the release; the first tick of Flagger falls on it.

use super::input::{files, import, name, root};
use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::Recording;
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::read;

/// Delays of the API and of a kubelet add up to no more than this.
const SLACK_S: f64 = 2.0;

/// What one line of a timeline promises.
#[derive(Debug)]
enum Promise {
    /// The controller says this.
    Said(String),
    /// Percent of the requests to the new version, and ready pods of the old and the new one.
    Fleet(f64, u32, u32),
}

/// Reads a timeline: seconds and promises.
fn promises(text: &str) -> Vec<(f64, Promise)> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|line| promise(line).unwrap_or_else(|| panic!("not a line: {line:?}"))).collect()
}

fn promise(line: &str) -> Option<(f64, Promise)> {
    let (at, rest) = line.split_once(' ')?;
    let (minutes, seconds) = at.split_once(':')?;
    let at = 60.0 * minutes.parse::<f64>().ok()? + seconds.parse::<f64>().ok()?;
    let rest = rest.trim();
    let Some(fleet) = rest.strip_prefix("= ") else {
        return Some((at, Promise::Said(rest.to_string())));
    };
    let (percent, pods) = fleet.split_once(" %")?;
    let mut pods = pods.split_whitespace().map(|count| count.parse::<u32>().ok());
    let (old, new) = (pods.next()??, pods.next()??);
    Some((at, Promise::Fleet(percent.trim().parse().ok()?, old, new)))
}

/// The one scenario of a stream, its first tick upon the release.
fn scenario(file: &str, text: &str) -> Scenario {
    let told = |problems: Vec<windtunnel::base::problem::Problem>| -> String {
        problems.iter().map(|p| format!("{p}\n")).collect()
    };
    let mut import = import(text, file).unwrap_or_else(|p| panic!("{}", told(p)));
    assert_eq!(import.flyables.len(), 1, "{file}: one thing is released");
    let flyable = &mut import.flyables[0];
    if file.starts_with("flagger") {
        let path = "spec.strategies[0].flagger.firstTick";
        read::set(&mut flyable.node, path, "0s").unwrap_or_else(|p| panic!("{p}"));
    }
    let (mut scenarios, _) = flyable.scenario().unwrap_or_else(|p| panic!("{file}: {}", told(p)));
    scenarios.pop().expect("a scenario")
}

fn flown(scenario: &Arc<Scenario>) -> Recording {
    let order = FlightSpec { checked: true, ..single_order(scenario, 1, 0) };
    let crew = Crew::bind(scenario).expect("sound queries");
    let twin = fly_twin(scenario, &order);
    let order = FlightSpec { record: Some(SimDuration::from_secs(1)), ..order };
    let (_, recording) = fly(&crew, 0, 0, &order, &twin);
    recording.expect("a recording")
}

/// What the controller said, with seconds from the release: no lines of the engine.
fn said(recording: &Recording, release_s: f64) -> Vec<(f64, String)> {
    let engine = ["create ", "scale ", "route ", "load test:", "recycle "];
    let events = recording.events.iter().filter(|event| event.kind == "action");
    let own = events.filter(|event| !engine.iter().any(|word| event.text.starts_with(word)));
    own.map(|event| (event.at.as_secs_f64() - release_s, event.text.clone())).collect()
}

fn fits(text: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('…') {
        Some(start) => text.starts_with(start),
        None => text == wanted,
    }
}

/// Every broken promise, and everything that was said without one.
fn differences(file: &str, text: &str, timeline: &str) -> Vec<String> {
    let scenario = Arc::new(scenario(file, text));
    let release_s = scenario.release.at.as_secs_f64();
    let recording = flown(&scenario);
    let mut said = said(&recording, release_s);
    let mut wrong = Vec::new();
    for (at, promise) in promises(timeline) {
        match promise {
            Promise::Said(wanted) => {
                let near = |t: f64| (at - 0.1..=at + SLACK_S).contains(&t);
                match said.iter().position(|(t, text)| near(*t) && fits(text, &wanted)) {
                    Some(found) => drop(said.remove(found)),
                    None => wrong.push(format!("{at:>6.1} nobody said {wanted:?}")),
                }
            }
            Promise::Fleet(percent, old, new) => {
                let sample = recording.samples.iter().find(|s| s.t_s >= release_s + at);
                let sample = sample.unwrap_or_else(|| panic!("{file}: nothing at {at}"));
                let found = (sample.weight_new * 100.0, sample.pods[0][1], sample.pods[1][1]);
                if (found.0 - percent).abs() > 0.5 || (found.1, found.2) != (old, new) {
                    wrong.push(format!("{at:>6.1} {percent} % {old} {new}, found {found:?}"));
                }
            }
        }
    }
    wrong.extend(said.iter().map(|(at, text)| format!("{at:>6.1} unexpected: {text}")));
    wrong
}

fn check(prefix: &str) {
    let mut wrong = String::new();
    let mut flights = 0;
    for path in files("tests/data/controllers") {
        let file = name(&path);
        if !file.starts_with(prefix) {
            continue;
        }
        flights += 1;
        let text = std::fs::read_to_string(&path).expect("text");
        let timeline = path.with_extension("timeline");
        let timeline = std::fs::read_to_string(root("").join(timeline)).expect("a timeline");
        let found = differences(&file, &text, &timeline);
        if !found.is_empty() {
            wrong.push_str(&format!("{file}\n{}\n", found.join("\n")));
        }
    }
    assert!(flights >= 10, "{flights} timelines");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn flagger_keeps_its_timelines() {
    check("flagger");
}

#[test]
fn argo_keeps_its_timelines() {
    check("argo");
}

/// A timeline that promises something else is told to be broken: a time, a text, a weight, and a
/// line that is missing.
#[test]
fn broken_timelines_are_noticed() {
    let read = |name: &str| {
        std::fs::read_to_string(root("tests/data/controllers").join(name)).expect("text")
    };
    let file = "flagger-skip-analysis.yaml";
    let (text, timeline) = (read(file), read("flagger-skip-analysis.timeline"));
    assert!(differences(file, &text, &timeline).is_empty());
    for (from, to) in [
        ("0:30 Copying", "1:00 Copying"),
        ("Copying shop.test", "Copying shop"),
        ("= 0 % 4 4", "= 5 % 4 4"),
        ("0:30 Promotion completed!", "# "),
    ] {
        let broken = timeline.replacen(from, to, 1);
        assert_ne!(broken, timeline, "{from:?} is in the timeline");
        assert!(!differences(file, &text, &broken).is_empty(), "{from:?} → {to:?}");
    }
}

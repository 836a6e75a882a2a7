//! Timelines: for every kind of manifest, what happens when, worked out by hand.
//!
//! Each `tests/data/timelines/*.yaml` holds manifests and a small Scenario that makes the start-up
//! deterministic; its comment derives the sequence line by line from the controllers' rules. The
//! files fly by the path that `run` and `replay` take, with recording, and every line of the story
//! must come at its instant. Nothing here was copied from what the program prints.
//!
//! What all files share: the controller of a replica set sees a change after 5 ms; its calls take
//! 10 ms, and creations go out 1, 2, 4 … at a time; a sync counts pods as it begins, and its last
//! call writes the status if that is another, so a pod is reported 15 ms after it is ready, and one
//! that gets ready meanwhile by the next sync. Whoever owns the set looks 8 ms after a report, but
//! not before its own last sync is over: 30 ms a size that it writes, 45 ms a set that it creates.
//! A process serves 4.5 s after its pod was created, the readiness probe looks every second from
//! then on (counted from the creation), so a pod is ready 5.0 s after its creation; proxies learn of
//! endpoints and weights after exactly 2 s. Seconds count from the start of the release.

mod autoscaler;
mod deployment;
mod destination_rule;
mod disruption_budget;
mod http_route;
mod service;
mod virtual_service;

use super::input::{root, scenarios};
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::{Measures, Recording, Verdict};
use windtunnel::scenario::crew::Crew;

/// A recorded flight, with times counted from the start of the release.
pub struct Flown {
    pub recording: Recording,
    pub measures: Measures,
    pub verdict: Verdict,
    pub twin: Measures,
    release_s: f64,
}

/// Flies a file of `tests/data/timelines`: its first variant by the manifests' own strategy.
pub fn flown(file: &str) -> Flown {
    flown_text(&text(file), file)
}

/// The text of a file of `tests/data/timelines`.
pub fn text(file: &str) -> String {
    let path = root("tests/data/timelines").join(file);
    std::fs::read_to_string(path).expect("a file of manifests")
}

/// Flies such a text.
pub fn flown_text(text: &str, file: &str) -> Flown {
    let (found, _) = scenarios(text, file).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let [scenario] = found.as_slice() else { panic!("{file}: {} scenarios", found.len()) };
    let order = FlightSpec { checked: true, ..single_order(scenario, 1, 0) };
    let crew = Crew::bind(scenario).expect("sound queries");
    let twin = fly_twin(scenario, &order);
    let order = FlightSpec { record: Some(SimDuration::from_secs(1)), ..order };
    let (outcome, recording) = fly(&crew, 0, 0, &order, &twin);
    Flown {
        recording: recording.expect("a recording was asked for"),
        measures: outcome.measures,
        verdict: outcome.verdict,
        twin: twin.outcome.measures,
        release_s: scenario.release.at.as_secs_f64(),
    }
}

/// One line of a story: seconds since the release, and what was told.
pub type Line<'a> = (f64, &'a str);

impl Flown {
    /// Lines of some kinds, with times to the millisecond.
    pub fn lines(&self, kinds: &[&str]) -> Vec<(f64, String)> {
        let events = self.recording.events.iter().filter(|e| kinds.contains(&e.kind));
        let since = |at: f64| ((at - self.release_s) * 1000.0).round() / 1000.0;
        events.map(|e| (since(e.at.as_secs_f64()), e.text.clone())).collect()
    }

    /// Asserts that the lines of these kinds are exactly the expected ones.
    #[track_caller]
    pub fn tells(&self, kinds: &[&str], expected: &[Line<'_>]) {
        let found = self.lines(kinds);
        let shown = |lines: &mut dyn Iterator<Item = (f64, &str)>| -> String {
            lines.map(|(at, text)| format!("{at:>9.3} {text}\n")).collect()
        };
        let found = shown(&mut found.iter().map(|(at, text)| (*at, text.as_str())));
        let expected = shown(&mut expected.iter().copied());
        assert!(found == expected, "expected\n{expected}found\n{found}");
    }

    /// Share of requests for the new version, as the proxies believe, whenever a line was told:
    /// the instants at which it became another one.
    pub fn weights(&self) -> Vec<(f64, f64)> {
        let mut weights: Vec<(f64, f64)> = Vec::new();
        for event in &self.recording.events {
            let weight = (event.weight_new * 1e6).round() / 1e6;
            if weights.last().is_none_or(|(_, last)| *last != weight) {
                let at = event.at.as_secs_f64() - self.release_s;
                weights.push(((at * 1000.0).round() / 1000.0, weight));
            }
        }
        weights
    }

    /// Ready old, ready new, and terminating pods of both at a second since the release.
    pub fn pods(&self, at: f64) -> (u32, u32, u32) {
        let after = |t_s: f64| t_s - self.release_s >= at - 1e-9;
        let sample = self.recording.samples.iter().find(|s| after(s.t_s)).expect("a sample");
        (sample.pods[0][1], sample.pods[1][1], sample.pods[0][3] + sample.pods[1][3])
    }
}

/// Asserts that a figure lies between two others, ends included.
#[track_caller]
pub fn within(name: &str, value: f64, low: f64, high: f64) {
    assert!(low <= value && value <= high, "{name} is {value}, expected {low} to {high}");
}

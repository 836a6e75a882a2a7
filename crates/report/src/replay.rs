//! The event log of one recorded flight, event by event: as text and as JSON.
//!
//! Times are told from the release on. Beside each event stand the fleet (one letter a pod) and
//! the balancer's split as a bar, so that one can read the flight downwards. Deliberately absent:
//! flying it again; the recording is all there is.

use super::{events, figure};
use serde_json::{Value, json};
use windtunnel_experiment::results::FlightRecord;
use windtunnel_model::outcome::Event;
use windtunnel_model::scenario::model::Scenario;

/// Cells of the bar that shows the balancer's split.
const BAR: usize = 10;
/// Columns of a line of text.
const WIDTH: usize = windtunnel_base::wrap::COLUMNS;
/// Most lines that are folded as one.
const LONGEST_FOLD: usize = 4;
/// Widest fleet that is drawn pod by pod on the event's line.
const STRIP_MAX: usize = 16;

/// The flight as text.
pub fn text(scenario: &Scenario, record: &FlightRecord) -> String {
    let release_s = scenario.release.at.as_secs_f64();
    let events = &record.recording.events;
    let longest = events.iter().map(|e| e.strip.chars().count()).max().unwrap_or(0);
    let strip_width = longest.min(STRIP_MAX);
    let mut out = format!(
        "{} · {} · {} · replication {}\n\n{}\n",
        scenario.name,
        scenario.plan_name(record.plan),
        scenario.release_name(record.variant),
        record.replication,
        "times are relative to the release; [----####] is the balancer's split, # is new;\n\
         one letter a pod, as the fleet stood then"
    );
    if events.is_empty() {
        out += "\nnothing was recorded\n";
        return out;
    }
    let (mut before, mut at) = (None, 0);
    while at < events.len() {
        let (length, times) = repeated(&events[at..]);
        let told = if times > 1 { length } else { 1 };
        for event in &events[at..at + told] {
            let state = (event.strip.as_str(), event.weight_new);
            let changed = before.is_none_or(|before| before != state);
            let fold = (times > 1 && told == 1).then(|| {
                let last = &events[at + times - 1];
                format!(" × {times} until {}", figure::clock(since(last, release_s)))
            });
            out += &line(event, release_s, strip_width, changed, &fold.unwrap_or_default());
            before = Some(state);
        }
        if times > 1 && told > 1 {
            let last = &events[at + told * times - 1];
            let until = figure::clock(since(last, release_s));
            out += &format!("{:>9} these {told} lines × {times} until {until}\n", "⋮");
        }
        at += told * times.max(1);
    }
    out + &totals(record)
}

/// Seconds from the release to an event.
fn since(event: &Event, release_s: f64) -> f64 {
    event.at.as_secs_f64() - release_s
}

/// How many events at the beginning are told again and again, the fleet standing as it stood, and
/// how often: fewer than three times is not worth a word.
fn repeated(events: &[Event]) -> (usize, usize) {
    let alike = |a: &Event, b: &Event| {
        (a.kind, &a.text, &a.strip, a.weight_new) == (b.kind, &b.text, &b.strip, b.weight_new)
    };
    for length in 1..=LONGEST_FOLD {
        let block = events.iter().take(length);
        let next = |times: usize| events.iter().skip(length * times).take(length);
        let again = |times: &usize| {
            next(*times).count() == length
                && block.clone().zip(next(*times)).all(|(a, b)| alike(a, b))
        };
        let times = 1 + (1..).take_while(again).count();
        if times >= 3 {
            return (length, times);
        }
    }
    (1, 1)
}

/// One event, and how often it is told again. Fleet and split are drawn only where they differ from
/// the line above.
fn line(event: &Event, release_s: f64, strip_width: usize, changed: bool, again: &str) -> String {
    let at = figure::clock(since(event, release_s));
    let picture = if changed {
        format!("{} {}", bar(event.weight_new), fitted(&event.strip, strip_width))
    } else {
        " ".repeat(BAR + 7 + 1 + strip_width)
    };
    let start = format!("{at:>9} {picture} {:<9}", event.kind);
    let indent = start.chars().count() + 1;
    let room = WIDTH.saturating_sub(indent).max(24);
    let mut out = String::new();
    for (number, part) in wrapped(&format!("{}{again}", event.text), room).into_iter().enumerate() {
        let head = if number == 0 { start.clone() } else { " ".repeat(indent - 1) };
        out += &format!("{}\n", format!("{head} {part}").trim_end());
    }
    out
}

/// The split as a bar: `[----######]  60%` with `#` for the new version.
fn bar(weight_new: f64) -> String {
    let share = if weight_new.is_finite() { weight_new.clamp(0.0, 1.0) } else { 0.0 };
    let exact = (share * BAR as f64).round() as usize;
    // Anything but nothing shows, and so does anything but all.
    let least = usize::from(share > 0.0);
    let most = BAR - usize::from(share < 1.0);
    let new = exact.clamp(least, most);
    format!("[{}{}]{:>4.0}%", "-".repeat(BAR - new), "#".repeat(new), share * 100.0)
}

/// The fleet in exactly `width` letters; longer ones end in `…`.
fn fitted(strip: &str, width: usize) -> String {
    let length = strip.chars().count();
    if length <= width {
        return format!("{strip}{}", " ".repeat(width - length));
    }
    let cut: String = strip.chars().take(width.saturating_sub(1)).collect();
    format!("{cut}…")
}

/// Text in lines of at most `room` letters, broken between words where that is possible.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let length = lines[last].chars().count();
        if length > 0 && length + 1 + word.chars().count() > room {
            lines.push(word.to_string());
        } else {
            let space = if length > 0 { " " } else { "" };
            lines[last] += &format!("{space}{word}");
        }
    }
    lines
}

fn totals(record: &FlightRecord) -> String {
    let samples = &record.recording.samples;
    let sum =
        |of: fn(&windtunnel_model::outcome::Sample) -> u64| samples.iter().map(of).sum::<u64>();
    if samples.is_empty() {
        return String::new();
    }
    let (requests, failed, slow) = (sum(|s| s.requests), sum(|s| s.failed), sum(|s| s.slow));
    format!("\n{requests} requests, {failed} of them failed or wrong, {slow} slow\n")
}

/// The flight as JSON: its events and its samples.
pub fn json(scenario: &Scenario, record: &FlightRecord) -> Value {
    let release_s = scenario.release.at.as_secs_f64();
    let events = record.recording.events.iter().map(|event| events::described(event, release_s));
    let samples = record.recording.samples.iter().map(|sample| {
        json!({
            "t_s": sample.t_s,
            "requests": sample.requests,
            "failed": sample.failed,
            "slow": sample.slow,
            "p99_ms": sample.p99_ms,
            "weight_new": sample.weight_new,
            "pods_old": phases(sample.pods[0]),
            "pods_new": phases(sample.pods[1]),
        })
    });
    json!({
        "scenario": scenario.name,
        "release": scenario.release_name(record.variant),
        "strategy": scenario.plan_name(record.plan),
        "replication": record.replication,
        "release_at_s": release_s,
        "events": events.collect::<Vec<_>>(),
        "samples": samples.collect::<Vec<_>>(),
    })
}

fn phases([starting, ready, unready, terminating]: [u32; 4]) -> Value {
    json!({
        "starting": starting,
        "ready": ready,
        "unready": unready,
        "terminating": terminating,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_never_hides_a_trickle() {
        assert_eq!(bar(0.0), "[----------]   0%");
        assert_eq!(bar(0.01), "[---------#]   1%");
        assert_eq!(bar(0.6), "[----######]  60%");
        assert_eq!(bar(0.999), "[-#########] 100%");
        assert_eq!(bar(1.0), "[##########] 100%");
        assert_eq!(bar(f64::NAN), "[----------]   0%");
    }

    #[test]
    fn what_is_told_again_and_again_is_folded() {
        let event = |text: &str, strip: &str| Event {
            at: windtunnel_base::time::SimTime::ZERO,
            kind: "fault",
            text: text.into(),
            strip: strip.into(),
            weight_new: 0.0,
        };
        let of = |texts: &[&str]| {
            let events: Vec<Event> = texts.iter().map(|text| event(text, "OO")).collect();
            repeated(&events)
        };
        assert_eq!(of(&["a", "a", "a", "b"]), (1, 3));
        assert_eq!(of(&["a", "b", "a", "b", "a", "b", "a"]), (2, 3));
        assert_eq!(of(&["a", "a", "b"]), (1, 1));
        assert_eq!(of(&["a"]), (1, 1));
        let moved = [event("a", "OO"), event("a", "Ot"), event("a", "OO")];
        assert_eq!(repeated(&moved), (1, 1), "a fleet that changes is drawn");
    }

    #[test]
    fn long_texts_wrap_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
        assert_eq!(fitted("abcdef", 4), "abc…");
        assert_eq!(fitted("ab", 4), "ab  ");
    }
}

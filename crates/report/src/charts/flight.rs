//! A recording made ready to draw: the part worth seeing, in at most a few hundred columns.
//!
//! Most of an hour-long flight is a straight line. Deliberately absent: drawing.

use windtunnel_model::outcome::{Event, Recording, Sample};

/// Most columns that are drawn.
const COLUMNS_MAX: usize = 240;
/// Shown before the release, in seconds.
const BEFORE_S: f64 = 120.0;
/// Shown after the release at least, in seconds.
const AFTER_MIN_S: f64 = 300.0;
/// Most events that are explained.
const EVENTS_MAX: usize = 7;
/// Kinds of event that mark a turn of the event log.
const TURNS: [&str; 4] = ["release", "decision", "human", "fault"];

/// One column: the state over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Start and end, in seconds relative to the release.
    pub from_s: f64,
    /// End.
    pub to_s: f64,
    /// Requests per second.
    pub rate: f64,
    /// Share of these that the balancers send to the new version.
    pub weight_new: f64,
    /// Share of requests that failed or were wrong.
    pub failed: f64,
    /// Share of requests that were slow.
    pub slow: f64,
    /// Pods by version and phase.
    pub pods: [[u32; 4]; 2],
}

/// The last second, relative to the release, at which a recording is worth seeing.
pub fn last_turn_s(recording: &Recording, release_s: f64) -> f64 {
    let state = |sample: &Sample| (sample.weight_new.to_bits(), sample.pods);
    let samples = &recording.samples;
    let mut changes = samples.windows(2).filter(|pair| state(&pair[0]) != state(&pair[1]));
    let last = changes.next_back().map_or(release_s, |pair| pair[1].t_s);
    let told = turns(recording).last().map_or(release_s, |event| event.at.as_secs_f64());
    let end = samples.last().map_or(release_s, |sample| sample.t_s);
    let span = (last.max(told) - release_s).max(AFTER_MIN_S) * 1.12;
    span.min(end - release_s).max(1.0)
}

/// The first second worth seeing, relative to the release.
pub fn first_s(release_s: f64) -> f64 {
    -BEFORE_S.min(release_s)
}

/// The columns between two instants relative to the release.
pub fn columns(recording: &Recording, release_s: f64, from_s: f64, to_s: f64) -> Vec<Column> {
    let step = if recording.interval_s > 0.0 { recording.interval_s } else { 1.0 };
    let since = |sample: &&Sample| sample.t_s - release_s;
    let shown: Vec<&Sample> = recording
        .samples
        .iter()
        .filter(|sample| since(sample) > from_s && since(sample) <= to_s + step)
        .collect();
    let merged = shown.len().div_ceil(COLUMNS_MAX).max(1);
    let mut before = None;
    let mut columns = Vec::new();
    for samples in shown.chunks(merged) {
        columns.extend(column(samples, before, step, release_s));
        before = samples.last().copied();
    }
    columns
}

/// Several samples as one: sums of requests, and the state in which they began, which is that of
/// the sample before. So nothing is seen before it happened.
fn column(
    samples: &[&Sample],
    before: Option<&Sample>,
    step: f64,
    release_s: f64,
) -> Option<Column> {
    let (first, last) = (samples.first()?, samples.last()?);
    let state = before.unwrap_or(first);
    let sum = |of: fn(&Sample) -> u64| samples.iter().map(|sample| of(sample)).sum::<u64>() as f64;
    let requests = sum(|sample| sample.requests);
    let share = |count: f64| if requests > 0.0 { (count / requests).min(1.0) } else { 0.0 };
    let (from_s, to_s) = (first.t_s - step - release_s, last.t_s - release_s);
    let weight = state.weight_new;
    Some(Column {
        from_s,
        to_s,
        rate: requests / (to_s - from_s).max(1e-9),
        weight_new: if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.0 },
        failed: share(sum(|sample| sample.failed)),
        slow: share(sum(|sample| sample.slow)),
        pods: state.pods,
    })
}

fn all_turns(recording: &Recording) -> impl Iterator<Item = &Event> {
    recording.events.iter().filter(|event| TURNS.contains(&event.kind))
}

/// How many events that turned the flight are not among its [`turns`]: those before the last one.
pub fn untold(recording: &Recording) -> usize {
    all_turns(recording).count().saturating_sub(EVENTS_MAX)
}

/// The events that turned the flight, at most a handful: the first ones and the last.
pub fn turns(recording: &Recording) -> Vec<&Event> {
    let mut turns: Vec<&Event> = all_turns(recording).collect();
    if turns.len() > EVENTS_MAX {
        turns.drain(EVENTS_MAX - 1..turns.len() - 1);
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::time::SimTime;

    fn recording(seconds: u32) -> Recording {
        let sample = |t: u32| Sample {
            t_s: f64::from(t),
            requests: 10,
            failed: u64::from(t % 2),
            weight_new: if t > 400 { 1.0 } else { 0.0 },
            ..Sample::default()
        };
        Recording {
            samples: (1..=seconds).map(sample).collect(),
            interval_s: 1.0,
            ..Recording::default()
        }
    }

    #[test]
    fn columns_cover_what_is_shown_and_lose_no_request() {
        let recording = recording(3600);
        let columns = columns(&recording, 300.0, -120.0, 900.0);
        assert!(columns.len() <= 240 && columns.len() > 100);
        assert!((columns[0].from_s + 120.0).abs() < 1.5);
        assert!(columns.windows(2).all(|pair| (pair[0].to_s - pair[1].from_s).abs() < 1e-9));
        assert!(columns.iter().all(|column| (column.rate - 10.0).abs() < 1e-9));
        let last = last_turn_s(&recording, 300.0);
        assert!((300.0..400.0).contains(&last), "{last}");
    }

    #[test]
    fn odd_recordings_are_drawn_too() {
        let nothing = Recording::default();
        assert!(columns(&nothing, 300.0, -120.0, 900.0).is_empty());
        assert!(last_turn_s(&nothing, 300.0) >= 1.0);
        let mut many = recording(10);
        many.events = (0..30)
            .map(|i| Event {
                at: SimTime::from_secs_f64(f64::from(i)),
                kind: "decision",
                text: i.to_string(),
                strip: String::new(),
                weight_new: 0.0,
            })
            .collect();
        let texts: Vec<&str> = turns(&many).iter().map(|event| event.text.as_str()).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "29"]);
        assert_eq!((untold(&many), untold(&nothing)), (23, 0));
    }
}

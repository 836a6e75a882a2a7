//! The recorder: samples of a flight and its story. It draws nothing and changes nothing.

use super::flight::{Event as Planned, Flight};
use crate::base::escape::short::thousands;
use crate::base::time::{SimDuration, SimTime};
use crate::outcome::{Event, Recording, Sample};
use crate::world::pod::Stage;

/// Most lines a story may have; its last one says how many more there would be.
const LONGEST_STORY: usize = 20_000;

/// What has been recorded so far.
#[derive(Clone, Debug)]
pub struct Recorder {
    interval: SimDuration,
    recording: Recording,
    seen: [u64; 4],
    /// Lines that the story has no room for, and the state at the last of them.
    untold: usize,
    last: Option<Event>,
}

impl Recorder {
    /// A recorder that samples every `interval`.
    pub fn new(interval: SimDuration) -> Recorder {
        let recording = Recording { interval_s: interval.as_secs_f64(), ..Recording::default() };
        Recorder { interval, recording, seen: [0; 4], untold: 0, last: None }
    }

    /// Time between samples.
    pub fn interval(&self) -> SimDuration {
        self.interval
    }

    /// Adds a line to the story.
    pub fn event(
        &mut self,
        at: SimTime,
        kind: &'static str,
        text: String,
        strip: String,
        weight: f64,
    ) {
        let event = Event { at, kind, text, strip, weight_new: weight };
        if self.recording.events.len() < LONGEST_STORY {
            self.recording.events.push(event);
        } else {
            self.untold += 1;
            self.last = Some(event);
        }
    }

    /// What was recorded.
    pub fn finish(mut self) -> Recording {
        if let Some(last) = self.last {
            let (count, most) = (thousands(self.untold), thousands(LONGEST_STORY));
            let text = format!(
                "the story ends here, after {most} events: {count} more until this instant are not \
                 told; figures and samples cover the whole flight"
            );
            self.recording.events.push(Event { kind: "cut", text, ..last });
        }
        self.recording
    }
}

impl Flight {
    /// Takes a sample.
    pub(super) fn sample(&mut self) {
        let weight_new = self.believed_weight();
        let mut pods = [[0; 4]; 2];
        for pod in self.pods.iter().filter(|p| p.exists()) {
            let phase = match pod.stage {
                _ if pod.deleting.is_some() => 3,
                _ if pod.ready => 1,
                Stage::Pending | Stage::Scheduled | Stage::Booting => 0,
                _ => 2,
            };
            pods[pod.version.index()][phase] += 1;
        }
        let outcomes = self.plane.tally.outcomes;
        let interval = self.plane.interval.replace(Box::default());
        let t_s = self.now.as_secs_f64();
        let Some(recorder) = &mut self.recorder else { return };
        let delta: Vec<u64> = outcomes.iter().zip(recorder.seen).map(|(a, b)| a - b).collect();
        recorder.seen = outcomes;
        recorder.recording.samples.push(Sample {
            t_s,
            requests: delta.iter().sum(),
            failed: delta[2] + delta[3],
            slow: delta[1],
            p99_ms: interval.and_then(|i| i.latency.quantile_ms(0.99)),
            weight_new,
            pods,
        });
        let next = self.now + recorder.interval;
        self.calendar.plan(next, Planned::Sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_says_what_it_does_not_tell() {
        let mut recorder = Recorder::new(SimDuration::from_secs(1));
        for n in 0..LONGEST_STORY + 1_234 {
            let at = SimTime::ZERO + SimDuration::from_millis(n as u64);
            recorder.event(at, "pod", format!("event {n}"), String::new(), 0.5);
        }
        let events = recorder.finish().events;
        assert_eq!(events.len(), LONGEST_STORY + 1);
        let last = &events[LONGEST_STORY];
        assert!(last.text.contains("1,234 more") && last.text.contains("20,000"), "{}", last.text);
        assert!(last.at > events[LONGEST_STORY - 1].at);
    }
}

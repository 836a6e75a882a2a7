//! The recorder: samples of a flight and its story. It draws nothing and changes nothing.

use super::flight::{Event as Planned, Flight};
use crate::base::time::{SimDuration, SimTime};
use crate::outcome::{Event, Recording, Sample};
use crate::world::pod::Stage;

/// Most lines a story may have; later ones are dropped.
const LONGEST_STORY: usize = 20_000;

/// What has been recorded so far.
#[derive(Clone, Debug)]
pub struct Recorder {
    interval: SimDuration,
    recording: Recording,
    seen: [u64; 4],
}

impl Recorder {
    /// A recorder that samples every `interval`.
    pub fn new(interval: SimDuration) -> Recorder {
        let recording = Recording { interval_s: interval.as_secs_f64(), ..Recording::default() };
        Recorder { interval, recording, seen: [0; 4] }
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
        if self.recording.events.len() < LONGEST_STORY {
            self.recording.events.push(Event { at, kind, text, strip, weight_new: weight });
        }
    }

    /// What was recorded.
    pub fn finish(self) -> Recording {
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

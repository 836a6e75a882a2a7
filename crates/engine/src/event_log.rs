//! The event log of a flight, and its samples, if anybody keeps them. It draws nothing and changes
//! nothing.

use windtunnel_base::escape::short::thousands;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::outcome::{Event, Recording, Sample};

/// Most lines of an event log; its last one says how many more there would be.
const LONGEST_LOG: usize = 20_000;

/// How things stand as something is logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scene {
    /// The fleet, one letter a pod.
    pub(super) strip: String,
    /// Share of requests that reach the new version, as the proxies believe.
    pub(super) weight_new: f64,
}

/// What has been logged so far; nothing at all unless somebody asked for it.
#[derive(Clone, Debug, Default)]
pub(super) struct EventLog {
    kept: Option<Recorder>,
}

#[derive(Clone, Debug)]
struct Recorder {
    interval: SimDuration,
    recording: Recording,
    /// Requests by outcome at the last sample.
    seen: [u64; 4],
    /// Lines that the log has no room for, and the last of them.
    untold: usize,
    last: Option<Event>,
}

impl EventLog {
    /// A log with a sample every `interval`; one that keeps nothing without it.
    pub(super) fn new(interval: Option<SimDuration>) -> EventLog {
        let recorder = |interval: SimDuration| Recorder {
            interval,
            recording: Recording { interval_s: interval.as_secs_f64(), ..Recording::default() },
            seen: [0; 4],
            untold: 0,
            last: None,
        };
        EventLog { kept: interval.map(recorder) }
    }

    /// Time between two samples, if any are taken.
    pub(super) fn interval(&self) -> Option<SimDuration> {
        self.kept.as_ref().map(|kept| kept.interval)
    }

    /// Logs an event; text and scene are only made if a log is kept.
    pub(super) fn say(
        &mut self,
        at: SimTime,
        kind: &'static str,
        text: impl FnOnce() -> String,
        scene: impl FnOnce() -> Scene,
    ) {
        let Some(kept) = &mut self.kept else { return };
        let Scene { strip, weight_new } = scene();
        let event = Event { at, kind, text: text(), strip, weight_new };
        if kept.recording.events.len() < LONGEST_LOG {
            kept.recording.events.push(event);
        } else {
            kept.untold += 1;
            kept.last = Some(event);
        }
    }

    /// Adds a sample, of which all but its requests stands as given: they are those that have ended
    /// since the last one, of `outcomes` so far (good, slow, wrong, failed).
    pub(super) fn sample(&mut self, outcomes: [u64; 4], sample: Sample) {
        let Some(kept) = &mut self.kept else { return };
        let delta: Vec<u64> = outcomes.iter().zip(kept.seen).map(|(a, b)| a - b).collect();
        kept.seen = outcomes;
        kept.recording.samples.push(Sample {
            requests: delta.iter().sum(),
            failed: delta[2] + delta[3],
            slow: delta[1],
            ..sample
        });
    }

    /// What was kept.
    pub(super) fn finish(self) -> Option<Recording> {
        let Recorder { mut recording, untold, last, .. } = self.kept?;
        if let Some(last) = last {
            let (count, most) = (thousands(untold), thousands(LONGEST_LOG));
            let text = format!(
                "the event log ends here, after {most} events: {count} more until this instant are \
                 not told; figures and samples cover the whole flight"
            );
            recording.events.push(Event { kind: "cut", text, ..last });
        }
        Some(recording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_says_what_it_does_not_tell() {
        let mut log = EventLog::new(Some(SimDuration::from_secs(1)));
        for n in 0..LONGEST_LOG + 1_234 {
            let at = SimTime::ZERO + SimDuration::from_millis(n as u64);
            log.say(at, "pod", || format!("event {n}"), Scene::default);
        }
        let events = log.finish().expect("it is kept").events;
        assert_eq!(events.len(), LONGEST_LOG + 1);
        let last = &events[LONGEST_LOG];
        assert!(last.text.contains("1,234 more") && last.text.contains("20,000"), "{}", last.text);
        assert!(last.at > events[LONGEST_LOG - 1].at);
    }

    #[test]
    fn a_log_that_nobody_keeps_makes_no_text() {
        let mut log = EventLog::new(None);
        log.say(SimTime::ZERO, "pod", || panic!("nobody reads it"), || panic!("nor looks"));
        assert!(log.finish().is_none());
    }
}

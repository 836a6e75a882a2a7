//! What every owner of a part of a flight may read and plan by: the scenario, the clock, the
//! streams of random numbers, and the calendar.

use super::calendar::Calendar;
use super::event::Event;
use std::sync::Arc;
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::scenario::model::Scenario;

/// The common ground of a flight's owners. Only the flight's loop moves the clock.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// What is flown.
    pub(super) scenario: Arc<Scenario>,
    /// Where random numbers come from, each under an address of its own.
    pub(super) streams: Streams,
    /// The present instant.
    pub(super) now: SimTime,
    /// Instant at which the flight ends: the horizon.
    pub(super) end: SimTime,
    /// Does a release take place? Not in a twin.
    pub(super) has_release: bool,
    calendar: Calendar<Event>,
}

impl Context {
    /// The ground at time zero, with nothing planned.
    pub(super) fn new(scenario: &Arc<Scenario>, streams: Streams, has_release: bool) -> Context {
        Context {
            scenario: Arc::clone(scenario),
            streams,
            now: SimTime::ZERO,
            end: SimTime::ZERO + scenario.horizon,
            has_release,
            calendar: Calendar::default(),
        }
    }

    /// Plans an event for an instant; one for "never" is dropped.
    pub(super) fn plan(&mut self, at: SimTime, event: Event) {
        debug_assert!(at >= self.now, "planned for {at}, which is over at {}", self.now);
        self.calendar.plan(at, event);
    }

    /// Plans an event for so long from now.
    pub(super) fn plan_in(&mut self, wait: SimDuration, event: Event) {
        self.plan(self.now + wait, event);
    }

    /// When the next event is due; at the horizon at the latest.
    pub(super) fn next_at(&self) -> SimTime {
        self.calendar.next_at().unwrap_or(self.end).min(self.end)
    }

    /// Takes the next event.
    pub(super) fn take(&mut self) -> Option<(SimTime, Event)> {
        self.calendar.take()
    }

    /// When the first event is due, be it after the horizon.
    #[cfg(test)]
    pub(super) fn first_at(&self) -> Option<SimTime> {
        self.calendar.next_at()
    }

    /// Forgets everything that is planned.
    #[cfg(test)]
    pub(super) fn clear(&mut self) {
        self.calendar = Calendar::default();
    }
}

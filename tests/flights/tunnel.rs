//! A tiny builder, so that the tests read like what they promise.

use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::{Measures, Outcome, Recording, Sample};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::read::read;
use windtunnel::traffic::{Arrivals, Recorded};

/// Seed of all flights that need none in particular.
pub const SEED: u64 = 20_260_801;

/// A scenario to be flown, from the fields of its `spec` in flow style, one a line.
#[derive(Clone)]
pub struct Tunnel {
    pub scenario: Scenario,
    pub order: FlightSpec,
}

/// A flight with everything that was recorded of it.
pub struct Flown {
    pub outcome: Outcome,
    pub recording: Recording,
    pub twin: Outcome,
}

/// Reads a scenario from the fields of its `spec`.
pub fn tunnel(spec: &str) -> Tunnel {
    let fields: Vec<String> = spec.trim().lines().map(|l| format!("  {}", l.trim())).collect();
    let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: test}\nspec:\n";
    let scenario = parse(&format!("{head}{}\n", fields.join("\n")));
    let order = FlightSpec { checked: true, ..single_order(&scenario, SEED, 0) };
    Tunnel { scenario, order }
}

/// Reads the one scenario of a text.
pub fn parse(text: &str) -> Scenario {
    match read(text, "test") {
        Ok((mut scenarios, _)) => scenarios.pop().expect("a scenario"),
        Err(problems) => {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}\n{text}", told.join("\n"))
        }
    }
}

impl Tunnel {
    /// Requests at given instants, in seconds, each by a user of its own (modulo all users).
    pub fn requests_at(mut self, secs: impl Iterator<Item = f64>) -> Tunnel {
        let row = |(i, at): (usize, f64)| Recorded {
            at: SimDuration::from_secs_f64(at),
            user: Some(i as u32 % self.scenario.traffic.users),
            route: None,
        };
        let rows: Vec<Recorded> = secs.enumerate().map(row).collect();
        self.scenario.traffic.arrivals = Arrivals::Trace(rows.into());
        self
    }

    /// A regular request every `every` seconds over the whole flight.
    pub fn request_every(self, every: f64) -> Tunnel {
        let count = (self.scenario.horizon.as_secs_f64() / every) as u32;
        self.requests_at((0..count).map(|i| f64::from(i) * every))
    }

    /// Another replication of the same.
    pub fn replication(mut self, replication: u32) -> Tunnel {
        let order = single_order(&self.scenario, SEED, replication);
        self.order = FlightSpec { checked: true, blind: self.order.blind, ..order };
        self
    }

    /// The first variant by the first strategy, recorded every second.
    pub fn fly(&self) -> Flown {
        self.fly_pair(0, 0)
    }

    /// A variant by a strategy, by their numbers, recorded every second.
    pub fn fly_pair(&self, variant: usize, plan: usize) -> Flown {
        let scenario = Arc::new(self.scenario.clone());
        let crew = Crew::bind(&scenario).expect("sound queries");
        let twin = fly_twin(&scenario, &self.order);
        let order = FlightSpec { record: Some(SimDuration::from_secs(1)), ..self.order.clone() };
        let (outcome, recording) = fly(&crew, variant, plan, &order, &twin);
        let recording = recording.expect("a recording was asked for");
        Flown { outcome, recording, twin: twin.outcome }
    }
}

impl Flown {
    pub fn m(&self) -> &Measures {
        &self.outcome.measures
    }

    /// Seconds at which lines of the event log hold `text`.
    pub fn told(&self, text: &str) -> Vec<f64> {
        let found = self.recording.events.iter().filter(|e| e.text.contains(text));
        found.map(|e| e.at.as_secs_f64()).collect()
    }

    /// The first such second; without one the test fails and shows the event log.
    pub fn first(&self, text: &str) -> f64 {
        let told = self.told(text);
        *told.first().unwrap_or_else(|| panic!("nobody told {text:?}:\n{}", self.event_log()))
    }

    pub fn event_log(&self) -> String {
        let line = |e: &windtunnel::outcome::Event| {
            format!("{:>9.3} {:8} {} [{}]\n", e.at.as_secs_f64(), e.kind, e.text, e.strip)
        };
        self.recording.events.iter().map(line).collect()
    }

    /// The first second from `after` on at which a sample fulfils `what`.
    pub fn when(&self, after: f64, what: impl Fn(&Sample) -> bool) -> Option<f64> {
        self.recording.samples.iter().find(|s| s.t_s >= after && what(s)).map(|s| s.t_s)
    }
}

/// Pods of a version (0 old, 1 new) in a phase of a sample.
pub const READY: usize = 1;
pub const UNREADY: usize = 2;

/// Asserts that a figure lies between two others, ends included.
#[track_caller]
pub fn within(name: &str, value: Option<f64>, low: f64, high: f64) {
    let value = value.unwrap_or(f64::NAN);
    assert!(low <= value && value <= high, "{name} is {value}, expected {low} to {high}");
}

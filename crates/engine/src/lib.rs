//! Layer 5: one replication, pure and deterministic.
//!
//! [`fly`] flies a strategy, [`fly_twin`] the same storm without any release. The control plane
//! (`flight` and the owners beside it) wakes through the calendar; `data_plane` moves requests in
//! between. Deliberately absent: I/O, threads, wall clocks, `HashMap` iteration.

#![forbid(unsafe_code)]

// The common ground, and the data plane.
pub mod address;
pub mod calendar;
mod context;
pub mod data_plane;
mod event;
mod event_log;

// The owners, lowest first: each names only what stands above it.
pub mod buckets;
mod cluster;
mod decisions;
mod driver;
pub mod faults;
mod meters;
mod on_call;
mod propagation;
mod scalers;
mod scraping;
mod smoke;
mod steps;
mod tables;

// The flight: its loop, and what several owners have to do with one event.
mod actions;
mod flight;
mod invariants;
pub mod result;
mod strikes;

use flight::{Flight, FlightOptions};
use result::{Released, Twin};
use std::sync::Arc;
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::outcome::bill::Tariff;
use windtunnel_model::outcome::{Outcome, Recording};
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::none;
use windtunnel_model::strategy::pilot::Pilot;

/// The address of one flight, and how it is to be flown.
#[derive(Clone, Debug, Default)]
pub struct FlightSpec {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the replication, from 0.
    pub replication: u32,
    /// Draws of the human's first page, from a quasi-random block.
    pub human: Option<[f64; 2]>,
    /// md5 buckets of the users, made once for the scenario.
    pub buckets: Option<Arc<[u8]>>,
    /// Take samples at this interval and keep an event log.
    pub record: Option<SimDuration>,
    /// Check invariants after every control event.
    pub checked: bool,
    /// Let no request take the fast path, which comes to the same.
    pub fast_path_off: bool,
    /// Fail every scrape.
    pub blind: bool,
    /// Scrape everything that the world exports, and keep it with the recording.
    pub export: bool,
}

/// Asked during a flight, some hundred times a second: may it go on? Once it says no, it is not
/// asked again, and the flight is given up.
pub type GoOn<'a> = &'a dyn Fn() -> bool;

/// Flies the same storm without a release.
pub fn fly_twin(scenario: &Arc<Scenario>, order: &FlightSpec) -> Twin {
    fly_twin_while(scenario, order, &|| true).expect("nobody stops it")
}

/// [`fly_twin`] for as long as `go_on` says so; nothing comes back of a flight that was given up.
pub fn fly_twin_while(
    scenario: &Arc<Scenario>,
    order: &FlightSpec,
    go_on: GoOn<'_>,
) -> Option<Twin> {
    twin_with_chaos(scenario, order, Vec::new(), go_on)
}

/// Flies a variant of the release by one strategy of the crew. Chaos that is bound to a phase of
/// the release gives the flight a twin of its own, struck at the same instants, and so does chaos
/// of the variant's own; otherwise `twin` serves.
pub fn fly(
    crew: &Crew,
    variant: usize,
    plan: usize,
    order: &FlightSpec,
    twin: &Twin,
) -> (Outcome, Option<Recording>) {
    fly_while(crew, (variant, plan), order, twin, &|| true).expect("nobody stops it")
}

/// [`fly`] for as long as `go_on` says so; nothing comes back of a flight that was given up.
pub fn fly_while(
    crew: &Crew,
    (variant, plan): (usize, usize),
    order: &FlightSpec,
    twin: &Twin,
    go_on: GoOn<'_>,
) -> Option<(Outcome, Option<Recording>)> {
    let tariff = crew.scenario.tariff(&crew.scenario.plans[plan]);
    let (scenario, pilot) = (&crew.scenario, &crew.pilots[plan]);
    let trip = Trip { scenario, pilot, alert: &crew.alert, tariff };
    if let Some(own) = with_chaos_of(trip.scenario, variant) {
        let twin = fly_twin_while(&own, order, go_on)?;
        return trip.with(&own).fly(variant, order, &twin, go_on);
    }
    trip.fly(variant, order, twin, go_on)
}

/// What flies: a pilot, in a scenario, watched by an alert.
#[derive(Clone, Copy)]
struct Trip<'a> {
    scenario: &'a Arc<Scenario>,
    pilot: &'a Pilot,
    alert: &'a [Query],
    /// What releases of the strategy are charged for.
    tariff: Tariff,
}

impl<'a> Trip<'a> {
    fn with(self, scenario: &'a Arc<Scenario>) -> Trip<'a> {
        Trip { scenario, ..self }
    }

    fn fly(
        self,
        variant: usize,
        order: &FlightSpec,
        twin: &Twin,
        go_on: GoOn<'_>,
    ) -> Option<(Outcome, Option<Recording>)> {
        let bound = self.scenario.chaos.iter().any(|f| faults::is_phase_bound(&f.trigger));
        if !bound {
            return self.fly_against(variant, order, twin, go_on);
        }
        let mut scout = self.start(Some(variant), order, FlightOptions::default());
        scout.run(go_on)?;
        let own = twin_with_chaos(self.scenario, order, scout.faults.struck().clone(), go_on)?;
        self.fly_against(variant, order, &own, go_on)
    }

    fn fly_against(
        self,
        variant: usize,
        order: &FlightSpec,
        twin: &Twin,
        go_on: GoOn<'_>,
    ) -> Option<(Outcome, Option<Recording>)> {
        let options = FlightOptions {
            twin_bad: Some(Arc::clone(&twin.bad)),
            record: order.record,
            export: order.export,
            ..FlightOptions::default()
        };
        let mut flight = self.start(Some(variant), order, options);
        flight.run(go_on)?;
        let bad = self.scenario.release.variants[variant].bad;
        let released = Released { bad, twin, tariff: self.tariff };
        let outcome = flight.outcome(order.replication, Some(released));
        let recording = flight.recording(order.export);
        Some((outcome, recording))
    }

    fn start(self, variant: Option<usize>, order: &FlightSpec, options: FlightOptions) -> Flight {
        let streams = Streams::new(order.seed, u64::from(order.replication));
        let options = FlightOptions {
            checked: order.checked,
            fast_path_off: order.fast_path_off,
            blind: order.blind,
            human: order.human,
            alert: self.alert.to_vec(),
            ..options
        };
        let mut flight = Flight::new(self.scenario, variant, self.pilot, streams, options);
        if let Some(buckets) = &order.buckets {
            flight.data_plane.set_buckets(Arc::clone(buckets));
        }
        flight
    }
}

/// The scenario with the chaos of a variant for its own; nothing if the variant has none. It is
/// appended, so that the scenario's own strikes as it does in the other variants' flights.
fn with_chaos_of(scenario: &Arc<Scenario>, variant: usize) -> Option<Arc<Scenario>> {
    let own = &scenario.release.variants.get(variant)?.chaos;
    if own.is_empty() {
        return None;
    }
    let mut with = Scenario::clone(scenario);
    with.chaos.extend(std::mem::take(&mut with.release.variants[variant].chaos));
    Some(Arc::new(with))
}

fn twin_with_chaos(
    scenario: &Arc<Scenario>,
    order: &FlightSpec,
    chaos_at: Vec<(usize, bool, SimTime)>,
    go_on: GoOn<'_>,
) -> Option<Twin> {
    let pilot = none::pilot(&scenario.service.names);
    let options = FlightOptions { is_twin: true, chaos_at, ..FlightOptions::default() };
    let tariff = scenario.tariff_of_pods();
    let trip = Trip { scenario, pilot: &pilot, alert: &[], tariff };
    let mut flight = trip.start(None, order, options);
    flight.run(go_on)?;
    Some(flight.into_twin(order.replication))
}

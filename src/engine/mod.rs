//! Layer 10: one replication, pure and deterministic.
//!
//! [`fly`] flies a strategy, [`fly_twin`] the same storm without any release. The control plane
//! (`flight` and the files beside it) wakes through the calendar; the data plane (`plane`) moves
//! requests in between. Deliberately absent: I/O, threads, wall clocks, `HashMap` iteration.

pub mod actions;
pub mod address;
pub mod autoscale;
pub mod calendar;
pub mod drain;
pub mod faults;
pub mod flight;
pub mod human;
pub mod kubelet;
pub mod network;
pub mod nodes;
pub mod plane;
pub mod record;
pub mod result;
pub mod scrape;
pub mod sets;
pub mod tables;
pub mod watch;

use crate::base::random::Streams;
use crate::base::time::{SimDuration, SimTime};
use crate::outcome::{Outcome, Recording};
use crate::scenario::model::Scenario;
use crate::strategy::none::NoRelease;
use crate::strategy::{Needs, Plan};
use flight::{Flight, FlightOptions};
use result::Twin;
use std::sync::Arc;

/// The address of one flight, and how it is to be flown.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the replication, from 0.
    pub replication: u32,
    /// Draws of the human's first page, from a quasi-random block.
    pub human: Option<[f64; 2]>,
    /// md5 buckets of the users, made once for the scenario.
    pub buckets: Option<Arc<[u8]>>,
    /// Take samples at this interval and keep the story.
    pub record: Option<SimDuration>,
    /// Check invariants after every control event.
    pub checked: bool,
    /// Let no request take the quick way, which comes to the same.
    pub careful: bool,
    /// Fail every scrape.
    pub blind: bool,
    /// Scrape everything that the world exports, and keep it with the recording.
    pub export: bool,
}

/// Asked during a flight, some hundred times a second: may it go on? Once it says no, it is not
/// asked again, and the flight is given up.
pub type GoOn<'a> = &'a dyn Fn() -> bool;

/// Flies the same storm without a release.
pub fn fly_twin(scenario: &Arc<Scenario>, order: &Order) -> Twin {
    fly_twin_while(scenario, order, &|| true).expect("nobody stops it")
}

/// [`fly_twin`] for as long as `go_on` says so; nothing comes back of a flight that was given up.
pub fn fly_twin_while(scenario: &Arc<Scenario>, order: &Order, go_on: GoOn<'_>) -> Option<Twin> {
    twin_with_chaos(scenario, order, Vec::new(), go_on)
}

/// Flies `plan` with a variant of the release. Chaos that is bound to a phase of the release gives
/// the flight a twin of its own, struck at the same instants, and so does chaos of the variant's
/// own; otherwise `twin` serves.
pub fn fly(
    scenario: &Arc<Scenario>,
    variant: usize,
    plan: &Plan,
    order: &Order,
    twin: &Twin,
) -> (Outcome, Option<Recording>) {
    fly_while(scenario, (variant, plan), order, twin, &|| true).expect("nobody stops it")
}

/// [`fly`] for as long as `go_on` says so; nothing comes back of a flight that was given up.
pub fn fly_while(
    scenario: &Arc<Scenario>,
    (variant, plan): (usize, &Plan),
    order: &Order,
    twin: &Twin,
    go_on: GoOn<'_>,
) -> Option<(Outcome, Option<Recording>)> {
    if let Some(own) = with_chaos_of(scenario, variant) {
        let twin = fly_twin_while(&own, order, go_on)?;
        return fly_while(&own, (variant, plan), order, &twin, go_on);
    }
    let bound = scenario.chaos.iter().any(|f| faults::is_phase_bound(&f.trigger));
    if !bound {
        return fly_against(scenario, (variant, plan), order, twin, go_on);
    }
    let mut scout = start(scenario, Some(variant), plan, order, FlightOptions::default());
    scout.run(go_on)?;
    let own = twin_with_chaos(scenario, order, scout.watch.chaos_at, go_on)?;
    fly_against(scenario, (variant, plan), order, &own, go_on)
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

fn fly_against(
    scenario: &Arc<Scenario>,
    (variant, plan): (usize, &Plan),
    order: &Order,
    twin: &Twin,
    go_on: GoOn<'_>,
) -> Option<(Outcome, Option<Recording>)> {
    let options = FlightOptions {
        twin_bad: Some(Arc::clone(&twin.bad)),
        record: order.record,
        export: order.export,
        ..FlightOptions::default()
    };
    let mut flight = start(scenario, Some(variant), plan, order, options);
    flight.run(go_on)?;
    let bad = scenario.release.variants[variant].bad;
    let outcome = flight.outcome(order.replication, bad, Some(twin));
    let mut recording = flight.recorder.take().map(record::Recorder::finish);
    if let Some(recording) = recording.as_mut().filter(|_| order.export) {
        recording.telemetry = Some(flight.scraper.store);
    }
    Some((outcome, recording))
}

fn twin_with_chaos(
    scenario: &Arc<Scenario>,
    order: &Order,
    chaos_at: Vec<(usize, bool, SimTime)>,
    go_on: GoOn<'_>,
) -> Option<Twin> {
    let strategy = Box::new(NoRelease);
    let plan = Plan { name: "none".into(), kind: "none", needs: Needs::default(), strategy };
    let options = FlightOptions { is_twin: true, chaos_at, ..FlightOptions::default() };
    let mut flight = start(scenario, None, &plan, order, options);
    flight.run(go_on)?;
    Some(flight.into_twin(order.replication))
}

fn start(
    scenario: &Arc<Scenario>,
    variant: Option<usize>,
    plan: &Plan,
    order: &Order,
    options: FlightOptions,
) -> Flight {
    let streams = Streams::new(order.seed, u64::from(order.replication));
    let options = FlightOptions {
        checked: order.checked,
        careful: order.careful,
        blind: order.blind,
        human: order.human,
        ..options
    };
    let mut flight = Flight::new(scenario, variant, plan, streams, options);
    if let Some(buckets) = &order.buckets {
        flight.share_buckets(buckets);
    }
    flight
}

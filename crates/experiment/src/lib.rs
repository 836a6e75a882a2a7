//! Layer 6: scenarios × strategies × variants × replications, flown in parallel and compared.
//!
//! It flies through the engine, decides how many replications are enough, and turns outcomes into
//! the tables of [`results`]. Deliberately absent: files, formats, printing. Read next: `fly`.

#![forbid(unsafe_code)]

pub mod budget;
pub mod claims;
pub mod delivered;
pub mod delivery;
pub mod diff;
pub mod expectation;
pub mod figures;
pub mod fly;
pub mod full_rollback;
pub mod gate;
pub mod limits;
pub mod matrix;
pub mod money;
pub mod precision;
pub mod qualification;
pub mod rating;
pub mod results;
pub mod rounds;
pub mod selftest;
pub mod steps;
pub mod storm;
pub mod sweep;
pub mod tables;
pub mod winner;

use fly::{Campaign, Flown, FlySettings};
use results::{Results, ScenarioResults};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windtunnel_base::problem::Problem;
use windtunnel_model::scenario::model::Scenario;

/// Flies every scenario and makes all tables. `tell` is called now and then with (scenario index,
/// flights done, flights expected); when `stop` becomes true, what is finished is kept. A scenario
/// that can't be bound, which none is that was read, ends it with what is wrong with its queries.
pub fn run(
    scenarios: &[Arc<Scenario>],
    settings: &FlySettings,
    command: &str,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, u64, u64) + Sync),
) -> Result<Results, Vec<Problem>> {
    let mut done = Vec::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let tell_flights = |flown, expected| tell(index, flown, expected);
        let campaign = Campaign::new(scenario, settings, stop, &tell_flights)?;
        if let Some(results) = evaluate(campaign.fly(), settings, stop) {
            done.push(results);
        }
    }
    let interrupted = stop.load(Ordering::Relaxed);
    let (seed, command) = (settings.seed, command.to_string());
    let (left_out, warnings) = (Vec::new(), Vec::new());
    Ok(Results { seed, command, scenarios: done, left_out, warnings, interrupted })
}

/// Tabulates what was flown of one scenario; nothing if it was stopped before a replication was
/// complete for every strategy. A stop before all recordings were made leaves out all of them.
fn evaluate(flown: Flown, settings: &FlySettings, stop: &AtomicBool) -> Option<ScenarioResults> {
    if !flown.is_whole() {
        return None;
    }
    let scenario = &flown.crew.scenario;
    let deliveries = delivery::deliveries(scenario, &flown.flights);
    let ratings = rating::ratings(scenario, &flown.flights, &deliveries);
    let qualification = qualification::qualify(scenario, &flown.flights, &ratings);
    let choice = winner::choose(scenario, &flown.flights, &deliveries, &qualification);
    let judged = flown.judged.clone();
    let expectations =
        judged.unwrap_or_else(|| expectation::judge_all(scenario, &flown.flights, &ratings));
    // Points of a sweep are told together; flights of one alone are recorded on demand.
    let alone = scenario.point.as_ref().is_none_or(|point| point.whole);
    let record = settings.record && alone;
    let recorded = record.then(|| flown.record(settings, stop)).flatten();
    let recordings = recorded.unwrap_or_default();
    Some(ScenarioResults {
        summary: tables::summary(scenario, &flown.flights),
        verdicts: tables::verdicts(scenario, &flown.flights),
        differences: tables::differences(scenario, &flown.flights),
        steps: steps::steps(scenario, &flown.flights),
        precision: precision::reached(scenario, &flown.flights),
        expectations,
        qualification,
        deliveries,
        stops: matrix::stops(scenario, &flown.flights),
        idle: matrix::idle(scenario, &flown.flights),
        choice,
        money: money::money(scenario, &flown.flights),
        scenario: Arc::clone(scenario),
        flights: flown.flights,
        ratings,
        recordings,
    })
}

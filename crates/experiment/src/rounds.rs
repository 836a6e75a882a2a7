//! Rounds: all scenarios in turn, as often as somebody asks for, so that one number of replications
//! holds for all of them when it ends.
//!
//! Whoever asks may look at a clock (`--for`), and nothing else here does: what was flown is what
//! the same number of replications, asked for outright, would have flown. Deliberately absent: why
//! a round is the last.

use super::evaluate;
use super::fly::{Campaign, Flights, FlySettings};
use super::results::Results;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windtunnel_base::problem::Problem;
use windtunnel_model::scenario::model::Scenario;

/// Flies rounds until `more` asks for none: it is told how many replications there are, and says
/// how many are to follow. `tell` is called as by [`super::run`], with what is flown by the end of
/// the round as what is expected. A stop keeps the rounds that are whole, or what there is of the
/// first.
pub fn run(
    scenarios: &[Arc<Scenario>],
    settings: &FlySettings,
    stop: &AtomicBool,
    tell: &(dyn Fn(usize, u64, u64) + Sync),
    more: &mut (dyn FnMut(u32) -> Option<u32> + Send),
) -> Result<Results, Vec<Problem>> {
    let tells: Vec<_> = (0..scenarios.len())
        .map(|index| move |flown: u64, expected: u64| tell(index, flown, expected))
        .collect();
    let mut begun: Vec<(Campaign<'_>, Flights)> = Vec::new();
    for (scenario, tell) in scenarios.iter().zip(&tells) {
        let campaign = Campaign::new(scenario, settings, stop, tell)?;
        let flights = campaign.none_flown();
        begun.push((campaign, flights));
    }
    let mut flown = 0;
    while let Some(next) = more(flown).filter(|next| *next > 0) {
        let until = flown.saturating_add(next);
        for (campaign, flights) in &mut begun {
            let open = campaign.pairs();
            campaign.batch(flown..until, &open, flights);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        flown = until;
    }
    let mut done = Vec::new();
    for (campaign, mut flights) in begun {
        if flown > 0 {
            let kept = flights.iter_mut().flatten();
            kept.for_each(|rows| rows.truncate(flown as usize));
        }
        done.extend(evaluate(campaign.landed(flights, None), settings, stop));
    }
    Ok(Results {
        seed: settings.seed,
        command: String::new(),
        scenarios: done,
        left_out: Vec::new(),
        warnings: Vec::new(),
        interrupted: stop.load(Ordering::Relaxed),
    })
}

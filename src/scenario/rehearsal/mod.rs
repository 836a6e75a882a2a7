//! A rehearsal of the checks of a release: how often does each fail at its first look, and how
//! often does it take the release back?
//!
//! The strategy itself is woken, as in a flight, and what it asks is answered by the evaluator that
//! flies, over series that were scraped by the scraper that flies: series are born with their first
//! event, increases begin at the first scrape and are extrapolated, targets have phases of their
//! own. Only the service is left out: requests are counts, drawn per pod between two scrapes, which
//! fail at the rate of their version and are answered at once. Hence what is foretold is what
//! chance alone does: no queues, no chaos, no retries, no users who come back. Deliberately absent:
//! the engine, the human on call, and what users feel.

mod cast;
mod counts;
mod stage;

use super::model::Scenario;
use crate::world::action::Verdict;
use cast::Cast;
use stage::Stage;

/// Rehearsals of every strategy.
const FIRST: u32 = 256;

/// Rehearsals of a strategy with a check that failed in the first ones.
const MOST: u32 = 1024;

/// Events after which no further rehearsal of a strategy is begun: what bounds `validate`.
const EVENTS_MAX: u64 = 100_000;

/// What a rehearsal foretells of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Foretold {
    /// Name of the check.
    pub check: String,
    /// Where it stands within the strategy, such as `checks[0]`; empty if it stands elsewhere.
    pub path: String,
    /// Rehearsals in which it was asked.
    pub asked: u32,
    /// Rehearsals in which its first look failed.
    pub failed: u32,
    /// Of these, rehearsals in which there was no answer.
    pub empty: u32,
    /// Rehearsals in which it took the release back.
    pub took_back: u32,
    /// All rehearsals; nothing where one met what cannot be rehearsed to its end.
    pub releases: Option<u32>,
    /// Requests that the look rested on, in the mean, where they are counted.
    pub requests: Option<f64>,
    /// Share of the requests that went to the new version at that look, in the mean.
    pub weight: f64,
}

impl Foretold {
    /// Share of releases that it takes back, where that can be told.
    pub fn taken_back(&self) -> Option<f64> {
        let releases = self.releases.filter(|releases| *releases > 0)?;
        Some(f64::from(self.took_back) / f64::from(releases))
    }

    /// Share of first looks that fail.
    pub fn share(&self) -> f64 {
        f64::from(self.failed) / f64::from(self.asked.max(1))
    }
}

/// What is foretold of the checks of a strategy (by its number) while a variant (by its number) is
/// released: one entry for each check that only counts requests, in the order of the settings.
pub fn rehearse(scenario: &Scenario, plan: usize, variant: Option<usize>) -> Vec<Foretold> {
    let Some(cast) = Cast::new(scenario, plan, variant) else { return Vec::new() };
    let mut sums: Vec<Foretold> = cast.judged.iter().map(begun).collect();
    let (mut events, mut done) = (0, 0);
    while done < MOST && events < EVENTS_MAX {
        if done == FIRST && sums.iter().all(|sum| sum.failed + sum.took_back == 0) {
            break;
        }
        let mut stage = Stage::new(&cast, u64::from(done));
        events += stage.play();
        for (number, (sum, seen)) in sums.iter_mut().zip(&stage.seen).enumerate() {
            sum.releases = sum.releases.filter(|_| !stage.is_unsure).map(|n| n + 1);
            sum.took_back += u32::from(stage.stopped_by == Some(number));
            let Some(seen) = seen else { continue };
            sum.asked += 1;
            sum.failed += u32::from(seen.verdict == Verdict::Fail);
            sum.empty += u32::from(seen.verdict == Verdict::Fail && seen.empty);
            sum.weight += seen.weight;
            if let (Some(sum), Some(requests)) = (&mut sum.requests, seen.requests) {
                *sum += requests;
            }
        }
        done += 1;
    }
    for sum in &mut sums {
        let asked = f64::from(sum.asked.max(1));
        sum.weight /= asked;
        sum.requests = sum.requests.map(|requests| requests / asked).filter(|r| *r > 0.0);
    }
    // A check that is rarely reached at all has no share worth telling.
    let asked =
        sums.into_iter().enumerate().filter(|(n, sum)| cast.is_known(*n) && sum.asked * 2 > done);
    asked.map(|(_, sum)| sum).collect()
}

fn begun(judged: &crate::strategy::Judged) -> Foretold {
    Foretold {
        check: judged.name.clone(),
        path: judged.path.clone(),
        asked: 0,
        failed: 0,
        empty: 0,
        took_back: 0,
        releases: Some(0),
        requests: Some(0.0),
        weight: 0.0,
    }
}

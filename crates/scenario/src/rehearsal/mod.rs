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
mod follow;
mod stage;

use cast::Cast;
use stage::RehearsalStage;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::pilot::{Judged, Pilot};
use windtunnel_model::world::action::Verdict;

/// Rehearsals of every strategy.
const FIRST: u32 = 256;

/// Rehearsals of a strategy with a check that failed in the first ones.
const MOST: u32 = 1024;

/// Fewest rehearsals that a share is told from: its standard error is at most 4.4 %.
pub const LEAST: u32 = 128;

/// What the rehearsals of a scenario may cost together, in units of a draw: what bounds `validate`.
pub const WORK: u64 = 10_000_000;

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

/// What is foretold of the checks of a strategy while a variant (by its number) is released: one
/// entry for each check that only counts requests, in the order of the settings. Nothing where the
/// work that is left, which is drawn from, does not suffice.
pub fn rehearse(
    scenario: &Scenario,
    pilot: &Pilot,
    variant: Option<usize>,
    left: &mut u64,
) -> Vec<Foretold> {
    let Some(cast) = Cast::new(scenario, pilot, variant) else { return Vec::new() };
    let mut sums: Vec<Foretold> = cast.judged.iter().map(begun).collect();
    let (budget, mut done) = (*left, 0);
    while done < MOST {
        if done == FIRST && sums.iter().all(|sum| sum.failed + sum.took_back == 0) {
            break;
        }
        let mut stage = RehearsalStage::new(&cast, u64::from(done));
        // One that takes this long leaves no room for enough of them.
        let is_over = stage.play((budget / u64::from(LEAST / 8)).min(*left));
        *left = left.saturating_sub(stage.work);
        match is_over {
            true => {}
            // What is left out for its length is not left out by chance.
            false if *left > 0 => return Vec::new(),
            false => break,
        }
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
    let is_told = |number: usize, sum: &Foretold| {
        cast.is_known(number) && sum.asked >= LEAST && sum.asked * 2 > done
    };
    let told = sums.into_iter().enumerate().filter(|(number, sum)| is_told(*number, sum));
    told.map(|(_, sum)| sum).collect()
}

fn begun(judged: &Judged) -> Foretold {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    /// A fleet that releases a good version by a strategy.
    pub(super) fn scenario(replicas: u32, strategy: &str) -> Scenario {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             horizon: 16m\n  service: {{replicas: {replicas}, startup: 5s, \
             routes: [{{name: api, errors: 0.5%}}]}}\n  \
             traffic: {{arrivals: {{poisson: {{rate: 20/s}}}}}}\n  \
             release: {{at: 4m, variants: [{{name: good}}]}}\n  strategies: [{{{strategy}}}]\n"
        );
        let (mut scenarios, _) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        scenarios.remove(0)
    }

    /// The pilot of its only strategy.
    pub(super) fn pilot(scenario: &Scenario) -> Pilot {
        let (mut pilots, _) = windtunnel_model::scenario::crew::bind(scenario).expect("sound");
        pilots.remove(0)
    }

    fn rehearsed(scenario: &Scenario, left: &mut u64) -> Vec<Foretold> {
        rehearse(scenario, &pilot(scenario), None, left)
    }

    const CANARY: &str = "canary: {steps: [10%, 60%], checks: [{errorRate: {max: 1%}}]}";

    /// Old pods that no check asks cost next to nothing: no fleet is too large to foretell.
    #[test]
    fn the_size_of_the_fleet_is_no_matter() {
        for replicas in [4, 20, 60, 100] {
            let mut left = WORK;
            let told = rehearsed(&scenario(replicas, CANARY), &mut left);
            let [told] = told.as_slice() else { panic!("{replicas}: {told:?}, {left} left") };
            assert!(told.asked >= FIRST, "{replicas}: {told:?}, {left} left");
        }
    }

    /// Shares are told from enough rehearsals, or not at all; and no more is spent than there is.
    #[test]
    fn too_few_rehearsals_tell_nothing() {
        let scenario = scenario(20, CANARY);
        let mut spent = Vec::new();
        for budget in [0, 1_000, 30_000, 100_000, 300_000, 1_000_000] {
            let mut left = budget;
            let told = rehearsed(&scenario, &mut left);
            assert!(told.iter().all(|told| told.asked >= LEAST), "{budget}: {told:?}");
            spent.push((told.len(), budget - left));
        }
        assert_eq!((spent[0], spent[1].0, spent[2].0), ((0, 0), 0, 0), "{spent:?}");
        assert_eq!(spent[5].0, 1, "{spent:?}");
    }
}

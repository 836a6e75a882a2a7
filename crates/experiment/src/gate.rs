//! The gate: flies until every line of `expect:` is decided, or as much as the budget allows.
//!
//! Whoever looks again and again is wrong more often than one look alone: so there are few looks,
//! at fixed numbers of flights that double. An interval errs to either side alike, and only one
//! side of a limit is wrong. The last look takes half of the 5 % that a line may be wrong in, which
//! makes its intervals those of every report; the looks before share the other half (Bonferroni).
//! Only the flights that open lines need are flown on. Deliberately absent: how a line is judged at
//! a look ([`super::expectation`]), and who flies.

use super::delivery;
use super::expectation::{Judge, is_statistical};
use super::fly::BATCH;
use super::precision;
use super::rating;
use super::results::{ExpectationResult, Judgement, RatingRow};
use windtunnel_model::outcome::Outcome;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::{Expectation, Expected, Scenario};

/// Probability with which a line's verdict may be wrong, over all looks.
pub const ERROR: f64 = 0.05;

/// A campaign's lines, and what is known of them.
#[derive(Debug)]
pub struct Gate {
    looks: Vec<u32>,
    /// Verdicts by line, from the look that decided.
    results: Vec<Option<ExpectationResult>>,
}

/// Numbers of flights at which lines are judged: doubling from the first batch on, and the most
/// that there may be.
fn looks(most: u32) -> Vec<u32> {
    let doubling = std::iter::successors(Some(BATCH), |n| n.checked_mul(2));
    let mut looks: Vec<u32> = doubling.take_while(|n| *n < most).collect();
    looks.push(most);
    looks
}

/// The confidence of the intervals at a look, so that a line is wrong in at most 5 % of runs.
fn confidence(look: usize, looks: usize) -> f64 {
    let before = looks.saturating_sub(1).max(1) as f64;
    if look + 1 == looks { 1.0 - ERROR } else { 1.0 - ERROR / before }
}

impl Gate {
    /// A gate for the lines of a scenario, with at most so many flights a pair.
    pub fn new(scenario: &Scenario, most: u32) -> Gate {
        Gate { looks: looks(most), results: vec![None; scenario.expect.len()] }
    }

    /// Looks at what was flown, if now is the time, and says which pairs of variant and strategy
    /// open lines still need; nothing where it is not.
    pub fn look(
        &mut self,
        scenario: &Scenario,
        flights: &[Vec<Vec<Outcome>>],
        flown: u32,
    ) -> Option<Vec<(usize, usize)>> {
        let look = self.looks.iter().position(|look| *look == flown)?;
        self.judge(scenario, flights, confidence(look, self.looks.len()));
        let open = scenario.expect.iter().zip(&self.results);
        let open = open.filter(|(line, found)| is_open(scenario, flights, line, found.as_ref()));
        Some(pairs_of_all(scenario, open.map(|(line, _)| line)))
    }

    /// Judges the lines that are open.
    fn judge(&mut self, scenario: &Scenario, flights: &[Vec<Vec<Outcome>>], confidence: f64) {
        // Only lines of words need ratings.
        let words = scenario.expect.iter().any(|line| !is_statistical(line));
        let ratings =
            || rating::ratings(scenario, flights, &delivery::deliveries(scenario, flights));
        let ratings: Vec<RatingRow> = if words { ratings() } else { Vec::new() };
        let judge = Judge { scenario, flights, ratings: &ratings, confidence };
        for (line, result) in scenario.expect.iter().zip(&mut self.results) {
            let decided =
                |r: &ExpectationResult| r.judgement != Judgement::Undecided && is_statistical(line);
            if !result.as_ref().is_some_and(decided) {
                *result = Some(judge.judge(line));
            }
        }
    }

    /// What the lines came to; nothing if it never looked.
    pub fn results(self) -> Option<Vec<ExpectationResult>> {
        self.results.into_iter().collect()
    }
}

/// Does a line need more flights? One of words does until the figures behind them are precise.
fn is_open(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    line: &Expectation,
    found: Option<&ExpectationResult>,
) -> bool {
    if is_statistical(line) {
        return found.is_none_or(|found| found.judgement == Judgement::Undecided);
    }
    let precise = |(v, p): (usize, usize)| precision::is_reached(scenario, &flights[v][p]);
    !pairs_of(scenario, line).into_iter().all(precise)
}

/// The pairs of variant and strategy that the lines of a scenario need: no others are flown for
/// them.
pub fn pairs(scenario: &Scenario) -> Vec<(usize, usize)> {
    pairs_of_all(scenario, scenario.expect.iter())
}

/// The pairs that any of some lines needs, each once, in their order.
fn pairs_of_all<'a>(
    scenario: &Scenario,
    lines: impl Iterator<Item = &'a Expectation>,
) -> Vec<(usize, usize)> {
    let all = lines.flat_map(|line| pairs_of(scenario, line));
    all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// The pairs of variant and strategy whose flights decide a line.
fn pairs_of(scenario: &Scenario, line: &Expectation) -> Vec<(usize, usize)> {
    let variants: Vec<usize> = match (line.what, line.release) {
        (Expected::Rating { .. }, _) | (_, ReleaseId::Mix) => {
            scenario.variant_ids().map(|id| id.0).collect()
        }
        (_, ReleaseId::Variant(id)) => vec![id.0],
    };
    let plans: Vec<PlanId> = match line.what {
        Expected::Difference { reference, .. } => vec![line.plan, reference],
        _ => vec![line.plan],
    };
    variants.into_iter().flat_map(|v| plans.iter().map(move |p| (v, p.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::maths;
    use windtunnel_base::random::{mix64, unit};
    use windtunnel_stats::bounds::Bounds;
    use windtunnel_stats::interval::{Interval, clopper_pearson};
    use windtunnel_stats::mean::mean_of;

    #[test]
    fn looks_double_up_to_the_end() {
        assert_eq!(looks(400), [16, 32, 64, 128, 256, 400]);
        assert_eq!(looks(16), [16]);
        assert_eq!(looks(5), [5]);
        let of = |looks: usize| (0..looks).map(move |look| 1.0 - confidence(look, looks));
        for looks in 1..9 {
            // One side of an interval errs half as often.
            assert!(of(looks).sum::<f64>() / 2.0 <= ERROR + 1e-12, "{looks} looks");
            assert_eq!(confidence(looks - 1, looks), 0.95, "the last is judged as everywhere");
        }
    }

    /// Of 2,000 runs so many end with either verdict at most, if each may in 5 %: but for one test
    /// in a million (binomial tail).
    const RUNS: u64 = 2_000;
    const WRONG_MAX: u64 = 149;

    /// Runs at the truth itself that draw until a look decides: how many end on either side. A line
    /// that asks for more is wrong there, and so is one that asks for less.
    fn wrong(limit: f64, ends: impl Fn(u64, u32, f64) -> Option<Interval>) -> [u64; 2] {
        let looks = looks(400);
        let mut sides = [0, 0];
        for run in 0..RUNS {
            let decided = looks.iter().enumerate().find_map(|(look, n)| {
                let interval = ends(run, *n, confidence(look, looks.len()))?;
                let above = interval.lower > limit;
                (above || interval.upper < limit).then_some(usize::from(above))
            });
            decided.into_iter().for_each(|side| sides[side] += 1);
        }
        sides
    }

    /// The same uniform draw for a run and a flight, however many flights are looked at.
    fn draw(run: u64, at: u32) -> f64 {
        unit(mix64(mix64(run) ^ u64::from(at)))
    }

    #[test]
    fn shares_are_judged_wrongly_in_few_runs() {
        for share in [0.95, 0.8, 0.5] {
            let sides = wrong(share, |run, n, confidence| {
                let hits = (0..n).filter(|at| draw(run, *at) < share).count() as u64;
                clopper_pearson(hits, u64::from(n), confidence)
            });
            assert!(sides.iter().all(|side| *side <= WRONG_MAX), "{share}: {sides:?} of {RUNS}");
            assert!(sides.iter().sum::<u64>() > 10, "a look that never errs decides too late");
        }
    }

    #[test]
    fn skewed_means_are_judged_wrongly_in_few_runs() {
        let sides = wrong(1.0, |run, n, confidence| {
            // Exponential, with mean 1.
            let values: Vec<f64> = (0..n).map(|at| -maths::ln(1.0 - draw(run, at))).collect();
            mean_of(&values, &Bounds::from_zero(f64::INFINITY, 1.0), confidence)
                .map(|found| found.interval)
        });
        assert!(sides.iter().all(|side| *side <= WRONG_MAX), "{sides:?} of {RUNS}");
    }
}

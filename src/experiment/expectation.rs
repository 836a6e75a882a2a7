//! `expect:` lines, judged by intervals: a line holds only if the whole interval satisfies it.

use super::results::{ExpectationResult, Judgement, RatingRow, ScenarioResults};
use super::tables::ALL;
use crate::base::random::Streams;
use crate::outcome::{Outcome, Verdict};
use crate::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};
use crate::stats::estimate::{self, Operator as Sign, estimate};
use crate::stats::interval::wilson;
use crate::stats::paired::paired_difference;
use crate::stats::quantile::{quantile, quantile_interval};

/// Judges all expectations of a scenario.
pub fn judge_all(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    ratings: &[RatingRow],
    seed: u64,
) -> Vec<ExpectationResult> {
    let judge = |line: &Expectation| Judge { scenario, flights, ratings, seed }.judge(line);
    scenario.expect.iter().map(judge).collect()
}

/// Judges one more line of a scenario that was flown.
pub fn judge(results: &ScenarioResults, line: &Expectation, seed: u64) -> ExpectationResult {
    let ScenarioResults { scenario, flights, ratings, .. } = results;
    Judge { scenario, flights, ratings, seed }.judge(line)
}

struct Judge<'a> {
    scenario: &'a Scenario,
    flights: &'a [Vec<Vec<Outcome>>],
    ratings: &'a [RatingRow],
    seed: u64,
}

/// A measured value with its interval.
struct Found {
    value: f64,
    interval: (f64, f64),
    n: usize,
}

impl Judge<'_> {
    fn judge(&self, line: &Expectation) -> ExpectationResult {
        let Some(plan) = self.scenario.plans.iter().position(|p| p.name == line.strategy) else {
            return undecided(line, format!("strategy {} was not flown", line.strategy));
        };
        if let Expected::Rating { rating, word } = &line.what {
            return self.judge_rating(line, plan, rating, word);
        }
        let found = match &line.what {
            Expected::Verdict(word) => self.verdict_share(line, plan, word),
            Expected::Measure { measure, statistic } => {
                self.statistic(line, plan, measure, *statistic)
            }
            Expected::Difference { measure, reference } => {
                self.difference(line, plan, measure, reference)
            }
            Expected::Rating { .. } => None,
        };
        match found {
            Some(found) => decided(line, &found),
            None => undecided(line, "no flight has this measure".into()),
        }
    }

    fn judge_rating(
        &self,
        line: &Expectation,
        plan: usize,
        rating: &str,
        word: &str,
    ) -> ExpectationResult {
        let found = self.ratings[plan].word(rating);
        let judgement = if found == word { Judgement::Holds } else { Judgement::Fails };
        let detail = format!("{rating} is {found}");
        ExpectationResult {
            text: line.text.clone(),
            judgement,
            value: None,
            interval: None,
            detail,
        }
    }

    /// Values of a measure by replication; the mix of variants for `all`.
    fn values(&self, release: &str, plan: usize, measure: &str) -> Vec<Option<f64>> {
        let rows =
            |variant: usize| self.flights[variant][plan].iter().map(|o| o.measures.get(measure));
        let variants = &self.scenario.release.variants;
        if let Some(variant) = variants.iter().position(|v| v.name == release) {
            return rows(variant).collect();
        }
        let common = self.flights.iter().map(|f| f[plan].len()).min().unwrap_or(0);
        let weigh = |r: usize| -> Option<f64> {
            let parts = variants.iter().enumerate().map(|(v, variant)| {
                let value = self.flights[v][plan][r].measures.get(measure);
                value.map(|x| x * variant.share.value())
            });
            parts.sum()
        };
        (0..common).map(weigh).collect()
    }

    fn verdict_share(&self, line: &Expectation, plan: usize, word: &str) -> Option<Found> {
        let verdict = Verdict::ALL.into_iter().find(|v| v.word() == word)?;
        let (mut value, mut lower, mut upper, mut n) = (0.0, 0.0, 0.0, 0);
        for (variant, by_plan) in self.scenario.release.variants.iter().zip(self.flights) {
            let weight = match line.release.as_str() {
                ALL => variant.share.value(),
                name if name == variant.name => 1.0,
                _ => continue,
            };
            let rows = &by_plan[plan];
            let hits = rows.iter().filter(|o| o.verdict == verdict).count();
            let interval = wilson(hits as u64, rows.len() as u64, 0.95)?;
            value += weight * hits as f64 / rows.len() as f64;
            lower += weight * interval.lower;
            upper += weight * interval.upper;
            n += rows.len();
        }
        (n > 0).then_some(Found { value, interval: (lower, upper), n })
    }

    fn statistic(
        &self,
        line: &Expectation,
        plan: usize,
        measure: &str,
        statistic: Statistic,
    ) -> Option<Found> {
        let values: Vec<f64> =
            self.values(&line.release, plan, measure).into_iter().flatten().collect();
        let q = match statistic {
            Statistic::Mean => {
                let found = estimate(&values, &Streams::new(self.seed, 0), 0)?;
                let interval = (found.lower, found.upper);
                return Some(Found { value: found.mean, interval, n: values.len() });
            }
            Statistic::P05 => 0.05,
            Statistic::P50 => 0.5,
            Statistic::P95 => 0.95,
            Statistic::Spread => return spread(&values),
        };
        let interval = quantile_interval(&values, q, 0.95)?;
        let value = quantile(&values, q)?;
        Some(Found { value, interval: (interval.lower, interval.upper), n: values.len() })
    }

    fn difference(
        &self,
        line: &Expectation,
        plan: usize,
        measure: &str,
        reference: &str,
    ) -> Option<Found> {
        let other = self.scenario.plans.iter().position(|p| p.name == reference)?;
        let mine = self.values(&line.release, plan, measure);
        let theirs = self.values(&line.release, other, measure);
        let pairs = mine.into_iter().zip(theirs).filter_map(|(a, b)| Some((a?, b?)));
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let found = paired_difference(&a, &b, 0.95)?;
        let interval = (found.interval.lower, found.interval.upper);
        Some(Found { value: found.mean, interval, n: a.len() })
    }
}

/// The width of the middle half, from the 25 % to the 75 % quantile. Each end's interval holds in
/// 97.5 % of cases, so the difference of them in 95 % (Bonferroni); from 16 flights on both have
/// bounds.
fn spread(values: &[f64]) -> Option<Found> {
    let end = |q| Some((quantile(values, q)?, quantile_interval(values, q, 0.975)?));
    let ((low, lows), (high, highs)) = (end(0.25)?, end(0.75)?);
    let interval = ((highs.lower - lows.upper).max(0.0), highs.upper - lows.lower);
    Some(Found { value: high - low, interval, n: values.len() })
}

fn decided(line: &Expectation, found: &Found) -> ExpectationResult {
    let sign = match line.operator {
        Operator::Below => Sign::Less,
        Operator::AtMost => Sign::AtMost,
        Operator::Above => Sign::Greater,
        Operator::AtLeast => Sign::AtLeast,
    };
    let interval =
        crate::base::interval::Interval { lower: found.interval.0, upper: found.interval.1 };
    let judgement = match estimate::judge(interval, sign, line.limit) {
        estimate::Judgement::Holds => Judgement::Holds,
        estimate::Judgement::Fails => Judgement::Fails,
        estimate::Judgement::Undecided => Judgement::Undecided,
    };
    let expected = format!("expected {} {}", line.operator.sign(), line.limit);
    let detail = match (found.n, found.interval) {
        (1, (lower, upper)) if lower.is_infinite() && upper.is_infinite() => {
            format!("{:.6} in one flight, which has no interval, {expected}", found.value)
        }
        (n, (lower, upper)) => {
            format!("{:.6} [{lower:.6}, {upper:.6}] over {n} flights, {expected}", found.value)
        }
    };
    ExpectationResult {
        text: line.text.clone(),
        judgement,
        value: Some(found.value),
        interval: Some(found.interval),
        detail,
    }
}

fn undecided(line: &Expectation, detail: String) -> ExpectationResult {
    let judgement = Judgement::Undecided;
    ExpectationResult { text: line.text.clone(), judgement, value: None, interval: None, detail }
}

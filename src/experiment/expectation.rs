//! `expect:` lines, judged by intervals: a line holds only if the whole interval satisfies it.

use super::figures::{Figure, Figures};
use super::results::{ExpectationResult, Judgement, RatingRow, ScenarioResults};
use crate::outcome::{Grade, MeasureId, Outcome, Rating};
use crate::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};
use crate::stats::estimate::{self, CONFIDENCE, Operator as Sign};

/// Judges all expectations of a scenario.
pub fn judge_all(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    ratings: &[RatingRow],
) -> Vec<ExpectationResult> {
    let judge = |line: &Expectation| Judge { scenario, flights, ratings }.judge(line);
    scenario.expect.iter().map(judge).collect()
}

/// Judges one more line of a scenario that was flown.
pub fn judge(results: &ScenarioResults, line: &Expectation) -> ExpectationResult {
    let ScenarioResults { scenario, flights, ratings, .. } = results;
    Judge { scenario, flights, ratings }.judge(line)
}

struct Judge<'a> {
    scenario: &'a Scenario,
    flights: &'a [Vec<Vec<Outcome>>],
    ratings: &'a [RatingRow],
}

impl Judge<'_> {
    fn judge(&self, line: &Expectation) -> ExpectationResult {
        let found = match line.what {
            Expected::Rating { rating, grade } => return self.judge_rating(line, rating, grade),
            Expected::Verdict(verdict) => {
                self.figures().verdict(line.release, line.plan, verdict).map(|(_, share)| share)
            }
            Expected::Measure { measure, statistic } => self.statistic(line, measure, statistic),
            Expected::Difference { measure, reference } => {
                self.figures().difference(line.release, (line.plan, reference), measure)
            }
        };
        match found {
            Some(found) => decided(line, &found),
            None => undecided(line, "no flight has this measure".into()),
        }
    }

    fn judge_rating(&self, line: &Expectation, rating: Rating, grade: Grade) -> ExpectationResult {
        let found = self.ratings[line.plan.0].grade(rating);
        let judgement = if found == grade { Judgement::Holds } else { Judgement::Fails };
        let detail = format!("{} is {found}", rating.word());
        ExpectationResult {
            text: line.text.clone(),
            judgement,
            value: None,
            interval: None,
            detail,
        }
    }

    fn figures(&self) -> Figures<'_> {
        Figures { scenario: self.scenario, flights: self.flights }
    }

    fn statistic(
        &self,
        line: &Expectation,
        measure: MeasureId,
        statistic: Statistic,
    ) -> Option<Figure> {
        let figures = self.figures();
        let quantile = |q| figures.quantile(line.release, line.plan, measure, (q, CONFIDENCE));
        match statistic {
            Statistic::Mean => {
                let found = figures.estimate(line.release, line.plan, measure)?;
                Some(Figure { value: found.mean, interval: found.interval(), n: found.n })
            }
            Statistic::P05 => quantile(0.05),
            Statistic::P50 => quantile(0.5),
            Statistic::P95 => quantile(0.95),
            Statistic::Spread => figures.spread(line.release, line.plan, measure),
        }
    }
}

fn decided(line: &Expectation, found: &Figure) -> ExpectationResult {
    let sign = match line.operator {
        Operator::Below => Sign::Less,
        Operator::AtMost => Sign::AtMost,
        Operator::Above => Sign::Greater,
        Operator::AtLeast => Sign::AtLeast,
    };
    let judgement = match estimate::judge(found.interval, sign, line.limit) {
        estimate::Judgement::Holds => Judgement::Holds,
        estimate::Judgement::Fails => Judgement::Fails,
        estimate::Judgement::Undecided => Judgement::Undecided,
    };
    let expected = format!("expected {} {}", line.operator.sign(), line.limit);
    let interval = (found.interval.lower, found.interval.upper);
    let detail = match (found.n, interval) {
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
        interval: Some(interval),
        detail,
    }
}

fn undecided(line: &Expectation, detail: String) -> ExpectationResult {
    let judgement = Judgement::Undecided;
    ExpectationResult { text: line.text.clone(), judgement, value: None, interval: None, detail }
}

//! `expect:` lines, judged by intervals: a line holds only if the whole interval satisfies it.

use super::figures::{Figure, Figures};
use super::matrix;
use super::results::{ExpectationResult, Judgement, RatingRow, ScenarioResults};
use std::sync::Arc;
use windtunnel_base::count::counted;
use windtunnel_base::escape::short::thousands;
use windtunnel_model::outcome::figure::{Quantity, told_with_limit};
use windtunnel_model::outcome::{Grade, MeasureId, Outcome, Rating, Unit};
use windtunnel_model::scenario::ids::ReleaseId;
use windtunnel_model::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};
use windtunnel_stats::estimate::{self, CONFIDENCE, Operator as Sign};
use windtunnel_stats::mixture::{Counted, share_of_mix};

/// Judges all expectations of a scenario.
pub fn judge_all(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    ratings: &[RatingRow],
) -> Vec<ExpectationResult> {
    let judge = Judge { scenario, flights, ratings, confidence: CONFIDENCE };
    scenario.expect.iter().map(|line| judge.judge(line)).collect()
}

/// Judges one more line of a scenario that was flown.
pub fn judge(results: &ScenarioResults, line: &Expectation) -> ExpectationResult {
    let ScenarioResults { scenario, flights, ratings, .. } = results;
    Judge { scenario, flights, ratings, confidence: CONFIDENCE }.judge(line)
}

/// Is a line judged by an interval? One about a rating compares words.
pub fn is_statistical(line: &Expectation) -> bool {
    !matches!(line.what, Expected::Rating { .. })
}

/// Whoever judges lines: by these flights, with intervals at this confidence.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// What was flown.
    pub scenario: &'a Scenario,
    /// `flights[variant][strategy]`.
    pub flights: &'a [Vec<Vec<Outcome>>],
    /// What they are rated.
    pub ratings: &'a [RatingRow],
    /// Confidence of the intervals.
    pub confidence: f64,
}

impl Judge<'_> {
    /// Judges a line.
    pub fn judge(&self, line: &Expectation) -> ExpectationResult {
        let found = match line.what {
            Expected::Rating { rating, grade } => return self.judge_rating(line, rating, grade),
            Expected::Verdict(_) | Expected::StoppedBy => {
                self.figures().share(line.release, line.plan, &|row| counts(line, row))
            }
            Expected::Measure { measure, statistic } => {
                statistic_of(&self.figures(), line, (measure, statistic))
            }
            Expected::Difference { measure, reference } => {
                let pair = (line.plan, reference);
                self.figures().difference(line.release, pair, measure)
            }
        };
        match found {
            Some(found) => self.with_need(line, decided(line, &found), &found),
            None => undecided(line, self.nothing(line)),
        }
    }

    /// Why there is no figure: a release of the mix has none, or one flight yields none.
    fn nothing(&self, line: &Expectation) -> String {
        let Expected::Measure { measure, .. } = line.what else {
            return match self.flights.iter().any(|variant| variant[line.plan.0].len() == 1) {
                true => "one flight of each has no interval".into(),
                false => "no pair of flights has this measure".into(),
            };
        };
        let has = |variant: &Vec<Vec<Outcome>>| {
            variant[line.plan.0].iter().any(|row| row.measures.get(measure).is_some())
        };
        let all = || self.flights.iter().zip(&self.scenario.release.variants);
        match all().find(|(flights, variant)| !has(flights) && variant.share.value() > 0.0) {
            Some((_, without))
                if line.release == ReleaseId::Mix && all().any(|(flights, _)| has(flights)) =>
            {
                format!(
                    "the release {} has no such value, so the mix has none: ask about a release",
                    without.name
                )
            }
            _ => "no flight has this measure".into(),
        }
    }

    /// An undecided line says how many flights it would probably take.
    fn with_need(
        &self,
        line: &Expectation,
        mut result: ExpectationResult,
        found: &Figure,
    ) -> ExpectationResult {
        if result.judgement == Judgement::Undecided {
            let (needed, most) = match line.what {
                Expected::Verdict(_) | Expected::StoppedBy => (self.share_needs(line), NEED_MAX),
                Expected::Measure { measure, statistic: s } if s != Statistic::Mean => {
                    let most = (found.n * TIMES_MAX) as u64;
                    (self.quantile_needs(line, (measure, s), found.n), most)
                }
                _ => (mean_needs(line, found), NEED_MAX),
            };
            let open = found.interval.lower.is_infinite() || found.interval.upper.is_infinite();
            result.needed = needed;
            result.detail += &match needed {
                Some(n) => {
                    let n = thousands(n as usize);
                    format!("; about {n} flights would decide it, if they go on like this")
                }
                None if open => String::new(),
                None => {
                    let most = thousands(most as usize);
                    format!("; more than {most} flights would be needed, if they go on like this")
                }
            };
        }
        result
    }

    /// Flights after which a quantile of flights like the `flown` would be decided: as many times
    /// over as it takes.
    fn quantile_needs(
        &self,
        line: &Expectation,
        what: (MeasureId, Statistic),
        flown: usize,
    ) -> Option<u64> {
        (2..=TIMES_MAX).find_map(|times| {
            let found = statistic_of(&self.figures().over(times), line, what)?;
            let judged = estimate::judge(found.interval, sign(line), line.limit);
            (judged != estimate::Judgement::Undecided).then_some((flown * times) as u64)
        })
    }

    /// Flights after which a share of flights that stays as it is would be decided.
    fn share_needs(&self, line: &Expectation) -> Option<u64> {
        let wanted = |row: &Outcome| counts(line, row);
        let counts = self.figures().counts_of(line.release, line.plan, &wanted);
        let n: u64 = counts.iter().map(|part| part.n).sum();
        let is_decided = |total: u64| {
            let factor = total as f64 / n as f64;
            let grow = |count: u64| (count as f64 * factor).round() as u64;
            let grown = counts.iter().map(|part| {
                let n = grow(part.n);
                Counted { hits: grow(part.hits).min(n), n, ..*part }
            });
            let parts: Vec<Counted> = grown.collect();
            let share = share_of_mix(&parts, self.confidence);
            share.is_some_and(|share| {
                let judged = estimate::judge(share.interval, sign(line), line.limit);
                judged != estimate::Judgement::Undecided
            })
        };
        let mut high = n.max(1);
        while !is_decided(high) {
            high = high.checked_mul(2).filter(|high| *high <= NEED_MAX)?;
        }
        let mut low = high / 2;
        while low + 1 < high {
            let middle = low.midpoint(high);
            if is_decided(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }

    fn judge_rating(&self, line: &Expectation, rating: Rating, grade: Grade) -> ExpectationResult {
        let found = self.ratings[line.plan.0].grade(rating);
        let judgement = if found == grade { Judgement::Holds } else { Judgement::Fails };
        let detail = format!("{} is {found}", rating.word());
        let flights = self.flights.iter().map(|plans| plans[line.plan.0].len() as u64).sum();
        ExpectationResult { judgement, flights, detail, ..named(line) }
    }

    fn figures(&self) -> Figures<'_> {
        Figures::of(self.scenario, self.flights).at(self.confidence)
    }
}

/// Is a flight one whose share a line asks for?
fn counts(line: &Expectation, row: &Outcome) -> bool {
    match line.what {
        Expected::Verdict(verdict) => row.verdict == verdict,
        Expected::StoppedBy => matrix::stopped_early(row).is_some_and(|by| by.word() == &*line.by),
        _ => false,
    }
}

fn statistic_of(
    figures: &Figures<'_>,
    line: &Expectation,
    (measure, statistic): (MeasureId, Statistic),
) -> Option<Figure> {
    let quantile = |q| figures.quantile(line.release, line.plan, measure, q);
    match statistic {
        Statistic::Mean => figures.mean(line.release, line.plan, measure),
        Statistic::P05 => quantile(0.05),
        Statistic::P50 => quantile(0.5),
        Statistic::P95 => quantile(0.95),
        Statistic::Spread => figures.spread(line.release, line.plan, measure),
    }
}

/// Most times that the flights flown are taken over, to tell how many a quantile takes.
const TIMES_MAX: usize = 8;

/// Most flights that are told as needed.
const NEED_MAX: u64 = 1_000_000;

fn sign(line: &Expectation) -> Sign {
    match line.operator {
        Operator::Below => Sign::Less,
        Operator::AtMost => Sign::AtMost,
        Operator::Above => Sign::Greater,
        Operator::AtLeast => Sign::AtLeast,
    }
}

/// Flights after which an interval that shrinks with the root of their number is clear of the
/// limit.
fn mean_needs(line: &Expectation, found: &Figure) -> Option<u64> {
    let distance = (found.value - line.limit).abs();
    let reach = match found.value < line.limit {
        true => found.interval.upper - found.value,
        false => found.value - found.interval.lower,
    };
    let needed = found.n as f64 * (reach / distance) * (reach / distance);
    (needed.is_finite() && needed <= NEED_MAX as f64).then(|| needed.ceil() as u64 + 1)
}

fn decided(line: &Expectation, found: &Figure) -> ExpectationResult {
    let judgement = match estimate::judge(found.interval, sign(line), line.limit) {
        estimate::Judgement::Holds => Judgement::Holds,
        estimate::Judgement::Fails => Judgement::Fails,
        estimate::Judgement::Undecided => Judgement::Undecided,
    };
    let interval = (found.interval.lower, found.interval.upper);
    let (told, limit) = told_with_limit(quantity(line), found.value, interval, line.limit);
    let expected = format!("expected {} {limit}", line.operator.sign());
    let detail = match (found.n, interval) {
        (1, (lower, upper)) if lower.is_infinite() && upper.is_infinite() => {
            format!("{told} in one flight, which has no interval, {expected}")
        }
        (n, _) => format!("{told} over {}, {expected}", counted(n as u64, "flight")),
    };
    ExpectationResult {
        judgement,
        value: Some(found.value),
        interval: Some(interval),
        flights: found.n as u64,
        detail,
        ..named(line)
    }
}

/// How people read what a line is about.
fn quantity(line: &Expectation) -> Quantity {
    match line.what {
        Expected::Measure { measure, .. } | Expected::Difference { measure, .. } => {
            Quantity::of(measure)
        }
        Expected::Verdict(_) | Expected::StoppedBy | Expected::Rating { .. } => Quantity::Share,
    }
}

fn undecided(line: &Expectation, detail: String) -> ExpectationResult {
    ExpectationResult { judgement: Judgement::Undecided, detail, ..named(line) }
}

/// What a line is, before it is judged.
fn named(line: &Expectation) -> ExpectationResult {
    let unit = match line.what {
        Expected::Rating { .. } => None,
        Expected::Verdict(_) | Expected::StoppedBy => Some(Unit::Share),
        Expected::Measure { measure, .. } | Expected::Difference { measure, .. } => {
            Some(measure.measure().unit)
        }
    };
    let (text, file, place) = (line.text.clone(), Arc::clone(&line.file), line.place);
    ExpectationResult { text, file, place, unit, ..ExpectationResult::default() }
}

//! The one place where figures over flights are made: every table, rating, line of `expect:` and
//! curve takes means, quantiles, differences and shares from here.
//!
//! A release is a variant, or the mix of all, whose figures are the variants' own, weighted
//! by their shares, each over all of its flights. Deliberately absent: which figures are wanted.

use super::limits::{bounds, of_difference};
use windtunnel_model::outcome::{MeasureId, Outcome, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::{CONFIDENCE, Estimate, estimate};
use windtunnel_stats::interval::Interval;
use windtunnel_stats::mixture::{
    Counted, Stratum, mean_of_mix, mean_of_parts, quantile_interval_of_mix, quantiles_of_mix,
    share_of_mix,
};

/// A figure with its interval, and how many flights it is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The figure, in its measure's unit.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Flights with a value; of a difference, pairs of them.
    pub n: usize,
}

/// The flights of one scenario, as figures are asked of them.
#[derive(Clone, Copy)]
pub struct Figures<'a> {
    /// What was flown.
    pub scenario: &'a Scenario,
    /// `flights[variant][strategy]`, each by replication from 0 on.
    flights: &'a [Vec<Vec<Outcome>>],
    /// Confidence of all intervals but those of estimates.
    confidence: f64,
    /// How often each flight is taken.
    times: usize,
}

impl<'a> Figures<'a> {
    /// The flights, with 95 % intervals.
    pub fn of(scenario: &'a Scenario, flights: &'a [Vec<Vec<Outcome>>]) -> Figures<'a> {
        Figures { scenario, flights, confidence: CONFIDENCE, times: 1 }
    }

    /// The same, with intervals at `confidence`.
    pub fn at(self, confidence: f64) -> Figures<'a> {
        Figures { confidence, ..self }
    }

    /// The same, each flight taken so many times over: what as many more like them would tell.
    pub fn over(self, times: usize) -> Figures<'a> {
        Figures { times, ..self }
    }

    /// Flights of a strategy with a release, by variant with the weight of each.
    fn rows(&self, release: ReleaseId, plan: PlanId) -> Vec<(f64, &[Outcome])> {
        let variants = self.scenario.variant_ids().zip(self.flights);
        let part = |variant: VariantId| match release {
            ReleaseId::Variant(one) if one == variant => 1.0,
            ReleaseId::Variant(_) => 0.0,
            ReleaseId::Mix => self.scenario.variant(variant).share.value(),
        };
        let rows = variants.map(|(variant, by_plan)| (part(variant), by_plan[plan.0].as_slice()));
        rows.filter(|(weight, _)| *weight > 0.0).collect()
    }

    /// The values of a measure by variant, NaN where a flight has none.
    pub fn strata(&self, release: ReleaseId, plan: PlanId, measure: MeasureId) -> Vec<Stratum> {
        let values = |rows: &[Outcome]| {
            rows.iter().map(|row| row.measures.get(measure).unwrap_or(f64::NAN)).collect::<Vec<_>>()
        };
        let rows = self.rows(release, plan).into_iter();
        let taken = |rows: &[Outcome]| values(rows).repeat(self.times);
        rows.map(|(weight, rows)| Stratum { weight, values: taken(rows) }).collect()
    }

    /// Mean and spread of a measure; nothing if a variant of the release has no value.
    pub fn estimate(
        &self,
        release: ReleaseId,
        plan: PlanId,
        measure: MeasureId,
    ) -> Option<Estimate> {
        estimate(&self.strata(release, plan, measure), &bounds(self.scenario, measure))
    }

    /// The mean of a measure.
    pub fn mean(&self, release: ReleaseId, plan: PlanId, measure: MeasureId) -> Option<Figure> {
        let strata = self.strata(release, plan, measure);
        let found = mean_of_mix(&strata, &bounds(self.scenario, measure), self.confidence)?;
        let n = strata.iter().map(|stratum| stratum.known().len()).sum();
        Some(Figure { value: found.mean, interval: found.interval, n })
    }

    /// The `q` quantile of a measure over flights.
    pub fn quantile(
        &self,
        release: ReleaseId,
        plan: PlanId,
        measure: MeasureId,
        q: f64,
    ) -> Option<Figure> {
        let strata = self.strata(release, plan, measure);
        let interval = quantile_interval_of_mix(&strata, q, self.confidence)?;
        let limits = bounds(self.scenario, measure);
        let [value] = quantiles_of_mix(&strata, [q])?;
        let n = strata.iter().map(|stratum| stratum.known().len()).sum();
        // Too few flights for a bound: then no flight is outside of what is possible at all.
        let cut =
            |end: f64| if end.is_finite() { end } else { end.clamp(limits.least, limits.most) };
        let interval = Interval { lower: cut(interval.lower), upper: cut(interval.upper) };
        Some(Figure { value, interval, n })
    }

    /// The width of the middle half of flights, from the 25 % to the 75 % quantile. Each end's
    /// interval is wrong half as often, so the difference of them is wrong no more often than that
    /// (Bonferroni).
    pub fn spread(&self, release: ReleaseId, plan: PlanId, measure: MeasureId) -> Option<Figure> {
        let ends = self.at((1.0 + self.confidence) / 2.0);
        let low = ends.quantile(release, plan, measure, 0.25)?;
        let high = ends.quantile(release, plan, measure, 0.75)?;
        let interval = Interval {
            lower: (high.interval.lower - low.interval.upper).max(0.0),
            upper: high.interval.upper - low.interval.lower,
        };
        Some(Figure { value: high.value - low.value, interval, n: high.n })
    }

    /// The mean difference of a measure, strategy `plan` minus strategy `other`, replication by
    /// replication; nothing if a variant has fewer than two pairs with a value.
    pub fn difference(
        &self,
        release: ReleaseId,
        (plan, other): (PlanId, PlanId),
        measure: MeasureId,
    ) -> Option<Figure> {
        let mine = self.strata(release, plan, measure);
        let theirs = self.strata(release, other, measure);
        let pairs: Vec<Stratum> = mine.iter().zip(&theirs).map(|(a, b)| a.minus(b)).collect();
        let counts = || pairs.iter().map(|stratum| stratum.known().len());
        if counts().any(|pairs| pairs < 2) {
            return None;
        }
        let limits = |(a, b): (&Stratum, &Stratum)| {
            of_difference(self.scenario, measure, (&a.values, &b.values))
        };
        let limits: Vec<_> = mine.iter().zip(&theirs).map(limits).collect();
        let found = mean_of_parts(&pairs, &limits, self.confidence)?;
        Some(Figure { value: found.mean, interval: found.interval, n: counts().sum() })
    }

    /// How often flights end with one of the verdicts that are wanted.
    pub fn ended(
        &self,
        release: ReleaseId,
        plan: PlanId,
        wanted: impl Fn(Verdict) -> bool,
    ) -> Option<Figure> {
        self.share(release, plan, &|row: &Outcome| wanted(row.verdict))
    }

    /// The share of flights that are wanted.
    pub fn share(
        &self,
        release: ReleaseId,
        plan: PlanId,
        wanted: &dyn Fn(&Outcome) -> bool,
    ) -> Option<Figure> {
        let parts = self.counts_of(release, plan, wanted);
        let share = share_of_mix(&parts, self.confidence)?;
        let n = parts.iter().map(|part| part.n).sum::<u64>() as usize;
        Some(Figure { value: share.share, interval: share.interval, n })
    }

    /// Flights by variant, and how many of them end with a verdict that is wanted.
    pub fn counts(
        &self,
        release: ReleaseId,
        plan: PlanId,
        wanted: impl Fn(Verdict) -> bool,
    ) -> Vec<Counted> {
        self.counts_of(release, plan, &|row: &Outcome| wanted(row.verdict))
    }

    /// Flights by variant, and how many of them are wanted.
    pub fn counts_of(
        &self,
        release: ReleaseId,
        plan: PlanId,
        wanted: &dyn Fn(&Outcome) -> bool,
    ) -> Vec<Counted> {
        let count = |(weight, rows): (f64, &[Outcome])| Counted {
            weight,
            hits: (rows.iter().filter(|row| wanted(row)).count() * self.times) as u64,
            n: (rows.len() * self.times) as u64,
        };
        self.rows(release, plan).into_iter().map(count).collect()
    }
}

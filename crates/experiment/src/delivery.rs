//! Delivery: how many good releases a strategy ships, how soon, and how many it takes back for
//! nothing. A strategy is for shipping; what it spares counts for nothing if it never ships.
//!
//! Good releases are weighed by their shares among themselves. Deliberately absent: which strategy
//! that makes the better one ([`super::winner`]).

use super::figures::Figures;
use windtunnel_model::outcome::{Grade, MeasureId, Outcome, Verdict};
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::interval::Interval;
use windtunnel_stats::mixture::{Counted, ShareOf, Stratum, quantiles_of_mix, share_of_mix};

/// Share of good releases shipped from which a strategy delivers.
pub const DELIVERS: f64 = 0.99;

/// Share of good releases shipped from which it mostly does, and below which it is ruled out.
pub const MOSTLY: f64 = 0.95;

/// Most further flights that are asked for.
const MORE_MAX: u64 = 1_000_000;

/// What a strategy ships.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    /// Strategy.
    pub plan: PlanId,
    /// `yes`, `mostly`, `no`; `n.a.` if nothing is to be shipped, or no good release was flown.
    pub grade: Grade,
    /// Is nothing shipped by design: were good releases found good, and none promoted?
    pub by_design: bool,
    /// Flights with good releases.
    pub flights: u64,
    /// Share of good releases that stay, with its exact 95 % interval; nothing without a flight.
    pub shipped: Option<ShareOf>,
    /// Seconds from the release until only the new version serves, over good flights that got so
    /// far: median and 95 % quantile.
    pub time_to_ship_s: Option<[f64; 2]>,
    /// Good releases taken back in a year, at the scenario's number of releases; with interval.
    pub false_alarms_per_year: Option<ShareOf>,
    /// Share of good releases that the horizon left unfinished.
    pub unfinished: f64,
    /// Share of good releases that ended for want of evidence.
    pub no_evidence: f64,
    /// Further good flights, all shipped, after which at least 95 % are certain to be shipped.
    pub more_flights: u64,
}

/// One row a strategy, in the scenario's order.
pub fn deliveries(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<DeliveryRow> {
    scenario.plan_ids().map(|plan| Good { scenario, flights, plan }.row()).collect()
}

/// The flights of one strategy with good releases.
struct Good<'a> {
    scenario: &'a Scenario,
    flights: &'a [Vec<Vec<Outcome>>],
    plan: PlanId,
}

impl Good<'_> {
    fn row(&self) -> DeliveryRow {
        let flights = self.counts(|_| true).iter().map(|part| part.n).sum();
        let shipped = self.share(Verdict::PromotedGood);
        let passed = self.share(Verdict::PassedGood).map_or(0.0, |share| share.share);
        let by_design = passed > 0.0 && shipped.is_some_and(|share| share.share == 0.0);
        let per_year = self.releases_per_year();
        let of_year = |share: ShareOf| ShareOf {
            share: share.share * per_year,
            interval: Interval {
                lower: share.interval.lower * per_year,
                upper: share.interval.upper * per_year,
            },
        };
        DeliveryRow {
            plan: self.plan,
            grade: grade(by_design, shipped),
            by_design,
            flights,
            shipped,
            time_to_ship_s: self.times(MeasureId::RolloutS),
            false_alarms_per_year: self.share(Verdict::FalseRollback).map(of_year),
            unfinished: self.share(Verdict::Unfinished).map_or(0.0, |share| share.share),
            no_evidence: self.share(Verdict::NoEvidence).map_or(0.0, |share| share.share),
            more_flights: self.more_flights(),
        }
    }

    /// The good variants that are released at all.
    fn variants(&self) -> impl Iterator<Item = VariantId> {
        let released = |id: &VariantId| {
            let variant = self.scenario.variant(*id);
            !variant.bad && variant.share.value() > 0.0
        };
        // Before the first flight there are none.
        self.scenario.variant_ids().take(self.flights.len()).filter(released)
    }

    /// Good flights by variant, and how many of them end with a verdict that is wanted.
    fn counts(&self, wanted: impl Fn(Verdict) -> bool) -> Vec<Counted> {
        let of = |id: VariantId| {
            let weight = self.scenario.variant(id).share.value();
            let own = self.figures().counts(id.into(), self.plan, &wanted).into_iter();
            own.map(move |counted| Counted { weight, ..counted })
        };
        self.variants().flat_map(of).collect()
    }

    fn figures(&self) -> Figures<'_> {
        Figures::of(self.scenario, self.flights)
    }

    fn share(&self, verdict: Verdict) -> Option<ShareOf> {
        share_of_mix(&self.counts(|own| own == verdict), CONFIDENCE)
    }

    /// Good releases of a year.
    fn releases_per_year(&self) -> f64 {
        let share = |bad: bool| -> f64 {
            let variants = self.scenario.release.variants.iter();
            variants.filter(|v| bad || !v.bad).map(|v| v.share.value()).sum()
        };
        let (good, all) = (share(false), share(true));
        self.scenario.releases_per_year * if all > 0.0 { good / all } else { 0.0 }
    }

    /// Median and 95 % quantile over the good flights that were rolled out.
    fn times(&self, measure: MeasureId) -> Option<[f64; 2]> {
        let figures = self.figures();
        let of = |id: VariantId| {
            let weight = self.scenario.variant(id).share.value();
            let values = figures.strata(id.into(), self.plan, measure).into_iter();
            Stratum { weight, values: values.flat_map(|stratum| stratum.known()).collect() }
        };
        // A variant of which nothing was shipped has no time to be weighed.
        let strata: Vec<Stratum> =
            self.variants().map(of).filter(|stratum| !stratum.values.is_empty()).collect();
        quantiles_of_mix(&strata, [0.5, 0.95])
    }

    /// Fewest further flights, shared alike by the good variants and all shipped, after which the
    /// lower end of the interval is at least 95 %; as many as are ever asked for if none would do.
    fn more_flights(&self) -> u64 {
        let counts = self.counts(|own| own == Verdict::PromotedGood);
        let variants = counts.len() as u64;
        let sure = |more: u64| {
            let grown =
                |part: &Counted| Counted { hits: part.hits + more, n: part.n + more, ..*part };
            let parts: Vec<Counted> = counts.iter().map(grown).collect();
            share_of_mix(&parts, CONFIDENCE).is_none_or(|share| share.interval.lower >= MOSTLY)
        };
        let (mut low, mut high) = (0, 1);
        while !sure(high) && high < MORE_MAX {
            (low, high) = (high, high * 2);
        }
        if sure(low) {
            return low * variants;
        }
        while low + 1 < high {
            let middle = low.midpoint(high);
            if sure(middle) { high = middle } else { low = middle }
        }
        high * variants
    }
}

fn grade(by_design: bool, shipped: Option<ShareOf>) -> Grade {
    match shipped {
        _ if by_design => Grade::NotApplicable,
        None => Grade::NotApplicable,
        Some(found) if found.share >= DELIVERS => Grade::Yes,
        Some(found) if found.share >= MOSTLY => Grade::Mostly,
        Some(_) => Grade::No,
    }
}

impl DeliveryRow {
    /// Is it certain that fewer than 95 % of the good releases are shipped?
    pub fn fails(&self) -> bool {
        self.shipped.is_some_and(|share| share.interval.upper < MOSTLY)
    }

    /// Is it certain that at least 95 % of the good releases are shipped?
    pub fn is_proved(&self) -> bool {
        self.shipped.is_some_and(|share| share.interval.lower >= MOSTLY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_offs_are_those_of_the_rules() {
        let of = |share: f64| {
            grade(false, Some(ShareOf { share, interval: Interval { lower: 0.0, upper: 1.0 } }))
        };
        let words = [1.0, 0.99, 0.989, 0.95, 0.949, 0.0].map(|share| of(share).word());
        assert_eq!(words, ["yes", "yes", "mostly", "mostly", "no", "no"]);
        assert_eq!(grade(false, None), Grade::NotApplicable);
        assert_eq!(grade(true, None), Grade::NotApplicable);
    }
}

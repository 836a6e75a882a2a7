//! The figures that are told over the values of a sweep, and what a value changes of them.

use crate::figures::{Figure, Figures};
use crate::limits::bounds;
use crate::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_stats::bounds::Bounds;
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::mixture::{Stratum, mean_of_mix};

/// Over which releases, each weighted by its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All of them: the mix.
    All,
    /// The good ones, those that have the figure.
    Good,
    /// The bad ones, those that have the figure.
    Bad,
}

/// A figure of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The mean of a measure.
    Mean(MeasureId, Of),
    /// The share of good releases that stay.
    Shipped,
    /// What a year of releases costs, of all that has a price: by it strategies are compared.
    Year,
}

/// A main figure: how it is called.
#[derive(Clone, Copy, Debug)]
pub struct Main {
    /// In titles.
    pub title: &'static str,
    /// What it is.
    pub what: What,
}

/// The figures that are shown over the values of a sweep.
pub const MAIN: [Main; 8] = [
    main("users hurt by a release", What::Mean(MeasureId::UsersHurtByReleaseShare, Of::All)),
    main("good releases shipped", What::Shipped),
    main("time to ship a good release", What::Mean(MeasureId::RolloutS, Of::Good)),
    main("first harm to safe, of bad releases", What::Mean(MeasureId::HarmToSafeS, Of::Bad)),
    main("objective missed by a release", What::Mean(MeasureId::DowntimeByReleaseS, Of::All)),
    main("requests failed", What::Mean(MeasureId::RequestsFailed, Of::All)),
    main("extra fleet-minutes of a release", What::Mean(MeasureId::FleetMinutesExtra, Of::All)),
    main("a year of releases, in all", What::Year),
];

const fn main(title: &'static str, what: What) -> Main {
    Main { title, what }
}

impl What {
    /// The measure; nothing for a share of flights.
    pub fn measure(self) -> Option<MeasureId> {
        match self {
            What::Mean(measure, _) => Some(measure),
            What::Shipped => None,
            What::Year => Some(MeasureId::ReleaseUsd),
        }
    }
}

/// The values by variant.
pub(super) fn strata(
    results: &ScenarioResults,
    plan: PlanId,
    measure: MeasureId,
    of: Of,
) -> Vec<Stratum> {
    let scenario = &results.scenario;
    let figures = Figures::of(scenario, &results.flights);
    if of == Of::All {
        return figures.strata(ReleaseId::Mix, plan, measure);
    }
    let wanted = scenario.variant_ids().filter(|id| {
        let variant = scenario.variant(*id);
        variant.share.value() > 0.0 && variant.bad == (of == Of::Bad)
    });
    let stratum = |id| {
        let weight = scenario.variant(id).share.value();
        let own = figures.strata(ReleaseId::Variant(id), plan, measure).into_iter();
        own.map(move |stratum| Stratum { weight, ..stratum })
    };
    wanted.flat_map(stratum).filter(|stratum| !stratum.known().is_empty()).collect()
}

/// The figure of a strategy at a point.
pub fn figure(results: &ScenarioResults, plan: PlanId, what: What) -> Option<Figure> {
    match what {
        What::Mean(measure, of) => {
            let strata = strata(results, plan, measure, of);
            mean(&strata, &bounds(&results.scenario, measure), CONFIDENCE)
        }
        What::Shipped => {
            let found = results.deliveries.iter().find(|found| found.plan == plan)?;
            let share = found.shipped?;
            let (value, interval, n) = (share.share, share.interval, found.flights as usize);
            Some(Figure { value, interval, n })
        }
        What::Year => results.money.years.iter().find(|year| year.plan == plan)?.total,
    }
}

fn mean(strata: &[Stratum], bounds: &Bounds, confidence: f64) -> Option<Figure> {
    let found = mean_of_mix(strata, bounds, confidence)?;
    let n = strata.iter().map(|stratum| stratum.known().len()).sum();
    Some(Figure { value: found.mean, interval: found.interval, n })
}

/// The mean over replications of what one side has more than the other; nothing with fewer than
/// two pairs of a variant, or if the sides weigh their variants differently.
pub(super) fn paired(
    (mine, theirs): (&[Stratum], &[Stratum]),
    bounds: &Bounds,
    confidence: f64,
) -> Option<Figure> {
    let weights = |strata: &[Stratum]| strata.iter().map(|s| s.weight).collect::<Vec<_>>();
    if weights(mine) != weights(theirs) {
        return None;
    }
    let pairs: Vec<Stratum> = mine.iter().zip(theirs).map(|(a, b)| a.minus(b)).collect();
    if pairs.iter().any(|pair| pair.known().len() < 2) {
        return None;
    }
    mean(&pairs, &bounds.of_difference(), confidence)
}

/// What a measure of a strategy has at `there` more than at `here`, replication by replication:
/// both flew from the same seed. Nothing if one of them has no such strategy or release.
pub fn change(
    (here, there): (&ScenarioResults, &ScenarioResults),
    (release, strategy): (&str, &str),
    measure: MeasureId,
) -> Option<Figure> {
    let strata = |results: &ScenarioResults| {
        let scenario = &results.scenario;
        let plan = super::plan(results, strategy)?;
        let release = scenario.releases().find(|id| scenario.release_name(*id) == release)?;
        Some(Figures::of(scenario, &results.flights).strata(release, plan, measure))
    };
    let [one, other] = [here, there].map(|results| bounds(&results.scenario, measure));
    let either = Bounds {
        least: one.least.min(other.least),
        most: one.most.max(other.most),
        down: one.down.max(other.down),
        up: one.up.max(other.up),
    };
    paired((&strata(there)?, &strata(here)?), &either, CONFIDENCE)
}

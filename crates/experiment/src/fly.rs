//! A campaign: one scenario's flights, batch by batch, until they are precise enough or the budget
//! is spent.
//!
//! Replications are spread over threads; each flies its twin once and every open pair of variant
//! and strategy. How many replications a pair gets is decided from its own rows at fixed batch
//! ends, so that no row and no count depends on threads or on which other strategies were flown.

use super::gate::{self, Gate};
use super::precision;
use super::results::{ExpectationResult, FlightRecord};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use windtunnel_base::problem::Problem;
use windtunnel_base::time::SimDuration;
use windtunnel_engine::buckets::{user_buckets, user_buckets_while};
use windtunnel_engine::{FlightSpec, fly_twin_while, fly_while};
use windtunnel_model::outcome::{Outcome, Verdict};
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::quasi::QuasiBlocks;
use windtunnel_stats::stopping::Batches;

/// Replications of a batch, and length of a block of the human's quasi-random draws.
pub const BATCH: u32 = 16;

/// How to fly.
#[derive(Clone, Debug)]
pub struct FlySettings {
    /// Seed of all flights.
    pub seed: u64,
    /// Exactly this many replications, instead of as many as it takes.
    pub replications: Option<u32>,
    /// Most requests per scenario, instead of the scenario's own budget.
    pub requests_max: Option<u64>,
    /// Fly until every line of `expect:` is decided, instead of until figures are precise.
    pub decide: bool,
    /// Check invariants after every control event.
    pub checked: bool,
    /// Refly a typical replication with recording on.
    pub record: bool,
    /// Keep the telemetry of one recorded flight of each scenario.
    pub export: bool,
}

/// What is about to be flown.
pub struct Campaign<'a> {
    crew: Crew,
    settings: &'a FlySettings,
    stop: &'a AtomicBool,
    tell: &'a (dyn Fn(u64, u64) + Sync),
    human: QuasiBlocks,
    buckets: Option<Arc<[u8]>>,
    flown: AtomicU64,
}

/// What was flown: `flights[variant][strategy][replication]`.
#[derive(Debug)]
pub struct Flown {
    /// The scenario, and who flew it.
    pub crew: Crew,
    /// All flights.
    pub flights: Flights,
    /// What the lines of `expect:` came to, if they decided how much was flown.
    pub judged: Option<Vec<ExpectationResult>>,
    /// The pairs of variant and strategy that were to be flown.
    wanted: Vec<(usize, usize)>,
    human: QuasiBlocks,
    buckets: Option<Arc<[u8]>>,
}

/// Outcomes by variant, strategy and replication.
pub type Flights = Vec<Vec<Vec<Outcome>>>;

/// One replication's harvest: the outcome of every open pair.
type Harvest = Vec<((usize, usize), Outcome)>;

impl<'a> Campaign<'a> {
    /// A campaign over all strategies of `scenario`; or what is wrong with their queries.
    pub fn new(
        scenario: &Arc<Scenario>,
        settings: &'a FlySettings,
        stop: &'a AtomicBool,
        tell: &'a (dyn Fn(u64, u64) + Sync),
    ) -> Result<Campaign<'a>, Vec<Problem>> {
        let tests_users = scenario.plans.iter().any(|p| p.needs.divided_users);
        Ok(Campaign {
            crew: Crew::bind(scenario)?,
            settings,
            stop,
            tell,
            human: QuasiBlocks::with_length(settings.seed, 2, u64::from(BATCH)),
            buckets: tests_users
                .then(|| {
                    let go_on = || !stop.load(Ordering::Relaxed);
                    user_buckets_while(scenario.traffic.users, scenario.experiment(), &go_on)
                })
                .flatten(),
            flown: AtomicU64::new(0),
        })
    }

    /// Flies until every pair is precise enough or its share of the budget is spent.
    pub fn fly(self) -> Flown {
        let mut flights = self.none_flown();
        let mut open = self.wanted();
        let most = self.most_replications();
        let batches = Batches { length: BATCH as usize, most: most as usize };
        let mut gate = self.decides().then(|| Gate::new(&self.crew.scenario, most));
        let mut from = 0;
        while let Some(until) = batches.next(from as usize, false) {
            if open.is_empty() || self.stop.load(Ordering::Relaxed) {
                break;
            }
            let until = until as u32;
            self.batch(from..until, &open, &mut flights);
            from = until;
            if let Some(gate) = &mut gate {
                if let Some(pairs) = gate.look(&self.crew.scenario, &flights, from) {
                    open = pairs;
                }
                continue;
            }
            open.retain(|(v, p)| {
                let enough = !self.wants_more(&flights[*v][*p], from);
                batches.next(from as usize, enough).is_some()
            });
        }
        let judged = gate.and_then(Gate::results);
        self.landed(flights, judged)
    }

    /// Is flown until lines are decided?
    fn decides(&self) -> bool {
        self.settings.decide && self.settings.replications.is_none()
    }

    /// The pairs that the first batch flies: all that a report tells of, or those that lines need.
    fn wanted(&self) -> Vec<(usize, usize)> {
        if self.decides() && !self.settings.record {
            return gate::pairs(&self.crew.scenario);
        }
        self.pairs()
    }

    /// Every pair of variant and strategy.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let scenario = &self.crew.scenario;
        let (variants, plans) = (scenario.release.variants.len(), scenario.plans.len());
        (0..variants).flat_map(|v| (0..plans).map(move |p| (v, p))).collect()
    }

    /// The outcomes before anything is flown.
    pub fn none_flown(&self) -> Flights {
        let scenario = &self.crew.scenario;
        vec![vec![Vec::new(); scenario.plans.len()]; scenario.release.variants.len()]
    }

    /// Flies replications of the open pairs. A stopped batch is kept up to its first missing
    /// replication.
    pub fn batch(
        &self,
        replications: Range<u32>,
        open: &[(usize, usize)],
        flights: &mut [Vec<Vec<Outcome>>],
    ) {
        let expected = self.flown.load(Ordering::Relaxed)
            + u64::from(replications.end - replications.start) * (open.len() as u64 + 1);
        let batch: Vec<Option<Harvest>> = replications
            .into_par_iter()
            .map(|replication| self.replication(replication, open, expected))
            .collect();
        for ((variant, plan), outcome) in batch.into_iter().map_while(|h| h).flatten() {
            flights[variant][plan].push(outcome);
        }
    }

    /// Nothing more is flown.
    pub fn landed(self, flights: Flights, judged: Option<Vec<ExpectationResult>>) -> Flown {
        let wanted = self.wanted();
        let (human, buckets) = (self.human, self.buckets);
        Flown { crew: self.crew, flights, judged, wanted, human, buckets }
    }

    fn replication(
        &self,
        replication: u32,
        open: &[(usize, usize)],
        expected: u64,
    ) -> Option<Harvest> {
        let go_on = || !self.stop.load(Ordering::Relaxed);
        let order = FlightSpec {
            checked: self.settings.checked,
            ..order(self.settings.seed, replication, &self.human, &self.buckets)
        };
        let twin = fly_twin_while(&self.crew.scenario, &order, &go_on)?;
        self.count(expected);
        let mut outcomes = Vec::with_capacity(open.len());
        for (variant, plan) in open {
            let pair = (*variant, *plan);
            let (outcome, _) = fly_while(&self.crew, pair, &order, &twin, &go_on)?;
            outcomes.push(((*variant, *plan), outcome));
            self.count(expected);
        }
        Some(outcomes)
    }

    fn count(&self, expected: u64) {
        let done = self.flown.fetch_add(1, Ordering::Relaxed) + 1;
        (self.tell)(done, expected.max(done));
    }

    fn most_replications(&self) -> u32 {
        let budget = &self.crew.scenario.budget;
        if let Some(exactly) = self.settings.replications {
            return exactly.max(1);
        }
        // Every pair has the same share of the scenario's budget, whichever pairs are flown.
        let requests = self.settings.requests_max.unwrap_or(budget.requests_max) as f64;
        let scenario = &self.crew.scenario;
        let flight = scenario.expected_requests().max(1.0);
        let (pairs, requests) = match self.settings.decide {
            // Only the flights that lines need are flown on; others of the first batch cost once.
            true => {
                let needed = gate::pairs(scenario).len();
                let once = self.wanted().len().saturating_sub(needed) * BATCH as usize;
                (needed.max(1), (requests - once as f64 * flight).max(0.0))
            }
            false => {
                let listed = budget.strategies_listed.max(1) as usize;
                (scenario.release.variants.len() * listed, requests)
            }
        };
        let affordable = requests / (pairs as f64 + 1.0) / flight;
        // Whole batches, so that the quasi-random blocks are whole too.
        let batches = (affordable / f64::from(BATCH)).floor().clamp(1.0, 1e6) as u32 * BATCH;
        batches.clamp(budget.replications_min.max(1), budget.replications_max.max(1))
    }

    fn wants_more(&self, rows: &[Outcome], flown: u32) -> bool {
        let enough = flown >= self.crew.scenario.budget.replications_min;
        self.settings.replications.is_some()
            || !enough
            || !precision::is_reached(&self.crew.scenario, rows)
    }
}

fn order(
    seed: u64,
    replication: u32,
    human: &QuasiBlocks,
    buckets: &Option<Arc<[u8]>>,
) -> FlightSpec {
    let draw = |dim| human.point(u64::from(replication), dim);
    FlightSpec {
        seed,
        replication,
        human: Some([draw(0), draw(1)]),
        buckets: buckets.clone(),
        ..FlightSpec::default()
    }
}

impl Flown {
    /// Was every pair flown that was to be?
    pub fn is_whole(&self) -> bool {
        !self.wanted.is_empty() && self.wanted.iter().all(|(v, p)| !self.flights[*v][*p].is_empty())
    }

    /// The replication nearest to the median of harm, summed over all pairs, among those in which
    /// most pairs end as they mostly do.
    fn typical(&self) -> u32 {
        let common = self.flights.iter().flatten().map(Vec::len).min().unwrap_or(0);
        let harm = |r: usize| -> f64 {
            let pairs = self.flights.iter().flatten();
            pairs.map(|rows| rows[r].measures.users_hurt_by_release.unwrap_or(0.0)).sum()
        };
        let usual: Vec<(&[Outcome], Verdict)> = self
            .flights
            .iter()
            .flatten()
            .filter_map(|rows| Some((&rows[..common], commonest(&rows[..common])?)))
            .collect();
        let as_usual =
            |r: &usize| usual.iter().filter(|(rows, verdict)| rows[*r].verdict == *verdict).count();
        let most = (0..common).map(|r| as_usual(&r)).max().unwrap_or(0);
        let chosen = (0..common).filter(|r| as_usual(r) == most);
        let mut by_harm: Vec<(f64, u32)> = chosen.map(|r| (harm(r), r as u32)).collect();
        by_harm.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        by_harm.get(by_harm.len() / 2).map_or(0, |(_, r)| *r)
    }

    /// The flight whose telemetry says most: of the first bad variant, by the first strategy that
    /// asks for metrics; each the first of all when there is none.
    fn exported(&self) -> (usize, usize) {
        let bad = self.crew.scenario.release.variants.iter().position(|v| v.bad);
        let asks = self.crew.pilots.iter().position(|p| !p.facts.queries.is_empty());
        (bad.unwrap_or(0), asks.unwrap_or(0))
    }

    /// Reflies the typical replication of every pair with recording on; nothing comes back if it
    /// was stopped before all were recorded.
    pub fn record(&self, settings: &FlySettings, stop: &AtomicBool) -> Option<Vec<FlightRecord>> {
        let go_on = || !stop.load(Ordering::Relaxed);
        let replication = self.typical();
        let interval = recording_interval(self.crew.scenario.horizon);
        let order = FlightSpec {
            record: Some(interval),
            ..order(settings.seed, replication, &self.human, &self.buckets)
        };
        let unrecorded = FlightSpec { record: None, ..order.clone() };
        let twin = fly_twin_while(&self.crew.scenario, &unrecorded, &go_on)?;
        let variants = 0..self.crew.scenario.release.variants.len();
        let plans = self.crew.scenario.plans.len();
        let pairs: Vec<(usize, usize)> =
            variants.flat_map(|v| (0..plans).map(move |p| (v, p))).collect();
        let exported = settings.export.then(|| self.exported());
        let record = |(variant, plan): (usize, usize)| {
            let order = FlightSpec { export: exported == Some((variant, plan)), ..order.clone() };
            let (_, recording) = fly_while(&self.crew, (variant, plan), &order, &twin, &go_on)?;
            Some(FlightRecord {
                variant: VariantId(variant),
                plan: PlanId(plan),
                replication,
                recording: recording.unwrap_or_default(),
            })
        };
        pairs.into_par_iter().map(record).collect()
    }
}

/// The verdict with which most flights end; of equals the first that is met.
fn commonest(rows: &[Outcome]) -> Option<Verdict> {
    let count = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let best = rows.iter().map(|row| count(row.verdict)).max()?;
    rows.iter().map(|row| row.verdict).find(|verdict| count(*verdict) == best)
}

/// Some 360 samples a flight, never finer than a second.
pub fn recording_interval(horizon: SimDuration) -> SimDuration {
    let secs = (horizon.as_secs_f64() / 360.0).ceil().max(1.0);
    SimDuration::from_secs_f64(secs)
}

/// The order of one flight of a scenario, as a campaign would fly it.
pub fn single_order(scenario: &Scenario, seed: u64, replication: u32) -> FlightSpec {
    let human = QuasiBlocks::with_length(seed, 2, u64::from(BATCH));
    let tests_users = scenario.plans.iter().any(|p| p.needs.divided_users);
    let buckets = tests_users.then(|| user_buckets(scenario.traffic.users, scenario.experiment()));
    order(seed, replication, &human, &buckets)
}

//! Who stops what: per strategy and release, how often it was taken back, by which check, how soon.
//!
//! A bad release is *stopped* when it is taken back before it was promoted, *late* when a human
//! takes it back afterwards, and *missed* when it stays. A good release that is taken back is a
//! false alarm. Deliberately absent: words and pictures.

use super::figures::Figures;
use std::collections::BTreeMap;
use windtunnel_base::moments::median;
use windtunnel_model::outcome::{MeasureId, Outcome, Verdict};
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::mixture::ShareOf;

/// What a strategy made of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct StopRow {
    /// The release that is stopped or is not.
    pub variant: VariantId,
    /// The strategy that it is released by.
    pub plan: PlanId,
    /// Flights.
    pub flights: u32,
    /// Taken back before it was promoted; of a good release a false alarm.
    pub stopped: ShareOf,
    /// Promoted, and taken back by a human later.
    pub late: ShareOf,
    /// Stays, or was found good where nothing is shipped.
    pub kept: ShareOf,
    /// Ended for want of evidence, or was unfinished at the horizon.
    pub open: ShareOf,
    /// How those came about that were taken back before the promotion.
    pub early: Cause,
    /// And after it.
    pub afterwards: Cause,
}

/// Who took a release back, and how soon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// Flights.
    pub flights: u32,
    /// Who, with the number of flights each, most first. A gate that is no check has no name.
    pub by: Vec<(By, u32)>,
    /// Median seconds from the first harm to the decision, over flights that had done harm by then.
    pub after_s: Option<f64>,
    /// Flights that had done harm by then.
    pub after_harm: u32,
}

/// Who took a release back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Whoever is on call.
    Human,
    /// The check of this name.
    Check(String),
}

impl By {
    /// The word in tables for machines.
    pub fn word(&self) -> &str {
        match self {
            By::Human => "human",
            By::Check(name) => name,
        }
    }
}

/// The table: strategies in the scenario's order, releases within.
pub fn stops(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<StopRow> {
    let pairs = scenario.plan_ids().flat_map(|p| scenario.variant_ids().map(move |v| (p, v)));
    pairs.filter_map(|(plan, variant)| row(scenario, flights, plan, variant)).collect()
}

fn row(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    plan: PlanId,
    variant: VariantId,
) -> Option<StopRow> {
    let figures = Figures::of(scenario, flights);
    let part = |verdicts: &[Verdict]| {
        let found = figures.ended(variant.into(), plan, |own| verdicts.contains(&own))?;
        Some(ShareOf { share: found.value, interval: found.interval })
    };
    let rows = &flights[variant.0][plan.0];
    let late = |row: &&Outcome| row.verdict == Verdict::RolledBackLate;
    let early = rows.iter().filter(|row| EARLY.contains(&row.verdict));
    Some(StopRow {
        variant,
        plan,
        flights: rows.len() as u32,
        stopped: part(&EARLY)?,
        late: part(&[Verdict::RolledBackLate])?,
        kept: part(&[Verdict::MissedBad, Verdict::PromotedGood, Verdict::PassedGood])?,
        open: part(&[Verdict::NoEvidence, Verdict::Unfinished])?,
        early: cause(&early.collect::<Vec<_>>()),
        afterwards: cause(&rows.iter().filter(late).collect::<Vec<_>>()),
    })
}

/// Who took a release back, if that has a name.
fn by(row: &Outcome) -> Option<By> {
    let check = || row.stopped_by.clone().map(By::Check);
    if row.by_human { Some(By::Human) } else { check() }
}

/// Who took a release back before it was promoted.
pub fn stopped_early(row: &Outcome) -> Option<By> {
    EARLY.contains(&row.verdict).then(|| by(row)).flatten()
}

/// Verdicts of what was taken back before it was promoted.
const EARLY: [Verdict; 2] = [Verdict::RolledBackBad, Verdict::FalseRollback];

fn cause(rows: &[&Outcome]) -> Cause {
    let mut counts: BTreeMap<By, u32> = BTreeMap::new();
    for row in rows {
        by(row).into_iter().for_each(|by| *counts.entry(by).or_default() += 1);
    }
    let mut by: Vec<(By, u32)> = counts.into_iter().collect();
    by.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.word().cmp(b.0.word())));
    let after = rows.iter().filter_map(|row| row.measures.get(MeasureId::DetectedAfterS));
    let after: Vec<f64> = after.collect();
    let (flights, after_harm) = (rows.len() as u32, after.len() as u32);
    Cause { flights, by, after_s: median(after), after_harm }
}

/// Bad releases that differ from a good one in no flight: whatever is wrong with them never acts.
pub fn idle(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<(VariantId, VariantId)> {
    // What nobody met could not act.
    let met = |id: &VariantId| {
        let rows = flights[id.0].iter().flatten();
        rows.into_iter().any(|row| row.measures.users_exposed.unwrap_or(0.0) > 0.0)
    };
    let bad = scenario.variant_ids().filter(|id| scenario.variant(*id).bad).filter(met);
    let twin = |bad: VariantId| {
        let good = scenario.variant_ids().filter(|id| !scenario.variant(*id).bad);
        let same = |good: &VariantId| {
            let plans = flights[bad.0].iter().zip(&flights[good.0]);
            let mut pairs = plans.flat_map(|(a, b)| a.iter().zip(b)).peekable();
            // Where nothing can be compared, nothing is alike.
            pairs.peek().is_some() && pairs.all(|(a, b)| a.measures == b.measures)
        };
        good.into_iter().find(same).map(|good| (bad, good))
    };
    bad.filter_map(twin).collect()
}

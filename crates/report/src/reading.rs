//! What the tables say, as facts that summaries, terminal tables and chart titles put into words.
//!
//! Look-ups in the tables of one scenario, the rating rules in words, and the few judgements that
//! compare strategies with each other. Deliberately absent: formats, and new measures.

use windtunnel_experiment::rating::RISK_LIMITS;
use windtunnel_experiment::results::{RatingRow, ScenarioResults, SummaryRow, VerdictRow};
use windtunnel_model::outcome::{MeasureId, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel_stats::estimate::Estimate;

/// The main measure of harm: users hurt by the release as a share of active users.
pub const HURT_SHARE: MeasureId = MeasureId::UsersHurtByReleaseShare;

/// The rating rules, one sentence each.
pub const RULES: [&str; 5] = [
    "**downtime** is outage, in which no pod accepts requests: *yes* if good releases show 1 s or \
     more of it by the release",
    "**rollback** *n.a.* if no bad release exposed a user (an outage that one caused all the same \
     stands beside it); *slow* if the rollback itself causes \
     1 s or more of outage or W > 30 T; *medium* if W > 1.75 T; *fast* if W > 0.5 T; else \
     *instant* (T: median from the creation of a pod to its readiness; W: median over bad flights \
     of the longer of rollback and restored capacity)",
    "**risk** by the share of active users hurt by the release over the mix *none* if no bad \
     release exposed a user and no release hurt one, *low* up to 0.3 %, *medium* up to 3 %, else \
     *high*",
    "**cost** by extra fleet-minutes per release *low* up to 0.5, *medium* up to 6, else *high*",
    "**delivery** *yes* from 99 % of the good releases shipped on, *mostly* from 95 % on, else \
     *no*; *n.a.* where nothing is to be shipped",
];

/// The row of `summary.csv` for a strategy, a variant (or the mix) and a measure.
pub fn row(
    results: &ScenarioResults,
    release: impl Into<ReleaseId>,
    plan: PlanId,
    measure: MeasureId,
) -> Option<&SummaryRow> {
    let key = (release.into(), plan, measure);
    let wanted = |r: &&SummaryRow| (r.release, r.plan, r.measure) == key;
    results.summary.iter().find(wanted)
}

/// The estimate in that row, if any flight had a value.
pub fn estimate(
    results: &ScenarioResults,
    release: impl Into<ReleaseId>,
    plan: PlanId,
    measure: MeasureId,
) -> Option<&Estimate> {
    row(results, release, plan, measure)?.estimate.as_ref()
}

/// The ratings of a strategy.
pub fn rating(results: &ScenarioResults, plan: PlanId) -> Option<&RatingRow> {
    results.ratings.iter().find(|row| row.plan == plan)
}

/// How often a verdict fell.
pub fn verdict(
    results: &ScenarioResults,
    release: impl Into<ReleaseId>,
    plan: PlanId,
    verdict: Verdict,
) -> Option<&VerdictRow> {
    let key = (release.into(), plan, verdict);
    let wanted = |r: &&VerdictRow| (r.release, r.plan, r.verdict) == key;
    results.verdicts.iter().find(wanted)
}

/// Number of flights of a strategy with a variant.
pub fn flights(results: &ScenarioResults, variant: VariantId, plan: PlanId) -> usize {
    results.flights.get(variant.0).and_then(|s| s.get(plan.0)).map_or(0, Vec::len)
}

/// A bad variant against which no strategy helps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoHelp {
    /// The release that is meant.
    pub variant: VariantId,
    /// The strategy that hurts fewest users, with the share it hurts.
    pub best: (PlanId, f64),
    /// The strategy that hurts most of those that look at nothing, with the share it hurts.
    pub worst: (PlanId, f64),
}

/// Bad variants for which the choice of strategy hardly matters: even the best of those that ship
/// hurts more than a low risk, and more than half of what is hurt under one that looks at nothing.
/// Without such a reference nobody knows what a strategy spares. A strategy that exposed nobody
/// counts only if it took the release back: stopping before shipping is no help unless it was for a
/// reason.
pub fn no_strategy_helps(results: &ScenarioResults) -> Vec<NoHelp> {
    let mut found = Vec::new();
    for variant in results.scenario.bad_variants() {
        let mut shares: Vec<(PlanId, f64)> = Vec::new();
        for plan in results.scenario.plan_ids() {
            let share = estimate(results, variant, plan, HURT_SHARE);
            if let Some(share) = share.filter(|_| ships(results, variant, plan)) {
                shares.push((plan, share.mean));
            }
        }
        shares.sort_by(|a, b| a.1.total_cmp(&b.1));
        let blind = shares.iter().rev().find(|(plan, _)| is_blind(results, variant, *plan));
        let (Some(best), Some(worst)) = (shares.first(), blind) else { continue };
        if shares.len() > 1 && best.1 > RISK_LIMITS[0] && best.1 > worst.1 / 2.0 {
            found.push(NoHelp { variant, best: *best, worst: *worst });
        }
    }
    found
}

/// Does the strategy look at nothing? No machine judges its metrics, and it took the release back
/// in no flight before it was promoted.
fn is_blind(results: &ScenarioResults, variant: VariantId, plan: PlanId) -> bool {
    let stopped = verdict(results, variant, plan, Verdict::RolledBackBad);
    !results.scenario.plan(plan).needs.metrics && stopped.is_none_or(|row| row.n == 0)
}

/// Does the strategy let users meet any release? One that only tests and stops does not.
pub fn ships_something(results: &ScenarioResults, plan: PlanId) -> bool {
    results.scenario.variant_ids().any(|variant| {
        let exposed = estimate(results, variant, plan, MeasureId::UsersExposed);
        exposed.is_some_and(|exposed| exposed.mean > 0.0)
    })
}

/// Does the strategy let users meet a bad release, or else stop it knowingly?
fn ships(results: &ScenarioResults, variant: VariantId, plan: PlanId) -> bool {
    let exposed = estimate(results, variant, plan, MeasureId::UsersExposed);
    let stopped = verdict(results, variant, plan, Verdict::RolledBackBad);
    exposed.map_or(0.0, |e| e.mean) > 0.0 || stopped.is_some_and(|row| row.share >= 0.5)
}

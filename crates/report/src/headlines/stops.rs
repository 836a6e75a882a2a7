//! Who stops which bad release, and what it had done by then.

use super::standing::{NOBODY, may_lead};
use crate::figure::Quantity;
use crate::reading::{self, HURT_SHARE};
use windtunnel_experiment::rating::RISK_LIMITS;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// The share of flights in which a strategy took a release back: `caught` of bad ones, and a false
/// alarm of good ones; nothing where none was flown.
pub fn share(
    results: &ScenarioResults,
    variant: VariantId,
    plan: PlanId,
    caught: Verdict,
) -> Option<f64> {
    let verdict =
        if results.scenario.variant(variant).bad { caught } else { Verdict::FalseRollback };
    let flown = reading::flights(results, variant, plan) > 0;
    let row = reading::verdict(results, variant, plan, verdict);
    flown.then(|| row.map_or(0.0, |row| row.share))
}

/// Who catches everything without a false alarm, or how many bad releases the best one catches.
/// Only strategies that may be chosen are praised; where another stops what they miss, the sentence
/// is about them alone.
pub fn headline(results: &ScenarioResults, caught: Verdict) -> String {
    let scenario = &results.scenario;
    let bad: Vec<VariantId> = scenario.bad_variants().collect();
    if bad.is_empty() {
        return "No release was bad: there was nothing to stop".to_string();
    }
    let often =
        |id: &VariantId, plan: PlanId| share(results, *id, plan, caught).unwrap_or(0.0) > 0.5;
    let quiet = |plan: &PlanId| {
        let mut good = scenario.variant_ids().filter(|id| !scenario.variant(*id).bad);
        good.all(|id| !often(&id, *plan))
    };
    let hits = |plan: PlanId| bad.iter().filter(|id| often(id, plan)).count();
    let may: Vec<PlanId> = scenario.plan_ids().filter(|plan| may_lead(results, *plan)).collect();
    if may.is_empty() {
        return NOBODY.to_string();
    }
    let summed = |plan: PlanId| -> f64 {
        bad.iter().filter_map(|id| share(results, *id, plan, caught)).sum()
    };
    let alarms = |plan: PlanId| -> f64 {
        let good = scenario.variant_ids().filter(|id| !scenario.variant(*id).bad);
        good.filter_map(|id| share(results, id, plan, caught)).sum()
    };
    let hurt = |plan: PlanId| -> f64 {
        let of = |id: &VariantId| reading::estimate(results, *id, plan, HURT_SHARE);
        bad.iter().filter_map(of).map(|estimate| estimate.mean).sum()
    };
    // Of those that stop as many kinds the one that does so most often, with fewest false alarms
    // and least harm; of equals the one that is listed first.
    let best = may.iter().copied().filter(quiet).max_by(|a, b| {
        let often = hits(*a).cmp(&hits(*b)).then(summed(*a).total_cmp(&summed(*b)));
        let quieter = alarms(*b).total_cmp(&alarms(*a));
        often.then(quieter).then(hurt(*b).total_cmp(&hurt(*a))).then(b.cmp(a))
    });
    let Some(best) = best else {
        return "Every strategy that may be chosen stops a kind of good release in most flights"
            .to_string();
    };
    let (name, count, all) = (scenario.plan_name(best), hits(best), bad.len());
    let most = scenario.plan_ids().map(hits).max().unwrap_or(0);
    // What stops more is noisy, or may not be chosen.
    let who = if most > count { "that ships good releases and may be chosen " } else { "" };
    if count == 0 {
        return match who {
            "" => "No kind of bad release is stopped in most flights".to_string(),
            who => format!("No strategy {who}stops a kind of bad release in most flights"),
        };
    }
    if count < all {
        let missed: Vec<&str> =
            bad.iter().filter(|id| !often(id, best)).map(|id| scenario.release_name(*id)).collect();
        let start = match scenario.plans.len() {
            1 => String::new(),
            _ => format!("No strategy {who}stops everything: "),
        };
        let missed = missed.join(", ");
        let harm = harm(results, &bad, best);
        return format!("{start}{name} stops {count} of {all} bad releases, not {missed}{harm}");
    }
    let tail = if all < scenario.release.variants.len() { ", and no good one" } else { "" };
    // Shares that are printed as 100 % and 0 %.
    let whole = |id: VariantId| {
        let share = share(results, id, best, caught).unwrap_or(0.0);
        if scenario.variant(id).bad { share >= 0.995 } else { share < 0.005 }
    };
    let most = if scenario.variant_ids().all(whole) { "" } else { ", in most flights" };
    format!("{name} stops every kind of bad release{tail}{most}{}", harm(results, &bad, best))
}

/// What a release that was stopped had done before, if that is more than a medium risk.
fn harm(results: &ScenarioResults, bad: &[VariantId], plan: PlanId) -> String {
    let of = |id: &VariantId| {
        let estimate = reading::estimate(results, *id, plan, HURT_SHARE)?;
        (estimate.mean > RISK_LIMITS[1]).then_some((*id, estimate.mean))
    };
    let worst = bad.iter().filter_map(of).max_by(|a, b| a.1.total_cmp(&b.1));
    worst.map_or(String::new(), |(id, share)| {
        let share = Quantity::Share.show(share);
        format!("; yet {} hurts {share} of the users", results.scenario.release_name(id))
    })
}

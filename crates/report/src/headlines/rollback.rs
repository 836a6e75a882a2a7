//! How fast one gets back, and of how many bad flights that is said.

use crate::figure::Quantity;
use crate::full_rollback;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::scenario::ids::PlanId;

/// The sentence. Times are medians over the flights that went back.
pub fn headline(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let rows = results.ratings.iter().filter(|row| row.exposed);
    let mut back: Vec<(PlanId, f64)> =
        rows.filter_map(|row| Some((row.plan, row.full_rollback_s?))).collect();
    back.sort_by(|a, b| a.1.total_cmp(&b.1));
    let show = |seconds: f64| Quantity::Seconds.show(seconds);
    let name = |plan: PlanId| scenario.plan_name(plan);
    let of = |plan: PlanId| condition(results, plan);
    match back.as_slice() {
        [] => nothing_back(results),
        [(plan, seconds)] if results.ratings.len() == 1 => {
            format!("Once decided, {} is back after {}{}", name(*plan), show(*seconds), of(*plan))
        }
        [(plan, seconds)] => {
            let met = results.ratings.iter().filter(|row| row.exposed).count();
            let start = if met == 1 { "Once decided," } else { "Of those that met users only" };
            format!("{start} {} is back: after {}{}", name(*plan), show(*seconds), of(*plan))
        }
        [(_, fast), .., (_, slow)] if show(*fast) == show(*slow) => {
            format!("Once decided, all that go back are back after {}", show(*slow))
        }
        [(first, fast), .., (last, slow)] => format!(
            "Once decided, {} is back after {}{}; {} after {}{}",
            name(*first),
            show(*fast),
            of(*first),
            name(*last),
            show(*slow),
            of(*last)
        ),
    }
}

/// Why there is no time to tell.
pub fn nothing_back(results: &ScenarioResults) -> String {
    let exposed = results.ratings.iter().any(|row| row.exposed);
    if exposed {
        return "No bad release that met users was taken back".to_string();
    }
    let scenario = &results.scenario;
    let found =
        scenario.plan_ids().filter_map(|p| Some((p, full_rollback::outage_unmet(results, p)?)));
    // Of equals the one that is listed first.
    let worst = found.reduce(|a, b| if b.1.1 > a.1.1 { b } else { a });
    let down = worst.map(|(plan, (variant, outage))| {
        let (release, plan) = (scenario.release_name(variant), scenario.plan_name(plan));
        let outage = Quantity::Seconds.show(outage);
        format!(", yet {release} takes the service down for {outage} under {plan}")
    });
    format!("No bad flight exposed a user{}", down.unwrap_or_default())
}

/// Of which bad flights a time is said: nothing where all that exposed a user went back.
fn condition(results: &ScenarioResults, plan: PlanId) -> String {
    let (mut back, mut exposed) = (0, 0);
    for variant in results.scenario.bad_variants() {
        let rows = results.flights.get(variant.0).and_then(|of| of.get(plan.0));
        for row in rows.into_iter().flatten() {
            if row.measures.users_exposed.unwrap_or(0.0) > 0.0 {
                exposed += 1;
                let verdict = row.verdict;
                let gone = [Verdict::RolledBackBad, Verdict::RolledBackLate, Verdict::NoEvidence];
                back += u32::from(gone.contains(&verdict));
            }
        }
    }
    if back == exposed {
        String::new()
    } else {
        format!(" (the {back} of {exposed} that went back)")
    }
}

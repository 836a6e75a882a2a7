//! The textbook's four words, from measured figures, by one set of rules that knows no name of a
//! strategy (`docs/methods.md`).

use super::delivery::DeliveryRow;
use super::figures::Figures;
use super::full_rollback;
use super::results::RatingRow;
use windtunnel_base::moments::median;
use windtunnel_model::outcome::{Grade, MeasureId, Outcome};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::Scenario;

/// Outage of this many seconds counts as downtime.
pub const OUTAGE_S: f64 = 1.0;

/// Highest share of active users hurt that is still a low, and still a medium risk.
pub const RISK_LIMITS: [f64; 2] = [0.003, 0.03];

/// Most extra fleet-minutes per release that are still a low, and still a medium cost.
pub const COST_LIMITS: [f64; 2] = [0.5, 6.0];

/// The ratings of all strategies, in the scenario's order.
pub fn ratings(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    deliveries: &[DeliveryRow],
) -> Vec<RatingRow> {
    let start_to_ready_s = start_to_ready(scenario, flights);
    let rate = |plan: PlanId| {
        let rows = |bad: bool| -> Vec<&Outcome> {
            let variants = scenario.release.variants.iter().zip(flights);
            variants.filter(|(v, _)| v.bad == bad).flat_map(|(_, f)| &f[plan.0]).collect()
        };
        let (good, bad) = (rows(false), rows(true));
        // The row `all` of `summary.csv`.
        let mix = |measure: MeasureId| {
            let found = Figures::of(scenario, flights).estimate(ReleaseId::Mix, plan, measure);
            found.map_or(0.0, |found| found.mean)
        };
        let delivery = deliveries[plan.0].grade;
        RatingRow { delivery, ..rating(plan, &good, &bad, start_to_ready_s, &mix) }
    };
    scenario.plan_ids().map(rate).collect()
}

fn rating(
    plan: PlanId,
    good: &[&Outcome],
    bad: &[&Outcome],
    start_to_ready_s: Option<f64>,
    mix: &dyn Fn(MeasureId) -> f64,
) -> RatingRow {
    let judged_for_outage = if good.is_empty() { bad } else { good };
    let outage_good_s =
        mean(judged_for_outage.iter().filter_map(|o| o.measures.outage_by_release_s));
    let exposed = bad.iter().any(|o| full_rollback::exposed(o));
    let back: Vec<&&Outcome> = bad.iter().filter(|o| full_rollback::went_back(o)).collect();
    let rollback_outage_s = mean(back.iter().filter_map(|o| o.measures.rollback_outage_s));
    let full_rollback_s = median(back.iter().map(|o| full_rollback::seconds(o)).collect());
    let hurt_share = mix(MeasureId::UsersHurtByReleaseShare);
    let fleet_minutes = mix(MeasureId::FleetMinutesExtra);
    RatingRow {
        plan,
        downtime: if outage_good_s >= OUTAGE_S { Grade::Yes } else { Grade::No },
        rollback: rollback_word(exposed, rollback_outage_s, full_rollback_s, start_to_ready_s),
        risk: risk_word(exposed, hurt_share),
        cost: cost_word(fleet_minutes),
        delivery: Grade::NotApplicable,
        outage_good_s,
        full_rollback_s: full_rollback_s.filter(|s| s.is_finite()),
        start_to_ready_s,
        rollback_outage_s,
        hurt_share,
        fleet_minutes,
        exposed,
        went_back: !back.is_empty(),
    }
}

fn rollback_word(
    exposed: bool,
    rollback_outage_s: f64,
    full_rollback_s: Option<f64>,
    start_to_ready_s: Option<f64>,
) -> Grade {
    let (Some(full_rollback_s), Some(start)) = (full_rollback_s, start_to_ready_s) else {
        // Exposed, but never taken back within the horizon: the slowest rollback there is.
        return if exposed { Grade::Slow } else { Grade::NotApplicable };
    };
    match full_rollback_s / start {
        _ if !exposed => Grade::NotApplicable,
        _ if rollback_outage_s >= OUTAGE_S => Grade::Slow,
        ratio if ratio > 30.0 => Grade::Slow,
        ratio if ratio > 1.75 => Grade::Medium,
        ratio if ratio > 0.5 => Grade::Fast,
        _ => Grade::Instant,
    }
}

fn risk_word(exposed: bool, hurt_share: f64) -> Grade {
    match hurt_share {
        // Nobody met the bad release; a good one, or an outage on the way, still hurts people.
        share if share <= 0.0 && !exposed => Grade::None,
        share if share <= RISK_LIMITS[0] => Grade::Low,
        share if share <= RISK_LIMITS[1] => Grade::Medium,
        _ => Grade::High,
    }
}

fn cost_word(fleet_minutes: f64) -> Grade {
    match fleet_minutes {
        minutes if minutes <= COST_LIMITS[0] => Grade::Low,
        minutes if minutes <= COST_LIMITS[1] => Grade::Medium,
        _ => Grade::High,
    }
}

/// Median of the flights' medians from creation to readiness, over good flights where there are
/// any: the same figure for all strategies.
fn start_to_ready(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Option<f64> {
    let of = |bad: bool| -> Vec<f64> {
        let variants = scenario.release.variants.iter().zip(flights).filter(|(v, _)| v.bad == bad);
        let rows = variants.flat_map(|(_, f)| f.iter().flatten());
        rows.filter_map(|o| o.measures.start_to_ready_s).collect()
    };
    median(of(false)).or_else(|| median(of(true)))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_model::outcome::Verdict;

    #[test]
    fn the_cut_offs_are_those_of_the_rules() {
        let word = |w: f64| rollback_word(true, 0.0, Some(w), Some(10.0)).word();
        assert_eq!(
            [4.9, 5.1, 17.4, 17.6, 300.0, 301.0].map(word),
            ["instant", "fast", "fast", "medium", "medium", "slow"]
        );
        assert_eq!(rollback_word(true, 1.0, Some(1.0), Some(10.0)), Grade::Slow);
        assert_eq!(rollback_word(false, 9.0, None, Some(10.0)), Grade::NotApplicable);
        assert_eq!(rollback_word(true, 0.0, None, Some(10.0)), Grade::Slow);
        assert_eq!(
            [0.003, 0.0031, 0.03, 0.031].map(|s| risk_word(true, s).word()),
            ["low", "medium", "medium", "high"]
        );
        // Whoever hurts somebody is not without risk, though no bad release met a user.
        let unmet = [0.0, 0.0001, 0.14].map(|s| risk_word(false, s).word());
        assert_eq!(unmet, ["none", "low", "high"]);
        assert_eq!(risk_word(true, 0.0).word(), "low", "met, and nobody hurt so far");
        assert_eq!(
            [0.5, 0.6, 6.0, 6.1].map(|m| cost_word(m).word()),
            ["low", "medium", "medium", "high"]
        );
    }

    #[test]
    fn a_median_of_cut_flights_is_cut() {
        assert_eq!(median(vec![1.0, f64::INFINITY]), Some(f64::INFINITY));
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }

    /// A release that stays, and one whose rollback the horizon cut.
    #[test]
    fn no_rollback_ordered_is_not_one_that_was_cut() {
        let flight = |verdict| {
            let measures = windtunnel_model::outcome::Measures {
                users_exposed: Some(5.0),
                ..windtunnel_model::outcome::Measures::default()
            };
            let (stopped_by, differences) = (None, None);
            Outcome {
                replication: 0,
                verdict,
                measures,
                bill: Default::default(),
                stopped_by,
                differences,
                steps: Vec::new(),
                by_human: false,
                work: 1,
            }
        };
        let told = |verdict| {
            let row = rating(PlanId(0), &[], &[&flight(verdict)], Some(10.0), &|_| 0.0);
            (row.rollback.word(), row.full_rollback_s, row.no_rollback())
        };
        assert_eq!(told(Verdict::MissedBad), ("slow", None, "no flight went back"));
        assert_eq!(told(Verdict::RolledBackBad), ("slow", None, "not back within the horizon"));
    }
}

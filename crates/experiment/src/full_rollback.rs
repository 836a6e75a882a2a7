//! How long the rollback takes: W, the median over bad flights that met users and went back.
//!
//! Deliberately absent: the word that follows from it ([`super::rating`]), and the limit that a
//! scenario may set ([`super::delivered`]).

use super::figures::Figure;
use windtunnel_base::moments::median;
use windtunnel_model::outcome::{Outcome, Verdict};
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::interval::Interval;
use windtunnel_stats::mixture::{Stratum, quantile_interval_of_mix};

/// What is known of a strategy's rollback, by the bad flights that met users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// The median in seconds with its interval; infinite where the horizon cut it.
    pub figure: Figure,
    /// Did any of them go back? If none did, each counts as a rollback without end.
    pub went_back: bool,
}

/// Did a flight's release meet a user?
pub fn exposed(outcome: &Outcome) -> bool {
    outcome.measures.users_exposed.unwrap_or(0.0) > 0.0
}

/// Was the release taken back after it had met a user?
pub fn went_back(outcome: &Outcome) -> bool {
    let back = matches!(
        outcome.verdict,
        Verdict::RolledBackBad | Verdict::RolledBackLate | Verdict::NoEvidence
    );
    back && exposed(outcome)
}

/// max(rollback, capacity restored); without end where the horizon cut it.
pub fn seconds(outcome: &Outcome) -> f64 {
    match (outcome.measures.rollback_s, outcome.measures.capacity_restored_s) {
        (Some(rollback), Some(restored)) => rollback.max(restored),
        _ => f64::INFINITY,
    }
}

/// The median with its interval; nothing if no bad flight met a user.
///
/// Every flight counts alike, as in the rating. The interval is that of order statistics, each
/// variant's own combined, so that it holds though variants share their replications.
pub fn typical(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    plan: PlanId,
) -> Option<Typical> {
    let bad = scenario.release.variants.iter().zip(flights).filter(|(variant, _)| variant.bad);
    let rows: Vec<&[Outcome]> = bad.map(|(_, by_plan)| by_plan[plan.0].as_slice()).collect();
    let any_back = rows.iter().any(|rows| rows.iter().any(went_back));
    let of = |rows: &&[Outcome]| {
        let values: Vec<f64> = match any_back {
            true => rows.iter().filter(|row| went_back(row)).map(seconds).collect(),
            false => rows.iter().filter(|row| exposed(row)).map(|_| f64::INFINITY).collect(),
        };
        (!values.is_empty()).then_some(Stratum { weight: values.len() as f64, values })
    };
    let strata: Vec<Stratum> = rows.iter().filter_map(of).collect();
    let all: Vec<f64> = strata.iter().flat_map(|stratum| stratum.values.clone()).collect();
    let n = all.len();
    let value = median(all)?;
    let found = quantile_interval_of_mix(&strata, 0.5, CONFIDENCE)?;
    let interval = Interval { lower: found.lower.max(0.0), ..found };
    Some(Typical { figure: Figure { value, interval, n }, went_back: any_back })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivered::{Kept, kept};
    use crate::results::Limit;
    use windtunnel_model::outcome::Measures;
    use windtunnel_scenario::read::read;

    /// Bad flights, one a rollback in seconds: `None` was never ordered, infinity was cut.
    fn judged(limit: &str, ways: &[Option<f64>]) -> Kept {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             service: {{replicas: 10}}\n  constraints: {{rollbackMax: {limit}}}\n  release: \
             {{variants: [{{name: good, share: 80%}}, {{name: bad, share: 20%, faults: [{{errors: \
             {{rate: 20%}}}}]}}]}}\n  strategies: [rollingUpdate]\n"
        );
        let (scenarios, _) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        let flight = |(at, way): (usize, &Option<f64>)| Outcome {
            replication: at as u32,
            verdict: way.map_or(Verdict::MissedBad, |_| Verdict::RolledBackBad),
            measures: Measures {
                users_exposed: Some(5.0),
                rollback_s: way.filter(|seconds| seconds.is_finite()),
                capacity_restored_s: Some(0.0),
                ..Measures::default()
            },
            bill: Default::default(),
            stopped_by: None,
            differences: None,
            steps: Vec::new(),
            by_human: false,
            work: 1,
        };
        let bad: Vec<Outcome> = ways.iter().enumerate().map(flight).collect();
        kept(&scenarios[0], &[vec![Vec::new()], vec![bad]], PlanId(0))
    }

    fn told(of: &[(Limit, String)]) -> Vec<&str> {
        of.iter().map(|(_, told)| told.as_str()).collect()
    }

    #[test]
    fn a_rollback_is_beyond_its_limit_only_if_that_is_certain() {
        // The medians of all are 70 s or 50 s, the limit is 60 s.
        let wide: Vec<Option<f64>> = (0..8).map(|n| Some(35.0 + 10.0 * f64::from(n))).collect();
        let open = judged("1m", &wide);
        assert_eq!(open.against, []);
        let told_open = ["its rollback takes 70 s [35, 105], the median of 8 flights, at most \
                          60 s allowed"];
        assert_eq!(told(&open.open), told_open);
        assert_eq!(open.open[0].0, Limit::Rollback);
        let narrow = judged("1m", &[Some(70.0); 8]);
        assert_eq!(told(&narrow.against).len(), 1, "{narrow:?}");
        assert_eq!(judged("1m", &[Some(50.0); 8]), Kept::default());
        // Two flights tell no end of a median.
        let few = judged("1m", &[Some(50.0); 2]);
        assert!(few.against.is_empty() && told(&few.open)[0].contains("[0.0, ∞]"), "{few:?}");
    }

    #[test]
    fn a_rollback_without_end_is_beyond_every_limit_once_enough_flights_show_it() {
        let cut = judged("1h", &[Some(f64::INFINITY); 8]);
        assert!(told(&cut.against)[0].contains("does not end within the horizon"), "{cut:?}");
        let none = judged("1h", &[None; 8]);
        assert!(told(&none.against)[0].contains("no bad release was taken back in 8 flights"));
        let two = judged("1h", &[None; 2]);
        assert!(two.against.is_empty() && told(&two.open)[0].contains("in 2 flights"), "{two:?}");
        // Those that went back tell how long it takes, as in the rating.
        let some = judged("1h", &[[Some(5.0); 8], [None; 8]].concat());
        assert_eq!(some, Kept::default());
    }
}

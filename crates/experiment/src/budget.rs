//! What flights cost, and how many of them a fixed amount pays for.
//!
//! A flight costs its requests and a floor: probes, scrapes, controllers and clocks, which run
//! whether anybody asks or not. Measured on the scenarios that come with windtunnel, the floor is
//! about one request a second for each pod (docs/performance.md, "What a flight costs"). The cost
//! decides how often `--quick` flies, so it follows from the scenarios alone; how long flights take
//! is only foretold by it. Deliberately absent: clocks, and who flies.

use super::fly::BATCH;
use std::sync::Arc;
use windtunnel_model::scenario::model::Scenario;

/// What `--quick` spends, in requests, over everything that it flies: some 9 seconds of a
/// processor.
pub const QUICK: f64 = 120e6;

/// Fewest replications that `--quick` flies: an interval takes two.
pub const QUICK_MIN: u32 = 2;

/// Seconds of a processor that a request takes, in a release build (docs/performance.md).
pub const REQUEST_S: f64 = 75e-9;

/// Requests that each second of a pod costs beside those that it serves.
const FLOOR: f64 = 1.0;

/// What one flight of a scenario costs, in requests.
pub fn flight(scenario: &Scenario) -> f64 {
    let pods = f64::from(scenario.service.replicas);
    scenario.expected_requests() + FLOOR * pods * scenario.horizon.as_secs_f64()
}

/// Combinations of strategy and release.
pub fn pairs(scenario: &Scenario) -> u64 {
    scenario.release.variants.len() as u64 * scenario.plans.len() as u64
}

/// Flights of one replication: of every combination, and of the twin.
pub fn flights(scenario: &Scenario) -> u64 {
    pairs(scenario) + 1
}

/// What one replication costs, in requests.
pub fn replication(scenario: &Scenario) -> f64 {
    flights(scenario) as f64 * flight(scenario)
}

/// How many replications `--quick` flies of each scenario: one number for all, so that
/// `--replications` with this number flies the same. One more replication is paid for the flights
/// that are recorded; there is one batch at most.
pub fn quick(scenarios: &[Arc<Scenario>]) -> u32 {
    let one: f64 = scenarios.iter().map(|scenario| replication(scenario)).sum();
    let paid = (QUICK / one.max(1.0)).floor() - 1.0;
    (paid.max(0.0) as u32).clamp(QUICK_MIN, BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::read::read;

    fn scenario(more: &str) -> Arc<Scenario> {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             horizon: 10m\n  service: {{replicas: 4}}\n  \
             traffic: {{arrivals: {{poisson: {{rate: {more}}}}}}}\n  \
             release: {{variants: [{{name: good, share: 80%}}, {{name: bad, share: 20%, faults: \
             [{{errors: {{rate: 10%}}}}]}}]}}\n  strategies: [rollingUpdate, recreate]\n"
        );
        let (scenarios, _) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        Arc::new(scenarios[0].clone())
    }

    #[test]
    fn a_flight_costs_its_requests_and_its_pods_seconds() {
        let scenario = scenario("10/s");
        assert_eq!(flight(&scenario), 6_000.0 + 4.0 * 600.0);
        assert_eq!((pairs(&scenario), flights(&scenario)), (4, 5), "the twin is no pair");
        assert_eq!(replication(&scenario), 5.0 * 8_400.0);
    }

    #[test]
    fn quick_divides_one_budget_over_all_that_is_flown() {
        let one = scenario("2000/s");
        let spent = |count: usize| {
            let all = vec![Arc::clone(&one); count];
            (quick(&all), f64::from(quick(&all) + 1) * replication(&one) * count as f64)
        };
        assert_eq!(quick(&[scenario("1/s")]), BATCH, "a batch is the most");
        let (two, four) = (spent(2), spent(4));
        assert!(two.0 > four.0 && four.0 > QUICK_MIN, "{two:?} {four:?}");
        assert!(two.1 <= QUICK && four.1 <= QUICK, "{two:?} {four:?}");
        assert_eq!(spent(1_000).0, QUICK_MIN);
    }
}

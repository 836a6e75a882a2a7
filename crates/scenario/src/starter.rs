//! The scenario that `windtunnel new` writes: short, commented, valid.
//!
//! It shows what people change first; everything else has a default that `explain` names.

/// The text of a new scenario of this name. Characters that a name cannot carry become dashes.
pub fn starter(name: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(sound).take(63).collect();
    let name = name.trim_matches(['-', '.']);
    let name = if name.is_empty() { "my-service" } else { name };
    TEMPLATE.replace("NAME", name)
}

const TEMPLATE: &str = r#"# NAME: which way of shipping hurts whom, for how long, and at what cost?
# What to look at: users hurt by the release, time to detect, rollback time, cost.
#
# Every field has a default; `windtunnel explain Scenario` lists them all with their sources.
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata:
  name: "NAME"
spec:
  horizon: 60m                        # length of every flight
  objective:
    success: 99%                      # share of requests that must succeed
    slow: 1s                          # an answer later than this is slow

  service:
    replicas: 10
    concurrency: 8                    # requests a pod serves at once
    startup: {lognormal: {median: 8s, p99: 25s}}
    readinessProbe: {period: 5s}
    preStop: 10s                      # longer than the balancers need to learn of the end
    price: $0.05/h                    # of one pod
    routes:
      - name: browse
        share: 80%
        serviceTime: {lognormal: {mean: 40ms, cv: 1}}
        errors: 0.05%                 # that fail without any release
      - name: checkout
        share: 20%
        write: true
        serviceTime: {lognormal: {mean: 90ms, cv: 1.2}}
        errors: 0.1%
        value: $2                     # what one answered request is worth

  traffic:
    users: 20000
    arrivals: {poisson: {rate: 60/s}} # or diurnal, bursts, piecewise, closedLoop, trace

  releasesPerYear: 50
  release:
    at: 5m
    variants:                         # what may be shipped, and how often; `windtunnel list`
      - {name: good, share: 85%}
      - {name: bad, share: 15%, faults: [{errors: {rate: 10%, route: checkout}}]}

  onCall:                             # the human who watches, the same for all strategies
    acknowledge: {lognormal: {median: 3m, p95: 15m}}
    decide: {lognormal: {median: 10m, p95: 60m}}

  strategies:
    - recreate
    - rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}
    - blueGreen: {gate: smokeTest, keepOld: 10m}
    - canary:
        steps: [5%, 10%, 25%, 50%, 100%]
        interval: 1m
        checks:
          - errorRate: {max: 1%}
          - latency: {quantile: 99%, max: 1s}

  expect:                             # what must hold: `windtunnel check` judges by the interval
    - canary · good · verdict promoted-good ≥ 90%
    - canary - rollingUpdate · bad · users_hurt_by_release < 0
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    #[test]
    fn a_new_scenario_is_valid_and_warns_of_nothing() {
        for (name, expected) in
            [("checkout", "checkout"), ("my shop/2", "my-shop-2"), ("", "my-service"), ("7", "7")]
        {
            let (scenarios, warnings) =
                read(&starter(name), "new.yaml").unwrap_or_else(|p| panic!("{p:?}"));
            assert_eq!(scenarios[0].name, expected);
            assert!(warnings.is_empty(), "{warnings:?}");
            assert_eq!(scenarios[0].expect.len(), 2);
            assert!(scenarios[0].head.contains("which way of shipping"));
        }
    }
}

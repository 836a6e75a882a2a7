//! Endpoints of Services and disruption budgets against the controllers' own tests.

use crate::input::Input;
use crate::runner;
use serde_json::{Value, json};
use windtunnel::strategy::disruption::{Budget, Selected};
use windtunnel::world::endpoint::{Conditions, conditions};
use windtunnel::world::routing::{Belief, Pool};

#[test]
fn service_and_pdb() {
    runner::run("kubernetes-service-and-pdb", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    let flag = |key: &str| input.flag(key, false);
    Some(match kind {
        "endpoint_flags" => {
            let found =
                conditions(flag("pod_ready"), flag("pod_deleting"), flag("publish_not_ready"));
            json!({"ready": found.ready, "serving": found.serving,
                "terminating": found.terminating})
        }
        "routable" => {
            let mut belief = Belief::default();
            for (pod, conditions) in endpoints(input).into_iter().enumerate() {
                belief.set_endpoint(Pool::Stable, pod as u32, Some(conditions));
            }
            json!({"cluster": belief.known(Pool::Stable)})
        }
        "disruption_budget" => {
            let least = input.int_or_percent("min_available").map(Budget::MinAvailable);
            let most = input.int_or_percent("max_unavailable").map(Budget::MaxUnavailable);
            let selected = Selected {
                pods: input.count("pods"),
                healthy: input.count("ready_pods"),
                wanted: input.count_at("owner_replicas"),
            };
            let budget = least.or(most).expect("a budget");
            let found = budget.status(&selected).expect("a status");
            json!({"allowed": found.allowed, "healthy": found.healthy,
                "desired_healthy": found.desired_healthy, "expected": found.expected})
        }
        _ => return None,
    })
}

/// Rows of [ready, serving, terminating, local].
fn endpoints(input: Input) -> Vec<Conditions> {
    let list = input.get("endpoints").and_then(Value::as_array);
    let endpoint = |row: &Value| {
        let flag = |at: usize| row[at].as_bool().expect("a switch");
        Conditions { ready: flag(0), serving: flag(1), terminating: flag(2) }
    };
    list.into_iter().flatten().map(endpoint).collect()
}

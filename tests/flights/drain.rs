//! A node's drain: evictions one by one, held back by the budget, and a node that comes back.

use crate::tunnel::{Flown, READY, tunnel, within};

/// 4 pods on 2 nodes; one node is drained at 60 s. A new pod is ready 6 s to 11 s after its
/// creation (start 5 s, probe every 5 s).
fn drained(budget: &str) -> Flown {
    tunnel(&format!(
        "horizon: 10m
        onCall: none
        service: {{replicas: 4, startup: 5s, scheduling: 0s, preStop: 5s, {budget} \
         nodes: {{count: 2, capacity: 6, zones: 1}}, balancer: {{propagation: 100ms}}}}
        traffic: {{users: 5000, arrivals: {{poisson: {{rate: 20/s}}}}}}
        chaos: [{{nodeDrain: {{from: 60s, until: 300s}}}}]
        release: {{at: 9m, variants: [{{name: v}}]}}
        strategies: [none]"
    ))
    .fly()
}

fn fewest(flown: &Flown) -> u32 {
    let samples = flown.recording.samples.iter().filter(|s| s.t_s >= 60.0);
    samples.map(|s| s.pods[0][READY]).min().unwrap_or(0)
}

/// Without a budget both pods of the node go at once.
#[test]
fn without_a_budget_all_pods_of_the_node_go_at_once() {
    let flown = drained("");
    assert_eq!(flown.told("evicted from node").len(), 2, "{}", flown.event_log());
    assert!(flown.told("evicted from node").iter().all(|at| *at == 60.0));
    assert_eq!(fewest(&flown), 2);
}

/// With one pod that may be missing, the second goes when the first is replaced: kubectl asks
/// every 5 s, so within 6 s to 11 s and up to 5 s more.
#[test]
fn a_budget_lets_them_go_one_by_one() {
    let flown = drained("disruptionBudget: {maxUnavailable: 1},");
    let evicted = flown.told("evicted from node");
    assert_eq!(evicted.len(), 2, "{}", flown.event_log());
    within("the second eviction", Some(evicted[1] - evicted[0]), 5.0, 16.0);
    assert_eq!(fewest(&flown), 3);
    let gone = flown.first("drained");
    // The last pod sleeps 5 s in preStop, and is looked for once a second or every 5 s.
    within("drained", Some(gone - evicted[1]), 5.0, 11.0);
    assert_eq!(flown.told("uncordoned"), [300.0]);
    assert_eq!(flown.m().users_hurt_by_release, Some(0.0));
}

/// A budget that allows nothing holds the drain up for ever: the node stays.
#[test]
fn a_budget_of_everything_blocks_the_drain() {
    let flown = drained("disruptionBudget: {minAvailable: 100%},");
    assert!(flown.told("evicted from node").is_empty(), "{}", flown.event_log());
    // Every 5 s from 60 s on, until the fault ends at 300 s.
    assert_eq!(flown.told("disruption budget").len(), 48);
    assert_eq!(fewest(&flown), 4);
}

/// A pod that two budgets cover can't be evicted at all, whatever they allow: kubectl gives up, and
/// the cordoned node keeps its pods.
#[test]
fn two_budgets_on_a_pod_end_the_drain() {
    let flown = drained("disruptionBudgets: [{maxUnavailable: 4}, {minAvailable: 0}],");
    assert!(flown.told("evicted from node").is_empty(), "{}", flown.event_log());
    assert_eq!(flown.told("more than one PodDisruptionBudget"), [60.0]);
    assert_eq!(flown.told("drain of node"), [60.0]);
    assert_eq!(fewest(&flown), 4);
}

/// A budget of the candidate's pods holds nothing back while there are none of them, and two of
/// different fleets don't meet.
#[test]
fn a_budget_covers_the_fleet_that_its_selector_picks() {
    let flown = drained("disruptionBudget: {minAvailable: 100%, covers: candidate},");
    assert_eq!(flown.told("evicted from node").len(), 2, "{}", flown.event_log());
    let both = "disruptionBudgets: [{maxUnavailable: 1, covers: stable}, \
        {minAvailable: 100%, covers: candidate}],";
    let flown = drained(both);
    assert_eq!(flown.told("evicted from node").len(), 2, "{}", flown.event_log());
    assert_eq!(fewest(&flown), 3);
}

/// A rollout that is stuck: 2 of 5 pods crash, and 4 would have to be healthy. By default nothing
/// may go; with AlwaysAllow the pods that are not ready may, and nobody else.
#[test]
fn pods_that_are_not_ready_go_by_policy() {
    let drained = |policy: &str| {
        tunnel(&format!(
            "horizon: 10m
            onCall: none
            service: {{replicas: 4, startup: 5s, scheduling: 0s, \
             disruptionBudget: {{maxUnavailable: 1, {policy}}}, \
             nodes: {{count: 1, capacity: 20, zones: 1}}, balancer: {{propagation: 100ms}}}}
            traffic: {{users: 5000, arrivals: {{poisson: {{rate: 20/s}}}}}}
            chaos: [{{nodeDrain: {{from: 200s, until: 300s}}}}]
            release: {{at: 1m, variants: [{{name: v, faults: [crashOnStart]}}]}}
            strategies: [{{rollingUpdate: {{maxSurge: 1, maxUnavailable: 1}}}}]"
        ))
        .fly()
    };
    let evicted = |flown: &Flown| flown.told("evicted from node").len();
    let held = drained("");
    assert_eq!(evicted(&held), 0, "{}", held.event_log());
    let freed = drained("evictUnhealthy: true");
    assert_eq!(evicted(&freed), 2, "{}", freed.event_log());
    assert!(freed.told("evicted from node").iter().all(|at| *at == 200.0));
}

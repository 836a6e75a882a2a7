//! Nodes: how long a lost one goes unnoticed, and what waits for a new one.

use crate::tunnel::{READY, UNREADY, tunnel, within};
use windtunnel::outcome::Verdict;

/// 6 pods on 3 nodes; one vanishes at 60 s. Its 2 pods are called ready until 100 s (40 s), are
/// replaced at 400 s (300 s more), and the new ones are ready after 2 s + 8 s + up to 5 s.
#[test]
fn a_lost_node_is_noticed_after_40_s_and_replaced_after_300_s_more() {
    let flown = tunnel(
        "horizon: 10m
        objective: {slow: 60s}
        service: {replicas: 6, scheduling: 2s, startup: 8s, nodes: {count: 3, capacity: 5}, \
        balancer: {policy: random, propagation: 1s}, \
        routes: [{name: all, errors: 0%, serviceTime: 10ms}]}
        traffic: {users: 50000, timeout: 5s, arrivals: {poisson: {rate: 60/s}}}
        onCall: none
        chaos: [{nodeLoss: {from: 60s}}]
        release: {at: 9m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    let ready = |count| move |s: &windtunnel::outcome::Sample| s.pods[0][READY] == count;
    within("noticed at", flown.when(61.0, ready(4)), 99.0, 101.0);
    let unready = flown.when(102.0, |s| s.pods[0][UNREADY] == 2);
    within("unready at", unready, 102.0, 102.0);
    within("evicted at", flown.when(102.0, |s| s.pods[0][UNREADY] == 0), 399.0, 401.0);
    within("replaced at", flown.when(401.0, ready(6)), 410.0, 417.0);
    // A third of 60 requests/s goes nowhere for 40 s + 1 s: 820, ± 4 standard deviations.
    within("failed", flown.m().requests_failed, 820.0 - 115.0, 820.0 + 115.0);
    assert_eq!(flown.m().users_hurt_by_release, Some(0.0));
}

fn full_cluster(unavailable: u32) -> crate::tunnel::Flown {
    tunnel(&format!(
        "horizon: 15m
        service: {{replicas: 4, scheduling: 2s, startup: 4s, preStop: 0s, \
        nodes: {{count: 1, capacity: 4, provisioning: 60s}}}}
        traffic: {{arrivals: {{poisson: {{rate: 10/s}}}}}}
        onCall: none
        release: {{at: 60s, variants: [{{name: good}}]}}
        strategies: [{{rollingUpdate: {{maxSurge: 1, maxUnavailable: {unavailable}}}}}]"
    ))
    .fly()
}

/// The node holds 4 pods and all 4 are there: the surge pod waits 10 s for the autoscaler's scan
/// and 60 s for the node, then starts within 2 s + 4 s + 5 s.
#[test]
fn a_surge_that_does_not_fit_waits_for_a_node() {
    let flown = full_cluster(0);
    let ordered = flown.first("a new one is ordered");
    within("ordered at", Some(ordered), 60.0, 60.2);
    let first = flown.when(60.0, |s| s.pods[1][READY] > 0);
    within("first new pod at", first, ordered + 76.0, ordered + 83.0);
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
}

/// Where one pod may be missing, its place is free at once: nobody waits for the node.
#[test]
fn a_pod_that_ends_makes_room_for_one_that_waits() {
    let flown = full_cluster(1);
    let first = flown.when(60.0, |s| s.pods[1][READY] > 0);
    within("first new pod at", first, 66.0, 73.0);
}

/// A zone of three holds a third of the nodes and of the pods.
#[test]
fn a_lost_zone_takes_its_pods() {
    let flown = tunnel(
        "horizon: 4m
        service: {replicas: 9, nodes: {count: 6, capacity: 3, zones: 3}}
        traffic: {arrivals: {poisson: {rate: 20/s}}}
        onCall: none
        chaos: [{zoneLoss: {from: 60s, zone: 1}}]
        release: {at: 3m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    within("ready", flown.when(62.0, |s| s.pods[0][READY] == 6), 99.0, 101.0);
    assert_eq!(flown.told("vanishes").len(), 2);
}

/// A node is lost with 2 of 6 pods, and all pods are killed while nobody has noticed: those of the
/// lost node stay away until they are evicted (after 340 s) and replaced.
#[test]
fn what_is_killed_on_a_lost_node_does_not_come_back() {
    let flown = tunnel(
        "horizon: 10m
        service: {replicas: 6, scheduling: 2s, startup: 8s, livenessProbe: {}, \
        nodes: {count: 3, capacity: 5}, balancer: {propagation: 1s}}
        traffic: {arrivals: {poisson: {rate: 20/s}}}
        onCall: none
        chaos: [{nodeLoss: {from: 60s}}, {podKill: {count: 6, from: 70s}}]
        release: {at: 9m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    let all = flown.when(150.0, |s| s.pods[0][READY] > 4);
    within("all ready again", all, 405.0, 440.0);
}

//! A load balancer outside of the cluster: pods are its targets, with delays of their own.

use crate::tunnel::{Flown, READY, tunnel, within};
use windtunnel::outcome::Verdict;

fn flown(balancer: &str, more: &str) -> Flown {
    tunnel(&format!(
        "horizon: 10m
        objective: {{slow: 60s}}
        service: {{replicas: 2, scheduling: 1s, startup: 2s, preStop: 20s, grace: 60s, \
        readinessProbe: {{period: 1s}}, balancer: {{propagation: 1s, {balancer}}}, \
        routes: [{{name: all, errors: 0%, serviceTime: 10ms}}]{more}}}
        traffic: {{users: 1000, arrivals: {{poisson: {{rate: 20/s}}}}}}
        onCall: none
        release: {{at: 60s, variants: [{{name: good}}]}}
        strategies: [rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}]"
    ))
    .fly()
}

/// Without a gate both pods are replaced within 10 s, and the balancer has no healthy target until
/// the first new one has been one for 35 s: 20/s fail from about 69 s to about 100 s.
#[test]
fn without_a_gate_both_old_targets_leave_before_a_new_one_is_healthy() {
    let hole = flown("registration: {after: 35s}", "");
    assert_eq!(hole.outcome.verdict, Verdict::PromotedGood);
    let ready = hole.when(60.0, |s| s.pods[1][READY] == 2);
    within("both ready at", ready, 66.0, 72.0);
    within("failed", hole.m().requests_failed, 20.0 * 24.0, 20.0 * 34.0);
    // The same without a registration loses nothing.
    assert_eq!(flown("", "").m().requests_failed, Some(0.0));
}

/// With the gate a pod is ready once it is a healthy target: the rollout takes two registrations,
/// and nobody loses anything.
#[test]
fn behind_a_gate_pods_wait_for_the_balancer() {
    let gated = flown("registration: {after: 35s, gate: true}", "");
    assert_eq!(gated.outcome.verdict, Verdict::PromotedGood);
    let ready = gated.when(60.0, |s| s.pods[1][READY] == 2);
    within("both ready at", ready, 60.0 + 2.0 * 38.0, 60.0 + 2.0 * 41.0);
    assert_eq!(gated.told("is a healthy target").len(), 2);
    assert_eq!(gated.m().requests_failed, Some(0.0));
}

/// A target is one as long as its containers are ready: a pod that was restarted registers anew.
#[test]
fn a_target_that_fails_has_to_be_registered_again() {
    let flown = tunnel(
        "horizon: 5m
        objective: {slow: 60s}
        service: {replicas: 2, scheduling: 1s, startup: 2s, readinessProbe: {period: 1s}, \
        balancer: {propagation: 0s, registration: {after: 60s, gate: true}}, \
        routes: [{name: all, errors: 0%, serviceTime: 10ms}]}
        traffic: {users: 1000, arrivals: {poisson: {rate: 20/s}}}
        onCall: none
        chaos: [{podKill: {from: 60s, count: 1}}]
        release: {at: 4m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    let healthy = flown.first("is a healthy target");
    within("healthy again at", Some(healthy), 60.0 + 62.0, 60.0 + 67.0);
}

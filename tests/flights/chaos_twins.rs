//! Chaos that is bound to a phase of a release strikes the twin at the same instants.

use crate::tunnel::tunnel;

/// Every request of the mixed phase fails by the same draw in both flights, so the release is
/// charged with nothing; without an end of the chaos in the twin, users would count as spared.
#[test]
fn chaos_while_versions_mix_ends_in_the_twin_too() {
    let flown = tunnel(
        "horizon: 10m
        objective: {slow: 5s}
        service: {replicas: 6, preStop: 10s, balancer: {propagation: 1s}, \
        routes: [{name: all, errors: 0%}]}
        traffic: {users: 5000, arrivals: {poisson: {rate: 40/s}}}
        release: {at: 1m, variants: [{name: good}]}
        onCall: none
        chaos: [{errors: {rate: 50%, onMixedVersions: true}}]
        strategies: [rollingUpdate]",
    )
    .fly();
    assert!(flown.m().users_hurt > Some(200.0), "chaos was felt: {:?}", flown.m());
    assert_eq!(flown.m().users_hurt_by_release, Some(0.0));
    assert_eq!(flown.m().users_spared, Some(0.0));
}

/// Chaos at half of the rollout, for a minute: 40/s × 60 s × 50 % ± 4 standard deviations (24.5).
#[test]
fn chaos_at_a_share_of_the_rollout_lasts_as_long_as_it_says() {
    let flown = tunnel(
        "horizon: 10m
        objective: {slow: 5s}
        service: {replicas: 6, preStop: 10s, balancer: {propagation: 1s}, \
        routes: [{name: all, errors: 0%}]}
        traffic: {users: 50000, arrivals: {poisson: {rate: 40/s}}}
        release: {at: 1m, variants: [{name: good}]}
        onCall: none
        chaos: [{errors: {rate: 50%, atProgress: 50%, lasts: 60s}}]
        strategies: [blueGreen]",
    )
    .fly();
    crate::tunnel::within("failed", flown.m().requests_failed, 1060.0, 1340.0);
    assert_eq!(flown.m().users_hurt_by_release, Some(0.0));
    assert_eq!(flown.m().users_spared, Some(0.0));
}

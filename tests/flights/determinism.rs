//! Same seed, same rows: whatever the threads, the company, the recorder and the checkers.

use crate::tunnel::tunnel;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{Order, fly, fly_twin};
use windtunnel::experiment::fly::{Campaign, Settings};
use windtunnel::outcome::Outcome;
use windtunnel::scenario::model::Scenario;

const SPEC: &str = "
    horizon: 10m
    service: {replicas: 6, routes: [{name: all, errors: 1%, value: $1, write: true}]}
    traffic: {users: 3000, arrivals: {poisson: {rate: 20/s}}, timeout: 2s, retries: {attempts: 2}}
    release: {at: 1m}
    chaos: [{podKill: {randomly: 20/h}}, {latency: {factor: 3, onMixedVersions: true}}]
    strategies: [recreate, rollingUpdate, blueGreen, {canary: {checks: [errorRate]}}, \
    {abTest: {duration: 5m}}, {shadow: {for: 4m}}]
    replications: {min: 16, max: 48}";

fn scenario() -> Arc<Scenario> {
    Arc::new(tunnel(SPEC).scenario)
}

fn settings() -> Settings {
    let (replications, requests_max) = (None, None);
    Settings { seed: 5, replications, requests_max, checked: false, record: false, export: false }
}

fn campaign(scenario: &Arc<Scenario>, threads: usize) -> Vec<Vec<Vec<Outcome>>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let (settings, stop) = (settings(), AtomicBool::new(false));
    pool.install(|| Campaign::new(scenario, &settings, &stop, &|_, _| {}).fly().flights)
}

#[test]
fn one_thread_and_two_give_the_same_rows() {
    let scenario = scenario();
    assert_eq!(campaign(&scenario, 1), campaign(&scenario, 2));
}

/// Also the number of replications: it is decided from the pair's own rows.
#[test]
fn a_strategy_gives_the_same_rows_alone_and_among_others() {
    let scenario = scenario();
    let among = campaign(&scenario, 2);
    for plan in [0, 3, 4] {
        let mut alone = (*scenario).clone();
        alone.plans = vec![scenario.plans[plan].clone()];
        let alone = campaign(&Arc::new(alone), 2);
        for variant in 0..2 {
            assert_eq!(among[variant][plan], alone[variant][0], "plan {plan}, variant {variant}");
        }
    }
}

#[test]
fn recording_and_checking_change_nothing() {
    let scenario = scenario();
    let plain = Order { seed: 9, ..Order::default() };
    let orders = [
        Order { record: Some(SimDuration::from_secs(7)), ..plain.clone() },
        Order { checked: true, ..plain.clone() },
        Order { record: Some(SimDuration::from_secs(1)), checked: true, ..plain.clone() },
    ];
    let twin = fly_twin(&scenario, &plain);
    for (variant, plan) in (0..2).flat_map(|v| scenario.plans.iter().map(move |p| (v, p))) {
        let (expected, nothing) = fly(&scenario, variant, plan, &plain, &twin);
        assert_eq!(nothing, None);
        for order in &orders {
            let (found, _) = fly(&scenario, variant, plan, order, &fly_twin(&scenario, order));
            assert_eq!(found, expected, "{} {variant} {order:?}", plan.name);
        }
    }
}

/// The other seed is another storm: equality above is not the equality of nothing.
#[test]
fn another_seed_gives_other_rows() {
    let scenario = scenario();
    let row = |seed| fly_twin(&scenario, &Order { seed, ..Order::default() }).outcome;
    assert_ne!(row(1).measures, row(2).measures);
}

//! Same seed, same rows: whatever the threads, the company, the recorder and the checkers.

use crate::tunnel::tunnel;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin, fly_twin_while, fly_while};
use windtunnel::experiment::fly::{Campaign, FlySettings};
use windtunnel::outcome::Outcome;
use windtunnel::scenario::crew::Crew;
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

fn settings() -> FlySettings {
    let (replications, requests_max) = (None, None);
    FlySettings {
        seed: 5,
        replications,
        requests_max,
        decide: false,
        checked: false,
        record: false,
        export: false,
    }
}

fn campaign(scenario: &Arc<Scenario>, threads: usize) -> Vec<Vec<Vec<Outcome>>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let (settings, stop) = (settings(), AtomicBool::new(false));
    pool.install(|| {
        let campaign = Campaign::new(scenario, &settings, &stop, &|_, _| {});
        campaign.expect("sound queries").fly().flights
    })
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

/// How often a flight of 40 minutes at a rate is asked whether to go on, and what comes of it if the
/// `no`-th answer is no; nothing else happens in these flights than requests and one release.
fn asked(rate: u32, no: u32) -> (u32, Option<Outcome>) {
    let spec = format!(
        "
    horizon: 40m
    service: {{replicas: 3, routes: [{{name: all, serviceTime: {{constant: 1ms}}, errors: 1%}}]}}
    traffic: {{users: 3000, arrivals: {{poisson: {{rate: {rate}/s}}}}}}
    onCall: none
    release: {{at: 39m}}
    strategies: [recreate]"
    );
    let scenario = Arc::new(tunnel(&spec).scenario);
    let crew = Crew::bind(&scenario).expect("sound queries");
    let order = FlightSpec { seed: 3, ..FlightSpec::default() };
    let twin = fly_twin(&scenario, &order);
    let asked = std::cell::Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        asked.get() != no
    };
    let flown = fly_while(&crew, (1, 0), &order, &twin, &go_on);
    if let Some((outcome, _)) = &flown {
        assert_eq!(*outcome, fly(&crew, 1, 0, &order, &twin).0, "asking changes nothing");
    }
    assert!(fly_twin_while(&scenario, &order, &|| false).is_none());
    (asked.get(), flown.map(|(outcome, _)| outcome))
}

#[test]
fn a_flight_is_asked_at_events_and_within_long_spells_and_ends_at_a_no() {
    let (seldom, flown) = asked(8, u32::MAX);
    assert!(flown.is_some());
    let (often, flown) = asked(800, u32::MAX);
    assert!(flown.is_some());
    // 1.9 million requests are 29 times 65,536.
    assert!(often >= seldom + 25, "{seldom} times without long spells, {often} with");
    for no in [1, 2, often / 2, often] {
        assert_eq!(asked(800, no), (no, None), "after a no it is asked no more");
    }
}

#[test]
fn recording_and_checking_change_nothing() {
    let scenario = scenario();
    let plain = FlightSpec { seed: 9, ..FlightSpec::default() };
    let orders = [
        FlightSpec { record: Some(SimDuration::from_secs(7)), ..plain.clone() },
        FlightSpec { checked: true, ..plain.clone() },
        FlightSpec { record: Some(SimDuration::from_secs(1)), checked: true, ..plain.clone() },
    ];
    let crew = Crew::bind(&scenario).expect("sound queries");
    let twin = fly_twin(&scenario, &plain);
    for (variant, plan) in (0..2).flat_map(|v| (0..scenario.plans.len()).map(move |p| (v, p))) {
        let (expected, nothing) = fly(&crew, variant, plan, &plain, &twin);
        assert_eq!(nothing, None);
        for order in &orders {
            let (found, _) = fly(&crew, variant, plan, order, &fly_twin(&scenario, order));
            assert_eq!(found, expected, "{plan} {variant} {order:?}");
        }
    }
}

/// The other seed is another storm: equality above is not the equality of nothing.
#[test]
fn another_seed_gives_other_rows() {
    let scenario = scenario();
    let row = |seed| fly_twin(&scenario, &FlightSpec { seed, ..FlightSpec::default() }).outcome;
    assert_ne!(row(1).measures, row(2).measures);
}

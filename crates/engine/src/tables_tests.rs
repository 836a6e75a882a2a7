//! Whatever faults are active, their order, what has ended and a further copy do what they should.

use super::*;
use crate::flight::{Flight, FlightOptions};
use proptest::prelude::*;
use std::sync::Arc;
use windtunnel_base::time::SimDuration;
use windtunnel_model::fault::{ClientScope, Fault, Trigger};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::none;
use windtunnel_scenario::read::read;

/// A service of two zones and two routes.
fn scenario() -> Scenario {
    let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:
  horizon: 10m
  service: {replicas: 3, nodes: {count: 4, zones: 2}, dependency: {capacity: 100/s}, routes: [\
        {name: a, share: 60%, errors: 1%, value: $1}, {name: b, share: 40%}]}
  release: {at: 5m, variants: [{name: good}]}
  strategies: [rollingUpdate]\n";
    read(text, "t").map(|(mut scenarios, _)| scenarios.remove(0)).expect("a scenario")
}

fn share() -> impl Strategy<Value = Share> {
    (1_u32..100).prop_map(|percent| Share::clamped(f64::from(percent) / 100.0))
}

fn requests() -> impl Strategy<Value = FaultEffect> {
    let effect = (share(), 0_u8..3, 1.0..5.0_f64, 0_u64..2_000, prop::option::of(share()));
    let scope = (0_u8..3, prop::option::of(share()), prop::option::of(0_u32..2));
    (effect, scope).prop_map(|((rate, kind, factor, add, above_load), (route, cohort, zone))| {
        let rate = rate.value();
        let mut effect = match kind {
            0 => RequestEffect { errors: rate, ..RequestEffect::default() },
            1 => RequestEffect { wrong: rate, conversion: 1.0 - rate, ..RequestEffect::default() },
            _ => RequestEffect { hang: rate, cpu: factor, ..RequestEffect::default() },
        };
        if kind == 0 {
            effect.above_load = above_load;
            (effect.factor, effect.add) = (factor, SimDuration::from_millis(add));
        }
        let route = ["a", "b"].get(usize::from(route)).map(ToString::to_string);
        FaultEffect::Request(
            effect,
            RequestScope { route, cohort, pods: PodScope { share: None, zone } },
        )
    })
}

/// Any effect that harms and lasts.
fn effect() -> impl Strategy<Value = FaultEffect> {
    let pod = |effect| FaultEffect::Pod(effect, PodScope::default());
    let client = |effect, cohort| FaultEffect::Client(effect, ClientScope { cohort });
    prop_oneof![
        4 => requests(),
        1 => share().prop_map(move |s| pod(PodEffect::CrashOnStart(s))),
        1 => (1_u64..1_000).prop_map(move |n| pod(PodEffect::CrashAfterRequests(n))),
        1 => (1.0..9.0_f64).prop_map(move |f| pod(PodEffect::SlowStart(f))),
        1 => Just(pod(PodEffect::ProbeLies)),
        1 => Just(pod(PodEffect::Freeze)),
        1 => share().prop_map(|s| FaultEffect::Infra(InfraEffect::DependencyErrors(s))),
        1 => (1.0..50.0_f64).prop_map(|f| FaultEffect::Infra(InfraEffect::PropagationLag(f))),
        1 => Just(FaultEffect::Infra(InfraEffect::MetricGap)),
        1 => (1_u8..9, prop::option::of(share()))
            .prop_map(move |(n, cohort)| client(ClientEffect::Retries(n), cohort)),
        1 => (share(), any::<bool>(), prop::option::of(share())).prop_map(move |(s, a, cohort)| {
            client(ClientEffect::RouteMix(s, if a { "a" } else { "b" }.into()), cohort)
        }),
        1 => share().prop_map(|s| FaultEffect::Data(DataEffect::UnreadableForOld(s))),
        1 => share().prop_map(|s| FaultEffect::Data(DataEffect::Migrated(s))),
    ]
}

fn fault(effect: FaultEffect) -> Fault {
    Fault { name: "tried", effect, trigger: Trigger::OnRollback }
}

/// An effect and its steps by load.
type Row = (Effect, Vec<LoadStep>);

/// Everything that faults make of the world, for an old and a new pod in either zone.
#[derive(Debug, PartialEq)]
struct Made {
    shared: Shared,
    pods: Vec<(Life, Vec<Row>)>,
}

/// What these faults make of it while all of them are active, the even ones being chaos.
fn made(effects: &[(usize, FaultEffect)], cohorts: &[u32]) -> Made {
    let scenario = scenario();
    let state = |(number, effect): &(usize, FaultEffect)| {
        let fault = fault(effect.clone());
        let state = FaultState::new(&scenario, &fault, number % 2 == 1);
        let mut state = state;
        (state.active, state.migrated) = (true, true);
        state
    };
    let faults: Vec<FaultState> = effects.iter().map(state).collect();
    let streams = Streams::new(1, 0);
    let acting = Acting { faults: &faults, service: &scenario.service, cohorts, streams };
    let shared = Arc::new(scenario.clone());
    let pilot = none::pilot(&shared.service.names);
    let flight = Flight::new(&shared, None, &pilot, streams, FlightOptions::default());
    let version =
        |version| flight.cluster.pods()[..2].iter().map(move |p| Pod { version, ..p.clone() });
    let pods = version(Version::Old).chain(version(Version::New));
    let pods = pods.map(|pod| (acting.life(&pod), acting.rows(&pod))).collect();
    Made { shared: acting.shared(), pods }
}

fn cohorts(effects: &[(usize, FaultEffect)]) -> Vec<u32> {
    let of = |(_, effect): &(usize, FaultEffect)| fault(effect.clone()).cohort();
    let mut ends: Vec<u32> = effects.iter().filter_map(of).map(|s| threshold(s.value())).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// Is `more` nowhere better for anybody than `less`?
fn at_least_as_bad(more: &Made, less: &Made) {
    let (a, b) = (&more.shared, &less.shared);
    assert!(a.unreadable >= b.unreadable && a.migrated >= b.migrated);
    assert!(a.dependency_down >= b.dependency_down && a.switches.lag >= b.switches.lag);
    assert!(a.switches.scrapes_fail >= b.switches.scrapes_fail);
    for (class, before) in b.clients.iter().enumerate() {
        let after = &a.clients[class];
        assert!(after.extra_attempts >= before.extra_attempts);
        let taken = |change: &ClientChange| change.reroutes.last().map(|(below, _)| *below);
        assert!(taken(after) >= taken(before), "{after:?} {before:?}");
    }
    for ((life, rows), (life_before, rows_before)) in more.pods.iter().zip(&less.pods) {
        assert!(life.startup >= life_before.startup && life.leak >= life_before.leak);
        assert!(life.crash_on_start >= life_before.crash_on_start);
        assert!(life.lies >= life_before.lies && life.frozen >= life_before.frozen);
        // A process that never answers gives no wrong answer either.
        let compared = if life.frozen { 0 } else { rows.len() };
        for ((row, ladder), (before, less)) in rows.iter().zip(rows_before).take(compared) {
            let harm = |e: &Effect| [e.chaos, e.defect, e.wrong, e.hang];
            assert!(harm(row).iter().zip(harm(before)).all(|(a, b)| *a >= b), "{row:?} {before:?}");
            assert!(row.cpu >= before.cpu && row.conversion <= before.conversion);
            for load in 0..50 {
                let (step, before) = (at(load, row, ladder), at(load, before, less));
                assert!(step.errors >= before.errors && step.factor >= before.factor);
                assert!(step.add_us >= before.add_us);
            }
        }
    }
}

/// What a row is like under a load, read from its ladder.
fn at(load: u32, row: &Effect, ladder: &[LoadStep]) -> LoadStep {
    let unloaded =
        LoadStep { above: 0, errors: row.defect, factor: row.factor, add_us: row.add_us };
    ladder.iter().rfind(|step| load > step.above).copied().unwrap_or(unloaded)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn their_order_does_not_matter(
        effects in prop::collection::vec(effect(), 2..7),
        turn in any::<prop::sample::Index>(),
    ) {
        let effects: Vec<_> = effects.into_iter().enumerate().collect();
        let ends = cohorts(&effects);
        let mut turned = effects.clone();
        turned.rotate_left(turn.index(effects.len()));
        prop_assert_eq!(made(&effects, &ends), made(&turned, &ends));
        turned.reverse();
        prop_assert_eq!(made(&effects, &ends), made(&turned, &ends));
    }

    #[test]
    fn a_copy_beside_it_is_at_least_as_bad(
        effects in prop::collection::vec(effect(), 1..5),
        which in any::<prop::sample::Index>(),
    ) {
        let effects: Vec<_> = effects.into_iter().enumerate().collect();
        let ends = cohorts(&effects);
        let less = made(&effects, &ends);
        let mut more = effects.clone();
        more.push(effects[which.index(effects.len())].clone());
        at_least_as_bad(&made(&more, &ends), &less);
        // The first fault alone is no worse than all of them, nor is none at all.
        at_least_as_bad(&less, &made(&effects[..1], &ends));
        at_least_as_bad(&less, &made(&[], &ends));
    }

    /// In a flight: begin and end in any order; what is left are the tables of a calm day.
    #[test]
    fn what_ends_restores_what_was(
        effects in prop::collection::vec(effect(), 1..5),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 1..30),
    ) {
        let mut scenario = scenario();
        let lasting = |e: &FaultEffect| !matches!(e, FaultEffect::Data(DataEffect::Migrated(_)));
        scenario.chaos = effects.into_iter().filter(lasting).map(fault).collect();
        let (pilot, scenario) = (none::pilot(&scenario.service.names), Arc::new(scenario));
        let (streams, options) = (Streams::new(1, 0), FlightOptions::default());
        let mut flight = Flight::new(&scenario, Some(0), &pilot, streams, options);
        let state = |flight: &Flight| {
            let tables = flight.data_plane.tables();
            let shared = (tables.unreadable, tables.dependency_down, tables.clients.clone());
            (tables.rows.clone(), shared, flight.faults.switches())
        };
        let calm = state(&flight);
        let count = flight.faults.count();
        for turn in turns.iter().filter(|_| count > 0) {
            let index = turn.index(count);
            let begins = !flight.faults.is_active(index);
            flight.fault(index, begins);
            flight.faults.check_tables(&flight.ctx, &flight.data_plane, flight.cluster.pods());
        }
        (0..count).for_each(|index| flight.fault(index, false));
        prop_assert_eq!(calm, state(&flight));
    }
}

/// Two faults that need a busy pod, one busier than the other: each acts from its own load on.
#[test]
fn every_load_limit_counts() {
    let loaded = |errors: f64, above: f64| {
        let above_load = Some(Share::clamped(above));
        let effect = RequestEffect { errors, above_load, ..RequestEffect::default() };
        (1, FaultEffect::Request(effect, RequestScope::default()))
    };
    let made = made(&[loaded(0.5, 0.9), loaded(0.1, 0.5)], &[]);
    let slots = f64::from(scenario().service.pod.concurrency);
    let (row, ladder) = &made.pods[2].1[2];
    let above = |share: f64| (slots * share).ceil() as u32 - 1;
    assert_eq!(ladder.iter().map(|s| s.above).collect::<Vec<_>>(), [above(0.5), above(0.9)]);
    assert_eq!(row.load_limit, above(0.5));
    let share = |below: u32| f64::from(below) / 4_294_967_296.0;
    // Base errors of 1 %, then a tenth, then half of what is left.
    assert!((share(ladder[0].errors) - (1.0 - 0.99 * 0.9)).abs() < 1e-9);
    assert!((share(ladder[1].errors) - (1.0 - 0.99 * 0.9 * 0.5)).abs() < 1e-9);
}

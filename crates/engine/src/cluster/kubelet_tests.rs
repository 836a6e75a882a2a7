//! Pods in flight: what their probes report, by recorded facts of the kubelet, and what outlives a
//! container.

use super::*;
use crate::cluster::probes::LIVENESS;
use crate::event::Event;
use crate::flight::{Flight, FlightOptions};
use std::sync::Arc;
use windtunnel_base::random::Streams;
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::world::probe::ProbeState;
use windtunnel_scenario::read::read;

const FACTS: &str = include_str!("../../../../tests/data/oracles/kubernetes-probe-situations.json");

/// A flight at its first second, of two pods with all three probes; nothing is planned.
fn flight() -> Flight {
    let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: a}\nspec:
  service:
    replicas: 2
    readinessProbe: {}
    livenessProbe: {}
    startupProbe: {}\n";
    let scenario = read(text, "a").map(|(mut all, _)| all.remove(0)).expect("a scenario");
    let scenario = Arc::new(scenario);
    let crew = Crew::bind(&scenario).expect("sound");
    let (streams, options) = (Streams::new(1, 0), FlightOptions::default());
    let mut flight = Flight::new(&scenario, Some(0), &crew.pilots[0], streams, options);
    flight.ctx.clear();
    flight.ctx.now = SimTime::from_secs_f64(1.0);
    flight
}

/// Whether a pod is reported ready, and whether the worker of a kind lives on.
fn told(flight: &Flight, kind: usize) -> (bool, bool) {
    let pod = &flight.cluster.pods()[0];
    (pod.ready, pod.exists() && (pod.probes[kind].is_some() || pod.idle[kind].is_some()))
}

/// What the kubelet does with a probe in each situation, the flight does with its pod. Of states a
/// flight reports readiness: a liveness probe that fails while no container runs has no effect.
#[test]
fn situations_are_those_of_the_kubelet() {
    let facts: serde_json::Value = serde_json::from_str(FACTS).expect("JSON");
    let cases = facts["cases"].as_array().expect("cases");
    assert!(cases.len() >= 5);
    for case in cases {
        let (input, expected) = (&case["input"], &case["expect"]);
        let kind = ["readiness", "liveness", "startup"].iter().position(|k| input["probe"] == *k);
        let kind = kind.expect("a probe");
        let mut flight = flight();
        match input["situation"].as_str().expect("a situation") {
            "container waiting" => {
                flight.cluster(|cluster, by| cluster.crash(0, by));
                flight.cluster(|cluster, by| cluster.crash_noticed(0, by));
            }
            "pod being deleted, container running, attempt would succeed" => {
                flight.cluster(|cluster, by| cluster.delete_pod(0, by));
                flight.ctx.now = SimTime::from_secs_f64(20.0);
                flight.cluster(|cluster, by| cluster.condition(0, true, by));
            }
            "pod phase Failed" => flight.cluster(|cluster, by| cluster.ends(0, by)),
            other => panic!("{other}"),
        }
        let (ready, continues) = told(&flight, kind);
        assert_eq!(expected["continues"], continues, "{case}");
        if kind == READINESS && !expected["state"].is_null() {
            assert_eq!(expected["state"], if ready { "success" } else { "failure" }, "{case}");
        }
    }
}

/// Two failed attempts before a crash count after it (k/k `worker.go`: a new container resets the
/// state, not the run of outcomes), so that one more kills the next container.
#[test]
fn the_run_of_outcomes_outlives_a_container() {
    let mut flight = flight();
    let at = |secs| SimTime::from_secs_f64(secs);
    flight.cluster(|cluster, by| cluster.condition(0, false, by));
    flight.ctx.now = at(25.0);
    flight.cluster(|cluster, by| cluster.crash(0, by));
    flight.ctx.now = at(26.0);
    flight.cluster(|cluster, by| cluster.crash_noticed(0, by));
    flight.cluster(|cluster, by| cluster.container_starts(0, by));
    flight.cluster(|cluster, by| cluster.startup_done(0, by));
    let pod = &flight.cluster.pods()[0];
    let liveness = pod.probes[LIVENESS].as_ref().expect("a liveness probe");
    assert_eq!(liveness.worker.state(), ProbeState::Success, "of the new container");
    let flip =
        liveness.worker.next_flip(pod.admitted, pod.container_started, liveness.fed_until, false);
    assert_eq!(flip, Some(at(30.0)));
}

/// A container that boots is asked to go as one that serves is: preStop runs, then SIGTERM comes.
#[test]
fn a_booting_pod_gets_its_pre_stop() {
    let mut flight = flight();
    let pre_stop = flight.ctx.scenario.service.pod.pre_stop;
    assert!(pre_stop > SimDuration::ZERO);
    flight.cluster(|cluster, by| {
        let pod = cluster.create_pod(0, by);
        cluster.assign_node(pod, by);
        cluster.container_starts(pod, by);
        by.ctx.clear();
        cluster.delete_pod(pod, by);
        assert!(cluster.pods()[pod as usize].exists());
    });
    let first = std::iter::from_fn(|| flight.ctx.take())
        .find(|(_, event)| matches!(event, Event::Pod { step: PodStep::Terminates, .. }));
    assert_eq!(first.map(|(at, _)| at), Some(flight.ctx.now + pre_stop));
}

//! Probe counting and crash-loop back-off against the kubelet's and client-go's own tests.

use crate::input::{Input, now};
use crate::runner;
use serde_json::{Value, json};
use windtunnel::base::time::{SimDuration, SimTime};
use windtunnel::world::backoff::{BackoffState, CrashBackoff};
use windtunnel::world::probe::{ProbeKind, ProbeSettings, ProbeState, ProbeWorker};

#[test]
fn probes_and_backoff() {
    runner::run("kubernetes-probes-and-backoff", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    Some(match kind {
        "probe_run" => json!(probe_run(input)),
        "probe_delay" => {
            let (started, mut worker) = (now().saturating_sub(age(input)), worker(input));
            worker.advance(started, started, now(), now() + SimDuration::from_nanos(1), true);
            json!(word(worker.state()))
        }
        "backoff_series" => {
            let (settings, mut state, mut at) = (backoff(input), BackoffState::default(), now());
            let mut delays = Vec::new();
            for _ in 0..input.count("steps") {
                at += settings.initial;
                delays.push(state.delay(&settings, at).as_secs_f64());
                state.restart(&settings, at, at);
            }
            json!(delays)
        }
        "backoff_expiry" => {
            let (settings, mut state) = (backoff(input), BackoffState::default());
            let at_max = input.flag("at_max", false);
            state.restart(&settings, now(), now());
            while at_max && state.delay(&settings, now()) < settings.max {
                state.restart(&settings, now(), now());
            }
            let later = now() + input.secs("idle_s").unwrap_or_default();
            let delay = state.delay(&settings, later).as_secs_f64();
            let in_backoff = later < now() + state.delay(&settings, now());
            json!({"delay_s": delay, "in_backoff": in_backoff})
        }
        _ => return None,
    })
}

fn backoff(input: Input) -> CrashBackoff {
    let secs = |key| input.secs(key).expect("a delay");
    let (initial, max) = (secs("initial_s"), secs("max_s"));
    // client-go's own: forgotten after twice the maximum.
    CrashBackoff { initial: initial.min(max), max, reset_after: max * 2 }
}

fn age(input: Input) -> SimDuration {
    input.secs("since_start_s").unwrap_or_default()
}

/// Thresholds are 1 unless given, as in the kubelet's tests.
fn worker(input: Input) -> ProbeWorker {
    let kind = match input.text("probe") {
        "readiness" => ProbeKind::Readiness,
        "liveness" => ProbeKind::Liveness,
        "startup" => ProbeKind::Startup,
        other => panic!("probe {other}"),
    };
    let settings = ProbeSettings {
        initial_delay: input.secs("initial_delay_s").unwrap_or_default(),
        success_threshold: input.count_at("success_threshold").unwrap_or(1),
        failure_threshold: input.count_at("failure_threshold").unwrap_or(1),
        ..ProbeSettings::default()
    };
    let worker = ProbeWorker::new(kind, settings);
    let states = [ProbeState::Success, ProbeState::Failure, ProbeState::Unknown];
    let given = [input.text("initial"), input.text("initial_state")];
    match states.into_iter().find(|state| given.contains(&word(*state))) {
        Some(state) => worker.starting_as(state),
        None => worker,
    }
}

fn probe_run(input: Input) -> Vec<&'static str> {
    let outcomes = input.words("outcomes");
    let mut worker = worker(input);
    if outcomes.contains(&"started") {
        worker = worker.behind_startup_probe();
    }
    let (mut states, mut at) = (Vec::new(), SimTime::ZERO);
    for outcome in outcomes {
        match outcome {
            "S" | "F" => {
                let next = at + ProbeSettings::default().period;
                worker.advance(SimTime::ZERO, SimTime::ZERO, at, next, outcome == "S");
                states.push(word(worker.state()));
                at = next;
            }
            "new" => worker.container_replaced(),
            "started" => worker.startup_finished(),
            other => panic!("outcome {other}"),
        }
    }
    states
}

fn word(state: ProbeState) -> &'static str {
    match state {
        ProbeState::Success => "success",
        ProbeState::Failure => "failure",
        ProbeState::Unknown => "unknown",
    }
}

/// The same questions through the calculator that spares the engine single attempts.
#[test]
fn the_calculator_tells_the_same() {
    let settings =
        ProbeSettings { initial_delay: SimDuration::from_secs(10), ..Default::default() };
    let mut worker = ProbeWorker::new(ProbeKind::Readiness, settings);
    let start = SimTime::ZERO;
    assert_eq!(worker.next_flip(start, start, start, true), Some(SimTime::from_secs_f64(10.0)));
    worker.advance(start, start, start, SimTime::from_secs_f64(10.0), true);
    assert_eq!(worker.state(), ProbeState::Failure);
}

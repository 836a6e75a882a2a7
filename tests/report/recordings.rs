//! Made-up recordings: how traffic and pods of each kind of strategy look over an hour.

use crate::fixture::{Fate, wobble};
use windtunnel::base::time::SimTime;
use windtunnel::outcome::{Event, Recording, Sample};

const RELEASE_S: f64 = 300.0;
const STEP_S: f64 = 10.0;

/// One flight of a kind of strategy; with a bad release it goes back once that is found.
pub fn recording(fate: &Fate, bad: bool) -> Recording {
    let back_s = match (bad, fate.detected) {
        (true, Some(after)) => Some(RELEASE_S + 30.0 + after),
        _ => None,
    };
    let state = |t: f64| flown_back(fate, t, back_s);
    // What users met in an interval follows from the state at its beginning.
    let samples = (1..=360).map(|step| {
        let end = f64::from(step) * STEP_S;
        sample(step, bad, state(end - STEP_S), state(end))
    });
    Recording {
        samples: samples.collect(),
        events: events(fate, bad, back_s, &state),
        interval_s: STEP_S,
        telemetry: None,
    }
}

type State = (f64, [[u32; 4]; 2]);

fn sample(step: u32, bad: bool, before: State, (weight_new, pods): State) -> Sample {
    let requests = (600.0 + 40.0 * wobble(step, 0)) as u64;
    let dead = before.1[0][1] + before.1[1][1] == 0;
    let errors = if bad { 0.02 * before.0 } else { 0.0 } + 0.001 * (1.0 + wobble(step, 1));
    Sample {
        t_s: f64::from(step) * STEP_S,
        requests,
        failed: if dead { requests } else { (requests as f64 * errors) as u64 },
        slow: u64::from(step.is_multiple_of(17)),
        p99_ms: (!dead).then(|| 180.0 + 30.0 * wobble(step, 2)),
        weight_new,
        pods,
    }
}

/// On the way out, or on the rollback as the mirror image of it.
fn flown_back(fate: &Fate, t: f64, back_s: Option<f64>) -> State {
    let Some(back_s) = back_s.filter(|back_s| t > *back_s) else {
        return outward(fate.kind, t - RELEASE_S);
    };
    let (weight, _) = outward(fate.kind, back_s - RELEASE_S);
    let progress = ((t - back_s) / fate.full_rollback.unwrap_or(30.0)).min(1.0);
    let new = (10.0 * weight * (1.0 - progress)).round() as u32;
    if fate.kind == "recreate" {
        let (share, [old, new]) = outward(fate.kind, t - back_s);
        return (1.0 - share, [new, old]);
    }
    (weight * (1.0 - progress), [[0, 10 - new, 0, 0], [0, new, 0, u32::from(new > 0)]])
}

fn outward(kind: &str, t: f64) -> State {
    const ALL_OLD: State = (0.0, [[0, 10, 0, 0], [0; 4]]);
    if t < 0.0 {
        return ALL_OLD;
    }
    match kind {
        "recreate" if t < 15.0 => (0.0, [[0, 0, 0, 10], [0; 4]]),
        "recreate" if t < 40.0 => (0.0, [[0; 4], [10, 0, 0, 0]]),
        "rollingUpdate" => {
            let done = ((t / 12.0) as u32 * 2).min(10);
            let (coming, going) = (2.min(10 - done), 2.min(done));
            let weight = f64::from(done) / 10.0;
            let going = if done < 10 { going } else { 0 };
            (weight, [[0, 10 - done, 0, going], [coming, done, 0, 0]])
        }
        "blueGreen" if t < 20.0 => (0.0, [[0, 10, 0, 0], [10, 0, 0, 0]]),
        "blueGreen" if t < 2420.0 => (1.0, [[0, 10, 0, 0], [0, 10, 0, 0]]),
        "canary" => {
            let steps = [(300.0, 1.0), (240.0, 0.5), (180.0, 0.25), (120.0, 0.1), (20.0, 0.05)];
            let weight = steps.iter().find(|(at, _)| t >= *at).map_or(0.0, |(_, w)| *w);
            let new = (weight * 10.0_f64).ceil() as u32;
            let starting = u32::from(t < 20.0);
            let old = if weight < 1.0 { 10 } else { 0 };
            (weight, [[0, old, 0, 0], [starting, new, 0, 0]])
        }
        "abTest" if t < 20.0 => (0.0, [[0, 10, 0, 0], [5, 0, 0, 0]]),
        "abTest" if t < 1800.0 => (0.5, [[0, 10, 0, 0], [0, 5, 0, 0]]),
        "shadow" if t < 20.0 => (0.0, [[0, 10, 0, 0], [10, 0, 0, 0]]),
        "shadow" if t < 920.0 => (0.0, [[0, 10, 0, 0], [0, 10, 0, 0]]),
        "shadow" => ALL_OLD,
        _ => (1.0, [[0; 4], [0, 10, 0, 0]]),
    }
}

fn events(fate: &Fate, bad: bool, back_s: Option<f64>, state: &dyn Fn(f64) -> State) -> Vec<Event> {
    let mut told = vec![(RELEASE_S, "release", "the release begins".to_string())];
    if fate.kind == "canary" {
        let text = "error rate 0.4 % of 96 requests, bound 1 %: passed";
        told.push((380.0, "check", text.to_string()));
    }
    match back_s {
        Some(back_s) if fate.kind == "canary" || fate.kind == "abTest" => {
            let text = "error rate 2.1 % of 412 requests exceeds 1 % for the second time in a row";
            told.push((back_s - 1.0, "check", text.to_string()));
            told.push((back_s, "decision", "rollback: weight 0 %, delete the canary".to_string()));
        }
        Some(back_s) => {
            let text = "alert: success 97.9 % over 5m and 97.8 % over 1m, objective 99 %";
            told.push((back_s - 300.0, "human", text.to_string()));
            told.push((back_s, "human", "orders the rollback".to_string()));
        }
        None if bad && fate.kind == "shadow" => {
            let text = "80 of 4000 statuses differ, noise 2 of 4000: not to be shipped";
            told.push((1220.0, "decision", text.to_string()));
        }
        None => told.push((760.0, "decision", "promote: the new version stays".to_string())),
    }
    told.into_iter()
        .map(|(at, kind, text)| {
            let (weight_new, pods) = state(at);
            let counts = pods.iter().flatten();
            let strip = counts.zip("sruxSRUX".chars()).flat_map(|(n, c)| vec![c; *n as usize]);
            Event { at: SimTime::from_secs_f64(at), kind, text, strip: strip.collect(), weight_new }
        })
        .collect()
}

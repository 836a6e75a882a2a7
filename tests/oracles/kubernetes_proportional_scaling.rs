//! A changed number of replicas in the middle of a rollout, against the controller's own tests.

use crate::input::Input;
use crate::runner;
use serde_json::{Map, Value, json};
use windtunnel::strategy::deployment::proportional::{self, ScaleAim};
use windtunnel::strategy::deployment::set::{Noted, SetState, Target};

#[test]
fn proportional_scaling() {
    runner::run("kubernetes-proportional-scaling", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    Some(match kind {
        "scale_mid_rollout" => scale_mid_rollout(input),
        "set_share" => {
            let size = input.count("set_replicas");
            let set = SetState { size, noted: noted(input), ..SetState::default() };
            json!(proportional::share(&aim(input), &set))
        }
        _ => return None,
    })
}

fn scale_mid_rollout(input: Input) -> Value {
    let mut names = Vec::new();
    let mut sets = Vec::new();
    let newest = input.part("newest").into_iter().map(|part| (true, part));
    for (is_new, part) in newest.chain(input.parts("old").into_iter().map(|part| (false, part))) {
        let by_name = || input.part("available").map_or(0, |all| all.count(part.text("name")));
        let rank = part.count_at("age_rank").unwrap_or(if is_new { 1 } else { 2 });
        sets.push(SetState {
            id: names.len() as u32,
            size: part.count("size"),
            available: part.count_at("available").unwrap_or_else(by_name),
            created: u64::from(u32::MAX - rank),
            is_new,
            noted: noted(part),
            ..SetState::default()
        });
        names.push(part.text("name"));
    }
    let mut sizes: Vec<u32> = sets.iter().map(|set| set.size).collect();
    for change in proportional::scale(&aim(input), &sets) {
        let Target::Set(id) = change.target else { panic!("scaling creates nothing") };
        sizes[id as usize] = change.to;
    }
    let named = names.into_iter().zip(sizes).map(|(name, size)| (name.to_string(), json!(size)));
    Value::Object(named.collect::<Map<_, _>>())
}

/// A missing maximum is noted as 0 and a missing size as one that no Deployment has: neither is
/// believed.
fn noted(part: Input) -> Option<Noted> {
    let (desired, max) = (part.count_at("recorded_replicas"), part.count_at("recorded_max"));
    (desired.is_some() || max.is_some())
        .then(|| Noted { desired: desired.unwrap_or(u32::MAX), max: max.unwrap_or(0) })
}

fn aim(input: Input) -> ScaleAim {
    ScaleAim {
        replicas: input.count("replicas"),
        bounds: input.bounds().expect("bounds resolve"),
        replacement: input.replacement(),
        status_replicas: input.count("status_replicas"),
    }
}

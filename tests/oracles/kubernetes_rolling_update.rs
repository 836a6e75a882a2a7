//! RollingUpdate and Recreate steps against the controller's own tests and worked examples.

use crate::input::{Input, phase};
use crate::runner;
use serde_json::{Value, json};
use windtunnel::strategy::deployment::recreate;
use windtunnel::strategy::deployment::rolling::{self, Aim};
use windtunnel::strategy::deployment::set::{SetState, SizeChange, Target};

#[test]
fn rolling_update() {
    runner::run("kubernetes-rolling-update", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    Some(match kind {
        "new_set_size" => {
            let (size, others) = (input.count("new_replicas"), input.count("other_replicas"));
            json!(rolling::new_set_size(input.replacement(), &aim(input), size, others.into()))
        }
        "step_new" => {
            let mut new = set(0, input.count("new_replicas"), 0);
            let others = input.counts("old_replicas").iter().copied().map(i64::from).sum();
            let change = rolling::reconcile_new(&aim(input), &new, others);
            new.size = change.map_or(new.size, |change| change.to);
            json!({"new_replicas": new.size, "scaled": change.is_some()})
        }
        "step_old" => {
            let new = set(0, input.count("new_replicas"), input.count("new_available"));
            let mut old = old_sets(input, "old_available");
            let changes = rolling::reconcile_old(&aim(input), &new, &old);
            apply(&mut old, &changes);
            after(input, &old, &changes)
        }
        "remove_unhealthy" => {
            let limit = input.number("limit").unwrap_or(i64::MAX);
            let (changes, _) =
                rolling::remove_unhealthy(&mut old_sets(input, "old_available"), limit);
            json!(-changes.iter().map(SizeChange::delta).sum::<i64>())
        }
        "shrink_old" => {
            let available: i64 = input.counts("available").iter().copied().map(i64::from).sum();
            let aim = aim(input);
            let keep = aim.bounds.min_available(input.replacement(), aim.replicas);
            let mut old = old_sets(input, "available");
            let changes = rolling::shrink(&mut old, available, keep.into());
            after(input, &old, &changes)
        }
        "scale_sequence" => json!(scale_sequence(&aim(input))),
        "recreate_blocked" => {
            let sets = input.parts("old_sets");
            let reported = |part: &Input| part.count("status_replicas");
            let set = |part| SetState { replicas: reported(part), ..SetState::default() };
            let old: Vec<SetState> = sets.iter().map(set).collect();
            let phases: Vec<_> = input.words("old_pod_phases").into_iter().map(phase).collect();
            json!(recreate::old_pods_run(&old, &phases))
        }
        _ => return None,
    })
}

fn aim(input: Input) -> Aim {
    let bounds = input.bounds().expect("bounds resolve");
    Aim { replicas: input.count("replicas"), bounds }
}

fn set(id: u32, size: u32, available: u32) -> SetState {
    let created = u64::from(id);
    SetState { id, size, available, created, is_new: id == 0, ..SetState::default() }
}

fn old_sets(input: Input, available: &str) -> Vec<SetState> {
    let available = input.counts(available);
    let of = |(at, size)| set(at as u32 + 1, size, available.get(at).copied().unwrap_or(0));
    input.counts("old_replicas").into_iter().enumerate().map(of).collect()
}

/// The sizes of old sets after a step, one or a list of them as they were given.
fn after(input: Input, old: &[SetState], changes: &[SizeChange]) -> Value {
    let sizes: Vec<u32> = old.iter().map(|set| set.size).collect();
    let sizes = match input.get("old_replicas") {
        Some(Value::Array(_)) => json!(sizes),
        _ => json!(sizes[0]),
    };
    json!({"old_replicas": sizes, "old_sizes": sizes, "scaled": !changes.is_empty()})
}

/// A whole rollout in which every change takes full effect before the next sync.
fn scale_sequence(aim: &Aim) -> Vec<(&'static str, i64)> {
    let mut sets = vec![set(1, aim.replicas, aim.replicas)];
    let mut sequence = Vec::new();
    loop {
        let changes = rolling::reconcile(aim, &sets);
        if changes.is_empty() {
            return sequence;
        }
        apply(&mut sets, &changes);
        sets.iter_mut().for_each(|set| set.available = set.size);
        let side = |target| match target {
            Target::Create | Target::Set(0) => "new",
            Target::Set(_) => "old",
        };
        let moved = changes.iter().filter(|change| change.delta() != 0);
        sequence.extend(moved.map(|change| (side(change.target), change.delta())));
        assert!(sequence.len() < 1000, "the rollout does not end: {sequence:?}");
    }
}

fn apply(sets: &mut Vec<SetState>, changes: &[SizeChange]) {
    for change in changes {
        match change.target {
            Target::Create => sets.push(set(0, change.to, 0)),
            Target::Set(id) => {
                let found = sets.iter_mut().find(|set| set.id == id);
                found.expect("a known set").size = change.to;
            }
        }
    }
}

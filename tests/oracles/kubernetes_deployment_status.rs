//! Status, progress and kubectl's line against the controller's and kubectl's own tests.

use crate::input::{Input, now};
use crate::runner;
use serde_json::{Value, json};
use windtunnel::base::time::SimDuration;
use windtunnel::strategy::deployment::kubectl::{self, Watched};
use windtunnel::strategy::deployment::progress::{self, ProgressRecord, Reason, StatusSync};
use windtunnel::strategy::deployment::set::SetState;
use windtunnel::strategy::deployment::status::DeploymentStatus;
use windtunnel::world::replica_set::PodFacts;

#[test]
fn deployment_status() {
    runner::run("kubernetes-deployment-status", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    let replicas = input.count("replicas");
    let generation = input.count("generation").into();
    Some(match kind {
        "is_complete" => json!(counts(input).is_complete(replicas, generation)),
        "is_progress" => {
            let part = |key| counts(input.part(key).expect("two statuses"));
            json!(part("after").has_progressed(&part("before")))
        }
        "deadline_passed" => {
            let record = record(input.text("last_reason"), input);
            json!(progress::is_timed_out(Some(record), deadline(input), now()))
        }
        "next_check_s" => {
            let last = input.get("last_record").map(|_| record(input.text("last_record"), input));
            let complete = counts(input).is_complete(replicas, generation);
            let next = progress::next_check(last, deadline(input), complete, now());
            next.map_or(json!(-1), |next| json!(next.as_secs_f64()))
        }
        "progress_reason" => progress_reason(input),
        "status_line" => status_line(input),
        "pod_available" => {
            let (ready, ready_since) = (input.flag("ready", false), input.ago("ready_for_s"));
            let pod = PodFacts { ready, ready_since, ..PodFacts::default() };
            json!(pod.is_available(input.secs("min_ready_s").unwrap_or_default(), now()))
        }
        _ => return None,
    })
}

fn counts(input: Input) -> DeploymentStatus {
    DeploymentStatus {
        observed_generation: input.count("observed_generation").into(),
        replicas: input.count("current"),
        updated: input.count("updated"),
        ready: input.count("ready"),
        available: input.count("available"),
        unavailable: 0,
    }
}

fn deadline(input: Input) -> Option<SimDuration> {
    // The greatest number of 32 bits stands for none, too.
    let secs = input.count_at("deadline_s").filter(|secs| *secs != i32::MAX as u32);
    secs.map(|secs| SimDuration::from_secs(secs.into()))
}

/// The words Kubernetes writes for the reasons that a flight knows.
const REASONS: [(Reason, &str); 5] = [
    (Reason::NewReplicaSetCreated, "NewReplicaSetCreated"),
    (Reason::FoundNewReplicaSet, "FoundNewReplicaSet"),
    (Reason::ReplicaSetUpdated, "ReplicaSetUpdated"),
    (Reason::NewReplicaSetAvailable, "NewReplicaSetAvailable"),
    (Reason::ProgressDeadlineExceeded, "ProgressDeadlineExceeded"),
];

fn named(word: &str) -> Option<Reason> {
    REASONS.iter().find(|(_, name)| *name == word).map(|(reason, _)| *reason)
}

/// A record of that reason; any word that Kubernetes does not use stands for a rollout under way.
fn record(reason: &str, input: Input) -> ProgressRecord {
    let reason = named(reason).unwrap_or(Reason::ReplicaSetUpdated);
    ProgressRecord::new(reason, input.ago("since_progress_s").unwrap_or(now()))
}

fn progress_reason(input: Input) -> Value {
    let newest = input.number("newest_index");
    let set = |(at, part): (usize, Input)| SetState {
        id: at as u32,
        size: part.count("desired"),
        replicas: part.count("current"),
        ready: part.count("ready"),
        available: part.count("available"),
        is_new: newest == Some(at as i64),
        ..SetState::default()
    };
    let sets: Vec<SetState> = input.parts("sets").into_iter().enumerate().map(set).collect();
    let generation = input.count("generation").into();
    let sync = StatusSync {
        replicas: input.count("replicas"),
        generation,
        deadline: deadline(input),
        before: input.part("before").map(counts).unwrap_or_default(),
        after: DeploymentStatus::of(&sets, generation),
    };
    let day = SimDuration::from_secs(86_400);
    let age = if input.flag("prior_stale", false) { day } else { SimDuration::ZERO };
    let prior = input.get("prior_reason").map(|_| ProgressRecord {
        updated: now().saturating_sub(age),
        ..record(input.text("prior_reason"), input)
    });
    let after = progress::after_sync(prior, &sync, now());
    let status = after.map(|record| if record.is_missed() { "False" } else { "True" });
    let name = |record: ProgressRecord| REASONS.iter().find(|(r, _)| *r == record.reason);
    json!({"reason": after.and_then(name).map(|(_, name)| name), "status": status})
}

fn status_line(input: Input) -> Value {
    let word = |key| Some(input.text(key)).filter(|word| !word.is_empty());
    let seen = Watched {
        name: word("name").unwrap_or("foo"),
        generation: input.count("generation").into(),
        replicas: input.count("replicas"),
        status: counts(input),
        reason: word("reason").or(word("last_reason")).and_then(named),
        revision: input.count_at("running_revision").unwrap_or(1).into(),
    };
    match kubectl::status_line(&seen, input.count_at("revision").map(u64::from)) {
        Ok(line) => json!({"line": line.text, "done": line.done}),
        Err(text) => json!({"line": text, "error": text, "done": false}),
    }
}

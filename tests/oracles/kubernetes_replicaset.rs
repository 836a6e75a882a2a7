//! Creating, counting and deleting pods against the replica set controller's own tests.

use crate::input::{Input, now, phase};
use crate::runner;
use serde_json::{Value, json};
use std::cmp::Ordering;
use windtunnel::world::replica_set::{self, DeletionRule, PodFacts};

#[test]
fn replicaset() {
    runner::run("kubernetes-replicaset", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    Some(match kind {
        "slow_start" => {
            let count = input.count("count");
            let (mut calls, ok_calls) = (0, input.count("ok_calls"));
            let batches = replica_set::slow_start_batches(count);
            // A batch with a failure is the last.
            for batch in &batches {
                calls += batch;
                if calls > ok_calls {
                    break;
                }
            }
            let created = calls.min(ok_calls);
            json!({"created": created, "calls": calls, "batches": batches})
        }
        "deletion_pair" => {
            let mut nodes = Vec::new();
            let mut side = |key| {
                let part = input.part(key).expect("two pods");
                (pod(part, &mut nodes), part.count("rank"))
            };
            let ((a, rank_a), (b, rank_b)) = (side("a"), side("b"));
            json!(match rule(input).compare(&a, rank_a, &b, rank_b) {
                Ordering::Less => "a",
                Ordering::Equal => "tie",
                Ordering::Greater => "b",
            })
        }
        "deletion_order" => {
            let (names, pods) = pods(input, "pods", &mut Vec::new());
            let mut ranks = input
                .get("ranks")
                .filter(|ranks| ranks.is_array())
                .map_or_else(|| vec![1; pods.len()], |_| input.counts("ranks"));
            ranks.resize(pods.len(), 1);
            let order = replica_set::deletion_order(&pods, &ranks, &rule(input));
            json!(order.into_iter().map(|at| names[at]).collect::<Vec<_>>())
        }
        "pods_to_remove" => {
            let mut nodes = Vec::new();
            let (names, candidates) = pods(input, "pods", &mut nodes);
            let related = match input.get("related") {
                Some(Value::Array(_)) => pods(input, "related", &mut nodes).1,
                _ => candidates.clone(),
            };
            let count = input.count("count") as usize;
            let gone = replica_set::pods_to_remove(&candidates, &related, count, &rule(input));
            json!(gone.into_iter().map(|at| names[at]).collect::<Vec<_>>())
        }
        "set_status" => {
            let (_, pods) = pods(input, "pods", &mut Vec::new());
            let min_ready = input.secs("min_ready_s").unwrap_or_default();
            let status = replica_set::set_status(&pods, min_ready, now());
            json!({
                "replicas": status.replicas,
                "fully_labeled": status.fully_labeled,
                "ready": status.ready,
                "available": status.available,
            })
        }
        _ => return None,
    })
}

/// Both gates are on unless the case says otherwise.
fn rule(input: Input) -> DeletionRule {
    let cost = ["use_cost", "deletion_cost_enabled", "use_deletion_cost", "cost_enabled"];
    DeletionRule {
        now: now(),
        log_time: input.flag("log_time", true),
        use_cost: cost.iter().all(|key| input.flag(key, true)),
    }
}

/// The pods of a list with their names. An entry that is only a name means that pod of `pods`.
fn pods<'a>(
    input: Input<'a>,
    key: &str,
    nodes: &mut Vec<&'a str>,
) -> (Vec<&'a str>, Vec<PodFacts>) {
    let listed = input.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let all = input.parts("pods");
    let facts = |entry: &'a Value| match entry.as_str() {
        Some(name) => {
            let named = all.iter().find(|part| part.text("name") == name);
            (name, pod(*named.expect("a listed pod"), nodes))
        }
        None => (Input::of(entry).text("name"), pod(Input::of(entry), nodes)),
    };
    listed.iter().map(facts).unzip()
}

fn pod<'a>(part: Input<'a>, nodes: &mut Vec<&'a str>) -> PodFacts {
    let node = Some(part.text("node")).filter(|name| !name.is_empty()).map(|name| {
        let known = nodes.iter().position(|node| *node == name);
        known.unwrap_or_else(|| {
            nodes.push(name);
            nodes.len() - 1
        }) as u32
    });
    PodFacts {
        node,
        phase: phase(part.text("phase")),
        deleting: ["deleting", "being_deleted", "terminating"]
            .iter()
            .any(|key| part.flag(key, false)),
        ready: part.flag("ready", false),
        ready_since: part.ago("ready_for_s"),
        created: part.ago("age_s"),
        restarts: part.count("restarts"),
        deletion_cost: part.number("deletion_cost").unwrap_or(0) as i32,
        fully_labeled: part.flag("has_all_template_labels", true),
        uid: part.count("uid").into(),
    }
}

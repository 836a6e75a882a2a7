//! The HorizontalPodAutoscaler's replicas and behaviour against the controller's own tests.

use crate::input::{Input, now, phase};
use crate::runner;
use serde_json::{Value, json};
use windtunnel::base::time::SimDuration;
use windtunnel::strategy::autoscaler::limits::{
    Amount, Change, History, Policy, Range, Reason, Rules, Select, by_default, by_rules,
    down_limit, up_limit,
};
use windtunnel::strategy::autoscaler::replicas::{
    Parts, PodUsage, Tolerance, for_average_value, for_mean, for_utilisation, for_value,
};
use windtunnel::strategy::autoscaler::sample::{Class, PodReport, WarmUp, class};
use windtunnel::strategy::autoscaler::window::{Recommendation, highest, pulled};

#[test]
fn hpa_behavior() {
    runner::run("kubernetes-hpa-behavior", behavior);
}

#[test]
fn hpa_replicas() {
    runner::run("kubernetes-hpa-replicas", replicas);
}

fn behavior(kind: &str, input: Input) -> Option<Value> {
    let (current, desired) = (input.count("current"), input.count("desired"));
    let range = Range { min: input.count("min"), max: input.count("max") };
    let secs = |key| input.secs(key).unwrap_or(SimDuration::ZERO);
    let told =
        |(replicas, reason): (u32, Reason)| json!({"replicas": replicas, "reason": reason.word()});
    Some(match kind {
        "default_limit" => told(by_default(current, desired, range)),
        "rate_limit" => {
            let history =
                History { up: changes(input, "up_events"), down: changes(input, "down_events") };
            let up = input.part("up_rules").map_or_else(Rules::up, rules);
            let down = input.part("down_rules").map_or_else(Rules::down, rules);
            told(by_rules(current, desired, range, (&up, &down), &history, now()))
        }
        "policy_limit" => {
            let (rules, none) = (rules(input), History::default());
            json!(match input.text("direction") {
                "up" => up_limit(current, &rules, &none, now()),
                "down" => down_limit(current, &rules, &none, now()),
                other => panic!("direction {other}"),
            })
        }
        "stabilize_down" => {
            json!(highest(&recommendations(input), desired, secs("window_s"), now()))
        }
        "stabilize" => {
            let windows = (secs("up_window_s"), secs("down_window_s"));
            json!(pulled(&recommendations(input), current, desired, windows, now()))
        }
        "sample_class" => json!(word(sample_class(input))),
        _ => return None,
    })
}

/// Pairs of seconds ago and a number.
fn pairs(input: Input, key: &str) -> Vec<(SimDuration, i64)> {
    let list = input.get(key).and_then(Value::as_array);
    let pair = |pair: &Value| {
        let ago = SimDuration::from_secs_f64(pair[0].as_f64().expect("an age"));
        (ago, pair[1].as_i64().expect("a number"))
    };
    list.into_iter().flatten().map(pair).collect()
}

fn changes(input: Input, key: &str) -> Vec<Change> {
    let change = |(ago, pods): (SimDuration, i64)| Change {
        at: now().saturating_sub(ago),
        pods: pods as u32,
    };
    pairs(input, key).into_iter().map(change).collect()
}

fn recommendations(input: Input) -> Vec<Recommendation> {
    let known = |(ago, replicas): (SimDuration, i64)| Recommendation {
        at: now().saturating_sub(ago),
        replicas: replicas as u32,
    };
    pairs(input, "recommendations").into_iter().map(known).collect()
}

fn rules(input: Input) -> Rules {
    let list = input.get("policies").and_then(Value::as_array);
    let policy = |policy: &Value| {
        let value = policy[1].as_u64().expect("a value") as u32;
        let amount = match policy[0].as_str() {
            Some("Pods") => Amount::Pods(value),
            Some("Percent") => Amount::Percent(value),
            other => panic!("policy {other:?}"),
        };
        let period = SimDuration::from_secs(policy[2].as_u64().expect("a period"));
        Policy { amount, period }
    };
    let select = match input.text("select") {
        "" | "Max" => Select::Max,
        "Min" => Select::Min,
        "Disabled" => Select::Disabled,
        other => panic!("select {other}"),
    };
    let policies = list.into_iter().flatten().map(policy).collect();
    Rules { window: SimDuration::ZERO, select, policies }
}

fn sample_class(input: Input) -> Class {
    let ready = Some(input.text("ready_condition")).filter(|word| !word.is_empty());
    let since = input.ago("condition_changed_s_ago").unwrap_or_default();
    let window = input.secs("sample_window_s").unwrap_or(SimDuration::ZERO);
    let taken = input.ago("sample_s_ago").unwrap_or_default();
    let pod = PodReport {
        phase: phase(input.text("phase")),
        deleting: input.flag("deleting", false),
        started: input.ago("started_s_ago"),
        ready: ready.map(|word| (word == "True", since)),
        sample: input.flag("has_sample", false).then_some((taken, window)),
    };
    let warm_up = WarmUp {
        cpu_initialization: SimDuration::from_secs(120),
        readiness_delay: SimDuration::from_secs(10),
    };
    class(&pod, input.text("resource") == "cpu", &warm_up, now())
}

fn word(class: Class) -> &'static str {
    match class {
        Class::Ready => "ready",
        Class::Unready => "unready",
        Class::Missing => "missing",
        Class::Ignored => "ignored",
    }
}

/// Sorts the pods of a case, whose values `usage` reads.
fn parts(input: Input, is_cpu: bool, usage: impl Fn(Input) -> Option<i64>) -> Parts {
    let mut parts = Parts::default();
    for pod in input.parts("pods") {
        let ready = pod.flag("ready", true);
        let warming = pod.flag("warming", false);
        let started =
            now().saturating_sub(SimDuration::from_secs(if warming { 60 } else { 3_600 }));
        // A pod that is not ready has never been, and a warming one has no sample since.
        let report = PodReport {
            phase: phase(pod.text("phase")),
            deleting: pod.flag("deleting", false),
            started: Some(started),
            ready: Some((ready, if warming { now() } else { started })),
            sample: usage(pod).map(|_| (now(), SimDuration::from_secs(60))),
        };
        let request = total(pod, "request_milli", input.number("container")).unwrap_or(0);
        let part = PodUsage { usage: usage(pod), request };
        match class(&report, is_cpu, &WarmUp::default(), now()) {
            Class::Ready => parts.ready.push(part),
            Class::Unready => parts.unready.push(part),
            Class::Missing => parts.missing.push(PodUsage { usage: None, ..part }),
            Class::Ignored => {}
        }
    }
    parts
}

/// The sum over containers, or the value of one of them.
fn total(pod: Input, key: &str, container: Option<i64>) -> Option<i64> {
    let list = pod.get(key)?.as_array()?;
    let number = |value: &Value| value.as_i64().expect("a number");
    match container {
        Some(at) => list.get(at as usize).map(number),
        None => Some(list.iter().map(number).sum()),
    }
}

fn replicas(kind: &str, input: Input) -> Option<Value> {
    let current = input.count("current");
    let target = |key: &str| input.number(key).expect("a target");
    let tolerance = Tolerance::Either(0.1);
    Some(match kind {
        "resource_target" => {
            // Metrics of pods that do not exist have no request, so they count for nothing.
            let usage = |pod: Input| total(pod, "usage_milli", input.number("container"));
            let parts = parts(input, true, usage);
            match for_utilisation(current, target("target_percent"), &parts, tolerance) {
                Ok(found) => json!({"replicas": found.replicas, "utilisation": found.utilisation,
                    "mean_usage_milli": found.mean}),
                Err(unknown) => json!({"error": format!("{unknown:?}")}),
            }
        }
        "pods_metric" => {
            let parts = parts(input, false, |pod| pod.number("value"));
            match for_mean(current, target("target"), &parts, tolerance) {
                Ok(found) => json!({"replicas": found.replicas, "mean": found.mean}),
                Err(unknown) => json!({"error": format!("{unknown:?}")}),
            }
        }
        "total_metric" => {
            let (value, ready) = (target("total"), input.count("ready_pods"));
            let found = for_value(current, target("target"), value, ready, tolerance);
            json!({"replicas": found.replicas, "usage": found.mean})
        }
        "per_pod_total" => {
            let found =
                for_average_value(current, target("target_per_pod"), target("total"), tolerance);
            json!({"replicas": found.replicas, "mean_rounded_up": found.mean})
        }
        _ => return None,
    })
}

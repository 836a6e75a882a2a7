//! Analysis and replica counts of Argo Rollouts against the controller's own tests.

use crate::input::{Input, now};
use crate::runner;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use windtunnel::analysis::argo::assess::{Counters, metric_phase};
use windtunnel::analysis::argo::metric::ArgoMetric;
use windtunnel::analysis::argo::outcome::{Phase, evaluate};
use windtunnel::analysis::argo::run::{Measurement, Result, Run};
use windtunnel::analysis::expr::dates::epoch;
use windtunnel::analysis::expr::value::Value;
use windtunnel::base::time::SimDuration;
use windtunnel::base::units::parse_duration;
use windtunnel::strategy::argo::counts::for_weight;
use windtunnel::strategy::argo::counts::{
    Aim, Rs, Sets, approximate, for_scale_down, is_far_enough,
};
use windtunnel::strategy::argo::settings::{Canary, CanaryScale, Step, Threshold, Traffic};
use windtunnel::strategy::argo::weight::{Stand, counts, current};
use windtunnel::strategy::deployment::bounds::Bounds;

fn expected(entry: Input) -> Json {
    entry.get("expect").cloned().unwrap_or_default()
}

#[test]
fn argo_condition_outcomes() {
    runner::run_list("argo-condition-outcomes", "cases", |case| {
        let result = case.get("result").map_or(Value::Nil, value);
        let (success, failure) = (case.text("success"), case.text("failure"));
        let phase =
            evaluate(Some(success), Some(failure), &result, &epoch()).unwrap_or(Phase::Error);
        (json!(phase.word()), expected(case))
    });
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match n.as_i64().filter(|_| !n.is_f64()) {
            Some(whole) => Value::Int(whole),
            None => Value::Float(n.as_f64().expect("a number")),
        },
        // JSON has no word for what is not a finite number.
        Json::String(text) => match text.as_str() {
            "NaN" => Value::Float(f64::NAN),
            "+Inf" | "Inf" => Value::Float(f64::INFINITY),
            "-Inf" => Value::Float(f64::NEG_INFINITY),
            text => Value::Text(text.to_string()),
        },
        Json::Array(list) => Value::List(list.iter().map(value).collect()),
        Json::Object(map) => {
            Value::Map(map.iter().map(|(k, v)| (k.clone(), value(v))).collect::<BTreeMap<_, _>>())
        }
    }
}

fn phase(word: &str) -> Phase {
    let found = Phase::ALL.into_iter().find(|phase| phase.word() == word);
    found.unwrap_or_else(|| panic!("phase {word}"))
}

fn metric(input: Input) -> ArgoMetric {
    let limit = |key: &str| input.number(key);
    ArgoMetric {
        interval: parse_duration(input.text("interval")).or(input.secs("interval_s")),
        initial_delay: parse_duration(input.text("initialDelay")).or(input.secs("initial_delay_s")),
        count: limit("count"),
        failure_limit: limit("failureLimit"),
        inconclusive_limit: limit("inconclusiveLimit"),
        consecutive_error_limit: limit("consecutiveErrorLimit"),
        consecutive_success_limit: limit("consecutiveSuccessLimit"),
        dry_run: input.flag("dry_run", false),
        ..ArgoMetric::default()
    }
}

#[test]
fn argo_metric_assessment() {
    runner::run_list("argo-metric-assessment", "cases", |case| {
        let metric = metric(case.part("metric").expect("a metric"));
        let of = case.part("result").expect("a result");
        let counters = Counters {
            count: of.count("count"),
            successful: of.count("successful"),
            failed: of.count("failed"),
            inconclusive: of.count("inconclusive"),
            error: of.count("error"),
            consecutive_error: of.count("consecutiveError"),
            consecutive_success: of.count("consecutiveSuccess"),
        };
        let last = Some(case.text("last_measurement")).filter(|w| !w.is_empty()).map(phase);
        let expect = case.part("expect").expect("an expectation");
        let mut pairs = (serde_json::Map::new(), serde_json::Map::new());
        for (key, terminating) in [("running", false), ("terminating", true)] {
            let Some(wanted) = expect.get(key) else { continue };
            // A metric that is over stays as it is.
            let done = Some(of.text("phase")).filter(|w| !w.is_empty()).map(phase);
            let found = match done.filter(|phase| phase.is_completed()) {
                Some(phase) => phase,
                None => metric_phase(&metric, &counters, last, terminating),
            };
            pairs.0.insert(key.into(), json!(found.word()));
            pairs.1.insert(key.into(), wanted.clone());
        }
        assert!(!pairs.1.is_empty(), "a case that expects nothing");
        (Json::Object(pairs.0), Json::Object(pairs.1))
    });
}

/// A run in which each metric has its last measurement only.
fn run_of(metrics: &[Input], started: Option<SimDuration>) -> Run {
    let mut run = Run::new(metrics.len());
    run.started = started.map(|age| now().saturating_sub(age));
    for (entry, input) in run.results.iter_mut().zip(metrics) {
        let measured = input.part("last").map(|last| {
            let finished = last.secs("finished_ago_s").map(|age| now().saturating_sub(age));
            let resume = last.secs("resume_in_s").map(|left| now() + left);
            Measurement {
                phase: phase(last.text("phase")),
                started: finished.unwrap_or(now()),
                finished,
                resume,
                value: String::new(),
                message: String::new(),
            }
        });
        let stands = input.text("metric_phase");
        if measured.is_none() && stands.is_empty() {
            continue;
        }
        let count = input.count_at("taken").unwrap_or(0);
        *entry = Some(Result {
            phase: if stands.is_empty() { Phase::Running } else { phase(stands) },
            counters: Counters { count, ..Counters::default() },
            measurements: measured.into_iter().collect(),
            dry_run: input.flag("dry_run", false),
        });
    }
    run
}

#[test]
fn argo_measurement_schedule() {
    runner::run_list("argo-measurement-schedule", "next", |entry| {
        let inputs = entry.parts("metrics");
        let metrics: Vec<ArgoMetric> = inputs.iter().copied().map(metric).collect();
        let run = run_of(&inputs, entry.secs("run_started_ago_s"));
        let next = run.next_look(&metrics, now());
        let found = next.map(|at| {
            if at >= now() { at.since(now()).as_secs_f64() } else { -now().since(at).as_secs_f64() }
        });
        (json!(found), entry.get("next_in_s").cloned().unwrap_or_default())
    });
    runner::run_list("argo-measurement-schedule", "take", |entry| {
        if entry.get("expect_tasks").is_some() {
            let last = json!({"phase": "Failed", "finished_ago_s": 0});
            let failed = json!({"interval_s": 60, "metric_phase": "Failed", "last": last});
            let fresh = json!({"interval_s": 60});
            let first =
                if entry.flag("two_metrics_one_already_failed", false) { &failed } else { &fresh };
            let inputs = [Input::of(&fresh), Input::of(first)];
            let metrics: Vec<ArgoMetric> = inputs.iter().copied().map(metric).collect();
            let due = run_of(&inputs, None).due(&metrics, now());
            return (json!(due.len()), entry.get("expect_tasks").cloned().unwrap_or_default());
        }
        let word = ["phase", "last_phase"].map(|key| entry.text(key)).concat();
        let word = if word.is_empty() { "Successful" } else { &word };
        let age = entry.get("finished_ago_s");
        let mut input = json!({"interval_s": entry.get("interval_s"),
            "initial_delay_s": entry.get("initial_delay_s"), "count": entry.get("count"),
            "taken": entry.get("taken")});
        if age.is_some() || entry.get("resume_in_s").is_some() {
            let resume = entry.get("resume_in_s");
            input["last"] = json!({"phase": word, "finished_ago_s": age, "resume_in_s": resume});
        }
        let inputs = [Input::of(&input)];
        let metrics = [metric(inputs[0])];
        let run = run_of(&inputs, entry.secs("run_started_ago_s"));
        (json!(!run.due(&metrics, now()).is_empty()), expected(entry))
    });
}

fn bounds(surge: u32) -> Bounds {
    Bounds { surge, unavailable: 0 }
}

#[test]
fn argo_approx_weight_split() {
    runner::run_list("argo-approx-weight-split", "cases", |case| {
        let pair = approximate(&Aim {
            replicas: case.count("replicas"),
            weight: case.count("weight"),
            max_weight: case.count("max_weight"),
            bounds: bounds(case.count("max_surge")),
        });
        (json!({"canary": pair.canary, "stable": pair.stable}), expected(case))
    });
}

fn rs(input: Option<Input>) -> Option<Rs> {
    input.map(|rs| Rs {
        size: rs.count("spec"),
        created: rs.count("spec"),
        available: rs.count("available"),
    })
}

/// The sizes that one reconcile writes.
fn sizes(case: Input) -> (Json, Json) {
    let scale = case.part("set_canary_scale").map(|scale| CanaryScale {
        replicas: scale.count_at("replicas"),
        weight: scale.count_at("weight"),
        match_traffic_weight: scale.flag("matchTrafficWeight", false),
    });
    let mut steps: Vec<Step> = scale.map(Step::SetCanaryScale).into_iter().collect();
    steps.insert(0, Step::SetWeight(case.count("set_weight")));
    let mut canary = Canary { steps, ..Canary::default() };
    canary.traffic = case.flag("traffic_routing", false).then(Traffic::default);
    canary.max_surge = case.int_or_percent("max_surge").unwrap_or(canary.max_surge);
    canary.max_unavailable =
        case.int_or_percent("max_unavailable").unwrap_or(canary.max_unavailable);
    canary.dynamic_stable_scale = case.flag("dynamic_stable_scale", false);
    canary.abort_scale_down_delay = case.secs("abort_scale_down_delay_seconds");
    canary.min_pods = case.count_at("min_pods_per_replica_set");
    let replicas = case.count("replicas");
    let stand = Stand {
        replicas,
        step: canary.steps.len() - 1,
        aborted: case.flag("aborted", false),
        // Recorded after 1.10.
        stable_alone: true,
        promote_full: case.flag("promote_full", false),
        settled: false,
    };
    let older: Vec<Rs> = rs(case.part("older")).into_iter().collect();
    let (new, stable) = (rs(case.part("canary")), rs(case.part("stable")));
    let sets = Sets { new, stable, same: false, others: &older };
    let bounds = canary.bounds(replicas).expect("bounds resolve");
    let pair = counts(&canary, &stand, &sets, None, bounds);
    (json!({"canary": pair.canary, "stable": pair.stable}), expected(case))
}

#[test]
fn argo_basic_canary_replicas() {
    runner::run_list("argo-basic-canary-replicas", "cases", sizes);
}

#[test]
fn argo_traffic_routed_replicas() {
    runner::run_list("argo-traffic-routed-replicas", "cases", sizes);
    let rows = "weight_to_replicas";
    runner::run_rows("argo-traffic-routed-replicas", rows, |row| {
        let [replicas, weight, max_weight, expected] = row else {
            panic!("a row of {}", row.len())
        };
        let number = |json: &Json| json.as_u64().expect("a count") as u32;
        let found = for_weight(number(replicas), number(weight), number(max_weight));
        (json!(found), expected.clone())
    });
}

#[test]
fn argo_progress_threshold() {
    runner::run_list("argo-progress-threshold", "cases", |case| {
        let threshold = case.part("threshold").map(|of| {
            let value = of.number("value").expect("a value") as i32;
            match of.text("type") {
                "Percent" => Threshold::Percent(value),
                "Pod" => Threshold::Pods(value),
                other => panic!("threshold {other}"),
            }
        });
        // A set without a size of its own has the default of one pod.
        let set = case.get("available").map(|_| Rs {
            size: case.count_at("spec").unwrap_or(1),
            created: 0,
            available: case.count("available"),
        });
        (json!(is_far_enough(threshold, set, case.count("desired"))), expected(case))
    });
    runner::run_list("argo-progress-threshold", "scale_down", |entry| {
        let set = entry.get("available").map(|_| Rs {
            size: entry.count("spec"),
            created: 0,
            available: entry.count("available"),
        });
        let found = for_scale_down(set, entry.flag("ignore_availability", false));
        (json!(found), expected(entry))
    });
    runner::run_list("argo-progress-threshold", "current_set_weight", |entry| {
        let canary = Canary { steps: vec![Step::SetWeight(10)], ..Canary::default() };
        let (step, aborted) = (entry.count("step_index") as usize, entry.flag("aborted", false));
        let stand = Stand { replicas: 1, step, aborted, ..Stand::default() };
        (json!(current(&canary, &stand)), expected(entry))
    });
}

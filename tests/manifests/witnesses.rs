//! Real controllers as witnesses: sequences that were recorded from them, reproduced by the path
//! that users take.
//!
//! `tests/data/oracles/traces` holds one case a file (its README says how to read them): the
//! object, how pods start and end, orders with their instants, and every sequence of writes that
//! the real controllers made of it. Here the object is a manifest, the orders are an annotation of
//! it, pods and traffic stand in a Scenario beside it, and the writes are the events of a replay.
//! Order is compared, not instants; of Kubernetes and Argo the sizes, shares and statuses, but not
//! Argo's `phase`, `step` and `aborted`; of Flagger shares and statuses without sizes. Argo flies by
//! the rules of the version that the trace names. A case with several sequences accepts any.

use super::input::{import, root};
use serde_json::{Value, json};
use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::Recording;
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::read;

/// What no user can say, and why.
const NOT_SAID: [(&str, &str); 2] = [
    ("flagger-new-revision-midway", "a third version: a flight has two"),
    ("kubernetes-over-rollout-10", "a third version: a flight has two"),
];

/// Start of the release within a flight.
const RELEASE_S: u64 = 120;

#[test]
fn kubernetes_traces() {
    check("kubernetes-", 39);
}

#[test]
fn argo_traces() {
    check("argo-", 25);
}

#[test]
fn flagger_traces() {
    check("flagger-", 8);
}

/// 200 pods of 10 s to start and 2 s to end, by Recreate and by a rolling update of a quarter: with
/// the limits of kube-controller-manager's clients the real controllers took 29.6 s and 33.6 s,
/// without them 12.1 s and 20.3 s (the README of the traces).
#[test]
fn client_limits_slow_large_fleets() {
    let deployment = |strategy: Value| {
        json!({
            "id": "large",
            "spec": {"replicas": 200, "strategy": strategy},
            "pods": {"start_s": {"v1": 10}, "stop_s": 2},
            "script": [],
            "for_s": 120,
        })
    };
    let cases =
        [(json!({"type": "Recreate"}), 29.6, 12.1), (json!({"type": "RollingUpdate"}), 33.6, 20.3)];
    for (strategy, limited, free) in cases {
        let case = deployment(strategy);
        for (limits, recorded, apart) in [(None, limited, 2.0), (Some("none"), free, 0.1)] {
            let (recording, _) = replayed("kubernetes-large", &case, limits);
            let done = |text: &str| text.ends_with("successfully rolled out");
            let event = recording.events.iter().find(|event| done(&event.text)).expect("an end");
            let took = event.at.as_secs_f64() - RELEASE_S as f64;
            assert!((took - recorded).abs() <= apart, "{took} s, recorded {recorded} s");
        }
    }
}

/// Flies all traces whose names begin so, and says how many there have to be.
fn check(prefix: &str, count: usize) {
    let folder = root("tests/data/oracles/traces");
    let entries = std::fs::read_dir(folder).expect("the traces");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with(prefix) {
            continue;
        }
        seen += 1;
        if NOT_SAID.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let read = std::fs::read_to_string(&file).expect("a trace");
        let trace: Value = serde_json::from_str(&read).expect("JSON");
        let accepted: Vec<Vec<String>> =
            list(&trace["outcomes"]).iter().map(|outcome| recorded(&outcome["trace"])).collect();
        let mut case = trace["case"].clone();
        if let Some(rules) = rules(text(&trace["source"])) {
            case["rules"] = json!(rules);
        }
        let found = flown(&name, &case);
        if !accepted.contains(&found) {
            let (accepted, found) = (accepted[0].join(" | "), found.join(" | "));
            wrong.push(format!("{name}\n  recorded {accepted}\n  flown    {found}"));
        }
    }
    assert_eq!(seen, count, "traces of {prefix}");
    assert!(wrong.is_empty(), "{} of {seen} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// The rules of the version of Argo Rollouts that a trace was recorded from.
fn rules(source: &str) -> Option<&'static str> {
    let known = ["v1.9", "v1.10"].into_iter().rev();
    known.filter(|_| source.contains("argo-rollouts")).find(|version| source.contains(version))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What the real controllers wrote: sizes, shares of the new version, statuses.
fn recorded(trace: &Value) -> Vec<String> {
    let (mut told, mut stable) = (Vec::new(), "v1");
    if list(&trace["steps"]).iter().any(|step| step.get("set").is_some()) {
        let sizes = list(&trace["sequence"]).iter().map(|sizes| text(sizes).to_string());
        told.extend(sizes);
        let missed = |c: &Value| text(&c["reason"]) == "ProgressDeadlineExceeded";
        if list(&trace["conditions"]).iter().any(missed) {
            told.push("deadline".to_string());
        }
        return told;
    }
    for step in list(&trace["steps"]) {
        let what = text(&step["what"]);
        let line = match what.split_once(' ') {
            Some(("sizes", sizes)) => sizes.to_string(),
            Some(("service", to)) if to.starts_with("active ") => share(to == "active v2"),
            Some(("service", to)) => {
                stable = to.strip_prefix("stable ").unwrap_or(stable);
                continue;
            }
            Some(("weight", weight)) => {
                let weight: u32 = weight.parse().expect("a weight");
                format!("{} %", if stable == "v1" { weight } else { 100 - weight })
            }
            Some(("routes", routes)) => {
                let weight = routes.split_once("web-canary=").expect("a weight").1;
                format!("{} %", weight.split(' ').next().unwrap_or_default())
            }
            Some(("status", status)) => status.to_string(),
            _ => continue,
        };
        tell(&mut told, line);
    }
    told
}

fn share(is_new: bool) -> String {
    (if is_new { "100 %" } else { "0 %" }).to_string()
}

/// A share that stays the same is no news; at first the new version has none.
fn tell(told: &mut Vec<String>, line: String) {
    let last = told.iter().rev().find(|before| before.ends_with(" %"));
    let last = last.map_or("0 %", String::as_str);
    if line.ends_with(" %") && last == line {
        return;
    }
    told.push(line);
}

/// What a flight of the case writes.
fn flown(name: &str, case: &Value) -> Vec<String> {
    let (recording, replicas) = replayed(name, case, None);
    written(&recording, replicas, name)
}

/// A replay of the case, and the size of its workload; perhaps with other limits of clients.
fn replayed(name: &str, case: &Value, limits: Option<&str>) -> (Recording, u64) {
    let stream: Vec<String> = documents(name, case).iter().map(ToString::to_string).collect();
    let told = |problems: Vec<windtunnel::base::problem::Problem>| -> String {
        problems.iter().map(|p| format!("{p}\n")).collect()
    };
    let mut import =
        import(&stream.join("\n---\n"), name).unwrap_or_else(|p| panic!("{name}: {}", told(p)));
    assert_eq!(import.flyables.len(), 1, "{name}: one thing is released");
    let flyable = &mut import.flyables[0];
    if let Some(first) = case["first_tick_s"].as_f64() {
        let path = "spec.strategies[0].flagger.firstTick";
        read::set(&mut flyable.node, path, &format!("{first}s")).unwrap_or_else(|p| panic!("{p}"));
    }
    if let Some(limits) = limits {
        let path = "spec.cluster.clientLimits";
        read::set(&mut flyable.node, path, limits).unwrap_or_else(|p| panic!("{p}"));
    }
    let (mut scenarios, _) = flyable.scenario().unwrap_or_else(|p| panic!("{name}: {}", told(p)));
    let scenario = Arc::new(scenarios.pop().expect("a scenario"));
    let order = FlightSpec { checked: true, ..single_order(&scenario, 1, 0) };
    let crew = Crew::bind(&scenario).expect("sound queries");
    let twin = fly_twin(&scenario, &order);
    let order = FlightSpec { record: Some(SimDuration::from_secs(10)), ..order };
    let (_, recording) = fly(&crew, 0, 0, &order, &twin);
    let replicas = case["spec"]["replicas"].as_u64().or(case["deployment"]["replicas"].as_u64());
    (recording.expect("a recording"), replicas.expect("a size"))
}

/// The same lines from the events of a replay.
fn written(recording: &Recording, replicas: u64, name: &str) -> Vec<String> {
    let flagger = name.starts_with("flagger-");
    let (mut told, mut sizes, mut missed) = (Vec::new(), (replicas, None::<u64>), false);
    for event in recording.events.iter().filter(|event| event.kind == "action") {
        let text = event.text.as_str();
        let number = |text: &str| text.split(' ').next().and_then(|n| n.parse::<u64>().ok());
        if let Some(status) = text.strip_prefix("status: ") {
            tell(&mut told, status.to_string());
        } else if let Some(rest) = text.strip_prefix("route ") {
            tell(&mut told, format!("{} %", number(rest).expect("a share")));
        } else if text == "the progress deadline has passed" {
            missed = true;
        } else if flagger {
            continue;
        } else if let Some(rest) = text.strip_prefix("create ") {
            sizes.1 = Some(number(rest).unwrap_or(0));
            told.push(shown(sizes));
        } else if let Some((set, change)) =
            text.strip_prefix("scale ").and_then(|rest| rest.split_once(": "))
        {
            let to = change.split_once("→ ").and_then(|(_, to)| number(to)).expect("a size");
            match set {
                "old" => sizes.0 = to,
                _ => sizes.1 = Some(to),
            }
            told.push(shown(sizes));
        }
    }
    if missed && name.starts_with("kubernetes-") {
        told.push("deadline".to_string());
    }
    told
}

fn shown((old, new): (u64, Option<u64>)) -> String {
    match new {
        Some(new) => format!("v1={old} v2={new}"),
        None => format!("v1={old}"),
    }
}

/// The case as a stream of manifests with a Scenario beside them.
fn documents(name: &str, case: &Value) -> Vec<Value> {
    let mut documents = vec![beside(name, case)];
    documents.extend(workload(name, case));
    if case.get("virtual_service").is_some() {
        let route =
            |host: &str, weight: u32| json!({"destination": {"host": host}, "weight": weight});
        let routes = json!([route("stable", 100), route("canary", 0)]);
        documents.push(object(
            "networking.istio.io/v1beta1",
            "VirtualService",
            "web",
            json!({
                "hosts": ["web"], "http": [{"route": routes}],
            }),
        ));
    }
    let strategy = &case["spec"]["strategy"];
    for side in ["canaryService", "stableService", "activeService", "previewService"] {
        for kind in ["canary", "blueGreen"] {
            if let Some(service) = strategy[kind][side].as_str() {
                let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80}]});
                documents.push(object("v1", "Service", service, spec));
            }
        }
    }
    if let Some(autoscaler) = case["autoscaler"].as_object() {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        let mut spec = Value::Object(autoscaler.clone());
        spec["scaleTargetRef"] = target;
        documents.push(object("autoscaling/v2", "HorizontalPodAutoscaler", "web", spec));
    }
    documents
}

fn object(version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// The workload that is released, with the orders about it, and Flagger's Canary.
fn workload(name: &str, case: &Value) -> Vec<Value> {
    let (kind, version) = match name.starts_with("argo-") {
        true => ("Rollout", "argoproj.io/v1alpha1"),
        false => ("Deployment", "apps/v1"),
    };
    let mut spec =
        if case["spec"].is_object() { &case["spec"] } else { &case["deployment"] }.clone();
    let mut container = json!({"name": "web", "image": "web:v2"});
    if never_ready(case) {
        container["readinessProbe"] =
            json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1});
    }
    if case["pods"]["stop_s"].as_f64() >= Some(1.0) {
        let sleep = case["pods"]["stop_s"].to_string();
        container["lifecycle"] = json!({"preStop": {"exec": {"command": ["sleep", sleep]}}});
    }
    if case.get("autoscaler").is_some() {
        container["resources"] = json!({"requests": {"cpu": "1"}});
    }
    spec["selector"] = json!({"matchLabels": {"app": "web"}});
    spec["template"] =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}});
    let mut workload = object(version, kind, "web", spec);
    let orders: Vec<String> = list(&case["script"]).iter().filter_map(order).collect();
    if !orders.is_empty() {
        workload["metadata"]["annotations"] = json!({"windtunnel-orders": orders.join(", ")});
    }
    if case["rules"].is_string() {
        workload["metadata"]["annotations"]["windtunnel-rules"] = case["rules"].clone();
    }
    let mut documents = vec![workload];
    if let Some(canary) = case["canary"].as_object() {
        let mut spec = Value::Object(canary.clone());
        if canary["analysis"].get("iterations").is_some() {
            // Without it the canary gets no request that a check could count.
            let command = json!({"type": "cmd", "cmd": "hey -z 5m -q 10 -c 2 http://web-canary/"});
            spec["analysis"]["webhooks"] = json!([
                {"name": "load", "type": "pre-rollout", "url": "http://load.test/", "metadata": command},
            ]);
        }
        spec["targetRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        documents.push(object("flagger.app/v1beta1", "Canary", "web", spec));
    }
    documents
}

/// A line of the script as it is ordered; the release itself and the load are no orders.
fn order(line: &Value) -> Option<String> {
    let what = match (text(&line["do"]), text(&line["version"])) {
        ("template", "v1") => "undo".to_string(),
        ("template" | "load", _) => return None,
        ("scale", _) => format!("scale {}", line["replicas"]),
        (what, _) => what.to_string(),
    };
    Some(format!("{}s {what}", line["at_s"]))
}

fn never_ready(case: &Value) -> bool {
    case["pods"]["start_s"]["v2"].as_f64() == Some(-1.0)
}

/// Pods, traffic and the release.
fn beside(name: &str, case: &Value) -> Value {
    let span = |secs: &Value| format!("{secs}s");
    let pods = &case["pods"];
    let mut service = json!({
        "name": "web",
        "scheduling": "0s",
        "startup": "0s",
        "routes": [{"name": "all", "serviceTime": "10ms", "errors": "0%"}],
        "concurrency": 100,
        "balancer": {"proxies": 1, "propagation": "0s"},
        "cpu": {"perBusySecond": 1},
    });
    let mut variant = json!({"name": "good"});
    if never_ready(case) {
        service["startup"] = json!("10s");
        variant["faults"] = json!([{"slowStart": {"factor": 1000}}]);
    } else if let Some(times) = pods["starts_s"]["v1"].as_array() {
        service["schedulingTimes"] = times.iter().map(span).collect();
    } else {
        service["scheduling"] = json!(span(&pods["start_s"]["v1"]));
    }
    if let [bad, good] = list(&case["answers"]) {
        // A check looks back over its interval of 30 s.
        let (from, until) = (bad["from_s"].as_f64(), good["from_s"].as_f64());
        let (from, until) = (from.unwrap_or(0.0), until.unwrap_or(0.0) - 15.0);
        let lasts = format!("{}s", until - from);
        variant["faults"] = json!([{"errors": {"rate": "100%", "afterRelease": format!("{from}s"), "lasts": lasts}}]);
    }
    let loads: Vec<&Value> =
        list(&case["script"]).iter().filter(|line| line["do"] == "load").collect();
    let arrivals = match loads.as_slice() {
        [before, after] => {
            // A request takes 10 ms of CPU; the load is that of all pods together. Arrivals scatter
            // by a percent, and the load asks for a whole number of pods.
            let rate = |line: &Value| line["load_millicores"].as_u64().unwrap_or(0);
            let at = after["at_s"].as_u64().unwrap_or(0) + RELEASE_S;
            json!({"piecewise": {"steps": [
                {"at": "0s", "rate": format!("{}/s", rate(before) * 98 / 100)},
                {"at": format!("{at}s"), "rate": format!("{}/s", rate(after) * 98 / 100)},
            ]}})
        }
        _ if name.starts_with("flagger-") => json!({"poisson": {"rate": "50/s"}}),
        _ => json!({"poisson": {"rate": "1/s"}}),
    };
    let horizon = RELEASE_S + case["for_s"].as_u64().unwrap_or(0);
    json!({
        "apiVersion": "windtunnel/v1alpha1",
        "kind": "Scenario",
        "metadata": {"name": "witness"},
        "spec": {
            "horizon": format!("{horizon}s"),
            "onCall": "none",
            "service": service,
            "telemetry": {"interval": "5s"},
            "traffic": {"users": 1000, "arrivals": arrivals},
            "release": {"at": format!("{RELEASE_S}s"), "variants": [variant]},
        },
    })
}

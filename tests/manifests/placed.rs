//! Manifests whose pods have no place, whose volumes hang, whose load balancer knows new pods late:
//! what they come to when they fly.

use super::input::{root, scenarios};
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::FlySettings;
use windtunnel::experiment::run;
use windtunnel::outcome::{Outcome, Verdict};

const SETTINGS: FlySettings = FlySettings {
    seed: 1,
    replications: Some(1),
    requests_max: None,
    decide: false,
    checked: true,
    record: false,
    export: false,
};

/// A Scenario beside, with one release: a good one.
const GOOD: &str = "---
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: good}
spec: {horizon: 20m, onCall: none, objective: {slow: 60s}, \
service: {startup: 5s, scheduling: 2s, routes: [{name: all, errors: 0%}]}, \
traffic: {users: 500, arrivals: {poisson: {rate: 10/s}}}, release: {variants: [{name: good}]}}
";

fn flown(text: &str) -> (Outcome, Vec<String>) {
    let (found, warnings) = scenarios(text, "a.yaml").unwrap_or_else(|p| panic!("{p:#?}"));
    assert_eq!(found.len(), 1, "{text}");
    let results = run(&found, &SETTINGS, "a test", &AtomicBool::new(false), &|_, _, _| {});
    let mut results = results.expect("sound queries").scenarios;
    let outcome = results.remove(0).flights[0][0].remove(0);
    (outcome, warnings.into_iter().map(|warning| warning.message).collect())
}

fn file(name: &str) -> String {
    std::fs::read_to_string(root("tests/data/manifests").join(name)).expect("text")
}

fn deployment(replicas: u32, spec: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  \
         replicas: {replicas}\n  strategy: {{rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    \
         metadata: {{labels: {{app: a}}}}\n    spec:\n      {spec}\n      containers:\n        \
         - {{name: a, image: \"a:2\", readinessProbe: {{httpGet: {{path: /, port: 80}}, \
         periodSeconds: 5}}, {container}}}\n"
    )
}

fn nodes(count: u32) -> String {
    let node = |i: u32| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n{i}, labels: \
             {{topology.kubernetes.io/zone: z{}}}}}\nstatus: {{allocatable: {{cpu: 4, pods: 110}}}}\n",
            i % 3
        )
    };
    (0..count).map(node).collect()
}

fn verdict(text: &str) -> Verdict {
    flown(&format!("{text}{GOOD}")).0.verdict
}

const APART: &str = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
                     [{labelSelector: {matchLabels: {app: a}}, topologyKey: TOPOLOGY}]}}";

#[test]
fn a_surge_pod_needs_a_node_that_takes_it() {
    let by_host = APART.replace("TOPOLOGY", "kubernetes.io/hostname");
    let by_zone = APART.replace("TOPOLOGY", "topology.kubernetes.io/zone");
    let by_version =
        by_host.replace("topologyKey", "matchLabelKeys: [pod-template-hash], topologyKey");
    let of_others = by_host.replace("app: a", "app: b");
    let ports = "ports: [{containerPort: 80, hostPort: 80}]";
    let cores = "resources: {requests: {cpu: 3}}";
    let spread = "topologySpreadConstraints: [{maxSkew: 1, minDomains: 4, topologyKey: \
                  topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: \
                  {matchLabels: {app: a}}}]";
    let selected = "nodeSelector: {topology.kubernetes.io/zone: z0}";
    for (spec, container, count, expected) in [
        (by_host.as_str(), "", 3, Verdict::Unfinished),
        (by_host.as_str(), "", 4, Verdict::PromotedGood),
        (by_zone.as_str(), "", 6, Verdict::Unfinished),
        (by_version.as_str(), "", 3, Verdict::PromotedGood),
        (of_others.as_str(), "", 3, Verdict::PromotedGood),
        ("", ports, 3, Verdict::Unfinished),
        ("hostNetwork: true", "ports: [{containerPort: 80}]", 3, Verdict::Unfinished),
        ("", ports, 4, Verdict::PromotedGood),
        ("", cores, 3, Verdict::Unfinished),
        ("", cores, 4, Verdict::PromotedGood),
        (spread, "", 6, Verdict::Unfinished),
        (selected, cores, 9, Verdict::Unfinished),
        (selected, cores, 12, Verdict::PromotedGood),
    ] {
        let text = format!("{}{}", deployment(3, spec, container), nodes(count));
        assert_eq!(verdict(&text), expected, "{count} nodes\n{text}");
    }
    // Without a list of nodes there are as few as hold the fleet, and it is said.
    let (outcome, told) = flown(&format!("{}{GOOD}", deployment(3, &by_host, "")));
    assert_eq!(outcome.verdict, Verdict::Unfinished);
    assert!(told.iter().any(|w| w.contains("as few as hold the fleet")), "{told:?}");
}

/// One claim that one node can have: a rolling update hangs with the old version serving, Recreate
/// rolls with downtime; a claim that all nodes can have holds nobody back.
#[test]
fn a_volume_of_one_node_holds_a_rolling_update_up() {
    let text = file("one-volume.yaml");
    let (hung, told) = flown(&format!("{text}{GOOD}"));
    assert_eq!(hung.verdict, Verdict::Unfinished);
    assert!(told.iter().any(|w| w.contains("Multi-Attach error")), "{told:?}");
    let recreated =
        text.replace("  replicas: 1\n", "  replicas: 1\n  strategy: {type: Recreate}\n");
    let (rolled, told) = flown(&format!("{recreated}{GOOD}"));
    assert_eq!(rolled.verdict, Verdict::PromotedGood);
    assert!(rolled.measures.requests_failed > Some(20.0), "{:?}", rolled.measures.requests_failed);
    assert!(!told.iter().any(|w| w.contains("Multi-Attach")), "{told:?}");
    for (mode, expected) in
        [("ReadWriteMany", Verdict::PromotedGood), ("ReadWriteOncePod", Verdict::Unfinished)]
    {
        assert_eq!(verdict(&text.replace("ReadWriteOnce", mode)), expected, "{mode}");
    }
    // Whoever names a claim that is not given is told what was taken for it.
    let deployment = text.split_once("---\n").expect("two documents").1;
    assert_eq!(verdict(deployment), Verdict::Unfinished);
}

/// Two pods behind an ALB: without a gate there are no healthy targets for a while; with a gate in
/// the template or put there by the namespace's label, users lose nothing.
#[test]
fn targets_without_a_gate_leave_a_hole() {
    let failed = |text: &str| flown(&format!("{text}{GOOD}")).0.measures.requests_failed;
    let ungated = file("targets.yaml");
    // 10/s for the 15 s and more between the last old target's end and the first new one's begin.
    assert!(failed(&ungated) > Some(100.0), "{:?}", failed(&ungated));
    assert_eq!(failed(&file("targets-gated.yaml")), Some(0.0));
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: \
                     {elbv2.k8s.aws/pod-readiness-gate-inject: enabled}}\n";
    assert_eq!(failed(&format!("{ungated}{namespace}")), Some(0.0));
    // Nodes as targets are there before and after.
    let nodes = ungated.replace("target-type: ip", "target-type: instance");
    assert_eq!(failed(&nodes), Some(0.0));
    // A target group of somebody else's, of which the Service's pods are targets.
    let (pods, _) = ungated.split_once("---\napiVersion: networking").expect("an Ingress");
    let binding = "---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata: \
                   {name: orders}\nspec: {targetType: ip, serviceRef: {name: orders, port: 80}}\n";
    assert!(failed(&format!("{pods}{binding}")) > Some(100.0));
}

/// A size in the file that is below the autoscaler's fewest pods is told, and flown on demand.
#[test]
fn an_applied_size_is_told_and_flown_on_demand() {
    let text = file("applied-size.yaml");
    let busy = GOOD.replace("startup: 5s", "replicas: 5, startup: 5s, concurrency: 1");
    let busy = busy.replace("10/s", "60/s");
    let (kept, told) = flown(&format!("{text}{busy}"));
    let told = told.iter().find(|w| w.contains("applying the file sets 1 pods"));
    assert!(told.is_some_and(|w| w.contains("keeps 5 or more")), "{told:?}");
    let applied = busy.replace("replicas: 5", "replicas: 5, autoscaler: {applied: 1}");
    let (hole, _) = flown(&format!("{text}{applied}"));
    let hurt = |outcome: &Outcome| outcome.measures.requests_failed.unwrap_or(0.0);
    assert!(hurt(&hole) > hurt(&kept) + 100.0, "{} {}", hurt(&hole), hurt(&kept));
}

/// Terms of anti-affinity that a controller writes, one for each way to name a version.
fn terms(all: &[(&str, &str)]) -> (Option<String>, Option<String>, Vec<String>) {
    let term = |(topology, keys): &(&str, &str)| {
        format!("{{labelSelector: {{matchLabels: {{app: a}}}}, topologyKey: {topology}{keys}}}")
    };
    let terms: Vec<String> = all.iter().map(term).collect();
    let spec = format!(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{}]}}}}",
        terms.join(", ")
    );
    let found = super::input::import(&deployment(2, &spec, "resources: {}"), "a.yaml");
    let import = found.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let of = |name: &str| {
        let path = format!("spec.service.placement.onePer.{name}");
        import.flyables[0].node.at(&path).and_then(|node| node.text()).map(str::to_string)
    };
    let told = import.warnings.iter().map(|warning| warning.message.clone()).collect();
    (of("over"), of("of"), told)
}

const NODE: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
const SAME: &str = ", matchLabelKeys: [pod-template-hash]";
const OTHER: &str = ", mismatchLabelKeys: [pod-template-hash]";

/// Several rules hold together: what two of them say is flown, or told.
#[test]
fn rules_of_anti_affinity_add_up() {
    let some = |text: &str| Some(text.to_string());
    let silent = |told: &[String]| !told.iter().any(|t| t.contains("neither rule says"));
    for both in [[(NODE, SAME), (NODE, OTHER)], [(NODE, OTHER), (NODE, SAME)]] {
        let (over, of, told) = terms(&both);
        assert_eq!((over, of), (some("node"), some("all")), "{both:?}");
        assert!(silent(&told), "{told:?}");
    }
    // A zone of its own is a node of its own; everybody is each.
    for both in [[(ZONE, ""), (NODE, SAME)], [(NODE, SAME), (ZONE, "")]] {
        let (over, of, told) = terms(&both);
        assert_eq!((over, of), (some("zone"), some("all")), "{both:?}");
        assert!(silent(&told), "{told:?}");
    }
    let (over, of, told) = terms(&[(NODE, ""), (ZONE, SAME)]);
    assert_eq!((over, of), (some("node"), some("all")));
    assert!(!silent(&told), "{told:?}");
}

/// With a pod on every node a surge pod stays Pending, which is told before anything is flown.
#[test]
fn nodes_without_room_are_told_before_the_flight() {
    let text = |count: u32| {
        let spec = APART.replace("TOPOLOGY", NODE);
        deployment(3, &spec, "resources: {}") + &nodes(count)
    };
    let told = |text: &str| -> Vec<String> {
        let found = super::input::import(text, "a.yaml").unwrap_or_else(|p| panic!("{p:#?}"));
        found.warnings.iter().map(|warning| warning.message.clone()).collect()
    };
    let pending = |told: &[String]| told.iter().any(|t| t.contains("stays Pending until an old"));
    assert!(pending(&told(&text(3))), "{:?}", told(&text(3)));
    assert!(!pending(&told(&text(4))), "{:?}", told(&text(4)));
}

/// An autoscaler that asks for a share of a request that no container makes does nothing.
#[test]
fn a_scaler_without_a_request_is_warned_of() {
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: \
        {name: a}\nspec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, \
        name: a}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, \
        averageUtilization: 50}}}]}\n";
    let found = super::input::import(&(deployment(3, "", "stdin: false") + scaler), "a.yaml");
    let import = found.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let told: Vec<&String> = import.warnings.iter().map(|w| &w.message).collect();
    assert!(told.iter().any(|t| t.contains("missing request for cpu")), "{told:?}");
}

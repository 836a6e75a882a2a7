//! What Argo takes, what it refuses, and in which words.

use crate::{Input, read};
use std::sync::Arc;
use windtunnel_scenario::yaml;

/// What is wrong with a Rollout of this strategy, and of these fields beside it.
fn check(strategy: &str, beside: &str, expected: &[&str]) {
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: a}}\nspec:\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    \
         metadata: {{labels: {{app: a}}}}\n    \
         spec: {{containers: [{{name: a, image: \"a:2\"}}]}}\n  \
         strategy: {{{strategy}}}\n{beside}"
    );
    let documents = yaml::documents(&text, "a.yaml").expect("YAML");
    let input = Input { file: Arc::from("a.yaml"), text: Arc::from(text.as_str()), documents };
    let found = match read(&[input], crate::ReadRequest::default()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let refused = found.iter().filter(|p| p.help.starts_with(super::HELP)).map(|p| p.path.as_str());
    let refused: Vec<&str> = refused.map(|p| p.trim_start_matches("Rollout/a spec.")).collect();
    assert_eq!(refused, expected, "{strategy} {beside}: {found:?}");
}

const ROUTED: &str = "canaryService: c, stableService: s, trafficRouting: {istio: \
                      {virtualService: {name: a}}, managedRoutes: [{name: h}]}";

#[test]
fn what_argo_takes_is_taken() {
    let steps = "steps: [{setWeight: 100}, {pause: {}}, {setCanaryScale: {replicas: 1}}, \
                 {setHeaderRoute: {name: h, match: [{headerName: x, headerValue: \
                 {exact: y}}]}}]";
    check(&format!("canary: {{{ROUTED}, scaleDownDelaySeconds: 30, {steps}}}"), "", &[]);
    check("canary: {maxSurge: 0, maxUnavailable: 1, steps: [{setWeight: 20}]}", "", &[]);
    check("blueGreen: {activeService: a, previewService: b}", "", &[]);
}

#[test]
fn what_argo_refuses_is_refused() {
    let steps = "strategy.canary.steps[0]";
    for (fields, expected) in [
        ("steps: [{setWeight: 150}]".to_string(), "strategy.canary.steps[0].setWeight"),
        ("steps: [{setWeight: 5, pause: {}}]".into(), steps),
        ("steps: [{}]".into(), steps),
        (
            "steps: [{setCanaryScale: {replicas: 1}}]".into(),
            "strategy.canary.steps[0].setCanaryScale",
        ),
        ("stableService: s, canaryService: s".into(), "strategy.canary.stableService"),
        ("maxSurge: 0, maxUnavailable: 0%".into(), "strategy.canary.maxSurge"),
        ("scaleDownDelaySeconds: 30".into(), "strategy.canary.scaleDownDelaySeconds"),
        (
            "canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: \
             {name: a}}, maxTrafficWeight: 1000}"
                .into(),
            "strategy.canary.trafficRouting.maxTrafficWeight",
        ),
        ("dynamicStableScale: true".into(), "strategy.canary.dynamicStableScale"),
        (
            format!("{ROUTED}, dynamicStableScale: true, scaleDownDelaySeconds: 30"),
            "strategy.canary.dynamicStableScale",
        ),
        (
            format!("{ROUTED}, steps: [{{setHeaderRoute: {{name: other}}}}]"),
            "strategy.canary.steps[0].setHeaderRoute",
        ),
    ] {
        check(&format!("canary: {{{fields}}}"), "", &[expected]);
    }
    let nginx = "canary: {stableService: s, trafficRouting: {nginx: {stableIngress: i}}}";
    check(nginx, "", &["strategy.canary.canaryService"]);
    let same = "blueGreen: {activeService: a, previewService: a}";
    check(same, "", &["strategy.blueGreen.activeService"]);
    let late = "  minReadySeconds: 600\n";
    check("canary: {steps: [{setWeight: 20}]}", late, &["progressDeadlineSeconds"]);
}

/// Field and words of what is refused of a Rollout with this text below its spec.
fn words(spec: &str, beside: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: a}}\nspec:\n  \
         {spec}\n{beside}"
    );
    let documents = yaml::documents(&text, "a.yaml").expect("YAML");
    let input = Input { file: Arc::from("a.yaml"), text: Arc::from(text.as_str()), documents };
    let problems = match read(&[input], crate::ReadRequest::default()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let own = problems.iter().filter(|p| p.help.starts_with(super::HELP));
    let path = |p: &str| p.trim_start_matches("Rollout/a spec.").to_string();
    own.map(|p| format!("{}: {} [{}]", path(&p.path), p.message, p.help)).collect()
}

/// A Rollout with a selector and pods.
fn sound(strategy: &str) -> String {
    format!(
        "selector: {{matchLabels: {{app: a}}}}\n  template: {{metadata: {{labels: \
         {{app: a}}}}, \
         spec: {{containers: [{{name: a, image: \"a:2\"}}]}}}}\n  strategy: {{{strategy}}}"
    )
}

fn one(spec: &str, beside: &str, expected: &str) {
    let found = words(spec, beside);
    assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:#?}");
}

#[test]
fn a_rollout_needs_a_selector_or_a_workload() {
    let lost = "strategy: {canary: {workloadRef: {kind: Deployment, name: a}, steps: []}}";
    let expected = "selector: Rollout has missing field '.spec.selector'";
    one(lost, "", expected);
    one(lost, "", "workloadRef stands in spec.strategy.canary, and means spec");
    let empty = sound("canary: {}").replace("matchLabels: {app: a}", "matchLabels: {}");
    assert!(words(&empty, "")[0].contains("empty selector is invalid for deployment"));
}

#[test]
fn refusals_are_in_argos_words() {
    let routed = "canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: \
                  {name: v}}, managedRoutes: [{name: h}]}";
    let header = |matched: &str| {
        let step = format!("{{setHeaderRoute: {{name: h, match: [{{headerName: x{matched}}}]}}}}");
        sound(&format!("canary: {{{routed}, steps: [{step}]}}"))
    };
    for (spec, expected) in [
        (header(""), "StringMatch value missed"),
        (header(", headerValue: {exact: a, prefix: b}"), "must have exactly one of"),
        (
            sound("canary: {steps: [{replicaProgressThreshold: {type: Pod, value: 1}}]}"),
            "Step must",
        ),
        (
            sound("canary: {steps: [{setMirrorRoute: {name: h}}]}"),
            "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins",
        ),
        (
            sound(
                "canary: {pingPong: {pingService: p}, trafficRouting: {istio: \
                   {virtualService: {name: v}}}}",
            ),
            "Ping service and Pong service must to be set to use Ping-Pong feature",
        ),
        (
            sound(
                "canary: {pingPong: {pingService: p, pongService: q}, trafficRouting: {alb: \
                   {ingress: i, servicePort: 80}}}",
            ),
            "Root service field is required",
        ),
        (
            sound(
                "canary: {steps: [{experiment: {templates: [{name: t, specRef: canary, \
                   weight: 5}]}}]}",
            ),
            "Experiment template weight cannot be set unless TrafficRouting is enabled",
        ),
        (sound("canary: {antiAffinity: {}}"), "AntiAffinity must have exactly one strategy listed"),
        (
            sound("canary: {steps: []}, blueGreen: {activeService: s}"),
            "Multiple Strategies can not be listed",
        ),
        (
            sound("blueGreen: {activeService: s, scaleDownDelayRevisionLimit: 11}"),
            "revision history limit can not be smaller",
        ),
        (
            sound("canary: {canaryService: c, stableService: s, trafficRouting: {istio: {}}}"),
            "either VirtualService or VirtualServices must be configured",
        ),
        (
            sound("canary: {canaryService: c, stableService: s, trafficRouting: {nginx: {}}}"),
            "Either StableIngress or StableIngresses must be configured. Neither are",
        ),
    ] {
        one(&spec, "", expected);
    }
}

#[test]
fn what_a_rollout_refers_to_has_to_fit() {
    let service = |name: &str, selector: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: \
             {{{selector}}}, ports: [{{port: 80}}]}}\n"
        )
    };
    let rules = |routes: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
             metadata: {{name: v}}\n\
             spec: {{hosts: [s], http: [{routes}]}}\n"
        )
    };
    let both = "{name: p, route: [{destination: {host: s}, weight: 100}, {destination: \
                {host: c}, weight: 0}]}";
    let routed = sound(
        "canary: {canaryService: c, stableService: s, trafficRouting: {istio: \
                        {virtualService: {name: v, routes: [p]}}}}",
    );
    let services = service("s", "app: a") + &service("c", "app: a");
    assert_eq!(words(&routed, &(services.clone() + &rules(both))), Vec::<String>::new());
    let foreign = service("s", "app: a, role: stable") + &service("c", "app: a");
    one(&routed, &(foreign + &rules(both)), "Service \"s\" has unmatch label \"role\" in rollout");
    let lost = rules("{name: q, route: [{destination: {host: s}}]}");
    let expected = "HTTP Route 'p' is not found in the defined Virtual Service.";
    one(&routed, &(services.clone() + &lost), expected);
    let alone = rules("{name: p, route: [{destination: {host: s}}]}");
    one(&routed, &(services + &alone), "Canary Service 'c' not found in route");
}

#[test]
fn an_analysis_that_is_waited_for_has_to_end() {
    let template = |fields: &str| {
        format!(
            "---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\n\
             metadata: {{name: t}}\nspec:\n  metrics:\n    - name: m\n      {fields}\n      \
             provider: {{prometheus: {{address: \"http://p\", query: vector(1)}}}}\n"
        )
    };
    let (endless, counted) = (template("interval: 10s"), template("{interval: 10s, count: 3}"));
    let counted = counted.replace("{interval: 10s, count: 3}", "interval: 10s\n      count: 3");
    let step = "canary: {steps: [{setWeight: 20}, {analysis: {templates: [{templateName: t}]}}]}";
    let field = "strategy.canary.steps[1].analysis.templates[0].templateName";
    check(step, &endless, &[field]);
    check(step, &counted, &[]);
    let beside = "canary: {steps: [{setWeight: 20}], analysis: {templates: [{templateName: t}]}}";
    check(beside, &endless, &[]);
}

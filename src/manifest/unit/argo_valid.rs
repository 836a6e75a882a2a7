//! Rollouts that Argo's controller refuses (`InvalidSpec`): it rolls nothing out, so neither does a
//! flight. The rules are those of argo-rollouts `pkg/apis/rollouts/validation`: `validation.go`,
//! and of `validation_references.go` that on analyses without an end.
//!
//! It looks at the documents, not at what was made of them: a rule is about what was written.

use super::Found;
use crate::base::node::{Key, Node, Value};
use crate::manifest::kinds::Object;
use crate::manifest::store::Store;

const HELP: &str = "Argo refuses such a Rollout (InvalidSpec) and rolls nothing out";

/// What a step may set; the API server prunes everything else.
const STEPS: [&str; 9] = [
    "setWeight",
    "pause",
    "setCanaryScale",
    "experiment",
    "analysis",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
    "replicaProgressThreshold",
];

/// Every such Rollout.
pub fn check(store: &Store, found: &mut Found) {
    for (object, _) in store.rollouts() {
        let mut check = Check { object, found };
        let spec =
            |path: &str| object.node.at(&format!("spec.{path}")).filter(|n| n.value != Value::Null);
        let whole = |path: &str| spec(path).and_then(Node::integer);
        let ready = whole("minReadySeconds").unwrap_or(0);
        if whole("progressDeadlineSeconds").unwrap_or(600) <= ready {
            let message = format!("not longer than the {ready} seconds of minReadySeconds");
            check.refuse("progressDeadlineSeconds", &message, "more than minReadySeconds");
        }
        if let Some(canary) = spec("strategy.canary") {
            check.canary(canary);
            for (index, step) in canary.items_at("steps").iter().enumerate() {
                let path = format!("strategy.canary.steps[{index}].analysis");
                check.analysis(store, &path, step.get("analysis"));
            }
        }
        if let Some(switch) = spec("strategy.blueGreen") {
            check.blue_green(switch);
            for name in ["prePromotionAnalysis", "postPromotionAnalysis"] {
                let path = format!("strategy.blueGreen.{name}");
                check.analysis(store, &path, switch.get(name));
            }
        }
    }
}

struct Check<'a> {
    object: &'a Object,
    found: &'a mut Found,
}

impl Check<'_> {
    fn refuse(&mut self, path: &str, message: &str, expected: &str) {
        let field = format!("spec.{path}");
        self.found.problem(self.object, &field, message.to_string(), expected, HELP);
    }

    fn blue_green(&mut self, switch: &Node) {
        let [active, preview] = ["activeService", "previewService"].map(|n| text(switch, n));
        if active.is_some() && active == preview {
            let message = "the same as activeService";
            self.refuse("strategy.blueGreen.previewService", message, "a Service of its own");
        }
    }

    fn canary(&mut self, canary: &Node) {
        let routing = canary.get("trafficRouting").filter(|n| n.value != Value::Null);
        let [stable, tried] = ["stableService", "canaryService"].map(|n| text(canary, n));
        if stable.is_some() && stable == tried {
            let message = "the same as stableService";
            self.refuse("strategy.canary.canaryService", message, "a Service of its own");
        }
        for (name, given) in [("stableService", stable), ("canaryService", tried)] {
            if given.is_none() && routing.is_some_and(|r| needs_services(r, canary)) {
                let message = format!("{name} is missing beside trafficRouting");
                self.refuse("strategy.canary.trafficRouting", &message, "both Services");
            }
        }
        if is_none(canary, "maxSurge", false) && is_none(canary, "maxUnavailable", false) {
            let message = "maxSurge and maxUnavailable are both 0";
            self.refuse("strategy.canary.maxUnavailable", message, "one of them above 0");
        }
        let delayed = given(canary, "scaleDownDelaySeconds");
        let dynamic =
            canary.get("dynamicStableScale").map(|n| &n.value) == Some(&Value::Flag(true));
        if delayed && routing.is_none() {
            let message = "given without trafficRouting";
            self.refuse("strategy.canary.scaleDownDelaySeconds", message, "trafficRouting");
        }
        if dynamic && (delayed || routing.is_none()) {
            let beside = if delayed { "beside scaleDownDelaySeconds" } else { "without routing" };
            let expected = "trafficRouting, and no scaleDownDelaySeconds";
            self.refuse("strategy.canary.dynamicStableScale", &format!("given {beside}"), expected);
        }
        // "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
        let weighs = |r: &&Node| ["nginx", "plugins"].iter().any(|name| given(r, name));
        if routing.is_some_and(|r| given(r, "maxTrafficWeight")) && routing.filter(weighs).is_none()
        {
            let message = "only supported in Nginx and Plugins";
            let expected = "nginx or plugins beside it";
            self.refuse("strategy.canary.trafficRouting.maxTrafficWeight", message, expected);
        }
        for (index, step) in canary.items_at("steps").iter().enumerate() {
            self.step(&format!("strategy.canary.steps[{index}]"), step, routing);
        }
    }

    /// An analysis that a release waits for has to end (validation_references.go, "runs
    /// indefinitely"); one that runs beside it need not.
    fn analysis(&mut self, store: &Store, path: &str, analysis: Option<&Node>) {
        for (index, wanted) in
            analysis.map_or(&[][..], |a| a.items_at("templates")).iter().enumerate()
        {
            let field = format!("{path}.templates[{index}].templateName");
            let wanted = text(wanted, "templateName");
            let mut all = store.analysis_templates().map(|(o, _)| o);
            let template =
                all.find(|o| wanted == Some(o.metadata.name.as_str()) && o.is_near(self.object));
            for metric in template.map_or(&[][..], |o| o.node.items_at("spec.metrics")) {
                let name = text(metric, "name").unwrap_or_default();
                let counted = metric.get("count").is_some_and(|n| n.integer() != Some(0));
                if given(metric, "interval") && !counted {
                    let message = format!("the metric {name:?} is measured for ever");
                    self.refuse(&field, &message, "a count beside its interval");
                }
            }
        }
    }

    fn step(&mut self, path: &str, step: &Node, routing: Option<&Node>) {
        let kinds = ["setWeight", "pause", "experiment", "analysis"];
        let kinds: Vec<&str> = kinds.into_iter().filter(|k| given(step, k)).collect();
        if let [first, second, ..] = kinds[..] {
            self.refuse(path, &format!("{first} and {second} in one step"), "one of them");
        }
        // The API server drops fields that it does not know, and what is left sets nothing.
        let nothing = |entries: &[(Key, Node)]| {
            entries.iter().all(|(k, n)| n.value == Value::Null || !STEPS.contains(&&*k.name))
        };
        if matches!(&step.value, Value::Map(entries) if nothing(entries)) {
            let expected = "setWeight, pause, setCanaryScale, analysis, experiment or a route";
            self.refuse(path, "an empty step", expected);
        }
        let most = routing.and_then(|r| r.get("maxTrafficWeight")).and_then(Node::integer);
        let most = most.unwrap_or(100);
        if let Some(weight) = step.get("setWeight").and_then(Node::integer).filter(|w| *w > most) {
            let expected = format!("a weight from 0 to {most}");
            self.refuse(&format!("{path}.setWeight"), &format!("found {weight}"), &expected);
        }
        if given(step, "setCanaryScale") && routing.is_none() {
            let message = "given without trafficRouting";
            self.refuse(&format!("{path}.setCanaryScale"), message, "trafficRouting");
        }
        for kind in ["setHeaderRoute", "setMirrorRoute"] {
            let Some(route) = step.get(kind) else { continue };
            let field = format!("{path}.{kind}");
            let managed = routing.map_or(&[][..], |r| r.items_at("managedRoutes"));
            let name = text(route, "name").unwrap_or_default();
            let known = managed.iter().any(|r| text(r, "name") == Some(name));
            match routing {
                None => self.refuse(&field, "given without trafficRouting", "trafficRouting"),
                Some(_) if !known => {
                    let message = format!("{name:?} is not among trafficRouting.managedRoutes");
                    self.refuse(&field, &message, "the name of a managed route");
                }
                Some(_) => {}
            }
        }
    }
}

/// Do these proxies need a Service of each version to tell them apart?
fn needs_services(routing: &Node, canary: &Node) -> bool {
    if given(canary, "pingPong") {
        return false;
    }
    let istio = routing.get("istio").is_some_and(|i| i.get("destinationRule").is_none());
    let others = ["alb", "smi", "apisix", "ambassador", "nginx", "appMesh", "traefik"];
    istio || others.iter().any(|name| given(routing, name))
}

fn given(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|n| n.value != Value::Null)
}

fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Node::text).filter(|text| !text.is_empty())
}

/// Is a number of pods, or a percentage of them, given as nothing?
fn is_none(node: &Node, name: &str, left_out: bool) -> bool {
    match node.get(name).map(|n| &n.value) {
        None | Some(Value::Null) => left_out,
        Some(Value::Integer(pods)) => *pods == 0,
        Some(Value::Text(share)) => share == "0%" || share == "0",
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Input, read};
    use crate::scenario::yaml;
    use std::sync::Arc;

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
        let found = match read(&[input]) {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        let refused = found.iter().filter(|p| p.help == super::HELP).map(|p| p.path.as_str());
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
            ("stableService: s, canaryService: s".into(), "strategy.canary.canaryService"),
            ("maxSurge: 0, maxUnavailable: 0%".into(), "strategy.canary.maxUnavailable"),
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
        check(nginx, "", &["strategy.canary.trafficRouting"]);
        let same = "blueGreen: {activeService: a, previewService: a}";
        check(same, "", &["strategy.blueGreen.previewService"]);
        let late = "  minReadySeconds: 600\n";
        check("canary: {steps: [{setWeight: 20}]}", late, &["progressDeadlineSeconds"]);
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
        let step =
            "canary: {steps: [{setWeight: 20}, {analysis: {templates: [{templateName: t}]}}]}";
        let field = "strategy.canary.steps[1].analysis.templates[0].templateName";
        check(step, &endless, &[field]);
        check(step, &counted, &[]);
        let beside =
            "canary: {steps: [{setWeight: 20}], analysis: {templates: [{templateName: t}]}}";
        check(beside, &endless, &[]);
    }
}

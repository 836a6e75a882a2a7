//! Autoscalers that Kubernetes would not let act as they are written, and what a release does to
//! those that it does (k/k `pkg/controller/podautoscaler`).

use super::{UnitsFound, keda};
use crate::draft::Draft;
use crate::kinds::Object;
use crate::kinds::autoscaler::Autoscaler;
use crate::store::Store;
use std::collections::BTreeMap;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::Problem;

/// Contradictions between autoscalers and what they scale.
pub fn check(store: &Store, found: &mut UnitsFound) {
    let mut seen: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for (object, autoscaler) in store.autoscalers() {
        if keda::is_made(object) {
            continue;
        }
        wrong_kind(store, object, autoscaler, found);
        keda::requests(store, object, autoscaler, found);
        let others = seen.entry(autoscaler.target.as_str()).or_default();
        let first = others.iter().find(|other| other.is_near(object));
        let either = |other: &&&Object| [**other, object].iter().any(|o| keda::takes_over(o));
        if let Some(other) = first.filter(|other| !either(other)) {
            let message = format!("{} scales {:?} as well", other.title(), autoscaler.target);
            let keda = [other.kind, object.kind].contains(&"ScaledObject");
            let help = match keda {
                true => "KEDA refuses it: the workload is already managed by the other",
                false => "Kubernetes lets neither of the two act (AmbiguousSelector)",
            };
            let field = "spec.scaleTargetRef.name";
            found.problem(object, field, message, "one autoscaler for it", help);
        }
        others.push(object);
    }
}

/// A workload of the name is given, but of another kind than the one that is asked for.
fn wrong_kind(store: &Store, object: &Object, autoscaler: &Autoscaler, found: &mut UnitsFound) {
    let kind = match object.node.at("spec.scaleTargetRef.kind") {
        Some(kind) => kind.text().unwrap_or_default(),
        // KEDA's own default.
        None if object.kind == "ScaledObject" => "Deployment",
        None => return,
    };
    let workload = |o: &&Object| ["Deployment", "Rollout"].contains(&o.kind) && o.is_near(object);
    let given: Vec<&Object> = store.named(&autoscaler.target).filter(workload).collect();
    let other = given.iter().find(|o| o.kind != kind);
    if let (Some(other), false) = (other, given.iter().any(|o| o.kind == kind)) {
        let message = format!("no {kind} of these files is called {:?}", autoscaler.target);
        let help = format!("did you mean kind: {}?", other.kind);
        let field = "spec.scaleTargetRef.kind";
        found.problem(object, field, message, "the kind of a workload of these files", &help);
    }
}

/// What becomes of autoscalers that were attached: one without a request to measure by does not
/// act, and a size that the file writes beside one is not applied.
pub fn settle(store: &Store, found: &mut UnitsFound) {
    let who = found.who();
    for (object, autoscaler) in store.autoscalers() {
        let near = store.named(&autoscaler.target).filter(|o| o.is_near(object));
        let owner = near.filter_map(|owner| Some((owner, owner.template()?)));
        let Some((owner, template)) = owner.into_iter().next() else { continue };
        let takes = [owner.title(), object.title()].map(|title| who.use_any([&title]));
        let Some(number) = takes[0].intersection(&takes[1]).next() else { continue };
        let draft = &mut found.drafts[*number];
        let metrics = object.node.at("spec.metrics").map(|n| &n.value);
        // Without any metric it is a share of the CPU request (defaults.go: 80 %); KEDA refuses
        // what has none.
        let by_request = match metrics {
            _ if object.kind == "ScaledObject" => false,
            Some(Value::List(metrics)) => metrics.len() < 2 && by_share(autoscaler),
            _ => true,
        };
        // A limit without a request is one (k/k pkg/apis/core/v1/defaults.go).
        let bare = template.containers.iter().find(|c| c.cpu.is_none());
        if let (true, Some(container)) = (by_request, bare) {
            let flown = if by_flagger(draft) {
                "flown as with a request of one core"
            } else {
                draft.remove("spec.service.autoscaler");
                "nothing is scaled (FailedGetResourceMetric)"
            };
            let why = format!(
                "missing request for cpu in container {:?}, of which a share is asked for: {flown}",
                container.name
            );
            let help = "resources.requests.cpu of the container";
            found.unasked(object, "spec.metrics", &why, help);
            continue;
        }
        let size = owner.node.at("spec.replicas").and_then(Node::integer);
        if let Some(size) = size.filter(|_| !by_flagger(draft)) {
            let name = draft.name.clone();
            applied(owner, size, autoscaler, &name, found);
        }
    }
}

/// A size that the file writes beside an autoscaler: what applying it does to the fleet.
fn applied(owner: &Object, size: i64, autoscaler: &Autoscaler, name: &str, found: &mut UnitsFound) {
    let docs = "leave it out, says \
        kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale";
    let why = format!(
        "the autoscaler sets the size: as many pods as it has when the release begins. Applying \
         the file would set {size} at once, until the next sync; {docs}"
    );
    found.overridden(owner, "spec.replicas", &why);
    let min = autoscaler.min.unwrap_or(1).max(1);
    if size.cast_unsigned() < min && size > 0 {
        let message = format!(
            "applying the file sets {size} pods where the autoscaler keeps {min} or more: the \
             others are gone at once, and come back after its next sync (15s) and their start"
        );
        let help = format!(
            "leave it out; what it does is flown with --set \
             spec.service.autoscaler.applied={size} (unit {name:?})"
        );
        let (written_at, path) =
            (owner.written_at("spec.replicas"), format!("{} spec.replicas", owner.title()));
        let warning = Problem::warning(written_at.place, &path, message).help(help);
        found.problems.push(warning.in_file(&written_at.file));
    }
}

/// Does it ask for a share of the CPU request?
fn by_share(autoscaler: &Autoscaler) -> bool {
    autoscaler.fields.iter().any(|(name, _)| *name == "cpuUtilization")
}

/// Flagger sets the sizes itself.
pub(super) fn by_flagger(draft: &Draft) -> bool {
    let strategies = draft.get("spec.strategies").map(|n| &n.value);
    let Some(Value::List(strategies)) = strategies else { return false };
    strategies.iter().any(|s| s.get("flagger").is_some())
}

#[cfg(test)]
mod tests {
    use crate::{Import, Input, read};
    use std::sync::Arc;
    use windtunnel_scenario::yaml;

    fn text(request: &str, scalers: &[(&str, &str)]) -> String {
        let scaler = |(name, metrics): &(&str, &str)| {
            format!(
                "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n\
                 metadata: {{name: {name}}}\nspec: {{scaleTargetRef: \
                 {{kind: Deployment, name: a}}, maxReplicas: 8, metrics: [{metrics}]}}\n"
            )
        };
        let scalers: String = scalers.iter().map(scaler).collect();
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  replicas: 2\n  \
             selector: {{matchLabels: {{app: a}}}}\n  template:\n    \
             metadata: {{labels: {{app: a}}}}\n    spec: {{containers: \
             [{{name: a, image: \"a:2\", resources: {{{request}}}}}]}}\n{scalers}"
        )
    }

    fn import(text: &str) -> Result<Import, Vec<String>> {
        let documents = yaml::documents(text, "a.yaml").expect("YAML");
        let input = Input { file: Arc::from("a.yaml"), text: Arc::from(text), documents };
        read(&[input], crate::ReadRequest::default())
            .map_err(|p| p.into_iter().map(|p| format!("{} {}", p.path, p.help)).collect())
    }

    const SHARE: &str = "{type: Resource, resource: {name: cpu, target: {type: Utilization, \
                         averageUtilization: 50}}}";

    fn scaled(text: &str) -> (bool, Vec<String>) {
        let import = import(text).expect("an import");
        let service = import.flyables[0].node.at("spec.service").cloned();
        let ignored = import.lists.ignored.iter().map(|n| n.field.clone());
        let overridden = import.lists.overridden.iter().map(|n| n.field.clone());
        let told =
            ignored.chain(overridden).filter(|f| f == "spec.metrics" || f == "spec.replicas");
        (service.is_some_and(|s| s.get("autoscaler").is_some()), told.collect())
    }

    #[test]
    fn a_share_of_no_request_scales_nothing() {
        let metrics = |told: &str| vec![told.to_string()];
        assert_eq!(scaled(&text("", &[("a", SHARE)])), (false, metrics("spec.metrics")));
        for given in ["requests: {cpu: 100m}", "limits: {cpu: 1}"] {
            assert_eq!(scaled(&text(given, &[("a", SHARE)])), (true, metrics("spec.replicas")));
        }
        let mean = "{type: Resource, resource: {name: cpu, target: {type: AverageValue, \
                    averageValue: 400m}}}";
        assert_eq!(scaled(&text("", &[("a", mean)])), (true, metrics("spec.replicas")));
    }

    #[test]
    fn autoscalers_that_contradict_are_told() {
        let two = text("requests: {cpu: 1}", &[("a", SHARE), ("b", SHARE)]);
        let problems = import(&two).expect_err("two for one");
        assert!(
            problems[0].contains("HorizontalPodAutoscaler/b spec.scaleTargetRef.name"),
            "{problems:?}"
        );
        assert!(problems[0].contains("AmbiguousSelector"), "{problems:?}");
        let other = text("requests: {cpu: 1}", &[("a", SHARE)])
            .replace("{kind: Deployment", "{kind: Rollout");
        let problems = import(&other).expect_err("another kind");
        assert!(
            problems[0].contains("spec.scaleTargetRef.kind did you mean kind: Deployment?"),
            "{problems:?}"
        );
    }
}

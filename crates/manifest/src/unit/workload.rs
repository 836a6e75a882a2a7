//! A workload's pods as settings of `spec.service`: probes, shutdown, resources.

use super::orders;
use crate::draft::{Draft, integer, list, mapping, secs, text};
use crate::fields::Labels;
use crate::kinds::Object;
use crate::kinds::deployment::Deployment;
use crate::kinds::pod::{Container, PodTemplate, Probe};
use crate::newer;
use crate::note::{Lists, SourcePlace};
use windtunnel_base::node::Value;
use windtunnel_model::strategy::deployment::bounds::IntOrPercent;
use windtunnel_model::world::names::is_discovered;

const K8S: &str = "default of Kubernetes";

/// Pods that a unit gets when no manifest says how many.
const REPLICAS: u64 = 10;

/// Writes the size of the service.
pub fn replicas(draft: &mut Draft, object: &Object, given: Option<u64>, lists: &mut Lists) {
    match given {
        Some(pods) => {
            draft.set("spec.service.replicas", integer(pods), object.written_at("spec.replicas"))
        }
        None => {
            draft.set("spec.service.replicas", integer(1), object.written_at("spec"));
            let source = "default of Kubernetes, pkg/apis/apps/v1/defaults.go";
            draft.assume(lists, "spec.service.replicas", "1", source, false);
        }
    }
}

/// Writes the size of a service whose workload is not given.
pub fn unknown_workload(draft: &mut Draft, lists: &mut Lists) {
    draft.write("spec.service.replicas", integer(REPLICAS));
    let source = "no Deployment of it is given; a middling fleet (assumption)";
    draft.assume(lists, "spec.service.replicas", &REPLICAS.to_string(), source, true);
    let source = "no Deployment of it is given; windtunnel's own default";
    draft.assume(lists, "spec.service.readinessProbe", "every 5s", source, true);
}

/// Writes everything about the pods of a workload.
pub fn pods(
    draft: &mut Draft,
    object: &Object,
    template: Option<&PodTemplate>,
    min_ready_secs: Option<u64>,
    lists: &mut Lists,
) {
    let written_at = |path: &str| object.written_at(&format!("spec.{path}"));
    if let Some(min_ready) = min_ready_secs.filter(|s| *s > 0) {
        let value = secs(min_ready as f64);
        draft.set("spec.service.minReady", value, written_at("minReadySeconds"));
    }
    let Some(template) = template else {
        let source = "the workload has no pod template; windtunnel's own default";
        draft.assume(lists, "spec.service.readinessProbe", "every 5s", source, true);
        return;
    };
    initial(draft, template.init, lists);
    let none = Container::default();
    let application = template.application();
    let container = application.unwrap_or(&none);
    let index = template.containers.iter().position(|c| Some(c) == application).unwrap_or(0);
    let at = |field: &str| format!("template.spec.containers[{index}].{field}");
    probes(draft, container, &|field| written_at(&at(field)));
    if container.readiness.is_none() {
        let source = "no readinessProbe: a pod is ready as soon as its container runs";
        draft.assume(lists, "spec.service.readinessProbe", "none", source, false);
    }
    let grace = template.grace_secs.unwrap_or(30);
    shutdown(draft, container, grace, &|field| written_at(&at(field)));
    cut_short(draft, object, container, grace, &at("lifecycle.preStop"), lists);
    if container.pre_stop_secs.is_none() {
        let source = "no preStop hook with a sleep: SIGTERM comes at once";
        draft.assume(lists, "spec.service.preStop", "0s", source, false);
    }
    if template.grace_secs.is_none() {
        draft.assume(lists, "spec.service.grace", "30s", K8S, false);
    }
    if let Some(cores) = container.cpu.filter(|c| *c >= 0.001) {
        let value = Value::Number(cores.min(1000.0));
        draft.set("spec.service.cpu.limit", value, written_at(&at("resources")));
    }
    if let Some(cores) = container.cpu_request.filter(|c| *c >= 0.001) {
        let value = Value::Number(cores.min(1000.0));
        draft.set("spec.service.cpu.request", value, written_at(&at("resources.requests")));
    }
    for (i, beside) in template.containers.iter().enumerate().filter(|(i, _)| *i != index) {
        let field = format!("spec.template.spec.containers[{i}]");
        let text = match (&beside.readiness, &container.readiness) {
            (Some(_), Some(_)) => format!(
                "{:?} is ready before {:?}, whose probe stands for the pod: its own is not flown",
                beside.name, container.name
            ),
            _ => format!("{:?} is taken for a sidecar: ready at once", beside.name),
        };
        draft.understand(lists, object, &field, text);
    }
}

/// Containers that run one after another before the process does: their time is not in the
/// manifest, and comes on top of scheduling.
fn initial(draft: &mut Draft, count: usize, lists: &mut Lists) {
    if count == 0 {
        return;
    }
    let more = 5 * count.min(20);
    let span = |first: usize| text(format!("{}s", first + more));
    let spread = mapping(vec![("median", span(2)), ("p99", text(format!("{}s", 5 + 3 * more)))]);
    draft.write("spec.service.scheduling", mapping(vec![("lognormal", spread)]));
    let value = format!("{{lognormal: {{median: {}s, p99: {}s}}}}", 2 + more, 5 + 3 * more);
    let source = "initContainers take 5s each (assumption; 1s to 30s are usual): \
        spec.service.scheduling in a Scenario says it";
    draft.assume(lists, "spec.service.scheduling", &value, source, false);
}

/// Writes labels of pods, by which queries ask for them: of `all`, `old` or `new`.
pub fn labels(draft: &mut Draft, whose: &str, labels: &Labels, written_at: &SourcePlace) {
    let own = labels.iter().filter(|(name, _)| !is_discovered(name));
    let pairs: Vec<Value> = own.map(|(name, value)| text(format!("{name}={value}"))).collect();
    if !pairs.is_empty() {
        draft.set(&format!("spec.service.podLabels.{whose}"), list(pairs), written_at.clone());
    }
}

/// Labels of a workload's pods.
fn labels_of(object: &Object) -> &[(String, String)] {
    match object.template() {
        Some(template) => &template.labels,
        None => &[],
    }
}

/// Writes the names of the Deployments of the two versions, and their pods' labels, by which
/// metrics tell them apart.
pub fn names(draft: &mut Draft, old: &Object, new: &Object) {
    if old.title() == new.title() {
        return;
    }
    let written_at = old.written_at("spec.template.metadata.labels");
    let both = |pair: &&(String, String)| labels_of(new).contains(pair);
    let shared: Labels = labels_of(old).iter().filter(both).cloned().collect();
    labels(draft, "all", &shared, &written_at);
    for (whose, object) in [("old", old), ("new", new)] {
        let own = labels_of(object).iter().filter(|pair| !shared.contains(pair));
        let written_at = object.written_at("spec.template.metadata.labels");
        labels(draft, whose, &own.cloned().collect(), &written_at);
    }
    for (version, object) in [("old", old), ("new", new)] {
        let path = format!("spec.service.workloads.{version}");
        draft.set(&path, text(object.metadata.name.clone()), object.written_at("metadata.name"));
    }
}

/// The image that a Deployment releases.
pub fn image(deployment: &Deployment) -> Option<&str> {
    deployment.template.as_ref()?.application()?.image.as_deref()
}

/// Do both run versions of one program? Their images have one repository, or repositories that
/// differ by a version (`reviews-v1`, `reviews-v2`).
pub fn is_alike(a: &Deployment, b: &Deployment) -> bool {
    let repository = |deployment| image(deployment).map(|image| newer::image(image).0);
    match (repository(a), repository(b)) {
        (Some(a), Some(b)) => a == b || newer::order(a, b).is_some(),
        (a, b) => a == b,
    }
}

type SpotOf<'a> = &'a dyn Fn(&str) -> crate::note::SourcePlace;

fn probes(draft: &mut Draft, container: &Container, written_at: SpotOf<'_>) {
    let value = container.readiness.as_ref().map_or_else(|| text("none"), probe);
    draft.set("spec.service.readinessProbe", value, written_at("readinessProbe"));
    if let Some(liveness) = &container.liveness {
        draft.set("spec.service.livenessProbe", probe(liveness), written_at("livenessProbe"));
    }
    if let Some(startup) = &container.startup {
        draft.set("spec.service.startupProbe", probe(startup), written_at("startupProbe"));
    }
}

/// The kubelet cuts a preStop hook at the grace period and leaves the process 2 s more
/// (k/k `pkg/kubelet/kuberuntime/kuberuntime_container.go`); a grace of 0 is taken for 1 s.
fn shutdown(draft: &mut Draft, container: &Container, grace: u64, written_at: SpotOf<'_>) {
    let grace = grace.max(1) as f64;
    let pre_stop = container.pre_stop_secs.unwrap_or(0.0).min(grace);
    draft.set("spec.service.preStop", secs(pre_stop), written_at("lifecycle"));
    draft.write("spec.service.grace", secs(grace.max(pre_stop + 2.0)));
}

/// Books a preStop hook that the grace cuts.
fn cut_short(
    draft: &Draft,
    object: &Object,
    container: &Container,
    grace: u64,
    field: &str,
    lists: &mut Lists,
) {
    let grace = grace.max(1);
    if let Some(secs) = container.pre_stop_secs.filter(|secs| *secs > grace as f64) {
        let text = format!(
            "{secs}s are cut at the {grace}s of terminationGracePeriodSeconds, which count from \
             the deletion: the process gets SIGTERM then, and SIGKILL 2s later \
             (k/k pkg/kubelet/kuberuntime/kuberuntime_container.go)"
        );
        lists.overridden.push(draft.note(object, &format!("spec.{field}"), text));
    }
}

/// The controller takes 1 for a maxUnavailable that comes to nothing beside no surge
/// (k/k `pkg/controller/deployment/util/deployment_util.go`, `ResolveFenceposts`).
fn fenced(draft: &Draft, object: &Object, deployment: &Deployment, lists: &mut Lists) {
    let (Some(surge), Some(missing)) = (&deployment.max_surge, &deployment.max_unavailable) else {
        return;
    };
    let pods = i64::try_from(deployment.replicas.unwrap_or(1)).unwrap_or(i64::MAX);
    let none = |bound: &str, up| {
        let resolved = IntOrPercent::parse(bound).resolve(pods as _, up);
        resolved.is_ok_and(|pods| pods == 0)
    };
    if none(surge, true) && none(missing, false) {
        let text = format!(
            "{missing} of {pods} pods is none, beside a maxSurge of none: the controller takes 1, \
             so that it can go on (ResolveFenceposts)"
        );
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        lists.overridden.push(draft.note(object, field, text));
    }
}

fn probe(probe: &Probe) -> Value {
    let mut fields = Vec::new();
    let mut add = |name, given: Option<u64>, unit: fn(u64) -> Value| {
        if let Some(value) = given {
            fields.push((name, unit(value)));
        }
    };
    let span = |s: u64| secs(s as f64);
    add("initialDelay", probe.initial_delay_secs, span);
    add("period", probe.period_secs, span);
    add("timeout", probe.timeout_secs, span);
    add("successThreshold", probe.success_threshold, integer);
    add("failureThreshold", probe.failure_threshold, integer);
    mapping(fields)
}

/// The strategy that a Deployment names: recreate or rolling update.
pub fn strategy(draft: &mut Draft, object: &Object, deployment: &Deployment, lists: &mut Lists) {
    let kind = if deployment.recreate { "recreate" } else { "rollingUpdate" };
    let path = draft.strategy(kind, object.written_at("spec.strategy"));
    let mut set =
        |name: &str, value: &Option<String>, field: &str, default: &str, why: &str| match value {
            Some(value) => {
                draft.set(&format!("{path}.{name}"), text(value.clone()), object.written_at(field));
            }
            None => draft.assume(lists, field, default, why, false),
        };
    if !deployment.recreate {
        let field = "spec.strategy.rollingUpdate.maxSurge";
        set("maxSurge", &deployment.max_surge, field, "25%", K8S);
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        set("maxUnavailable", &deployment.max_unavailable, field, "25%", K8S);
    }
    // The largest number of the API means "never": ten years will do.
    let deadline = deployment.deadline_secs.map(|s| format!("{}s", s.min(300_000_000)));
    let field = "spec.progressDeadlineSeconds";
    set("progressDeadline", &deadline, field, "600s", K8S);
    fenced(draft, object, deployment, lists);
    orders::write(draft, &path, object, &deployment.own);
    if deployment.paused {
        draft.set(&format!("{path}.paused"), Value::Flag(true), object.written_at("spec.paused"));
        if orders::resumed(&deployment.own).is_some() {
            return;
        }
        let source = "a paused Deployment rolls nothing out until `kubectl rollout resume`, which \
            nobody runs here: the release reaches nobody; remove spec.paused, or say \
            `windtunnel-orders: 60s resume` in its annotations, to fly it";
        draft.assume(lists, "spec.paused", "true to the end of the flight", source, true);
    }
}

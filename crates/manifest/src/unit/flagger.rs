//! A Canary with its Deployment, templates and autoscaler: the strategy `flagger`.

use super::{UnitsFound, help_for, keda, load, metric_answers, orders, workload};
use crate::draft::{Draft, integer, list, mapping, text};
use crate::fields::Labels;
use crate::kinds::Object;
use crate::kinds::canary::{Analysis, Canary, CanaryMetric, Webhook};
use crate::kinds::deployment::Deployment;
use crate::note::{Lists, Weight};
use crate::standard_releases::HEADER_SHARE;
use crate::store::Store;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::nearest;
use windtunnel_base::units::Share;
use windtunnel_model::strategy::flagger::provider::Provider;
use windtunnel_model::strategy::flagger::router::surprises;
use windtunnel_model::strategy::flagger::settings::{self, Matching};
use windtunnel_model::strategy::flagger::{field, part};

/// A unit for every Canary.
pub fn find(store: &Store, found: &mut UnitsFound) {
    for (object, canary) in store.canaries() {
        unit(store, object, canary, found);
    }
}

fn unit(store: &Store, object: &Object, canary: &Canary, found: &mut UnitsFound) {
    let target = if canary.target.is_empty() { &object.metadata.name } else { &canary.target };
    let mut draft = Draft::new(target, object);
    if canary.target.is_empty() {
        let source = "a Canary is told which Deployment it releases; taken to bear its name";
        draft.assume(&mut found.lists, "spec.targetRef.name", target, source, true);
    }
    let deployment =
        store.deployments().find(|(o, _)| o.metadata.name == *target && o.is_near(object));
    workload_of(store, object, target, deployment, &mut draft, found);
    made(store, object, canary, target, &mut draft, found);
    let path = draft.strategy(part::PART.name, object.written_at("spec"));
    names(&mut draft, object, canary, target, &path);
    let provider = provider(&mut draft, object, canary, &path, &mut found.lists);
    for (field, value) in &canary.fields {
        let written_at = object.written_at(&format!("spec.{field}"));
        draft.set(&format!("{path}.{field}"), value.clone(), written_at);
    }
    if let Some((owner, settings)) = deployment {
        of_target(store, target, &mut draft, (owner, settings), &path);
        orders::write(&mut draft, &path, owner, &settings.own);
    }
    autoscaler(store, &mut draft, object, canary, &path, found);
    match &canary.analysis {
        Some(analysis) => {
            overridden(object, analysis, provider, found);
            self::analysis(store, object, analysis, &path, &mut draft, found);
        }
        None => {
            let source = "a Canary without analysis is promoted without a look";
            draft.assume(&mut found.lists, "spec.analysis", "none", source, true);
        }
    }
    for setting in &canary.settings {
        if setting.name == "perTryTimeout" && provider != Provider::GatewayApi {
            let field = format!("spec.service.{}", setting.field);
            if setting.field == "backendTimeout" {
                let why = "only the Gateway API has such a timeout";
                found.ignore(object, &field, why, Weight::NoEffect);
                continue;
            }
        }
        let written_at = object.written_at(&format!("spec.service.{}", setting.field));
        draft.set(
            &format!("spec.service.balancer.{}", setting.name),
            setting.value.clone(),
            written_at,
        );
    }
    if provider == Provider::Istio && !canary.settings.iter().any(|s| s.name == "retries") {
        let written_at = object.written_at("spec.service.retries");
        draft.set("spec.service.balancer.retries", integer(2), written_at);
        let source = "Istio retries a refused connection twice, \
            pilot/pkg/networking/core/route/retry/retry.go";
        draft.assume(&mut found.lists, "spec.service.balancer.retries", "2", source, false);
    }
    found.add(draft);
}

/// Books what the provider's router makes of fields that say something else.
fn overridden(object: &Object, analysis: &Analysis, provider: Provider, found: &mut UnitsFound) {
    let given = |name: &str| analysis.fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v);
    let conditions = analysis.conditions.clone();
    let settings = settings::Analysis {
        mirror: given(field::MIRROR) == Some(&Value::Flag(true)),
        iterations: match given(field::ITERATIONS) {
            Some(Value::Integer(count)) => u32::try_from(*count).unwrap_or(u32::MAX),
            _ => 0,
        },
        matching: conditions.map(|conditions| Matching { conditions, share: Share::ONE }),
        affinity: analysis.affinity.as_ref().map(|_| settings::Affinity::default()),
        ..settings::Analysis::default()
    };
    for surprise in surprises(provider, &settings) {
        let field = format!("spec.{}.{}", analysis.field, surprise.field);
        found.ignore(object, &field, &surprise.message, Weight::Matters);
    }
}

/// Size and pods, from the Deployment that is released; a slip of its name is a contradiction.
fn workload_of(
    store: &Store,
    object: &Object,
    target: &str,
    deployment: Option<(&Object, &Deployment)>,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    if let Some((owner, settings)) = deployment {
        draft.takes(owner);
        told_apart(owner, settings, found);
        let (sized, pods) = size(store, target, owner, settings);
        workload::replicas(draft, sized, pods, &mut found.lists);
        let template = settings.template.as_ref();
        let lists = &mut found.lists;
        workload::pods(draft, owner, template, settings.min_ready_secs, lists);
        if let Some(template) = template {
            workload_labels(draft, owner, &template.labels);
        }
        draft.fleets = template.map(|template| {
            let labels = &template.labels;
            [labels.iter().map(|pair| primary(labels, pair)).collect(), labels.clone()]
        });
        return;
    }
    let known: Vec<&Object> = store.deployments().map(|(o, _)| o).collect();
    if let Some(help) = help_for(target, &known, "") {
        let message = format!("no Deployment here is called {target:?}");
        let known: Vec<&str> = known.iter().map(|o| o.metadata.name.as_str()).collect();
        let expected = format!("one of {}", known.join(", "));
        found.problem(object, "spec.targetRef.name", message, &expected, &help);
    }
    workload::unknown_workload(draft, &mut found.lists);
}

/// Labels of both Deployments' pods; the one that tells them apart is the primary's own, which the
/// flight knows.
fn workload_labels(draft: &mut Draft, owner: &Object, labels: &Labels) {
    let apart = APART.iter().find(|key| labels.iter().any(|(name, _)| name == *key));
    let written_at = owner.written_at("spec.template.metadata.labels");
    let is_apart = |(name, _): &&(String, String)| Some(&name.as_str()) == apart;
    let kept = labels.iter().filter(|pair| !is_apart(pair)).cloned().collect();
    workload::labels(draft, "all", &kept, &written_at);
    let canary: Labels = labels.iter().filter(is_apart).cloned().collect();
    let of_primary = canary.iter().map(|pair| primary(labels, pair)).collect();
    workload::labels(draft, "old", &of_primary, &written_at);
    workload::labels(draft, "new", &canary, &written_at);
}

/// Labels by which Flagger tells the primary's pods from the canary's, the first that is there
/// (`cmd/flagger/main.go`, `-selector-labels`).
const APART: [&str; 3] = ["app", "name", "app.kubernetes.io/name"];

/// Without one of them in its selector Flagger never initialises the Canary
/// (`pkg/canary/deployment_controller.go`, getSelectorLabel).
fn told_apart(owner: &Object, settings: &Deployment, found: &mut UnitsFound) {
    let Some(selector) = &settings.selector else { return };
    if !selector.labels.iter().any(|(name, _)| APART.contains(&name.as_str())) {
        let message = "Flagger cannot tell its pods from the primary's".to_string();
        let expected = format!("one of {}", APART.join(", "));
        let help = "Flagger refuses such a target, and the Canary never begins";
        found.problem(owner, "spec.selector.matchLabels", message, &expected, help);
    }
}

/// A label of the primary's pods: of the canary's the first that tells workloads apart has another
/// value (flagger `pkg/canary/deployment_controller.go`, `-selector-labels`).
fn primary(labels: &Labels, pair: &(String, String)) -> (String, String) {
    let own = APART.iter().find(|key| labels.iter().any(|(name, _)| name == *key));
    match own == Some(&pair.0.as_str()) {
        true => (pair.0.clone(), format!("{}-primary", pair.1)),
        false => pair.clone(),
    }
}

/// The size of the service, and the object that says so: in a cluster it is the primary's, and the
/// target stands at zero between releases.
fn size<'s>(
    store: &'s Store,
    target: &str,
    owner: &'s Object,
    settings: &Deployment,
) -> (&'s Object, Option<u64>) {
    let primary = format!("{target}-primary");
    let of_primary = |(o, _): &(&Object, _)| o.metadata.name == primary && o.is_near(owner);
    let running = |pods: &Deployment| pods.replicas.filter(|pods| *pods > 0);
    let primary = store.deployments().find(of_primary);
    match primary.and_then(|(o, settings)| Some((o, running(settings)?))) {
        Some((primary, pods)) => (primary, Some(pods)),
        None => (owner, running(settings)),
    }
}

/// Objects that the controller makes by itself, as `kubectl get` shows them once a Canary runs:
/// they are not released apart from it.
fn made(
    store: &Store,
    object: &Object,
    canary: &Canary,
    target: &str,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let service = canary.names.iter().find(|(name, _)| *name == field::SERVICE);
    let service = match service.map(|(_, value)| value) {
        Some(Value::Text(name)) => name.as_str(),
        _ => target,
    };
    let ends = |name: &str, of: &str, ends: &[&str]| {
        name.strip_prefix(of).is_some_and(|end| ends.contains(&end))
    };
    for other in store.objects.iter().filter(|o| o.is_near(object)) {
        let name = &other.metadata.name;
        let own = match other.kind {
            "Deployment" => ends(name, target, &["-primary"]),
            "HorizontalPodAutoscaler" | "ScaledObject" => {
                canary.autoscaler.as_ref().is_some_and(|scaler| ends(name, scaler, &["-primary"]))
            }
            "DestinationRule" => ends(name, service, &["-primary", "-canary"]),
            "VirtualService" | "HTTPRoute" | "GRPCRoute" => name == service,
            _ => false,
        };
        if own {
            draft.takes(other);
            let why = "the controller makes it: what the Canary says is flown";
            found.ignore(other, "", why, Weight::NoEffect);
        }
    }
}

fn names(draft: &mut Draft, object: &Object, canary: &Canary, target: &str, path: &str) {
    let written_at = object.written_at("spec.targetRef.name");
    draft.set(&format!("{path}.{}.{}", field::NAMES, field::TARGET), text(target), written_at);
    if object.metadata.name != *target {
        let written_at = object.written_at("metadata.name");
        draft.set(
            &format!("{path}.{}.{}", field::NAMES, field::CANARY),
            text(object.metadata.name.clone()),
            written_at,
        );
    }
    for (name, value) in &canary.names {
        draft.set(
            &format!("{path}.{}.{name}", field::NAMES),
            value.clone(),
            object.written_at("spec"),
        );
    }
    if let Some(namespace) = &object.metadata.namespace {
        let written_at = object.written_at("metadata.namespace");
        draft.set(
            &format!("{path}.{}.{}", field::NAMES, field::NAMESPACE),
            text(namespace.clone()),
            written_at,
        );
    }
}

fn provider(
    draft: &mut Draft,
    object: &Object,
    canary: &Canary,
    path: &str,
    lists: &mut Lists,
) -> Provider {
    let word = canary.provider.as_deref();
    let known = word.and_then(Provider::parse);
    match (word, known) {
        (Some(_), Some(provider)) => {
            let value = text(provider.word());
            draft.set(
                &format!("{path}.{}", field::PROVIDER),
                value,
                object.written_at("spec.provider"),
            );
        }
        // A word that the CRD does not know is refused.
        (Some(_), None) => {}
        (None, _) => {
            let source = "the controller's own default, cmd/flagger/main.go -mesh-provider";
            draft.assume(lists, &format!("{path}.{}", field::PROVIDER), "istio", source, false);
        }
    }
    known.unwrap_or_default()
}

/// What the promotion copies from the Deployment, and the size that a release writes: the whole
/// one follows a Scenario's.
fn of_target(
    store: &Store,
    target: &str,
    draft: &mut Draft,
    (owner, settings): (&Object, &Deployment),
    path: &str,
) {
    let (_, full) = size(store, target, owner, settings);
    let mut set = |field: &str, value: Option<Value>, from: &str| {
        if let Some(value) = value {
            draft.set(&format!("{path}.{}.{field}", field::TARGET), value, owner.written_at(from));
        }
    };
    let bound = |bound: &Option<String>| bound.clone().map(text);
    set(field::MAX_SURGE, bound(&settings.max_surge), "spec.strategy.rollingUpdate.maxSurge");
    let missing = "spec.strategy.rollingUpdate.maxUnavailable";
    set(field::MAX_UNAVAILABLE, bound(&settings.max_unavailable), missing);
    set(field::RECREATE, settings.recreate.then_some(Value::Flag(true)), "spec.strategy.type");
    let deadline = settings.deadline_secs.map(|s| text(format!("{}s", s.min(300_000_000))));
    set(field::PROGRESS_DEADLINE, deadline, "spec.progressDeadlineSeconds");
    let written = settings.replicas.filter(|pods| *pods > 0);
    let whole = written.is_some() && written == full;
    set(field::WRITES_REPLICAS, whole.then_some(Value::Flag(true)), "spec.replicas");
    set(field::REPLICAS, written.filter(|_| !whole).map(integer), "spec.replicas");
}

fn autoscaler(
    store: &Store,
    draft: &mut Draft,
    object: &Object,
    canary: &Canary,
    path: &str,
    found: &mut UnitsFound,
) {
    let Some(name) = &canary.autoscaler else { return };
    let written_at = object.written_at("spec.autoscalerRef");
    draft.set(&format!("{path}.{}", field::AUTOSCALER), mapping(Vec::new()), written_at.clone());
    for (field, value) in &canary.autoscaler_limits {
        draft.set(
            &format!("{path}.{}.{field}", field::AUTOSCALER),
            value.clone(),
            written_at.clone(),
        );
    }
    let kind = object.node.at("spec.autoscalerRef.kind").and_then(Node::text);
    let kind = kind.unwrap_or("HorizontalPodAutoscaler");
    let near = |o: &Object| o.kind == kind && o.is_near(object);
    let given = store.autoscalers().find(|(o, _)| o.metadata.name == *name && near(o));
    keda::unnamed(store, object, canary, found);
    if let Some((owner, autoscaler)) = given {
        draft.takes(owner);
        if let Some(min) = autoscaler.min {
            let counts = [("ScaledObject", "spec.minReplicaCount")];
            let field =
                counts.iter().find(|(of, _)| *of == kind).map_or("spec.minReplicas", |f| f.1);
            let path = format!("{path}.{}.{}", field::AUTOSCALER, field::MIN_REPLICAS);
            draft.set(&path, integer(min), owner.written_at(field));
        }
        return;
    }
    let known = store.autoscalers().map(|(o, _)| o).filter(|o| o.kind == kind);
    let names: Vec<&str> = known.map(|o| o.metadata.name.as_str()).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        let message = format!("no {kind} here is called {name:?}");
        let (expected, help) =
            (format!("one of {}", names.join(", ")), format!("did you mean {near}?"));
        found.problem(object, "spec.autoscalerRef.name", message, &expected, &help);
    }
    let source = "its autoscaler is not given: the canary starts with one pod";
    let lists = &mut found.lists;
    draft.assume(lists, &format!("autoscaler {name}"), "minReplicas 1", source, true);
}

fn analysis(
    store: &Store,
    object: &Object,
    analysis: &Analysis,
    path: &str,
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let (path, field) = (format!("{path}.{}", field::ANALYSIS), format!("spec.{}", analysis.field));
    draft.set(&path, mapping(Vec::new()), object.written_at(&field));
    for (name, value) in &analysis.fields {
        let written_at = object.written_at(&format!("{field}.{name}"));
        draft.set(&format!("{path}.{name}"), value.clone(), written_at);
    }
    let given = |name: &str| analysis.fields.iter().any(|(n, _)| *n == name);
    for (name, value, source) in [
        (field::INTERVAL, "60s", "the controller's own default, v1beta1/canary.go"),
        (field::THRESHOLD, "1", "the controller's own default: the first failed tick rolls back"),
    ] {
        if !given(name) {
            draft.assume(&mut found.lists, &format!("{field}.{name}"), value, source, false);
        }
    }
    if let Some(conditions) = &analysis.conditions {
        let written_at = object.written_at(&format!("{field}.match"));
        let said = list(conditions.iter().cloned().map(text).collect());
        draft.set(
            &format!("{path}.{}.{}", field::MATCH, field::CONDITIONS),
            said,
            written_at.clone(),
        );
        draft.origins.push((format!("{path}.{}", field::MATCH), written_at));
        let source = "who sends the header is not in the file; a Scenario's \
            spec.traffic.headerShare says";
        draft.assume(&mut found.lists, "spec.traffic.headerShare", HEADER_SHARE, source, false);
    }
    if let Some(fields) = &analysis.affinity {
        let written_at = object.written_at(&format!("{field}.sessionAffinity"));
        draft.set(
            &format!("{path}.{}", field::SESSION_AFFINITY),
            mapping(fields.clone()),
            written_at,
        );
    }
    let (mut metrics, mut places) = (Vec::new(), Vec::new());
    for (i, asked) in analysis.metrics.iter().enumerate() {
        let field = format!("{field}.metrics[{i}]");
        metrics.push(metric(store, object, asked, &field, draft, found));
        places.push(object.written_at(&field));
    }
    metric_answers::count(store, object, analysis, found);
    if !metrics.is_empty() {
        let written_at = object.written_at(&format!("{field}.metrics"));
        draft.set(&format!("{path}.{}", field::METRICS), list(metrics), written_at);
        for (i, written_at) in places.into_iter().enumerate() {
            draft.origins.push((format!("{path}.{}[{i}]", field::METRICS), written_at));
        }
    }
    webhooks(object, analysis, (&path, &field), draft, found);
}

/// The webhooks, in the order of the file.
fn webhooks(
    object: &Object,
    analysis: &Analysis,
    (path, field): (&str, &str),
    draft: &mut Draft,
    found: &mut UnitsFound,
) {
    let mut called: Vec<Value> = Vec::new();
    for (i, hook) in analysis.webhooks.iter().enumerate() {
        called.push(webhook(hook, i, draft, (object, &format!("{field}.webhooks[{i}]")), found));
    }
    if !called.is_empty() {
        let written_at = object.written_at(&format!("{field}.webhooks"));
        draft.set(&format!("{path}.{}", field::WEBHOOKS), list(called), written_at);
    }
}

/// A metric with its template's query in it, or what its provider answers.
fn metric(
    store: &Store,
    object: &Object,
    metric: &CanaryMetric,
    field: &str,
    draft: &mut Draft,
    found: &mut UnitsFound,
) -> Value {
    let mut fields = metric.fields.clone();
    if let Some((name, namespace)) = &metric.template {
        let near = |o: &Object| match (namespace, &o.metadata.namespace) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let template = store.metric_templates().find(|(o, _)| o.metadata.name == *name && near(o));
        match template {
            Some((owner, template)) => {
                draft.takes(owner);
                let namespace = owner.metadata.namespace.clone().or(namespace.clone());
                let namespace = namespace.unwrap_or_else(|| "default".into());
                let mut parts =
                    vec![(field::NAME, text(name.clone())), (field::NAMESPACE, text(namespace))];
                parts.extend(metric_answers::asked(owner, template, object, field, found));
                fields.push((field::TEMPLATE, mapping(parts)));
            }
            None => {
                let message = format!("no MetricTemplate here is called {name:?}");
                let known: Vec<&Object> = store.metric_templates().map(|(o, _)| o).collect();
                let names: Vec<&str> = known.iter().map(|o| o.metadata.name.as_str()).collect();
                let help = help_for(name, &known, "add the file with the MetricTemplate");
                let help = help.unwrap_or_default();
                let expected = match names.is_empty() {
                    true => "a MetricTemplate among these files".to_string(),
                    false => format!("one of {}", names.join(", ")),
                };
                let field = format!("{field}.templateRef.name");
                found.problem(object, &field, message, &expected, &help);
            }
        }
    }
    if !metric.variables.is_empty() {
        let pairs = metric.variables.iter().map(|(name, value)| text(format!("{name}={value}")));
        fields.push((field::VARIABLES, list(pairs.collect())));
    }
    mapping(fields)
}

fn webhook(
    hook: &Webhook,
    index: usize,
    draft: &Draft,
    (object, field): (&Object, &str),
    found: &mut UnitsFound,
) -> Value {
    let lists = &mut found.lists;
    let name = hook.name.clone().unwrap_or_else(|| format!("webhook-{index}"));
    let mut fields = vec![(field::NAME, text(name.clone()))];
    fields.extend(hook.hook.iter().map(|hook| (field::TYPE, text(hook.clone()))));
    fields.extend(hook.answers.iter().map(|answers| (field::ANSWERS, text(answers.clone()))));
    fields.extend(hook.takes.iter().map(|takes| (field::TAKES, text(takes.clone()))));
    fields.extend(hook.timeout.iter().map(|timeout| (field::TIMEOUT, text(timeout.clone()))));
    fields.extend(hook.retries.map(|retries| (field::RETRIES, integer(retries))));
    let load = hook.command.as_deref().and_then(load::read);
    let during = hook.hook.as_deref().is_none_or(|hook| hook == "rollout");
    if let (Some(command), true, None) = (&hook.command, during, &load) {
        let value = format!("{:?} sends nothing", command.split_whitespace().next().unwrap_or(""));
        let source = "commands of hey, ghz and wrk are read as load; `load` of the webhook says it";
        draft.assume(lists, &format!("{field}.metadata.cmd"), &value, source, false);
    }
    if let Some(load) = load {
        let mut settings = vec![(field::RATE, text(format!("{}/s", load.rate)))];
        settings.push((field::LASTS, text(load.lasts.clone())));
        settings.push((field::TO, text(part::TO[usize::from(!load.straight)])));
        fields.push((field::LOAD, mapping(settings)));
        if load.guessed {
            let source = "the command sends as fast as it is answered; 10 a second each";
            let value = format!("{}/s", load.rate);
            draft.assume(lists, &format!("{field}.metadata.cmd"), &value, source, false);
        }
    } else if hook.answers.is_none() {
        let rollback = hook.hook.as_deref() == Some("rollback");
        let answer = if rollback { "never" } else { "always" };
        let source = "no service is called; `windtunnel-answers` in its metadata says otherwise";
        let (field, told) = (format!("{field} {name}"), format!("answers {answer}"));
        match hook.hook.as_deref() {
            // An event is told to somebody: whatever is answered changes nothing.
            Some("event") => draft.assume(lists, &field, &told, source, false),
            _ => found.assume_answer(object, &field, answer, source.into(), Weight::NoEffect),
        }
    }
    mapping(fields)
}

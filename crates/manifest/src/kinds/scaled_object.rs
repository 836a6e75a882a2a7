//! `ScaledObject` (KEDA): an autoscaler by triggers. KEDA makes a HorizontalPodAutoscaler of it and
//! starts and stops the first pod itself.

use super::autoscaler::{Autoscaler, Memory, Named, behavior, outside, put};
use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, mapping, text};
use crate::fields::{Fields, Labels, Manifest};
use crate::scalars;
use windtunnel_base::node::Value;

/// `ScaledObject` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "ScaledObject",
    group: "keda.sh",
    versions: &["v1alpha1"],
    summary: "how many pods there are, by KEDA's triggers: spec.service.autoscaler",
    since: "0.5.0",
    source: "kedacore/keda 2.18 apis/keda/v1alpha1/scaledobject_types.go, controllers/keda/hpa.go, \
        pkg/scaling/executor/scale_scaledobjects.go",
    read,
};

/// Most pods where `maxReplicaCount` is left out (`defaultHPAMaxReplicas`).
const MOST: u64 = 100;

/// What KEDA's own annotations begin with.
const OWN: &str = "autoscaling.keda.sh/";

/// Annotations that stop KEDA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paused {
    /// `paused`, or `paused-replicas`: no autoscaler acts.
    pub whole: bool,
    /// `paused-replicas`: the size that KEDA writes.
    pub replicas: Option<u64>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, own) = metadata::annotated_by(
        f,
        OWN,
        "paused, paused-replicas, paused-scale-in, paused-scale-out: what KEDA no longer does",
    );
    let found = f.object("spec", |f| spec(f, &own));
    if found.is_none() {
        f.missing("spec", "scaleTargetRef and triggers");
    }
    (metadata, Body::Autoscaler(Box::new(found.unwrap_or_default())))
}

fn spec(f: &mut Fields<'_>, own: &Labels) -> Autoscaler {
    let target = f.object("scaleTargetRef", |f| {
        f.opt_text("apiVersion", "the version of the kind's API");
        f.opt_text("kind", "what is scaled; left out: a Deployment");
        f.no_effect(&["envSourceContainerName"], "no trigger is asked outside of the flight");
        f.missing("name", "the name of what is scaled");
        f.opt_text("name", "what is scaled")
    });
    f.missing("scaleTargetRef", "what is scaled");
    let least = "fewest pods; 0 and left out are flown as 1; Flagger's canary starts with them";
    let min = f.opt_count("minReplicaCount", 0..=5000, least);
    let most = f.opt_count("maxReplicaCount", 1..=5000, "most pods; left out: 100");
    let idle = "pods while no trigger is active: not flown below minReplicaCount";
    let idle = f.opt_count("idleReplicaCount", 0..=5000, idle);
    bounds(f, min, most, idle);
    f.no_effect(
        &["pollingInterval", "initialCooldownPeriod"],
        "they say when KEDA starts and stops the first pod; beyond, the autoscaler asks every 15 s",
    );
    let cooldown = "seconds without an active trigger after which KEDA stops the last pod";
    let cooldown = f.opt_count("cooldownPeriod", 0..=100_000_000, cooldown).unwrap_or(300);
    f.no_effect(&["fallback"], "the Prometheus of a flight always answers");
    let mut fields = Named::new();
    put(&mut fields, "minReplicas", min.filter(|min| *min > 0).map(integer));
    put(&mut fields, "maxReplicas", Some(integer(most.unwrap_or(MOST))));
    if most.is_none() {
        f.assume("maxReplicaCount", "100", "KEDA's own default", false);
    }
    let modified = f.object("advanced", |f| advanced(f, &mut fields)).unwrap_or(false);
    let found = triggers(f);
    f.missing("triggers", "what it measures");
    let resources_only = !found.iter().any(|t| !matches!(t, Trigger::Resource(..)));
    let memory = written(f, found, modified, &mut fields);
    if min.unwrap_or(0) == 0 && resources_only && !f.describing() && f.has("triggers") {
        let message = "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to \
            zero doesn't work in this case)";
        let help = "KEDA's admission webhook refuses it";
        f.problem("minReplicaCount", message, "at least 1", help);
    } else if !is_true(own, "force-activation") {
        to_zero(f, min, idle, cooldown);
    }
    pauses(own, &mut fields);
    let paused = Paused {
        whole: is_true(own, "paused") || value(own, "paused-replicas").is_some(),
        replicas: value(own, "paused-replicas").and_then(|pods| pods.parse().ok()),
    };
    let target = target.flatten().unwrap_or_default();
    Autoscaler { target, min, fields, memory, paused }
}

/// What `CheckReplicaCountBoundsAreValid` refuses.
fn bounds(f: &mut Fields<'_>, min: Option<u64>, most: Option<u64>, idle: Option<u64>) {
    let (least, most) = (min.unwrap_or(0), most.unwrap_or(MOST));
    let help = "KEDA's admission webhook refuses it";
    if least > most {
        let message = format!("MinReplicaCount={least} must be less than MaxReplicaCount={most}");
        f.problem("minReplicaCount", message, "at most maxReplicaCount", help);
    }
    if let Some(idle) = idle.filter(|idle| *idle >= least) {
        let message = format!("IdleReplicaCount={idle} must be less than MinReplicaCount={least}");
        f.problem("idleReplicaCount", message, "less than minReplicaCount", help);
    }
}

/// KEDA's own part, between nothing and the first pod, is not flown.
fn to_zero(f: &mut Fields<'_>, min: Option<u64>, idle: Option<u64>, cooldown: u64) {
    let (field, size) = match (idle, min.unwrap_or(0)) {
        (Some(idle), _) => ("idleReplicaCount", idle),
        (None, 0) => ("minReplicaCount", 0),
        (None, _) => return,
    };
    let kept = min.unwrap_or(0).max(1);
    let source = format!(
        "scaling to {size} after {cooldown} s without an active trigger is not flown: where users \
         pause that long, requests wait for a pod to start, which no figure here shows"
    );
    f.assume(field, &format!("{kept} pods stay"), &source, true);
}

/// `advanced`; says whether one formula takes the place of all triggers.
fn advanced(f: &mut Fields<'_>, fields: &mut Named) -> bool {
    f.no_effect(&["restoreToOriginalReplicaCount"], "no ScaledObject is deleted in a flight");
    f.object("horizontalPodAutoscalerConfig", |f| {
        f.no_effect(&["name"], "the autoscaler's name changes nothing");
        let found = f.object("behavior", |f| behavior(f, fields));
        put(fields, "behavior", found);
    });
    let modified = f.object("scalingModifiers", |f| {
        let why = "a formula over triggers is not flown: it stands at its target";
        f.not_flown(&["formula", "target", "activationTarget", "metricType"], why);
    });
    modified.is_some()
}

/// One trigger.
enum Trigger {
    /// A query: fields of an entry of `spec.service.autoscaler.queries`.
    Query(Value),
    /// A resource of the pods: a field, or memory.
    Resource(Option<(&'static str, Value)>, Option<Memory>),
    /// Something that a flight does not have.
    Outside(String),
}

fn triggers(f: &mut Fields<'_>) -> Vec<Trigger> {
    f.list("triggers", |f| {
        f.missing("type", "what is measured");
        let kind =
            f.opt_text("type", "prometheus, cpu and memory are flown, others stand at target");
        let name = f.opt_text("name", "its name, by which Flagger's primaryScalerQueries mean it");
        f.no_effect(&["authenticationRef"], "nothing outside of the flight is asked");
        let cached = "the answer of the last poll is not kept: each sync asks anew";
        f.not_flown(&["useCachedMetrics"], cached);
        let words = ["AverageValue", "Value", "Utilization"];
        let metric = f.opt_choice("metricType", &words, "a part for each pod, or the whole");
        let kind = kind.unwrap_or_default();
        let metric = metric.map(|i| words[i]);
        let found = f.object("metadata", |f| match kind.as_str() {
            "prometheus" => prometheus(f, name.as_deref(), metric),
            "cpu" | "memory" => resource(f, kind == "memory", metric),
            _ if f.describing() => {
                prometheus(f, None, None);
                resource(f, false, None)
            }
            _ => {
                f.free("nothing in a flight measures it");
                None
            }
        });
        f.missing("metadata", "what the trigger needs");
        found.flatten().unwrap_or(Trigger::Outside(kind))
    })
}

/// A number in quotes, as all metadata are texts.
fn number(f: &mut Fields<'_>, name: &'static str, becomes: &'static str) -> Option<f64> {
    f.opt_scalar(name, "number in quotes", becomes, |node| {
        let number = node.scalar_text().and_then(|text| text.trim().parse::<f64>().ok());
        number.filter(|n| n.is_finite()).ok_or_else(|| "a number in quotes".to_string())
    })
}

fn prometheus(f: &mut Fields<'_>, name: Option<&str>, metric: Option<&str>) -> Option<Trigger> {
    f.opt_text("serverAddress", "the series of the flight answer in its place");
    let query = f.opt_text("query", "PromQL: spec.service.autoscaler.queries");
    f.missing("query", "what is asked");
    let threshold = number(f, "threshold", "the answer for each pod, or as a whole");
    f.missing("threshold", "the answer at which the size is right");
    number(f, "activationThreshold", "above it KEDA starts the first pod: one always runs here");
    let empty = f.opt_text("ignoreNullValues", "is no answer a 0; left out: it is");
    f.no_effect(
        &[
            "metricName",
            "namespace",
            "queryParameters",
            "customHeaders",
            "unsafeSsl",
            "timeout",
            "authModes",
            "cortexOrgID",
            "awsRegion",
            "identityOwner",
        ],
        "the series of the flight are asked",
    );
    let (query, threshold) = query.zip(threshold)?;
    let mut fields = vec![("query", text(query)), ("threshold", Value::Number(threshold))];
    fields.extend((metric == Some("Value")).then(|| ("metricType", text("Value"))));
    let strict = empty.is_some_and(|empty| ["false", "f", "0", "F", "False"].contains(&&*empty));
    fields.extend(strict.then_some(("ignoreNullValues", Value::Flag(false))));
    // Taken out again before a Scenario is written.
    fields.extend(name.map(|name| (TRIGGER, text(name))));
    Some(Trigger::Query(mapping(fields)))
}

/// Under which name a query keeps its trigger's, until the primary's copy is known.
pub const TRIGGER: &str = "trigger";

fn resource(f: &mut Fields<'_>, memory: bool, metric: Option<&str>) -> Option<Trigger> {
    let value = "percent of the request, or a quantity: as of a HorizontalPodAutoscaler";
    let value = f.opt_scalar("value", "quantity in quotes", value, scalars::bytes);
    f.missing("value", "what each pod should use");
    let words = ["Utilization", "AverageValue"];
    let old = f.opt_choice("type", &words, "metricType, until KEDA 2.18");
    f.no_effect(&["containerName"], "a pod has one application");
    let mean = metric.or(old.map(|i| words[i])) == Some("AverageValue");
    let value = value?;
    let percent = integer((value.round() as u64).clamp(1, 100_000));
    Some(match (memory, mean) {
        (false, false) => Trigger::Resource(Some(("cpuUtilization", percent)), None),
        (false, true) => {
            let cores = (0.001..=1000.0).contains(&value);
            Trigger::Resource(cores.then_some(("cpuAverage", Value::Number(value))), None)
        }
        (true, false) => Trigger::Resource(None, Some(Memory::Percent(value.round() as u64))),
        (true, true) => Trigger::Resource(None, Some(Memory::Bytes(value))),
    })
}

/// Writes what triggers measure; with a formula it takes the place of all of them.
fn written(
    f: &mut Fields<'_>,
    found: Vec<Trigger>,
    modified: bool,
    fields: &mut Named,
) -> Option<Memory> {
    let (mut memory, mut queries, mut others) = (None, Vec::new(), Vec::new());
    for trigger in found {
        match trigger {
            Trigger::Query(_) if modified => {}
            Trigger::Query(query) => queries.push(query),
            Trigger::Resource(field, bytes) => {
                fields.extend(field);
                memory = bytes.or(memory);
            }
            Trigger::Outside(_) if modified => {}
            Trigger::Outside(kind) => others.push(kind),
        }
    }
    if modified {
        others.push("composite-metric".to_string());
    }
    let others: Vec<Value> = others.iter().map(|name| text(outside(f, "triggers", name))).collect();
    if !queries.is_empty() {
        fields.push(("queries", list(queries)));
    }
    if !others.is_empty() {
        fields.push(("atTarget", list(others)));
    }
    memory
}

fn value<'l>(own: &'l Labels, name: &str) -> Option<&'l str> {
    let found = own.iter().find(|(key, _)| key.strip_prefix(OWN) == Some(name));
    found.map(|(_, value)| value.as_str())
}

/// Go's `ParseBool`, by which whatever is no boolean is true (`getBoolAnnotation`).
fn is_true(own: &Labels, name: &str) -> bool {
    let no = ["0", "f", "F", "false", "False", "FALSE"];
    value(own, name).is_some_and(|value| !no.contains(&value))
}

/// `paused-scale-in` and `paused-scale-out`: the autoscaler's policy of that direction is Disabled.
fn pauses(own: &Labels, fields: &mut Named) {
    for (name, side) in [("paused-scale-in", "scaleDown"), ("paused-scale-out", "scaleUp")] {
        if !is_true(own, name) {
            continue;
        }
        let at = fields.iter().position(|(name, _)| *name == "behavior");
        let old = at.map(|at| fields.remove(at).1).unwrap_or_else(|| mapping(Vec::new()));
        let Value::Map(mut entries) = old else { continue };
        entries.retain(|(key, _)| key.name != side);
        let disabled = mapping(vec![(side, mapping(vec![("selectPolicy", text("Disabled"))]))]);
        if let Value::Map(own) = disabled {
            entries.extend(own);
        }
        fields.push(("behavior", Value::Map(entries)));
    }
}

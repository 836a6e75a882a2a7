//! `HorizontalPodAutoscaler` (autoscaling/v2): how many pods there are beside a release.

use super::scaled_object::Paused;
use super::{Body, KindPart, metadata};
use crate::draft::{integer, list, mapping, percent, text};
use crate::fields::{Fields, Manifest};
use crate::scalars;
use windtunnel_base::node::Value;

/// `HorizontalPodAutoscaler` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "HorizontalPodAutoscaler",
    group: "autoscaling",
    versions: &["v1", "v2beta2", "v2"],
    summary: "how many pods there are: spec.service.autoscaler, and where Flagger's canary starts",
    since: "0.2.0",
    source: "kubernetes/api autoscaling/v2/types.go, k/k pkg/controller/podautoscaler",
    read,
};

/// Fields of `spec.service.autoscaler`, and their values.
pub type Named = Vec<(&'static str, Value)>;

/// An autoscaler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Autoscaler {
    /// Name of its target.
    pub target: String,
    /// Fewest pods.
    pub min: Option<u64>,
    /// Fields of `spec.service.autoscaler`.
    pub fields: Named,
    /// The target of a memory metric, which is measured against what the pods say.
    pub memory: Option<Memory>,
    /// What stops it, of KEDA's.
    pub paused: Paused,
}

/// The target of a memory metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Memory {
    /// Percent of the request.
    Percent(u64),
    /// Bytes of each pod.
    Bytes(f64),
}

/// What a metric asks for.
enum MetricUse {
    /// A field of `spec.service.autoscaler`.
    Field(&'static str, Value),
    Memory(Memory),
    /// It measures something that a flight does not have.
    Outside(String),
}

const PERCENT: &str = "mean use in percent of the request: spec.service.autoscaler";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let found = f.object("spec", spec);
    if found.is_none() {
        f.missing("spec", "scaleTargetRef and maxReplicas");
    }
    (metadata, Body::Autoscaler(Box::new(found.unwrap_or_default())))
}

/// Adds a field that is given.
pub fn put(fields: &mut Named, name: &'static str, value: Option<Value>) {
    fields.extend(value.map(|value| (name, value)));
}

fn spec(f: &mut Fields<'_>) -> Autoscaler {
    let target = f.object("scaleTargetRef", |f| {
        f.opt_text("apiVersion", "the version of the kind's API");
        f.opt_text("kind", "what is scaled");
        f.missing("name", "the name of what is scaled");
        f.opt_text("name", "what is scaled")
    });
    f.missing("scaleTargetRef", "what is scaled");
    let mut fields = Named::new();
    let min =
        f.opt_count("minReplicas", 0..=5000, "fewest pods; Flagger's canary starts with them");
    let most = f.opt_count("maxReplicas", 1..=5000, "most pods");
    f.missing("maxReplicas", "the most pods that it may ask for");
    if let (Some(min), Some(most)) = (min, most)
        && min > most
    {
        f.problem("minReplicas", format!("{min} is above maxReplicas"), "at most that", "");
    }
    if min == Some(0) {
        f.assume("minReplicas", "1", "scaling to nothing is not flown", true);
    }
    put(&mut fields, "minReplicas", min.filter(|min| *min > 0).map(integer));
    put(&mut fields, "maxReplicas", most.map(integer));
    let old = f.opt_count("targetCPUUtilizationPercentage", 1..=100_000, PERCENT);
    put(&mut fields, "cpuUtilization", old.map(integer));
    let (mut memory, mut outside) = (None, Vec::new());
    for found in f.list("metrics", metric).into_iter().flatten() {
        match found {
            MetricUse::Field(name, value) => {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, value));
            }
            MetricUse::Memory(target) => memory = Some(target),
            MetricUse::Outside(name) => outside.push(text(name)),
        }
    }
    if !outside.is_empty() {
        fields.push(("atTarget", list(outside)));
    }
    let found = f.object("behavior", |f| behavior(f, &mut fields));
    put(&mut fields, "behavior", found);
    let target = target.flatten().unwrap_or_default();
    Autoscaler { target, min, fields, memory, paused: Paused::default() }
}

/// One metric; nothing if it has no target.
fn metric(f: &mut Fields<'_>) -> Option<MetricUse> {
    let words = ["Resource", "Pods", "ContainerResource", "Object", "External"];
    f.opt_choice("type", &words, "what is measured");
    let resource = f.object("resource", of_resource).flatten();
    let container = f.object("containerResource", |f| {
        f.no_effect(&["container"], "a pod has one application");
        of_resource(f)
    });
    let pods = f.object("pods", |f| named(f, ["requestsPerPod", "requestsPerPod"]));
    let object = f.object("object", |f| {
        f.object("describedObject", |f| {
            f.no_effect(&["apiVersion", "kind", "name"], "whatever it is, its requests are meant");
        });
        named(f, ["requestsTotal", "requestsTotalPerPod"])
    });
    let external = f.object("external", |f| named(f, ["requestsTotal", "requestsTotalPerPod"]));
    let custom = pods.or(object).or(external).flatten();
    resource.or(container.flatten()).or(custom).filter(|_| !f.describing())
}

/// A metric with a name: requests a second by a value or by a mean, or something that a flight
/// does not have.
fn named(f: &mut Fields<'_>, fields: [&'static str; 2]) -> Option<MetricUse> {
    let name = f.object("metric", |f| {
        f.not_flown(&["selector"], "all requests are counted");
        f.opt_text("name", "requests a second if the name says so; others stand at their targets")
    });
    let name = name.flatten().unwrap_or_default();
    let target = f.object("target", |f| {
        f.opt_choice("type", &["Value", "AverageValue"], "a total, or a mean over the pods");
        let becomes = "requests a second: spec.service.autoscaler";
        let value = f.opt_scalar("value", "quantity", becomes, scalars::bytes);
        f.overridden(&["averageUtilization"], "only a resource has a share: never read");
        (value, f.opt_scalar("averageValue", "quantity", becomes, scalars::bytes))
    });
    let (value, mean) = target.unwrap_or_default();
    let given = value.map(|value| (fields[0], value)).or(mean.map(|mean| (fields[1], mean)));
    let (field, target) = given.filter(|(_, target)| *target >= 0.001)?;
    if is_request_rate(&name) {
        return Some(MetricUse::Field(field, Value::Number(target)));
    }
    Some(MetricUse::Outside(outside(f, "metric", &name)))
}

/// Books that something which a flight does not have is taken to stand at its target.
pub fn outside(f: &mut Fields<'_>, field: &str, name: &str) -> String {
    let source = "nothing in a flight measures it, so it asks for the present size: the fleet \
        grows by the other metrics, and never shrinks";
    f.assume(field, &format!("{name} stands at its target"), source, true);
    name.to_string()
}

/// Does the name of a metric say that requests a second are counted? `requests_per_second`,
/// `http_requests`, `requests-per-second`, `rps`, `qps`; not a duration, a size, or a queue.
fn is_request_rate(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    let other = ["duration", "latency", "size", "bytes", "queue", "errors", "seconds", "active"];
    has(&["requests", "request", "rps", "qps"]) && !has(&other)
}

fn of_resource(f: &mut Fields<'_>) -> Option<MetricUse> {
    let name = f.opt_choice("name", &["cpu", "memory"], "what is used");
    let target = f.object("target", |f| {
        f.opt_choice("type", &["Utilization", "AverageValue"], "a share of the request, or a mean");
        f.not_flown(&["value"], "the API gives resources no such target");
        let mean = "mean of each pod: cores (cpuAverage), or bytes (memoryUtilization)";
        let mean = f.opt_scalar("averageValue", "quantity", mean, scalars::bytes);
        (f.opt_count("averageUtilization", 1..=100_000, PERCENT), mean)
    });
    let (share, mean) = target.unwrap_or_default();
    match (name, share, mean) {
        (Some(1), Some(share), _) => Some(MetricUse::Memory(Memory::Percent(share))),
        (Some(1), None, mean) => {
            Some(MetricUse::Memory(Memory::Bytes(mean.filter(|b| *b >= 1.0)?)))
        }
        (_, Some(share), _) => Some(MetricUse::Field("cpuUtilization", integer(share))),
        (_, None, mean) => {
            let cores = mean.filter(|cores| (0.001..=1000.0).contains(cores))?;
            Some(MetricUse::Field("cpuAverage", Value::Number(cores)))
        }
    }
}

/// `behavior`, which KEDA hands on as it is; tolerances go beside it.
pub fn behavior(f: &mut Fields<'_>, beside: &mut Named) -> Value {
    let up = f.object("scaleUp", |f| rules(f, "toleranceUp", beside));
    let down = f.object("scaleDown", |f| rules(f, "toleranceDown", beside));
    let sides = [("scaleUp", up), ("scaleDown", down)];
    mapping(sides.into_iter().filter_map(|(name, rules)| Some((name, rules?))).collect())
}

fn rules(f: &mut Fields<'_>, tolerance: &'static str, beside: &mut Named) -> Value {
    let mut fields = Named::new();
    let window = "the mildest recommendation of this long counts";
    let window = f.opt_count("stabilizationWindowSeconds", 0..=3600, window);
    put(&mut fields, "stabilizationWindow", window.map(|s| text(format!("{s}s"))));
    let words = ["Max", "Min", "Disabled"];
    let select = f.opt_choice("selectPolicy", &words, "which policy counts");
    put(&mut fields, "selectPolicy", select.map(|i| text(words[i])));
    let policies = f.list("policies", |f| {
        let words = ["Pods", "Percent"];
        let kind = f.opt_choice("type", &words, "what value counts").unwrap_or(0);
        let value = f.opt_count("value", 1..=1_000_000, "how many, in a period").unwrap_or(1);
        let period = f.opt_count("periodSeconds", 1..=1800, "the period").unwrap_or(15);
        let period = text(format!("{period}s"));
        mapping(vec![("type", text(words[kind])), ("value", integer(value)), ("period", period)])
    });
    if !policies.is_empty() {
        fields.push(("policies", list(policies)));
    }
    let within = "ratios this near to 1 change nothing (spec.service.autoscaler)";
    let within = f.opt_scalar("tolerance", "quantity", within, scalars::bytes);
    put(beside, tolerance, within.map(|share| percent((share * 100.0).min(100.0))));
    mapping(fields)
}

#[cfg(test)]
mod tests {
    use super::is_request_rate;

    #[test]
    fn names_say_what_is_counted() {
        let all = ["http_requests_per_second", "requests-per-second", "rps", "http_requests"];
        assert!(all.into_iter().all(is_request_rate));
        let others =
            ["queue_messages_ready", "http_request_duration_seconds", "packets-per-second"];
        assert!(!others.into_iter().any(is_request_rate));
    }
}

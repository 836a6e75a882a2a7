//! `HorizontalPodAutoscaler` (autoscaling/v2): how many pods there are beside a release.

use super::{Body, KindPart, metadata};
use crate::base::node::Value;
use crate::manifest::draft::{integer, list, mapping, percent, text};
use crate::manifest::fields::Fields;
use crate::manifest::scalars;

/// The kind.
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
type Named = Vec<(&'static str, Value)>;

/// An autoscaler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Autoscaler {
    /// Name of its target.
    pub target: String,
    /// Fewest pods.
    pub min: Option<u64>,
    /// Fields of `spec.service.autoscaler`.
    pub fields: Named,
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

fn put(fields: &mut Named, name: &'static str, value: Option<Value>) {
    fields.extend(value.map(|value| (name, value)));
}

fn spec(f: &mut Fields<'_>) -> Autoscaler {
    let target = f.object("scaleTargetRef", |f| {
        f.text("apiVersion", "the version of the kind's API");
        f.text("kind", "what is scaled");
        f.missing("name", "the name of what is scaled");
        f.text("name", "what is scaled")
    });
    f.missing("scaleTargetRef", "what is scaled");
    let mut fields = Named::new();
    let min = f.count("minReplicas", 0..=5000, "fewest pods; Flagger's canary starts with them");
    let most = f.count("maxReplicas", 1..=5000, "most pods");
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
    let old = f.count("targetCPUUtilizationPercentage", 1..=100_000, PERCENT);
    put(&mut fields, "cpuUtilization", old.map(integer));
    for found in f.list("metrics", metric).into_iter().flatten() {
        fields.retain(|(name, _)| *name != found.0);
        fields.push(found);
    }
    let found = f.object("behavior", |f| behavior(f, &mut fields));
    put(&mut fields, "behavior", found);
    Autoscaler { target: target.flatten().unwrap_or_default(), min, fields }
}

/// One metric, as a field of `spec.service.autoscaler`; nothing if it is not flown.
fn metric(f: &mut Fields<'_>) -> Option<(&'static str, Value)> {
    let words = ["Resource", "Pods", "ContainerResource", "Object", "External"];
    f.word("type", &words, "what is measured");
    let resource = f.object("resource", of_resource).flatten();
    let container = f.object("containerResource", |f| {
        f.no_effect(&["container"], "a pod has one application");
        of_resource(f)
    });
    let pods = f.object("pods", |f| {
        let name = f.object("metric", |f| {
            f.not_flown(&["selector"], "all requests of a pod are counted");
            f.text("name", "a metric of requests a second; others are not flown")
        });
        let value = f.object("target", |f| {
            f.word("type", &["AverageValue"], "the mean over the pods");
            let becomes = "requests a second of each pod: spec.service.autoscaler.requestsPerPod";
            f.scalar("averageValue", "quantity", becomes, scalars::bytes)
        });
        let name = name.flatten().unwrap_or_default();
        let value = value.flatten().filter(|value| *value >= 0.001);
        match value {
            Some(value) if name.contains("request") => {
                Some(("requestsPerPod", Value::Number(value)))
            }
            _ => {
                let value = "left out";
                f.assume("metric", value, "only requests a second are flown", true);
                None
            }
        }
    });
    f.not_flown(&["object", "external"], "not flown: it proposes nothing");
    resource.or(container.flatten()).or(pods.flatten()).filter(|_| !f.describing())
}

fn of_resource(f: &mut Fields<'_>) -> Option<(&'static str, Value)> {
    let name = f.word("name", &["cpu", "memory"], "what is used");
    let target = f.object("target", |f| {
        f.word("type", &["Utilization", "AverageValue"], "a share of the request, or a mean");
        f.not_flown(&["value"], "the API gives resources no such target");
        let mean = "mean cores of each pod (spec.service.autoscaler.cpuAverage); not of memory";
        let mean = f.scalar("averageValue", "quantity", mean, scalars::bytes);
        let share = f.count("averageUtilization", 1..=100_000, PERCENT);
        if mean.is_some() && name == Some(1) {
            f.assume("averageValue", "left out", "how much memory is used is not known", true);
        }
        (share, mean.filter(|cores| (0.001..=1000.0).contains(cores)))
    });
    let (share, mean) = target.unwrap_or_default();
    match (name, share, mean) {
        (Some(1), share, _) => Some(("memoryUtilization", integer(share?))),
        (_, Some(share), _) => Some(("cpuUtilization", integer(share))),
        (_, None, mean) => Some(("cpuAverage", Value::Number(mean?))),
    }
}

fn behavior(f: &mut Fields<'_>, beside: &mut Named) -> Value {
    let up = f.object("scaleUp", |f| rules(f, "toleranceUp", beside));
    let down = f.object("scaleDown", |f| rules(f, "toleranceDown", beside));
    let sides = [("scaleUp", up), ("scaleDown", down)];
    mapping(sides.into_iter().filter_map(|(name, rules)| Some((name, rules?))).collect())
}

fn rules(f: &mut Fields<'_>, tolerance: &'static str, beside: &mut Named) -> Value {
    let mut fields = Named::new();
    let window = "the mildest recommendation of this long counts";
    let window = f.count("stabilizationWindowSeconds", 0..=3600, window);
    put(&mut fields, "stabilizationWindow", window.map(|s| text(format!("{s}s"))));
    let words = ["Max", "Min", "Disabled"];
    let select = f.word("selectPolicy", &words, "which policy counts");
    put(&mut fields, "selectPolicy", select.map(|i| text(words[i])));
    let policies = f.list("policies", |f| {
        let words = ["Pods", "Percent"];
        let kind = f.word("type", &words, "what value counts").unwrap_or(0);
        let value = f.count("value", 1..=1_000_000, "how many, in a period").unwrap_or(1);
        let period = f.count("periodSeconds", 1..=1800, "the period").unwrap_or(15);
        let period = text(format!("{period}s"));
        mapping(vec![("type", text(words[kind])), ("value", integer(value)), ("period", period)])
    });
    if !policies.is_empty() {
        fields.push(("policies", list(policies)));
    }
    let within = "ratios this near to 1 change nothing (spec.service.autoscaler)";
    let within = f.scalar("tolerance", "quantity", within, scalars::bytes);
    put(beside, tolerance, within.map(|share| percent((share * 100.0).min(100.0))));
    mapping(fields)
}

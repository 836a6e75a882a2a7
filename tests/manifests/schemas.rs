//! Field tables against the schemas of the versions that are claimed: no field of a kind is
//! unknown to its reader, and none is read that the kind does not have.
//!
//! `tests/data/crds` holds names and types, a path a line. A type may refer to another file
//! (`=pod`, `list of =container`).

use super::input::import;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::manifest::fields::{FieldDoc, Treatment, describe};
use windtunnel::manifest::kinds::{KINDS, KindPart};

/// Kinds that no API server knows.
const WITHOUT_SCHEMA: [&str; 1] = ["CanaryConfig"];

/// Fields that other versions have, and that are read all the same: kind, path, whose they are.
const LEGACY: &[(&str, &str, &str)] = &[
    ("Canary", "spec.canaryAnalysis", "v1alpha3"),
    ("Rollout", "spec.strategy.canary.steps[].analysis.templateName", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.canary.steps[].analysis.clusterScope", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.canary.analysis.templateName", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.canary.analysis.clusterScope", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.blueGreen.prePromotionAnalysis.templateName", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.blueGreen.prePromotionAnalysis.clusterScope", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.blueGreen.postPromotionAnalysis.templateName", "Argo Rollouts 0.10"),
    ("Rollout", "spec.strategy.blueGreen.postPromotionAnalysis.clusterScope", "Argo Rollouts 0.10"),
    ("HTTPRoute", "spec.rules[].sessionPersistence.idleTimeout", "Gateway API 1.5"),
    ("GRPCRoute", "spec.rules[].sessionPersistence.idleTimeout", "Gateway API 1.5"),
    ("Ingress", "spec.defaultBackend.serviceName", "v1beta1, where it is spec.backend"),
    ("Ingress", "spec.defaultBackend.servicePort", "v1beta1, where it is spec.backend"),
    ("Ingress", "spec.backend.service", "v1, where it is spec.defaultBackend"),
    ("TrafficSplit", "spec.matches[].apiGroup", "smi-sdk-go, pkg/apis/split/v1alpha4"),
];

type Schema = BTreeMap<String, String>;

fn read(name: &str) -> Option<Schema> {
    let path = format!("{}/tests/data/crds/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).ok()?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of = |line: &str| {
        let (path, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{name}: {line:?}"));
        (path.to_string(), rest.to_string())
    };
    let mut schema = Schema::new();
    for (path, kind) in lines.map(of) {
        let Some((before, reference)) = kind.split_once('=') else {
            schema.insert(path, kind);
            continue;
        };
        let reference = reference.split(' ').next().expect("a name");
        let inner = read(reference).unwrap_or_else(|| panic!("{name}: no {reference}"));
        let (own, below) = match before {
            "list of " => ("list", format!("{path}[].")),
            _ => ("object", format!("{path}.")),
        };
        schema.insert(path, own.to_string());
        schema.extend(inner.into_iter().map(|(path, kind)| (format!("{below}{path}"), kind)));
    }
    Some(schema)
}

/// The paths above a path, nearest first: `a.b[].c` is below `a.b[]`, `a.b` and `a`.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let cut = |end: usize| path[..end].rfind(['.', '[']).filter(|end| *end > 0);
    std::iter::successors(cut(path.len()), move |end| cut(*end)).map(|end| &path[..end])
}

/// A kind's schema and its documented fields, without what the server reports.
fn kinds() -> impl Iterator<Item = (&'static KindPart, Schema, Vec<FieldDoc>)> {
    let known = KINDS.iter().filter(|part| !WITHOUT_SCHEMA.contains(&part.kind));
    known.map(|part| {
        let schema = read(part.kind).unwrap_or_else(|| panic!("no schema of {}", part.kind));
        // Objects have the metadata that a pod's template has.
        let pod = read("pod").expect("the fields of a pod").into_iter();
        let schema = schema.into_iter().chain(pod.filter(|(path, _)| path.starts_with("metadata")));
        let schema = schema.collect();
        let own = |doc: &FieldDoc| doc.path.split('.').next() != Some("status");
        (part, schema, describe(part.read).into_iter().filter(own).collect())
    })
}

fn is_whole(doc: &FieldDoc) -> bool {
    doc.holds == "anything"
}

#[test]
fn every_field_of_a_kind_is_documented() {
    let mut missing = Vec::new();
    for (part, schema, docs) in kinds() {
        let documented: BTreeSet<&str> = docs.iter().map(|doc| doc.path.as_str()).collect();
        let parents: BTreeSet<&str> = documented.iter().flat_map(|path| above(path)).collect();
        let whole: BTreeSet<&str> = docs.iter().filter(|d| is_whole(d)).map(|d| &*d.path).collect();
        let known = |path: &str| documented.contains(path) || parents.contains(path);
        let listed = |path: &str| {
            above(path).any(|p| whole.contains(p) || whole.contains(format!("{p}.*").as_str()))
        };
        for path in schema.keys().filter(|path| !known(path) && !listed(path)) {
            // What is missing as a whole is told once.
            if above(path).all(&known) {
                missing.push(format!("{} {path}", part.kind));
            }
        }
    }
    assert!(missing.is_empty(), "fields that no reader knows:\n{}", missing.join("\n"));
}

#[test]
fn no_field_is_read_that_a_kind_does_not_have() {
    let (mut strange, mut used) = (Vec::new(), BTreeSet::new());
    for (part, schema, docs) in kinds() {
        let free = |path: &str| {
            let open = |kind: &String| kind.starts_with("any") || kind.starts_with("map of");
            above(path).any(|p| schema.get(p).is_some_and(open))
        };
        let known =
            |path: &str| schema.contains_key(path.strip_suffix(".*").unwrap_or(path)) || free(path);
        for doc in docs.iter().filter(|doc| !known(&doc.path)) {
            let legacy = LEGACY.iter().position(|(kind, path, _)| {
                *kind == part.kind && (doc.path == *path || above(&doc.path).any(|p| p == *path))
            });
            match legacy {
                Some(entry) => drop(used.insert(entry)),
                // That the API server drops it is what the table says.
                None if doc.treatment == Treatment::Overridden => {}
                None => strange.push(format!("{} {} ({})", part.kind, doc.path, doc.becomes)),
            }
        }
    }
    assert!(strange.is_empty(), "fields that no schema knows:\n{}", strange.join("\n"));
    let read = |kind: &str| KINDS.iter().any(|part| part.kind == kind);
    let vain = (0..LEGACY.len()).filter(|entry| !used.contains(entry) && read(LEGACY[*entry].0));
    let vain = vain.map(|entry| LEGACY[entry].1);
    assert_eq!(vain.collect::<Vec<_>>(), [""; 0], "legacy fields that nothing reads");
}

/// Does a field of a schema's type hold what the table says?
fn fits(holds: &str, kind: &str) -> bool {
    let kind = kind.split(' ').take_while(|w| !is_version(w)).collect::<Vec<_>>().join(" ");
    let one_of = |kinds: &[&str]| kinds.contains(&kind.as_str());
    match holds {
        "anything" => true,
        "whole number" | "number" => one_of(&["integer", "number", "int-or-string"]),
        "true or false" => one_of(&["boolean"]),
        "number or percentage" | "port" => one_of(&["int-or-string", "integer", "number", "any"]),
        "whole number or quantity" => one_of(&["number", "quantity", "int-or-string"]),
        "quantity" => one_of(&["quantity", "int-or-string", "string"]),
        "seconds or duration" => one_of(&["int-or-string", "string"]),
        "labels" => kind.starts_with("map of"),
        _ if holds.starts_with("list of") => kind.starts_with("list of"),
        // Texts, durations, and one of several words.
        _ => one_of(&["string", "int-or-string"]),
    }
}

fn is_version(word: &str) -> bool {
    word == "experimental"
        || word.starts_with('v') && word[1..].starts_with(|c: char| c.is_ascii_digit())
}

#[test]
fn fields_hold_what_their_schema_says() {
    let mut wrong = Vec::new();
    for (part, schema, docs) in kinds() {
        for doc in &docs {
            if let Some(kind) = schema.get(&doc.path).filter(|kind| !fits(&doc.holds, kind)) {
                wrong.push(format!("{} {}: {} is {kind}", part.kind, doc.path, doc.holds));
            }
        }
    }
    assert!(wrong.is_empty(), "fields of another type:\n{}", wrong.join("\n"));
}

#[test]
fn paths_above_a_path() {
    let of = |path| above(path).collect::<Vec<_>>();
    assert_eq!(of("a.b[].c"), ["a.b[]", "a.b", "a"]);
    assert_eq!(of("a"), [""; 0]);
    assert_eq!(of("a.*.b"), ["a.*", "a"]);
}

/// A Deployment with a Canary whose service has this policy, and a rule beside it.
fn canary(service: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  replicas: 2\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template: {{metadata: {{labels: {{app: a}}}}, \
         spec: {{containers: [{{name: a, image: \"a:2\"}}]}}}}\n---\napiVersion: \
         flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: a}}\nspec:\n  targetRef: \
         {{apiVersion: apps/v1, kind: Deployment, name: a}}\n  service: {{port: 80, {service}}}\n  \
         analysis: {{interval: 1m, threshold: 2, maxWeight: 50, stepWeight: 25}}\n"
    )
}

#[test]
fn what_the_api_server_drops_is_told_and_not_flown() {
    let policy = "trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}, http: \
                  {http1MaxPendingRequests: 2, http2MaxRequests: 7}}}, retries: {attempts: 2, \
                  backoff: 1s}";
    let import = import(&canary(policy), "a.yaml").unwrap_or_else(|p| panic!("{p:#?}"));
    let told = import.warnings.iter().filter(|w| w.message.starts_with("not in Flagger's CRD"));
    let told: Vec<&str> = told.map(|w| w.path.rsplit('.').next().unwrap_or_default()).collect();
    assert_eq!(told, ["tcp", "backoff"], "{:#?}", import.warnings);
    let overridden = import.lists.overridden.iter().map(|note| note.field.as_str());
    let expected =
        ["spec.service.trafficPolicy.connectionPool.tcp", "spec.service.retries.backoff"];
    assert_eq!(overridden.collect::<Vec<_>>(), expected);
    let balancer = import.flyables[0].node.at("spec.service.balancer").expect("a balancer");
    assert_eq!(balancer.get("maxRequests").and_then(|n| n.integer()), Some(7));
    assert!(balancer.get("retryBackoff").is_none() && balancer.get("retries").is_some());
}

#[test]
fn routes_have_fields_of_their_own_kind() {
    let of = |kind: &str, rule: &str| {
        let backend =
            "backendRefs: [{name: a, port: 80, weight: 90}, {name: b, port: 80, weight: 10}]";
        let route = format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r}}\n\
             spec: {{rules: [{{{backend}, {rule}}}]}}\n"
        );
        let fleet = |name: &str, version: u32| {
            format!(
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
                 replicas: 2\n  selector: {{matchLabels: {{app: {name}}}}}\n  template: {{metadata: \
                 {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: a, image: \
                 \"a:{version}\"}}]}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: \
                 {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
            )
        };
        let text = format!("{}{}{route}", fleet("a", 1), fleet("b", 2));
        let import = import(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:#?}"));
        let dropped = import.warnings.iter().filter(|w| w.message.contains("CRD")).count();
        let balancer = import.flyables[0].node.at("spec.service.balancer");
        (dropped, balancer.is_some_and(|b| b.get("timeout").is_some()))
    };
    assert_eq!(of("HTTPRoute", "timeouts: {request: 2s}"), (0, true));
    assert_eq!(of("GRPCRoute", "timeouts: {request: 2s}"), (1, false));
}

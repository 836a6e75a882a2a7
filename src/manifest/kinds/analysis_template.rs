//! `AnalysisTemplate` and `ClusterAnalysisTemplate` (Argo): metrics that Rollouts refer to.

use super::rollout::Named;
use super::{Body, KindPart, metadata};
use crate::base::node::{Node, Value};
use crate::manifest::draft::text;
use crate::manifest::fields::Fields;

const SOURCE: &str = "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/analysis_types.go, \
    analysis/analysis.go, utils/evaluate/evaluate.go";

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "AnalysisTemplate",
    group: "argoproj.io",
    versions: &["v1alpha1"],
    summary: "metrics that Rollouts refer to",
    since: "0.2.0",
    source: SOURCE,
    read,
};

/// The same for the whole cluster.
pub const CLUSTER_KIND: KindPart = KindPart {
    kind: "ClusterAnalysisTemplate",
    summary: "metrics that Rollouts of all namespaces refer to",
    ..KIND
};

/// A template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisTemplate {
    /// Its arguments, with values for those that are left out.
    pub arguments: Vec<Argument>,
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// Metrics without a say.
    pub dry_run: Vec<String>,
}

/// An argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<Given>,
}

/// Where an argument's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Written as it is.
    Text(String),
    /// The hash of the new version's pod template.
    Latest,
    /// The hash of the stable version's.
    Stable,
    /// A field of the Rollout.
    Field(String),
    /// A secret, which is not among the files.
    Secret,
}

/// A metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its fields; texts may hold arguments.
    pub fields: Named,
    /// Its query, if Prometheus is asked.
    pub query: Option<String>,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let template = f.object("spec", |f| {
        let arguments = f.list("args", argument);
        let metrics = f.list("metrics", metric);
        let dry_run = f.list("dryRun", |f| f.text("metricName", "measured, but without a say"));
        f.not_flown(&["templates"], "templates within templates are not read");
        f.no_effect(&["measurementRetention"], "no effect on a release");
        let dry_run = dry_run.into_iter().flatten().collect();
        AnalysisTemplate { arguments, metrics, dry_run }
    });
    if template.is_none() {
        f.missing("spec", "a template has metrics");
    }
    (metadata, Body::AnalysisTemplate(Box::new(template.unwrap_or_default())))
}

/// Reads an argument.
pub fn argument(f: &mut Fields<'_>) -> Argument {
    let name = f.text("name", "its name: {{args.NAME}} stands for the value");
    let value = f.scalar("value", "text", "its value", |node| {
        node.scalar_text().ok_or_else(|| "text".to_string())
    });
    let from = f.object("valueFrom", |f| {
        let words = ["Latest", "Stable"];
        let hash = "the hash of a version's pod template, which its series carry";
        let hash = f.word("podTemplateHashValue", &words, hash);
        let field = f.object("fieldRef", |f| f.text("fieldPath", "a field of the Rollout"));
        f.no_effect(&["secretKeyRef"], "secrets are not among the files: empty");
        let secret = f.has("secretKeyRef").then_some(Given::Secret);
        let hash = hash.map(|i| if i == 0 { Given::Latest } else { Given::Stable });
        hash.or(field.flatten().map(Given::Field)).or(secret)
    });
    Argument { name: name.unwrap_or_default(), value: value.map(Given::Text).or(from.flatten()) }
}

/// A number, or a text that an argument makes one.
fn number(node: &Node) -> Result<Value, String> {
    match &node.value {
        Value::Integer(number) if (-1..=1_000_000).contains(number) => Ok(Value::Integer(*number)),
        Value::Text(t) if t.contains("{{") => Ok(text(t.clone())),
        Value::Text(t) => t.parse::<i64>().map(Value::Integer).map_err(|_| NUMBER.to_string()),
        _ => Err(NUMBER.to_string()),
    }
}

const NUMBER: &str = "a whole number";

/// A duration, or a text that an argument makes one.
fn span(node: &Node) -> Result<Value, String> {
    match node.text() {
        Some(t) if t.contains("{{") => Ok(text(t)),
        _ => crate::manifest::scalars::duration(node).map(text),
    }
}

fn metric(f: &mut Fields<'_>) -> Metric {
    let name = f.text("name", "its name").unwrap_or_default();
    f.missing("name", "metrics are told apart by their names");
    let mut fields = Named::new();
    for (name, becomes) in [
        ("interval", "from the end of a measurement to the next"),
        ("initialDelay", "before the first measurement"),
    ] {
        fields.extend(f.scalar(name, "duration", becomes, span).map(|value| (name, value)));
    }
    for (name, becomes) in [
        ("count", "measurements; left out: one, or with an interval no end"),
        ("failureLimit", "failed measurements that are forgiven"),
        ("inconclusiveLimit", "inconclusive measurements that are forgiven"),
        ("consecutiveErrorLimit", "errors in a row that are forgiven; left out: 4"),
        ("consecutiveSuccessLimit", "successes in a row that are enough"),
    ] {
        fields.extend(f.scalar(name, "number", becomes, number).map(|value| (name, value)));
    }
    for (name, becomes) in [
        ("successCondition", "when a measurement is a success, in Argo's language"),
        ("failureCondition", "when it is a failure"),
    ] {
        fields.extend(f.text(name, becomes).map(|value| (name, text(value))));
    }
    let query = f.object("provider", |f| {
        let query = f.object("prometheus", |f| {
            f.text("address", "the series of the flight answer in its place");
            f.no_effect(
                &["authentication", "timeout", "insecure", "headers"],
                "the series of the flight are asked",
            );
            f.not_flown(&["rangeQuery"], "asked for the present instant only");
            f.text("query", "PromQL over the series of the flight")
        });
        f.not_flown(
            &[
                "job",
                "web",
                "kayenta",
                "datadog",
                "newRelic",
                "wavefront",
                "cloudWatch",
                "graphite",
                "influxdb",
                "skywalking",
                "plugin",
            ],
            "not asked: the metric has no say",
        );
        query.flatten()
    });
    Metric { name, fields, query: query.flatten() }
}

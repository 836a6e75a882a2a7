//! `CanaryConfig` (Kayenta): the metrics that Argo's provider `kayenta` has judged.
//!
//! Kayenta's own document has no apiVersion and no kind: it is known by its `judge` beside
//! `metrics` or a `classifier`, and may stand as it is in a stream of manifests. As the `spec` of a
//! `kind: CanaryConfig` the same fields have a head like their neighbours. Words that Kayenta does
//! not know it takes for its defaults; so it is here, with a warning.

use super::analysis_template::Named;
use super::{Body, KindPart, metadata};
use crate::draft::text;
use crate::fields::{Fields, Labels, Manifest};
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::nearest;

/// The kind, with a head.
pub const KIND: KindPart = KindPart {
    kind: "CanaryConfig",
    group: "windtunnel",
    versions: &["v1alpha1"],
    summary: "what Kayenta judges, for Argo's provider of that name; Kayenta's own document, \
        without apiVersion, kind and `spec`, is read as well",
    since: "0.4.0",
    source: "spinnaker/kayenta kayenta-core canary/CanaryConfig.java, \
        kayenta-judge judge/NetflixACAJudge.scala, \
        kayenta-prometheus metrics/PrometheusMetricsService.java",
    read,
};

/// The same as Kayenta has it.
pub const BARE: KindPart = KindPart { read: read_bare, ..KIND };

/// A canary config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanaryConfig {
    /// Where its fields stand: `spec.`, or nowhere.
    pub root: &'static str,
    /// Applications that may name it; none: all.
    pub applications: Vec<String>,
    /// Name of its judge.
    pub judge: Option<String>,
    /// What is judged.
    pub metrics: Vec<CanaryConfigMetric>,
    /// Weights of groups in percent.
    pub weights: Vec<(String, f64)>,
    /// Texts that queries refer to.
    pub templates: Labels,
}

/// One of its metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanaryConfigMetric {
    /// Name of the metric in the report.
    pub name: String,
    /// The groups it counts in.
    pub groups: Vec<String>,
    /// The scope that fills its query.
    pub scope: Option<String>,
    /// What is asked.
    pub query: Query,
    /// How it is judged, as a Scenario says it.
    pub fields: Named,
    /// Is it left out of the score?
    pub muted: bool,
}

/// A query, in parts or as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Who is asked.
    pub service: Option<String>,
    /// Name of a series.
    pub metric: Option<String>,
    /// A text with placeholders.
    pub inline: Option<String>,
    /// The name of such a text.
    pub template: Option<String>,
    /// More matchers of the series.
    pub bindings: Vec<String>,
    /// Series are kept apart by these.
    pub by: Vec<String>,
    /// The machine that series are of.
    pub resource: Option<String>,
}

/// The service whose queries are asked.
pub const PROMETHEUS: &str = "prometheus";

/// Is it Kayenta's own document?
pub fn is_bare(document: &Node) -> bool {
    let has = |name: &str| document.get(name).is_some();
    !has("kind") && !has("apiVersion") && has("judge") && (has("metrics") || has("classifier"))
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let config = f.object("spec", |f| {
        f.bookkeeping(&["name"], "the object's own name is meant");
        config(f)
    });
    f.missing("spec", "the fields of Kayenta's document");
    let config = CanaryConfig { root: "spec.", ..config.unwrap_or_default() };
    (metadata, Body::CanaryConfig(Box::new(config)))
}

fn read_bare(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let name = f.opt_text("name", "its name, by which `canaryConfigName` refers to it");
    f.missing("name", "the name that `canaryConfigName` of an AnalysisTemplate gives");
    let metadata = metadata::Metadata { name: name.unwrap_or_default(), namespace: None };
    (metadata, Body::CanaryConfig(Box::new(config(f))))
}

fn config(f: &mut Fields<'_>) -> CanaryConfig {
    f.no_effect(&["description"], "a word for people");
    let server = "written by Kayenta or by tools: no effect";
    f.bookkeeping(
        &[
            "id",
            "configVersion",
            "createdTimestamp",
            "createdTimestampIso",
            "updatedTimestamp",
            "updatedTimestampIso",
        ],
        server,
    );
    let applications = f.texts("applications", "applications that may name it; left out: all");
    let judge = f.object("judge", |f| {
        let name = f.opt_text("name", "NetflixACAJudge-v1.0 is flown; another is not, and is told");
        f.no_effect(&["judgeConfigurations"], "that judge reads none");
        name
    });
    let templates = f.labels("templates", "a text that `customFilterTemplate` names");
    let metrics = f.list("metrics", metric);
    f.missing("metrics", "what is judged");
    let weights = f.object("classifier", |f| {
        f.no_effect(&["scoreThresholds"], "the thresholds of Argo's provider decide");
        let weights =
            f.opt_scalar("groupWeights", "weights", "weights of groups in percent", weights);
        weights.unwrap_or_default()
    });
    CanaryConfig {
        root: "",
        applications: applications.unwrap_or_default(),
        judge: judge.flatten(),
        metrics,
        weights: weights.unwrap_or_default(),
        templates: templates.unwrap_or_default(),
    }
}

/// Weights by the names of groups.
fn weights(node: &Node) -> Result<Vec<(String, f64)>, String> {
    let expected =
        || "a mapping of groups to weights from 0 to 100, 100 in all at most".to_string();
    let Value::Map(entries) = &node.value else { return Err(expected()) };
    let weight = |node: &Node| number(node).ok().filter(|w| (0.0..=100.0).contains(w));
    let read = entries.iter().map(|(key, node)| Some((key.name.clone(), weight(node)?)));
    let read = read.collect::<Option<Vec<_>>>().ok_or_else(expected)?;
    let sum: f64 = read.iter().map(|(_, weight)| weight).sum();
    if read.len() <= 1000 && sum <= 100.0 + 1e-9 { Ok(read) } else { Err(expected()) }
}

/// A number, or a text that is one, as Kayenta takes both.
fn number(node: &Node) -> Result<f64, String> {
    let number = match &node.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let sound = number.filter(|number: &f64| (0.0..=1e9).contains(number));
    sound.ok_or_else(|| "a number from 0 to 1000000000".to_string())
}

fn metric(f: &mut Fields<'_>) -> CanaryConfigMetric {
    let name = f.opt_text("name", "its name").unwrap_or_default();
    f.missing("name", "metrics are told apart by their names");
    f.bookkeeping(&["id"], "written by Kayenta or by tools: no effect");
    let groups = f.texts("groups", "the group whose score it counts in").unwrap_or_default();
    let scope = f.opt_text("scopeName", "the scope of Argo's provider that fills its query");
    let query = f.object("query", query).unwrap_or_default();
    f.missing("query", "what is asked");
    let judged = f.object("analysisConfigurations", |f| {
        let judged = f.object("canary", judged);
        f.free("the judge reads `canary` alone");
        judged
    });
    let (fields, muted) = judged.flatten().unwrap_or_default();
    CanaryConfigMetric { name, groups, scope, query, fields, muted }
}

fn query(f: &mut Fields<'_>) -> Query {
    let asked = "prometheus: the series of the flight are asked; others are not, and their metrics \
        are left out of the score, which is told";
    let kind = f.opt_text("type", asked);
    let service = f.opt_text("serviceType", asked);
    if !f.has("type") && !f.has("serviceType") {
        f.missing("type", "who is asked: prometheus");
    }
    let metric = f.opt_text("metricName", "without a whole query: avg(NAME{matchers})");
    let inline = "`PromQL:` and a query, or matchers of metricName; ${scope}, ${location} and \
        ${region} are filled as Argo's scope says";
    let inline = f.opt_text("customInlineTemplate", inline);
    let template = f.opt_text("customFilterTemplate", "one of `templates` in its place");
    let bindings = f.texts("labelBindings", "more matchers of metricName");
    let by = "series kept apart; of several the first is judged, which is told";
    let by = f.texts("groupByFields", by);
    let resource = f.opt_text("resourceType", "series of virtual machines: not flown, and told");
    f.no_effect(&["scopeLabel", "locationLabel"], "read for virtual machines alone");
    f.not_flown(&["customFilter"], "Kayenta refuses it: customInlineTemplate took its place");
    f.no_effect(&["functions"], "Kayenta reads none of them for Prometheus");
    let service = kind.or(service);
    if service.as_ref().is_some_and(|service| service != PROMETHEUS) {
        f.free("of a service that is not asked");
    }
    Query {
        service,
        metric,
        inline: inline.filter(|text| !text.is_empty()),
        template: template.filter(|text| !text.is_empty()),
        bindings: bindings.unwrap_or_default(),
        by: by.unwrap_or_default(),
        resource: resource.filter(|text| !text.is_empty()),
    }
}

/// How a metric is judged, and whether it is muted.
fn judged(f: &mut Fields<'_>) -> (Named, bool) {
    let mut fields = Named::new();
    let directions = ["either", "increase", "decrease"];
    fields.extend(word(f, "direction", &directions, "which movement is bad; left out: either"));
    let nan = "points without a number: left out, or taken as 0; left out: remove";
    fields.extend(word(f, "nanStrategy", &["remove", "replace"], nan));
    for (name, becomes) in [
        ("critical", "its failure makes the whole score 0"),
        ("mustHaveData", "without data it counts as failed, unless it is critical"),
    ] {
        fields.extend(f.opt_flag(name, becomes).map(|flag| (name, Value::Flag(flag))));
    }
    let outliers = f.object("outliers", |f| {
        let removed = "points far outside: kept, or left out; left out: keep";
        let words = ["keep", "remove"];
        let strategy = word_as(f, "strategy", "outliers", &words, removed);
        let removes = matches!(&strategy, Some((_, Value::Text(word))) if word == "remove");
        let becomes = "interquartile ranges beyond which a point lies far outside; left out: 3";
        if !removes && !f.describing() {
            f.no_effect(&["outlierFactor"], "read with `strategy: remove` alone");
            return strategy.into_iter().collect::<Named>();
        }
        let factor = f.opt_scalar("outlierFactor", "number", becomes, number);
        let factor = factor.map(|number| ("outlierFactor", Value::Number(number)));
        strategy.into_iter().chain(factor).collect()
    });
    fields.extend(outliers.unwrap_or_default());
    f.object("effectSize", |f| {
        let measure = "mean(new)/mean(stable), or P(new > stable); left out: meanRatio";
        fields.extend(word(f, "measure", &["meanRatio", "cles"], measure));
        for (name, becomes) in [
            ("allowedIncrease", "High needs at least this effect"),
            ("allowedDecrease", "Low needs at most this effect"),
            ("criticalIncrease", "a critical High needs at least this effect"),
            ("criticalDecrease", "a critical Low needs at most this effect"),
        ] {
            let found = f.opt_scalar(name, "number", becomes, number);
            fields.extend(found.map(|number| (name, Value::Number(number))));
        }
    });
    let muted = f.opt_flag("muted", "left out of the score");
    (fields, muted.unwrap_or(false))
}

/// One of a few words, under the name that a Scenario has for it.
fn word(
    f: &mut Fields<'_>,
    name: &'static str,
    words: &[&'static str],
    becomes: &'static str,
) -> Option<(&'static str, Value)> {
    word_as(f, name, name, words, becomes)
}

fn word_as(
    f: &mut Fields<'_>,
    name: &'static str,
    setting: &'static str,
    words: &[&'static str],
    becomes: &'static str,
) -> Option<(&'static str, Value)> {
    let known = f.child(name).and_then(Node::text).map(|found| words.contains(&found));
    if known == Some(false) {
        let found = f.child(name).and_then(Node::text).unwrap_or_default().to_string();
        f.known(&[name]);
        let near = nearest(&found, words.iter().copied());
        let help = near.map(|near| format!("did you mean {near}?"));
        let help = help.unwrap_or_else(|| format!("one of {}", words.join(", ")));
        let why = format!("found {found:?}: Kayenta takes what it does not know for {}", words[0]);
        f.flown_otherwise(name, why, &help);
        return Some((setting, text(words[0])));
    }
    let index = f.opt_choice(name, words, becomes)?;
    Some((setting, text(words[index])))
}

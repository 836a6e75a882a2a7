//! `AnalysisTemplate` and `ClusterAnalysisTemplate` (Argo): metrics that Rollouts refer to.

use super::{Body, KindPart, metadata};
use crate::draft::text;
use crate::fields::{Fields, Labels, Manifest};
use windtunnel_base::node::{Node, Value};
use windtunnel_model::strategy::argo::field;

const SOURCE: &str = "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/analysis_types.go, \
    analysis/analysis.go, utils/evaluate/evaluate.go";

/// Named values of a mapping: texts with arguments in them, until these are put in place.
pub type Named = Vec<(&'static str, Value)>;

/// `AnalysisTemplate` for the table of kinds: versions, summary and reader.
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
    /// Metrics that are measured, in the order of the file.
    pub metrics: Vec<TemplateMetric>,
    /// Metrics without a say: patterns of their names.
    pub dry_run: Vec<String>,
    /// Templates that it takes in, and whether they belong to the whole cluster.
    pub templates: Vec<(String, bool)>,
    /// Annotations that say what providers answer that no flight can ask.
    pub answers: Labels,
}

/// An argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Argument {
    /// The name as it is written in the file.
    pub name: String,
    /// Where the value comes from; nothing if only a Rollout gives it.
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
pub struct TemplateMetric {
    /// The name as it is written in the file.
    pub name: String,
    /// Its fields; texts may hold arguments.
    pub fields: Named,
    /// Its query, if Prometheus is asked.
    pub query: Option<String>,
    /// The ends and the step of a query over time.
    pub range: Option<Named>,
    /// Who is asked besides Prometheus; one metric asks one of all.
    pub providers: Vec<&'static str>,
    /// What Kayenta is asked, if it is.
    pub kayenta: Option<Kayenta>,
}

/// A question to Kayenta; texts may hold arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kayenta {
    /// Who asks.
    pub application: String,
    /// The name of a canary config.
    pub config: String,
    /// Lowest score of a success.
    pub pass: u64,
    /// Lowest score that is inconclusive.
    pub marginal: u64,
    /// What fills its queries.
    pub scopes: Vec<Scope>,
}

impl Kayenta {
    /// All texts that arguments may stand in.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let own = [&mut self.application, &mut self.config].into_iter();
        own.chain(self.scopes.iter_mut().flat_map(|scope| {
            let Scope { name, control, experiment } = scope;
            std::iter::once(name).chain(control.texts()).chain(experiment.texts())
        }))
    }
}

impl Side {
    fn texts(&mut self) -> [&mut String; 4] {
        let Side { scope, region, start, end, .. } = self;
        [scope, region, start, end]
    }
}

/// What fills the queries of both versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The name as it is written in the file.
    pub name: String,
    /// Of the stable version.
    pub control: Side,
    /// Of the new one.
    pub experiment: Side,
}

/// A version's part of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// `${scope}`.
    pub scope: String,
    /// `${location}` and `${region}`.
    pub region: String,
    /// Seconds from point to point.
    pub step: Option<u64>,
    /// The first instant.
    pub start: String,
    /// End of the time that is asked about.
    pub end: String,
}

/// Providers that no flight can ask.
const PROVIDERS: [&str; 10] = [
    "job",
    "web",
    "datadog",
    "newRelic",
    "wavefront",
    "cloudWatch",
    "graphite",
    "influxdb",
    "skywalking",
    "plugin",
];

const ANSWERS: &str = "what a provider answers that no flight can ask: \
    `windtunnel-answers.METRIC: always` (or never, `from 5m`, `until 5m`, 30%), \
    `windtunnel-takes.METRIC: 30s`, or `windtunnel-query.METRIC` with PromQL in its place; without \
    a METRIC all such metrics are meant";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, answers) = metadata::annotated(f, ANSWERS);
    let template = f.object("spec", |f| {
        let arguments = f.list("args", own_argument);
        let metrics = f.list("metrics", metric);
        let dry_run = f.list("dryRun", |f| f.opt_text("metricName", "measured, but without a say"));
        let templates = f.list("templates", reference);
        f.no_effect(&["measurementRetention"], "no effect on a release");
        let dry_run = dry_run.into_iter().flatten().collect();
        AnalysisTemplate { arguments, metrics, dry_run, templates, answers }
    });
    if template.is_none() {
        f.missing("spec", "a template has metrics");
    }
    (metadata, Body::AnalysisTemplate(Box::new(template.unwrap_or_default())))
}

/// Reads the name of a template that is taken in.
pub fn reference(f: &mut Fields<'_>) -> (String, bool) {
    let name = f.opt_text("templateName", "its metrics are measured");
    f.missing("templateName", "the name of an AnalysisTemplate");
    let cluster = f.opt_flag("clusterScope", "a template of the whole cluster");
    (name.unwrap_or_default(), cluster.unwrap_or(false))
}

/// Reads an argument that a Rollout gives.
pub fn argument(f: &mut Fields<'_>) -> Argument {
    let secret = "not in a Rollout's CRD: the API server drops it; a template's own may have it";
    given(f, |f| {
        f.dropped(&["secretKeyRef"], secret);
        let words = ["Latest", "Stable"];
        let hash = "the hash of a version's pod template, which its series carry";
        let hash = f.opt_choice("podTemplateHashValue", &words, hash);
        hash.map(|i| if i == 0 { Given::Latest } else { Given::Stable })
    })
}

/// Reads an argument of a template's own.
fn own_argument(f: &mut Fields<'_>) -> Argument {
    let hash =
        "not in a template's CRD: the API server drops it; a Rollout's arguments may have it";
    given(f, |f| {
        f.dropped(&["podTemplateHashValue"], hash);
        f.no_effect(&["secretKeyRef"], "secrets are not among the files: empty");
        f.has("secretKeyRef").then_some(Given::Secret)
    })
}

fn given(f: &mut Fields<'_>, from: impl FnOnce(&mut Fields<'_>) -> Option<Given>) -> Argument {
    let name = f.opt_text("name", "its name: {{args.NAME}} stands for the value");
    let value = f.opt_scalar("value", "text", "its value", |node| {
        node.scalar_text().ok_or_else(|| "text".to_string())
    });
    let from = f.object("valueFrom", |f| {
        let other = from(f);
        let field = f.object("fieldRef", |f| f.opt_text("fieldPath", "a field of the Rollout"));
        other.or(field.flatten().map(Given::Field))
    });
    Argument { name: name.unwrap_or_default(), value: value.map(Given::Text).or(from.flatten()) }
}

/// A number, or a text that an argument makes one.
fn number(node: &Node) -> Result<Value, String> {
    match &node.value {
        Value::Integer(number) => Ok(limit(*number)),
        Value::Text(t) if t.contains("{{") => Ok(text(t.clone())),
        Value::Text(t) => t.parse::<i64>().map(limit).map_err(|_| NUMBER.to_string()),
        _ => Err(NUMBER.to_string()),
    }
}

const NUMBER: &str = "a whole number";

/// A count or a limit: nothing tells very large ones apart, nor those below -1.
pub fn limit(number: i64) -> Value {
    Value::Integer(number.clamp(-2, 1_000_000_000))
}

/// A duration, or a text that an argument makes one.
fn span(node: &Node) -> Result<Value, String> {
    match node.text() {
        Some(t) if t.contains("{{") => Ok(text(t)),
        _ => crate::scalars::duration(node).map(text),
    }
}

fn metric(f: &mut Fields<'_>) -> TemplateMetric {
    let name = f.opt_text("name", "its name").unwrap_or_default();
    f.missing("name", "metrics are told apart by their names");
    let mut fields = Named::new();
    for (name, becomes) in [
        (field::INTERVAL, "from the end of a measurement to the next"),
        (field::INITIAL_DELAY, "before the first measurement"),
    ] {
        fields.extend(f.opt_scalar(name, "duration", becomes, span).map(|value| (name, value)));
    }
    for (name, becomes) in [
        (field::COUNT, "measurements; left out: one, or with an interval no end"),
        (field::FAILURE_LIMIT, "failed measurements that are forgiven"),
        (field::INCONCLUSIVE_LIMIT, "inconclusive measurements that are forgiven"),
        (field::CONSECUTIVE_ERROR_LIMIT, "errors in a row that are forgiven; left out: 4"),
        (field::CONSECUTIVE_SUCCESS_LIMIT, "successes in a row that are enough"),
    ] {
        fields.extend(f.opt_scalar(name, "number", becomes, number).map(|value| (name, value)));
    }
    for (name, becomes) in [
        (field::SUCCESS_CONDITION, "when a measurement is a success, in Argo's language"),
        (field::FAILURE_CONDITION, "when it is a failure"),
    ] {
        fields.extend(f.opt_text(name, becomes).map(|value| (name, text(value))));
    }
    let metric = f.object("provider", provider).unwrap_or_default();
    f.missing("provider", "who is asked");
    TemplateMetric { name, fields, ..metric }
}

/// Who is asked.
fn provider(f: &mut Fields<'_>) -> TemplateMetric {
    let prometheus = f.object("prometheus", |f| {
        f.opt_text("address", "the series of the flight answer in its place");
        f.no_effect(
            &["authentication", "timeout", "insecure", "headers"],
            "the series of the flight are asked",
        );
        let range = f.object("rangeQuery", |f| {
            let end = "an instant in Argo's language, such as now() - duration(\"5m\")";
            let mut fields = Named::new();
            for (name, becomes) in [(field::START, end), (field::END, end)] {
                fields.extend(f.opt_text(name, becomes).map(|value| (name, text(value))));
                f.missing(name, "without it every measurement is an error");
            }
            let step =
                f.opt_scalar(field::STEP, "duration", "between the points of the range", span);
            fields.extend(step.map(|value| (field::STEP, value)));
            f.missing(field::STEP, "without it every measurement is an error");
            fields
        });
        let query = f.opt_text("query", "PromQL over the series of the flight");
        f.missing("query", "what is asked");
        (query, range)
    });
    let mut providers = Vec::new();
    for name in PROVIDERS {
        let becomes = "not asked: an annotation `windtunnel-answers` says what it answers; left \
            out: always a success, which is told";
        providers.extend(f.opt_scalar(name, "anything", becomes, |_| Ok(name)));
    }
    let kayenta = f.object("kayenta", kayenta);
    providers.extend(kayenta.is_some().then_some("kayenta"));
    let asked = prometheus.is_some();
    let (query, range) = prometheus.unwrap_or_default();
    let query = query.or_else(|| asked.then(String::new));
    TemplateMetric { query, range, providers, kayenta, ..TemplateMetric::default() }
}

/// What Kayenta is asked.
fn kayenta(f: &mut Fields<'_>) -> Kayenta {
    f.no_effect(
        &["address", "metricsAccountName", "configurationAccountName", "storageAccountName"],
        "the series of the flight answer, and Kayenta's judge is flown",
    );
    let application =
        f.opt_text("application", "has to be one of the CanaryConfig's `applications`");
    let config = f.opt_text(
        "canaryConfigName",
        "flown with the CanaryConfig of this name beside the manifests; without it an annotation \
         `windtunnel-answers` says what Kayenta answers; left out: always a success, which is told",
    );
    f.missing("canaryConfigName", "the name of a CanaryConfig");
    let none = "asked where scopes give no start; spans from their start to their end are flown";
    f.not_flown(&["lookback"], none);
    let threshold = f.object("threshold", |f| {
        let pass = f.opt_count("pass", 0..=100, "lowest score of a success");
        f.missing("pass", "the lowest score of a success");
        let marginal =
            f.opt_count("marginal", 0..=100, "lowest score that is inconclusive: a pause");
        f.missing("marginal", "the lowest score that is inconclusive");
        (pass.unwrap_or(0), marginal.unwrap_or(0))
    });
    f.missing("threshold", "scores that pass and that are marginal");
    let scopes = f.list("scopes", |f| {
        let name = f.opt_text("name", "the name by which metrics of the CanaryConfig call it");
        f.missing("name", "metrics of the CanaryConfig call it by a name");
        let control = f.object("controlScope", side).unwrap_or_default();
        let experiment = f.object("experimentScope", side).unwrap_or_default();
        f.missing("controlScope", "the stable version's pods");
        f.missing("experimentScope", "the new version's pods");
        Scope { name: name.unwrap_or_default(), control, experiment }
    });
    f.missing("scopes", "whose series are compared");
    let (pass, marginal) = threshold.unwrap_or_default();
    let (application, config) = (application.unwrap_or_default(), config.unwrap_or_default());
    Kayenta { application, config, pass, marginal, scopes }
}

fn side(f: &mut Fields<'_>) -> Side {
    let scope = f.opt_text("scope", "stands for ${scope} in queries").unwrap_or_default();
    let region = f.opt_text("region", "stands for ${location} and ${region}").unwrap_or_default();
    let step = f.opt_count("step", 1..=86_400, "seconds from point to point");
    let span = "an instant; as long as from start to end, back from each measurement, is flown";
    f.missing("scope", "whose series are asked");
    f.missing("step", "seconds from point to point");
    let start = f.opt_text("start", span).unwrap_or_default();
    let end = f.opt_text("end", span).unwrap_or_default();
    Side { scope, region, step, start, end }
}

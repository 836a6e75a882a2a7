//! `MetricTemplate` (Flagger): a query that metrics refer to.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};

/// `MetricTemplate` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "MetricTemplate",
    group: "flagger.app",
    versions: &["v1beta1", "v1alpha1"],
    summary: "a query that Canaries refer to",
    since: "0.2.0",
    source: "fluxcd/flagger 1.44 pkg/apis/flagger/v1beta1/metric.go, pkg/metrics/providers",
    read,
};

/// A MetricTemplate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricTemplate {
    /// Its query, with placeholders; nothing if Prometheus is not asked.
    pub query: Option<String>,
    /// Who is asked.
    pub provider: &'static str,
    /// Annotations that say what a provider answers that no flight can ask.
    pub answers: Labels,
}

const ANSWERS: &str = "what a provider answers that no flight can ask: \
    `windtunnel-answers: always` (or never, `from 5m`, `until 5m`, 30%; success is a value within \
    the bounds), `windtunnel-takes: 5s`, or `windtunnel-query` with PromQL in its place";

/// Who may be asked; the first is, in a flight.
const PROVIDERS: [&str; 12] = [
    "prometheus",
    "datadog",
    "newrelic",
    "cloudwatch",
    "graphite",
    "influxdb",
    "stackdriver",
    "dynatrace",
    "keptn",
    "splunk",
    "signoz",
    "externalmetrics",
];

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, answers) = metadata::annotated(f, ANSWERS);
    let query = f.object("spec", |f| {
        let provider = f.object("provider", |f| {
            let becomes = "prometheus: the series of the flight are asked; of others an annotation \
                `windtunnel-answers` or `windtunnel-query` says what they answer; left out: always \
                a value within the bounds, which is told";
            let kind = f.opt_choice("type", &PROVIDERS, becomes);
            f.opt_text("address", "the series of the flight answer in its place");
            f.no_effect(
                &["secretRef", "region", "insecureSkipVerify", "headers"],
                "the series of the flight are asked",
            );
            PROVIDERS[kind.unwrap_or(0)]
        });
        let provider = provider.unwrap_or(PROVIDERS[0]);
        let query = f.opt_text("query", "PromQL with placeholders such as {{ target }}");
        f.missing("query", "a query in PromQL");
        (query.filter(|_| provider == PROVIDERS[0]), provider)
    });
    let (query, provider) = query.unwrap_or((None, PROVIDERS[0]));
    let template = MetricTemplate { query, provider, answers };
    (metadata, Body::MetricTemplate(Box::new(template)))
}

//! `MetricTemplate` (Flagger): a query that metrics refer to.

use super::{Body, KindPart, metadata};
use crate::manifest::fields::{Fields, Manifest};

/// The kind.
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
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let query = f.object("spec", |f| {
        let provider = f.object("provider", |f| {
            let words = [
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
            let becomes = "prometheus: the series of the flight are asked; others are not, and \
                metrics that refer to them have no say";
            let kind = f.opt_choice("type", &words, becomes);
            f.opt_text("address", "the series of the flight answer in its place");
            f.no_effect(
                &["secretRef", "region", "insecureSkipVerify", "headers"],
                "the series of the flight are asked",
            );
            kind.unwrap_or(0) == 0
        });
        let query = f.opt_text("query", "PromQL with placeholders such as {{ target }}");
        f.missing("query", "a query in PromQL");
        query.filter(|_| provider.unwrap_or(true))
    });
    let query = query.flatten();
    (metadata, Body::MetricTemplate(Box::new(MetricTemplate { query })))
}

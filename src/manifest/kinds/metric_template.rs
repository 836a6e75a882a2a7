//! `MetricTemplate` (Flagger): a query that metrics refer to.

use super::{Body, KindPart, metadata};
use crate::manifest::fields::Fields;

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
    /// Its query, with placeholders.
    pub query: String,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let query = f.object("spec", |f| {
        f.object("provider", |f| {
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
            let kind = f.word("type", &words, "prometheus: the series of the flight are asked");
            if kind.is_some_and(|kind| kind > 0) {
                let help = "write the query in PromQL, over the series of the flight";
                f.problem("type", "not Prometheus", "prometheus", help);
            }
            f.text("address", "the series of the flight answer in its place");
            f.no_effect(
                &["secretRef", "region", "insecureSkipVerify", "headers"],
                "the series of the flight are asked",
            );
        });
        let query = f.text("query", "PromQL with placeholders such as {{ target }}");
        f.missing("query", "a query in PromQL");
        query
    });
    let query = query.flatten().unwrap_or_default();
    (metadata, Body::MetricTemplate(Box::new(MetricTemplate { query })))
}

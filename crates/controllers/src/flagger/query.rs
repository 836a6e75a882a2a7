//! The queries Flagger asks: two built-in ones by provider, and templates with placeholders.
//!
//! Read from fluxcd/flagger 1.44 `pkg/metrics/observers/*.go` and
//! `pkg/apis/flagger/v1beta1/metric.go`. Deliberately unknown here: what a query comes to.

use super::provider::Provider;
use super::settings::Names;
use std::collections::BTreeMap;
use windtunnel_base::escape::short::thousands;

/// The two metrics that need no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// `request-success-rate`, percent.
    SuccessRate,
    /// `request-duration`.
    Duration,
}

impl Builtin {
    /// The built-in metric that `name` names.
    pub fn parse(name: &str) -> Option<Builtin> {
        match name {
            "request-success-rate" => Some(Builtin::SuccessRate),
            "request-duration" => Some(Builtin::Duration),
            _ => None,
        }
    }
}

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// Names of the Canary and what it refers to, that placeholders stand for.
    pub names: &'a Names,
    /// The metric's interval, as written.
    pub interval: &'a str,
    /// `templateVariables`.
    pub variables: &'a BTreeMap<String, String>,
}

/// The series by which a provider counts requests, and how.
struct Counts {
    /// Requests answered.
    requests: &'static str,
    /// Label matchers that all series share.
    of: &'static str,
    /// Matcher of requests that did not fail.
    good: &'static str,
    /// How long they took.
    time: Time,
}

enum Time {
    /// The 0.99 quantile of a histogram, times a factor, with matchers of its own.
    Quantile(&'static str, &'static str, &'static str),
    /// A mean of `_sum` and `_count`, in seconds.
    Mean(&'static str),
}

/// By pod name, as a Deployment names them.
const PODS: &str = concat!(
    r#"kubernetes_namespace="{{ namespace }}","#,
    r#"kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)""#,
);

/// By Envoy cluster, with the matcher that a mesh uses for the canary.
const fn envoy(of: &'static str) -> Counts {
    Counts {
        requests: "envoy_cluster_upstream_rq",
        of,
        good: r#"envoy_response_code!~"5.*""#,
        time: Time::Quantile("envoy_cluster_upstream_rq_time_bucket", of, ""),
    }
}

const ISTIO: &str = concat!(
    r#"reporter="destination",destination_workload_namespace="{{ namespace }}","#,
    r#"destination_workload=~"{{ target }}""#,
);
const NGINX: &str = r#"namespace="{{ namespace }}",ingress="{{ ingress }}",canary!="""#;
const LINKERD: &str =
    r#"namespace="{{ namespace }}",deployment=~"{{ target }}",direction="inbound""#;
const OSM: &str = concat!(
    r#"destination_namespace="{{ namespace }}",destination_kind="Deployment","#,
    r#"destination_name="{{ target }}""#,
);
const GLOO: &str = concat!(
    r#"envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-"#,
    r#"[0-9a-zA-Z-]+_[0-9a-zA-Z-]+""#,
);
const TRAEFIK: &str =
    r#"service=~"{{ namespace }}-{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd""#;
const APISIX: &str = r#"route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+""#;
const SKIPPER: &str = concat!(
    r#"route=~"kube(ew)?_{{ namespace }}__{{ ingress }}_canary__.*__"#,
    r#"{{ service }}_canary(_[0-9]+)?""#,
);

fn counts(provider: Provider) -> Counts {
    let counts = |requests, of, good, time| Counts { requests, of, good, time };
    match provider {
        Provider::Istio | Provider::Smi => {
            let time = Time::Quantile("istio_request_duration_milliseconds_bucket", ISTIO, "");
            counts("istio_requests_total", ISTIO, r#"response_code!~"5.*""#, time)
        }
        Provider::Kubernetes | Provider::GatewayApi => {
            let time = Time::Quantile("http_request_duration_seconds_bucket", PODS, "");
            counts("http_request_duration_seconds_count", PODS, r#"status!~"5.*""#, time)
        }
        Provider::Nginx => {
            let time = Time::Mean("nginx_ingress_controller_response_duration_seconds");
            counts("nginx_ingress_controller_requests", NGINX, r#"status!~"5.*""#, time)
        }
        Provider::Skipper => {
            let time = Time::Mean("skipper_serve_route_duration_seconds");
            let name = r#"skipper_response_duration_seconds_bucket"#;
            counts(name, SKIPPER, r#"code!~"5..""#, time)
        }
        Provider::Linkerd => {
            let time = Time::Quantile("response_latency_ms_bucket", LINKERD, "");
            counts("response_total", LINKERD, r#"classification!="failure""#, time)
        }
        Provider::Osm => {
            let time = Time::Quantile("osm_request_duration_ms_bucket", OSM, "");
            counts("osm_request_total", OSM, r#"response_code!~"5.*""#, time)
        }
        Provider::Traefik => {
            let name = "traefik_service_request_duration_seconds_bucket";
            counts(name, TRAEFIK, r#"code!~"5..""#, Time::Quantile(name, TRAEFIK, " * 1000"))
        }
        Provider::Apisix => {
            let of =
                r#"type=~"request",route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+""#;
            let time = Time::Quantile("apisix_http_latency_bucket", of, "");
            counts("apisix_http_status", APISIX, r#"code!~"5..""#, time)
        }
        Provider::Contour => {
            envoy(r#"envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+""#)
        }
        Provider::Gloo => envoy(GLOO),
        Provider::Kuma => {
            envoy(r#"service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+""#)
        }
        Provider::Knative => envoy(r#"envoy_cluster_name=~"{{ namespace }}/{{ route }}""#),
        Provider::AppMesh => envoy(PODS),
    }
}

/// The text of a built-in query with its placeholders still in it.
pub fn template(provider: Provider, metric: Builtin) -> String {
    let Counts { requests, of, good, time } = counts(provider);
    let whole = match provider {
        Provider::Skipper | Provider::Traefik => r#",le="+Inf""#,
        _ => "",
    };
    let rate = |series: &str, of: &str| format!("sum(rate({series}{{{of}}}[{{{{ interval }}}}]))");
    match (metric, time) {
        (Builtin::SuccessRate, _) => {
            let passed = rate(requests, &format!("{of},{good}{whole}"));
            format!("{passed} / {} * 100", rate(requests, &format!("{of}{whole}")))
        }
        (Builtin::Duration, Time::Quantile(series, of, factor)) => {
            format!("histogram_quantile(0.99, {} by (le)){factor}", rate(series, of))
        }
        (Builtin::Duration, Time::Mean(series)) => {
            let (sum, count) = (format!("{series}_sum"), format!("{series}_count"));
            format!("{} / {} * 1000", rate(&sum, of), rate(&count, of))
        }
    }
}

/// A built-in query, ready to be asked.
pub fn builtin(provider: Provider, metric: Builtin, model: &Model<'_>) -> Result<String, String> {
    filled(provider, &template(provider, metric), model)
}

/// The requests of the canary that a built-in query rests on. The controller does not ask this; the
/// event log tells it.
pub fn requests(provider: Provider, model: &Model<'_>) -> Result<String, String> {
    let Counts { requests, of, .. } = counts(provider);
    let text = format!("sum(increase({requests}{{{of}}}[{{{{ interval }}}}]))");
    filled(provider, &text, model)
}

fn filled(provider: Provider, text: &str, model: &Model<'_>) -> Result<String, String> {
    if provider != Provider::Skipper {
        return render(text, model);
    }
    // Skipper's route names have an underscore for every character that is not of a word.
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let encode = |name: &str| name.chars().map(word).collect::<String>();
    let names = Names {
        canary: encode(&model.names.canary),
        namespace: encode(&model.names.namespace),
        target: encode(&model.names.target),
        service: encode(&model.names.service),
        ingress: encode(&model.names.ingress),
        route: model.names.route.clone(),
    };
    render(text, &Model { names: &names, ..*model })
}

/// What the value of `request-duration` is multiplied by before it is cut to milliseconds.
pub fn duration_factor(provider: Provider) -> f64 {
    match provider {
        Provider::Kubernetes | Provider::GatewayApi => 1000.0,
        _ => 1.0,
    }
}

/// Longest query that placeholders may come to, in bytes: a variable of a megabyte, named ten
/// thousand times, would fill the memory.
pub const FILLED_MAX: usize = 65_536;

/// Fills a template's placeholders (`{{ target }}`, `{{ variables.key }}`, with `-` to trim) and
/// collapses white space as the client does. Anything else between braces is an error.
pub fn render(template: &str, model: &Model<'_>) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        text.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find("}}").ok_or("template parsing failed: unclosed action")?;
        let (inside, after) = (&inner[..end], &inner[end + 2..]);
        let trims_before = inside.starts_with("- ");
        let trims_after = inside.ends_with(" -");
        if trims_before {
            text.truncate(text.trim_end().len());
        }
        let inside = inside.strip_prefix('-').filter(|_| trims_before).unwrap_or(inside);
        let inside = inside.strip_suffix('-').filter(|_| trims_after).unwrap_or(inside).trim();
        if !(inside.starts_with("/*") && inside.ends_with("*/")) {
            text.push_str(value(inside, model)?);
        }
        if text.len() > FILLED_MAX && text.len() > template.len() {
            return Err(format!("template execution failed: {}", too_long()));
        }
        rest = if trims_after { after.trim_start() } else { after };
    }
    text.push_str(rest);
    Ok(collapse(&text))
}

/// Is something lost when the client puts a query on one line (`trimQuery`): what follows a `#`
/// that Prometheus would have taken for a comment to the end of its line?
pub fn loses_lines(query: &str) -> bool {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in query.char_indices() {
        match quote {
            Some(open) if c == open && !escaped => quote = None,
            Some(_) => escaped = c == '\\' && !escaped && quote != Some('`'),
            None if matches!(c, '"' | '\'' | '`') => (quote, escaped) = (Some(c), false),
            None if c == '#' => {
                let rest = query[at..].lines().skip(1).map(str::trim);
                return rest.into_iter().any(|line| !line.is_empty() && !line.starts_with('#'));
            }
            None => {}
        }
    }
    false
}

/// What is wrong with a text that its placeholders make too long.
pub fn too_long() -> String {
    format!("filled in, the text is longer than {} bytes", thousands(FILLED_MAX))
}

fn value<'m>(name: &str, model: &Model<'m>) -> Result<&'m str, String> {
    let names = model.names;
    Ok(match name {
        "name" => &names.canary,
        "namespace" => &names.namespace,
        "target" => &names.target,
        "service" => &names.service,
        "ingress" => &names.ingress,
        "route" => &names.route,
        "interval" => model.interval,
        _ => {
            let Some(key) = name.strip_prefix("variables.") else {
                let name = name.split_whitespace().next().unwrap_or_default();
                return Err(format!("template parsing failed: function {name:?} not defined"));
            };
            let found = model.variables.get(key);
            found.ok_or_else(|| {
                format!("template excution failed: map has no entry for key {key:?}")
            })?
        }
    })
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        let blank = c.is_ascii_whitespace();
        if !blank {
            out.push(c);
        } else if !space {
            out.push(' ');
        }
        space = blank;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(provider: Provider, metric: Builtin) -> String {
        let names = Names::of("podinfo", "test");
        let variables = BTreeMap::new();
        let model = Model { names: &names, interval: "1m", variables: &variables };
        builtin(provider, metric, &model).expect("a built-in query renders")
    }

    #[test]
    fn a_comment_swallows_the_lines_behind_it() {
        assert!(loses_lines("sum(a) # good\n / sum(b)"));
        assert!(loses_lines("# share\nsum(a)"));
        assert!(!loses_lines("sum(a)\n / sum(b) # all\n# of it\n"));
        assert!(!loses_lines("sum(a{b=\"#\"})\n / sum(b)"));
        assert!(!loses_lines("sum(a)"));
    }

    #[test]
    fn istio_counts_at_the_destination() {
        let of = "reporter=\"destination\",destination_workload_namespace=\"test\",\
                  destination_workload=~\"podinfo\"";
        assert_eq!(
            ask(Provider::Istio, Builtin::SuccessRate),
            format!(
                "sum(rate(istio_requests_total{{{of},response_code!~\"5.*\"}}[1m])) / \
                 sum(rate(istio_requests_total{{{of}}}[1m])) * 100"
            )
        );
        assert_eq!(
            ask(Provider::Istio, Builtin::Duration),
            format!(
                "histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket\
                 {{{of}}}[1m])) by (le))"
            )
        );
    }

    #[test]
    fn nginx_and_skipper_ask_for_a_mean() {
        let nginx = ask(Provider::Nginx, Builtin::Duration);
        assert!(nginx.contains("_sum{") && nginx.contains("_count{") && nginx.ends_with("* 1000"));
        let skipper = ask(Provider::Skipper, Builtin::SuccessRate);
        assert!(skipper.contains("kube(ew)?_test__podinfo_canary__.*__podinfo_canary(_[0-9]+)?"));
        assert!(skipper.contains("le=\"+Inf\""));
    }

    #[test]
    fn placeholders_are_filled_and_space_collapsed() {
        let names = Names::of("podinfo", "test");
        let long = ("long".to_string(), "x".repeat(1_000));
        let variables = BTreeMap::from([("zone".to_string(), "a".to_string()), long]);
        let model = Model { names: &names, interval: "2m", variables: &variables };
        let bomb = "{{ variables.long }}".repeat(66);
        let cases = [
            ("up{ns=\"{{namespace}}\"}[{{ interval }}]", Ok("up{ns=\"test\"}[2m]")),
            ("a\n\t b {{- target -}}  c", Ok("a bpodinfoc")),
            ("{{ variables.zone }}{{/* note */}}", Ok("a")),
            (
                "{{ variables.pod }}",
                Err("template excution failed: map has no entry for key \"pod\""),
            ),
            (
                &bomb,
                Err("template execution failed: filled in, the text is longer than 65,536 bytes"),
            ),
            ("{{ pod }}", Err("template parsing failed: function \"pod\" not defined")),
            ("{{ target", Err("template parsing failed: unclosed action")),
        ];
        for (template, expected) in cases {
            let found = render(template, &model);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{template:?}");
        }
    }
}

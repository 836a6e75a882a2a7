//! `Canary` (Flagger): how a Deployment is released, by weights, iterations or copies, and what
//! metrics and webhooks must say.

use super::{Body, KindPart, metadata, traffic_policy, virtual_service};
use crate::draft::{integer, text};
use crate::fields::{Fields, Labels, Manifest};
use crate::rule::{self, Setting};
use crate::scalars;
use windtunnel_base::node::Value;
use windtunnel_model::strategy::flagger::field;

/// `Canary` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Canary",
    group: "flagger.app",
    versions: &["v1beta1", "v1alpha3"],
    summary: "a Deployment that Flagger releases: canary, A/B test, blue-green, copies",
    since: "0.2.0",
    source: "fluxcd/flagger 1.44 pkg/apis/flagger/v1beta1/canary.go, pkg/controller/scheduler.go",
    read,
};

/// A Canary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canary {
    /// Mesh, ingress, or plain Kubernetes.
    pub provider: Option<String>,
    /// Name of the Deployment.
    pub target: String,
    /// Name of its autoscaler.
    pub autoscaler: Option<String>,
    /// Other limits for the primary's autoscaler: fields of `autoscaler` and their values.
    pub autoscaler_limits: Vec<(&'static str, Value)>,
    /// What the primary's copy of a ScaledObject asks, by the names of its triggers.
    pub autoscaler_queries: Option<Labels>,
    /// Names of Service, Ingress and route: fields of `names` and their values.
    pub names: Vec<(&'static str, Value)>,
    /// Fields of the strategy, and their values.
    pub fields: Vec<(&'static str, Value)>,
    /// What its service asks of the balancer.
    pub settings: Vec<Setting>,
    /// The analysis, if there is one.
    pub analysis: Option<Analysis>,
}

/// `spec.analysis`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// `analysis` or `canaryAnalysis`.
    pub field: &'static str,
    /// Fields of `analysis` of the strategy, and their values.
    pub fields: Vec<(&'static str, Value)>,
    /// Conditions on requests, as they were written; nothing if everyone is meant.
    pub conditions: Option<Vec<String>>,
    /// The session cookie's fields.
    pub affinity: Option<Vec<(&'static str, Value)>>,
    /// Metrics, in order.
    pub metrics: Vec<CanaryMetric>,
    /// Webhooks, in order.
    pub webhooks: Vec<Webhook>,
}

/// A metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanaryMetric {
    /// Its fields, and their values.
    pub fields: Vec<(&'static str, Value)>,
    /// Name and namespace of its template.
    pub template: Option<(String, Option<String>)>,
    /// Values for the template.
    pub variables: Labels,
}

/// A webhook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Webhook {
    /// Name of the webhook in events; nothing if it is left out.
    pub name: Option<String>,
    /// When it is called.
    pub hook: Option<String>,
    /// The command that a load tester runs.
    pub command: Option<String>,
    /// What its service answers, as it is written in the strategy.
    pub answers: Option<String>,
    /// How long its service takes to answer.
    pub takes: Option<String>,
    /// How long the controller waits for an answer.
    pub timeout: Option<String>,
    /// How often it calls again.
    pub retries: Option<u64>,
}

/// Providers that Flagger knows, without their versions.
const PROVIDERS: &str = "who divides the traffic and counts it; left out: istio";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let canary = f.object("spec", spec);
    if canary.is_none() {
        f.missing("spec", "a Canary has at least spec.targetRef and spec.analysis");
    }
    (metadata, Body::Canary(Box::new(canary.unwrap_or_default())))
}

/// Adds a value to a list of fields.
fn put(fields: &mut Vec<(&'static str, Value)>, name: &'static str, value: Option<Value>) {
    fields.extend(value.map(|value| (name, value)));
}

fn spec(f: &mut Fields<'_>) -> Canary {
    let provider = f.opt_text("provider", PROVIDERS);
    let mut names = Vec::new();
    let target = target(f, "targetRef").unwrap_or_default();
    put(&mut names, field::INGRESS, target_name(f, "ingressRef"));
    put(&mut names, field::ROUTE, target_name(f, "routeRef"));
    f.no_effect(&["upstreamRef", "metricsServer"], "metrics are those of the flight");
    let mut settings = Vec::new();
    f.object("service", |f| service(f, &mut names, &mut settings));
    if f.describing() {
        settings.clear();
    }
    let mut fields = Vec::new();
    let skip = f.opt_flag("skipAnalysis", "promoted without a look").map(Value::Flag);
    put(&mut fields, field::SKIP_ANALYSIS, skip);
    put(
        &mut fields,
        field::SUSPEND,
        f.opt_flag("suspend", "no tick does anything").map(Value::Flag),
    );
    let deadline = "pods not ready for this long: rollback";
    let deadline = f.opt_count("progressDeadlineSeconds", 1..=100_000_000, deadline);
    put(&mut fields, field::PROGRESS_DEADLINE, deadline.map(|s| text(format!("{s}s"))));
    f.no_effect(&["revertOnDeletion"], "no Canary is deleted in a flight");
    let (autoscaler, autoscaler_limits, autoscaler_queries) =
        f.object("autoscalerRef", autoscaler).unwrap_or_default();
    let current = f.object("analysis", |f| analysis(f, "analysis"));
    let old = f.object("canaryAnalysis", |f| analysis(f, "canaryAnalysis"));
    let analysis = if f.describing() { None } else { current.or(old) };
    Canary {
        provider,
        target,
        autoscaler,
        autoscaler_limits,
        autoscaler_queries,
        names,
        fields,
        settings,
        analysis,
    }
}

fn target(f: &mut Fields<'_>, name: &'static str) -> Option<String> {
    f.object(name, |f| {
        let kinds = ["Deployment", "DaemonSet", "Service"];
        let kind = f.opt_choice("kind", &kinds, "Deployments are released");
        if kind.is_some_and(|kind| kind > 0) {
            let help = "windtunnel flies Canaries of Deployments only";
            f.problem("kind", "not a Deployment", "Deployment", help);
        }
        f.opt_text("apiVersion", "the version of the kind's API");
        let name = f.opt_text("name", "the Deployment that is released: the canary's pods");
        f.missing("name", "the name of the Deployment");
        name.unwrap_or_default()
    })
}

fn target_name(f: &mut Fields<'_>, name: &'static str) -> Option<Value> {
    let found = f.object(name, |f| {
        f.opt_text("apiVersion", "the version of the kind's API");
        f.opt_text("kind", "what divides the traffic");
        f.opt_text("name", "the name by which built-in queries ask for it")
    });
    found.flatten().map(text)
}

fn service(
    f: &mut Fields<'_>,
    names: &mut Vec<(&'static str, Value)>,
    settings: &mut Vec<Setting>,
) {
    put(
        names,
        field::SERVICE,
        f.opt_text("name", "name of the Services that Flagger makes").map(text),
    );
    f.opt_scalar("port", "port", "where users connect", scalars::port);
    f.opt_scalar("targetPort", "port", "where the process listens", scalars::port);
    let one = "longest time of one try, with the Gateway API; 0s: no end";
    let one = f.duration("backendTimeout", one).filter(|t| !virtual_service::is_zero(t));
    rule::put(settings, "backendTimeout", "perTryTimeout", one.map(text));
    f.object("retries", |f| {
        virtual_service::retries(f, settings);
        let newer = ["retryRemoteLocalities", "backoff", "retryIgnorePreviousHosts"];
        f.dropped(&newer, traffic_policy::DROPPED);
    });
    let timeout = "time for all tries (spec.service.balancer.timeout); 0s: no end";
    let timeout = f.duration("timeout", timeout).filter(|t| !virtual_service::is_zero(t));
    rule::put(settings, "timeout", "timeout", timeout.map(text));
    let policy = f.object("trafficPolicy", traffic_policy::of_canary).unwrap_or_default();
    for (name, value) in policy.blocks.into_iter().flat_map(|block| block.settings) {
        settings.push(Setting { field: traffic_policy::field_of(name), name, value });
    }
    let all = "requests of all kinds are released together, and copied as the analysis says";
    f.not_flown(&["match", "mirror"], all);
    f.not_flown(&["trafficDistribution"], "every pod is as near as any other");
    f.no_effect(
        &[
            "portName",
            "portDiscovery",
            "headless",
            "gateways",
            "gatewayRefs",
            "hosts",
            "rewrite",
            "headers",
            "corsPolicy",
            "delegation",
            "apex",
            "canary",
            "primary",
            "backends",
            "meshName",
            "appProtocol",
            "unmanagedMetadata",
        ],
        "no effect on which pod gets a request",
    );
}

type Scaler = (Option<String>, Vec<(&'static str, Value)>, Option<Labels>);

fn autoscaler(f: &mut Fields<'_>) -> Scaler {
    f.opt_text("apiVersion", "the version of the kind's API");
    f.opt_text("kind", "HorizontalPodAutoscaler or ScaledObject");
    let name = f.opt_text("name", "the canary starts at its fewest pods, whatever its weight");
    let becomes = "what the primary's copy of a ScaledObject asks, by the names of its triggers";
    let queries = f.labels("primaryScalerQueries", becomes);
    let limits = f.object("primaryScalerReplicas", |f| {
        let mut limits = Vec::new();
        let low = f.opt_count("minReplicas", 1..=5000, "limits of the primary's own autoscaler");
        put(&mut limits, field::PRIMARY_MIN_REPLICAS, low.map(integer));
        let high = f.opt_count("maxReplicas", 1..=5000, "limits of the primary's own autoscaler");
        put(&mut limits, field::PRIMARY_MAX_REPLICAS, high.map(integer));
        limits
    });
    (name, limits.unwrap_or_default(), queries)
}

/// Largest weight that is tried with the controller.
const WEIGHT_MAX: u64 = i32::MAX as u64;

fn analysis(f: &mut Fields<'_>, field: &'static str) -> Analysis {
    let mut fields = Vec::new();
    let interval = f.duration("interval", "time between ticks; less than 10s is taken for 10s");
    put(&mut fields, field::INTERVAL, interval.map(text));
    let percent =
        |f: &mut Fields<'_>, name, becomes| f.opt_count(name, 0..=100, becomes).map(integer);
    let failed = f.opt_count("threshold", 0..=1000, "failed ticks that roll back");
    put(&mut fields, field::THRESHOLD, failed.map(integer));
    // What is above 100 the controller takes as it takes 100, but for maxWeight: none reaches it.
    let weight =
        |f: &mut Fields<'_>, name, becomes| f.opt_count(name, 0..=WEIGHT_MAX, becomes).map(integer);
    let most = weight(f, "maxWeight", "percent at which it is promoted");
    put(&mut fields, field::MAX_WEIGHT, most);
    let step = weight(f, "stepWeight", "percent that each step adds");
    put(&mut fields, field::STEP_WEIGHT, step);
    let whole = |node: &windtunnel_base::node::Node| scalars::count(node, &(0..=WEIGHT_MAX));
    let steps = f.opt_scalars("stepWeights", "list of percent", "percent, a step each", whole);
    let steps = steps.map(|s| crate::draft::list(s.into_iter().map(integer).collect()));
    put(&mut fields, field::STEP_WEIGHTS, steps);
    let back = weight(f, "stepWeightPromotion", "percent that goes back with each tick");
    put(&mut fields, field::STEP_WEIGHT_PROMOTION, back);
    let ticks =
        f.opt_count("iterations", 0..=10_000, "ticks of an A/B test or a blue-green release");
    put(&mut fields, field::ITERATIONS, ticks.map(integer));
    let mirror = f.opt_flag("mirror", "requests are copied before any are sent").map(Value::Flag);
    put(&mut fields, field::MIRROR, mirror);
    put(&mut fields, field::MIRROR_WEIGHT, percent(f, "mirrorWeight", "percent that is copied"));
    let ready = "percent of the pods that must be ready";
    let primary = percent(f, "primaryReadyThreshold", ready);
    put(&mut fields, field::PRIMARY_READY_THRESHOLD, primary);
    let canary = percent(f, "canaryReadyThreshold", ready);
    put(&mut fields, field::CANARY_READY_THRESHOLD, canary);
    let conditions = f.has("match").then(|| f.list("match", condition));
    if conditions.is_none() {
        f.list("match", condition);
    }
    let affinity = f.object("sessionAffinity", affinity);
    let metrics = f.list("metrics", metric);
    let webhooks = f.list("webhooks", webhook);
    f.no_effect(&["alerts"], "alerts go to a chat; nobody acts on them in a flight");
    let conditions = conditions.map(|c| c.concat());
    Analysis { field, fields, conditions, affinity, metrics, webhooks }
}

fn condition(f: &mut Fields<'_>) -> Vec<String> {
    let mut found = f.map("headers", |name, f| {
        let becomes = "users who send it meet the canary; how many is spec.traffic.headerShare";
        let words = ["exact", "prefix", "suffix", "regex"];
        let said: Vec<String> = words
            .iter()
            .filter_map(|word| {
                f.opt_text(word, becomes).map(|value| format!("{name} {word} {value}"))
            })
            .collect();
        said.concat()
    });
    let others = ["uri", "method", "sourceLabels", "queryParams", "authority", "scheme", "port"];
    found.extend(others.iter().filter(|name| f.has(name)).map(|name| name.to_string()));
    let users = "users are told apart by headers they send";
    f.not_flown(&["sourceLabels", "queryParams"], users);
    f.dropped(&["uri", "method", "authority", "scheme", "port"], traffic_policy::DROPPED);
    found
}

fn affinity(f: &mut Fields<'_>) -> Vec<(&'static str, Value)> {
    let mut fields = Vec::new();
    let cookie = f.opt_text("cookieName", "users who met the canary stay with it");
    put(&mut fields, field::COOKIE, cookie.map(text));
    let age = f.opt_count("maxAge", 1..=100_000_000, "seconds that the cookie holds");
    put(&mut fields, field::MAX_AGE, age.map(|s| text(format!("{s}s"))));
    let primary =
        f.opt_text("primaryCookieName", "users who met the primary stay for one interval");
    put(&mut fields, field::PRIMARY_COOKIE, primary.map(text));
    f.no_effect(
        &["domain", "httpOnly", "secure", "partitioned", "path", "sameSite"],
        "no effect on who keeps the cookie",
    );
    fields
}

fn metric(f: &mut Fields<'_>) -> CanaryMetric {
    let mut fields = Vec::new();
    let name = "request-success-rate and request-duration are built in";
    put(&mut fields, field::NAME, f.opt_text("name", name).map(text));
    f.missing("name", "a name: request-success-rate and request-duration are built in");
    let window = f.duration("interval", "window of the query; left out: 1m for built-in ones");
    put(&mut fields, field::INTERVAL, window.map(text));
    f.object("thresholdRange", |f| {
        for (name, becomes) in
            [("min", "smallest value that passes"), ("max", "largest value that passes")]
        {
            put(&mut fields, name, f.opt_number(name, -1e12..=1e12, becomes).map(Value::Number));
        }
    });
    let old = "minimum of a success rate, maximum of anything else, where there is no range";
    let old = f.opt_number("threshold", -1e12..=1e12, old);
    put(&mut fields, field::THRESHOLD, old.map(Value::Number));
    put(&mut fields, field::QUERY, f.opt_text("query", "PromQL of its own").map(text));
    let template = f.object("templateRef", |f| {
        let name = f.opt_text("name", "a MetricTemplate, whose query is asked");
        f.missing("name", "the name of the MetricTemplate");
        (name.unwrap_or_default(), f.opt_text("namespace", "its namespace"))
    });
    let variables = f.labels("templateVariables", "values for the template's placeholders");
    CanaryMetric { fields, template, variables: variables.unwrap_or_default() }
}

fn webhook(f: &mut Fields<'_>) -> Webhook {
    let name = f.opt_text("name", "its name in events");
    let types = [
        "confirm-rollout",
        "pre-rollout",
        "rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "post-rollout",
        "rollback",
        "event",
    ];
    let hook = f.opt_choice("type", &types, "when it is called; left out: in every analysis");
    f.opt_text("url", "no service is called: what it answers is a setting of the strategy");
    let late = "a slower answer is a failed call; calls are made within the tick";
    let timeout = f.duration("timeout", late);
    let again = "further calls after a late or failed one, which the tick waits for";
    let retries = f.opt_count("retries", 0..=100, again);
    f.no_effect(&["muteAlert", "disableTLS"], "no effect on what is released");
    let metadata = f.object("metadata", |f| {
        let becomes = "hey, ghz or wrk in it sends requests to the canary, which are no users'";
        let command = f.opt_text("cmd", becomes);
        let answers = "what the service answers: always, never, `from 5m` or `until 5m` after the \
            release began, or a share of calls such as 30%; a real service passes it over";
        let answers = f.opt_text("windtunnel-answers", answers);
        let takes = "how long the service takes to answer; left out: no time";
        let takes = f.duration("windtunnel-takes", takes);
        f.free("what the service does is a setting of the strategy");
        (command, answers, takes)
    });
    let hook = hook.map(|i| types[i].to_string());
    let (command, answers, takes) = metadata.unwrap_or_default();
    Webhook { name, hook, command, answers, takes, timeout, retries }
}

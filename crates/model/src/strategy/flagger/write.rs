//! Settings of a Canary → the strategy `flagger` of a Scenario, which reads back as the same.
//!
//! Every field is written, also where it is the default: what is read does not hang on a default
//! that may change. Deliberately absent: where settings come from.

use super::field;
use super::part::{RULES, TO};
use super::settings::{
    Affinity, Analysis, FlaggerMetric, FlaggerSettings, Hook, Load, Names, Target, Webhook,
};
use crate::strategy::orders;
use windtunnel_base::node::Value;
use windtunnel_base::settings::written::{Mapping, count, duration, list, rate, share, text};
use windtunnel_base::time::SimDuration;

/// The settings of a strategy with this name in tables and charts.
pub fn write(name: &str, settings: &FlaggerSettings) -> Value {
    let rules = RULES[usize::from(!settings.rules.failed_promotion_keeps_canary)];
    Mapping::default()
        .with(field::NAME, text(name))
        .with(field::NAMES, names(&settings.names))
        .with(field::PROVIDER, text(settings.provider.word()))
        .with(field::RULES, text(rules))
        .maybe(field::ANALYSIS, settings.analysis.as_ref().map(analysis))
        .with(field::SKIP_ANALYSIS, Value::Flag(settings.skip_analysis))
        .with(field::SUSPEND, Value::Flag(settings.suspend))
        .with(field::PROGRESS_DEADLINE, span(settings.progress_deadline))
        .maybe(
            field::AUTOSCALER,
            settings.autoscaler.map(|scaler| {
                Mapping::default()
                    .maybe(field::MIN_REPLICAS, scaler.min_replicas.map(count))
                    .maybe(field::PRIMARY_MIN_REPLICAS, scaler.primary.0.map(count))
                    .maybe(field::PRIMARY_MAX_REPLICAS, scaler.primary.1.map(count))
                    .value()
            }),
        )
        .with(field::TARGET, target(&settings.target))
        .maybe(field::FIRST_TICK, settings.first_tick.map(span))
        .maybe(field::ORDERS, orders::written(&settings.orders))
        .value()
}

fn span(span: SimDuration) -> Value {
    text(duration(span))
}

fn names(names: &Names) -> Value {
    Mapping::default()
        .with(field::TARGET, text(&names.target))
        .with(field::NAMESPACE, text(&names.namespace))
        .with(field::CANARY, text(&names.canary))
        .with(field::SERVICE, text(&names.service))
        .with(field::INGRESS, text(&names.ingress))
        .with(field::ROUTE, text(&names.route))
        .value()
}

fn target(target: &Target) -> Value {
    Mapping::default()
        .maybe(field::REPLICAS, target.replicas.map(count))
        .with(field::WRITES_REPLICAS, Value::Flag(target.writes_replicas))
        .with(field::MAX_SURGE, target.max_surge.written())
        .with(field::MAX_UNAVAILABLE, target.max_unavailable.written())
        .with(field::RECREATE, Value::Flag(target.recreate))
        .maybe(field::PROGRESS_DEADLINE, target.deadline.map(span))
        .value()
}

fn analysis(analysis: &Analysis) -> Value {
    let numbers = [
        (field::THRESHOLD, analysis.threshold),
        (field::MAX_WEIGHT, analysis.max_weight),
        (field::STEP_WEIGHT, analysis.step_weight),
        (field::STEP_WEIGHT_PROMOTION, analysis.step_weight_promotion),
        (field::ITERATIONS, analysis.iterations),
        (field::MIRROR_WEIGHT, analysis.mirror_weight),
        (field::PRIMARY_READY_THRESHOLD, analysis.primary_ready),
        (field::CANARY_READY_THRESHOLD, analysis.canary_ready),
    ];
    let start = Mapping::default().with(field::INTERVAL, span(analysis.interval));
    let matching = analysis.matching.as_ref().map(|matching| {
        Mapping::default()
            .with(field::CONDITIONS, list(matching.conditions.iter().map(text)))
            .with(field::SHARE, text(share(matching.share)))
            .value()
    });
    numbers
        .into_iter()
        .fold(start, |mapping, (name, number)| mapping.with(name, count(number)))
        .with(field::STEP_WEIGHTS, list(analysis.step_weights.iter().copied().map(count)))
        .with(field::MIRROR, Value::Flag(analysis.mirror))
        .maybe(field::MATCH, matching)
        .maybe(field::SESSION_AFFINITY, analysis.affinity.as_ref().map(affinity))
        .with(field::METRICS, list(analysis.metrics.iter().map(metric)))
        .with(field::WEBHOOKS, list(analysis.webhooks.iter().map(webhook)))
        .value()
}

fn affinity(affinity: &Affinity) -> Value {
    Mapping::default()
        .with(field::COOKIE, text(&affinity.cookie))
        .with(field::MAX_AGE, span(affinity.max_age))
        .maybe(field::PRIMARY_COOKIE, affinity.primary_cookie.as_ref().map(text))
        .value()
}

fn metric(metric: &FlaggerMetric) -> Value {
    let range = metric.range.unwrap_or_default();
    let template = metric.template.as_ref().map(|template| {
        Mapping::default()
            .with(field::NAME, text(&template.name))
            .with(field::NAMESPACE, text(&template.namespace))
            .maybe(field::QUERY, (!template.query.is_empty()).then(|| text(&template.query)))
            .maybe(field::ANSWERS, template.reply.map(|reply| text(reply.written())))
            .with(field::TAKES, span(template.takes))
            .value()
    });
    let pair = |(name, value): (&String, &String)| text(format!("{name}={value}"));
    Mapping::default()
        .with(field::NAME, text(&metric.name))
        .maybe(field::INTERVAL, metric.interval.as_ref().map(text))
        .maybe(field::MIN, range.min.map(Value::Number))
        .maybe(field::MAX, range.max.map(Value::Number))
        .with(field::THRESHOLD, Value::Number(metric.threshold))
        .maybe(field::QUERY, metric.query.as_ref().map(text))
        .maybe(field::TEMPLATE, template)
        .with(field::VARIABLES, list(metric.variables.iter().map(pair)))
        .value()
}

fn webhook(webhook: &Webhook) -> Value {
    let named = |(word, hook): &&(&str, Hook)| *hook == webhook.hook && !word.is_empty();
    let kind = Hook::WORDS.iter().find(named).map(|(word, _)| text(*word));
    Mapping::default()
        .with(field::NAME, text(&webhook.name))
        .maybe(field::TYPE, kind)
        .with(field::ANSWERS, text(webhook.reply.written()))
        .maybe(field::LOAD, webhook.load.as_ref().map(load))
        .with(field::TAKES, span(webhook.takes))
        .maybe(field::TIMEOUT, webhook.timeout.map(span))
        .with(field::RETRIES, count(webhook.retries))
        .value()
}

fn load(load: &Load) -> Value {
    Mapping::default()
        .with(field::TO, text(TO[usize::from(!load.straight)]))
        .with(field::RATE, text(rate(load.rate)))
        .with(field::LASTS, span(load.lasts))
        .value()
}

//! Settings of a Rollout → the strategy `argoCanary` or `argoBlueGreen` of a Scenario, which reads
//! back as the same.
//!
//! Every field is written, also where it is the default: what is read does not hang on a default
//! that may change. Deliberately absent: where settings come from.

use super::field;
use super::kayenta;
use super::part::SIDES;
use super::settings::{
    Analysis, ArgoSettings, Background, BlueGreen, Canary, CanaryScale, Experiment,
    ExperimentAnalysis, ExperimentTemplate, Plugin, Step, Strategy, Threshold, Traffic,
};
use crate::analysis::argo::metric::{ArgoMetric, RangeQuery};
use crate::strategy::orders;
use windtunnel_base::node::Value;
use windtunnel_base::settings::written::{Mapping, count, duration, list, share, text};
use windtunnel_base::time::SimDuration;

/// The settings of a strategy with this name in tables and charts.
pub fn write(name: &str, settings: &ArgoSettings) -> Value {
    let own = Some(&settings.name).filter(|name| !name.is_empty());
    let all = Mapping::default()
        .with(field::NAME, text(name))
        .maybe(field::ROLLOUT, own.map(text))
        .with(field::PROGRESS_DEADLINE, span(settings.progress_deadline))
        .with(field::PROGRESS_DEADLINE_ABORT, Value::Flag(settings.progress_deadline_abort))
        .maybe(field::PROMOTED_AFTER, settings.promoted_after.map(span))
        .maybe(field::PROMOTED_FULL_AFTER, settings.promoted_full_after.map(span))
        .maybe(field::RESUMED_AFTER, settings.resumed_after.map(span))
        .maybe(field::ROLLBACK_WINDOW, settings.rollback_window.map(count))
        .with(field::RULES, text(settings.rules.word()))
        .maybe(field::ORDERS, orders::written(&settings.orders));
    match &settings.strategy {
        Strategy::Canary(plan) => canary(all, plan),
        Strategy::BlueGreen(plan) => blue_green(all, plan),
    }
    .value()
}

fn span(span: SimDuration) -> Value {
    text(duration(span))
}

fn canary(all: Mapping, canary: &Canary) -> Mapping {
    all.with(field::STEPS, list(canary.steps.iter().map(step)))
        .with(field::MAX_SURGE, canary.max_surge.written())
        .with(field::MAX_UNAVAILABLE, canary.max_unavailable.written())
        .maybe(field::TRAFFIC_ROUTING, canary.traffic.as_ref().map(traffic))
        .with(field::STABLE_SERVICE_ONLY, Value::Flag(canary.stable_service_only))
        .with(field::DYNAMIC_STABLE_SCALE, Value::Flag(canary.dynamic_stable_scale))
        .maybe(field::SCALE_DOWN_DELAY, canary.scale_down_delay.map(span))
        .maybe(field::SCALE_DOWN_DELAY_REVISION_LIMIT, canary.scale_down_revisions.map(count))
        .maybe(field::ABORT_SCALE_DOWN_DELAY, canary.abort_scale_down_delay.map(span))
        .maybe(field::MIN_PODS_PER_REPLICA_SET, canary.min_pods.map(count))
        .maybe(field::REPLICA_PROGRESS_THRESHOLD, canary.progress_threshold.map(threshold))
        .maybe(field::ANALYSIS, canary.analysis.as_ref().map(background))
}

fn threshold(threshold: Threshold) -> Value {
    match threshold {
        Threshold::Percent(percent) => text(format!("{percent}%")),
        Threshold::Pods(pods) => Value::Integer(i64::from(pods)),
    }
}

fn background(run: &Background) -> Value {
    Mapping::default()
        .maybe(field::STARTING_STEP, run.starting_step.map(|step| count(step as u64)))
        .with(field::METRICS, metrics(&run.analysis))
        .value()
}

fn traffic(traffic: &Traffic) -> Value {
    let service = |side: usize| traffic.services.as_ref().map(|services| text(&services[side]));
    Mapping::default()
        .with(field::MANAGED_ROUTES, list(traffic.managed_routes.iter().map(text)))
        .maybe(field::STABLE_SERVICE, service(0))
        .maybe(field::CANARY_SERVICE, service(1))
        .with(field::MAX_TRAFFIC_WEIGHT, count(traffic.max_weight))
        .maybe(field::STICKINESS, traffic.sticky.map(span))
        .with(field::ROUTER, text(&traffic.router))
        .value()
}

fn step(step: &Step) -> Value {
    let (name, value) = match step {
        Step::SetWeight(weight) => (field::SET_WEIGHT, count(*weight)),
        Step::Pause(time) => {
            let pause = Mapping::default().maybe(field::DURATION, time.map(span));
            (field::PAUSE, pause.value())
        }
        Step::SetCanaryScale(scale) => (field::SET_CANARY_SCALE, canary_scale(scale)),
        Step::Analysis(run) => (field::ANALYSIS, analysis(run)),
        Step::SetHeaderRoute { name, matching } => {
            let route = Mapping::default()
                .with(field::NAME, text(name))
                .maybe(field::SHARE, matching.map(|part| text(share(part))));
            (field::SET_HEADER_ROUTE, route.value())
        }
        Step::SetMirrorRoute { name, matching, percentage } => {
            let route = Mapping::default()
                .with(field::NAME, text(name))
                .maybe(field::SHARE, matching.map(|part| text(share(part))))
                .with(field::PERCENTAGE, text(share(*percentage)));
            (field::SET_MIRROR_ROUTE, route.value())
        }
        Step::Experiment(pods) => (field::EXPERIMENT, experiment(pods)),
        Step::Plugin(program) => (field::PLUGIN, plugin(program)),
    };
    Mapping::default().with(name, value).value()
}

fn canary_scale(scale: &CanaryScale) -> Value {
    Mapping::default()
        .maybe(field::REPLICAS, scale.replicas.map(count))
        .maybe(field::WEIGHT, scale.weight.map(count))
        .with(field::MATCH_TRAFFIC_WEIGHT, Value::Flag(scale.match_traffic_weight))
        .value()
}

fn plugin(plugin: &Plugin) -> Value {
    Mapping::default()
        .with(field::NAME, text(&plugin.name))
        .with(field::ANSWERS, text(plugin.reply.written()))
        .with(field::TAKES, span(plugin.takes))
        .value()
}

fn experiment(experiment: &Experiment) -> Value {
    Mapping::default()
        .with(field::TEMPLATES, list(experiment.templates.iter().map(template)))
        .with(field::ANALYSES, list(experiment.analyses.iter().map(beside)))
        .maybe(field::DURATION, experiment.duration.map(span))
        .maybe(field::SCALE_DOWN_DELAY, experiment.scale_down_delay.map(span))
        .value()
}

fn template(template: &ExperimentTemplate) -> Value {
    Mapping::default()
        .with(field::NAME, text(&template.name))
        .with(field::SPEC_REF, text(SIDES[usize::from(template.canary)]))
        .with(field::REPLICAS, count(template.replicas))
        .maybe(field::WEIGHT, template.weight.map(count))
        .with(field::SERVES, Value::Flag(template.serves))
        .value()
}

fn beside(run: &ExperimentAnalysis) -> Value {
    Mapping::default()
        .with(field::NAME, text(&run.name))
        .with(field::REQUIRED_FOR_COMPLETION, Value::Flag(run.required))
        .with(field::METRICS, metrics(&run.analysis))
        .value()
}

fn blue_green(all: Mapping, plan: &BlueGreen) -> Mapping {
    all.with(field::AUTO_PROMOTION_ENABLED, Value::Flag(plan.auto_promotion))
        .with(field::AUTO_PROMOTION_AFTER, span(plan.auto_promotion_after))
        .maybe(field::PREVIEW_REPLICA_COUNT, plan.preview_replicas.map(count))
        .maybe(field::ACTIVE_SERVICE, plan.active_service.as_ref().map(text))
        .with(field::PREVIEW_SERVICE, Value::Flag(plan.preview_service))
        .maybe(field::SCALE_DOWN_DELAY, plan.scale_down_delay.map(span))
        .maybe(field::SCALE_DOWN_DELAY_REVISION_LIMIT, plan.scale_down_revisions.map(count))
        .maybe(field::ABORT_SCALE_DOWN_DELAY, plan.abort_scale_down_delay.map(span))
        .maybe(field::PRE_PROMOTION_ANALYSIS, plan.pre_promotion.as_ref().map(analysis))
        .maybe(field::POST_PROMOTION_ANALYSIS, plan.post_promotion.as_ref().map(analysis))
}

fn analysis(analysis: &Analysis) -> Value {
    Mapping::default().with(field::METRICS, metrics(analysis)).value()
}

fn metrics(analysis: &Analysis) -> Value {
    list(analysis.metrics.iter().map(metric))
}

fn metric(metric: &ArgoMetric) -> Value {
    let query = Some(&metric.query).filter(|query| !query.is_empty());
    let given = metric.given.as_ref();
    let canary = given.and_then(|given| given.canary.as_ref());
    // Kayenta's score is the answer.
    let said = given.filter(|_| canary.is_none());
    let whole = |number: Option<i64>| number.map(Value::Integer);
    Mapping::default()
        .with(field::NAME, text(&metric.name))
        .maybe(field::QUERY, query.map(text))
        .maybe(field::ANSWERS, said.map(|given| text(given.reply.written())))
        .maybe(field::PROVIDER, said.map(|given| text(&given.provider)))
        .maybe(field::TAKES, given.map(|given| span(given.takes)))
        .maybe(kayenta::NAME, canary.map(kayenta::write))
        .maybe(field::RANGE_QUERY, metric.range.as_ref().map(range))
        .maybe(field::INTERVAL, metric.interval.map(span))
        .maybe(field::INITIAL_DELAY, metric.initial_delay.map(span))
        .maybe(field::COUNT, whole(metric.count))
        .maybe(field::SUCCESS_CONDITION, metric.success.as_ref().map(text))
        .maybe(field::FAILURE_CONDITION, metric.failure.as_ref().map(text))
        .maybe(field::FAILURE_LIMIT, whole(metric.failure_limit))
        .maybe(field::INCONCLUSIVE_LIMIT, whole(metric.inconclusive_limit))
        .maybe(field::CONSECUTIVE_ERROR_LIMIT, whole(metric.consecutive_error_limit))
        .maybe(field::CONSECUTIVE_SUCCESS_LIMIT, whole(metric.consecutive_success_limit))
        .with(field::DRY_RUN, Value::Flag(metric.dry_run))
        .value()
}

fn range(range: &RangeQuery) -> Value {
    Mapping::default()
        .with(field::START, text(&range.start))
        .with(field::END, text(&range.end))
        .with(field::STEP, span(range.step))
        .value()
}

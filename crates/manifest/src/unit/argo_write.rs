//! What a Rollout says, in the terms of `argoCanary` and `argoBlueGreen` of a Scenario.
//!
//! Only what the manifest gives is written: the reader of the strategy has the controller's
//! defaults. Deliberately unknown here: analyses, experiments and plugins, which need other objects
//! and annotations.

use crate::draft::{integer, list, mapping, percent, text};
use crate::kinds::rollout::{BlueGreen, Canary, Enough, Rollout, Route, Scale, Step, Traffic};
use crate::standard_releases::SENDERS;
use windtunnel_base::node::Value;
use windtunnel_model::strategy::argo::field;

/// Fields of a strategy, and their values.
pub type Written = Vec<(&'static str, Value)>;

/// Fields whose values may be missing.
type Given<const N: usize> = [(&'static str, Option<Value>); N];

/// Those that are given.
pub fn given<const N: usize>(fields: Given<N>) -> Written {
    fields.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

/// Seconds as a duration.
pub fn span(secs: u64) -> Value {
    text(format!("{secs}s"))
}

/// What both strategies have.
pub fn common(rollout: &Rollout) -> Written {
    given([
        (field::PROGRESS_DEADLINE, rollout.deadline_secs.map(span)),
        (field::PROGRESS_DEADLINE_ABORT, rollout.deadline_abort.map(Value::Flag)),
        (field::ROLLBACK_WINDOW, rollout.rollback_window.map(integer)),
    ])
}

/// `argoCanary`, but for its steps and analyses.
pub fn canary(canary: &Canary) -> Written {
    given([
        (field::MAX_SURGE, canary.max_surge.clone().map(text)),
        (field::MAX_UNAVAILABLE, canary.max_unavailable.clone().map(text)),
        (field::TRAFFIC_ROUTING, canary.traffic.as_ref().map(traffic)),
        (field::DYNAMIC_STABLE_SCALE, canary.dynamic_stable_scale.map(Value::Flag)),
        (field::SCALE_DOWN_DELAY, canary.scale_down_delay_secs.map(span)),
        (field::ABORT_SCALE_DOWN_DELAY, canary.abort_delay_secs.map(span)),
        (field::MIN_PODS_PER_REPLICA_SET, canary.min_pods.map(integer)),
        (field::REPLICA_PROGRESS_THRESHOLD, canary.progress_threshold.map(enough)),
        (field::SCALE_DOWN_DELAY_REVISION_LIMIT, canary.scale_down_revisions.map(integer)),
    ])
}

/// `argoBlueGreen`, but for its analyses.
pub fn blue_green(plan: &BlueGreen) -> Written {
    let none = (!plan.preview_service).then_some(Value::Flag(false));
    given([
        (field::PREVIEW_SERVICE, none),
        (field::AUTO_PROMOTION_ENABLED, plan.auto_promotion.map(Value::Flag)),
        (field::AUTO_PROMOTION_AFTER, plan.auto_promotion_secs.map(span)),
        (field::PREVIEW_REPLICA_COUNT, plan.preview_replicas.map(integer)),
        (field::SCALE_DOWN_DELAY, plan.scale_down_delay_secs.map(span)),
        (field::SCALE_DOWN_DELAY_REVISION_LIMIT, plan.scale_down_revisions.map(integer)),
        (field::ABORT_SCALE_DOWN_DELAY, plan.abort_delay_secs.map(span)),
    ])
}

fn traffic(traffic: &Traffic) -> Value {
    let routes: Vec<Value> = traffic.managed_routes.iter().cloned().map(text).collect();
    mapping(given([
        (field::ROUTER, Some(text(traffic.router))),
        (field::MAX_TRAFFIC_WEIGHT, traffic.max_weight.map(integer)),
        (field::STICKINESS, traffic.sticky_secs.map(span)),
        (field::MANAGED_ROUTES, (!routes.is_empty()).then(|| list(routes))),
    ]))
}

fn enough(enough: Enough) -> Value {
    text(match enough {
        Enough::Percent(percent) => format!("{percent}%"),
        Enough::Pods(pods) => pods.to_string(),
    })
}

/// A step that stands for itself; nothing for those that need more than the Rollout's fields.
pub fn step(step: &Step) -> Option<(&'static str, Value)> {
    Some(match step {
        Step::SetWeight(weight) => (field::SET_WEIGHT, integer(*weight)),
        Step::Pause(duration) => {
            let duration = duration.clone().map(text);
            (field::PAUSE, mapping(given([(field::DURATION, duration)])))
        }
        Step::SetCanaryScale(to) => (field::SET_CANARY_SCALE, scale(*to)),
        // Copied requests are usually matched by method or path, users by a header.
        Step::SetHeaderRoute(to) => (field::SET_HEADER_ROUTE, route(to, None, SENDERS)),
        Step::SetMirrorRoute(to, copied) => (field::SET_MIRROR_ROUTE, route(to, *copied, "100%")),
        Step::Analysis(_) | Step::Experiment(_) | Step::Plugin(..) => return None,
    })
}

fn scale(scale: Scale) -> Value {
    mapping(given([
        (field::REPLICAS, scale.replicas.map(integer)),
        (field::WEIGHT, scale.weight.map(integer)),
        (field::MATCH_TRAFFIC_WEIGHT, scale.match_traffic_weight.map(Value::Flag)),
    ]))
}

fn route(route: &Route, copied: Option<u64>, share: &str) -> Value {
    mapping(given([
        (field::NAME, route.name.clone().map(text)),
        (field::PERCENTAGE, copied.map(|copied| percent(copied as f64))),
        (field::SHARE, route.matching.then(|| text(share))),
    ]))
}

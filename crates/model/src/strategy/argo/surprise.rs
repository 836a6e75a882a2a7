//! What is allowed in a Rollout and does something else than its words say: weights that its pods
//! cannot form, and metrics that decide nothing.

use super::counts::{Aim, approximate};
use super::settings::{ArgoSettings, Canary, Step, Strategy as Kind};
use crate::analysis::argo::metric::ArgoMetric;
use crate::analysis::argo::outcome::{MeasurementAnswer, Phase, judge};
use crate::analysis::expr::dates::instant;
use crate::analysis::promql::Query;
use crate::analysis::ratio::{self, Makes};
use crate::strategy::pilot::Surprise;
use crate::strategy::surprise::{Formed, of_pods};
use std::collections::BTreeMap;

/// All of them, for a Rollout of so many pods.
pub fn all(
    settings: &ArgoSettings,
    queries: &BTreeMap<String, Query>,
    replicas: u32,
) -> Vec<Surprise> {
    let mut found = match &settings.strategy {
        Kind::Canary(canary) if canary.traffic.is_none() => weights(canary, replicas),
        _ => Vec::new(),
    };
    let mut seen: Vec<&ArgoMetric> = Vec::new();
    for (path, analysis) in settings.analyses() {
        for (number, metric) in analysis.metrics.iter().enumerate() {
            // A template that several analyses take in is told once.
            if seen.contains(&metric) {
                continue;
            }
            seen.push(metric);
            let Some(told) = queries.get(&metric.query).and_then(|query| divided(metric, query))
            else {
                continue;
            };
            let path = format!("{path}.metrics[{number}].query");
            found.push(Surprise { path, message: told.message, help: told.help });
        }
    }
    found
}

/// Weights are the ratio of pods: what each comes to by the controller's rule.
fn weights(canary: &Canary, replicas: u32) -> Vec<Surprise> {
    let Ok(bounds) = canary.bounds(replicas) else { return Vec::new() };
    let max_weight = canary.max_weight();
    let formed = canary.steps.iter().enumerate().filter_map(|(step, kind)| {
        let Step::SetWeight(weight) = *kind else { return None };
        let pods = approximate(&Aim { replicas, weight, max_weight, bounds });
        let weight = 100.0 * f64::from(weight) / f64::from(max_weight.max(1));
        Some(Formed { step, weight, new: pods.canary, all: pods.canary + pods.stable })
    });
    of_pods(&formed.collect::<Vec<_>>(), replicas)
}

/// A metric whose ratio divides every series by itself: what its conditions make of it.
fn divided(metric: &ArgoMetric, query: &Query) -> Option<ratio::RatioFault> {
    let now = instant(0);
    let makes = |value: Option<f64>| {
        // Conditions may ask for how many series there are, so one and two are tried.
        let samples = |times| vec![value.unwrap_or(0.0); times];
        let tried = if value.is_some() { [1, 2] } else { [0, 0] };
        let phases =
            tried.map(|n| judge(metric, &MeasurementAnswer::Samples(samples(n)), &now).phase);
        match phases {
            [a, b] if a != b => Makes::Unknown,
            [Phase::Successful, _] => Makes::Pass,
            [Phase::Failed, _] => Makes::Fail,
            _ => Makes::Doubt,
        }
    };
    // Failures may be forgiven, and dry runs have no say.
    let forgiven = match metric.failure_limit.unwrap_or(0) {
        limit if limit < 0 => true,
        limit => metric.effective_count().is_some_and(|count| count <= limit),
    };
    let fails = match metric.dry_run || forgiven {
        true => "all of its measurements fail",
        false => "every release fails",
    };
    ratio::told(query, makes, fails)
}

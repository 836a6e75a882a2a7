//! What aborts an update: the metric of an analysis, a plugin step, the progress deadline, pods of
//! an experiment.
//!
//! Read from the runs as they stand before the reconcile that aborts, and from the words of its
//! event (argoproj/argo-rollouts `rollout/controller.go`, `utils/rollout`). Deliberately unknown
//! here: what follows from an abort.

use super::status::{ArgoStatus, ArgoWrite as Written, Held};
use crate::analysis::argo::outcome::Phase;
use crate::world::action::Gate;

/// What an update is aborted by; nothing where the orders abort none.
pub fn gate(before: &ArgoStatus, orders: &[Written]) -> Option<Gate> {
    orders.contains(&Written::Aborted).then(|| {
        let metric = before.runs.values().find_map(failed_metric);
        metric.unwrap_or_else(|| by_words(orders))
    })
}

/// The first metric with a say that ended as badly as its run.
fn failed_metric(held: &Held) -> Option<Gate> {
    let phase = held.run.phase;
    if !matches!(phase, Phase::Failed | Phase::Error) {
        return None;
    }
    let results = held.metrics.iter().zip(&held.run.results);
    let mut bad =
        results.filter(|(_, r)| r.as_ref().is_some_and(|r| !r.dry_run && r.phase == phase));
    bad.next().map(|(metric, _)| Gate::Metric(metric.name.clone()))
}

fn by_words(orders: &[Written]) -> Gate {
    let aborted = orders.iter().rev().find_map(|order| match order {
        Written::Event(text) if text.starts_with("Rollout aborted update") => Some(text.as_str()),
        _ => None,
    });
    let text = aborted.unwrap_or_default();
    let plugin = text.split_once("Step Plugin ").and_then(|(_, rest)| {
        let (_, rest) = rest.split_once('(')?;
        Some(rest.split_once(')')?.0.to_string())
    });
    match plugin {
        Some(name) => Gate::Plugin(name),
        None if text.contains("timed out progressing") => Gate::ProgressDeadline,
        None if text.contains("Experiment") => Gate::Experiment,
        None => Gate::Analysis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::argo::metric::ArgoMetric;
    use windtunnel_base::time::SimTime;
    use windtunnel_controllers::analysis_run::outcome::MeasurementAnswer;
    use windtunnel_controllers::argo::status::Role;

    fn aborted(why: &str) -> Vec<Written> {
        let text = format!("Rollout aborted update to revision 2: {why}");
        vec![Written::Event(text), Written::Aborted]
    }

    #[test]
    fn an_abort_is_by_a_metric_or_by_what_its_event_says() {
        let mut status = ArgoStatus::healthy(1, 2, SimTime::ZERO);
        assert_eq!(gate(&status, &[]), None);
        for (why, wanted) in [
            ("ReplicaSet \"shop-2\" has timed out progressing.", Gate::ProgressDeadline),
            ("Step Plugin 3 (vendor/soak) failed: late", Gate::Plugin("vendor/soak".to_string())),
            ("Experiment analysis phase is error/failed: Template x timed", Gate::Experiment),
            ("Step-based analysis phase error/failed: Analysis spec invalid", Gate::Analysis),
        ] {
            assert_eq!(gate(&status, &aborted(why)), Some(wanted), "{why}");
        }
        let metric = |name: &str, fine: bool| ArgoMetric {
            name: name.to_string(),
            query: "x".to_string(),
            success: Some(if fine { "true" } else { "false" }.to_string()),
            count: Some(1),
            ..ArgoMetric::default()
        };
        let mut held = Held::new(&[metric("rate", true), metric("latency", false)], 0);
        held.run.look(&held.metrics.clone(), SimTime::ZERO, &mut |_| {
            MeasurementAnswer::Samples(vec![1.0])
        });
        assert_eq!(held.run.phase, Phase::Failed);
        status.runs.insert(Role::Background, held);
        let found = gate(&status, &aborted("Background analysis phase error/failed"));
        assert_eq!(found, Some(Gate::Metric("latency".to_string())));
    }
}

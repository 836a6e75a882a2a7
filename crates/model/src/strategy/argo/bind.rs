//! A Rollout of Argo that is bound to a scenario: the queries of its analyses, and what can be told
//! of it before its first reconcile.
//!
//! Deliberately unknown here: what is measured, and what a reconcile makes of it.

use super::drive::Argo;
use super::kayenta::over;
use super::settings::{ArgoSettings, Step, Strategy as Kind};
use super::{router, status, surprise};
use crate::analysis::argo::metric::ArgoMetric;
use crate::analysis::argo::outcome::Phase;
use crate::analysis::promql::Query;
use crate::strategy::binding::Binding;
use crate::strategy::pilot::{Facts, Judged, Pilot};
use crate::strategy::{Ability, Needs, Plan, Scaling, Spec};
use crate::world::action::{Gate, Verdict};
use crate::world::client::ClientLimits;
use crate::world::names::Names;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::time::SimDuration;

/// The plan of a Rollout, under a name of its own.
pub fn plan(name: &str, settings: ArgoSettings) -> Plan {
    let (kind, routing) = match &settings.strategy {
        Kind::Canary(canary) => ("argoCanary", router::needs(canary)),
        // The controller switches the selector of a Service.
        Kind::BlueGreen(_) => ("argoBlueGreen", Ability::Service),
    };
    let needs = Needs {
        second_fleet: matches!(settings.strategy, Kind::BlueGreen(_)),
        routing,
        controller: true,
        metrics: settings.metrics().next().is_some(),
        mixing: matches!(settings.strategy, Kind::Canary(_)),
        ..Needs::default()
    };
    Plan { name: name.to_string(), kind, needs, spec: Box::new(settings) }
}

impl Spec for ArgoSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let queries = queries(self, binding)?;
        let names = binding.about().names;
        let mut settings = self.clone();
        if settings.name.is_empty() {
            settings.name.clone_from(&names.service);
        }
        let surprises = surprise::all(&settings, &queries, binding.about().replicas);
        let facts = Facts {
            surprises,
            queries: queries.values().cloned().collect(),
            judged: judged(self, &queries),
            names: Arc::new(renamed(&settings, names)),
            scaling: Scaling::Whole,
            client: Some(ClientLimits::ARGO),
            orders: self.orders.clone(),
            takes: takes(self),
            said,
            ..Facts::of(names)
        };
        let facts = facts.stopping_by(gates(self));
        Some(Pilot { facts, machine: Box::new(Argo::new(settings, queries)) })
    }
}

/// By what a Rollout may be aborted: its metrics, plugin steps, and what has no name.
fn gates(settings: &ArgoSettings) -> Vec<Gate> {
    let metrics = settings.metrics().map(|metric| Gate::Metric(metric.name.clone()));
    let steps = match &settings.strategy {
        Kind::Canary(canary) => canary.steps.as_slice(),
        Kind::BlueGreen(_) => &[],
    };
    let plugins = steps.iter().filter_map(|step| match step {
        Step::Plugin(plugin) => Some(Gate::Plugin(plugin.name.clone())),
        _ => None,
    });
    let rest = [Gate::ProgressDeadline, Gate::Experiment, Gate::Analysis];
    metrics.chain(plugins).chain(rest).collect()
}

/// All queries, by their text; what is wrong with them is told.
fn queries(settings: &ArgoSettings, binding: &mut Binding<'_>) -> Option<BTreeMap<String, Query>> {
    let (mut found, mut sound) = (BTreeMap::new(), true);
    for (path, analysis) in settings.analyses() {
        let asked = analysis.metrics.iter().enumerate().filter(|(_, m)| !m.query.is_empty());
        for (number, metric) in asked {
            let (field, text) = (format!("{path}.metrics[{number}].query"), &metric.query);
            let query = match metric.range {
                None => binding.query(&field, text),
                Some(_) => binding.range_query(&field, text),
            };
            sound &= query.is_some();
            found.extend(query.map(|query| (text.clone(), query)));
        }
        for (number, metric) in analysis.metrics.iter().enumerate() {
            let canary = metric.given.as_ref().and_then(|given| given.canary.as_ref());
            let watched =
                canary.iter().flat_map(|canary| canary.metrics.iter().map(|m| (*canary, m)));
            for (index, (canary, watched)) in watched.enumerate() {
                let sides = [("experiment", &watched.experiment), ("control", &watched.control)];
                for (side, own) in sides {
                    let field = format!("{path}.metrics[{number}].kayenta.metrics[{index}].{side}");
                    // What is wrong is told of the text as it is written.
                    let text = over(canary, own);
                    let query = binding.query(&field, own);
                    let query = query.and_then(|_| binding.query(&field, &text));
                    sound &= query.is_some();
                    found.extend(query.map(|query| (text.clone(), query)));
                }
            }
        }
    }
    sound.then_some(found)
}

fn judged(settings: &ArgoSettings, queries: &BTreeMap<String, Query>) -> Vec<Judged> {
    let asked = settings.metrics().filter(|metric| metric.given.is_none());
    let of = |metric: &ArgoMetric| {
        let queries = queries.get(&metric.query).cloned().into_iter().collect();
        Judged { name: metric.name.clone(), path: String::new(), queries }
    };
    let mut judged: Vec<Judged> = asked.map(of).collect();
    // Of several metrics of one name, what is said does not tell which is meant.
    let named = |name: &str| settings.metrics().filter(|m| m.name == name).count();
    judged.retain(|j| named(&j.name) == 1);
    judged
}

/// What a line of the event log says of a measurement.
fn said(line: &str) -> Option<(String, Verdict, bool)> {
    let (name, phase, empty) = status::measurement(line)?;
    let verdict = match phase {
        Phase::Successful => Verdict::Pass,
        Phase::Failed | Phase::Error => Verdict::Fail,
        Phase::Inconclusive => Verdict::Unsure,
        Phase::Running | Phase::Pending => Verdict::Wait,
    };
    Some((name.to_string(), verdict, empty))
}

/// A Rollout owns its replica sets: one workload for both versions, and no Deployment. Users ask
/// the stable or the canary's Service where a router divides them, else the active one.
fn renamed(settings: &ArgoSettings, names: &Names) -> Names {
    let mut names = names.clone();
    names.workloads = [(); 3].map(|()| settings.name.clone());
    names.deployments = false;
    match &settings.strategy {
        Kind::Canary(canary) => {
            let services = canary.traffic.as_ref().and_then(|t| t.services.as_ref());
            if let Some([stable, canary]) = services {
                names.hosts = [stable.clone(), canary.clone(), names.service.clone()];
                if stable != canary {
                    names.backends[..2].clone_from_slice(&names.hosts[..2]);
                }
            }
        }
        Kind::BlueGreen(plan) => {
            if let Some(active) = &plan.active_service {
                names.hosts = [(); 3].map(|()| active.clone());
            }
        }
    }
    names
}

fn takes(settings: &ArgoSettings) -> SimDuration {
    let pauses = match &settings.strategy {
        Kind::Canary(canary) => {
            canary.steps.iter().fold(SimDuration::ZERO, |sum, step| match step {
                Step::Pause(Some(span)) => sum + *span,
                Step::Plugin(plugin) => sum + plugin.takes,
                Step::Experiment(trial) => sum + trial.duration.unwrap_or(SimDuration::ZERO),
                _ => sum,
            })
        }
        Kind::BlueGreen(plan) => plan.auto_promotion_after,
    };
    let measured = |metric: &ArgoMetric| {
        let count = metric.effective_count().unwrap_or(1).clamp(1, 1_000_000) - 1;
        let every = metric.interval.unwrap_or(SimDuration::ZERO);
        metric.initial_delay.unwrap_or(SimDuration::ZERO) + every * count as u64
    };
    let paused = settings.resumed_after.unwrap_or(SimDuration::ZERO);
    paused + pauses + settings.metrics().map(measured).max().unwrap_or(SimDuration::ZERO)
}

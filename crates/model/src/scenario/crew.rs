//! Who flies a scenario: its strategies, bound to it, and the alert of the human who watches.
//!
//! A scenario is plain data. Binding reads every query in it once, under the rules that its
//! telemetry names; `validate` and `run` bind alike, so what the one accepts the other flies.
//! Deliberately unknown here: flights.

use super::model::Scenario;
use crate::analysis::check::about::{About, range};
use crate::analysis::promql::Query;
use crate::strategy::autoscaler::hpa::Metric;
use crate::strategy::binding::Binding;
use crate::strategy::pilot::Pilot;
use std::sync::Arc;
use windtunnel_base::problem::Problem;

/// A scenario with all that flies it.
#[derive(Clone, Debug)]
pub struct Crew {
    /// The scenario that is flown.
    pub scenario: Arc<Scenario>,
    /// Its strategies, in its order.
    pub pilots: Vec<Pilot>,
    /// The alert's queries: the share of failed requests over the long and the short window; none
    /// where nobody watches.
    pub alert: Vec<Query>,
}

impl Crew {
    /// Binds all strategies of a scenario, or says everything that is wrong with their queries,
    /// under the paths of their fields.
    pub fn bind(scenario: &Arc<Scenario>) -> Result<Crew, Vec<Problem>> {
        let (pilots, alert) = bind(scenario)?;
        Ok(Crew { scenario: Arc::clone(scenario), pilots, alert })
    }
}

/// The same without a copy of the scenario: its pilots and the alert.
pub fn bind(scenario: &Scenario) -> Result<(Vec<Pilot>, Vec<Query>), Vec<Problem>> {
    let service = &scenario.service;
    let routes: Vec<&str> = service.routes.iter().map(|route| route.name.as_str()).collect();
    let about = About {
        names: &service.names,
        replicas: service.replicas,
        cpu_limit: service.pod.cpu_limit,
        routes: &routes,
        rules: scenario.telemetry.rules,
    };
    let mut binding = Binding::new(&about);
    let mut pilots = Vec::new();
    for (number, plan) in scenario.plans.iter().enumerate() {
        pilots.extend(binding.plan(&format!("spec.strategies[{number}]"), plan));
    }
    let scaler = scenario.autoscaler.iter().flat_map(|scaler| &scaler.metrics);
    let mut asked = Vec::new();
    let queries = scaler.filter_map(|metric| match metric {
        Metric::Query(asked) => Some(asked),
        _ => None,
    });
    for (i, metric) in queries.enumerate() {
        let path = format!("spec.service.autoscaler.queries[{i}]");
        asked.extend(binding.query(&format!("{path}.query"), &metric.query));
        let primary = metric.primary.as_ref();
        asked.extend(primary.and_then(|q| binding.query(&format!("{path}.primaryQuery"), q)));
    }
    // What the autoscaler asks is scraped, and known before a flight, whatever is flown.
    for pilot in &mut pilots {
        pilot.facts.queries.extend(asked.iter().cloned());
    }
    let mut alert = Vec::new();
    for window in alerting(scenario) {
        alert.extend(binding.query("spec.onCall", &window));
    }
    let problems = binding.problems();
    let whole = pilots.len() == scenario.plans.len();
    if whole && problems.is_empty() { Ok((pilots, alert)) } else { Err(problems) }
}

/// The alert in PromQL, over its long and its short window.
fn alerting(scenario: &Scenario) -> Vec<String> {
    let settings = &scenario.on_call;
    let of = format!("service=\"{}\"", scenario.service.names.service);
    let query = |window| {
        let range = range(window);
        format!(
            "sum(rate(edge_requests_total{{{of},result=\"failed\"}}[{range}])) / \
             sum(rate(edge_requests_total{{{of}}}[{range}]))"
        )
    };
    let windows = [settings.windows.0, settings.windows.1];
    windows.into_iter().filter(|_| settings.present).map(query).collect()
}

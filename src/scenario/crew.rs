//! Who flies a scenario: its strategies, bound to it, and the alert of the human who watches.
//!
//! A scenario is plain data. Binding reads every query in it once, under the rules that its
//! telemetry names; `validate` and `run` bind alike, so what the one accepts the other flies.
//! Deliberately unknown here: flights.

use super::model::Scenario;
use crate::analysis::check::about::{About, range};
use crate::analysis::promql::Query;
use crate::base::problem::Problem;
use crate::strategy::autoscaler::hpa::Metric;
use crate::strategy::binding::Binding;
use crate::strategy::pilot::Pilot;
use std::sync::Arc;

/// A scenario with all that flies it.
#[derive(Clone, Debug)]
pub struct Crew {
    /// The scenario.
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
pub(super) fn bind(scenario: &Scenario) -> Result<(Vec<Pilot>, Vec<Query>), Vec<Problem>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::promql::{READ, Rules};
    use crate::scenario::read::read;
    use std::collections::BTreeSet;

    /// A scenario with queries of every kind, of which many have the same text.
    fn text(rules: &str) -> String {
        let query = match rules {
            "v2" => "holt_winters(up[5m], 0.5, 0.5)",
            _ => "sum(rate(up[60 * 5]))",
        };
        let own = format!("{{query: \"{query}\", failsWhen: '> 9'}}");
        format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:
  horizon: 60m
  service: {{replicas: 4}}
  telemetry: {{rules: {rules}}}
  strategies:
  - canary: {{checks: [errorRate, {{latency: {{percentOfStable: 110}}}}, {own}, {own}]}}
  - abTest: {{guardrails: [errorRate, {own}], then: {{canary: {{name: b, checks: [{own}]}}}}}}
  - shadow: {{then: {{canary: {{name: c, checks: [cpu]}}}}}}
  - flagger: {{analysis: {{stepWeight: 20, metrics: [{{name: request-success-rate, min: 99}},
      {{name: x, max: 9, query: \"{query}\"}},
      {{name: y, max: 9, template: {{query: \"sum(rate(up[{{{{ interval }}}}]))\"}}, \
        interval: 1m}}]}}}}
  - argoCanary: {{steps: [{{setWeight: 50}}, {{analysis: {{metrics: [{{name: z, \
      query: \"{query}\", failureCondition: 'false'}}]}}}}]}}\n"
        )
    }

    #[test]
    fn every_text_is_read_once_under_the_rules_of_its_scenario() {
        for (word, rules) in Rules::WORDS {
            READ.take();
            let (scenarios, _) = read(&text(word), "a").unwrap_or_else(|p| panic!("{p:#?}"));
            let reading = READ.take();
            let crew = Crew::bind(&Arc::new(scenarios[0].clone())).expect("it was read");
            let binding = READ.take();
            for read in [&reading, &binding] {
                let distinct: BTreeSet<&str> = read.iter().map(|(text, _)| &**text).collect();
                assert_eq!(distinct.len(), read.len(), "{word}: {read:#?}");
                assert!(read.iter().all(|(_, by)| *by == rules), "{word}: {read:#?}");
            }
            assert_eq!(reading, binding, "what is validated is what is flown");
            let asked = crew.pilots.iter().flat_map(|pilot| &pilot.facts.queries);
            let asked: Vec<&Query> = asked.chain(&crew.alert).collect();
            assert!(asked.iter().all(|query| query.rules() == rules));
            let asked: BTreeSet<&str> = asked.iter().map(|query| query.text()).collect();
            let read: BTreeSet<&str> = binding.iter().map(|(text, _)| &**text).collect();
            assert_eq!(asked, read, "{word}: what is read is asked");
        }
    }

    /// Settings that somebody made by hand are refused as a file's are, not flown without a check.
    #[test]
    fn what_cannot_be_bound_says_why() {
        let other = text("v2").replace("rules: v2", "rules: v3");
        let problems = read(&other, "a").expect_err("3 does not know it");
        let mut scenario = read(&text("v2"), "a").expect("2 knows it").0.remove(0);
        scenario.telemetry.rules = Rules::V3;
        let found = Crew::bind(&Arc::new(scenario)).expect_err("3 does not know it");
        let paths = |problems: &[Problem]| -> Vec<String> {
            problems.iter().map(|problem| problem.path.clone()).collect()
        };
        assert_eq!(paths(&found), paths(&problems));
        assert_eq!(found.len(), 6, "{found:#?}");
    }
}

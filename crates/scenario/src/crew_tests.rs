//! What binds a scenario: every query is read once, under its rules.

use crate::read::read;
use std::collections::BTreeSet;
use std::sync::Arc;
use windtunnel_base::problem::Problem;
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::analysis::promql::{READ, Rules};
use windtunnel_model::scenario::crew::Crew;

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

//! The manifests that come along fly as they are, with what stands beside them or alone.

use super::input::{files, name, scenarios};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::FlySettings;
use windtunnel::experiment::results::ScenarioResults;
use windtunnel::experiment::run;
use windtunnel::outcome::Verdict;
use windtunnel::scenario::model::Scenario;

pub fn flown(scenarios: &[Arc<Scenario>]) -> Vec<ScenarioResults> {
    let settings = FlySettings {
        seed: 1,
        replications: Some(2),
        requests_max: None,
        decide: false,
        checked: true,
        record: false,
        export: false,
    };
    run(scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
        .scenarios
}

pub fn read(text: &str, file: &str) -> Vec<Arc<Scenario>> {
    let (found, _) = scenarios(text, file).unwrap_or_else(|problems| panic!("{problems:#?}"));
    found
}

#[test]
fn every_manifest_that_comes_along_flies() {
    for path in files("scenarios/manifests") {
        let text = std::fs::read_to_string(&path).expect("text");
        let scenarios = read(&text, &name(&path));
        assert_eq!(scenarios.len(), 1, "{path:?}");
        assert_eq!(scenarios[0].release.variants.len(), 6, "{path:?}: the standard releases");
        assert_eq!(scenarios[0].plans.len(), 1, "{path:?}");
        let results = flown(&scenarios);
        assert_eq!(results.len(), 1, "{path:?}");
    }
}

/// A Rollout whose analysis asks Kayenta, with the service's traffic and two releases.
const JUDGED: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:2"}]}
  strategy:
    canary:
      steps:
        - setWeight: 50
        - pause: {duration: 8m}
        - analysis:
            templates: [{templateName: judged}]
            args:
              - {name: stable-hash, valueFrom: {podTemplateHashValue: Stable}}
              - {name: canary-hash, valueFrom: {podTemplateHashValue: Latest}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: judged}
spec:
  args: [{name: stable-hash}, {name: canary-hash}]
  metrics:
    - name: aca
      provider:
        kayenta:
          address: https://kayenta.example
          application: shop
          canaryConfigName: shop-errors
          metricsAccountName: prometheus
          configurationAccountName: here
          storageAccountName: here
          threshold: {pass: 95, marginal: 50}
          scopes:
            - name: default
              controlScope: {scope: "{{args.stable-hash}}", region: here, step: 30,
                start: "2026-01-01T10:00:00Z", end: "2026-01-01T10:07:00Z"}
              experimentScope: {scope: "{{args.canary-hash}}", region: here, step: 30,
                start: "2026-01-01T10:00:00Z", end: "2026-01-01T10:07:00Z"}
---
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: judged}
spec:
  horizon: 20m
  onCall: none
  service: {name: shop, startup: 5s, routes: [{name: all, errors: 2%}]}
  traffic: {users: 500, arrivals: {poisson: {rate: 40/s}}}
  release: {at: 1m, variants: [{name: good}, {name: bad, faults: [{errors: {rate: 30%}}]}]}
"#;

/// Kayenta's own document: the share of errors.
const ERRORS: &str = r#"---
name: shop-errors
applications: [shop]
judge: {name: NetflixACAJudge-v1.0, judgeConfigurations: {}}
metrics:
  - name: errors
    query:
      type: prometheus
      customInlineTemplate: >-
        PromQL:(sum(rate(http_requests_total{rollouts_pod_template_hash="${scope}",status=~"5.."}[30s]))
        or vector(0)) / sum(rate(http_requests_total{rollouts_pod_template_hash="${scope}"}[30s]))
    groups: [errors]
    analysisConfigurations: {canary: {direction: increase}}
    scopeName: default
classifier: {groupWeights: {errors: 100}}
"#;

/// Verdicts of all flights, of the good release and of the bad one.
fn verdicts(text: &str) -> [Vec<Verdict>; 2] {
    let results = flown(&read(text, "judged.yaml")).remove(0);
    [0, 1].map(|variant| results.flights[variant][0].iter().map(|flight| flight.verdict).collect())
}

/// Argo's provider `kayenta` with a CanaryConfig beside it stops a release with 30 % errors and lets
/// a good one go on; without the config, and said to be so, everything goes on.
#[test]
fn kayenta_judges_a_rollout_by_its_canary_config() {
    let [good, bad] = verdicts(&format!("{JUDGED}{ERRORS}"));
    assert_eq!(good, [Verdict::PromotedGood; 2]);
    assert_eq!(bad, [Verdict::RolledBackBad; 2]);
    let wrapped: String = ERRORS.lines().skip(1).map(|line| format!("  {line}\n")).collect();
    let head = "---\napiVersion: windtunnel/v1alpha1\nkind: CanaryConfig\n";
    let head = format!("{head}metadata: {{name: shop-errors}}\nspec:\n");
    assert_eq!(verdicts(&format!("{JUDGED}{head}{wrapped}")), [good, bad]);
    let (_, warnings) = scenarios(JUDGED, "alone.yaml").expect("sound");
    assert!(warnings.iter().any(|w| w.message.contains("taken to answer always")), "{warnings:?}");
    assert_eq!(verdicts(JUDGED)[1], [Verdict::MissedBad; 2]);
}

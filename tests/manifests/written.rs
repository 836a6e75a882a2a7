//! What is written of a strategy's settings reads back as the same settings.

use super::input::{files, import, name};
use std::cell::RefCell;
use std::collections::BTreeSet;
use windtunnel::base::node::{Node, Value};
use windtunnel::base::problem::Severity;
use windtunnel::base::random::{Purpose, Streams};
use windtunnel::base::settings::{Part, Sink, describe, read_tree};
use windtunnel::manifest::print;
use windtunnel::scenario::random::random_valid;
use windtunnel::scenario::read::read;
use windtunnel::strategy::Plan;
use windtunnel::strategy::{argo, flagger};

/// A Canary and Rollouts with every field there is, none at its default.
const WHOLE: &str = "apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: whole}
spec:
  service: {replicas: 3}
  strategies:
  - flagger:
      name: other
      names: {target: a, namespace: b, canary: c, service: d, ingress: e, route: f}
      provider: nginx
      rules: v1.43
      skipAnalysis: true
      suspend: true
      progressDeadline: 61.5s
      firstTick: 1ms
      orders: [61s undo]
      autoscaler: {minReplicas: 2, primaryMinReplicas: 3, primaryMaxReplicas: 4}
      target: {replicas: 7, writesReplicas: true, maxSurge: 2, maxUnavailable: 13%,
        recreate: true, progressDeadline: 1h}
      analysis:
        interval: 90s
        threshold: 2
        maxWeight: 51
        stepWeight: 3
        stepWeights: [1, 7]
        stepWeightPromotion: 11
        iterations: 4
        mirror: true
        mirrorWeight: 9
        match: {conditions: ['x = \"1\"', y], share: 12.345678%}
        primaryReadyThreshold: 98
        canaryReadyThreshold: 97
        sessionAffinity: {cookie: k, maxAge: 1d, primaryCookie: p}
        metrics:
        - {name: request-duration, interval: 2m, min: -0.1, max: 1e3, threshold: 0.3}
        - {name: own, query: 'up{a=\"b=c\"}', variables: ['a=b=c', 'd=']}
        - {name: third, template: {name: t, namespace: n, query: 'up{x=\"{{ target }}\"}'},
          variables: [a=1]}
        - {name: told, max: 1, template: {name: t, namespace: n, answers: until 7m, takes: 3s}}
        webhooks:
        - {name: w, type: confirm-rollout, answers: from 5m, timeout: 250ms, retries: 3}
        - {name: x, type: rollback, answers: 0.1%, takes: 1.5s,
          load: {to: service, rate: 7/m, lasts: 3s}}
        - {name: y, type: event, answers: until 1h}
        - {name: z, type: pre-rollout, answers: never}
  - argoBlueGreen:
      name: third
      rules: head
      orders: [7m abort, 8m retry]
      autoPromotionEnabled: false
      autoPromotionAfter: 3m
      previewReplicaCount: 1
      activeService: live
      previewService: false
      scaleDownDelay: 77s
      scaleDownDelayRevisionLimit: 3
      abortScaleDownDelay: 0s
      prePromotionAnalysis:
        metrics:
        - {name: a, query: 'vector(1)', interval: 9s, initialDelay: 8s, count: 7, failureLimit: 6,
          successCondition: 'true', failureCondition: 'false', inconclusiveLimit: 5,
          consecutiveErrorLimit: 2, consecutiveSuccessLimit: 3, dryRun: true}
        - {name: r, query: up, rangeQuery: {start: 6m, end: 1m, step: 20s},
          successCondition: 'all(result, # > 0)'}
      postPromotionAnalysis:
        metrics:
        - {name: b, answers: 35%, provider: job, takes: 20s}
        - name: k
          takes: 16s
          kayenta:
            groups: [{name: g, weight: 61.5}]
            metrics:
            - {group: g, experiment: up, control: 'up == 1', direction: decrease,
              nanStrategy: replace, outliers: remove, outlierFactor: 2.5, measure: cles,
              allowedIncrease: 0.6, allowedDecrease: 0.4, tolerance: 12.5%, confidence: 97%,
              critical: true, criticalIncrease: 0.7, criticalDecrease: 0.3, mustHaveData: true}
  - argoCanary:
      name: second
      rollout: own
      progressDeadline: 61s
      progressDeadlineAbort: true
      promotedAfter: 1m
      promotedFullAfter: 2h
      resumedAfter: 3s
      rollbackWindow: 2
      rules: head
      orders: [5s pause, 2m scale 20, 1h promote full]
      maxSurge: 3
      maxUnavailable: 11%
      trafficRouting: {managedRoutes: [h, m], stableService: s, canaryService: c,
        maxTrafficWeight: 1000, stickiness: 5m, router: nginx}
      dynamicStableScale: true
      scaleDownDelay: 12s
      scaleDownDelayRevisionLimit: 1
      abortScaleDownDelay: 13s
      minPodsPerReplicaSet: 2
      replicaProgressThreshold: 90%
      analysis:
        startingStep: 1
        metrics:
        - {name: x, query: 'up', interval: 1m, initialDelay: 30s, count: 5, failureLimit: -1,
          successCondition: 'result[0] > 0', failureCondition: 'result[0] < 0',
          inconclusiveLimit: 2, consecutiveErrorLimit: 3, consecutiveSuccessLimit: 0, dryRun: true}
        - {name: y, query: 'up', rangeQuery: {start: 7m, end: 'now()', step: 10s},
          successCondition: 'all(result, # > 0)'}
      steps:
      - setWeight: 17
      - pause: {}
      - pause: {duration: 90s}
      - setCanaryScale: {replicas: 2}
      - setCanaryScale: {weight: 30}
      - setCanaryScale: {matchTrafficWeight: true}
      - analysis: {metrics: [{name: z, answers: until 5m}]}
      - analysis:
          metrics:
          - name: k
            takes: 16s
            kayenta:
              pass: 91
              marginal: 51
              lifetime: 8m
              step: 20s
              groups: [{name: g, weight: 61.5}]
              metrics:
              - {group: g, experiment: up, control: 'up == 1', direction: decrease,
                nanStrategy: replace, outliers: remove, outlierFactor: 2.5, measure: cles,
                allowedIncrease: 0.6, allowedDecrease: 0.4, tolerance: 12.5%, confidence: 97%,
                critical: true, criticalIncrease: 0.7, criticalDecrease: 0.3, mustHaveData: true}
              - {group: h, experiment: up, control: up, direction: increase}
              - {experiment: up, control: up}
      - setHeaderRoute: {name: h, share: 3%}
      - setHeaderRoute: {name: h}
      - setMirrorRoute: {name: m, share: 12.5%, percentage: 34%}
      - experiment:
          templates: [{name: t, specRef: stable, replicas: 2, weight: 5, serves: false}]
          analyses: [{name: e, requiredForCompletion: true, metrics: [{name: w, answers: never}]}]
          duration: 4m
          scaleDownDelay: 9s
      - plugin: {name: p, answers: from 1m, takes: 2s}
";

/// All strategies: of every manifest here, of random scenarios, and those with every field.
fn plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for folder in ["tests/data/manifests", "scenarios/manifests", "scenarios/controllers"] {
        for path in files(folder) {
            let text = std::fs::read_to_string(&path).expect("text");
            let Ok(import) = import(&text, &name(&path)) else { continue };
            let read = import.flyables.iter().filter_map(|f| f.scenario().ok());
            plans.extend(read.flat_map(|(scenarios, _)| scenarios).flat_map(|s| s.plans));
        }
    }
    let random =
        (0..300).map(|seed| random_valid(&mut Streams::new(seed, 0).stream(Purpose::Swarm, 0)));
    for text in random.chain([WHOLE.to_string()]) {
        let (scenarios, _) = read(&text, "random").unwrap_or_else(|p| panic!("{p:?}\n{text}"));
        plans.extend(scenarios.into_iter().flat_map(|scenario| scenario.plans));
    }
    plans
}

/// Paths of a value's fields, as descriptions have them.
fn paths(node: &Node, path: &str, all: &mut BTreeSet<String>) {
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.name);
            paths(value, &path, all);
            all.insert(path);
        }),
        Value::List(items) => {
            items.iter().for_each(|item| paths(item, &format!("{path}[]"), all));
        }
        _ => {}
    }
}

/// Writes the settings that `write` knows, and compares with what is read of that by `part`.
fn round_trip<S: 'static>(part: &Part<Plan>, write: impl Fn(&str, &S) -> Option<Value>) -> usize {
    let (mut written, mut count) = (BTreeSet::new(), 0);
    for plan in plans() {
        let settings = plan.spec.as_any().downcast_ref::<S>();
        let Some(value) = settings.and_then(|s| write(&plan.name, s)) else { continue };
        let node = Node::unplaced(value);
        paths(&node, "", &mut written);
        let sink = RefCell::new(Sink::default());
        let again = read_tree(&node, part.name, &sink, part.read);
        let problems = sink.into_inner().problems;
        let errors: Vec<_> = problems.iter().filter(|p| p.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?}\n{}", print::yaml(&node));
        assert_eq!(again, plan, "{}", print::yaml(&node));
        count += 1;
    }
    // A field that is read and not written would be lost where it is not the default. Metrics are
    // the same wherever they stand.
    let own = |path: &str| path.find("metrics[].").unwrap_or(0);
    let written: BTreeSet<&str> = written.iter().map(|path| &path[own(path)..]).collect();
    let fields = describe(part.read);
    let paths = fields.iter().map(|field| &field.path[own(&field.path)..]);
    let missing: Vec<&str> = paths.filter(|path| !written.contains(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    count
}

#[test]
fn canaries_of_flagger_read_back_as_they_were_written() {
    let count =
        round_trip(&flagger::part::PART, |name, settings: &flagger::settings::FlaggerSettings| {
            Some(flagger::write::write(name, settings))
        });
    assert!(count > 60, "{count}");
}

#[test]
fn rollouts_of_argo_read_back_as_they_were_written() {
    let write = |name: &str, settings: &argo::settings::ArgoSettings, canary: bool| {
        let is_canary = matches!(settings.strategy, argo::settings::Strategy::Canary(_));
        (is_canary == canary).then(|| argo::write::write(name, settings))
    };
    for (part, canary) in [(argo::part::CANARY, true), (argo::part::BLUE_GREEN, false)] {
        let count = round_trip(&part, |name, settings| write(name, settings, canary));
        assert!(count > 30, "{}: {count}", part.name);
    }
}

//! What takes a release back besides a check that a strategy reads itself is named as well.

use super::{flown, sound};
use crate::desk::Desk;

const GATES: &str = r#"apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: gates}
spec:
  horizon: 20m
  service: {name: shop, replicas: 3, startup: 5s}
  traffic: {users: 200, arrivals: {poisson: {rate: 10/s}}}
  release:
    at: 30s
    variants:
      - {name: good, share: 80%}
      - {name: stuck, share: 20%, faults: [{crashOnStart: {}}]}
  strategies:
    - flagger: {name: refused, names: {target: shop}, analysis: {interval: 30s, threshold: 2, stepWeight: 50, maxWeight: 50,
        webhooks: [{name: soak, type: rollout, answers: never}]}}
    - flagger: {name: unready, names: {target: shop}, analysis: {interval: 30s, threshold: 2, stepWeight: 50, maxWeight: 50,
        webhooks: [{name: smoke, type: pre-rollout, answers: never}]}}
    - flagger: {name: ordered, names: {target: shop}, analysis: {interval: 30s, threshold: 2, stepWeight: 10, maxWeight: 50,
        webhooks: [{name: stop, type: rollback, answers: from 2m}]}}
    - argoCanary: {name: plugged, progressDeadline: 60s, progressDeadlineAbort: true,
        steps: [{setWeight: 50}, {plugin: {name: vendor/soak, takes: 30s, answers: never}}]}
    - canary: {name: waiting, steps: [50%, 100%], interval: 30s}
    - blueGreen: {gate: smokeTest}
"#;

/// Strategy, what takes a good release back, and a bad one whose pods never start.
const BY: [(&str, &str, &str); 6] = [
    ("refused", "webhook soak", "progress deadline"),
    ("unready", "webhook smoke", "progress deadline"),
    ("ordered", "webhook stop", "progress deadline"),
    ("plugged", "step plugin vendor/soak", "progress deadline"),
    ("waiting", "", "progress deadline"),
    ("blueGreen", "", "progress deadline"),
];

#[test]
fn gates_and_deadlines_have_names() {
    let desk = Desk::new();
    desk.write("gates.yaml", GATES);
    let report = flown(&desk, &["gates.yaml"]);
    let mut reader = csv::Reader::from_reader(report.file("stops.csv").as_bytes());
    let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>();
    let rows: Vec<_> = rows.map(|row| row.expect("a row")).collect();
    for (strategy, good, bad) in BY {
        for (release, by) in [("good", good), ("stuck", bad)] {
            let is_row = |row: &&std::collections::BTreeMap<String, String>| {
                row["strategy"] == strategy && row["release"] == release
            };
            let row = rows.iter().find(is_row).expect("a row");
            assert_eq!(row["stopped_by"], by, "{strategy} · {release}");
        }
    }
    sound(&report);
}

//! What a release carries does what its help says: when it begins, where it acts, who sees it.

use std::sync::Arc;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::{MeasureId, Outcome, Recording, Verdict};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::read::read;

/// A small busy service that ships one bad variant by one strategy.
fn scenario(faults: &str, strategy: &str) -> Arc<Scenario> {
    let text = format!(
        "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: defects}}\nspec:\n  \
         horizon: 20m\n  onCall: none\n  service:\n    replicas: 4\n    concurrency: 8\n    routes: \
         [{{name: api, serviceTime: {{lognormal: {{mean: 500ms, cv: 0.5}}}}, errors: 0.05%}}]\n  \
         traffic: {{users: 3000, arrivals: {{poisson: {{rate: 40/s}}}}}}\n  release: \
         {{variants: [{{name: bad, faults: [{faults}]}}]}}\n  strategies: [{strategy}]\n"
    );
    let (mut scenarios, _) = read(&text, "defects.yaml").expect("a valid scenario");
    Arc::new(scenarios.remove(0))
}

fn flown(faults: &str, strategy: &str) -> (Outcome, Recording) {
    let scenario = scenario(faults, strategy);
    let order = FlightSpec { record: None, ..single_order(&scenario, 1, 0) };
    let crew = Crew::bind(&scenario).expect("sound queries");
    let twin = fly_twin(&scenario, &order);
    let order =
        FlightSpec { record: Some(windtunnel::base::time::SimDuration::from_secs(60)), ..order };
    let (outcome, recording) = fly(&crew, 0, 0, &order, &twin);
    (outcome, recording.expect("recorded"))
}

fn hurt_share(faults: &str, strategy: &str) -> f64 {
    flown(faults, strategy).0.measures.get(MeasureId::UsersHurtByReleaseShare).expect("measured")
}

#[test]
fn a_defect_begins_with_the_release_that_carries_it() {
    let (_, recording) = flown("errors", "rollingUpdate");
    let release = recording.events.iter().position(|e| e.kind == "release").expect("a release");
    let defect = recording.events.iter().position(|e| e.kind == "fault").expect("a defect");
    assert!(release < defect, "{:?}", &recording.events[..3]);
    assert_eq!(recording.events[release].at, recording.events[defect].at);
}

#[test]
fn a_request_that_hangs_fails_for_its_user_and_keeps_its_slot() {
    assert!(hurt_share("{hang: {rate: 2%}}", "rollingUpdate") > 0.05);
}

#[test]
fn mixed_versions_are_versions_that_serve_users() {
    let fault = "{errors: {rate: 50%, onMixedVersions: true}}";
    // Both serve while pods are replaced; after a switch the old fleet is kept, but serves nobody.
    assert!(hurt_share(fault, "rollingUpdate") > 0.02);
    assert!(hurt_share(fault, "{blueGreen: {keepOld: 10m}}") < 0.01);
}

#[test]
fn a_copy_meets_the_load_that_a_request_would_meet() {
    let fault = "{loadDependent: {aboveLoad: 60%, errors: 40%}}";
    let (outcome, _) = flown(fault, "{shadow: {for: 5m}}");
    assert_eq!(outcome.verdict, Verdict::RolledBackBad);
    let (outcome, _) = flown("{hang: {rate: 2%}}", "{shadow: {for: 5m}}");
    assert_eq!(outcome.verdict, Verdict::RolledBackBad);
}

#[test]
fn migrated_data_fail_the_old_version_and_no_other() {
    // Recreate has no old pod left when the first new one serves; a canary keeps them for long.
    let recreate = flown("schemaChange", "recreate").0;
    let canary = flown("schemaChange", "{canary: {interval: 2m}}").0;
    let failed = |o: &Outcome| o.measures.get(MeasureId::DowntimeByReleaseS).expect("measured");
    assert!(failed(&recreate) < 40.0 && failed(&canary) > 240.0);
}

#[test]
fn a_comparison_with_the_stable_version_ends_where_it_serves_nobody() {
    // The last step carries everything: a check against the stable version has no reference there.
    let canary =
        "{canary: {steps: [25%, 100%], interval: 2m, checks: [{errorRate: {overStable: 5%}}]}}";
    let (outcome, _) = flown("{errors: {rate: 1%}}", canary);
    assert_eq!(outcome.verdict, Verdict::MissedBad);
    let (outcome, _) = flown("{errors: {rate: 40%}}", canary);
    assert_eq!(outcome.verdict, Verdict::RolledBackBad);
}

//! What each step of a release asks for, and what requests and users meet meanwhile.

use crate::tunnel::{Flown, tunnel};
use windtunnel::outcome::Step;
use windtunnel::strategy::argo::drive::plan;
use windtunnel::strategy::argo::settings::{ArgoSettings, Canary, Step as Argo, Strategy};

fn spec(replicas: u32, strategies: &str) -> String {
    format!(
        "horizon: 20m
        onCall: none
        service: {{name: demo, replicas: {replicas}, startup: 5s, scheduling: 0s, \
         balancer: {{propagation: 0s}}}}
        traffic: {{users: 500, arrivals: {{poisson: {{rate: 40/s}}}}}}
        release: {{at: 1m, variants: [{{name: v}}]}}
        strategies: [{strategies}]"
    )
}

fn fly(replicas: u32, strategies: &str) -> Flown {
    tunnel(&spec(replicas, strategies)).fly()
}

fn met(step: &Step) -> f64 {
    step.requests_new as f64 / step.requests as f64
}

/// A weight of 10 % over pods alone: one new pod beside one old. Over 300 s at 40/s the share of
/// 12,000 requests lies within 4.5 standard deviations of one half (0.02) but for one time in 10⁵;
/// the pod's start takes some seconds of it.
#[test]
fn ten_percent_of_one_pod_is_half() {
    let mut storm = tunnel(&spec(1, "recreate: {}"));
    let pause = Argo::Pause(Some(windtunnel::base::time::SimDuration::from_secs(300)));
    let steps = vec![Argo::SetWeight(10), pause];
    let canary = Canary { steps, ..Canary::default() };
    storm.scenario.plans = vec![plan("argo", ArgoSettings::new("demo", Strategy::Canary(canary)))];
    let outcome = storm.fly().outcome;
    let first = outcome.steps[0];
    assert_eq!((first.asked, first.pods), (0.1, [1, 2]), "{:?}", outcome.steps);
    assert!((0.45..0.52).contains(&met(&first)), "{}", met(&first));
    // Each of 500 users asks 24 times.
    assert!(first.users_new as f64 > 0.95 * first.users as f64, "{first:?}");
}

/// Weights that the balancer draws request by request are met as asked, and by nearly everybody.
#[test]
fn weights_are_met_by_requests_and_not_by_users() {
    let canary = "canary: {steps: [20%, 50%, 100%], interval: 4m}";
    let outcome = fly(4, canary).outcome;
    let asked: Vec<f64> = outcome.steps.iter().map(|step| step.asked).collect();
    assert_eq!(asked, [0.2, 0.5, 1.0]);
    for step in &outcome.steps {
        assert!((met(step) - step.asked).abs() < 0.03, "{step:?}");
        assert!((step.lasted_s - 240.0).abs() < 15.0, "{step:?}");
        assert!(step.users_new as f64 > 0.9 * step.users as f64, "{step:?}");
    }
    let verdict = outcome.measures.exposed_before_verdict.expect("a verdict");
    assert_eq!(outcome.steps[2].users_new as f64, verdict, "steps end with the verdict");
}

/// Users that are divided once meet what is asked, too.
#[test]
fn a_test_of_users_asks_for_users() {
    let outcome = fly(4, "abTest: {duration: 10m, share: 30%}").outcome;
    let step = outcome.steps[0];
    assert!((step.asked - 0.3).abs() < 1e-9, "{step:?}");
    assert!((step.users_new as f64 / step.users as f64 - 0.3).abs() < 0.1, "{step:?}");
}

/// A rolling update has no steps, and neither has a flight without a release.
#[test]
fn who_asks_for_nothing_has_no_steps() {
    let flown = fly(4, "rollingUpdate: {}");
    assert!(flown.outcome.steps.is_empty() && flown.twin.steps.is_empty());
}

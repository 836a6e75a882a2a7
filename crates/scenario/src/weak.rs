//! What a service lacks that makes releases hurt: told in warnings, and beside what the flights
//! found.

use windtunnel_base::time::SimDuration;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::world::service::PodSettings;

/// A liveness probe kills a container that has not started after the first of the two, and one
/// start in a hundred takes more than the second; a startup probe would hold it back.
pub fn impatient(pod: &PodSettings) -> Option<(SimDuration, SimDuration)> {
    let (Some(probe), None) = (&pod.liveness, &pod.startup_probe) else { return None };
    let patience = probe.initial_delay + probe.period * u64::from(probe.failure_threshold);
    let slow = pod.startup.quantile(0.99);
    (slow > patience).then_some((patience, slow))
}

/// A startup probe gives up after the first of the two, before one start in a hundred is done.
pub fn gives_up(pod: &PodSettings) -> Option<(SimDuration, SimDuration)> {
    let probe = pod.startup_probe.as_ref()?;
    let patience = probe.initial_delay + probe.period * u64::from(probe.failure_threshold);
    let slow = pod.startup.quantile(0.99);
    (slow > patience).then_some((patience, slow))
}

/// A pod is gone after its preStop, before the balancers have learned of it (at p99).
pub fn leaves_early(scenario: &Scenario) -> Option<SimDuration> {
    let learned = scenario.service.balancer.propagation.quantile(0.99);
    (scenario.service.pod.pre_stop < learned).then_some(learned)
}

/// All of it in a few words each.
pub fn spots(scenario: &Scenario) -> Vec<String> {
    let pod = &scenario.service.pod;
    let mut spots = Vec::new();
    if scenario.service.replicas == 1 {
        spots.push("one pod".to_string());
    }
    if pod.readiness.is_none() {
        spots.push("no readiness probe".to_string());
    }
    if leaves_early(scenario).is_some() {
        spots.push(match pod.pre_stop {
            SimDuration::ZERO => "no preStop".to_string(),
            span => format!("a preStop of {span} only"),
        });
    }
    if let Some((patience, _)) = impatient(pod) {
        spots.push(format!("a liveness probe that kills slow starts after {patience}"));
    }
    if let Some((patience, _)) = gives_up(pod) {
        spots.push(format!("a startup probe that gives up after {patience}"));
    }
    spots
}

//! The autoscaler in the air: what it sees, when it acts, and what a rollout makes of a new size.

use crate::tunnel::{READY, Tunnel, tunnel, within};
use windtunnel::outcome::{Event, Verdict};

/// Requests of 100 ms that burn half of it: 40/s keep 2 cores busy, 500 m on each of 4 pods.
fn storm(rate: &str, scaler: &str, strategy: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 20m
        onCall: none
        objective: {{slow: 60s}}
        service: {{replicas: 4, startup: 5s, scheduling: 0s, cpu: {{perBusySecond: 0.5}}, \
         routes: [{{name: all, serviceTime: 100ms, errors: 0%}}], \
         autoscaler: {{{scaler}}}, balancer: {{propagation: 1s}}}}
        traffic: {{users: 5000, arrivals: {{poisson: {{rate: {rate}}}}}}}
        release: {{at: 10m, variants: [{{name: v}}]}}
        strategies: [{strategy}]"
    ))
}

/// 40/s are 2 cores; 50 % of 4 pods' request of 1 core is 2 cores: nothing changes. Twice the load
/// asks for 8 pods, within 45 s (two readings for a first sample, and a sync); half of it asks for
/// 2, after the five minutes of the stabilisation window.
#[test]
fn the_size_follows_the_load_that_was_sampled() {
    let ready = |rate: &str, count| {
        let flown = storm(rate, "maxReplicas: 20, cpuUtilization: 50", "none").fly();
        flown.when(0.0, |s| s.pods[0][READY] == count)
    };
    let steady = storm("40/s", "maxReplicas: 20, cpuUtilization: 50", "none").fly();
    assert!(steady.told("SuccessfulRescale").is_empty(), "{}", steady.event_log());
    // 80/s ± 5 % over 15 s stay within 7 to 9 pods at five deviations; the mean is 8.
    let more = (7..=9).filter_map(|count| ready("80/s", count)).fold(f64::INFINITY, f64::min);
    within("grown at", Some(more), 16.0, 60.0);
    let fewer = (2..=3).filter_map(|count| ready("20/s", count)).fold(f64::INFINITY, f64::min);
    within("shrunk at", Some(fewer), 300.0, 360.0);
}

/// A total of 80/s against a target of 40: twice the ready pods, again and again, for more pods do
/// not make the total smaller; against a mean of 10 for each pod it is 8. What nothing measures
/// stands at its target: the fleet that CPU would shrink from 4 to 2 keeps its size.
#[test]
fn totals_and_things_outside_scale_as_the_algorithm_says() {
    let last = |rate: &str, scaler: &str| {
        let flown = storm(rate, &format!("maxReplicas: 20, {scaler}"), "none").fly();
        flown.recording.samples.last().expect("samples").pods[0][READY]
    };
    assert_eq!(last("80/s", "requestsTotal: 40"), 20);
    let each = last("80/s", "requestsTotalPerPod: 10");
    assert!((7..=9).contains(&each), "{each}");
    let shrunk = last("20/s", "cpuUtilization: 50");
    assert!((2..=3).contains(&shrunk), "{shrunk}");
    assert_eq!(last("20/s", "cpuUtilization: 50, atTarget: [queue_length]"), 4);
    let grown = last("80/s", "cpuUtilization: 50, atTarget: [queue_length]");
    assert!((7..=9).contains(&grown), "{grown}");
}

/// The twin has an autoscaler too, and a good release that changes nothing of the load hurts
/// nobody.
#[test]
fn the_twin_scales_as_the_flight_does() {
    let flown = storm("80/s", "maxReplicas: 20, cpuUtilization: 50", "none").fly();
    assert!(flown.twin.measures.pods_peak >= Some(7.0));
    assert_eq!(flown.m().pods_peak, flown.twin.measures.pods_peak);
    assert_eq!(flown.m().users_hurt_by_release, Some(0.0));
}

/// A size is changed in mid-rollout: both sets grow, none is emptied, and the rollout ends at the
/// new size. 30 requests a second and pod against a target of 10: 16 pods become more, at most 40.
/// One pod at a time, a rollout of 16 takes 16 starts of 5 s; the load is seen within two readings
/// and a sync, 45 s, and new pods without samples delay it by another sync.
#[test]
fn a_rollout_takes_the_new_size_along() {
    let scaler = "minReplicas: 16, maxReplicas: 40, requestsPerPod: 10";
    let mut storm = storm("160/s", scaler, "rollingUpdate: {maxSurge: 1, maxUnavailable: 0}");
    // The load triples together with the release: the sync falls into the rollout.
    let before = (0..96_000).map(|i| f64::from(i) / 160.0);
    let after = (0..288_000).map(|i| 600.0 + f64::from(i) / 480.0);
    storm = storm.requests_at(before.chain(after));
    let flown = storm.fly();
    let scaled = |e: &&Event| e.text.contains("SuccessfulRescale") && e.at.as_secs_f64() > 600.0;
    let told = flown.recording.events.iter().find(scaled);
    within("scaled at", told.map(|e| e.at.as_secs_f64()), 600.0, 660.0);
    let strip = told.map_or("", |event| &event.strip);
    assert!(strip.contains('O') && strip.contains('N'), "{}", flown.event_log());
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
    let at_last = flown.recording.samples.last().expect("samples");
    assert_eq!((at_last.pods[0][READY], at_last.pods[1][READY]), (0, 40), "{}", flown.event_log());
}

/// A fleet that a strategy of ours sizes keeps its proportions: the canary at a tenth grows with
/// the service, and the release ends at the new size.
#[test]
fn a_canary_grows_with_the_service() {
    let scaler = "minReplicas: 2, maxReplicas: 30, requestsPerPod: 10";
    let canary = "canary: {steps: [25%, 100%], interval: 2m, checks: []}";
    let mut storm = storm("40/s", scaler, canary);
    let before = (0..24_400).map(|i| f64::from(i) / 40.0);
    let after = (0..47_200).map(|i| 610.0 + f64::from(i) / 80.0);
    storm = storm.requests_at(before.chain(after));
    let flown = storm.fly();
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
    let at_last = flown.recording.samples.last().expect("samples");
    assert_eq!((at_last.pods[0][READY], at_last.pods[1][READY]), (0, 8), "{}", flown.event_log());
}

/// A release whose manifest asks for one pod where the autoscaler has four: they are gone at once,
/// and come back at the next sync, at most 15 s later, with the starts that this takes.
#[test]
fn a_size_that_is_applied_makes_a_hole_until_the_next_sync() {
    let scaler = |more| format!("minReplicas: 4, maxReplicas: 8, cpuUtilization: 80{more}");
    let hole = storm("40/s", &scaler(", applied: 1"), "rollingUpdate").fly();
    let applied = hole.first("applied with 1 pods instead of 4");
    within("applied at", Some(applied), 600.0, 600.0);
    let synced = hole.first("Current number of replicas below Spec.MinReplicas");
    within("synced at", Some(synced), 600.0, 615.0);
    let fewest = hole.recording.samples.iter().map(|s| s.pods[0][READY] + s.pods[1][READY]).min();
    assert!(fewest.is_some_and(|pods| pods <= 2), "{fewest:?}");
    assert_eq!(hole.outcome.verdict, Verdict::PromotedGood, "{}", hole.event_log());
    let last = hole.recording.samples.last().expect("samples");
    assert!(last.pods[1][READY] >= 4);
    let kept = storm("40/s", &scaler(""), "rollingUpdate").fly();
    assert!(kept.recording.samples.iter().all(|s| s.pods[0][READY] + s.pods[1][READY] >= 3));
}

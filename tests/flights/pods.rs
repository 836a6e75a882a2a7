//! The life of pods: termination, outage, bounds of a rollout, crashes and restarts.

use crate::tunnel::{Flown, READY, UNREADY, tunnel, within};
use windtunnel::analysis::promql::value::Value;
use windtunnel::analysis::promql::{Options, Query};
use windtunnel::base::time::SimDuration;
use windtunnel::fault::{Fault, FaultEffect, PodEffect, PodScope, Trigger};
use windtunnel::outcome::Verdict;
use windtunnel::telemetry::EPOCH_MS;

fn rolling(pre_stop: &str) -> Flown {
    tunnel(&format!(
        "horizon: 6m
        objective: {{slow: 5s}}
        service: {{replicas: 4, preStop: {pre_stop}, balancer: {{policy: random, \
        propagation: {{uniform: {{min: 1s, max: 3s}}}}}}, \
        routes: [{{name: all, errors: 0%, serviceTime: 10ms}}]}}
        traffic: {{users: 20000, arrivals: {{poisson: {{rate: 100/s}}}}}}
        onCall: none
        release: {{at: 1m, variants: [{{name: good}}]}}
        strategies: [rollingUpdate]"
    ))
    .fly()
}

/// Each of 4 pods is believed in for about 2 s after its end, with 1/5 to 1/4 of 100 requests/s:
/// 160 to 200 refused in all; delays between 1 s and 3 s may halve that or add half.
#[test]
fn without_pre_stop_requests_meet_pods_that_are_gone() {
    let flown = rolling("0s");
    within("failed", flown.m().requests_failed, 80.0, 320.0);
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
}

/// preStop of 4 s is above the largest delay of 3 s: every proxy has forgotten a pod that stops.
#[test]
fn with_pre_stop_above_the_largest_delay_no_request_fails() {
    let flown = rolling("4s");
    assert_eq!(flown.m().requests_failed, Some(0.0), "{}", flown.event_log());
    assert_eq!(flown.m().outage_s, Some(0.0));
}

/// From SIGTERM (10 s after the deletion) to the first new pod that a proxy knows: 13 ms until it
/// is created, 2 s scheduling, 8 s start, up to 5 s until the next probe, 1 s propagation.
#[test]
fn a_recreate_is_out_for_drain_and_start_up() {
    let flown = tunnel(
        "horizon: 6m
        service: {replicas: 4, preStop: 10s, scheduling: 2s, startup: 8s, \
        balancer: {propagation: 1s}, routes: [{name: all, serviceTime: 10ms}]}
        traffic: {arrivals: {poisson: {rate: 50/s}}}
        release: {at: 1m, variants: [{name: good}]}
        strategies: [recreate]",
    )
    .fly();
    within("outage_s", flown.m().outage_s, 11.0, 16.1);
    // 50 requests/s fail all that while, and nobody fails without the release but 0.1 %.
    let outage = flown.m().outage_s.expect("an outage");
    let expected = 50.0 * outage;
    let spread = 4.0 * expected.sqrt() + 20.0;
    within("failed", flown.m().requests_failed, expected - spread, expected + 60.0 + spread);
    assert_eq!(flown.m().mixed_version_s, Some(0.0));
}

/// D = 10, surge 3, unavailable 2: never more than 13 pods that are not being deleted, never
/// fewer than 8 ready ones, at any second.
#[test]
fn a_rolling_update_keeps_its_bounds() {
    for replication in 0..3 {
        let flown = tunnel(
            "horizon: 10m
            service: {replicas: 10}
            traffic: {arrivals: {poisson: {rate: 20/s}}}
            release: {at: 1m, variants: [{name: good}]}
            strategies: [{rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}]",
        )
        .replication(replication)
        .fly();
        let (mut most, mut least) = (0, u32::MAX);
        for sample in &flown.recording.samples {
            let active: u32 =
                sample.pods.iter().map(|version| version[..3].iter().sum::<u32>()).sum();
            most = most.max(active);
            least = least.min(sample.pods.iter().map(|version| version[READY]).sum());
        }
        assert_eq!((most, least), (13, 8), "the bounds are kept, and used");
        assert_eq!(flown.m().pods_available_min, Some(8.0));
        // Terminating pods are in no count: for 10 s of preStop there are more processes.
        assert!(flown.m().pods_peak > Some(13.0));
        assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
    }
}

/// The same for other sizes and bounds, as `maxSurge` rounds up and `maxUnavailable` down
/// (kubernetes.md 1.2), forth and, for a release that the human takes back, also back.
#[test]
fn other_rolling_updates_keep_their_bounds_too() {
    let cases = [
        (1, "25%", "25%", 1, 0),
        (2, "25%", "25%", 1, 0),
        (4, "25%", "25%", 1, 1),
        (5, "25%", "25%", 2, 1),
        (20, "25%", "25%", 5, 5),
        (7, "200%", "0%", 14, 0),
        (7, "0%", "10%", 0, 1),
        (6, "0", "6", 0, 6),
    ];
    for (replicas, max_surge, max_unavailable, surge, unavailable) in cases {
        let flown = tunnel(&format!(
            "horizon: 20m
            service: {{replicas: {replicas}, readinessProbe: {{period: 3s}}}}
            traffic: {{arrivals: {{poisson: {{rate: 5/s}}}}}}
            onCall: {{acknowledge: 1m, decide: 1m}}
            release: {{at: 1m, variants: [{{name: bad, faults: [{{errors: {{rate: 90%}}}}]}}]}}
            strategies: [{{rollingUpdate: {{maxSurge: {max_surge}, \
            maxUnavailable: {max_unavailable}}}}}]"
        ))
        .fly();
        for sample in &flown.recording.samples {
            let active: u32 =
                sample.pods.iter().map(|version| version[..3].iter().sum::<u32>()).sum();
            let ready: u32 = sample.pods.iter().map(|version| version[READY]).sum();
            let told = || format!("{replicas} {max_surge} {max_unavailable} at {}", sample.t_s);
            assert!(active <= replicas + surge, "{active} active, {}", told());
            assert!(ready + unavailable >= replicas, "{ready} ready, {}", told());
        }
        assert!(flown.m().rollback_s.is_some(), "{}", flown.event_log());
    }
}

/// A start takes 5 s and fails; it is noticed within a second; the first restart is immediate,
/// later ones come 10, 20, 40, 80, 160 s after the end: 6 s, then 15, 25, 45, 85, 165 s apart.
#[test]
fn a_crash_loop_backs_off() {
    let flown = tunnel(
        "horizon: 10m
        service: {replicas: 1, scheduling: 1s, startup: 5s}
        traffic: {arrivals: {poisson: {rate: 1/s}}}
        onCall: none
        release: {at: 10s, variants: [{name: bad, faults: [crashOnStart]}]}
        strategies: [{rollingUpdate: {progressDeadline: 1h}}]",
    )
    .fly();
    let exits = flown.told("the container exits");
    let gaps: Vec<f64> = exits.windows(2).map(|w| w[1] - w[0]).collect();
    assert_eq!(gaps.len(), 6, "{}", flown.event_log());
    for (gap, expected) in gaps.iter().zip([6.0, 15.0, 25.0, 45.0, 85.0, 165.0]) {
        assert!((gap - expected).abs() < 0.01, "{gaps:?}");
    }
    assert_eq!(flown.m().users_exposed, Some(0.0), "a process that never serves meets nobody");
    assert_eq!(flown.m().requests_failed, flown.twin.measures.requests_failed);
}

/// Between the end of a container and the start of the next the counter stands: after the third
/// exit of a crash loop (10 s of back-off before it, 20 s after it) it shows the two restarts there
/// were, and three once the container runs again.
#[test]
fn the_restart_counter_rises_at_the_restart() {
    let mut tunnel = tunnel(
        "horizon: 3m
        service: {replicas: 1, scheduling: 1s, startup: 5s}
        traffic: {arrivals: {poisson: {rate: 1/s}}}
        telemetry: {cluster: 1s}
        onCall: none
        release: {at: 10s, variants: [{name: bad, faults: [crashOnStart]}]}
        strategies: [{rollingUpdate: {progressDeadline: 1h}}]",
    );
    tunnel.order.export = true;
    let flown = tunnel.fly();
    let store = flown.recording.telemetry.as_ref().expect("an export was asked for");
    let query = Query::parse("max(kube_pod_container_status_restarts_total)").expect("a query");
    let counted = |at: f64| {
        let at_ms = EPOCH_MS + (at * 1e3) as i64;
        match query.instant(store, at_ms, &Options::default()) {
            Ok(Value::Vector(elements)) => elements.first().map(|e| e.value),
            other => panic!("{other:?}"),
        }
    };
    let exits = flown.told("the container exits");
    assert_eq!(counted(exits[2] + 10.0), Some(2.0), "it waits");
    assert_eq!(counted(exits[2] + 22.5), Some(3.0), "it has been restarted");
}

/// Two pods, one after the other: the median of their start-up times, uniform from 10 to 50 s, is
/// their mean, 30 s in expectation; the later one would be 36.7 s. Readiness is seen half a second
/// later in the mean. Over 60 flights the mean of it
/// lies within 4.5 standard deviations, 4.5 · 11.55 / √2 / √60 = 4.75 s (P < 10⁻⁵).
#[test]
fn the_median_of_two_is_their_mean() {
    let spec = "horizon: 4m
        service: {replicas: 2, scheduling: 0s, readinessProbe: {period: 1s}, \
        startup: {uniform: {min: 10s, max: 50s}}}
        traffic: {arrivals: {poisson: {rate: 1/s}}}
        onCall: none
        release: {at: 10s, variants: [{name: good}]}
        strategies: [recreate]";
    let of = |replication| tunnel(spec).replication(replication).fly().m().start_to_ready_s;
    let all: Vec<f64> = (0..60).map(|replication| of(replication).expect("two starts")).collect();
    within("mean", Some(all.iter().sum::<f64>() / 60.0), 30.5 - 4.75, 30.5 + 4.75);
}

/// A process that hangs at 60 s fails its third liveness probe 20 to 30 s later, plus the timeout
/// of 1 s; readiness (every 5 s, three failures) is lost after 10 to 15 s.
#[test]
fn a_frozen_process_is_restarted_by_its_liveness_probe() {
    let mut tunnel = tunnel(
        "horizon: 5m
        service: {replicas: 1, startup: 4s, livenessProbe: {period: 10s}, \
        balancer: {propagation: 0s}}
        traffic: {timeout: 2s, arrivals: {poisson: {rate: 20/s}}}
        release: {at: 4m, variants: [{name: good}]}
        strategies: [none]",
    );
    let second = SimDuration::from_secs(1);
    tunnel.scenario.chaos.push(Fault {
        name: "freeze",
        effect: FaultEffect::Pod(PodEffect::Freeze, PodScope::default()),
        trigger: Trigger::Window { from: second * 60, until: second * 85 },
    });
    let flown = tunnel.fly();
    let unready = flown.when(60.0, |s| s.pods[0][UNREADY] == 1);
    within("not ready at", unready, 70.0, 77.0);
    within("killed at", Some(flown.first("the liveness probe failed")), 80.0, 91.0);
    let ready = flown.when(92.0, |s| s.pods[0][READY] == 1);
    within("ready again at", ready, 92.0, 105.0);
    // It is back after 80 to 91 s, 1 s to notice, 4 s to start and up to 5 s to the next probe: 20/s
    // fail for 25 s to 41 s, ± 4 standard deviations.
    within("failed", flown.m().requests_failed, 500.0 - 90.0, 820.0 + 115.0);
}

/// 100 KiB a request against 10 MiB: the 103rd request (10 240 / 100 rounded up) trips the pod at
/// its very instant. Users send one request each, so 103 of them are exposed before the exit.
#[test]
fn a_leak_ends_the_process_at_the_exact_request() {
    let flown = tunnel(
        "horizon: 60s
        service: {replicas: 1, scheduling: 0s, startup: 10s, readinessProbe: none, preStop: 0s, \
        balancer: {propagation: 0s}, routes: [{name: all, errors: 0%, serviceTime: 1ms}]}
        traffic: {users: 100000}
        onCall: none
        release: {at: 5s, variants: [{name: bad, \
        faults: [{memoryLeak: {kibPerRequest: 100, limitMib: 10}}]}]}
        strategies: [{blueGreen: {gate: none, wait: 20s, keepOld: 1h}}]",
    )
    .request_every(0.1)
    .fly();
    // The switch is at 25 s, so request i·0.1 s ≥ 25 s is the first: 250, and 352 the 103rd.
    let exit = flown.first("the container exits");
    assert!((exit - 35.2).abs() < 1e-6, "{exit}\n{}", flown.event_log());
    // It restarts within a second, boots for 10 s, and serves 103 more until 56.5 s or later.
    let second = flown.told("the container exits");
    assert!(second.len() >= 2 && second[1] > 35.2 + 10.0 + 10.2 && second[1] < 58.0, "{second:?}");
    // 103 were accepted, the last of them broken; then refusals until the pod serves again.
    assert!(flown.m().requests_failed > Some(100.0));
}

/// The same leak, cut before the restart: exactly 103 users have met the new version.
#[test]
fn a_leak_is_met_by_exactly_as_many_users() {
    let mut tunnel = tunnel(
        "horizon: 60s
        service: {replicas: 1, scheduling: 0s, startup: 10s, readinessProbe: none, preStop: 0s, \
        balancer: {propagation: 0s}, routes: [{name: all, errors: 0%, serviceTime: 1ms}]}
        traffic: {users: 100000}
        onCall: none
        release: {at: 5s, variants: [{name: bad, \
        faults: [{memoryLeak: {kibPerRequest: 100, limitMib: 10}}]}]}
        strategies: [{blueGreen: {gate: none, wait: 20s, keepOld: 1h}}]",
    )
    .request_every(0.1);
    tunnel.scenario.horizon = SimDuration::from_secs(40);
    let flown = tunnel.fly();
    assert_eq!(flown.m().users_exposed, Some(103.0));
    let refused = 399.0 - 352.0 + 1.0;
    assert_eq!(flown.m().requests_failed, Some(refused), "the broken one and all after it");
}

/// A pod whose first start failed is scraped once it serves: the check sees its errors.
#[test]
fn a_pod_that_comes_up_late_is_scraped() {
    let tunnel = tunnel(
        "horizon: 10m
        service: {replicas: 2, scheduling: 1s, startup: 2s}
        onCall: none
        release: {at: 30s, variants: [{name: bad, faults: [{errors: {rate: 50%}}, \
        {crashOnStart: {share: 100%, until: 40s}}]}]}
        strategies: [{canary: {checks: [{errorRate: {noData: wait}}]}}]",
    );
    let flown = tunnel.fly();
    assert!(!flown.told("the container exits").is_empty(), "{}", flown.event_log());
    assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad, "{}", flown.event_log());
}

/// A release at the very start of a flight is a release like any other.
#[test]
fn a_release_at_zero_gets_its_pods() {
    let flown = tunnel(
        "horizon: 5m
        release: {at: 0s, variants: [{name: good}]}
        service: {replicas: 3}
        strategies: [rollingUpdate]",
    )
    .fly();
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
}

/// Pods take 90 s to start, so that a deadline of 60 s without progress passes; but the rollout goes
/// on and comes to its end before the human has looked: nothing is taken back.
#[test]
fn a_rollout_that_ended_late_is_not_taken_back() {
    let flown = tunnel(
        "horizon: 40m
        service: {replicas: 4, startup: 90s}
        traffic: {arrivals: {poisson: {rate: 20/s}}}
        onCall: {acknowledge: 10m, decide: 5m}
        release: {at: 1m, variants: [{name: good}]}
        strategies: [{rollingUpdate: {progressDeadline: 60s}}]",
    )
    .fly();
    let (paged, resolved) = (flown.first("page: the rollout"), flown.first("has resolved"));
    assert!(paged < 200.0 && (resolved - paged - 900.0).abs() < 1.0, "{paged} {resolved}");
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
}

//! Kept-alive connections: whose they are, how long they last, and with whom they break.

use crate::tunnel::{Flown, Tunnel, tunnel, within};
use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::traffic::{Arrivals, Recorded};

/// All pods end at once, some time after the start, and so do the connections that they hold.
fn recreate(at: &str, max_age: &str, traffic: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 70m
        onCall: none
        objective: {{slow: 60s}}
        service: {{replicas: 4, concurrency: 1000, preStop: 0s, \
        routes: [{{name: all, errors: 0%, serviceTime: 1ms}}], \
        balancer: {{propagation: 0s, keepAlive: {{maxAge: {max_age}}}}}}}
        traffic: {{{traffic}}}
        release: {{at: {at}, variants: [{{name: good}}]}}
        strategies: [recreate]"
    ))
}

/// 6,000 users of λ = 1/600 s and an age of m = 60 s: m / (m + 1/λ) = 1/11 of them have one
/// open at any instant, 545.5 ± 4.5 standard deviations of √(6 000 · 1/11 · 10/11) = 22.3
/// (P < 10⁻⁵ each). Those that have come of age since their user asked are not among them.
#[test]
fn as_many_connections_are_open_at_any_instant() {
    for at in ["1s", "1m", "5m", "60m"] {
        let flown = recreate(at, "60s", "users: 6000, arrivals: {poisson: {rate: 10/s}}").fly();
        within(at, flown.m().connections_broken, 545.5 - 100.2, 545.5 + 100.2);
    }
}

/// The one pod's process is killed twice, ten ages apart, and restarts in its place: each process
/// breaks its own connections, 545.5 on average, and what the first one held counts for nothing at
/// the end of the second. ± 4.5 standard deviations of 22.3 · √2.
#[test]
fn each_process_breaks_its_own_connections() {
    let flown = tunnel(
        "horizon: 40m
        onCall: none
        objective: {slow: 60s}
        service: {replicas: 1, concurrency: 1000, \
        routes: [{name: all, errors: 0%, serviceTime: 1ms}], \
        balancer: {propagation: 0s, keepAlive: {maxAge: 60s}}}
        traffic: {users: 6000, arrivals: {poisson: {rate: 10/s}}}
        chaos: [{podKill: {from: 10m}}, {podKill: {from: 20m}}]
        release: {at: 39m, variants: [{name: good}]}
        strategies: [none]",
    )
    .fly();
    within("broken", flown.m().connections_broken, 1_091.0 - 142.0, 1_091.0 + 142.0);
}

/// 200 of 10,000 users ever send, each some 10 s after the last answer: 200 · 300/310 = 193.5 of
/// their connections are open at any instant, as the flight begins and later, ± 4.5 standard
/// deviations of √(200 · 0.968 · 0.032) = 2.5. Nobody else has any.
#[test]
fn in_a_closed_loop_connections_are_of_its_sessions() {
    for at in ["1s", "30m"] {
        let loops = "users: 10000, arrivals: {closedLoop: {sessions: 200}}";
        let flown = recreate(at, "5m", loops).fly();
        assert_eq!(flown.m().users_active, Some(200.0));
        within(at, flown.m().connections_broken, 193.5 - 11.3, 200.0);
    }
}

/// 50 of 10,000 users send in the recording, one after the other, each every 10 s; 50 others do
/// only when the flight is over. At most one in 31 of the 50 has no connection at an instant; that
/// ten of them have none has a probability below C(50, 10) / 31¹⁰ = 10⁻⁵.
#[test]
fn in_a_recording_connections_are_of_those_who_send() {
    let row = |i: u32| Recorded {
        at: SimDuration::from_millis(u64::from(i) * 200),
        user: Some(if i < 21_000 { i % 50 } else { 50 + i % 50 }),
        route: None,
    };
    let rows: Arc<[Recorded]> = (0..42_000).map(row).collect();
    for at in ["1s", "30m"] {
        let mut replayed = recreate(at, "5m", "users: 10000");
        replayed.scenario.traffic.arrivals = Arrivals::Trace(Arc::clone(&rows));
        let flown = replayed.fly();
        assert_eq!(flown.m().users_active, Some(50.0));
        within(at, flown.m().connections_broken, 41.0, 50.0);
    }
}

fn blue_green(keep_old: &str, max_age: &str) -> Flown {
    tunnel(&format!(
        "horizon: 15m
        objective: {{slow: 5s}}
        onCall: none
        service: {{replicas: 4, routes: [{{name: all, errors: 0%}}], \
        balancer: {{keepAlive: {{maxAge: {max_age}}}}}}}
        traffic: {{users: 200, arrivals: {{poisson: {{rate: 20/s}}}}}}
        release: {{at: 60s, variants: [{{name: good}}]}}
        strategies: [{{blueGreen: {{keepOld: {keep_old}}}}}]"
    ))
    .fly()
}

/// Each of 200 users sends a request every 10 s and holds a connection of at most 14 min. Blue ends
/// a minute after the switch and breaks those that were opened before it and are not 14 min old:
/// 200 · 84/85 · (1 − 1/14) = 183.5 ± 4.5 standard deviations of √(200 · 0.918 · 0.082) = 3.9
/// (P < 10⁻⁵).
#[test]
fn connections_stay_on_blue_and_break_with_it() {
    let flown = blue_green("60s", "14m");
    within("broken", flown.m().connections_broken, 183.5 - 17.5, 200.0);
    // Nobody but the latecomers meets green before blue ends, some 140 s after the start.
    within("users_exposed", flown.m().users_exposed, 195.0, 200.0);
}

/// With an age of 2 minutes every connection to blue has come of age when it ends after 5, whether
/// its user has sent a request since or not.
#[test]
fn connections_that_come_of_age_move_to_green() {
    let flown = blue_green("5m", "2m");
    assert_eq!(flown.m().connections_broken, Some(0.0));
}

/// With a proxy that balances every request, the switch moves everyone within the propagation.
#[test]
fn without_connections_nothing_breaks() {
    let flown = tunnel(
        "horizon: 10m
        service: {replicas: 4}
        traffic: {users: 200, arrivals: {poisson: {rate: 20/s}}}
        release: {at: 60s, variants: [{name: good}]}
        strategies: [blueGreen]",
    )
    .fly();
    assert_eq!(flown.m().connections_broken, Some(0.0));
}

/// Connections that live for 4 min, to a service that has been up for long: 34 s after a switch
/// 34/240 of those that were open have been opened anew. A user of λ = 1/12 s sends one request in
/// 21 over a new connection anyway, so 20/21 · (1 − 34/240) = 81.7 % of requests still reach old
/// pods; the others fail here. Of some 1,667 requests in the 10 s around, 18.3 % ± 4.5 standard
/// deviations of √(0.183 · 0.817 / 1 667) = 0.95 % (P < 10⁻⁵).
#[test]
fn connections_are_of_all_ages_at_a_switch() {
    let flown = tunnel(
        "horizon: 3m
        objective: {slow: 30s}
        onCall: none
        service: {replicas: 4, scheduling: 0s, startup: 1s, queue: 1000, \
        balancer: {policy: random, propagation: 0s, keepAlive: {maxAge: 4m}}, \
        routes: [{name: all, errors: 0%, serviceTime: 1ms}]}
        traffic: {users: 2000, arrivals: {poisson: {rate: 166.67/s}}}
        release: {at: 30s, variants: [{name: bad, faults: [{errors: {rate: 100%}}]}]}
        strategies: [{blueGreen: {gate: none, wait: 10s, keepOld: 1h}}]",
    )
    .fly();
    let switch = flown.first("route 100 %");
    let around = |t: f64| t > switch + 29.0 && t <= switch + 39.0;
    let samples = flown.recording.samples.iter().filter(|s| around(s.t_s));
    let (failed, all) =
        samples.fold((0, 0), |(failed, all), s| (failed + s.failed, all + s.requests));
    let moved = failed as f64 / all as f64;
    within("share at new pods", Some(moved), 0.183 - 0.043, 0.183 + 0.043);
}

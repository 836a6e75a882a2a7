//! Flagger in the air: instants of weights, phases and events, worked out by hand.
//!
//! The release is at 60 s, the first tick at once, the interval 60 s. Tick 0 scales the canary up;
//! its pods start in 5 s, so it is ready at every later tick. Weights reach the proxies without
//! delay.

use crate::tunnel::{Flown, SEED, Tunnel, tunnel};
use windtunnel::analysis::promql::value::Value;
use windtunnel::analysis::promql::{Options, Query};
use windtunnel::analysis::reply::Reply;
use windtunnel::base::time::SimDuration;
use windtunnel::base::units::{Rate, Share};
use windtunnel::engine::FlightSpec;
use windtunnel::outcome::Verdict;
use windtunnel::strategy::flagger::drive::plan;
use windtunnel::strategy::flagger::provider::Provider;
use windtunnel::strategy::flagger::settings::{
    Affinity, Analysis, FlaggerMetric, FlaggerSettings, Hook, Load, Matching, Names, Range, Webhook,
};
use windtunnel::telemetry::EPOCH_MS;

fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// The scenario: `rate` requests a second, a release with these faults.
fn storm(rate: &str, faults: &str) -> Tunnel {
    tunnel(&format!(
        "horizon: 20m
        onCall: none
        service: {{replicas: 4, startup: 5s, scheduling: 0s, balancer: {{propagation: 0s}}}}
        traffic: {{users: 5000, arrivals: {{poisson: {{rate: {rate}}}}}}}
        release: {{at: 1m, variants: [{{name: v, faults: [{faults}]}}]}}
        strategies: [recreate: {{}}]"
    ))
}

fn canary(change: impl FnOnce(&mut FlaggerSettings)) -> FlaggerSettings {
    let mut canary = FlaggerSettings::new(Names::of("demo", "test"));
    canary.first_tick = Some(SimDuration::ZERO);
    let metric = |name: &str, min, max| FlaggerMetric {
        name: name.into(),
        range: Some(Range { min, max }),
        ..FlaggerMetric::default()
    };
    canary.analysis = Some(Analysis {
        threshold: 2,
        step_weight: 25,
        max_weight: 50,
        metrics: vec![
            metric("request-success-rate", Some(99.0), None),
            metric("request-duration", None, Some(2_000.0)),
        ],
        ..Analysis::default()
    });
    change(&mut canary);
    canary
}

fn analysis(canary: &mut FlaggerSettings) -> &mut Analysis {
    canary.analysis.as_mut().expect("an analysis")
}

fn fly(mut storm: Tunnel, settings: FlaggerSettings) -> Flown {
    storm.scenario.plans = vec![plan("flagger", settings)];
    storm.fly()
}

/// The event log's lines that hold one of these texts, with their whole seconds.
fn lines(flown: &Flown, texts: &[&str]) -> Vec<(u64, String)> {
    let told = flown.recording.events.iter().filter(|e| texts.iter().any(|t| e.text.contains(t)));
    told.map(|e| (e.at.as_secs_f64() as u64, e.text.clone())).collect()
}

const WORDS: &[&str] = &["demo", "Routing all", "route "];

/// k = 2: tick 0 (60 s) scales up, 120 s and 180 s raise, 240 s copies the spec. The primary rolls
/// 4 pods with one surge and one missing: 1+1, then 2, each wave 5 s and an API delay, so it is
/// ready at 300 s, which moves all traffic back; 360 s scales the canary down.
#[test]
fn a_good_release_takes_five_intervals() {
    let flown = fly(storm("40/s", ""), canary(|_| {}));
    let expected = [
        (60, "New revision detected! Scaling up demo.test"),
        (120, "Starting canary analysis for demo.test"),
        (120, "route 25 % to the new version"),
        (120, "Advance demo.test canary weight 25"),
        (180, "route 50 % to the new version"),
        (180, "Advance demo.test canary weight 50"),
        (240, "Copying demo.test template spec to demo-primary.test"),
        (300, "Routing all traffic to primary"),
        (300, "route 0 % to the new version"),
        (360, "Promotion completed! Scaling down demo.test"),
    ];
    let expected: Vec<_> = expected.map(|(at, text)| (at, text.to_string())).into();
    assert_eq!(lines(&flown, WORDS), expected, "{}", flown.event_log());
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood);
    // Four primary pods and four canary pods are there until the last tick.
    assert!(flown.m().pods_peak >= Some(8.0));
}

/// 20 % errors on the canary from its first request at 120 s. Checks run at 180 s and 240 s and
/// fail (the rate over a minute of 10/s is 80 % with a deviation of 2 %, never 99 %); the threshold
/// of 2 rolls back one tick later, at 300 s.
#[test]
fn a_bad_release_goes_back_one_tick_after_the_threshold() {
    let flown = fly(storm("40/s", "{errors: {rate: 20%}}"), canary(|_| {}));
    let halted = flown.told("Halt demo.test advancement success rate");
    assert_eq!(halted.iter().map(|s| *s as u64).collect::<Vec<_>>(), [180, 240]);
    let texts = ["Rolling back demo.test failed checks threshold reached 2", "Canary failed!"];
    for text in texts {
        assert_eq!(flown.first(text) as u64, 300, "{}", flown.event_log());
    }
    assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad);
    // The weight never got beyond the first step.
    assert!(flown.told("canary weight 50").is_empty());
}

/// No traffic on the canary means no values, and no values fail a check: a healthy release is
/// rolled back. Half a request a minute at 25 % leaves the canary's window empty most of the time.
/// With a load test as a rollout webhook the same release passes.
#[test]
fn a_quiet_canary_is_rolled_back_unless_it_is_under_load() {
    let quiet = |settings: FlaggerSettings| {
        let storm = storm("1/s", "").requests_at([30.0, 1_000.0].into_iter());
        fly(storm, settings)
    };
    let without = quiet(canary(|_| {}));
    assert_eq!(without.outcome.verdict, Verdict::FalseRollback, "{}", without.event_log());
    assert!(!without.told("no values found for istio metric request-success-rate").is_empty());
    let load = Load { straight: true, rate: Rate::per_sec(5.0), lasts: secs(60) };
    let tester = |hook| Webhook {
        name: "load".into(),
        hook,
        reply: Reply::Always,
        load: Some(load),
        ..Webhook::default()
    };
    let with = quiet(canary(|canary| {
        analysis(canary).webhooks = vec![tester(Hook::PreRollout), tester(Hook::Rollout)];
    }));
    assert_eq!(with.outcome.verdict, Verdict::PromotedGood, "{}", with.event_log());
    // Synthetic requests are nobody's: the two users' requests are all there were.
    assert_eq!(with.m().users_active, Some(2.0));
}

/// The size that a release writes is the service's, whatever a Scenario makes of it: the canary has
/// as many pods as the primary, and the promotion leaves the primary as it was.
#[test]
fn the_target_follows_the_size_of_the_service() {
    let told = |replicas: u32| {
        let storm = tunnel(&format!(
            "horizon: 20m
            onCall: none
            service: {{replicas: {replicas}, startup: 5s, scheduling: 0s}}
            traffic: {{users: 500, arrivals: {{poisson: {{rate: 10/s}}}}}}
            release: {{at: 1m, variants: [{{name: v}}]}}
            strategies: [flagger: {{firstTick: 0s, target: {{writesReplicas: true}}, \
             analysis: {{stepWeight: 50}}}}]"
        ));
        let flown = storm.fly();
        assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
        let smallest = format!("{replicas} → ");
        let begun = flown.told(&format!("create {replicas} × new pods")).len();
        (begun, flown.told(&format!("scale new: {smallest}0 pods")).len(), flown.m().pods_peak)
    };
    for replicas in [3, 7] {
        let (created, removed, peak) = told(replicas);
        assert_eq!((created, removed), (1, 1), "{replicas}");
        assert!(peak >= Some(f64::from(2 * replicas)), "{replicas}: {peak:?}");
    }
}

/// Requests a second that the canary meets, every 20 s, of a load test of 5/s: of a minute, called
/// every 10 s, while nobody else is there and the weight goes up by 1 % at a time.
fn rates_under_load(straight: bool) -> (Vec<f64>, String) {
    let load = Load { straight, rate: Rate::per_sec(5.0), lasts: secs(60) };
    let settings = canary(|canary| {
        let analysis = analysis(canary);
        (analysis.interval, analysis.step_weight) = (secs(10), 1);
        analysis.metrics.clear();
        analysis.webhooks = vec![Webhook {
            name: "load".into(),
            hook: Hook::Rollout,
            reply: Reply::Always,
            load: Some(load),
            ..Webhook::default()
        }];
    });
    let mut storm = storm("1/s", "").requests_at([30.0, 1_000.0].into_iter());
    storm.order.export = true;
    let flown = fly(storm, settings);
    let query = Query::parse("sum(rate(http_requests_total{version=\"new\"}[1m]))").expect("one");
    let rate = |secs: i64| {
        let store = flown.recording.telemetry.as_ref().expect("an export");
        match query.instant(store, EPOCH_MS + secs * 1000, &Options::default()) {
            Ok(Value::Vector(elements)) => elements.first().map_or(0.0, |e| e.value),
            other => panic!("{other:?}"),
        }
    };
    ((150..350).step_by(20).map(rate).collect(), flown.event_log())
}

/// A load test runs once at a time, as the load tester skips a command that is still running.
#[test]
fn load_tests_do_not_pile_up() {
    let (rates, event_log) = rates_under_load(true);
    assert!(rates.iter().all(|rate| (4.0..6.0).contains(rate)), "{rates:?}\n{event_log}");
}

/// The weight is 1 % at 1 min and some 25 % at 6 min: of 5/s a canary gets 1/s at most, within far
/// more than 5 standard deviations of the 60 requests in a window.
#[test]
fn a_load_test_of_what_users_call_is_divided_as_they_are() {
    let (rates, event_log) = rates_under_load(false);
    assert!(rates.iter().all(|rate| *rate < 2.5), "{rates:?}\n{event_log}");
    assert!(rates.last().is_some_and(|rate| *rate > 0.2), "{rates:?}\n{event_log}");
}

/// Blue/green, N = 2: iterations at 120 s and 180 s, the switch at 240 s, the copy at 300 s, back
/// to the primary at 360 s, down at 420 s. Mirrored all the while, so that there is something to
/// judge, and no user meets the new version before the switch.
#[test]
fn blue_green_mirrors_and_switches() {
    let settings = canary(|canary| {
        let analysis = analysis(canary);
        (analysis.iterations, analysis.mirror) = (2, true);
        (analysis.step_weight, analysis.max_weight) = (0, 0);
    });
    let flown = fly(storm("40/s", ""), settings);
    let at = |text: &str| flown.first(text) as u64;
    assert_eq!(at("canary iteration 2/2"), 180, "{}", flown.event_log());
    assert_eq!(at("Stop traffic mirroring and route all traffic to canary"), 240);
    assert_eq!(
        [at("Copying demo"), at("all traffic to primary"), at("completed!")],
        [300, 360, 420]
    );
    // A sample is named by its end, a second later.
    assert_eq!(flown.when(0.0, |s| s.weight_new > 0.0).map(|s| s as u64), Some(241));
}

/// With plain Kubernetes no live traffic reaches the canary; queries go by the names of its pods.
#[test]
fn plain_kubernetes_moves_the_primary_alone() {
    let settings = canary(|canary| {
        canary.provider = Provider::Kubernetes;
        let analysis = analysis(canary);
        (analysis.iterations, analysis.metrics) = (1, Vec::new());
    });
    let flown = fly(storm("40/s", ""), settings);
    // Tick 1 and 2 iterate, tick 3 copies: the new version serves from the primary's update on.
    assert_eq!(flown.first("Copying demo") as u64, 240, "{}", flown.event_log());
    let first = flown.when(0.0, |s| s.weight_new > 0.0).expect("it serves in the end");
    assert!((240.0..=260.0).contains(&first), "served from {first}");
}

/// A closed gate holds the promotion, and the checks go on behind it: errors that begin at 10
/// minutes roll back what waits.
#[test]
fn a_gate_does_not_stop_the_checks() {
    let gate = |reply| Webhook {
        name: "gate".into(),
        hook: Hook::ConfirmPromotion,
        reply,
        ..Webhook::default()
    };
    let never = canary(|canary| analysis(canary).webhooks = vec![gate(Reply::Never)]);
    let late = "{errors: {rate: 20%, afterRelease: 9m}}";
    let flown = fly(storm("40/s", late), never);
    assert_eq!(
        flown.first("waiting for promotion approval gate") as u64,
        240,
        "{}",
        flown.event_log()
    );
    assert_eq!(flown.outcome.verdict, Verdict::RolledBackBad);
    let open = canary(|canary| analysis(canary).webhooks = vec![gate(Reply::From(secs(270)))]);
    let flown = fly(storm("40/s", ""), open);
    // 270 s after the release is 330 s: the tick of 360 s passes the gate.
    assert_eq!(flown.first("Copying demo") as u64, 360, "{}", flown.event_log());
}

/// Cookies only let the canary's share grow: users who met it stay, so the exposed ones keep
/// coming although the weight stands still. Without cookies the weight is the share.
#[test]
fn session_affinity_drifts_to_the_canary() {
    let share = |affinity: Option<Affinity>| {
        let settings = canary(|canary| {
            let analysis = analysis(canary);
            analysis.affinity = affinity;
            (analysis.step_weight, analysis.max_weight) = (10, 10);
            analysis.webhooks = vec![Webhook {
                name: "gate".into(),
                hook: Hook::ConfirmPromotion,
                reply: Reply::Never,
                ..Webhook::default()
            }];
        });
        // Every answer of the new version is wrong, so wrong answers tell where requests went.
        let mut storm = storm("40/s", "{wrongAnswers: {rate: 100%}}");
        storm.scenario.traffic.users = 400;
        let flown = fly(storm, settings);
        let last = || flown.recording.samples.iter().rev().take(120);
        let wrong: u64 = last().map(|s| s.failed).sum();
        wrong as f64 / last().map(|s| s.requests).sum::<u64>() as f64
    };
    let (plain, sticky) = (share(None), share(Some(Affinity::default())));
    // 4800 requests at 10 %: deviation 0.4 %. With cookies each of 400 users draws 0.1 times a
    // second at 10 %: after 1000 s all but e^-10 of them are kept.
    assert!((0.08..0.12).contains(&plain), "{plain}");
    assert!(sticky > 0.95, "{sticky}");
}

/// Users with the header go to the canary, all others never.
#[test]
fn an_ab_test_leaves_other_users_alone() {
    let settings = canary(|canary| {
        let share = Share::clamped(0.2);
        let analysis = analysis(canary);
        analysis.matching = Some(Matching { conditions: vec!["x-canary".into()], share });
        (analysis.iterations, analysis.step_weight) = (3, 0);
    });
    let mut storm = storm("40/s", "");
    storm.scenario.traffic.header_share = Share::clamped(0.2);
    let flown = fly(storm, settings);
    assert_eq!(flown.first("Advance demo.test canary iteration 1/3") as u64, 120);
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
}

/// The first tick after a release falls anywhere within an interval, by chance, and the same way
/// in every flight of a replication.
#[test]
fn a_release_waits_for_the_next_tick() {
    let first = |replication: u32| {
        let mut storm = storm("1/s", "");
        storm.order = FlightSpec { replication, seed: SEED, ..storm.order };
        let flown = fly(storm, canary(|canary| canary.first_tick = None));
        flown.first("Scaling up demo.test") - 60.0
    };
    let waits: Vec<f64> = (0..12).map(first).collect();
    assert!(waits.iter().all(|wait| (0.0..60.0).contains(wait)), "{waits:?}");
    // Twelve uniform waits all in one half: below 2 in 4096.
    assert!(waits.iter().any(|w| *w < 30.0) && waits.iter().any(|w| *w >= 30.0), "{waits:?}");
    assert_eq!(first(3), waits[3]);
}

/// A plan is plain data: a copy flies the same.
#[test]
fn a_plan_can_be_copied() {
    let storm = storm("10/s", "");
    let settings = canary(|_| {});
    let (a, b) = (fly(storm.clone(), settings.clone()), fly(storm, settings));
    assert_eq!(a.event_log(), b.event_log());
}

/// Each provider's built-in queries find the series of its own proxy: a good release is promoted,
/// and one with 20 % errors is rolled back by `request-success-rate`.
#[test]
fn every_provider_counts_its_requests() {
    for provider in [
        Provider::Istio,
        Provider::Smi,
        Provider::GatewayApi,
        Provider::Nginx,
        Provider::Linkerd,
        Provider::Skipper,
        Provider::Contour,
        Provider::Gloo,
        Provider::Kuma,
        Provider::Knative,
        Provider::Traefik,
        Provider::Apisix,
        Provider::Osm,
    ] {
        let verdict = |faults: &str| {
            let settings = canary(|canary| canary.provider = provider);
            let flown = fly(storm("40/s", faults), settings);
            (flown.outcome.verdict, flown.event_log())
        };
        let (good, event_log) = verdict("");
        assert_eq!(good, Verdict::PromotedGood, "{provider:?}\n{event_log}");
        let (bad, event_log) = verdict("{errors: {rate: 20%}}");
        assert_eq!(bad, Verdict::RolledBackBad, "{provider:?}\n{event_log}");
        assert!(event_log.contains("success rate"), "{provider:?}\n{event_log}");
    }
}

//! Whole rollouts, tick by tick, worked out by hand from the order of `advanceCanary`.

use super::*;
use crate::flagger::settings::{FlaggerMetric, Matching, Names, Rules};
use crate::flagger::weights::TOTAL;
use crate::reply::Reply;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

/// A cluster in which every order has taken full effect by the next tick.
struct Bench {
    canary: FlaggerSettings,
    status: FlaggerStatus,
    routes: Routes,
    spec: Spec,
    primary: Report,
    target: Report,
    /// What every query answers.
    answer: FlaggerAnswer,
    tick: u64,
    events: Vec<String>,
}

struct Gates<'b> {
    answer: &'b FlaggerAnswer,
    age: SimDuration,
}

impl FlaggerQueries for Gates<'_> {
    fn call(&mut self, hook: &Webhook) -> bool {
        hook.reply.passes(self.age, 0)
    }

    fn ask(&mut self, _: Question) -> FlaggerAnswer {
        self.answer.clone()
    }
}

fn deployment(size: u32) -> Report {
    Report {
        observed: true,
        desired: size,
        updated: size,
        replicas: size,
        available: size,
        ..Report::default()
    }
}

fn bench(analysis: Analysis) -> Bench {
    let mut canary = FlaggerSettings::new(Names::of("demo", "test"));
    canary.analysis = Some(analysis);
    let old = Spec { template: 1, configs: 0 };
    Bench {
        canary,
        status: FlaggerStatus::initialized(old),
        routes: Routes::PRIMARY,
        spec: Spec { template: 2, configs: 0 },
        primary: deployment(4),
        target: deployment(0),
        answer: FlaggerAnswer::Value(100.0),
        tick: 0,
        events: Vec::new(),
    }
}

impl Bench {
    /// One tick; says the phase and the canary's weight after it.
    fn tick(&mut self) -> (&'static str, u32) {
        let age = SimDuration::from_secs(60) * self.tick;
        let routes = reported_routes(&self.canary, &self.status, self.routes);
        let sight = FlaggerObserved {
            now: SimTime::ZERO + age,
            primary: self.primary,
            canary: self.target,
            routes,
            spec: self.spec,
        };
        let mut senses = Gates { answer: &self.answer, age };
        for order in advance(&self.canary, &mut self.status, &sight, &mut senses) {
            match order {
                FlaggerWrite::Route(routes) => self.routes = routes,
                FlaggerWrite::ScaleCanary(size) => self.target = deployment(size),
                FlaggerWrite::Promote => self.events.push("(promote)".into()),
                FlaggerWrite::Load(_, load) => {
                    self.events.push(format!("(load {})", load.rate.value()))
                }
                FlaggerWrite::Event(event) => self.events.push(event.text),
            }
        }
        self.tick += 1;
        (self.status.phase.word(), self.routes.canary)
    }

    fn run(&mut self, ticks: usize) -> Vec<(&'static str, u32)> {
        (0..ticks).map(|_| self.tick()).collect()
    }

    fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }
}

fn growing(step: u32, max: u32) -> Analysis {
    let threshold = 3;
    Analysis { step_weight: step, max_weight: max, threshold, ..Analysis::default() }
}

fn iterating(iterations: u32) -> Analysis {
    Analysis { iterations, threshold: 3, ..Analysis::default() }
}

fn hook(of: Hook, reply: Reply) -> Webhook {
    Webhook { name: "gate".into(), hook: of, reply, ..Webhook::default() }
}

/// Row 1 of the tick table: k = ceil(50/20) = 3. Tick 0 scales up, 1 to 3 raise, 4 copies the
/// spec, 5 sends all to the primary, 6 scales down.
#[test]
fn a_canary_grows_copies_and_goes() {
    let mut bench = bench(growing(20, 50));
    let expected = [
        ("Progressing", 0),
        ("Progressing", 20),
        ("Progressing", 40),
        ("Progressing", 60),
        ("Promoting", 60),
        ("Finalising", 0),
        ("Succeeded", 0),
        ("Succeeded", 0),
    ];
    assert_eq!(bench.run(8), expected);
    assert_eq!(bench.target.desired, 0);
    let expected = [
        "New revision detected! Scaling up demo.test",
        "Starting canary analysis for demo.test",
        "Advance demo.test canary weight 20",
        "Advance demo.test canary weight 40",
        "Advance demo.test canary weight 60",
        "Copying demo.test template spec to demo-primary.test",
        "(promote)",
        "Routing all traffic to primary",
        "Promotion completed! Scaling down demo.test",
    ];
    assert_eq!(bench.said(), expected);
}

/// Row 2: one tick more, in which requests are copied and none moves.
#[test]
fn mirroring_comes_first() {
    let mut bench = bench(Analysis { mirror: true, ..growing(50, 50) });
    assert_eq!(bench.run(2), [("Progressing", 0); 2]);
    assert!(bench.routes.mirrored);
    assert_eq!(bench.run(2), [("Progressing", 50), ("Promoting", 50)]);
    assert!(!bench.routes.mirrored);
}

/// A router without mirror never reports one, so the controller repeats the mirror step.
#[test]
fn without_a_mirror_the_weight_never_leaves_zero() {
    let mut bench = bench(Analysis { mirror: true, ..growing(50, 50) });
    bench.canary.provider = Provider::Nginx;
    assert_eq!(bench.run(8), [("Progressing", 0); 8]);
}

/// Row 3: 60 % in steps of 25 % is three ticks of shifting, then the scale-down.
#[test]
fn the_promotion_may_shift_step_by_step() {
    let mut bench = bench(Analysis { step_weight_promotion: 25, ..growing(60, 60) });
    let expected = [
        ("Progressing", 0),
        ("Progressing", 60),
        ("Promoting", 60),
        ("Promoting", 35),
        ("Promoting", 10),
        ("Finalising", 0),
        ("Succeeded", 0),
    ];
    assert_eq!(bench.run(7), expected);
    assert!(bench.said().contains(&"Advance demo.test primary weight 65".to_string()));
}

/// Row 4: all matching users at the canary from tick 1 on; N = 2.
#[test]
fn an_ab_test_counts_its_iterations() {
    let share = Share::clamped(0.1);
    let matching = Some(Matching { conditions: vec!["x-canary".into()], share });
    let mut bench = bench(Analysis { matching, ..iterating(2) });
    let expected = [
        ("Progressing", 0),
        ("Progressing", 100),
        ("Progressing", 100),
        ("Promoting", 100),
        ("Finalising", 0),
        ("Succeeded", 0),
    ];
    assert_eq!(bench.run(6), expected);
    assert!(bench.said().contains(&"Advance demo.test canary iteration 2/2".to_string()));
}

/// Row 5: no live traffic until tick N + 1; N = 2.
#[test]
fn blue_green_switches_after_its_iterations() {
    let mut bench = bench(iterating(2));
    let expected = [
        ("Progressing", 0),
        ("Progressing", 0),
        ("Progressing", 0),
        ("Progressing", 100),
        ("Promoting", 100),
        ("Finalising", 0),
        ("Succeeded", 0),
    ];
    assert_eq!(bench.run(7), expected);
}

/// With plain Kubernetes the live routes are never written, and ten iterations are put.
#[test]
fn without_routing_only_the_primary_moves() {
    let mut bench = bench(growing(20, 50));
    bench.canary.provider = Provider::Kubernetes;
    let run = bench.run(15);
    assert!(run.iter().all(|(_, weight)| *weight == 0));
    let phases: Vec<_> = run.iter().map(|(phase, _)| *phase).collect();
    // Tick 0, iterations 1 to 10 and 11 (the switch that is none), then the copy.
    assert_eq!(phases[..12], ["Progressing"; 12]);
    assert_eq!(phases[12..], ["Promoting", "Finalising", "Succeeded"]);
    let said = bench.said();
    assert!(said.contains(&"Setting canaryAnalysis.iterations: 10".to_string()));
    assert!(said.contains(&"Advance demo.test canary iteration 10/10".to_string()));
}

fn failing() -> Bench {
    let metric = FlaggerMetric {
        name: "request-success-rate".into(),
        threshold: 99.0,
        ..FlaggerMetric::default()
    };
    let mut bench = bench(Analysis { metrics: vec![metric], ..growing(10, 50) });
    bench.answer = FlaggerAnswer::Value(3.0);
    bench
}

/// Tick 1 runs no metrics, ticks 2 to 4 fail, and tick 5 rolls back: one interval per failure
/// after the first failing tick, as documented.
#[test]
fn the_threshold_rolls_back_one_tick_later() {
    let mut bench = failing();
    let run = bench.run(6);
    assert_eq!(run[1..5], [("Progressing", 10); 4]);
    assert_eq!(run[5], ("Failed", 0));
    assert_eq!((bench.target.desired, bench.status.failed), (0, 0));
    let halted = "Halt demo.test advancement success rate 3.00% < 99%".to_string();
    let said = bench.said();
    assert_eq!(said.iter().filter(|s| **s == halted).count(), 3);
    assert_eq!(
        said[said.len() - 2..],
        [
            "Rolling back demo.test failed checks threshold reached 3",
            "Canary failed! Scaling down demo.test"
        ]
    );
    // The failed template is not tried again, another one is.
    assert_eq!(bench.run(2), [("Failed", 0); 2]);
    bench.spec.template = 3;
    assert_eq!(bench.tick(), ("Progressing", 0));
}

/// Failures add up over the whole rollout: passing checks never take one back.
#[test]
fn failures_accumulate() {
    let mut bench = failing();
    bench.run(2);
    for expected in [("Progressing", 10), ("Progressing", 20), ("Progressing", 20)] {
        assert_eq!(bench.tick(), expected);
        let good = matches!(&bench.answer, FlaggerAnswer::Value(v) if *v == 100.0);
        bench.answer = FlaggerAnswer::Value(if good { 3.0 } else { 100.0 });
    }
    assert_eq!(bench.status.failed, 2);
    bench.answer = FlaggerAnswer::NoValues;
    assert_eq!(bench.run(2), [("Progressing", 20), ("Failed", 0)]);
}

/// Pods that are not ready hold the rollout and count as nothing, until the deadline passes.
#[test]
fn unready_pods_are_waited_for() {
    let mut bench = bench(growing(50, 50));
    bench.run(2);
    bench.target.available = 3;
    bench.target.unavailable_since = Some(SimTime::ZERO);
    // Ticks 2 to 10 lie within the 600 s.
    assert_eq!(bench.run(9), [("Progressing", 50); 9]);
    assert_eq!(bench.status.failed, 0);
    assert_eq!(bench.tick(), ("Failed", 0));
    assert_eq!(
        bench.said().last().map(String::as_str),
        Some("Canary failed! Scaling down demo.test")
    );
}

/// A closed gate before the rollout: phase Waiting, said once, not counted.
#[test]
fn a_rollout_waits_for_its_gate() {
    let mut bench = bench(growing(50, 50));
    let gate = hook(Hook::ConfirmRollout, Reply::From(SimDuration::from_secs(180)));
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(gate);
    assert_eq!(bench.run(3), [("Waiting", 0); 3]);
    assert_eq!(bench.said(), ["Halt demo.test advancement waiting for approval gate"]);
    assert_eq!(bench.run(2), [("Progressing", 0), ("Progressing", 50)]);
}

/// A closed promotion gate in canary mode is asked at every tick, and checks go on: they can
/// still roll back.
#[test]
fn checks_go_on_before_a_closed_promotion_gate() {
    let mut bench = failing();
    bench.answer = FlaggerAnswer::Value(100.0);
    let analysis = bench.canary.analysis.as_mut().expect("an analysis");
    analysis.webhooks.push(hook(Hook::ConfirmPromotion, Reply::Never));
    (analysis.step_weight, analysis.threshold) = (50, 1);
    bench.run(2);
    assert_eq!(bench.run(2), [("WaitingPromotion", 50); 2]);
    bench.answer = FlaggerAnswer::Value(3.0);
    assert_eq!(bench.run(2), [("WaitingPromotion", 50), ("Failed", 0)]);
}

/// In blue/green a closed gate sets the iterations back, so it is asked at every second tick:
/// at ticks 3 (refused), 5 (refused) and 7.
#[test]
fn a_closed_gate_is_asked_at_every_second_iteration() {
    let mut bench = bench(iterating(2));
    let gate = hook(Hook::ConfirmPromotion, Reply::From(SimDuration::from_secs(6 * 60)));
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(gate);
    bench.run(3);
    let mut iterations = Vec::new();
    for _ in 3..8 {
        bench.tick();
        iterations.push(bench.status.iterations);
    }
    assert_eq!(iterations, [1, 2, 1, 2, 3]);
    assert_eq!((bench.status.phase, bench.routes.canary), (Phase::WaitingPromotion, TOTAL));
    assert_eq!(bench.tick(), ("Promoting", TOTAL));
}

/// Every weight waits for its own approval, and a refusal counts as nothing.
#[test]
fn traffic_increases_can_be_gated() {
    let mut bench = bench(growing(50, 50));
    let gate = hook(Hook::ConfirmTrafficIncrease, Reply::From(SimDuration::from_secs(180)));
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(gate);
    assert_eq!(bench.run(3), [("Progressing", 0); 3]);
    assert_eq!(bench.tick(), ("Progressing", 50));
    assert_eq!(bench.status.failed, 0);
}

/// A rollback hook that answers with success goes back at once.
#[test]
fn a_rollback_hook_orders_the_rollback() {
    let mut bench = bench(growing(20, 100));
    let hook = hook(Hook::Rollback, Reply::From(SimDuration::from_secs(120)));
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(hook);
    assert_eq!(bench.run(3), [("Progressing", 0), ("Progressing", 20), ("Failed", 0)]);
    let said = bench.said();
    assert!(said.contains(&"Rolling back demo.test manual webhook invoked".to_string()));
}

/// A failed pre-rollout test counts, and traffic never comes.
#[test]
fn a_failed_test_before_traffic_counts() {
    let mut bench = bench(growing(20, 100));
    let test = hook(Hook::PreRollout, Reply::Never);
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(test);
    let run = bench.run(5);
    assert_eq!(run[4], ("Failed", 0));
    assert!(run.iter().all(|(_, weight)| *weight == 0));
}

/// Another template in mid-analysis: weights to zero, counters to zero, all over again. Going
/// back to the promoted template is no change.
#[test]
fn another_revision_restarts_the_analysis() {
    let mut bench = failing();
    bench.run(3);
    assert_eq!((bench.status.failed, bench.routes.canary), (1, 10));
    bench.spec.template = 3;
    assert_eq!(bench.tick(), ("Progressing", 0));
    assert_eq!(bench.status.failed, 0);
    bench.answer = FlaggerAnswer::Value(100.0);
    assert_eq!(bench.tick(), ("Progressing", 10));
    bench.spec.template = 1;
    assert_eq!(bench.run(2), [("Progressing", 20), ("Progressing", 30)]);
}

/// Two ticks: the scale-up, then everything else without waiting for the primary.
#[test]
fn a_skipped_analysis_promotes_at_once() {
    let mut bench = bench(growing(20, 100));
    bench.canary.skip_analysis = true;
    bench.primary.available = 0;
    assert_eq!(bench.run(2), [("Progressing", 0), ("Succeeded", 0)]);
    let said = bench.said();
    assert_eq!(said[1], "Copying demo.test template spec to demo-primary.test");
    assert_eq!(said[3], "Promotion completed! Canary analysis was skipped for demo.test");
}

/// Since 1.44 a primary that fails in promotion leaves all traffic on the canary; before, it was
/// sent to the broken primary.
#[test]
fn a_primary_that_breaks_in_promotion() {
    for (keeps, weight, pods) in [(true, 100, 4), (false, 0, 0)] {
        let mut bench = bench(growing(50, 50));
        bench.canary.rules = Rules { failed_promotion_keeps_canary: keeps };
        bench.run(3);
        assert_eq!(bench.status.phase, Phase::Promoting);
        bench.primary.deadline_exceeded = true;
        assert_eq!(bench.tick(), ("Failed", weight));
        assert_eq!(bench.target.desired, pods);
    }
}

/// A primary in the middle of its update holds the traffic where it is.
#[test]
fn the_traffic_waits_for_the_primary() {
    let mut bench = bench(growing(50, 50));
    bench.run(3);
    bench.primary.updated = 2;
    assert_eq!(bench.run(3), [("Promoting", 50); 3]);
    bench.primary.updated = 4;
    assert_eq!(bench.run(2), [("Finalising", 0), ("Succeeded", 0)]);
}

#[test]
fn a_suspended_canary_does_nothing() {
    let mut bench = bench(growing(50, 50));
    bench.run(2);
    bench.canary.suspend = true;
    assert_eq!(bench.run(3), [("Progressing", 50); 3]);
}

/// A primary that is not ready while a failed Canary sees a new template: the template is noted
/// all the same, so the change is lost.
#[test]
fn a_change_can_be_lost_after_a_failure() {
    let mut bench = bench(growing(50, 50));
    bench.status.phase = Phase::Failed;
    bench.primary.available = 3;
    assert_eq!(bench.tick(), ("Failed", 0));
    bench.primary.available = 4;
    assert_eq!(bench.run(3), [("Failed", 0); 3]);
}

/// A load tester behind a rollout hook is called in every analysis.
#[test]
fn a_load_test_starts_with_every_analysis() {
    let mut bench = bench(growing(50, 100));
    let rate = windtunnel_base::units::Rate::per_sec(20.0);
    let load = Load { straight: true, rate, lasts: SimDuration::ZERO };
    let test = Webhook { load: Some(load), ..hook(Hook::Rollout, Reply::Always) };
    bench.canary.analysis.as_mut().expect("an analysis").webhooks.push(test);
    bench.run(4);
    assert_eq!(bench.said().iter().filter(|s| *s == "(load 20)").count(), 2);
}

/// A call of 12 s is given up after 5 s; two more come after 1 s and 2 s. A refusal ends it at
/// once, and of 10,000 calls to a service that answers every other time, three tries fail one in
/// eight.
#[test]
fn late_and_failed_calls_are_made_again() {
    let secs = SimDuration::from_secs;
    let of = |takes, reply| Webhook {
        takes: secs(takes),
        timeout: Some(secs(5)),
        retries: 2,
        ..hook(Hook::Rollout, reply)
    };
    assert_eq!(of(12, Reply::Always).call(secs(0), 1), (false, secs(5 + 1 + 5 + 2 + 5)));
    assert_eq!(of(3, Reply::Always).call(secs(0), 1), (true, secs(3)));
    assert_eq!(of(3, Reply::Never).call(secs(0), 1), (false, secs(3)));
    let half = of(0, Reply::Share(windtunnel_base::units::Share::clamped(0.5)));
    let failed = (0..10_000).filter(|key| !half.call(secs(0), *key).0).count();
    // Binomial, deviation 33: five of them fail one in a million.
    assert!((1_085..=1_415).contains(&failed), "{failed}");
}

//! Whole rollouts in a cluster where pods become available at once, worked out by hand.

use super::super::blue_green;
use super::super::settings::{
    Analysis, Background, BlueGreen, Experiment, ExperimentAnalysis, ExperimentTemplate, Plugin,
    Strategy, Traffic,
};
use super::super::status::SetSight;
use super::*;
use crate::analysis_run::metric::ArgoMetric;
use crate::analysis_run::outcome::MeasurementAnswer;
use crate::argo::counts::Rs;
use crate::reply::Reply;
use windtunnel_base::time::{SimDuration, SimTime};

fn secs(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

struct Bench {
    settings: ArgoSettings,
    status: ArgoStatus,
    sight: ArgoObserved,
    /// What every query answers.
    answer: f64,
    /// New pods never become available.
    broken: bool,
    events: Vec<(f64, String)>,
    weights: Vec<(f64, f64)>,
    active: Vec<(f64, Template)>,
}

fn bench(strategy: Strategy) -> Bench {
    let settings = ArgoSettings::new("demo", strategy);
    let steps = match &settings.strategy {
        Strategy::Canary(canary) => canary.steps.len(),
        Strategy::BlueGreen(_) => 0,
    };
    let set = |template: Template, size: u32| SetSight {
        template,
        name: format!("demo-{template}"),
        rs: Rs { size, created: size, available: size },
        ready: size,
    };
    let sight =
        ArgoObserved { replicas: 4, wanted: 2, sets: vec![set(1, 4)], ..ArgoObserved::default() };
    let status = ArgoStatus::healthy(1, steps, secs(0));
    let (events, weights, active) = (Vec::new(), Vec::new(), Vec::new());
    Bench { settings, status, sight, answer: 1.0, broken: false, events, weights, active }
}

impl Bench {
    /// Flies until `end`; says the size of each set at that time.
    fn fly(&mut self, end: u64) -> Vec<(Template, u32)> {
        loop {
            let next = self.settle();
            match next.filter(|at| *at <= secs(end)) {
                Some(at) => self.sight.now = at,
                None => break,
            }
        }
        self.sight.now = secs(end);
        self.settle();
        self.sight.sets.iter().map(|set| (set.template, set.rs.size)).collect()
    }

    /// Reconciles until nothing changes; says when to look again.
    fn settle(&mut self) -> Option<SimTime> {
        for _ in 0..100 {
            let (now, answer) = (self.sight.now, self.answer);
            let look = self.status.look(
                now,
                &mut |_| MeasurementAnswer::Samples(vec![answer]),
                &mut Vec::new(),
            );
            let moment = SimDuration::from_millis(1);
            let mut again = look.map(|at| at.max(now) + moment);
            let before = self.status.clone();
            let orders = match self.settings.strategy.clone() {
                Strategy::Canary(plan) => {
                    reconcile(&self.settings, &plan, &mut self.status, &self.sight)
                }
                Strategy::BlueGreen(plan) => {
                    blue_green::reconcile(&self.settings, &plan, &mut self.status, &self.sight)
                }
            };
            let mut wrote = self.status != before;
            for order in orders {
                match order {
                    ArgoWrite::Again(SimDuration::ZERO) => wrote = true,
                    ArgoWrite::Again(span) => {
                        again = [again, Some(now + span)].into_iter().flatten().min();
                    }
                    ArgoWrite::Event(text) => self.events.push((now.as_secs_f64(), text)),
                    other => {
                        wrote = true;
                        self.carry_out(other);
                    }
                }
            }
            if !wrote {
                return again;
            }
        }
        panic!("the reconcile does not come to rest: {:?}", self.status);
    }

    fn carry_out(&mut self, order: ArgoWrite) {
        let now = self.sight.now.as_secs_f64();
        match order {
            ArgoWrite::Create(template) => self.sight.sets.push(SetSight {
                template,
                name: format!("demo-{template}"),
                rs: Rs::default(),
                ready: 0,
            }),
            ArgoWrite::Scale(template, size) => {
                let set = self.sight.sets.iter_mut().find(|set| set.template == template);
                let set = set.expect("a known set");
                let available = if self.broken && template == 2 { 0 } else { size };
                set.rs = Rs { size, created: size, available };
                set.ready = available;
            }
            ArgoWrite::Trial { id, index, size, .. } => {
                let available = if self.broken { 0 } else { size };
                let rs = Rs { size, created: size, available };
                self.sight.trials.retain(|(known, at, _)| (*known, *at) != (id, index));
                self.sight.trials.push((id, index, rs));
            }
            ArgoWrite::Route { weight, .. } => self.weights.push((now.floor(), weight.value())),
            ArgoWrite::Activate(template) => self.active.push((now.floor(), template)),
            _ => {}
        }
    }

    fn told(&self, text: &str) -> Vec<f64> {
        let found = self.events.iter().filter(|(_, told)| told.contains(text));
        found.map(|(at, _)| at.floor()).collect()
    }
}

fn pause(secs: u64) -> Step {
    Step::Pause(Some(SimDuration::from_secs(secs)))
}

fn routed(steps: Vec<Step>) -> Canary {
    Canary { steps, traffic: Some(Traffic::default()), ..Canary::default() }
}

fn rate(success: &str) -> Analysis {
    let metric = ArgoMetric {
        name: "rate".into(),
        query: "x".into(),
        interval: Some(SimDuration::from_secs(60)),
        success: Some(success.into()),
        ..ArgoMetric::default()
    };
    Analysis { metrics: vec![metric] }
}

/// Weight 25 at once (one of four pods is available), a pause of 60 s, 50, another, then 100 and
/// the stable service. The old set is kept for 30 s, then goes.
#[test]
fn a_routed_canary_goes_step_by_step() {
    let steps = vec![Step::SetWeight(25), pause(60), Step::SetWeight(50), pause(60)];
    let mut bench = bench(Strategy::Canary(routed(steps)));
    assert_eq!(bench.fly(59), [(1, 4), (2, 1)]);
    assert_eq!(bench.fly(100), [(1, 4), (2, 2)]);
    assert_eq!(bench.fly(149), [(1, 4), (2, 4)]);
    assert_eq!(bench.fly(151), [(1, 0), (2, 4)]);
    // The last write hands the traffic from the canary's to the stable service.
    let weights = [(0.0, 0.0), (0.0, 0.25), (60.0, 0.5), (120.0, 1.0), (120.0, 0.0)];
    assert_eq!(bench.weights, weights);
    assert_eq!(bench.told("Rollout step 2/4 completed (pause"), [60.0]);
    assert_eq!(bench.told("Completed all 4 canary steps"), [120.0]);
    assert!(bench.status.is_promoted());
}

/// Without routing the weight is the ratio of pods: 4 pods at 50 % within 25 % surge and
/// unavailability end at 2 and 2, then at 0 and 4, and nothing is kept.
#[test]
fn a_basic_canary_is_a_ratio_of_pods() {
    let steps = vec![Step::SetWeight(50), pause(60)];
    let mut bench = bench(Strategy::Canary(Canary { steps, ..Canary::default() }));
    assert_eq!(bench.fly(59), [(1, 2), (2, 2)]);
    assert_eq!(bench.fly(61), [(1, 0), (2, 4)]);
    assert!(bench.weights.is_empty());
}

/// Background analysis of 60 s: it succeeds at 0 s, fails at 60 s, and the abort sets the weight
/// to 0 in the same chain of reconciles. The canary's pods stay for 30 s.
#[test]
fn a_failed_background_analysis_aborts() {
    let mut canary = routed(vec![Step::SetWeight(25), pause(600)]);
    canary.analysis = Some(Background { analysis: rate("result[0] > 0.9"), starting_step: None });
    let mut bench = bench(Strategy::Canary(canary));
    bench.fly(59);
    bench.answer = 0.5;
    assert_eq!(bench.fly(62), [(1, 4), (2, 1)]);
    assert_eq!(bench.weights.last(), Some(&(60.0, 0.0)));
    assert_eq!(bench.told("Background analysis phase error/failed: Metric \"rate\""), [60.0]);
    assert_eq!(bench.fly(92), [(1, 4), (2, 0)]);
    assert_eq!((bench.status.abort, bench.status.step), (true, 0));
}

/// An inline analysis with two measurements a minute apart holds its step for a minute.
#[test]
fn an_analysis_step_waits_for_its_run() {
    let mut analysis = rate("result[0] > 0.9");
    analysis.metrics[0].count = Some(2);
    let steps = vec![Step::SetWeight(25), Step::Analysis(analysis), Step::SetWeight(50)];
    let mut bench = bench(Strategy::Canary(routed(steps)));
    bench.fly(59);
    assert_eq!(bench.status.step, 1);
    bench.fly(61);
    assert_eq!(bench.told("Rollout step 2/3 completed (analysis)"), [60.0]);
    assert!(bench.status.is_promoted());
}

/// A pause without end waits for somebody; the rollback to the stable template skips all steps.
#[test]
fn pauses_without_end_and_the_fast_rollback() {
    let canary = || routed(vec![Step::SetWeight(25), Step::Pause(None), Step::SetWeight(50)]);
    let mut first = bench(Strategy::Canary(canary()));
    first.fly(10_000);
    assert_eq!(first.status.step, 1);
    first.status.promote();
    first.fly(10_001);
    assert!(first.status.is_promoted());
    let mut second = bench(Strategy::Canary(canary()));
    second.fly(100);
    second.sight.wanted = 1;
    second.fly(101);
    assert_eq!(second.told("Rollback to stable ReplicaSets"), [100.0]);
    assert_eq!(second.weights.last().map(|(_, weight)| *weight), Some(0.0));
}

/// A dynamic stable side shrinks as the weight leaves it, and the old set goes at once.
#[test]
fn a_dynamic_stable_side_shrinks() {
    let mut canary = routed(vec![Step::SetWeight(50), pause(60)]);
    canary.dynamic_stable_scale = true;
    let mut bench = bench(Strategy::Canary(canary));
    assert_eq!(bench.fly(59), [(1, 2), (2, 2)]);
    assert_eq!(bench.fly(61), [(1, 0), (2, 4)]);
}

/// Pods that never come: the weight stays 0, and the deadline is told once; with
/// progressDeadlineAbort it aborts.
#[test]
fn the_deadline_is_told_or_aborts() {
    for aborts in [false, true] {
        let mut bench = bench(Strategy::Canary(routed(vec![Step::SetWeight(25), pause(60)])));
        bench.settings.progress_deadline_abort = aborts;
        bench.broken = true;
        bench.fly(700);
        assert!(bench.weights.iter().all(|(_, weight)| *weight == 0.0));
        let text = if aborts { "Rollout aborted update" } else { "has timed out progressing" };
        assert_eq!(bench.told(text), [601.0], "{:?}", bench.events);
        assert_eq!(bench.status.abort, aborts);
    }
}

/// The preview is judged for a minute, then waits 30 s, then everything switches in one write;
/// the old set goes 30 s later.
#[test]
fn blue_green_judges_pauses_and_switches() {
    let mut pre = rate("result[0] > 0.9");
    pre.metrics[0].count = Some(2);
    let plan = BlueGreen {
        pre_promotion: Some(pre),
        auto_promotion_after: SimDuration::from_secs(30),
        preview_replicas: Some(1),
        ..BlueGreen::default()
    };
    let mut bench = bench(Strategy::BlueGreen(plan));
    assert_eq!(bench.fly(59), [(1, 4), (2, 1)]);
    assert_eq!(bench.fly(95), [(1, 4), (2, 4)]);
    assert_eq!(bench.active, [(90.0, 2)]);
    assert_eq!(bench.fly(130), [(1, 0), (2, 4)]);
    assert_eq!(bench.told("Completed blue-green update"), [90.0]);
}

/// A failed post-promotion analysis switches back, and keeps the new pods for 30 s.
#[test]
fn blue_green_switches_back() {
    let plan = BlueGreen { post_promotion: Some(rate("result[0] > 0.9")), ..BlueGreen::default() };
    let mut bench = bench(Strategy::BlueGreen(plan));
    bench.answer = 0.5;
    bench.fly(10);
    assert_eq!(bench.active, [(0.0, 2), (0.0, 1)]);
    assert_eq!(bench.fly(29), [(1, 4), (2, 4)]);
    assert_eq!(bench.fly(31), [(1, 4), (2, 0)]);
    assert!(bench.status.abort);
}

fn experiment(required: bool, secs: Option<u64>) -> Experiment {
    let mut analysis = rate("result[0] > 0.9");
    analysis.metrics[0].count = Some(3);
    let template = |name: &str, canary| ExperimentTemplate {
        name: name.into(),
        canary,
        replicas: 1,
        weight: Some(10),
        serves: true,
    };
    Experiment {
        templates: vec![template("baseline", false), template("canary", true)],
        duration: secs.map(SimDuration::from_secs),
        analyses: vec![ExperimentAnalysis { name: "rate".into(), analysis, required }],
        scale_down_delay: None,
    }
}

impl Bench {
    /// Pods of experiments.
    fn beside(&self) -> u32 {
        self.sight.trials.iter().map(|(.., rs)| rs.size).sum()
    }
}

/// Measurements at 0, 60 and 120 s; an experiment of 90 s without a required analysis ends with its
/// duration, its canary having had 10 %, and its pods go 30 s later.
#[test]
fn an_experiment_lasts_for_its_duration() {
    let steps = vec![Step::Experiment(experiment(false, Some(90))), Step::SetWeight(50)];
    let mut bench = bench(Strategy::Canary(routed(steps)));
    bench.fly(89);
    assert_eq!((bench.status.step, bench.beside()), (0, 2));
    assert_eq!(bench.weights.last(), Some(&(0.0, 0.1)));
    bench.fly(119);
    assert_eq!(bench.told("Rollout step 1/2 completed (experiment)"), [90.0]);
    assert!(bench.status.is_promoted());
    assert_eq!(bench.beside(), 2);
    bench.fly(121);
    assert_eq!(bench.beside(), 0);
}

/// A required analysis ends it: after the third measurement, whatever the duration says, before or
/// after; and without either it has no end.
#[test]
fn a_required_analysis_ends_an_experiment() {
    for (required, secs, end) in
        [(true, None, Some(120.0)), (true, Some(30), Some(120.0)), (false, None, None)]
    {
        let steps = vec![Step::Experiment(experiment(required, secs)), Step::SetWeight(50)];
        let mut bench = bench(Strategy::Canary(routed(steps)));
        bench.fly(10_000);
        let ends = bench.told("Rollout step 1/2 completed (experiment)");
        assert_eq!(ends.first().copied(), end, "{required} {secs:?}: {:?}", bench.events);
    }
}

/// A bad analysis ends it early and aborts; so do pods that never come, after the deadline.
#[test]
fn a_bad_experiment_aborts() {
    let steps = vec![Step::SetWeight(25), Step::Experiment(experiment(false, Some(600)))];
    let mut bad = bench(Strategy::Canary(routed(steps)));
    bad.fly(59);
    assert_eq!(bad.weights.last(), Some(&(0.0, 0.35)));
    bad.answer = 0.5;
    bad.fly(62);
    let text = "Rollout aborted update to revision 2: Experiment analysis phase is error/failed: \
        Metric \"rate\" assessed Failed";
    assert_eq!(bad.told(text), [60.0], "{:?}", bad.events);
    assert_eq!(bad.weights.last(), Some(&(60.0, 0.0)));
    bad.fly(91);
    assert_eq!(bad.beside(), 0);

    let steps = vec![Step::Experiment(experiment(false, Some(60)))];
    let mut stuck = bench(Strategy::Canary(routed(steps)));
    stuck.broken = true;
    stuck.fly(700);
    let text = "Template 'baseline' exceeded its progressDeadlineSeconds (600)";
    assert_eq!(stuck.told(text).first(), Some(&600.0), "{:?}", stuck.events);
    assert!(stuck.status.abort);
}

/// A plugin runs for its time; one that fails aborts, and a later one may succeed by the clock.
#[test]
fn plugins_end_as_they_are_set_to() {
    let plugin = |reply, secs| {
        let takes = SimDuration::from_secs(secs);
        Step::Plugin(Plugin { name: "example/gate".into(), reply, takes })
    };
    let late = Reply::From(SimDuration::from_secs(60));
    let steps = vec![plugin(Reply::Always, 30), plugin(late, 30), plugin(Reply::Never, 10)];
    let mut bench = bench(Strategy::Canary(routed(steps)));
    bench.fly(100);
    assert_eq!(bench.told("Rollout step 1/3 completed (plugin: example/gate)"), [30.0]);
    assert_eq!(bench.told("Rollout step 2/3 completed (plugin: example/gate)"), [60.0]);
    assert_eq!(bench.told("Rollout aborted update to revision 2: Step Plugin 3"), [70.0]);
}

/// Within the window an undo passes over steps and analysis, whose pods may be gone; an undo beyond
/// it walks through both.
#[test]
fn an_undo_within_the_window_passes_over_steps() {
    for window in [None, Some(1)] {
        let mut analysis = rate("result[0] > 0.9");
        analysis.metrics[0].count = Some(1);
        let steps = vec![Step::SetWeight(25), pause(60), Step::Analysis(analysis)];
        let mut bench = bench(Strategy::Canary(routed(steps)));
        bench.settings.rollback_window = window;
        assert_eq!(bench.fly(200), [(1, 0), (2, 4)]);
        bench.sight.wanted = 1;
        bench.answer = 0.5;
        bench.fly(201);
        let text = "Rollout completed update to revision 1 (demo-1): Rollback within window";
        let within = window.is_some();
        assert_eq!(!bench.told(text).is_empty(), within, "{:?}", bench.events);
        assert_eq!(bench.status.is_promoted(), within);
        bench.fly(400);
        assert_eq!(bench.status.abort, !within, "its analysis fails where it is asked");
    }
}

/// While the old set waits for its end the rollback of blue-green is one write, without an
/// analysis; after that the old version is previewed and judged like any other.
#[test]
fn the_rollback_is_fast_while_old_pods_are_there() {
    for (undone, fast) in [(100, true), (200, false)] {
        let mut pre = rate("result[0] > 0.9");
        pre.metrics[0].count = Some(2);
        let plan = BlueGreen {
            pre_promotion: Some(pre),
            scale_down_delay: Some(SimDuration::from_secs(60)),
            ..BlueGreen::default()
        };
        let mut bench = bench(Strategy::BlueGreen(plan));
        bench.fly(undone);
        assert_eq!(bench.active, [(60.0, 2)]);
        bench.sight.wanted = 1;
        bench.fly(undone + 30);
        let back: Vec<f64> = bench.active[1..].iter().map(|(at, _)| *at).collect();
        assert_eq!(back, if fast { vec![undone as f64] } else { vec![] });
        bench.fly(undone + 61);
        assert_eq!(bench.active.last().map(|(_, template)| *template), Some(1));
        let runs = bench.told("PrePromotion Analysis Run");
        assert_eq!(runs.len(), if fast { 1 } else { 2 }, "{:?}", bench.events);
    }
}

/// A pause of no length is over with the next reconcile, which its own write brings about.
#[test]
fn a_pause_of_no_length_ends_a_moment_later() {
    let steps = vec![Step::SetWeight(25), pause(0), Step::SetWeight(50), pause(60)];
    let mut bench = bench(Strategy::Canary(routed(steps)));
    bench.fly(100);
    assert_eq!(bench.told("Rollout step 2/4 completed (pause"), [0.0]);
    assert_eq!(bench.told("Completed all 4 canary steps"), [60.0]);
}

#[test]
fn parts_of_the_largest_weights_are_exact() {
    assert_eq!(part(i32::MAX as u32, 10, 20), i32::MAX as u32 / 2);
    assert_eq!(part(1_000_000_000, 100_000, 1), u32::MAX, "more than fits");
    assert_eq!((part(100, 3, 4), part(100, 0, 0)), (75, 0));
}

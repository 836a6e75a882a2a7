//! Phases, weights and answers of Flagger against the controller's own tests.

use crate::input::Input;
use crate::runner;
use serde_json::{Value, json};
use windtunnel::base::time::{SimDuration, SimTime};
use windtunnel::base::units::{Share, parse_duration};
use windtunnel::strategy::flagger::answer::{FlaggerAnswer, Response, read};
use windtunnel::strategy::flagger::check::Question;
use windtunnel::strategy::flagger::ready::Report;
use windtunnel::strategy::flagger::settings::{
    Affinity, Analysis, FlaggerSettings, Matching, Names, Webhook,
};
use windtunnel::strategy::flagger::status::{FlaggerStatus, Phase, Spec};
use windtunnel::strategy::flagger::tick::{
    FlaggerObserved, FlaggerQueries, FlaggerWrite, advance, reported_routes,
};
use windtunnel::strategy::flagger::weights::{Mode, Routes};

/// Longer than any rollout of a case.
const TICKS: usize = 100;

#[test]
fn flagger_phases() {
    runner::run_list("flagger-phases", "cases", |case| {
        let mut bench = Bench::new(case);
        if let Some(last) = case.get("phases_contains_final") {
            let phases: Vec<_> = (0..TICKS).map(|_| bench.tick()).collect();
            return (json!(phases.last()), last.clone());
        }
        let expected = case.get("phases").cloned().unwrap_or_default();
        let ticks = expected.as_array().map_or(0, Vec::len);
        assert!(ticks > 0, "a case without phases");
        let found: Vec<_> = (0..ticks).map(|_| bench.tick()).collect();
        known(&json!(found), expected)
    });
}

#[test]
fn flagger_scale() {
    runner::run_list("flagger-phases", "scale", |entry| {
        let mut bench = Bench::new(Input::of(&json!({"analysis": {"stepWeight": 10}})));
        match entry.text("event") {
            "initialized" => {
                bench.status.phase = Phase::Initializing;
                bench.spec = Spec::default();
                bench.canary = ready(3);
                assert_eq!(bench.tick(), "Initialized");
            }
            "first tick after new spec" => drop(bench.tick()),
            other => panic!("event {other}"),
        }
        let found = bench.canary.desired;
        match (entry.count_at("canary_replicas"), entry.count_at("canary_replicas_at_least")) {
            (Some(exactly), _) => (json!(found), json!(exactly)),
            (None, least) => (json!(found >= least.expect("a bound")), json!(true)),
        }
    });
}

#[test]
fn flagger_strategy() {
    runner::run_list("flagger-phases", "strategy", |entry| {
        let analysis = entry.part("analysis").map(analysis);
        let expected = entry.get("expect").cloned().unwrap_or_default();
        let word = match Mode::of(analysis.as_ref()) {
            Mode::Canary => "canary",
            Mode::AbTesting => "ab-testing",
            Mode::BlueGreen => "blue-green",
        };
        (json!(word), expected)
    });
}

#[test]
fn flagger_prometheus() {
    runner::run_list("flagger-phases", "prometheus", |entry| {
        let values = entry.words("values");
        let numbers = values.iter().map(|v| v.parse().expect("a number")).collect();
        let response = match entry.text("result_type") {
            "vector" => Response::Vector(numbers),
            "matrix" => Response::Matrix(1),
            "scalar" | "string" => Response::Single,
            other => panic!("result type {other}"),
        };
        let found = match read(&response) {
            FlaggerAnswer::Value(value) => {
                return (json!(value), entry.get("expect_value").cloned().unwrap_or_default());
            }
            FlaggerAnswer::NoValues => "no values found".to_string(),
            FlaggerAnswer::Error(text) if text == "query returned multiple values" => {
                "error multiple values".to_string()
            }
            FlaggerAnswer::Error(text) => text,
            FlaggerAnswer::Given(_) => unreachable!("a response is no setting"),
        };
        (json!(found), entry.get("expect").cloned().unwrap_or_default())
    });
}

#[test]
fn flagger_weight_sequences() {
    runner::run_list("flagger-weight-sequences", "cases", |case| {
        let mut bench = Bench::new(case);
        let part = |key: &str| case.get(key).cloned().unwrap_or_default();
        let ticks = part("primary").as_array().map_or(0, Vec::len);
        assert!(ticks > 0, "a case without weights");
        let (mut primary, mut canary) = (Vec::new(), Vec::new());
        for _ in 0..ticks {
            assert_eq!(bench.tick(), "Progressing");
            primary.push(json!(bench.routes.primary));
            canary.push(json!(bench.routes.canary));
        }
        let mut then = Vec::new();
        for _ in 0..part("then").as_array().map_or(0, Vec::len) {
            then.push(bench.tick());
            if then.last() == Some(&"Finalising") {
                assert_eq!(bench.routes, Routes::PRIMARY);
            }
        }
        let found = json!([primary, canary, then]);
        known(&found, json!([part("primary"), part("canary"), part("then")]))
    });
}

/// Puts what was found wherever nothing is expected.
fn known(found: &Value, expected: Value) -> (Value, Value) {
    fn fill(found: &Value, expected: Value) -> Value {
        match (found, expected) {
            (found, Value::Null) => found.clone(),
            (Value::Array(found), Value::Array(expected)) => {
                let pairs = expected.into_iter().enumerate();
                pairs.map(|(i, e)| found.get(i).map_or(e.clone(), |f| fill(f, e.clone()))).collect()
            }
            (_, expected) => expected,
        }
    }
    let filled = fill(found, expected);
    (found.clone(), filled)
}

/// A Canary in a cluster where orders take effect at once, and whose checks pass.
struct Bench {
    settings: FlaggerSettings,
    status: FlaggerStatus,
    routes: Routes,
    spec: Spec,
    canary: Report,
    ticks: u64,
}

struct Passing;

impl FlaggerQueries for Passing {
    fn call(&mut self, _: &Webhook) -> bool {
        true
    }

    fn ask(&mut self, _: Question) -> FlaggerAnswer {
        FlaggerAnswer::Value(100.0)
    }
}

impl Bench {
    fn new(case: Input) -> Bench {
        let mut settings = FlaggerSettings::new(Names::of("podinfo", "default"));
        settings.analysis = case.part("analysis").map(analysis);
        let mut bench = Bench {
            settings,
            status: FlaggerStatus::initialized(Spec::default()),
            routes: Routes::PRIMARY,
            spec: Spec { template: 1, configs: 0 },
            canary: ready(0),
            ticks: 0,
        };
        if let Some(forced) = case.part("forced") {
            bench.status.sync(
                phase(forced.text("phase")),
                forced.count("canaryWeight"),
                bench.spec,
            );
            bench.status.failed = forced.count("failedChecks");
            bench.status.iterations = forced.number("iterations").unwrap_or(0);
        }
        bench
    }

    fn tick(&mut self) -> &'static str {
        let now = SimTime::ZERO + SimDuration::from_secs(60) * self.ticks;
        self.ticks += 1;
        let routes = reported_routes(&self.settings, &self.status, self.routes);
        let sight = FlaggerObserved {
            now,
            primary: ready(1),
            canary: self.canary,
            routes,
            spec: self.spec,
        };
        for order in advance(&self.settings, &mut self.status, &sight, &mut Passing) {
            match order {
                FlaggerWrite::Route(routes) => self.routes = routes,
                FlaggerWrite::ScaleCanary(size) => self.canary = ready(size),
                FlaggerWrite::Promote | FlaggerWrite::Load(..) | FlaggerWrite::Event(_) => {}
            }
        }
        self.status.phase.word()
    }
}

fn ready(size: u32) -> Report {
    Report {
        observed: true,
        desired: size,
        updated: size,
        replicas: size,
        available: size,
        ..Report::default()
    }
}

fn phase(word: &str) -> Phase {
    let all = [
        Phase::Initializing,
        Phase::Initialized,
        Phase::Waiting,
        Phase::Progressing,
        Phase::WaitingPromotion,
        Phase::Promoting,
        Phase::Finalising,
        Phase::Succeeded,
        Phase::Failed,
    ];
    all.into_iter().find(|p| p.word() == word).unwrap_or_else(|| panic!("phase {word}"))
}

fn analysis(input: Input) -> Analysis {
    let list = input.get("match").and_then(Value::as_array);
    let matches: Vec<String> = list.into_iter().flatten().map(Value::to_string).collect();
    let share = Share::clamped(0.1);
    Analysis {
        interval: Analysis::interval_of(parse_duration(input.text("interval"))),
        threshold: input.count("threshold"),
        max_weight: input.count("maxWeight"),
        step_weight: input.count("stepWeight"),
        step_weights: input.counts("stepWeights"),
        step_weight_promotion: input.count("stepWeightPromotion"),
        iterations: input.count("iterations"),
        mirror: input.flag("mirror", false),
        mirror_weight: input.count("mirrorWeight"),
        matching: (!matches.is_empty()).then_some(Matching { conditions: matches, share }),
        affinity: input.get("sessionAffinity").map(|_| Affinity::default()),
        ..Analysis::default()
    }
}

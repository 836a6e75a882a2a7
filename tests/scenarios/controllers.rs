//! What users of the real controllers ran into: one small stream each, in `scenarios/controllers`,
//! with the manifests that they would have. Each says what it asks and found and in which thread
//! it was told, does what its `expect:` lines say, and shows the mechanism.

use crate::flown;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::experiment::results::Judgement;
use windtunnel::manifest::{self, Input};
use windtunnel::outcome::{MeasureId, Outcome, Recording};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::yaml;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/controllers")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// The scenarios of a stream, joined with its manifests, and the warnings about them.
fn scenarios(path: &Path) -> (Vec<Arc<Scenario>>, Vec<String>) {
    let text = std::fs::read_to_string(path).expect("text");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let documents = yaml::documents(&text, &name).unwrap_or_else(|p| panic!("{p}"));
    let input = Input { file: Arc::from(name.as_str()), text: Arc::from(text.as_str()), documents };
    let import = manifest::read(&[input], manifest::ReadRequest::default())
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for flyable in &import.flyables {
        let (read, notes) = flyable.scenario().unwrap_or_else(|p| panic!("{name}: {p:?}"));
        found.extend(read.into_iter().map(Arc::new));
        warnings.extend(notes.iter().map(ToString::to_string));
    }
    (found, warnings)
}

/// A recorded flight; times count from the release.
struct Told {
    outcome: Outcome,
    recording: Recording,
    release_s: f64,
}

/// Flies the variant and the strategy of these names.
fn told(file: &str, scenario: &str, variant: &str, plan: &str) -> Told {
    let found = scenarios(&folder().join(file)).0;
    let scenario: &Arc<Scenario> =
        found.iter().find(|s| s.name == scenario).unwrap_or_else(|| panic!("no {scenario}"));
    let variant = scenario.release.variants.iter().position(|v| v.name == variant);
    let plan = scenario.plans.iter().position(|own| own.name == plan).expect("the strategy");
    let crew = Crew::bind(scenario).expect("sound queries");
    let order = FlightSpec { checked: true, ..single_order(scenario, 1, 0) };
    let twin = fly_twin(scenario, &order);
    let order = FlightSpec { record: Some(SimDuration::from_secs(1)), ..order };
    let (outcome, recording) = fly(&crew, variant.expect("the variant"), plan, &order, &twin);
    let recording = recording.expect("a recording");
    Told { outcome, recording, release_s: scenario.release.at.as_secs_f64() }
}

impl Told {
    /// Seconds after the release at which lines of the story hold `text`.
    fn at(&self, text: &str) -> Vec<f64> {
        let found = self.recording.events.iter().filter(|e| e.text.contains(text));
        found.map(|e| e.at.as_secs_f64() - self.release_s).collect()
    }

    /// The first of them; without one the test fails and shows the story.
    fn first(&self, text: &str) -> f64 {
        *self.at(text).first().unwrap_or_else(|| panic!("nobody told {text:?}:\n{}", self.story()))
    }

    fn story(&self) -> String {
        let events = self.recording.events.iter();
        events.map(|e| format!("{:>9.3} {}\n", e.at.as_secs_f64(), e.text)).collect()
    }

    /// Failed and wrong requests between two instants after the release.
    fn failed(&self, from: f64, until: f64) -> u64 {
        let within = |t: f64| t > from + self.release_s && t <= until + self.release_s;
        self.recording.samples.iter().filter(|s| within(s.t_s)).map(|s| s.failed).sum()
    }

    fn measure(&self, id: MeasureId) -> f64 {
        self.outcome.measures.get(id).unwrap_or_else(|| panic!("no {}", id.name()))
    }
}

#[test]
fn every_one_asks_points_and_answers() {
    let files = files();
    assert_eq!(files.len(), 10, "{files:?}");
    for path in files {
        let (found, warnings) = scenarios(&path);
        let first = found.first().expect("a scenario");
        assert_eq!(path.file_stem().and_then(|s| s.to_str()), Some(first.name.as_str()));
        // A missing preStop hook is no controller's thread.
        let thread = ["(flagger ", "(argo "].iter().any(|of| first.head.contains(of));
        assert!(thread || first.name == "no-prestop", "{path:?}: no thread");
        for part in ["Question: ", "Look at: ", "Answer: "] {
            assert!(first.head.contains(part), "{path:?} has no {part:?} in its head");
        }
        assert!(first.head.chars().any(|c| c.is_ascii_digit()), "{path:?}: no figure");
        assert!(found.iter().all(|s| !s.expect.is_empty()), "{path:?}: no expectation");
        let errors: Vec<_> = warnings.iter().filter(|w| w.contains("error")).collect();
        assert!(errors.is_empty(), "{path:?}: {errors:?}");
    }
}

#[test]
fn no_expectation_fails_over_seeds() {
    for path in files() {
        for seed in 1..=3 {
            for results in flown(&scenarios(&path).0, seed, 4) {
                for line in &results.expectations {
                    let fails = line.judgement == Judgement::Fails;
                    assert!(!fails, "{path:?}, seed {seed}: {}: {}", line.text, line.detail);
                }
            }
        }
    }
}

/// Two requests a minute reach the canary at 10 %: checks find no values, and three such ticks
/// roll back. Under a load test only the first finds none: it is asked before the load has begun.
#[test]
fn a_quiet_canary_has_no_values() {
    let text = "no values found for istio metric request-success-rate";
    let quiet = told("quiet-canary.yaml", "quiet-canary", "good", "flagger");
    assert!(!quiet.at(text).is_empty(), "{}", quiet.story());
    let loaded = told("quiet-canary.yaml", "quiet-canary", "good", "with-load-test");
    assert!(loaded.at(text).len() <= 1, "{}", loaded.story());
}

/// Checks come before the gate: behind a gate that is open since 10 min, ten ticks of failed checks
/// are counted and nothing is promoted.
#[test]
fn an_open_gate_does_not_help_against_checks() {
    let bad = told("open-gate.yaml", "open-gate", "bad", "flagger");
    let halts = bad.at("Halt shop.default advancement success rate");
    assert!(halts.iter().filter(|at| **at > 600.0).count() >= 5, "{}", bad.story());
    assert!(bad.at("Copying").is_empty(), "{}", bad.story());
    let good = told("open-gate.yaml", "open-gate", "good", "flagger");
    // The first tick after 10 min at which the gate is asked.
    assert!((600.0..=720.0).contains(&good.first("Copying")), "{}", good.story());
}

/// The primary gives pods back while the canary carries the traffic; with everything sent to it at
/// once it fails until its autoscaler has caught up.
#[test]
fn a_shrunk_primary_gets_all_traffic() {
    let at_once = told("shrunk-primary.yaml", "shrunk-primary", "good", "flagger");
    let routed = at_once.first("Routing all traffic to primary");
    let shrunk = at_once.first("shop-primary: SuccessfulRescale");
    assert!(shrunk < routed, "{}", at_once.story());
    assert!(at_once.failed(routed, routed + 120.0) > 100, "{}", at_once.story());
    let kept = told("shrunk-primary.yaml", "shrunk-primary", "good", "primary-minimum");
    assert!(kept.failed(0.0, 2_340.0) <= 20, "{}", kept.story());
}

/// 5 % of three pods is one pod beside three: a quarter of the requests.
#[test]
fn the_weight_of_few_pods_is_their_ratio() {
    let weight = |plan| {
        let flown = told("few-replicas.yaml", "few-replicas", "bad", plan);
        flown.recording.samples.last().expect("samples").weight_new
    };
    assert!((weight("argoCanary") - 0.25).abs() < 1e-9);
    assert!((weight("by-mesh") - 0.05).abs() < 1e-9);
}

/// Propagation takes 1 s to 5 s and requests a fraction of a second: 10 s are enough, 1 s is not.
#[test]
fn errors_vanish_once_old_pods_outlive_the_routes() {
    let failed = |plan| {
        let flown = told("stable-too-early.yaml", "stable-too-early", "good", plan);
        flown.measure(MeasureId::RequestsFailed)
    };
    let delays = ["argoCanary", "delay-1s", "delay-3s", "delay-10s"].map(failed);
    assert!(delays[0] > 0.0 && delays[1] > delays[2], "{delays:?}");
    assert_eq!(delays[3], 0.0, "{delays:?}");
}

/// Users who met the canary stay with it: at a weight of 10 % most requests end up there.
#[test]
fn cookies_move_everyone_to_the_canary() {
    let wrong = |plan| {
        let flown = told("session-drift.yaml", "session-drift", "bad", plan);
        flown.failed(2_000.0, 2_400.0) as f64 / (400.0 * 40.0) / 0.2
    };
    let (plain, sticky) = (wrong("by-request"), wrong("flagger"));
    // 16,000 requests, 2 % of them wrong: 320 with a deviation of 18.
    assert!((0.07..0.13).contains(&plain), "{plain}");
    assert!(sticky > 0.9, "{sticky}");
}

/// Five errors in a row, ten seconds apart: the fifth comes 40 s after the first.
#[test]
fn an_empty_vector_aborts_in_forty_seconds() {
    let flown = told("empty-vector.yaml", "empty-vector", "good", "argoCanary");
    let measured = flown.at("measurement of success-rate: Error");
    assert_eq!(measured.len(), 5, "{}", flown.story());
    let took = measured[4] - measured[0];
    assert!((40.0..42.0).contains(&took), "{took}: {}", flown.story());
    let fine = told("empty-vector.yaml", "empty-vector", "good", "empty-is-fine");
    assert!(fine.at("measurement of success-rate: Error").is_empty(), "{}", fine.story());
}

/// One autoscaler sees the mean of all pods, which hardly moves; one of the canary's own sees its
/// pods alone, and doubles them.
#[test]
fn a_mean_hides_hot_pods() {
    let one = told("hot-canary.yaml", "hot-canary", "slower", "argoCanary");
    let two = told("hot-canary.yaml", "hot-canary", "slower", "one-for-each-side");
    assert!(one.measure(MeasureId::RequestsSlow) > 4.0 * two.measure(MeasureId::RequestsSlow));
    assert!(!two.at("shop: SuccessfulRescale").is_empty(), "{}", two.story());
}

/// Every copied order is placed twice.
#[test]
fn mirrored_writes_count_twice() {
    let of = |plan| {
        let flown = told("mirrored-writes.yaml", "mirrored-writes", "good", plan);
        (
            flown.measure(MeasureId::SideEffectsDuplicated),
            flown.measure(MeasureId::UsersHurtByRelease),
        )
    };
    let (mirrored, hurt) = of("flagger");
    assert!(mirrored > 500.0, "{mirrored}");
    assert_eq!((hurt, of("weights-only").0), (0.0, 0.0));
}

/// Requests come to a stopped pod until every proxy has learnt of it: about a second at 20/s for
/// each of ten pods.
#[test]
fn pods_without_pre_stop_drop_requests() {
    let failed = |scenario| {
        let flown = told("no-prestop.yaml", scenario, "good", "rollingUpdate");
        flown.measure(MeasureId::RequestsFailed)
    };
    let (without, with) = (failed("no-prestop"), failed("with-prestop"));
    assert!(without > 100.0 && with < without / 10.0, "{without}, {with}");
}

//! The manifests that come along fly as they are, with what stands beside them or alone.

use super::input::{files, name, scenarios};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::Settings;
use windtunnel::experiment::results::ScenarioResults;
use windtunnel::experiment::run;
use windtunnel::scenario::model::Scenario;

fn flown(scenarios: &[Arc<Scenario>]) -> Vec<ScenarioResults> {
    let settings = Settings {
        seed: 1,
        replications: Some(2),
        requests_max: None,
        checked: true,
        record: false,
        export: false,
    };
    run(scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
        .scenarios
}

fn read(text: &str, file: &str) -> Vec<Arc<Scenario>> {
    let (found, _) = scenarios(text, file).unwrap_or_else(|problems| panic!("{problems:#?}"));
    found
}

#[test]
fn every_manifest_that_comes_along_flies() {
    for path in files("scenarios/manifests") {
        let text = std::fs::read_to_string(&path).expect("text");
        let scenarios = read(&text, &name(&path));
        assert_eq!(scenarios.len(), 1, "{path:?}");
        assert_eq!(scenarios[0].release.variants.len(), 6, "{path:?}: the standard storm");
        assert_eq!(scenarios[0].plans.len(), 1, "{path:?}");
        let results = flown(&scenarios);
        assert_eq!(results.len(), 1, "{path:?}");
    }
}

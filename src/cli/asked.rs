//! Are the flights of a run those that a scenario's own answer is of?

use super::flags::Flight;
use std::sync::Arc;
use windtunnel_experiment::results::Results;
use windtunnel_model::scenario::model::Scenario;

/// The seed of the flights that the answers in files tell of: what is flown without `--seed`.
const SEED: u64 = 1;

/// Is flown what the files say, all of it, and from the seed that is flown without a word?
fn is_as_written(flags: &Flight) -> bool {
    let source = &flags.source;
    let fields = source.sets.is_empty() && source.checks.is_none() && source.scenario.is_none();
    let flights = flags.replications.is_none() && flags.max_requests.is_none() && !flags.quick;
    fields && flights && flags.strategies.is_empty() && flags.seed == SEED
}

/// The scenarios, each with its author's answer only where it is of the flights to come.
pub fn scenarios(scenarios: Vec<Arc<Scenario>>, flags: &Flight) -> Vec<Arc<Scenario>> {
    if is_as_written(flags) {
        return scenarios;
    }
    scenarios.iter().map(|scenario| Arc::new(scenario.unanswered())).collect()
}

/// The results, without answers if flights are missing.
pub fn results(mut results: Results) -> Results {
    for found in results.scenarios.iter_mut().filter(|_| results.interrupted) {
        found.scenario = Arc::new(found.scenario.unanswered());
    }
    results
}

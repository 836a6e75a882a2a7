//! The gate, flown: lines end when they are decided, nothing is flown that nobody asks for, and
//! threads change nothing.

use crate::tunnel::tunnel;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment;
use windtunnel::experiment::fly::{BATCH, Campaign, Flown, FlySettings};
use windtunnel::experiment::results::Judgement;
use windtunnel::scenario::model::Scenario;

const MOST: u32 = 64;

/// A plain line about a good release, one that no number of flights decides about a bad one; of
/// three strategies and three releases nobody asks for the rest.
fn scenario(lines: &[&str]) -> Arc<Scenario> {
    let lines = lines.iter().map(|line| format!("\"{line}\"")).collect::<Vec<_>>().join(", ");
    let spec = format!(
        "
    horizon: 3m
    service: {{replicas: 2, startup: 1s, routes: [{{name: all, errors: 1%}}]}}
    traffic: {{users: 50, arrivals: {{poisson: {{rate: 2/s}}}}}}
    onCall: none
    release: {{at: 30s, variants: [{{name: good, share: 80%}}, {{name: bad, share: 10%, \
    faults: [{{errors: {{rate: 50%}}}}]}}, {{name: odd, share: 10%, faults: [{{errors: {{rate: \
    5%}}}}]}}]}}
    strategies: [rollingUpdate, recreate, blueGreen]
    expect: [{lines}]
    replications: {{min: 16, max: {MOST}}}"
    );
    Arc::new(tunnel(&spec).scenario)
}

const PLAIN: &str = "rollingUpdate · good · requests > 1";
/// Half of the flights are above their median, however many there are.
const OPEN: &str = "recreate · bad · requests · p50 > MEDIAN";

fn settings(record: bool) -> FlySettings {
    FlySettings {
        seed: 7,
        replications: None,
        requests_max: None,
        decide: true,
        checked: false,
        record,
        export: false,
    }
}

fn fly(scenario: &Arc<Scenario>, settings: &FlySettings, threads: usize) -> Flown {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let stop = AtomicBool::new(false);
    pool.install(|| {
        let campaign = Campaign::new(scenario, settings, &stop, &|_, _| {});
        campaign.expect("sound queries").fly()
    })
}

fn counts(flown: &Flown) -> Vec<Vec<usize>> {
    flown.flights.iter().map(|plans| plans.iter().map(Vec::len).collect()).collect()
}

/// The line that stays open: its limit is the median of as many flights as there may be.
fn open_line() -> String {
    let scenario = scenario(&[PLAIN]);
    let all = FlySettings { decide: false, replications: Some(MOST), ..settings(false) };
    let flown = fly(&scenario, &all, 2);
    let mut requests: Vec<f64> =
        flown.flights[1][1].iter().filter_map(|row| row.measures.requests).collect();
    requests.sort_by(f64::total_cmp);
    OPEN.replace("MEDIAN", &format!("{}", requests[requests.len() / 2]))
}

#[test]
fn lines_are_flown_until_they_are_decided_and_nothing_else_is() {
    let most = MOST as usize;
    let scenario = scenario(&[PLAIN, &open_line()]);
    let flown = fly(&scenario, &settings(false), 4);
    assert_eq!(counts(&flown), [[BATCH as usize, 0, 0], [0, most, 0], [0, 0, 0]]);
    let judged = flown.judged.as_ref().expect("the gate has looked");
    let found: Vec<Judgement> = judged.iter().map(|line| line.judgement).collect();
    assert_eq!(found, [Judgement::Holds, Judgement::Undecided]);
    assert!(judged[1].detail.contains("flights would"), "{}", judged[1].detail);
    let alone = fly(&scenario, &settings(false), 1);
    assert_eq!(alone.flights, flown.flights, "threads change nothing");
    let details = |flown: &Flown| -> Vec<String> {
        flown.judged.iter().flatten().map(|line| line.detail.clone()).collect()
    };
    assert_eq!(details(&alone), details(&flown));
}

/// A report tells of every pair: then the first batch flies all of them.
#[test]
fn a_report_has_a_batch_of_every_pair() {
    let flown = fly(&scenario(&[PLAIN]), &settings(true), 2);
    assert_eq!(counts(&flown), [[BATCH as usize; 3]; 3]);
}

/// Scenarios without a line cost no flight; those with one are judged and tabulated as far as they
/// were flown, and what was never compared is not called alike.
#[test]
fn what_has_no_line_is_not_flown() {
    let scenarios = [scenario(&[]), scenario(&[PLAIN])];
    let (settings, stop) = (settings(false), AtomicBool::new(false));
    let results = experiment::run(&scenarios, &settings, "check", &stop, &|_, _, _| {});
    let results = results.expect("sound queries");
    assert_eq!(results.scenarios.len(), 1);
    let found = &results.scenarios[0];
    assert_eq!(found.expectations[0].judgement, Judgement::Holds);
    assert!(found.idle.is_empty(), "{:?}", found.idle);
    let text = windtunnel::report::table::text(found, &[]);
    assert!(!text.contains("NaN"), "{text}");
}

//! What `validate` foretells of checks is what flights do: every figure of a family of scenarios
//! is flown. Rehearsals and flights are two samples of the same share if Newcombe's interval of
//! their difference holds 0; the error probability is 10⁻⁴ over all figures together.

use crate::tunnel::{SEED, parse};
use rayon::prelude::*;
use std::sync::Arc;
use windtunnel::base::time::SimDuration;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::experiment::fly::single_order;
use windtunnel::outcome::{Outcome, Recording, Verdict};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::rehearsal::{Foretold, WORK, rehearse};
use windtunnel::stats::proportions::two_proportions;

/// Flights of every member of the family.
const FLIGHTS: u32 = 300;
/// Figures that are compared: two of every check.
const FIGURES: f64 = 26.0;

/// (its strategy, traffic, base errors, scrape interval).
const FAMILY: [(&str, &str, &str, &str); 10] = [
    // Where one error in 14 requests was said to fail 6.6 % of the looks.
    (
        "canary: {steps: [10%, 25%, 50%], interval: 1m, checks: [{errorRate: {max: 2%}}]}",
        "3/s",
        "0.5%",
        "15s",
    ),
    // A third of these windows hold two scrapes.
    (
        "canary: {steps: [50%, 60%], checks: [{errorRate: {max: 90%, window: 20s}}]}",
        "20/s",
        "0%",
        "15s",
    ),
    (
        "canary: {steps: [100%], checks: [{errorRate: {max: 90%, window: 20s}}]}",
        "20/s",
        "0%",
        "15s",
    ),
    ("canary: {steps: [50%, 60%], checks: [{errorRate: {max: 1%}}]}", "20/s", "0.8%", "15s"),
    (
        "canary: {steps: [50%, 60%], checks: [{errorRate: {overStable: 0.5%}}]}",
        "20/s",
        "0.8%",
        "15s",
    ),
    (
        "canary: {steps: [50%, 60%], interval: 2m, routing: podRatio, failureLimit: 1, \
      checks: [{errorRate: {max: 1%, noData: wait}}]}",
        "15/s",
        "1%",
        "30s",
    ),
    (
        "canary: {steps: [20%, 60%], checks: [{query: \
      'sum(rate(http_requests_total{version=\"new\",status=\"500\"}[1m])) / \
       sum(rate(http_requests_total{version=\"new\"}[1m]))', failsWhen: '> 0.015'}]}",
        "20/s",
        "1%",
        "15s",
    ),
    (
        "canary: {steps: [20%, 60%], checks: [{query: \
      'sum(increase(http_requests_total{version=\"new\",status=\"500\"}[2m]))', \
      failsWhen: '> 1.5'}]}",
        "20/s",
        "0.5%",
        "15s",
    ),
    (
        "flagger: {names: {target: test}, analysis: {interval: 1m, threshold: 2, stepWeight: 20, \
      maxWeight: 60, metrics: [{name: request-success-rate, min: 99, interval: 1m}]}}",
        "15/s",
        "0.8%",
        "15s",
    ),
    (
        "argoCanary: {steps: [{setWeight: 25}, {pause: {duration: 4m}}], trafficRouting: {}, \
      analysis: {metrics: [{name: rate, interval: 60s, initialDelay: 60s, failureLimit: 1, \
      query: 'sum(rate(http_requests_total{version=\"new\",status!~\"5..\"}[1m])) / \
              sum(rate(http_requests_total{version=\"new\"}[1m]))', \
      successCondition: 'result[0] >= 0.985'}]}}",
        "20/s",
        "1%",
        "15s",
    ),
];

/// Six canary pods of a fleet of sixty: rehearsals do not become fewer with the pods.
const LARGE: (&str, &str, &str, &str) =
    ("canary: {steps: [10%, 60%], checks: [{errorRate: {max: 1%}}]}", "20/s", "0.3%", "15s");

fn member((strategy, rate, errors, scrape): (&str, &str, &str, &str), pods: u32) -> Arc<Scenario> {
    let text = format!(
        "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: test}}\nspec:\n  \
         horizon: 16m\n  onCall: none\n  \
         service: {{name: test, replicas: {pods}, startup: 5s, \
         routes: [{{name: api, errors: {errors}}}]}}\n  \
         telemetry: {{interval: {scrape}}}\n  \
         traffic: {{users: 2000, arrivals: {{poisson: {{rate: {rate}}}}}}}\n  \
         release: {{at: 4m, variants: [{{name: good}}]}}\n  \
         strategies: [{{{strategy}}}]\n"
    );
    Arc::new(parse(&text))
}

fn flown(scenario: &Arc<Scenario>) -> Vec<(Outcome, Recording)> {
    let crew = Crew::bind(scenario).expect("sound queries");
    let one = |replication| {
        let order = FlightSpec {
            record: Some(SimDuration::from_secs(60)),
            ..single_order(scenario, SEED, replication)
        };
        let twin = fly_twin(scenario, &order);
        let (outcome, recording) = fly(&crew, 0, 0, &order, &twin);
        (outcome, recording.expect("recorded"))
    };
    (0..FLIGHTS).into_par_iter().map(one).collect()
}

/// Did the first look of this check fail, if there was one?
fn first_look(recording: &Recording, check: &str) -> Option<bool> {
    recording.events.iter().find_map(|event| {
        let text = &event.text;
        if text.starts_with(&format!("check {check}: ")) {
            return Some(text.ends_with(": fail"));
        }
        let (_, rest) = text.split_once(&format!("measurement of {check}: "))?;
        Some(rest.starts_with("Failed") || rest.starts_with("Error"))
    })
}

fn agree(what: &str, foretold: (u32, u32), flown: (u32, u32)) {
    let wide = |(x, n): (u32, u32)| (u64::from(x), u64::from(n));
    let confidence = 1.0 - 1e-4 / FIGURES;
    let found = two_proportions(wide(foretold), wide(flown), confidence).expect("counted");
    let difference = found.newcombe;
    assert!(
        difference.lower <= 0.0 && difference.upper >= 0.0,
        "{what}: foretold {foretold:?}, flown {flown:?}"
    );
}

#[test]
fn every_foretold_share_is_flown() {
    let family = FAMILY.map(|which| (which, 4)).into_iter().chain([(LARGE, 60)]);
    for (number, (which, pods)) in family.enumerate() {
        let scenario = member(which, pods);
        let crew = Crew::bind(&scenario).expect("sound queries");
        let foretold = rehearse(&scenario, &crew.pilots[0], Some(0), &mut WORK.clone());
        let [told]: [Foretold; 1] = foretold.try_into().expect("one check");
        let flights = flown(&scenario);
        assert!(told.asked >= 128, "{number}: {told:?}");
        let looks: Vec<bool> =
            flights.iter().filter_map(|(_, r)| first_look(r, &told.check)).collect();
        let failed = looks.iter().filter(|failed| **failed).count() as u32;
        let back = |(o, _): &&(Outcome, Recording)| o.verdict == Verdict::FalseRollback;
        let back = flights.iter().filter(back).count() as u32;
        println!("{number}: {told:?}; flown {failed}/{} and {back}", looks.len());
        assert!(looks.len() as u32 * 2 > FLIGHTS, "{number}: {} looks", looks.len());
        agree(
            &format!("{number}: first looks that fail"),
            (told.failed, told.asked),
            (failed, looks.len() as u32),
        );
        let releases = told.releases.unwrap_or_else(|| panic!("{number}: {told:?}"));
        let what = format!("{number}: good releases taken back");
        agree(&what, (told.took_back, releases), (back, FLIGHTS));
    }
}

/// The comparison has teeth: what plain counting foretold of the first member is refused.
#[test]
fn plain_counting_does_not_fly() {
    let scenario = member(FAMILY[0], 4);
    let flights = flown(&scenario);
    let failed = flights.iter().filter_map(|(_, r)| first_look(r, "errorRate"));
    let failed = failed.filter(|failed| *failed).count() as u64;
    let counted = two_proportions((66, 1000), (failed, u64::from(FLIGHTS)), 0.95).expect("counted");
    assert!(counted.newcombe.lower > 0.0, "{failed} of {FLIGHTS}: {counted:?}");
}

//! Whole flights with a known answer: latency, exposure, assignment, and a check's false alarms.

use super::queueing::MM1;
use super::{Effort, Proof, scenario};
use rayon::prelude::*;
use std::sync::Arc;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::interval::Interval;
use windtunnel_base::time::SimDuration;
use windtunnel_engine::{FlightSpec, fly, fly_twin};
use windtunnel_model::outcome::{Outcome, Verdict};
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::traffic::{Arrivals, Recorded};
use windtunnel_stats::binomial::threshold_check;
use windtunnel_stats::theory::{mm1, sticky_exposure};

/// Half the width of a bucket of the latency histogram, as a share of the latency.
const HALF_BUCKET: f64 = 1.0 / 256.0;

/// The proofs about whole flights.
pub fn proofs(seed: u64, effort: Effort) -> Vec<Proof> {
    let mut proofs = sojourn(seed, effort);
    proofs.push(exposure(0.10, seed, effort));
    proofs.push(assignment(seed, effort));
    proofs.push(false_alarms(0.008, seed, effort));
    proofs
}

/// Median and 99th percentile of the M/M/1 queue, through calendar, scrapes and balancer.
fn sojourn(seed: u64, effort: Effort) -> Vec<Proof> {
    let (replications, minutes) = if effort == Effort::Quick { (12, 20) } else { (16, 120) };
    let spec = format!(
        "  horizon: {minutes}m\n  service: {{replicas: 1, concurrency: 1, queue: 100000, \
         routes: [{{name: all, errors: 0%}}]}}\n  \
         traffic: {{users: 1000, timeout: 24h, arrivals: {{poisson: {{rate: 80/s}}}}}}\n"
    );
    let mut scenario = scenario("mm1", &spec);
    Arc::make_mut(&mut scenario.service).routes[0].service_time = MM1.service;
    let scenario = Arc::new(scenario);
    let rows: Vec<Outcome> = (0..replications)
        .into_par_iter()
        .map(|replication| fly_twin(&scenario, &order(seed, replication)).outcome)
        .collect();
    let theory = mm1(80.0, 100.0);
    let proof = |name, q, value: fn(&Outcome) -> Option<f64>, note| {
        let sample: Vec<f64> = rows.iter().filter_map(value).collect();
        let theory = theory.map_or(f64::NAN, |t| t.sojourn_quantile(q) * 1e3);
        let plain = Proof::of_mean(name, theory, &sample, note);
        // A quantile is read as the middle of its bucket.
        let wide = theory * HALF_BUCKET;
        let interval = Interval { lower: plain.lower - wide, upper: plain.upper + wide };
        Proof::new(name, theory, plain.estimate, interval, note)
    };
    vec![
        proof(
            "M/M/1 flown: median latency",
            0.5,
            |o| o.measures.p50_old_ms,
            "milliseconds; ln 2/(μ−λ); ± half a bucket of 0.8 % (Kleinrock vol. 1, 3.2)",
        ),
        proof(
            "M/M/1 flown: p99 latency",
            0.99,
            |o| o.measures.p99_old_ms,
            "milliseconds; ln 100/(μ−λ); ± half a bucket of 0.8 % (Kleinrock vol. 1, 3.2)",
        ),
    ]
}

/// Users who meet a canary of `weight` within three requests, believed to have weight 10 %.
pub fn exposure(weight: f64, seed: u64, effort: Effort) -> Proof {
    let (users, requests) = (20_000, 3);
    let spec = format!(
        "  horizon: 6m\n{FLEET}  release: {{at: 1s, variants: [{{name: good}}]}}\n  \
         strategies: [{{canary: {{steps: [{}%], interval: 1h}}}}]\n",
        weight * 100.0
    );
    let scenario = with_trace("exposure", &spec, users, requests);
    let replications = if effort == Effort::Quick { 2 } else { 10 };
    let rows = fly_all(&Arc::new(scenario), seed, replications);
    let exposed: f64 = rows.iter().filter_map(|o| o.measures.users_exposed).sum();
    let trials = u64::from(users) * u64::from(replications);
    Proof::of_share(
        "users exposed to a canary",
        sticky_exposure(0.10, 3.0),
        exposed as u64,
        trials,
        "share; 1 − (1−w)^k, weight w = 10 %, k = 3 requests each, drawn anew per request",
    )
}

/// Users whom the hash assigns to the variant of an A/B test with a share of 30 %.
fn assignment(seed: u64, effort: Effort) -> Proof {
    let users = if effort == Effort::Quick { 20_000 } else { 50_000 };
    let spec = format!(
        "  horizon: 6m\n{FLEET}  release: {{at: 1s, variants: [{{name: good}}]}}\n  \
         strategies: [{{abTest: {{share: 30%, duration: 1h, guardErrors: false}}}}]\n"
    );
    // The hash takes the scenario's name: another seed means other assignments.
    let scenario = with_trace(&format!("assignment-{seed}"), &spec, users, 1);
    let rows = fly_all(&Arc::new(scenario), seed, 1);
    let exposed = rows.iter().filter_map(|o| o.measures.users_exposed).sum::<f64>() as u64;
    let note = "share of users who meet the variant; md5(user:experiment) mod 100 < 30";
    Proof::of_share("A/B assignment by hash", 0.30, exposed, u64::from(users), note)
}

/// Flown checks of a good release whose base error rate is believed to be 0.8 %.
pub fn false_alarms(base_errors: f64, seed: u64, effort: Effort) -> Proof {
    let spec = format!(
        "  horizon: 7m\n  onCall: none\n  \
         service: {{replicas: 1, scheduling: 0s, startup: 1s, balancer: {{propagation: 0s}}, \
         routes: [{{name: all, errors: {}%, serviceTime: 1ms}}]}}\n  \
         traffic: {{users: 100}}\n  release: {{at: 1s, variants: [{{name: good}}]}}\n  \
         strategies: [{{canary: {{steps: [100%], interval: 5m, \
         checks: [{{errorRate: {{window: 60s}}}}]}}}}]\n",
        base_errors * 100.0
    );
    let mut scenario = scenario("false-alarms", &spec);
    // One request every 100 ms: four scrapes at 15 s within the window of 60 s span 450 of them.
    // The first errors, which a rate can't see, come minutes before the window.
    let row = |i: u64| Recorded { at: SimDuration::from_millis(i * 100), user: None, route: None };
    scenario.traffic.arrivals = Arrivals::Trace((0..4_200).map(row).collect());
    let replications = if effort == Effort::Quick { 600 } else { 4_000 };
    let rows = fly_all(&Arc::new(scenario), seed, replications);
    let alarms = rows.iter().filter(|o| o.verdict == Verdict::FalseRollback).count();
    let theory = threshold_check(450, 0.008, 99.0).map_or(f64::NAN, |c| c.p_fails);
    Proof::of_share(
        "a canary check's false alarms",
        theory,
        alarms as u64,
        rows.len() as u64,
        "share of good releases taken back; P(Bin(450, 0.8 %) > 4), errors ≤ 1 % of 450 requests",
    )
}

/// Ten pods that start at once.
const FLEET: &str = "  onCall: none\n  service: {replicas: 10, scheduling: 0s, startup: 1s, \
                     routes: [{name: all, errors: 0%, serviceTime: 1ms}]}\n";

/// A scenario in which every user sends the same number of requests, between 1 and 6 minutes.
fn with_trace(name: &str, spec: &str, users: u32, requests: u32) -> Scenario {
    let spec = format!("{spec}  traffic: {{users: {users}}}\n");
    let mut scenario = scenario(name, &spec);
    let count = u64::from(users) * u64::from(requests);
    let row = |i: u64| Recorded {
        at: SimDuration::from_secs(60) + SimDuration::from_nanos(i * 299_000_000_000 / count),
        user: Some((i % u64::from(users)) as u32),
        route: None,
    };
    scenario.traffic.arrivals = Arrivals::Trace((0..count).map(row).collect());
    scenario.service = Arc::new({
        let mut service = (*scenario.service).clone();
        service.balancer.propagation = Distribution::Constant { secs: 1.0 };
        service
    });
    scenario
}

fn order(seed: u64, replication: u32) -> FlightSpec {
    FlightSpec { seed, replication, ..FlightSpec::default() }
}

/// The only variant by the only strategy, in many replications.
fn fly_all(scenario: &Arc<Scenario>, seed: u64, replications: u32) -> Vec<Outcome> {
    let crew = Crew::bind(scenario).expect("the scenario above");
    let one = |replication| {
        let order = order(seed, replication);
        let twin = fly_twin(scenario, &order);
        fly(&crew, 0, 0, &order, &twin).0
    };
    (0..replications).into_par_iter().map(one).collect()
}

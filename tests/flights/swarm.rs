//! The swarm: random valid scenarios, flown with every invariant checked.
//!
//! A seed decides the whole scenario. A panic names the seed and shows its text; a seed that found
//! something becomes a named test below.

use crate::invariants::consistent;
use crate::tunnel::parse;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use windtunnel::base::random::{Purpose, Stream, Streams};
use windtunnel::base::time::SimDuration;
use windtunnel::engine::faults::is_phase_bound;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::random::random_valid;
use windtunnel::world::service::{NodeSettings, Service};

/// Scenarios of one run of the test.
const SCENARIOS: u64 = 60;

/// The scenario of a seed and its text; what the text leaves roomy is sometimes made tight.
fn swarm(seed: u64) -> (Scenario, String) {
    let mut stream = Streams::new(seed, 0).stream(Purpose::Swarm, 0);
    let text = random_valid(&mut stream);
    let mut scenario = parse(&text);
    let mut service = (*scenario.service).clone();
    if stream.below(2) == 0 {
        service.nodes = tight(&service, &mut stream);
    }
    if stream.below(4) == 0 {
        service.pod.queue = stream.below(3);
    }
    if stream.below(10) == 0 {
        scenario.release.at = SimDuration::ZERO;
    }
    scenario.service = Arc::new(service);
    let nodes = &scenario.service.nodes;
    let queue = scenario.service.pod.queue;
    (scenario.clone(), format!("seed {seed}, {nodes:?}, queue {queue}\n{text}"))
}

/// Nodes that hold the fleet and hardly more, under its rules of placement.
fn tight(service: &Service, stream: &mut Stream) -> NodeSettings {
    let (nodes, replicas) = (&service.nodes, service.replicas);
    let capacity = 1 + stream.below(replicas.max(2));
    let spare = stream.below(2);
    let holds =
        |count: &u32| service.placement.holds(replicas, *count, capacity, nodes.zones) == replicas;
    let fewest = replicas.div_ceil(capacity) + spare;
    match (fewest..=replicas + spare).find(holds) {
        Some(count) => NodeSettings { capacity, count, ..nodes.clone() },
        None => nodes.clone(),
    }
}

fn fly_one(seed: u64) -> Vec<String> {
    let (scenario, text) = swarm(seed);
    let scenario = Arc::new(scenario);
    let order = FlightSpec { seed, checked: true, ..FlightSpec::default() };
    let off = FlightSpec { fast_path_off: true, ..order.clone() };
    let bound = scenario.chaos.iter().any(|f| is_phase_bound(&f.trigger));
    // A closed loop has other requests when answers take longer.
    let closed = matches!(scenario.traffic.arrivals, windtunnel::traffic::Arrivals::Closed { .. });
    let flown = catch_unwind(AssertUnwindSafe(|| {
        let crew = Crew::bind(&scenario).expect("sound queries");
        let twin = fly_twin(&scenario, &order);
        let mut wrong = Vec::new();
        for (variant, plan) in (0..scenario.release.variants.len())
            .flat_map(|v| (0..scenario.plans.len()).map(move |p| (v, p)))
        {
            let (outcome, _) = fly(&crew, variant, plan, &order, &twin);
            if outcome != fly(&crew, variant, plan, &off, &twin).0 {
                let name = &scenario.plans[plan].name;
                wrong.push(format!("{name}: the fast path comes to something else"));
            }
            if !bound && !closed {
                wrong.extend(consistent(&outcome, &twin.outcome));
            }
        }
        wrong
    }));
    let found = flown.unwrap_or_else(|cause| vec![told(cause.as_ref())]);
    found.into_iter().map(|what| format!("{what}\n{text}")).collect()
}

fn told(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or(cause.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_string()
}

#[test]
fn random_scenarios_keep_every_invariant() {
    // Another range of seeds a day or a machine: SWARM_FROM=1000 cargo test swarm
    let from: u64 = std::env::var("SWARM_FROM").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
    let count = std::env::var("SWARM_COUNT").ok().and_then(|v| v.parse().ok());
    let seeds = from..from + count.unwrap_or(SCENARIOS);
    let wrong: Vec<String> = seeds.into_par_iter().flat_map(fly_one).collect();
    let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} found, the first of them:\n{shown}", wrong.len());
}

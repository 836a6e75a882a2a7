//! Queues in the data plane: waits, probability of waiting, Little's law.
//!
//! Each queue is read as a scenario, and flown by the data plane that flies everything else. The
//! wait of a request is its latency less the time its slot was busy, both summed exactly.

use super::{Effort, Proof, shared};
use rayon::prelude::*;
use std::sync::Arc;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::random::Streams;
use windtunnel_base::time::SimTime;
use windtunnel_engine::data_plane::DataPlane;
use windtunnel_model::world::effect::Effect;
use windtunnel_model::world::service::Policy;
use windtunnel_stats::theory::{Mmc, mg1, mm1};

/// Seconds before counting begins: many relaxation times 1/(cμ(1−√ρ)²), of at most 5 s here.
const WARM_UP_SECS: f64 = 120.0;
/// Time between two looks at the number of requests in the system, in seconds.
const LOOK_SECS: f64 = 0.05;

/// A queueing system: Poisson arrivals at a balancer in front of pods with slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Arrivals per second.
    pub rate: f64,
    /// Number of pods.
    pub pods: u32,
    /// Slots of each pod.
    pub slots: u32,
    /// Time a slot is busy with a request.
    pub service: Distribution,
    /// How the balancer picks a pod.
    pub policy: Policy,
}

/// What one replication of a queue gave.
#[derive(Clone, Copy, Debug)]
struct Measured {
    wait_s: f64,
    all_busy: f64,
    in_system: f64,
    rate_times_sojourn: f64,
}

/// One server, exponential service, ρ = 0.8.
pub const MM1: Queue = Queue {
    rate: 80.0,
    pods: 1,
    slots: 1,
    service: Distribution::Exponential { mean: 0.01 },
    policy: Policy::Random,
};

/// Eight servers, exponential service, ρ = 0.8.
pub const MMC: Queue = Queue { slots: 8, service: Distribution::Exponential { mean: 0.08 }, ..MM1 };

/// Mean and coefficient of variation of the lognormal service.
const GENERAL: (f64, f64) = (0.01, 1.5);

/// One server, lognormal service, ρ = 0.7.
pub fn lognormal_queue() -> Queue {
    let service = Distribution::lognormal_mean_cv(GENERAL.0, GENERAL.1);
    Queue { rate: 70.0, service, ..MM1 }
}

/// The proofs about queues.
pub fn proofs(seed: u64, effort: Effort) -> Vec<Proof> {
    let mut proofs = vec![mm1_wait(&MM1, seed, effort)];
    proofs.extend(mmc(&MMC, seed, effort));
    proofs.push(mg1_wait(&lognormal_queue(), seed, effort));
    proofs
}

/// The mean wait of a queue that is believed to be [`MM1`].
pub fn mm1_wait(flown: &Queue, seed: u64, effort: Effort) -> Proof {
    let theory = mm1(80.0, 100.0).map_or(f64::NAN, |q| q.mean_wait());
    let waits: Vec<f64> = fly(flown, seed, effort).iter().map(|m| m.wait_s).collect();
    let note = "seconds; ρ/(μ−λ), λ = 80/s, μ = 100/s (Kleinrock vol. 1, 3.2)";
    Proof::of_mean("M/M/1 mean wait", theory, &waits, note)
}

/// Mean wait, probability of waiting and Little's law of a queue believed to be [`MMC`].
pub fn mmc(flown: &Queue, seed: u64, effort: Effort) -> Vec<Proof> {
    let believed = Mmc::new(80.0, 12.5, 8);
    let measured = fly(flown, seed, effort);
    let sample = |value: fn(&Measured) -> f64| measured.iter().map(value).collect::<Vec<f64>>();
    let wait = believed.map_or(f64::NAN, |q| q.mean_wait());
    let busy = believed.map_or(f64::NAN, |q| q.p_wait);
    vec![
        Proof::of_mean(
            "M/M/8 mean wait",
            wait,
            &sample(|m| m.wait_s),
            "seconds; C/(cμ−λ), λ = 80/s, μ = 12.5/s, c = 8 (Kleinrock vol. 1, 3.5)",
        ),
        Proof::of_mean(
            "Erlang C: arrivals that wait",
            busy,
            &sample(|m| m.all_busy),
            "share of time with c or more in the system, which Poisson arrivals see (PASTA): \
             C = B/(1−ρ(1−B)), B_k = aB/(k+aB) (Kleinrock vol. 1, 3.5)",
        ),
        Proof::of_mean(
            "Little's law: L − λW",
            0.0,
            &sample(|m| m.in_system - m.rate_times_sojourn),
            "requests; L looked at every 50 ms, λ and W counted (Little 1961)",
        ),
    ]
}

/// The mean wait of a queue that is believed to be [`lognormal_queue`].
pub fn mg1_wait(flown: &Queue, seed: u64, effort: Effort) -> Proof {
    let theory = mg1(70.0, GENERAL.0, GENERAL.1).map_or(f64::NAN, |q| q.mean_wait);
    let waits: Vec<f64> = fly(flown, seed, effort).iter().map(|m| m.wait_s).collect();
    let note = "seconds; λE[S²]/(2(1−ρ)), lognormal service, mean 10 ms, cv 1.5, λ = 70/s \
                (Pollaczek and Khinchine; Kleinrock vol. 1, 5.6)";
    Proof::of_mean("M/G/1 mean wait", theory, &waits, note)
}

fn fly(queue: &Queue, seed: u64, effort: Effort) -> Vec<Measured> {
    let (replications, secs) = match effort {
        Effort::Quick => (12, 1_000.0),
        Effort::Full => (16, 7_200.0),
    };
    (0..replications).into_par_iter().map(|r| measure(queue, seed, r, secs)).collect()
}

fn data_plane(queue: &Queue, seed: u64, replication: u64, end: SimTime) -> DataPlane {
    let (pods, slots, rate) = (queue.pods, queue.slots, queue.rate);
    let scenario = shared(
        "queue",
        &format!(
            "  service: {{replicas: {pods}, concurrency: {slots}, queue: 100000, \
             cpu: {{perBusySecond: 1}}, balancer: {{proxies: 1}}, \
             routes: [{{name: all, errors: 0%}}]}}\n  \
             traffic: {{users: 1000, timeout: 24h, arrivals: {{poisson: {{rate: {rate}/s}}}}}}\n"
        ),
    );
    let mut service = (*scenario.service).clone();
    service.routes[0].service_time = queue.service;
    service.balancer.policy = queue.policy;
    let streams = Streams::new(seed, replication);
    let buckets = &scenario.telemetry.buckets;
    let mut data_plane =
        DataPlane::new(Arc::new(service), &scenario.traffic, streams, end, buckets);
    for pod in 0..pods {
        data_plane.add_pod(0, |_, _| Effect::plain(0.0, 0.0));
        data_plane.start_pod(pod);
        data_plane.endpoint(0, pod, true);
    }
    data_plane
}

/// Sums since the start: (requests done, their latency, their busy time), in seconds.
fn sums(data_plane: &DataPlane, pods: u32) -> [f64; 3] {
    let latency = &data_plane.tally().latency[0];
    let count = latency.count() as f64;
    let busy = (0..pods).map(|pod| data_plane.counters().cpu_secs(pod)).sum();
    [count, latency.mean_ms().unwrap_or(0.0) * count / 1e3, busy]
}

fn measure(queue: &Queue, seed: u64, replication: u64, secs: f64) -> Measured {
    let end = SimTime::from_secs_f64(WARM_UP_SECS + secs);
    let mut data_plane = data_plane(queue, seed, replication, end);
    data_plane.advance(SimTime::from_secs_f64(WARM_UP_SECS));
    let before = sums(&data_plane, queue.pods);
    let looks = (secs / LOOK_SECS) as u64;
    let servers = u64::from(queue.pods * queue.slots);
    let (mut all_busy, mut in_system) = (0, 0);
    for look in 1..=looks {
        data_plane.advance(SimTime::from_secs_f64(WARM_UP_SECS + look as f64 * LOOK_SECS));
        let (present, _) = data_plane.in_flight(|_| false);
        all_busy += u64::from(present >= servers);
        in_system += present;
    }
    let after = sums(&data_plane, queue.pods);
    let [done, latency, busy] = [0, 1, 2].map(|i| after[i] - before[i]);
    Measured {
        wait_s: (latency - busy) / done,
        all_busy: all_busy as f64 / looks as f64,
        in_system: in_system as f64 / looks as f64,
        rate_times_sojourn: latency / secs,
    }
}

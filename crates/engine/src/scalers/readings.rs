//! What the metrics server has of every pod: a rate between two readings, up to a resolution old,
//! and nothing of a pod that was read only once.

use crate::cluster::Cluster;
use crate::data_plane::DataPlane;
use crate::scraping::memory_share;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::telemetry::facts::STATUSES;
use windtunnel_model::world::pod::PodStage;

/// The metrics server asks every kubelet this often (`--metric-resolution`).
pub(super) const RESOLUTION: SimDuration = SimDuration::from_secs(15);

/// What the metrics server read of a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    at: SimTime,
    /// Start of the container, so that counters of two containers are never compared.
    started: SimTime,
    cpu_secs: f64,
    requests: u64,
}

/// What it answers about a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    pub(super) taken: SimTime,
    pub(super) window: SimDuration,
    /// Thousandths of a core.
    pub(super) cpu: i64,
    /// Thousandths of the memory limit.
    pub(super) memory: i64,
    /// Thousandths of a request per second.
    pub(super) requests: i64,
}

/// The metrics server.
#[derive(Clone, Debug, Default)]
pub(super) struct MetricsServer {
    readings: Vec<Option<Reading>>,
    usage: Vec<Option<Usage>>,
}

impl MetricsServer {
    /// Reads all pods.
    pub(super) fn read(
        &mut self,
        now: SimTime,
        cluster: &Cluster,
        data_plane: &DataPlane,
        routes: usize,
    ) {
        let count = cluster.pods().len();
        self.readings.resize(count, None);
        self.usage.resize(count, None);
        for number in 0..count {
            let pod = &cluster.pods()[number];
            let runs = matches!(pod.stage, PodStage::Booting | PodStage::Serving) && !pod.lost;
            let started = pod.container_started;
            let reading = runs.then(|| reading(now, started, data_plane, number as u32, routes));
            let before = std::mem::replace(&mut self.readings[number], reading);
            let memory = memory_share(data_plane, number as u32);
            self.usage[number] = before.zip(reading).and_then(|(a, b)| usage(&a, &b, memory));
        }
    }

    /// What it answers about a pod.
    pub(super) fn usage(&self, pod: usize) -> Option<Usage> {
        self.usage.get(pod).copied().flatten()
    }

    /// Requests that the whole service gets, in thousandths a second; nothing if no pod is known.
    pub(super) fn all_requests(&self) -> Option<i64> {
        let mut rates = self.usage.iter().flatten().map(|usage| usage.requests);
        Some(rates.next()? + rates.sum::<i64>())
    }
}

fn reading(
    now: SimTime,
    started: SimTime,
    data_plane: &DataPlane,
    pod: u32,
    routes: usize,
) -> Reading {
    let counted = data_plane.counters().of_process(pod);
    let cells = (0..routes).flat_map(|route| (0..STATUSES).map(move |status| (route, status)));
    Reading {
        at: now,
        started,
        cpu_secs: data_plane.counters().cpu_secs(pod),
        requests: cells.map(|(route, status)| counted.requests(route, status)).sum(),
    }
}

/// The rates between two readings of the same container.
fn usage(before: &Reading, after: &Reading, memory: f64) -> Option<Usage> {
    if before.started != after.started || after.requests < before.requests {
        return None;
    }
    let window = after.at.since(before.at);
    let thousandths = |difference: f64| (difference / window.as_secs_f64() * 1000.0) as i64;
    Some(Usage {
        taken: after.at,
        window,
        cpu: thousandths((after.cpu_secs - before.cpu_secs).max(0.0)),
        memory: (memory * 1000.0) as i64,
        requests: thousandths((after.requests - before.requests) as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_lie_between_readings_of_one_container() {
        let secs = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let reading = |at, started, cpu_secs, requests| Reading {
            at: secs(at),
            started: secs(started),
            cpu_secs,
            requests,
        };
        let before = reading(15, 0, 1.0, 100);
        let found = usage(&before, &reading(30, 0, 8.5, 400), 0.25).expect("a rate");
        assert_eq!((found.cpu, found.requests, found.memory), (500, 20_000, 250));
        assert_eq!(found.window, RESOLUTION);
        assert_eq!(usage(&before, &reading(30, 20, 8.5, 400), 0.25), None);
    }
}

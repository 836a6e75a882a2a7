//! What a `/metrics` page may be made of: the counts of processes, and the state of pods, workloads
//! and backends at one instant. Borrowed plain data, filled by whoever runs the world.
//!
//! It deliberately does not know outcomes for users, versions as such, or who asks.

use crate::world::names::{Names, PodNames};

/// Status classes that servers answer with: 200, 500, 503.
pub const STATUSES: usize = 3;

/// Their codes, as labels have them.
pub const CODES: [&str; STATUSES] = ["200", "500", "503"];

/// Is it a code that success rates count as an error?
pub const fn is_error(status: usize) -> bool {
    status > 0
}

/// What the earlier processes of a pod had counted, in the layout of [`Counted`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Earlier {
    /// Counts.
    pub counts: Vec<u64>,
    /// Sums of latencies in nanoseconds.
    pub latency_ns: Vec<u64>,
}

/// Counts of a process (or of all processes of a pod), per route and status.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// Buckets of a histogram, +Inf included.
    pub buckets: usize,
    /// Per route: buckets by status (not cumulative), then steps started and completed.
    pub counts: &'a [u32],
    /// Sums of latencies in nanoseconds, by route and status.
    pub latency_ns: &'a [u64],
    /// The same two of earlier processes, if they count too.
    pub earlier: Option<&'a Earlier>,
}

impl Counted<'_> {
    fn count(&self, at: usize) -> u64 {
        u64::from(self.counts[at]) + self.earlier.map_or(0, |earlier| earlier.counts[at])
    }

    fn row(&self, route: usize) -> usize {
        route * (STATUSES * self.buckets + 2)
    }

    /// Places of the buckets of a status.
    fn of_status(&self, route: usize, status: usize) -> std::ops::Range<usize> {
        let first = self.row(route) + status * self.buckets;
        first..first + self.buckets
    }

    /// Adds the answers of a status, by the bucket that their latency fell into; the last bucket is
    /// +Inf.
    pub fn add_buckets(&self, route: usize, status: usize, sums: &mut [u64]) {
        let of_status = self.of_status(route, status);
        let own = &self.counts[of_status.clone()];
        sums.iter_mut().zip(own).for_each(|(sum, count)| *sum += u64::from(*count));
        if let Some(earlier) = self.earlier {
            let own = &earlier.counts[of_status];
            sums.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
        }
    }

    /// Answers of a status.
    pub fn requests(&self, route: usize, status: usize) -> u64 {
        let of_status = self.of_status(route, status);
        let own: u64 = self.counts[of_status.clone()].iter().map(|c| u64::from(*c)).sum();
        own + self.earlier.map_or(0, |earlier| earlier.counts[of_status].iter().sum())
    }

    /// Sum of the latencies of a status, in seconds.
    pub fn latency_secs(&self, route: usize, status: usize) -> f64 {
        let at = route * STATUSES + status;
        let earlier = self.earlier.map_or(0, |earlier| earlier.latency_ns[at]);
        (self.latency_ns[at] + earlier) as f64 / 1e9
    }

    /// (business steps started, completed).
    pub fn steps(&self, route: usize) -> (u64, u64) {
        let at = self.row(route) + STATUSES * self.buckets;
        (self.count(at), self.count(at + 1))
    }
}

/// Which of the world's latency buckets an exporter shows, under which bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Buckets that the world counts in, +Inf included.
    pub buckets: usize,
    /// Number of the world's bucket and the bound in the exporter's unit, rising, without +Inf.
    pub bounds: Vec<(usize, f64)>,
}

/// The bounds of Envoy's histograms in milliseconds (`envoyproxy/envoy`,
/// `source/common/stats/histogram_impl.cc`); Istio's and Linkerd's queries read them.
pub const ENVOY_BOUNDS_MS: [f64; 19] = [
    0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5,
    1.8e6, 3.6e6,
];

/// Bounds of the application's histograms and of the proxies'.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// All bounds that the world counts by, in seconds, rising.
    pub all: Vec<f64>,
    /// What the application shows, in seconds.
    pub application: Shown,
    /// What proxies show, in milliseconds.
    pub proxy: Shown,
}

impl Bounds {
    /// The application's bounds in seconds; those of proxies are counted only if a query names one
    /// of their histograms.
    pub fn new(application: &[f64], proxies: bool) -> Bounds {
        let in_proxies = ENVOY_BOUNDS_MS.iter().map(|ms| ms / 1e3).filter(|_| proxies);
        let mut all: Vec<f64> = application.iter().copied().chain(in_proxies).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        let shown = |bounds: &[f64], unit: f64| {
            let place = |b: &f64| all.iter().position(|a| *a == b / unit).map(|i| (i, *b));
            Shown { buckets: all.len() + 1, bounds: bounds.iter().filter_map(place).collect() }
        };
        let (application, proxy) = (shown(application, 1.0), shown(&ENVOY_BOUNDS_MS, 1e3));
        Bounds { all, application, proxy }
    }
}

/// A pod at an instant.
#[derive(Clone, Copy, Debug)]
pub struct PodFacts<'a> {
    /// Names of the service.
    pub names: &'a Names,
    /// Names of the pod.
    pub pod: &'a PodNames,
    /// Bounds of histograms.
    pub bounds: &'a Bounds,
    /// What its present process counts.
    pub process: Counted<'a>,
    /// What all its processes have counted: what its sidecar shows.
    pub lifetime: Counted<'a>,
    /// CPU seconds of the present process.
    pub cpu_secs: f64,
    /// CPU limit in cores.
    pub cpu_limit: f64,
    /// Share of the memory limit in use.
    pub memory_share: f64,
    /// `Pending`, `Running`, `Unknown` or `Failed`.
    pub phase: &'static str,
    /// Is it reported ready?
    pub ready: bool,
    /// Is its container running?
    pub running: bool,
    /// Does its container wait in CrashLoopBackOff?
    pub backing_off: bool,
    /// Restarts of its container.
    pub restarts: u32,
}

/// A workload (a Deployment) at an instant, as its status says.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadFacts<'a> {
    /// Names of the service.
    pub names: &'a Names,
    /// The workload's name.
    pub workload: &'a str,
    /// Desired pods.
    pub desired: u32,
    /// Pods that are not being deleted.
    pub replicas: u32,
    /// Of these, pods of the version that is wanted.
    pub updated: u32,
    /// Ready ones.
    pub ready: u32,
    /// Available ones.
    pub available: u32,
}

/// A backend of the ingress: a pool of endpoints that weights can tell apart.
#[derive(Clone, Debug)]
pub struct BackendFacts<'a> {
    /// Names of the service.
    pub names: &'a Names,
    /// Its pool: 0 stable, 1 candidate, 2 baseline.
    pub pool: usize,
    /// Label `version` of what it serves; empty for the backend as a whole.
    pub version: &'a str,
    /// Bounds of histograms.
    pub bounds: &'a Bounds,
    /// All pods it ever sent requests to.
    pub pods: Vec<Counted<'a>>,
}

/// Requests as the ingress answered its clients.
#[derive(Clone, Copy, Debug)]
pub struct EdgeFacts<'a> {
    /// Names of the service.
    pub names: &'a Names,
    /// Requests answered well, and badly (refused, 5xx, timed out, broken).
    pub answered: [u64; 2],
}

impl BackendFacts<'_> {
    fn sum(&self, of: impl Fn(&Counted<'_>) -> u64) -> u64 {
        self.pods.iter().map(of).sum()
    }

    /// Answers of a status, over all routes.
    pub fn requests(&self, status: usize) -> u64 {
        let routes = 0..self.names.routes.len();
        routes.map(|route| self.sum(|pod| pod.requests(route, status))).sum()
    }

    /// Adds the answers of a status by bucket, over all routes.
    pub fn add_buckets(&self, status: usize, sums: &mut [u64]) {
        for route in 0..self.names.routes.len() {
            self.pods.iter().for_each(|pod| pod.add_buckets(route, status, sums));
        }
    }

    /// Sum of latencies of a status, in seconds, over all routes.
    pub fn latency_secs(&self, status: usize) -> f64 {
        let routes = 0..self.names.routes.len();
        let of_route = |r| self.pods.iter().map(|pod| pod.latency_secs(r, status)).sum::<f64>();
        routes.map(of_route).sum()
    }
}

impl PodFacts<'_> {
    /// Answers of a status by all processes of the pod, over all routes.
    pub fn lifetime_requests(&self, status: usize) -> u64 {
        (0..self.names.routes.len()).map(|r| self.lifetime.requests(r, status)).sum()
    }

    /// Adds the same by bucket.
    pub fn add_lifetime_buckets(&self, status: usize, sums: &mut [u64]) {
        let routes = 0..self.names.routes.len();
        routes.for_each(|route| self.lifetime.add_buckets(route, status, sums));
    }

    /// Sum of their latencies in seconds.
    pub fn lifetime_secs(&self, status: usize) -> f64 {
        (0..self.names.routes.len()).map(|r| self.lifetime.latency_secs(r, status)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_count_by_bounds_of_their_own() {
        let alone = Bounds::new(&[0.1, 0.3], false);
        assert_eq!(alone.all, [0.1, 0.3]);
        assert_eq!(alone.proxy.bounds, [(0, 100.0)]);
        let both = Bounds::new(&[0.1, 0.3], true);
        assert_eq!(both.all.len(), 20, "0.1 s is in both");
        assert_eq!(both.proxy.bounds.len(), ENVOY_BOUNDS_MS.len());
        for (bucket, bound) in &both.application.bounds {
            assert_eq!(both.all[*bucket], *bound);
        }
    }

    #[test]
    fn earlier_processes_count_where_they_should() {
        // One route, two buckets: three statuses of two buckets, then started and completed.
        let counts = [1, 2, 0, 3, 0, 0, 4, 1];
        let earlier = Earlier {
            counts: vec![10, 0, 0, 0, 0, 5, 0, 0],
            latency_ns: vec![1_000_000_000, 0, 0],
        };
        let latency = [500_000_000, 0, 0];
        let process = Counted { buckets: 2, counts: &counts, latency_ns: &latency, earlier: None };
        let pod = Counted { earlier: Some(&earlier), ..process };
        assert_eq!((process.requests(0, 0), pod.requests(0, 0)), (3, 13));
        assert_eq!((process.requests(0, 2), pod.requests(0, 2)), (0, 5));
        let mut sums = [0, 100];
        pod.add_buckets(0, 0, &mut sums);
        assert_eq!(sums, [11, 102]);
        assert_eq!((process.latency_secs(0, 0), pod.latency_secs(0, 0)), (0.5, 1.5));
        assert_eq!(pod.steps(0), (4, 1));
    }
}

//! What the request loop counts: the truth for the measures, and the counters for telemetry.
//!
//! Truth ([`Tally`]) is read by the measures only. Counters ([`Counters`]) are what a scrape can
//! see; controllers never read either directly.

use windtunnel_base::histogram::{BUCKETS, Histogram};
use windtunnel_base::time::SimTime;
use windtunnel_model::telemetry::facts::{Counted, Earlier, STATUSES};

/// The outcome of a request, worst first in rank (`docs/methods.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Answered rightly and in time.
    Good = 0,
    /// Answered rightly, but too late.
    Slow = 1,
    /// Answered wrongly.
    Wrong = 2,
    /// Refused, 5xx, timed out, dropped or broken.
    Failed = 3,
}

/// Requests that ended within one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// All requests.
    pub requests: u32,
    /// Failed and wrong ones.
    pub bad: u32,
    /// Slow ones.
    pub slow: u32,
    /// Requests assigned to the new version.
    pub new: u32,
}

/// The true counts of a flight.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Requests by outcome.
    pub outcomes: [u64; 4],
    /// Requests that arrived from users.
    pub arrived: u64,
    /// By second of the outcome; the last one collects what ends after the horizon.
    pub seconds: Vec<Second>,
    /// Server latency by version.
    pub latency: [Histogram; 2],
    /// Errors (500) answered by version.
    pub errors: [u64; 2],
    /// Requests of users accepted by the new version.
    pub served_new: u64,
    /// When the last request of a user was assigned to the new version, in nanoseconds.
    pub last_new: Option<u64>,
    /// Value of failed and wrong requests.
    pub value_lost: f64,
    /// Connections that ended because their pod did.
    pub connections_broken: u64,
    /// Writes repeated by copies or retries.
    pub duplicated: u64,
}

impl Tally {
    /// Nothing counted, for a flight until `horizon`.
    pub fn new(horizon: SimTime) -> Tally {
        let seconds = horizon.as_secs_f64().ceil() as usize + 1;
        Tally {
            outcomes: [0; 4],
            arrived: 0,
            seconds: vec![Second::default(); seconds],
            latency: [Histogram::default(), Histogram::default()],
            errors: [0; 2],
            served_new: 0,
            last_new: None,
            value_lost: 0.0,
            connections_broken: 0,
            duplicated: 0,
        }
    }

    /// The slot of an instant in nanoseconds.
    #[inline]
    pub fn second(&mut self, at: u64) -> &mut Second {
        second_of(&mut self.seconds, at)
    }

    /// A request of a user is assigned to the new version at `now`.
    #[inline(always)]
    pub(super) fn meets_new(&mut self, now: u64) {
        self.last_new = Some(now);
        self.served_new += 1;
        self.second(now).new += 1;
    }

    /// Counts a request that ended `at` with `outcome`.
    #[inline]
    pub fn end(&mut self, at: u64, outcome: Outcome) {
        self.outcomes[outcome as usize] += 1;
        let second = second_of(&mut self.seconds, at);
        second.requests += 1;
        second.bad += u32::from(outcome >= Outcome::Wrong);
        second.slow += u32::from(outcome == Outcome::Slow);
    }

    /// Counts a request that ended `at` well.
    #[inline(always)]
    pub fn end_well(&mut self, at: u64) {
        self.outcomes[Outcome::Good as usize] += 1;
        second_of(&mut self.seconds, at).requests += 1;
    }

    /// Requests that the ingress answered well, and badly.
    pub fn ingress(&self) -> [u64; 2] {
        let [good, slow, wrong, failed] = self.outcomes;
        [good + slow + wrong, failed]
    }

    /// Requests that have ended.
    pub fn ended(&self) -> u64 {
        self.outcomes.iter().sum()
    }
}

/// What ends after the last second belongs to it.
#[inline(always)]
fn second_of(seconds: &mut [Second], at: u64) -> &mut Second {
    let (last, at) = (seconds.len().wrapping_sub(1), (at / 1_000_000_000) as usize);
    &mut seconds[if at > last { last } else { at }]
}

/// Status classes a server reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// 200.
    Ok = 0,
    /// 500, an error of the application.
    Error = 1,
    /// 503, its queue was full.
    Busy = 2,
}

/// The counters of all pods, as their `/metrics` pages would show them.
///
/// One row a pod; per route: latency buckets by status (not cumulative, the last is +Inf), then
/// business steps started and completed. Requests are what their buckets add up to.
#[derive(Clone, Debug)]
pub struct Counters {
    routes: usize,
    /// Buckets of one route and status, +Inf included.
    buckets: usize,
    /// Cells of one route: buckets by status, started, completed.
    cells: usize,
    bounds_ns: Vec<u64>,
    /// Bucket of the smallest latency in each slot of the fine histogram.
    coarse: Box<[u8; BUCKETS]>,
    /// 32 bits: a flight is refused long before a pod serves four thousand million requests.
    counts: Vec<u32>,
    /// Sums of latencies in nanoseconds, by pod, route and status.
    latency_ns: Vec<u64>,
    /// CPU time in whole nanoseconds, by pod: a sum that does not depend on its order.
    cpu_ns: Vec<u64>,
    /// What earlier processes of a pod had counted, for whoever outlives them (a sidecar, the
    /// ingress): counts, then latencies.
    earlier: Vec<Option<Box<Earlier>>>,
}

impl Counters {
    /// Counters for `routes` routes with latency `bounds` in seconds.
    pub fn new(routes: usize, bounds: &[f64]) -> Counters {
        let bounds_ns: Vec<u64> = bounds.iter().map(|b| (b * 1e9).round() as u64).collect();
        let floor = |i| windtunnel_base::histogram::bucket_floor(i);
        let mut coarse = Box::new([0; BUCKETS]);
        for (slot, bucket) in coarse.iter_mut().enumerate() {
            *bucket = bounds_ns.partition_point(|b| *b < floor(slot).max(1)) as u8;
        }
        Counters {
            routes,
            buckets: bounds_ns.len() + 1,
            cells: STATUSES * (bounds_ns.len() + 1) + 2,
            bounds_ns,
            coarse,
            counts: Vec::new(),
            latency_ns: Vec::new(),
            cpu_ns: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// Adds the row of a further pod.
    pub fn add_pod(&mut self) {
        self.counts.resize(self.counts.len() + self.routes * self.cells, 0);
        self.latency_ns.resize(self.latency_ns.len() + self.routes * STATUSES, 0);
        self.cpu_ns.push(0);
        self.earlier.push(None);
    }

    /// Sets a pod's row to zero, as the restart of its container does.
    pub fn reset_pod(&mut self, pod: u32) {
        let pod = pod as usize;
        let (width, sums) = (self.routes * self.cells, self.routes * STATUSES);
        let counts = &mut self.counts[pod * width..(pod + 1) * width];
        let latency = &mut self.latency_ns[pod * sums..(pod + 1) * sums];
        if counts.iter().any(|count| *count > 0) {
            let earlier = self.earlier[pod].get_or_insert_default();
            earlier.counts.resize(width, 0);
            earlier.latency_ns.resize(sums, 0);
            earlier.counts.iter_mut().zip(counts.iter()).for_each(|(sum, c)| *sum += u64::from(*c));
            earlier.latency_ns.iter_mut().zip(latency.iter()).for_each(|(sum, ns)| *sum += ns);
        }
        counts.fill(0);
        latency.fill(0);
        self.cpu_ns[pod] = 0;
    }

    #[inline]
    fn row(&self, pod: u32, route: u8) -> usize {
        (pod as usize * self.routes + usize::from(route)) * self.cells
    }

    /// Counts an answer; `fine` is its slot in the fine histogram. The coarse bucket is exact: a
    /// fine slot is cut by at most one bound.
    #[inline(always)]
    pub fn answer(
        &mut self,
        pod: u32,
        route: u8,
        status: Status,
        latency: u64,
        fine: usize,
        cpu_ns: f32,
    ) {
        let mut bucket = usize::from(self.coarse[fine]);
        bucket += usize::from(self.bounds_ns.get(bucket).is_some_and(|b| latency > *b));
        let row = pod as usize * self.routes + usize::from(route);
        self.counts[row * self.cells + status as usize * self.buckets + bucket] += 1;
        self.latency_ns[row * STATUSES + status as usize] += latency;
        // By way of i64, which is cheaper; no time is negative.
        self.cpu_ns[pod as usize] += cpu_ns as i64 as u64;
    }

    /// Counts a step of the business funnel.
    #[inline]
    pub fn funnel(&mut self, pod: u32, route: u8, completed: bool) {
        let at = self.row(pod, route) + self.cells - 2;
        self.counts[at] += 1;
        self.counts[at + 1] += u32::from(completed);
    }

    /// What the present process of a pod shows.
    pub fn of_process(&self, pod: u32) -> Counted<'_> {
        let (first, width) = (self.row(pod, 0), self.routes * self.cells);
        let (sums, series) = (pod as usize * self.routes * STATUSES, self.routes * STATUSES);
        Counted {
            buckets: self.buckets,
            counts: &self.counts[first..first + width],
            latency_ns: &self.latency_ns[sums..sums + series],
            earlier: None,
        }
    }

    /// What all processes of a pod have counted: the view of its sidecar, and of the ingress.
    pub fn of_pod(&self, pod: u32) -> Counted<'_> {
        Counted { earlier: self.earlier[pod as usize].as_deref(), ..self.of_process(pod) }
    }

    /// CPU seconds that the present process of a pod has used.
    pub fn cpu_secs(&self, pod: u32) -> f64 {
        self.cpu_ns[pod as usize] as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(counters: &mut Counters, latency: u64) {
        let fine = windtunnel_base::histogram::bucket_of(latency);
        counters.answer(0, 0, Status::Ok, latency, fine, 0.0);
    }

    #[test]
    fn buckets_are_exact_at_their_bounds() {
        let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let mut counters = Counters::new(1, &bounds);
        counters.add_pod();
        for (i, bound) in bounds.iter().enumerate() {
            let at = (bound * 1e9).round() as u64;
            let buckets = |c: &Counters| {
                let mut sums = [0; 12];
                c.of_process(0).add_buckets(0, 0, &mut sums);
                sums
            };
            let before = buckets(&counters);
            answer(&mut counters, at);
            answer(&mut counters, at + 1);
            answer(&mut counters, at - 1);
            let after = buckets(&counters);
            assert_eq!((after[i] - before[i], after[i + 1] - before[i + 1]), (2, 1), "{bound}");
        }
        assert_eq!(counters.of_process(0).requests(0, Status::Ok as usize), 33);
    }
}

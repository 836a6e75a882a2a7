//! Layer 3: what an operator could see. Counters as scraped, target by target, at their instants.
//!
//! A scrape appends one row of cells to its target. Readers ask for increases over windows and get
//! nothing where a real query would be empty. True counts never come here, so lag, windows and
//! emptiness decide as they do in production. Formats and queries live elsewhere.

pub mod store;
pub mod symbol;

use crate::base::time::{SimDuration, SimTime};
use crate::world::routing::Pool;
use crate::world::service::Version;

/// Where a cell stands within a scraped row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of routes.
    pub routes: usize,
    /// Number of finite latency bounds.
    pub bounds: usize,
}

/// Status classes per route in a row: 200, 500, 503.
pub const STATUSES: usize = 3;

impl Layout {
    fn cells_per_route(self) -> usize {
        STATUSES + self.bounds + 1 + 2
    }

    /// `http_requests_total` of a route and status class.
    pub fn requests(self, route: usize, status: usize) -> usize {
        route * self.cells_per_route() + status
    }

    /// `http_request_duration_seconds_bucket` of a route, not cumulative.
    pub fn bucket(self, route: usize, bucket: usize) -> usize {
        route * self.cells_per_route() + STATUSES + bucket
    }

    /// `checkout_started_total` of a route.
    pub fn started(self, route: usize) -> usize {
        (route + 1) * self.cells_per_route() - 2
    }

    /// `orders_completed_total` of a route.
    pub fn completed(self, route: usize) -> usize {
        (route + 1) * self.cells_per_route() - 1
    }

    /// `container_cpu_usage_seconds_total`.
    pub fn cpu(self) -> usize {
        self.routes * self.cells_per_route()
    }

    /// Cells of a row.
    pub fn width(self) -> usize {
        self.cpu() + 1
    }
}

/// One scraped target: a pod, or the ingress.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its pod.
    pub pod: u32,
    /// The label `version`.
    pub version: Version,
    /// The pool it serves in.
    pub pool: Pool,
    times: Vec<SimTime>,
    cells: Vec<f64>,
}

/// Everything scraped so far.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Shape of a row.
    pub layout: Layout,
    /// Latency bounds in seconds.
    pub bounds: Vec<f64>,
    /// CPU limit of a pod in cores.
    pub cpu_limit: f64,
    targets: Vec<Target>,
    ingress_times: Vec<SimTime>,
    ingress: Vec<[u64; 2]>,
    /// Older samples are forgotten.
    keep: SimDuration,
}

/// Which targets a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Only this version.
    pub version: Version,
    /// Only this pool; all when absent.
    pub pool: Option<Pool>,
}

impl Telemetry {
    /// Nothing scraped yet.
    pub fn new(routes: usize, bounds: &[f64], cpu_limit: f64) -> Telemetry {
        Telemetry {
            layout: Layout { routes, bounds: bounds.len() },
            bounds: bounds.to_vec(),
            cpu_limit,
            targets: Vec::new(),
            ingress_times: Vec::new(),
            ingress: Vec::new(),
            keep: SimDuration::from_secs(3600),
        }
    }

    /// Adds a target; its number is the next one.
    pub fn add_target(&mut self, pod: u32, version: Version, pool: Pool) {
        self.targets.push(Target { pod, version, pool, times: Vec::new(), cells: Vec::new() });
    }

    /// Appends a scraped row to a target.
    pub fn append(&mut self, target: usize, at: SimTime, row: impl Iterator<Item = f64>) {
        let width = self.layout.width();
        let target = &mut self.targets[target];
        // Half of what is kept is dropped at once, so that forgetting costs little.
        let old = target.times.partition_point(|t| at.since(*t) > self.keep);
        if old * 2 > target.times.len() {
            target.times.drain(..old);
            target.cells.drain(..old * width);
        }
        target.times.push(at);
        target.cells.extend(row);
        assert_eq!(target.cells.len(), target.times.len() * width, "a row of another shape");
    }

    /// Appends a scrape of the ingress: requests answered well and badly.
    pub fn append_ingress(&mut self, at: SimTime, counts: [u64; 2]) {
        self.ingress_times.push(at);
        self.ingress.push(counts);
    }

    /// Increase of a cell, summed over the selected targets within the window that ends `at`.
    /// Nothing when no target has two samples in it (as `rate` is empty then). A counter that fell
    /// was reset: its new value counts whole.
    pub fn increase(
        &self,
        select: Selector,
        cell: usize,
        at: SimTime,
        window: SimDuration,
    ) -> Option<f64> {
        let mut sum = None;
        for target in self.targets.iter().filter(|t| select.takes(t)) {
            if let Some(increase) = self.target_increase(target, cell, at, window) {
                sum = Some(sum.unwrap_or(0.0) + increase);
            }
        }
        sum
    }

    fn target_increase(
        &self,
        target: &Target,
        cell: usize,
        at: SimTime,
        window: SimDuration,
    ) -> Option<f64> {
        let (width, range) = (self.layout.width(), within(&target.times, at, window));
        if range.len() < 2 {
            return None;
        }
        let values = range.map(|i| target.cells[i * width + cell]);
        let mut last = f64::NAN;
        let mut sum = 0.0;
        for value in values {
            if !last.is_nan() {
                sum += if value >= last { value - last } else { value };
            }
            last = value;
        }
        Some(sum)
    }

    /// Mean CPU use of the selected targets over the window, as a share of their limit.
    pub fn cpu_share(&self, select: Selector, at: SimTime, window: SimDuration) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0);
        for target in self.targets.iter().filter(|t| select.takes(t)) {
            let range = within(&target.times, at, window);
            if range.len() < 2 {
                continue;
            }
            let span = target.times[range.end - 1].since(target.times[range.start]).as_secs_f64();
            let used = self.target_increase(target, self.layout.cpu(), at, window).unwrap_or(0.0);
            sum += used / span / self.cpu_limit;
            count += 1;
        }
        (count > 0).then(|| sum / f64::from(count))
    }

    /// (requests, bad requests) at the ingress within the window that ends `at`.
    pub fn ingress_increase(&self, at: SimTime, window: SimDuration) -> Option<(f64, f64)> {
        let range = within(&self.ingress_times, at, window);
        if range.len() < 2 {
            return None;
        }
        let (first, last) = (self.ingress[range.start], self.ingress[range.end - 1]);
        let bad = (last[1] - first[1]) as f64;
        Some(((last[0] - first[0]) as f64 + bad, bad))
    }

    /// Samples kept, for the statement of memory.
    pub fn samples(&self) -> usize {
        self.targets.iter().map(|t| t.cells.len()).sum::<usize>() + self.ingress.len() * 2
    }

    /// Forgets everything and takes nothing further: for tests that show what decisions rest on.
    pub fn blind(&mut self) {
        for target in &mut self.targets {
            target.times.clear();
            target.cells.clear();
        }
        self.ingress.clear();
        self.ingress_times.clear();
    }
}

impl Selector {
    /// All targets of a version, whatever their pool.
    pub fn version(version: Version) -> Selector {
        Selector { version, pool: None }
    }

    fn takes(self, target: &Target) -> bool {
        target.version == self.version && self.pool.is_none_or(|p| p == target.pool)
    }
}

/// Indexes of the instants within (at − window, at].
fn within(times: &[SimTime], at: SimTime, window: SimDuration) -> std::ops::Range<usize> {
    let end = times.partition_point(|t| *t <= at);
    let start = times.partition_point(|t| *t <= at && at.since(*t) >= window);
    start.min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Selector = Selector { version: Version::Old, pool: None };

    fn one_counter(values: &[f64]) -> Telemetry {
        let mut telemetry = Telemetry::new(0, &[], 1.0);
        telemetry.add_target(0, Version::Old, Pool::Stable);
        for (i, value) in values.iter().enumerate() {
            telemetry.append(0, SimTime::from_secs_f64(15.0 * i as f64), [*value].into_iter());
        }
        telemetry
    }

    #[test]
    fn increases_survive_resets_and_need_two_samples() {
        let telemetry = one_counter(&[0.0, 10.0, 30.0, 5.0, 6.0]);
        let at = SimTime::from_secs_f64(60.0);
        let increase = |secs| telemetry.increase(OLD, 0, at, SimDuration::from_secs(secs));
        assert_eq!(increase(120), Some(36.0));
        assert_eq!(increase(20), Some(1.0));
        assert_eq!(increase(15), None, "one sample is not a rate");
        assert_eq!(
            telemetry.increase(Selector::version(Version::New), 0, at, SimDuration::from_secs(60)),
            None
        );
    }

    #[test]
    fn a_layout_has_no_overlaps() {
        let layout = Layout { routes: 3, bounds: 4 };
        let mut cells = vec![layout.cpu()];
        for route in 0..3 {
            cells.extend((0..STATUSES).map(|s| layout.requests(route, s)));
            cells.extend((0..=4).map(|b| layout.bucket(route, b)));
            cells.extend([layout.started(route), layout.completed(route)]);
        }
        cells.sort_unstable();
        assert_eq!(cells, (0..layout.width()).collect::<Vec<_>>());
    }
}

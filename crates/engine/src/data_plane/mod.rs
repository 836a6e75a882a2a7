//! The data plane: moves requests from one control instant to the next.
//!
//! `advance(until)` is the only way in, and nobody outside of this folder writes a field. Between
//! two advances the control plane tells what has changed, each by a method of its own: what the
//! active faults make of requests (`tables_mut`), what becomes of pods (`start_pod`, `kill_pod`),
//! what proxies learn (`learn`, `learn_routing`). What was counted is read (`tally`, `counters`,
//! `users`). The loop calls no plug-in and allocates nothing per request. It deliberately does not
//! know strategies, probes, faults or telemetry windows.

pub mod attempt;
mod beliefs;
pub mod client;
mod clients;
mod commit;
mod connections;
mod counts;
mod fast_path;
mod fleet;
mod hot;
pub mod ledger;
pub mod mesh;
pub mod mirror;
mod observer;
pub mod pick;
mod senders;
pub(crate) mod tables;
pub mod tally;
pub mod tape;

use clients::Clients;
use counts::Counts;
use fleet::Fleet;
use hot::Hot;
use ledger::{PodLedger, flag};
use mesh::Ejection;
pub use observer::Observer;
use std::sync::Arc;
use tables::{TableRow, Tables};
use tally::{Counters, Tally};
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::traffic::{Arrivals, Traffic};
use windtunnel_model::world::effect::Effect;
use windtunnel_model::world::log::{ExperimentCounts, ShadowCounts};
use windtunnel_model::world::service::Service;
use windtunnel_model::world::user::{Users, user_hash};

/// Why `advance` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The clock is at the instant that was asked for.
    Reached,
    /// A pod met its limit at this instant; the clock stands there.
    Tripped {
        /// Number of the pod that it happened to.
        pod: u32,
        /// When, in simulated time.
        at: SimTime,
    },
}

/// Arrivals and follow-ups between two pauses of `advance`: some 10 ms.
const STEPS: u32 = 1 << 16;

/// The state of the data plane; plain data, cloneable at any instant.
#[derive(Clone, Debug)]
pub struct DataPlane {
    service: Arc<Service>,
    hot: Hot,
    streams: Streams,
    now: u64,
    /// What the active faults make of requests.
    tables: Tables,
    fleet: Fleet,
    clients: Clients,
    counts: Counts,
    /// May no request take the fast path, which comes to the same? For tests.
    fast_path_off: bool,
}

/// Index of a row of effects.
#[inline(always)]
fn row_of(
    (pod, version): (u32, u8),
    (class, classes): (usize, usize),
    (route, routes): (u8, usize),
) -> usize {
    let side = pod as usize * 2 + usize::from(version);
    (side * classes + class) * routes + usize::from(route)
}

impl DataPlane {
    /// An empty data plane at time zero, without pods.
    pub fn new(
        service: Arc<Service>,
        traffic: &Traffic,
        streams: Streams,
        horizon: SimTime,
        buckets: &[f64],
    ) -> DataPlane {
        let mut data_plane = DataPlane {
            hot: Hot::new(&service),
            streams,
            now: 0,
            tables: Tables::default(),
            fleet: Fleet::new(service.balancer.proxies.max(1) as usize),
            clients: Clients::new(&service, traffic, streams, horizon),
            counts: Counts::new(service.routes.len(), horizon, buckets),
            fast_path_off: false,
            service,
        };
        if let Arrivals::Closed { sessions, think } = traffic.arrivals {
            data_plane.clients.think = Some(think);
            data_plane.clients.session_steps = vec![0; sessions as usize];
            (0..sessions).for_each(|s| data_plane.think_first(s));
        }
        data_plane
    }

    /// Adds a pod that does not accept yet; its number is the next one.
    pub fn add_pod(&mut self, version: u8, row: impl Fn(usize, usize) -> Effect) {
        let pod = &self.service.pod;
        self.fleet.pods.push(PodLedger::new(version, pod.concurrency, pod.queue));
        self.counts.counters.add_pod();
        let routes = self.service.routes.len();
        for version in 0..2 {
            for _ in 0..self.classes() {
                self.tables
                    .rows
                    .extend((0..routes).map(|route| TableRow::from(row(version, route))));
            }
        }
    }

    /// Classes of users that rows tell apart: one, unless a fault is limited to a cohort.
    pub fn classes(&self) -> usize {
        self.tables.cohorts.len() + 1
    }

    /// The class of a user: the number of cohorts' ends at or below its hash.
    #[inline]
    pub(crate) fn class_of(&self, user: u32) -> usize {
        if self.tables.cohorts.is_empty() {
            return 0;
        }
        let hash = user_hash(user);
        self.tables.cohorts.partition_point(|end| *end <= hash)
    }

    /// Moves every request up to `until` and commits what is complete by then.
    pub fn advance(&mut self, until: SimTime) -> Advanced {
        self.make_ready();
        loop {
            if let Some(advanced) = self.steps(until.as_nanos()) {
                return advanced;
            }
        }
    }

    /// The same, asking now and then whether to go on; nothing comes back if not.
    pub(super) fn advance_while(
        &mut self,
        until: SimTime,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Advanced> {
        self.make_ready();
        loop {
            match self.steps(until.as_nanos()) {
                None if !go_on() => return None,
                None => {}
                advanced => return advanced,
            }
        }
    }

    fn make_ready(&mut self) {
        self.hot.rare = self.is_rare();
        self.hot.fast_path = !self.fast_path_off && self.fast_path_is_open();
    }

    /// Up to [`STEPS`] steps towards `until`; nothing comes back if more are left. Nothing is
    /// committed in between, so that pauses leave no trace.
    #[inline(never)]
    fn steps(&mut self, until: u64) -> Option<Advanced> {
        let mut left = STEPS;
        loop {
            let arrival = self.clients.tape.next_at();
            let next = arrival.min(self.clients.next_follow);
            if next >= until {
                break;
            }
            if left == 0 {
                return None;
            }
            left -= 1;
            self.now = next;
            if arrival <= self.clients.next_follow {
                if self.takes_fast_path() {
                    continue;
                }
                let tape::Drawn { arrival, demand } = self.clients.tape.take();
                self.arrive(arrival, demand);
            } else if let Some(follow) = self.clients.pop_follow() {
                self.follow(follow);
            }
            if self.fleet.tripped != u32::MAX {
                let pod = std::mem::replace(&mut self.fleet.tripped, u32::MAX);
                return Some(Advanced::Tripped { pod, at: SimTime::from_nanos(self.now) });
            }
        }
        self.now = until;
        self.fleet.commit_all(&mut self.counts, until);
        Some(Advanced::Reached)
    }

    /// Lets everything in flight end, without new arrivals: the end of a flight.
    pub fn drain(&mut self) {
        self.hot.rare = self.is_rare();
        while let Some(follow) = self.clients.pop_follow() {
            self.now = self.now.max(follow.at);
            if !follow.is_session() {
                self.follow(follow);
            }
        }
        self.fleet.tripped = u32::MAX;
        // What hangs is never answered: its client left long ago, its server counts nothing.
        self.fleet.commit_all(&mut self.counts, self.now.saturating_add(attempt::NEVER_NS / 2));
    }

    #[inline]
    pub(crate) fn row(&self, pod: u32, version: u8, class: usize, route: u8) -> usize {
        row_of((pod, version), (class, self.classes()), (route, self.hot.routes.len()))
    }

    /// Tells `proxy` that a pod is (or is no longer) an endpoint of the stable pool.
    pub fn endpoint(&mut self, proxy: usize, pod: u32, present: bool) {
        self.fleet.proxies[proxy].set(windtunnel_model::world::routing::Pool::Stable, pod, present);
    }

    /// Turns a running process into another version, keeping its requests in flight.
    pub fn set_version(&mut self, pod: u32, version: u8) {
        self.fleet.pods[pod as usize].version = version;
    }

    /// (requests that have not ended, copies and attempts on pods for which `gone` holds).
    pub fn in_flight(&self, gone: impl Fn(usize) -> bool) -> (u64, u64) {
        let (mut open, mut on_gone) = (0, 0);
        for (pod, ledger) in self.fleet.pods.iter().enumerate() {
            for entry in ledger.entries() {
                open += u64::from(entry.flags & (flag::MIRROR | flag::NOT_FINAL) == 0);
                // What waits for a connection that nobody refuses is with its proxy.
                on_gone += u64::from(gone(pod) && !ledger.dark);
            }
        }
        let waiting = self.clients.chains.iter().filter(|c| c.is_due()).count() as u64;
        (open + waiting, on_gone)
    }

    /// The true counts.
    pub fn tally(&self) -> &Tally {
        &self.counts.tally
    }

    /// What a scrape can see of pods.
    pub fn counters(&self) -> &Counters {
        &self.counts.counters
    }

    /// Users, and what they have met.
    pub fn users(&self) -> &Users {
        &self.clients.users
    }

    /// What the experiment's log has counted, while one is open.
    pub(super) fn experiment(&self) -> Option<ExperimentCounts> {
        self.counts.experiment
    }

    /// What was counted of mirrored copies.
    pub(super) fn shadow(&self) -> ShadowCounts {
        self.counts.shadow
    }

    /// The slots and the ledger of a pod.
    pub(super) fn pod(&self, pod: u32) -> &PodLedger {
        &self.fleet.pods[pod as usize]
    }

    /// What the active faults make of requests.
    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The same, to be written: by the faults' owner alone.
    pub(super) fn tables_mut(&mut self) -> &mut Tables {
        &mut self.tables
    }

    /// Lets no request take the fast path from now on: for tests, as it comes to the same.
    pub(super) fn close_fast_path(&mut self) {
        self.fast_path_off = true;
    }

    /// Divides users by the cohorts that faults are limited to; pods are added afterwards.
    pub(super) fn divide_users(&mut self, below: Vec<u32>) {
        debug_assert!(self.fleet.pods.is_empty(), "rows are laid out by cohorts");
        self.tables.cohorts = below;
    }

    /// Has everybody an md5 bucket?
    pub(super) fn has_buckets(&self) -> bool {
        !self.clients.buckets.is_empty()
    }

    /// Gives every user an md5 bucket.
    pub(super) fn set_buckets(&mut self, buckets: Arc<[u8]>) {
        self.clients.buckets = buckets;
    }

    /// All users' cookies are new: what they kept of an earlier rollout means nothing any more.
    pub(super) fn forget_cookies(&mut self) {
        self.clients.cookies = vec![[0; 2]; self.clients.users.count()];
    }

    /// Every request that a pod serves fills so much of its memory.
    pub(super) fn set_leak(&mut self, pod: u32, per_request: f64) {
        self.fleet.pods[pod as usize].set_leak(per_request);
    }

    /// A pod has been warm for long.
    pub(super) fn warmed_up(&mut self, pod: u32) {
        self.fleet.pods[pod as usize].warm_until = 0;
    }

    /// The node of `pod` has vanished: its process is dead, and nobody is left to refuse.
    pub(super) fn darken_pod(&mut self, pod: u32) {
        self.kill_pod(pod);
        self.fleet.pods[pod as usize].dark = true;
    }

    /// Pods that proxies have ejected since this was last asked.
    pub(super) fn take_ejections(&mut self) -> Vec<Ejection> {
        std::mem::take(&mut self.fleet.mesh.ejections)
    }

    /// The process of `pod` begins to serve, warming up from now on; its own counters begin at 0.
    pub fn start_pod(&mut self, pod: u32) {
        self.counts.counters.reset_pod(pod);
        let warm_up = self.service.pod.warm_up.map_or(SimDuration::ZERO, |w| w.tau * 7);
        let now = self.now;
        self.fleet.pods[pod as usize].start(now, warm_up);
    }

    /// The process of `pod` stops accepting; requests in flight go on.
    pub fn stop_accepting(&mut self, pod: u32) {
        self.break_connections(pod);
        self.fleet.pods[pod as usize].accepting = false;
    }

    /// The process of `pod` dies: requests in flight break.
    pub fn kill_pod(&mut self, pod: u32) {
        self.fleet.commit_due(&mut self.counts, pod, self.now);
        self.break_connections(pod);
        self.mesh_breaks(pod);
        for entry in self.fleet.pods[pod as usize].kill() {
            self.break_entry(entry);
        }
    }
}

//! What never changes during a flight: the service's routes, slots, clients and dependency.
//!
//! Plain data, filled by the scenario layer. It does not know what is being released.

use super::mesh::{Mesh, PoolRules};
use super::names::Names;
use super::placement::Placement;
use crate::world::probe::ProbeSettings;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Money, Share};

/// Which version of the service a pod or request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Version {
    /// What runs before the release.
    Old = 0,
    /// What is released.
    New = 1,
}

impl Version {
    /// Both, old first.
    pub const BOTH: [Version; 2] = [Version::Old, Version::New];

    /// 0 for old, 1 for new.
    #[inline]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word in CSV and charts.
    pub fn word(self) -> &'static str {
        match self {
            Version::Old => "old",
            Version::New => "new",
        }
    }
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Name in metrics and faults.
    pub name: String,
    /// Share of the traffic.
    pub share: Share,
    /// Does it change data (so that a repeated one is a duplicated side effect)?
    pub write: bool,
    /// Time one slot is busy with it, without waiting.
    pub service_time: Distribution,
    /// Share of requests that fail without any release or chaos.
    pub errors: Share,
    /// What one answered request is worth.
    pub value: Money,
    /// Share of answered requests that complete the business step (order placed).
    pub conversion: Share,
}

/// How long after its start a pod is slower, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// Service-time factor at the first request.
    pub factor: f64,
    /// Time constant of the exponential decay towards factor 1.
    pub tau: SimDuration,
}

/// How a balancer chooses a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Uniformly at random (kube-proxy in iptables mode).
    Random,
    /// In turn.
    RoundRobin,
    /// The less busy of two random ones (Envoy's default).
    LeastOfTwo,
    /// By hash of the user, so that a pod's users stay with it.
    RingHash,
    /// The pod of the user's last request, as long as it is an endpoint and that request is no
    /// older than this; else a random one (kube-proxy's session affinity, and cookies that name a
    /// pod). A pod that joins takes nobody away from another.
    Sticky(SimDuration),
}

impl Policy {
    /// Has a user a pod of one's own, to which a further try goes as well?
    pub fn is_personal(self) -> bool {
        matches!(self, Policy::RingHash | Policy::Sticky(_))
    }
}

/// What clients do when an attempt fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// Further attempts after the first.
    pub attempts: u8,
    /// Mean wait before the next attempt; drawn uniformly from 0.5 to 1.5 of it, doubled each time.
    pub backoff: SimDuration,
}

/// A service that requests call, shared by all versions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependency {
    /// Calls per second that it can answer.
    pub capacity: f64,
    /// Time of one call without waiting.
    pub latency: SimDuration,
    /// Longest wait before a call fails.
    pub timeout: SimDuration,
    /// Calls that a request makes.
    pub calls: f64,
}

/// Long-lived connections, if clients keep any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeepAlive {
    /// A connection older than this is opened anew.
    pub max_age: SimDuration,
}

/// What versions do to each other and to shared data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mixing {
    /// Share of a user's requests that fail when the user's last request met another version.
    pub session_breaks: Share,
}

/// Probes and life-cycle settings of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSettings {
    /// Requests served at the same time.
    pub concurrency: u32,
    /// Requests that may wait beyond the slots; more are refused with 503.
    pub queue: u32,
    /// From scheduling to the start of the container.
    pub scheduling: Distribution,
    /// The same as it was recorded, if it was: the n-th pod of a version takes the n-th, and over
    /// again.
    pub scheduling_times: Vec<SimDuration>,
    /// From the start of the container until the process serves.
    pub startup: Distribution,
    /// Readiness probe; nothing means ready as soon as the container runs.
    pub readiness: Option<ProbeSettings>,
    /// Liveness probe.
    pub liveness: Option<ProbeSettings>,
    /// Startup probe.
    pub startup_probe: Option<ProbeSettings>,
    /// A ready pod counts as available after this (minReadySeconds).
    pub min_ready: SimDuration,
    /// Sleep before SIGTERM, in which the pod still serves.
    pub pre_stop: SimDuration,
    /// From deletion to SIGKILL.
    pub grace: SimDuration,
    /// Slower after a start.
    pub warm_up: Option<WarmUp>,
    /// CPU seconds per second of service time.
    pub cpu_per_busy: f64,
    /// CPU limit in cores, against which CPU checks measure.
    pub cpu_limit: f64,
    /// CPU request in cores, against which autoscalers measure.
    pub cpu_request: f64,
}

/// The balancer in front of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct BalancerSettings {
    /// How a pod is chosen.
    pub policy: Policy,
    /// Number of independent proxies; each learns of changes after its own delay.
    pub proxies: u32,
    /// From a change of endpoints or weights until a proxy acts on it.
    pub propagation: Distribution,
    /// Attempts on other pods when a connection is refused (0: the client sees it).
    pub retries: u8,
    /// Connections pinned to pods; nothing means every request is balanced.
    pub keep_alive: Option<KeepAlive>,
    /// What its proxies do beyond choosing a pod.
    pub mesh: Mesh,
    /// How the candidate's pods are chosen and treated, if not as all others.
    pub candidate: Option<(Policy, PoolRules)>,
    /// Pods have to be registered as its targets; nothing means that it follows the endpoints.
    pub registration: Option<Registration>,
}

/// A load balancer outside of the cluster, whose targets are pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registration {
    /// From ready containers until the pod is a healthy target.
    pub after: Distribution,
    /// Does a readiness gate wait for it, so that a pod is ready only as a healthy target?
    pub gate: bool,
}

impl BalancerSettings {
    /// Does the request loop have more to do than to choose a pod?
    pub fn is_meshed(&self) -> bool {
        self.mesh.is_on() || self.candidate.is_some()
    }
}

/// Nodes and zones.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSettings {
    /// Nodes at the start.
    pub count: u32,
    /// Pods that fit on one node.
    pub capacity: u32,
    /// Zones the nodes are spread over.
    pub zones: u32,
    /// From an unschedulable pod to a ready new node.
    pub provisioning: Distribution,
    /// Is there nobody who adds nodes?
    pub fixed: bool,
    /// From the loss of a node to its pods being marked not ready.
    pub lost_after: SimDuration,
    /// From not ready to the replacement of its pods.
    pub evict_after: SimDuration,
}

/// The service under test.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// What it and its parts are called in metrics.
    pub names: Names,
    /// Pods at full size.
    pub replicas: u32,
    /// Kinds of requests.
    pub routes: Vec<Route>,
    /// Settings of every pod.
    pub pod: PodSettings,
    /// How proxies choose a pod for a request.
    pub balancer: BalancerSettings,
    /// Nodes and zones.
    pub nodes: NodeSettings,
    /// Which nodes may take its pods.
    pub placement: Placement,
    /// A request unanswered for this long has failed for its client.
    pub timeout: SimDuration,
    /// Client retries.
    pub retries: Retries,
    /// A downstream service.
    pub dependency: Option<Dependency>,
    /// What crossing versions does to a session.
    pub mixing: Mixing,
    /// Price of one pod for an hour.
    pub price_per_hour: Money,
    /// An answer later than this is slow.
    pub slow: SimDuration,
    /// Share of requests that must succeed.
    pub objective: Share,
    /// Share of failed business requests that come back later.
    pub come_back: Share,
}

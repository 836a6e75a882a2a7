//! A pod, a replica set and a node as the control plane knows them: plain data.

use super::backoff::BackoffState;
use super::probe::ProbeWorker;
use super::replica_set::{PodFacts, PodPhase};
use super::routing::Pool;
use super::service::Version;
use windtunnel_base::time::SimTime;

/// What a pod's container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodStage {
    /// No node has room for it.
    Pending,
    /// Assigned to a node; the container is not running yet.
    Scheduled,
    /// The container runs; the process boots.
    Booting,
    /// The process serves.
    Serving,
    /// The container has ended and waits for its restart.
    BackOff,
    /// The pod is gone.
    Gone,
}

/// One pod.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Number of its replica set.
    pub set: u32,
    /// Version of its process.
    pub version: Version,
    /// Pool it serves in.
    pub pool: Pool,
    /// It is the n-th pod of its version, from 0: the address of its random draws.
    pub ordinal: u32,
    /// Its node, once assigned.
    pub node: Option<u32>,
    /// Zone of its node.
    pub zone: u32,
    /// What its container is doing.
    pub stage: PodStage,
    /// When it was created.
    pub created: SimTime,
    /// When the kubelet admitted it; probes tick from here.
    pub admitted: SimTime,
    /// When its present container started.
    pub container_started: SimTime,
    /// When it was deleted, if it was.
    pub deleting: Option<SimTime>,
    /// Is it reported ready?
    pub ready: bool,
    /// Is it a target of the load balancer that requests are sent to? Counts only where targets
    /// have to be registered.
    pub registered: bool,
    /// When its registration will be complete, while one is under way.
    pub registering: Option<SimTime>,
    /// When that last changed.
    pub ready_since: Option<SimTime>,
    /// Has it ever been ready? From creation to the first time.
    pub first_ready: Option<SimTime>,
    /// Restarts of its container.
    pub restarts: u32,
    /// Rises whenever events planned for the pod lose their meaning.
    pub life: u32,
    /// Readiness, liveness and startup probe of the container that runs.
    pub probes: [Option<Probe>; 3],
    /// The workers of these probes while no container runs: they outlive it.
    pub idle: [Option<ProbeWorker>; 3],
    /// Crash back-off.
    pub backoff: BackoffState,
    /// Does the process neither answer nor exit?
    pub frozen: bool,
    /// Has its node vanished?
    pub lost: bool,
    /// Is it a target of the scraper (from the first start of its container)?
    pub scraped: bool,
}

/// A probe's counting, and up to when it was fed.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The kubelet's counting.
    pub worker: ProbeWorker,
    /// Attempts before this instant are counted.
    pub fed_until: SimTime,
    /// Outcome of attempts from then on.
    pub healthy: bool,
}

/// One replica set.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// Version of its pods.
    pub version: Version,
    /// Pool its pods serve in.
    pub pool: Pool,
    /// Desired pods.
    pub size: u32,
}

/// One node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Number of the zone that the node is in, from 0.
    pub zone: u32,
    /// Pods on it.
    pub used: u32,
    /// Is it there?
    pub alive: bool,
    /// Has it vanished for good?
    pub lost: bool,
    /// Is it being drained, or kept away since?
    pub drained: bool,
}

impl Node {
    /// So many nodes, in turn over so many zones.
    pub fn many(count: u32, zones: u32) -> Vec<Node> {
        (0..count.max(1)).map(|i| Node::in_zone(i % zones.max(1))).collect()
    }

    /// An empty node.
    pub fn in_zone(zone: u32) -> Node {
        Node { zone, used: 0, alive: true, lost: false, drained: false }
    }

    /// May pods be assigned to it?
    pub fn is_open(&self) -> bool {
        self.alive && !self.drained
    }
}

impl Pod {
    /// Does it still exist?
    pub fn exists(&self) -> bool {
        self.stage != PodStage::Gone
    }

    /// Does it count for its set?
    pub fn is_active(&self) -> bool {
        self.exists() && self.deleting.is_none()
    }

    /// What its replica set sees of it.
    pub fn facts(&self, uid: u64) -> PodFacts {
        let phase = match self.stage {
            PodStage::Pending | PodStage::Scheduled => PodPhase::Pending,
            PodStage::Gone => PodPhase::Failed,
            _ if self.lost => PodPhase::Unknown,
            _ => PodPhase::Running,
        };
        PodFacts {
            node: self.node,
            phase,
            deleting: self.deleting.is_some(),
            ready: self.ready,
            ready_since: self.ready_since,
            created: Some(self.created),
            restarts: self.restarts,
            deletion_cost: 0,
            fully_labeled: true,
            uid,
        }
    }
}

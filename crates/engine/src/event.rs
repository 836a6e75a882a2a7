//! What the control plane wakes up for.

use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::strategy::order::HumanOrder;
use windtunnel_model::world::action::Token;
use windtunnel_model::world::endpoint::Conditions;
use windtunnel_model::world::routing::Routing;

/// What the control plane wakes up for.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The release begins.
    Release,
    /// Somebody gives an order.
    Ordered(HumanOrder),
    /// A wake-up that the strategy asked for.
    Timer(Token),
    /// Reported pod states have changed: the strategy looks.
    Look,
    /// A step of the controller of a replica set.
    Set {
        /// Which set.
        set: u32,
        /// Which step.
        step: SetStep,
    },
    /// A step in the life of a pod; void if the pod's life has moved on.
    Pod {
        /// Which pod.
        pod: u32,
        /// The pod's life when the step was planned.
        life: u32,
        /// Which step.
        step: PodStep,
    },
    /// A change reaches a proxy.
    Believe {
        /// Which proxy.
        proxy: u32,
        /// What it learns.
        change: Change,
    },
    /// A target is scraped.
    Scrape(u32),
    /// A target has been gone for long enough: its series end.
    TargetGone {
        /// Which target.
        target: u32,
        /// When its next scrape would have been.
        since: SimTime,
    },
    /// The alert is evaluated.
    Alert,
    /// The human has decided.
    HumanDecides,
    /// A fault begins or ends.
    Fault {
        /// Number of the fault among those of the flight, from 0.
        index: usize,
        /// Does it begin?
        begins: bool,
    },
    /// A new node is ready.
    NodeReady,
    /// The cluster notices that a node is gone.
    NodeNoticed(u32),
    /// Pods of a lost node are given up.
    NodeEvicted(u32),
    /// A node that is being drained: the next eviction.
    Drain(u32),
    /// The metrics server reads all pods.
    MetricsServer,
    /// The autoscalers look at what it read.
    Autoscale,
    /// The smoke test has its result.
    SmokeDone {
        /// Requests sent.
        sent: u32,
        /// Requests not answered rightly.
        failed: u32,
    },
    /// A load test sends its next request.
    Synthetic {
        /// When it ends.
        until: SimTime,
        /// Between two requests.
        gap: SimDuration,
        /// Straight to the candidate, or through the split?
        straight: bool,
    },
    /// A recording takes a sample.
    Sample,
}

/// A step in the life of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodStep {
    /// Its container starts.
    ContainerStarts,
    /// Its process has booted.
    Booted,
    /// Its process exits.
    Crashes,
    /// Its process exits by a fault, if that has not ended meanwhile.
    ExitsBy {
        /// The fault's number.
        fault: u32,
        /// How often that had begun.
        strike: u32,
    },
    /// The kubelet notices that the container has ended.
    CrashNoticed,
    /// A probe (readiness, liveness, startup) flips.
    ProbeFlips(usize),
    /// It has been ready for long enough to be available.
    Available,
    /// The load balancer finds it healthy.
    Registered,
    /// SIGTERM, after preStop.
    Terminates,
    /// The process has ended, or is killed.
    Ends,
}

/// What a replica set's controller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetStep {
    /// It has seen that something changed.
    Sync,
    /// It makes the next batch of creations.
    Batch,
    /// A call that had to wait for the client's limits: a creation.
    Create,
    /// Another such call: the deletion of a pod.
    Delete(u32),
    /// All calls of the sync have come back.
    Called,
    /// The status is written.
    Reported,
}

/// One thing a proxy learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The endpoint of a pod has these conditions; nothing when the pod is gone.
    Endpoint(u32, Option<Conditions>),
    /// The routing is another.
    Routing(Routing),
}

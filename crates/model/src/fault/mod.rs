//! What breaks. A fault is an effect, on a scope, under a trigger.
//!
//! The same description serves as a *defect* (it lives in the new version) and as *chaos* (it lives
//! in the environment, and hits every version). One file per fault; each turns its settings into
//! plain data that the engine applies. No fault knows pods in flight, strategies or the clock.

use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Part;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Rate, Share};

pub mod chaos;
pub mod common;
pub mod defect;

/// Faults that a new version may carry, by their name in YAML.
pub const DEFECTS: &[Part<Fault>] = defect::PARTS;

/// Faults of the environment, by their name in YAML.
pub const CHAOS: &[Part<Fault>] = chaos::PARTS;

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its name in YAML, for stories.
    pub name: &'static str,
    /// What it does, and where: every kind of effect has the scope that it can honour.
    pub effect: FaultEffect,
    /// When.
    pub trigger: Trigger,
}

/// What a fault does, and to whom.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultEffect {
    /// It changes how requests are served.
    Request(RequestEffect, RequestScope),
    /// It changes the life of pods.
    Pod(PodEffect, PodScope),
    /// It takes away infrastructure.
    Infra(InfraEffect),
    /// It changes what clients do.
    Client(ClientEffect, ClientScope),
    /// It changes shared data.
    Data(DataEffect),
}

impl Fault {
    /// The zone that it names, if it names one.
    pub fn zone(&self) -> Option<u32> {
        match &self.effect {
            FaultEffect::Request(_, scope) => scope.pods.zone,
            FaultEffect::Pod(_, scope) | FaultEffect::Infra(InfraEffect::PodKill(_, scope)) => {
                scope.zone
            }
            FaultEffect::Infra(InfraEffect::NodeLoss(nodes) | InfraEffect::NodeDrain(nodes)) => {
                nodes.zone
            }
            FaultEffect::Infra(InfraEffect::ZoneLoss(zone)) => Some(*zone),
            _ => None,
        }
    }

    /// The route that it is limited to, or leads users to.
    pub fn route(&self) -> Option<&str> {
        match &self.effect {
            FaultEffect::Request(_, scope) => scope.route.as_deref(),
            FaultEffect::Client(ClientEffect::RouteMix(_, route), _) => Some(route),
            _ => None,
        }
    }

    /// The share of users that it is limited to, if it is.
    pub fn cohort(&self) -> Option<Share> {
        match &self.effect {
            FaultEffect::Request(_, scope) => scope.cohort,
            FaultEffect::Client(_, scope) => scope.cohort,
            _ => None,
        }
    }
}

/// Changes to the way requests are served.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEffect {
    /// Share of requests answered with 500.
    pub errors: f64,
    /// Share of requests answered 200 with a wrong body.
    pub wrong: f64,
    /// Share of requests never answered.
    pub hang: f64,
    /// Factor on the service time.
    pub factor: f64,
    /// Added service time.
    pub add: SimDuration,
    /// Factor on the CPU time.
    pub cpu: f64,
    /// Factor on the calls to the dependency.
    pub calls: f64,
    /// Factor on the conversion.
    pub conversion: f64,
    /// Only while this share of a pod's slots is busy or more.
    pub above_load: Option<Share>,
}

impl RequestEffect {
    /// Share of requests that it fails. Whatever else will fail requests is joined here, so that
    /// tables of flights and warnings tell the same of it.
    pub fn fails(&self) -> f64 {
        self.errors
    }
}

impl Default for RequestEffect {
    fn default() -> Self {
        RequestEffect {
            errors: 0.0,
            wrong: 0.0,
            hang: 0.0,
            factor: 1.0,
            add: SimDuration::ZERO,
            cpu: 1.0,
            calls: 1.0,
            conversion: 1.0,
            above_load: None,
        }
    }
}

/// Changes to the life of pods.
#[derive(Clone, Debug, PartialEq)]
pub enum PodEffect {
    /// The process exits while starting, with this probability at each start.
    CrashOnStart(Share),
    /// The process exits this long after it began to serve.
    CrashAfter(Distribution),
    /// The process exits when it has accepted this many requests.
    CrashAfterRequests(u64),
    /// Start-up takes this many times as long.
    SlowStart(f64),
    /// Readiness passes although the process does not serve yet (or never will).
    ProbeLies,
    /// The process neither answers nor exits; only a liveness probe ends it.
    Freeze,
}

/// Losses of infrastructure.
#[derive(Clone, Debug, PartialEq)]
pub enum InfraEffect {
    /// This many random serving pods of the scope die at once.
    PodKill(u32, PodScope),
    /// These nodes vanish with their pods.
    NodeLoss(SomeNodes),
    /// These nodes are emptied by evictions, then away while it lasts.
    NodeDrain(SomeNodes),
    /// All nodes of this zone, from 0, vanish.
    ZoneLoss(u32),
    /// Share of calls to the dependency that fail while it lasts.
    DependencyErrors(Share),
    /// Scrapes fail while it lasts.
    MetricGap,
    /// Changes of endpoints and weights take this many times as long to reach the balancers.
    PropagationLag(f64),
}

/// Changes to what users of the new version do.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEffect {
    /// Further attempts after a failure.
    Retries(u8),
    /// This share of their requests goes to the route of this name instead.
    RouteMix(Share, String),
}

/// Changes to shared data.
#[derive(Clone, Debug, PartialEq)]
pub enum DataEffect {
    /// Share of the old version's requests that fail for users who wrote with the new one.
    UnreadableForOld(Share),
    /// Share of the old version's requests that fail once a new pod has served.
    Migrated(Share),
}

/// Which requests a fault meets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestScope {
    /// Only those of this route.
    pub route: Option<String>,
    /// Only those of this share of users, the same ones in every flight.
    pub cohort: Option<Share>,
    /// Only those that these pods serve.
    pub pods: PodScope,
}

/// Which pods a fault meets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodScope {
    /// Only this share of pods.
    pub share: Option<Share>,
    /// Only pods of this zone, from 0.
    pub zone: Option<u32>,
}

/// Which users a fault of clients meets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientScope {
    /// Only this share of users, the same ones in every flight.
    pub cohort: Option<Share>,
}

/// Which nodes a fault meets, of those that hold pods.
#[derive(Clone, Debug, PartialEq)]
pub struct SomeNodes {
    /// How many.
    pub count: u32,
    /// Only nodes of this zone, from 0.
    pub zone: Option<u32>,
}

/// When a fault acts.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// As long as what carries it exists.
    Always,
    /// Between two instants of the flight.
    Window {
        /// Start, since the start of the flight.
        from: SimDuration,
        /// End, since the start of the flight.
        until: SimDuration,
    },
    /// A while after the release began, for a while.
    AfterRelease {
        /// Since the start of the release.
        delay: SimDuration,
        /// How long.
        lasts: SimDuration,
    },
    /// When this share of the fleet (old and new) runs the new version, for a while.
    AtProgress {
        /// Share of replicas that are new and ready.
        share: Share,
        /// How long.
        lasts: SimDuration,
    },
    /// While more than this many new pods serve.
    AboveFleet(u32),
    /// While both versions serve.
    MixedVersions,
    /// Once the rollback was ordered.
    OnRollback,
    /// At random instants, for a while each.
    Random {
        /// Mean rate of the instants.
        rate: Rate,
        /// How long each lasts.
        lasts: SimDuration,
    },
}

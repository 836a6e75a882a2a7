//! Layer 6: strategies and controllers, and what they share.
//!
//! A strategy wakes at its own times, reads a [`View`] and names [`Action`]s. It sees what the real
//! controller sees: reported readiness, its own settings, scraped telemetry, the two logs.
//! Deliberately absent: requests, the future, true error rates. Adding a strategy: one file, one
//! line in [`STRATEGIES`].

use crate::analysis::check::Check;
use crate::analysis::check::about::About;
use crate::analysis::promql::error::EvalError;
use crate::analysis::promql::value::Value;
use crate::analysis::promql::{Options, Query};
use crate::base::settings::{Part, Reader};
use crate::base::time::{SimDuration, SimTime};
use crate::telemetry::store::Store;
use crate::telemetry::unix_ms;
use crate::world::action::{Action, Verdict};
use crate::world::log::{ExperimentCounts, ShadowCounts};
use crate::world::names::Names;
use crate::world::replica_set::PodPhase;
use crate::world::routing::Pool;
use crate::world::service::Version;
use std::fmt::Debug;

pub mod ab_test;
pub mod argo;
pub mod blue_green;
pub mod canary;
pub mod flagger;
pub mod fleet;
pub mod none;
pub mod recreate;
pub mod rolling_update;
pub mod rollout;
pub mod shadow;

pub use windtunnel_controllers::{autoscaler, deployment, disruption};

/// All strategies, by their name in YAML.
pub const STRATEGIES: &[Part<Plan>] = &[
    recreate::PART,
    rolling_update::PART,
    blue_green::PART,
    canary::PART,
    ab_test::PART,
    shadow::PART,
    flagger::part::PART,
    argo::part::CANARY,
    argo::part::BLUE_GREEN,
    none::PART,
];

/// A strategy with its name and settings, ready to fly.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name in every table and chart; the kind's name unless the scenario gives another.
    pub name: String,
    /// Kind, as in [`STRATEGIES`].
    pub kind: &'static str,
    /// What its way of shipping needs of the platform.
    pub needs: Needs,
    /// Its state at the start.
    pub strategy: Box<dyn Strategy>,
}

/// What a strategy needs of the platform, for "which one qualifies".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A second fleet of full size.
    pub second_fleet: bool,
    /// A balancer that can weigh, match or mirror requests.
    pub traffic_routing: bool,
    /// Metrics that a machine judges.
    pub metrics: bool,
    /// Two versions that may serve at the same time.
    pub mixing: bool,
}

/// Why a strategy was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The release begins.
    Release,
    /// The reported state of pods has changed.
    Pods,
    /// A wake-up it asked for.
    Timer(u32),
    /// An autoscaler has written the size of a workload that the strategy sizes itself.
    Scaled {
        /// The workload's pool, of Deployments with an autoscaler each.
        pool: Pool,
        /// `spec.replicas` from now on.
        replicas: u32,
    },
    /// The on-call human orders the way back.
    WayBack,
    /// The smoke test it asked for is done.
    Smoke {
        /// Requests sent.
        sent: u32,
        /// Requests not answered rightly.
        failed: u32,
    },
}

/// Whose size an autoscaler writes while a release is under way, and who carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// The size of the whole service; sets follow in proportion, and the strategy is not asked.
    Fleet,
    /// One workload that holds all sets: the strategy gets [`Cause::Scaled`].
    Whole,
    /// Deployments (stable, candidate) with an autoscaler each, if they have one; the strategy gets
    /// [`Cause::Scaled`].
    Deployments([Option<Scalable>; 2]),
}

/// A Deployment that has an autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalable {
    /// Its `spec.replicas`.
    pub replicas: u32,
    /// Another `minReplicas` than the service's.
    pub min: Option<u32>,
    /// Another `maxReplicas` than the service's.
    pub max: Option<u32>,
}

/// What is reported of one replica set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetFacts {
    /// Its number.
    pub id: u32,
    /// Version of its pods.
    pub version: Version,
    /// Pool its pods serve in.
    pub pool: Pool,
    /// Desired pods.
    pub size: u32,
    /// Pods that are not being deleted.
    pub replicas: u32,
    /// Of these, ready ones.
    pub ready: u32,
    /// Of these, available ones (ready for minReadySeconds).
    pub available: u32,
    /// Phases of all its pods that still exist, those being deleted included.
    pub phases: Vec<PodPhase>,
}

/// What a strategy can see.
pub struct View<'a> {
    /// The present.
    pub now: SimTime,
    /// Full size of the service, as its autoscaler last wrote it, if it has one.
    pub replicas: u32,
    /// All replica sets, in order of creation.
    pub sets: &'a [SetFacts],
    /// What was scraped.
    pub telemetry: &'a Store,
    /// The experiment's log, while one is open.
    pub experiment: Option<ExperimentCounts>,
    /// The shadow's log.
    pub shadow: ShadowCounts,
    /// A number of this flight for a controller's own chances: the phase of its clock, say.
    pub chance: u64,
}

/// A check that a strategy decides by.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its name in evidence.
    pub name: String,
    /// Where it stands within the strategy's settings; empty if it stands elsewhere.
    pub path: String,
    /// What it asks.
    pub queries: Vec<Query>,
}

/// A way to ship a release.
pub trait Strategy: Debug + Send + Sync {
    /// Reacts to a cause by naming actions.
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>);

    /// A copy in the same state.
    fn clone_box(&self) -> Box<dyn Strategy>;

    /// Tells it whom it is about, so that it can write its queries; once, before it flies.
    fn prepare(&mut self, _about: &About<'_>) {}

    /// Renames what the world calls workloads as the real controller does; once, before it flies.
    fn rename(&self, _names: &mut Names) {}

    /// Whose size an autoscaler writes.
    fn scaling(&self) -> Scaling {
        Scaling::Fleet
    }

    /// The queries that it asks: only series that one of them names are scraped.
    fn queries(&self) -> Vec<Query> {
        Vec::new()
    }

    /// Checks it decides by, with their default window, for warnings and explanations.
    fn checks(&self) -> Vec<(Check, SimDuration, f64)> {
        Vec::new()
    }

    /// What it judges by queries, check by check, under the names that its evidence bears.
    fn judged(&self) -> Vec<Judged> {
        let checks = self.checks().into_iter().enumerate();
        let of = |(number, (check, ..)): (usize, (Check, SimDuration, f64))| Judged {
            name: check.name.to_string(),
            path: format!("checks[{number}]"),
            queries: check.queries(),
        };
        checks.map(of).collect()
    }

    /// What a line of its story says of a check: its name, what it came to, and whether there was
    /// no answer. For controllers that tell their measurements instead of giving evidence.
    fn said(&self, _line: &str) -> Option<(String, Verdict, bool)> {
        None
    }

    /// Shortest time from the start of the release to its verdict, as far as settings tell: pods
    /// that have to start come on top.
    fn takes(&self) -> SimDuration {
        SimDuration::ZERO
    }
}

impl Clone for Box<dyn Strategy> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

impl View<'_> {
    /// What Prometheus answers at the present instant.
    pub fn ask(&self, query: &Query) -> Result<Value, EvalError> {
        query.instant(self.telemetry, unix_ms(self.now), &Options::in_flight())
    }

    /// The facts of one set.
    pub fn set(&self, id: u32) -> Option<&SetFacts> {
        self.sets.get(id as usize)
    }
}

/// Reads the name that a strategy may be given, and makes the plan.
pub fn plan(
    r: &mut Reader<'_>,
    kind: &'static str,
    needs: Needs,
    strategy: Box<dyn Strategy>,
) -> Plan {
    let help = "name in tables and charts; needed when a kind is listed more than once";
    let name = r.opt_text("name", help).unwrap_or_else(|| kind.to_string());
    Plan { name, kind, needs, strategy }
}

//! Strategies and controllers, and what they share.
//!
//! One direction, three types. A [`Spec`] is what YAML says: plain data. Bound to a scenario it
//! yields a [`Pilot`]: every query read, every fact known, and a [`Machine`] at its
//! start. Only the machine flies: it wakes at its own times, reads a [`View`] and names
//! [`Action`]s. It sees what the real controller sees: reported readiness, its own settings,
//! scraped telemetry, the two logs. Deliberately absent: requests, the future, true error rates.
//! Adding a strategy: one file, one line in [`STRATEGIES`].

use crate::analysis::promql::error::EvalError;
use crate::analysis::promql::value::Value;
use crate::analysis::promql::{Options, Query};
use crate::telemetry::store::Store;
use crate::telemetry::unix_ms;
use crate::world::action::{Action, Token};
use crate::world::log::{ExperimentCounts, ShadowCounts};
use crate::world::replica_set::PodPhase;
use crate::world::routing::Pool;
use crate::world::service::Version;
use binding::Binding;
use pilot::Pilot;
use std::any::Any;
use std::fmt::Debug;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimTime;

pub mod ab_test;
pub mod argo;
pub mod binding;
pub mod blue_green;
pub mod canary;
pub mod flagger;
pub mod fleet;
pub mod follow_up;
pub mod none;
pub mod orders;
pub mod pilot;
pub mod recreate;
pub mod rolling_update;
pub mod rollout;
pub mod shadow;
pub mod surprise;

pub use windtunnel_controllers::routing::Ability;
pub use windtunnel_controllers::{autoscaler, deployment, disruption, order};

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

/// What Kubernetes does unless it is told otherwise: strategies are compared with it.
pub const DEFAULT: &str = rolling_update::PART.name;

/// A strategy as a scenario names it: plain data.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name in every table and chart; the kind's name unless the scenario gives another.
    pub name: String,
    /// Kind, as in [`STRATEGIES`].
    pub kind: &'static str,
    /// What its way of shipping needs of the platform.
    pub needs: Needs,
    /// The strategy's settings, ready to make a machine for each flight.
    pub spec: Box<dyn Spec>,
}

impl PartialEq for Plan {
    fn eq(&self, other: &Plan) -> bool {
        (&self.name, self.kind, self.needs) == (&other.name, other.kind, other.needs)
            && self.spec.is(&*other.spec)
    }
}

/// What a strategy needs of the platform, for "which one qualifies".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A second fleet of full size.
    pub second_fleet: bool,
    /// What divides requests between the two versions.
    pub routing: Ability,
    /// Something beside the Deployment that carries a release out: a controller, or a pipeline.
    pub controller: bool,
    /// Metrics that a machine judges.
    pub metrics: bool,
    /// Two versions that may serve at the same time.
    pub mixing: bool,
    /// Users divided into arms for good: each needs a bucket.
    pub divided_users: bool,
}

/// Why a strategy was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The release begins.
    Release,
    /// The reported state of pods has changed.
    Pods,
    /// A wake-up it asked for.
    Timer(Token),
    /// An autoscaler has written the size of a workload that the strategy sizes itself.
    Scaled {
        /// The workload's pool, of Deployments with an autoscaler each.
        pool: Pool,
        /// `spec.replicas` from now on.
        replicas: u32,
    },
    /// The on-call human orders the rollback.
    Rollback,
    /// Somebody tells the controller to do something.
    Ordered(order::HumanOrder),
    /// The smoke test it asked for is done.
    Smoke {
        /// Requests sent.
        sent: u32,
        /// Requests not answered rightly.
        failed: u32,
    },
}

/// Whose size an autoscaler writes while a release is under way, and who carries it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// The size of the whole service; sets follow in proportion, and the strategy is not asked.
    #[default]
    Fleet,
    /// One workload that holds all sets: the strategy gets [`Cause::Scaled`].
    Whole,
    /// Deployments (stable, candidate) with an autoscaler each, if they have one; the strategy gets
    /// [`Cause::Scaled`], and says by [`Action::Replicas`] what it has written itself.
    Deployments([Option<Limits>; 2]),
}

/// The autoscaler of one Deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Another `minReplicas` than the service's.
    pub min: Option<u32>,
    /// Another `maxReplicas` than the service's.
    pub max: Option<u32>,
}

/// What is reported of one replica set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetFacts {
    /// Number of the set within its fleet, from 0.
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
    /// The instant at which the strategy is woken.
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

/// The settings of a strategy, as they were read: plain data, which can be compared, copied and
/// printed. Whoever derives `Clone` and `PartialEq` has all but [`Spec::bind`].
pub trait Spec: Plain {
    /// Reads every query and works out what can be told before it flies. Nothing comes back when a
    /// query could not be read; the binding has been told why.
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot>;
}

/// What every plain type of settings has by its derives.
pub trait Plain: Any + Debug + Send + Sync {
    /// A copy.
    fn copied(&self) -> Box<dyn Spec>;

    /// Are these the same settings of the same strategy?
    fn is(&self, other: &dyn Spec) -> bool;

    /// The settings behind the trait.
    fn as_any(&self) -> &dyn Any;
}

impl<T: Spec + Clone + PartialEq> Plain for T {
    fn copied(&self) -> Box<dyn Spec> {
        Box::new(self.clone())
    }

    fn is(&self, other: &dyn Spec) -> bool {
        other.as_any().downcast_ref::<T>().is_some_and(|other| self == other)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Clone for Box<dyn Spec> {
    fn clone(&self) -> Self {
        (**self).copied()
    }
}

/// What flies: the state of a strategy during a release.
pub trait Machine: Debug + Send + Sync {
    /// Reacts to a cause by naming actions.
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>);

    /// A copy in the same state.
    fn clone_box(&self) -> Box<dyn Machine>;
}

impl Clone for Box<dyn Machine> {
    fn clone(&self) -> Self {
        (**self).clone_box()
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
pub fn plan(r: &mut Reader<'_>, kind: &'static str, needs: Needs, spec: impl Spec) -> Plan {
    let help = "name in tables and charts; needed when a kind is listed more than once";
    let name = r.opt_text("name", help).unwrap_or_else(|| kind.to_string());
    Plan { name, kind, needs, spec: Box::new(spec) }
}

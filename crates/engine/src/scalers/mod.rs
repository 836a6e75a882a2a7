//! The HorizontalPodAutoscaler at work: what a sync sees, and what it writes.
//!
//! The rules are those of [`windtunnel_model::strategy::autoscaler`]. Every flight of a scenario
//! with `service.autoscaler` has one, its twin too. It sees pods as the metrics server does
//! ([`readings`]). A strategy says whose size is written ([`Scaling`]); one that does not care
//! keeps its sets in proportion. Deliberately unknown here: how a rollout spreads a new size over
//! its sets, and who carries it out.

mod proposals;
mod readings;
mod reason;

use super::address::Address;
use super::cluster::Cluster;
use super::context::Context;
use super::data_plane::DataPlane;
use super::event::Event;
use readings::{MetricsServer, RESOLUTION};
use std::sync::Arc;
use windtunnel_base::time::SimTime;
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::Scaling;
use windtunnel_model::strategy::autoscaler::hpa::{self, HpaSettings, Memory, Sync};
use windtunnel_model::telemetry::store::Store;
use windtunnel_model::world::names::Names;
use windtunnel_model::world::routing::{Pool, Split};

/// How many pods the service has, and who writes that.
#[derive(Clone, Debug)]
pub(super) struct Scalers {
    /// Pods at full size, as somebody last wrote it.
    size: u32,
    /// Whose size an autoscaler writes once the release has begun.
    scaling: Scaling,
    /// Has it begun?
    released: bool,
    memory: [Memory; 2],
    /// `spec.replicas` of the stable and the candidate's Deployment, once its owner has said it.
    replicas: [Option<u32>; 2],
    metrics: MetricsServer,
    /// What they ask of Prometheus; a query of a scenario is known to be one.
    queries: Vec<Query>,
}

/// Whom a sync is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Pods of this pool; nothing means of all.
    pool: Option<Pool>,
    /// `spec.replicas`.
    replicas: u32,
    limits: (Option<u32>, Option<u32>),
}

impl Target {
    fn has(&self, pool: Pool) -> bool {
        self.pool.is_none_or(|own| own == pool)
    }
}

/// What a sync sees.
#[derive(Clone, Copy)]
pub(super) struct ScalerInput<'a> {
    /// Scenario and clock.
    pub(super) ctx: &'a Context,
    /// Pods that are scaled, with what they report.
    pub(super) cluster: &'a Cluster,
    /// What Prometheus has.
    pub(super) store: &'a Store,
}

/// A new size, and how the real controller tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rescale {
    /// The pods that are written.
    pub(super) size: u32,
    /// The event that the controller writes of it, in its own words.
    pub(super) told: String,
}

impl Scalers {
    /// The autoscalers of a scenario, who know nothing yet.
    pub(super) fn new(scenario: &Scenario, scaling: Scaling) -> Scalers {
        let texts = scenario.autoscaler.iter().flat_map(HpaSettings::queries);
        let read = |text| Query::parse_by(text, scenario.telemetry.rules).ok();
        Scalers {
            size: scenario.service.replicas,
            scaling,
            released: false,
            memory: Default::default(),
            replicas: [None; 2],
            metrics: MetricsServer::default(),
            queries: texts.filter_map(read).collect(),
        }
    }

    /// What they ask, for the scraper.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        self.queries.iter().cloned()
    }

    /// A controller says what it has written to `spec.replicas` of one of its Deployments.
    pub(super) fn note(&mut self, pool: Pool, replicas: u32) {
        if let Some(known) = self.replicas.get_mut(pool as usize) {
            *known = Some(replicas);
        }
    }

    /// The release has begun: from now on its strategy has a say in whose size is written.
    pub(super) fn release(&mut self) {
        self.released = true;
    }

    /// Pods at full size, as somebody last wrote it.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// The size of the whole service is written; what it was before comes back.
    pub(super) fn write(&mut self, size: u32) -> u32 {
        std::mem::replace(&mut self.size, size)
    }

    /// Who carries out what an autoscaler writes: nobody but the engine before a release.
    pub(super) fn scaled_by(&self) -> Scaling {
        if self.released { self.scaling } else { Scaling::Fleet }
    }

    /// Pods that the service asks for at present.
    pub(super) fn full_size(&self) -> u32 {
        match self.scaled_by() {
            Scaling::Deployments([Some(_), _]) => {
                self.replicas[Pool::Stable as usize].unwrap_or(self.size)
            }
            _ => self.size,
        }
    }

    /// The size that the release writes of its own beside the autoscaler, as `kubectl apply` does
    /// with a manifest that gives `spec.replicas` (k/k `pkg/controller/deployment/sync.go`: the
    /// fleet is scaled before anything is rolled out). Flagger's primary takes its size from
    /// nobody's file.
    pub(super) fn applied(&self, scenario: &Scenario) -> Option<u32> {
        let own = matches!(self.scaling, Scaling::Deployments(_));
        scenario.applied.filter(|applied| !own && *applied != self.size)
    }

    /// Plans the first reading and the first sync, each at its own phase.
    pub(super) fn prepare(&self, ctx: &mut Context) {
        if ctx.scenario.autoscaler.is_none() {
            return;
        }
        let phase = |number| Address::Controller(number).uniform(&ctx.streams);
        let (reading, sync) = (RESOLUTION.scaled(phase(1)), hpa::SYNC.scaled(phase(2)));
        ctx.plan(SimTime::ZERO + reading, Event::MetricsServer);
        ctx.plan(SimTime::ZERO + sync, Event::Autoscale);
    }

    /// The metrics server reads all pods.
    pub(super) fn read(&mut self, ctx: &mut Context, cluster: &Cluster, data_plane: &DataPlane) {
        ctx.plan_in(RESOLUTION, Event::MetricsServer);
        self.metrics.read(ctx.now, cluster, data_plane, ctx.scenario.service.routes.len());
    }

    /// Is each Deployment scaled for itself at present?
    pub(super) fn by_deployment(&self) -> bool {
        matches!(self.scaled_by(), Scaling::Deployments(_))
    }

    /// The Deployment of a pool as a target, if it has an autoscaler and its owner has sized it.
    pub(super) fn deployment(&self, pool: Pool) -> Option<Target> {
        let Scaling::Deployments(sides) = self.scaled_by() else { return None };
        let side = sides.get(pool as usize).copied().flatten()?;
        let replicas = self.replicas[pool as usize]?;
        Some(Target { pool: Some(pool), replicas, limits: (side.min, side.max) })
    }

    /// The whole service as one target: of the pool that most requests are sent to, unless a
    /// strategy takes care of all.
    pub(super) fn whole(&self, split: Split) -> Target {
        let serving = if split.candidate_share() > 0.5 { Pool::Candidate } else { Pool::Stable };
        let pool = (self.scaled_by() == Scaling::Fleet).then_some(serving);
        Target { pool, replicas: self.size, limits: (None, None) }
    }

    /// One sync; says the size to be written, if it is another.
    pub(super) fn sync(&mut self, sight: &ScalerInput<'_>, target: &Target) -> Option<Rescale> {
        let settings = sight.ctx.scenario.autoscaler.as_ref()?;
        let (min, max) = target.limits;
        let settings = HpaSettings {
            min: min.unwrap_or(settings.min),
            max: max.unwrap_or(settings.max),
            ..settings.clone()
        };
        // Each Deployment's autoscaler has its own memory; a single one has the first.
        let own = match self.scaled_by() {
            Scaling::Deployments(_) => target.pool.unwrap_or(Pool::Stable),
            _ => Pool::Stable,
        };
        let mut memory = std::mem::take(&mut self.memory[own as usize]);
        let proposals = || self.proposals(sight, &settings, target);
        let found = hpa::sync(&settings, &mut memory, target.replicas, sight.ctx.now, proposals);
        self.memory[own as usize] = memory;
        let Sync::Rescale(size, reason) = found else { return None };
        let name = workload(sight.cluster.names(), target.pool);
        let why = reason::why(&settings, target.replicas, size, reason);
        let told = format!("{name}: SuccessfulRescale: New size: {size}; reason: {why}");
        Some(Rescale { size, told })
    }
}

/// The name of the Deployment of a pool.
pub(super) fn workload(names: &Arc<Names>, pool: Option<Pool>) -> &str {
    &names.workloads[pool.unwrap_or(Pool::Stable) as usize]
}

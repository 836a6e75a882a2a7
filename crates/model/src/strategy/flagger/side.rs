//! One of Flagger's two Deployments in a flight: the primary, or the target that is its canary.
//!
//! Each is an ordinary Deployment with its own rolling update; this adds what Flagger reads of it.
//! Deliberately unknown here: why it is scaled or updated.

use super::ready::Report;
use super::settings::Target;
use crate::strategy::View;
use crate::strategy::deployment::bounds::Replacement;
use crate::strategy::rollout::Rollout;
use crate::world::action::{Action, Token};
use crate::world::routing::Pool;
use crate::world::service::Version;
use windtunnel_base::time::SimTime;

/// A Deployment, with what its conditions say.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pool: Pool,
    rollout: Rollout,
    unavailable_since: Option<SimTime>,
}

impl Side {
    /// A Deployment of `replicas` old pods in `pool`.
    pub fn new(pool: Pool, target: &Target, replicas: u32) -> Side {
        let replacement =
            if target.recreate { Replacement::Recreate } else { Replacement::RollingUpdate };
        let bounds = target.bounds(replicas);
        let rollout = Rollout::new(pool, replacement, bounds, replicas, target.deadline);
        Side { pool, rollout, unavailable_since: None }
    }

    /// Desired pods.
    pub fn desired(&self) -> u32 {
        self.rollout.replicas()
    }

    /// Writes the template of `version`.
    pub fn aim(&mut self, version: Version, now: SimTime) {
        self.rollout.aim(version, now);
    }

    /// Writes the number of pods.
    pub fn resize(&mut self, replicas: u32, target: &Target) {
        self.rollout.resize(replicas, target.bounds(replicas));
    }

    /// Its autoscaler has written the number of pods.
    pub fn rescale(
        &mut self,
        view: &View<'_>,
        replicas: u32,
        target: &Target,
        out: &mut Vec<Action>,
    ) {
        self.rollout.rescale(view, replicas, target.bounds(replicas), out);
    }

    /// One sync of the Deployment's own controller, which wants to be woken at `token`.
    pub fn sync(&mut self, view: &View<'_>, token: Token, out: &mut Vec<Action>) {
        let exists = view.sets.iter().any(|set| set.pool == self.pool);
        if !exists && self.desired() == 0 {
            return;
        }
        // That a canary is not ready is Flagger's affair: the human is not paged for it.
        let before = out.len();
        self.rollout.sync(view, token, out);
        let pages = |action: &Action| *action == Action::DeadlinePassed;
        let kept: Vec<Action> = out.drain(before..).filter(|action| !pages(action)).collect();
        out.extend(kept);
        let enough = self.rollout.status().available >= self.rollout.min_available();
        self.unavailable_since = match (enough, self.unavailable_since) {
            (true, _) => None,
            (false, since) => since.or(Some(view.now)),
        };
    }

    /// What Flagger reads of it.
    pub fn report(&self) -> Report {
        let status = self.rollout.status();
        Report {
            observed: true,
            desired: self.desired(),
            updated: status.updated,
            replicas: status.replicas,
            available: status.available,
            deadline_exceeded: self.rollout.deadline_missed(),
            unavailable_since: self.unavailable_since,
        }
    }
}

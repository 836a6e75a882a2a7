//! `recreate`: all old pods go, then all new ones come. Simple, never mixes versions, and down in
//! between; the way back is the same once more.
//!
//! What the Deployment controller does under `strategy.type: Recreate` (`reference: k/k
//! pkg/controller/deployment/recreate.go`): the new set is created only when no old pod is left,
//! those being deleted included.

use super::deployment::bounds::{Bounds, Replacement};
use super::rolling_update::{PAUSED, say_paused};
use super::rollout::Rollout;
use super::{Cause, Needs, Plan, Scaling, Strategy, View, plan};
use crate::analysis::check::about::About;
use crate::base::settings::{Part, Reader};
use crate::base::time::SimDuration;
use crate::world::action::Action;
use crate::world::routing::Pool;

/// The part.
pub const PART: Part<Plan> =
    Part { name: "recreate", summary: "stop all old pods, then start all new ones", read };

fn read(r: &mut Reader<'_>) -> Plan {
    let deadline = r.duration("progressDeadline", "600s", "without progress for this long: a page");
    let paused = r.flag("paused", false, PAUSED);
    let name = "service".into();
    let strategy = Recreate { deadline, paused, name, rollout: None, promoted: false };
    plan(r, "recreate", Needs::default(), Box::new(strategy))
}

/// A Deployment with `strategy.type: Recreate`.
#[derive(Clone, Debug)]
pub struct Recreate {
    deadline: SimDuration,
    paused: bool,
    /// Of its Deployment.
    name: String,
    rollout: Option<Rollout>,
    promoted: bool,
}

impl Strategy for Recreate {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        if self.paused {
            return say_paused(&self.name, view, cause, out);
        }
        if let (Cause::Scaled { replicas, .. }, Some(rollout)) = (cause, &mut self.rollout) {
            return rollout.rescale(view, replicas, Bounds::default(), out);
        }
        if cause == Cause::Release {
            let (bounds, deadline) = (Bounds::default(), Some(self.deadline));
            let way = Replacement::Recreate;
            let rollout = Rollout::new(Pool::Stable, way, bounds, view.replicas, deadline);
            self.rollout = Some(rollout.watched(&self.name));
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.drive(view, cause, &mut self.promoted, out);
        }
    }

    fn prepare(&mut self, about: &About<'_>) {
        self.name.clone_from(&about.names.workloads[Pool::Stable as usize]);
    }

    fn scaling(&self) -> Scaling {
        if self.paused { Scaling::Fleet } else { Scaling::Whole }
    }

    fn clone_box(&self) -> Box<dyn Strategy> {
        Box::new(self.clone())
    }
}

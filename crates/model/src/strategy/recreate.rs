//! `recreate`: all old pods go, then all new ones come. Simple, never mixes versions, and down in
//! between; the rollback is the same once more.
//!
//! What the Deployment controller does under `strategy.type: Recreate` (`reference: k/k
//! pkg/controller/deployment/recreate.go`): the new set is created only when no old pod is left,
//! those being deleted included.

use super::binding::Binding;
use super::deployment::bounds::{Bounds, Replacement};
use super::order::{HumanOrder, Ordered};
use super::pilot::{Facts, Pilot};
use super::rolling_update::{PAUSED, say_paused};
use super::rollout::Rollout;
use super::{Cause, Machine, Needs, Plan, Scaling, Spec, View, orders, plan};
use crate::world::action::Action;
use crate::world::routing::Pool;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `recreate` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "recreate", summary: "stop all old pods, then start all new ones", read };

fn read(r: &mut Reader<'_>) -> Plan {
    let deadline = r.duration("progressDeadline", "600s", "without progress for this long: a page");
    let paused = r.flag("paused", false, PAUSED);
    let orders = orders::of_deployment(r);
    plan(r, "recreate", Needs::default(), RecreateSettings { deadline, paused, orders })
}

/// What a Deployment with `strategy.type: Recreate` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecreateSettings {
    deadline: SimDuration,
    paused: bool,
    orders: Vec<Ordered>,
}

impl RecreateSettings {
    /// Is it paused, and nobody resumes it?
    fn is_idle(&self) -> bool {
        self.paused && !self.orders.iter().any(|ordered| ordered.order == HumanOrder::Resume)
    }
}

impl Spec for RecreateSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let names = binding.about().names;
        let orders = self.orders.clone();
        let scaling = if self.is_idle() { Scaling::Fleet } else { Scaling::Whole };
        let name = names.workloads[Pool::Stable as usize].clone();
        let recreate = Recreate { settings: self.clone(), name, rollout: None, promoted: false };
        let facts = Facts { scaling, orders, ..Facts::of(names) };
        Some(Pilot { facts, machine: Box::new(recreate) })
    }
}

/// A Deployment with `strategy.type: Recreate`, under way.
#[derive(Clone, Debug)]
struct Recreate {
    settings: RecreateSettings,
    /// Of its Deployment.
    name: String,
    rollout: Option<Rollout>,
    promoted: bool,
}

impl Machine for Recreate {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        if self.settings.is_idle() {
            return say_paused(&self.name, view, cause, out);
        }
        if let (Cause::Scaled { replicas, .. }, Some(rollout)) = (cause, &mut self.rollout) {
            return rollout.rescale(view, replicas, Bounds::default(), out);
        }
        if cause == Cause::Release {
            let (bounds, deadline) = (Bounds::default(), Some(self.settings.deadline));
            let way = Replacement::Recreate;
            let rollout = Rollout::new(Pool::Stable, way, bounds, view.replicas, deadline);
            self.rollout = Some(rollout.watched(&self.name).held(self.settings.paused));
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.drive(view, cause, &mut self.promoted, out);
        }
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

//! `rollingUpdate`: old pods are replaced by new ones step by step, as many at a time as surge and
//! unavailability allow. Both versions serve meanwhile; the rollback is another rolling update.
//!
//! The Deployment controller's own arithmetic and order of steps, from [`super::deployment`]. The
//! progress deadline only reports: it neither stops nor turns the rollout.

use super::binding::Binding;
use super::deployment::bounds::{Bounds, IntOrPercent, Replacement};
use super::order::{HumanOrder, Ordered};
use super::pilot::{Facts, Pilot};
use super::rollout::Rollout;
use super::{Cause, Machine, Needs, Plan, Scaling, Spec, View, orders, plan};
use crate::world::action::Action;
use crate::world::routing::Pool;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `rollingUpdate` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> =
    Part { name: "rollingUpdate", summary: "replace pods step by step, within bounds", read };

fn read(r: &mut Reader<'_>) -> Plan {
    let help = "pods above the full size, a number or a percentage (rounds up)";
    let surge = IntOrPercent::read(r, "maxSurge", help);
    let help = "pods that may be missing, a number or a percentage (rounds down)";
    let unavailable = IntOrPercent::read(r, "maxUnavailable", help);
    let deadline = r.duration("progressDeadline", "600s", "without progress for this long: a page");
    if is_zero(&surge) && is_zero(&unavailable) {
        r.problem(
            "maxUnavailable",
            "maxSurge and maxUnavailable are both 0",
            "one of them above 0",
            "",
        );
    }
    let paused = r.flag("paused", false, PAUSED);
    let orders = orders::of_deployment(r);
    let settings = RollingUpdateSettings { surge, unavailable, deadline, paused, orders };
    plan(r, "rollingUpdate", Needs { mixing: true, ..Needs::default() }, settings)
}

/// What `paused` says of itself.
pub const PAUSED: &str = "a new template is not rolled out until an order resumes it (spec.paused)";

/// A new template of a paused Deployment: no replica set is made for it, the progress deadline does
/// not run, and there is nothing to take back (k/k `pkg/controller/deployment/sync.go`, `sync`).
pub fn say_paused(name: &str, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
    if cause == Cause::Release {
        out.push(Action::Say(format!(
            "deployment/{name} is paused; Waiting for deployment {name:?} rollout to finish: 0 out \
             of {} new replicas have been updated...",
            view.replicas
        )));
    }
}

fn is_zero(value: &IntOrPercent) -> bool {
    matches!(value.resolve(1_000_000, true), Ok(0))
}

/// What a Deployment with `strategy.type: RollingUpdate` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingUpdateSettings {
    surge: IntOrPercent,
    unavailable: IntOrPercent,
    deadline: SimDuration,
    paused: bool,
    orders: Vec<Ordered>,
}

impl RollingUpdateSettings {
    /// Is it paused, and nobody resumes it?
    fn is_idle(&self) -> bool {
        self.paused && !self.orders.iter().any(|ordered| ordered.order == HumanOrder::Resume)
    }
}

impl Spec for RollingUpdateSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let names = binding.about().names;
        let orders = self.orders.clone();
        let scaling = if self.is_idle() { Scaling::Fleet } else { Scaling::Whole };
        let name = names.workloads[Pool::Stable as usize].clone();
        let update = RollingUpdate { settings: self.clone(), name, rollout: None, promoted: false };
        let facts = Facts { scaling, orders, ..Facts::of(names) };
        Some(Pilot { facts, machine: Box::new(update) })
    }
}

/// A Deployment with `strategy.type: RollingUpdate`, under way.
#[derive(Clone, Debug)]
struct RollingUpdate {
    settings: RollingUpdateSettings,
    /// Of its Deployment.
    name: String,
    rollout: Option<Rollout>,
    promoted: bool,
}

impl Machine for RollingUpdate {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        if self.settings.is_idle() {
            return say_paused(&self.name, view, cause, out);
        }
        let bounds = Bounds::resolve(
            Some(&self.settings.surge),
            Some(&self.settings.unavailable),
            view.replicas,
        )
        .unwrap_or(Bounds { surge: 1, unavailable: 0 });
        if let (Cause::Scaled { replicas, .. }, Some(rollout)) = (cause, &mut self.rollout) {
            return rollout.rescale(view, replicas, bounds, out);
        }
        if cause == Cause::Release {
            let (way, deadline) = (Replacement::RollingUpdate, Some(self.settings.deadline));
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

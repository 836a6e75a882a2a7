//! The strategy's controller at work: when it looks, what it is shown, how long its writes take.
//!
//! It makes its calls one after another, and looks again only when its last sync is over. What it
//! orders is carried out elsewhere.

use super::context::Context;
use super::event::Event;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::strategy::order::Ordered;
use windtunnel_model::strategy::{Cause, Machine, View};
use windtunnel_model::world::action::Action;
use windtunnel_model::world::client::{Client, ClientLimits};

/// From the status of a set until whoever owns the set looks at it.
const LOOK: SimDuration = SimDuration::from_millis(8);

/// One write of a controller, with what it reads before.
const PASS: SimDuration = SimDuration::from_millis(30);

/// The same for a new set, with which come its revision and a condition.
const NEW_SET: SimDuration = SimDuration::from_millis(45);

/// The controller of a strategy.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    machine: Box<dyn Machine>,
    /// What people order during the release.
    orders: Vec<Ordered>,
    client: Client,
    /// When it looks next, if it has been told of anything.
    look_at: Option<SimTime>,
    /// Until when it is at work on its last sync.
    busy_until: SimTime,
}

impl Driver {
    /// A controller before its release, whose client has these limits.
    pub(super) fn new(
        machine: Box<dyn Machine>,
        orders: Vec<Ordered>,
        limits: Option<ClientLimits>,
    ) -> Driver {
        let client = Client::new(limits);
        Driver { machine, orders, client, look_at: None, busy_until: SimTime::ZERO }
    }

    /// Plans what people order, as the release begins.
    pub(super) fn plan_orders(&mut self, ctx: &mut Context) {
        for ordered in std::mem::take(&mut self.orders) {
            ctx.plan_in(ordered.at, Event::Ordered(ordered.order));
        }
    }

    /// The strategy will look, once what was reported has reached it and its last sync is over. A
    /// look that comes sooner serves as well.
    pub(super) fn plan_look(&mut self, ctx: &mut Context) {
        let at = (ctx.now + LOOK).max(self.busy_until);
        if self.look_at.is_none_or(|planned| at < planned) {
            self.look_at = Some(at);
            ctx.plan(at, Event::Look);
        }
    }

    /// A look is due; does it take place now? Not if a sooner one served, nor while its client has
    /// to wait.
    pub(super) fn looks(&mut self, ctx: &mut Context) -> bool {
        if self.look_at != Some(ctx.now) {
            return false;
        }
        let free = self.client.ready_at(ctx.now);
        if free > ctx.now {
            self.look_at = Some(free);
            ctx.plan(free, Event::Look);
            return false;
        }
        self.look_at = None;
        // The status of the owner itself is written at every look.
        self.client.call(ctx.now);
        true
    }

    /// The strategy reacts to a cause: what it orders, and how long that keeps it at work.
    pub(super) fn wake(&mut self, view: &View<'_>, cause: Cause) -> (Vec<Action>, SimDuration) {
        let mut orders = Vec::new();
        self.machine.wake(view, cause, &mut orders);
        let mut busy = SimDuration::ZERO;
        for order in &orders {
            let (calls, takes) = match order {
                Action::Create { .. } => (2, NEW_SET),
                Action::Scale { .. } => (1, PASS),
                _ => continue,
            };
            for _ in 0..calls {
                self.client.call(view.now);
            }
            busy += takes;
        }
        (orders, busy)
    }

    /// Its writes keep it at work for so long; then it looks.
    pub(super) fn works(&mut self, busy: SimDuration, ctx: &mut Context) {
        if busy > SimDuration::ZERO {
            self.busy_until = ctx.now + busy;
            self.plan_look(ctx);
        }
    }
}

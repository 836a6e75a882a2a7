//! What people order while a release is under way, beside the human who watches.

use super::flight::{Event, Flight};
use crate::strategy::order::Order;
use crate::strategy::{Cause, Scaling};
use crate::world::routing::Pool;

impl Flight {
    /// Plans all orders as the release begins.
    pub(super) fn plan_orders(&mut self) {
        for ordered in std::mem::take(&mut self.orders) {
            self.calendar.plan(self.now + ordered.at, Event::Ordered(ordered.order));
        }
    }

    /// Somebody gives an order.
    pub(super) fn ordered(&mut self, order: Order) {
        self.story("order", || format!("somebody orders: {order}"));
        match order {
            Order::Scale(pods) => return self.resize(pods),
            _ if order.takes_back() => self.order_way_back(true),
            Order::Retry => self.take_way_back_back(),
            _ => {}
        }
        self.wake(Cause::Ordered(order));
    }

    /// The size of the whole service is written, by somebody or by its autoscaler.
    pub(super) fn resize(&mut self, size: u32) {
        let before = std::mem::replace(&mut self.size, size);
        self.watch.dirty = true;
        if self.scaled_by() == Scaling::Whole {
            self.wake(Cause::Scaled { pool: Pool::Stable, replicas: size });
        } else {
            self.keep_proportions(before, size);
        }
        self.plan_look();
    }

    /// What was taken back is released again.
    fn take_way_back_back(&mut self) {
        let watch = &mut self.watch;
        (watch.way_back_at, watch.restored_at) = (None, None);
        (watch.by_human, watch.stopped_by) = (false, None);
    }
}

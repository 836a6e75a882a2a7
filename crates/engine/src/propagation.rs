//! What reaches the proxies, and when: endpoints and routes, each after its own delay.

use super::address::Address;
use super::context::Context;
use super::data_plane::DataPlane;
use super::event::{Change, Event};
use windtunnel_base::time::SimTime;
use windtunnel_model::world::endpoint::{Conditions, conditions};
use windtunnel_model::world::pod::Pod;
use windtunnel_model::world::routing::Routing;

/// What has been written, and when it reaches whom.
#[derive(Clone, Debug)]
pub(super) struct Propagation {
    desired: Routing,
    /// When the last change reaches each proxy: changes arrive in order.
    reached: Vec<SimTime>,
}

impl Propagation {
    /// So many proxies, to whom nothing is under way.
    pub(super) fn new(proxies: usize) -> Propagation {
        Propagation { desired: Routing::default(), reached: vec![SimTime::ZERO; proxies] }
    }

    /// The routing as it was written last.
    pub(super) fn desired(&self) -> Routing {
        self.desired
    }

    /// The instant by which the last change has reached every proxy.
    pub(super) fn settled_at(&self) -> SimTime {
        self.reached.iter().copied().max().unwrap_or(SimTime::ZERO)
    }

    /// Sends a change to every proxy; `lag` is how many times as long it takes now. What is written
    /// at one instant travels together, as one update does: a proxy draws one delay for all of it.
    /// Changes of different instants reach it in the order they were made.
    fn send(&mut self, ctx: &mut Context, lag: f64, change: &Change) {
        for (proxy, reached) in self.reached.iter_mut().enumerate() {
            let address = Address::Change { proxy: proxy as u8, tick: ctx.now.as_nanos() >> 2 };
            let draw = address.uniform(&ctx.streams);
            let delay = ctx.scenario.service.balancer.propagation.quantile(draw);
            *reached = (ctx.now + delay.scaled(lag)).max(*reached);
            let (at, proxy) = (*reached, proxy as u32);
            ctx.plan(at, Event::Believe { proxy, change: change.clone() });
        }
    }

    /// Sends what has become of a pod's endpoint.
    pub(super) fn announce(
        &mut self,
        ctx: &mut Context,
        lag: f64,
        (pod, found): (u32, Option<Conditions>),
    ) {
        self.send(ctx, lag, &Change::Endpoint(pod, found));
    }

    /// Writes the desired routing.
    pub(super) fn route(
        &mut self,
        ctx: &mut Context,
        data_plane: &mut DataPlane,
        lag: f64,
        routing: Routing,
    ) {
        if routing.sticky.is_some() && self.desired.sticky.is_none() {
            // Another rollout has another cookie.
            data_plane.forget_cookies();
        }
        self.desired = routing;
        self.send(ctx, lag, &Change::Routing(routing));
    }
}

/// As what a pod is listed; nothing if it is not.
pub(super) fn endpoint(ctx: &Context, pod: &Pod) -> Option<Conditions> {
    let deleting = pod.deleting.is_some();
    match ctx.scenario.service.balancer.registration {
        None => pod.exists().then(|| conditions(pod.ready, deleting, false)),
        // A load balancer outside of the cluster sends nothing to targets that drain.
        Some(_) => {
            (pod.registered && pod.exists() && !deleting).then(|| conditions(true, false, false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use windtunnel_base::random::Streams;
    use windtunnel_scenario::read::read;

    fn five_pods() -> Arc<windtunnel_model::scenario::model::Scenario> {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:
  service: {replicas: 5, balancer: {proxies: 1, propagation: {exponential: {mean: 2s}}}}\n";
        let scenario = read(text, "t").map(|(mut all, _)| all.remove(0)).expect("a scenario");
        Arc::new(scenario)
    }

    /// A change a millisecond after another reaches a proxy with or after it, however short its own
    /// delay: of 400 pairs of exponential delays every other one would be the wrong way round.
    #[test]
    fn no_change_overtakes_an_earlier_one() {
        let scenario = five_pods();
        for replication in 0..400 {
            let mut ctx = Context::new(&scenario, Streams::new(7, replication), true);
            let mut propagation = Propagation::new(1);
            propagation.announce(&mut ctx, 1.0, (0, None));
            let first = propagation.settled_at();
            ctx.now += windtunnel_base::time::SimDuration::from_millis(1);
            propagation.announce(&mut ctx, 1.0, (1, None));
            assert!(propagation.settled_at() >= first, "replication {replication}");
        }
    }

    /// Five endpoints that change at one instant wait for one delay of 2 s in the mean, not for the
    /// greatest of five (4.6 s). Over 400 replications and one proxy the mean lies within 4.5
    /// standard deviations, 4.5 · 2 / √400 = 0.45 s, but for one time in 10⁵.
    #[test]
    fn changes_of_one_instant_travel_together() {
        let scenario = five_pods();
        let settled = (0..400).map(|replication| {
            let mut ctx = Context::new(&scenario, Streams::new(7, replication), true);
            let mut propagation = Propagation::new(1);
            let ready = Some(conditions(true, false, false));
            (0..5).for_each(|pod| propagation.announce(&mut ctx, 1.0, (pod, ready)));
            propagation.settled_at().as_secs_f64()
        });
        let mean = settled.sum::<f64>() / 400.0;
        assert!((mean - 2.0).abs() < 0.45, "{mean} s");
    }
}

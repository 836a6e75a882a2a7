//! What reaches the proxies, and when: endpoints and routes, each after its own delay.

use super::address::PodAddress;
use super::flight::{Event, Flight};
use crate::base::random::{Purpose, mix64};
use crate::base::time::SimTime;
use crate::world::endpoint::{Conditions, conditions};
use crate::world::routing::{Pool, Routing};
use crate::world::service::Version;

/// One thing a proxy learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The endpoint of a pod has these conditions; nothing when the pod is gone.
    Endpoint(u32, Option<Conditions>),
    /// The routing is another.
    Routing(Routing),
}

impl Flight {
    /// Sends a change to every proxy. Changes reach a proxy in the order they were made.
    fn send(&mut self, change: Change, entity: u64) {
        for proxy in 0..self.plane.proxies.len() {
            let key = mix64(entity) ^ (proxy as u64);
            let draw = self.streams.uniform(Purpose::Propagation, key);
            let delay = self.scenario.service.balancer.propagation.quantile(draw);
            let at = (self.now + delay.scaled(self.switches.lag)).max(self.reached[proxy]);
            self.reached[proxy] = at;
            let proxy = proxy as u32;
            self.calendar.plan(at, Event::Believe { proxy, change: change.clone() });
        }
    }

    /// Sends what has become of a pod's endpoint.
    pub(super) fn announce_endpoint(&mut self, pod: u32) {
        let entry = &self.pods[pod as usize];
        let deleting = entry.deleting.is_some();
        let found = entry.exists().then(|| conditions(entry.ready, deleting, false));
        let kind = match found {
            Some(conditions) if conditions.terminating => 6,
            Some(conditions) => 4 + u64::from(conditions.ready),
            None => 7,
        };
        let PodAddress { version, restarts, ordinal } = self.pod_address(pod);
        let life = (version as u64) << 62 | u64::from(restarts) << 32 | u64::from(ordinal);
        let entity = life | kind << 48;
        self.send(Change::Endpoint(pod, found), entity);
    }

    /// Writes the desired routing.
    pub(super) fn route(&mut self, routing: Routing) {
        if routing.sticky.is_some() && self.desired.sticky.is_none() {
            // Another rollout has another cookie: what users kept means nothing any more.
            self.plane.cookies = vec![[0; 2]; self.plane.users.len()];
        }
        self.desired = routing;
        self.route_writes += 1;
        self.send(Change::Routing(routing), 1 << 61 | self.route_writes);
    }

    /// A change reaches a proxy.
    pub(super) fn believe(&mut self, proxy: u32, change: Change) {
        let pool = |pod: u32| self.pods[pod as usize].pool;
        let belief = &mut self.plane.proxies[proxy as usize];
        match change {
            Change::Endpoint(pod, conditions) => {
                belief.set_endpoint(pool(pod), pod, conditions);
                if !conditions.is_some_and(|c| c.ready) {
                    self.plane.mesh.forget(proxy as usize, pod);
                }
            }
            Change::Routing(routing) => belief.routing = routing,
        }
        self.watch.dirty = true;
        if matches!(change, Change::Routing(_)) {
            self.story("routing", || format!("proxy {proxy} acts on the new routing"));
        }
    }

    /// Share of requests that reach the new version, as the proxies believe.
    pub(super) fn believed_weight(&self) -> f64 {
        let weights = (0..self.plane.proxies.len()).map(|proxy| {
            let belief = &self.plane.proxies[proxy];
            let split = belief.routing.split;
            if matches!(split, crate::world::routing::Split::Flag(_)) {
                return split.candidate_share();
            }
            let share = split.candidate_share();
            let new_in = |pool| {
                let known = belief.known(pool);
                let new = known.iter().filter(|p| self.pods[**p as usize].version == Version::New);
                new.count() as f64 / known.len().max(1) as f64
            };
            share * new_in(Pool::Candidate) + (1.0 - share) * new_in(Pool::Stable)
        });
        weights.sum::<f64>() / self.plane.proxies.len() as f64
    }

    /// The instant by which the last change has reached every proxy.
    pub(super) fn settled_at(&self) -> SimTime {
        self.reached.iter().copied().max().unwrap_or(SimTime::ZERO)
    }
}

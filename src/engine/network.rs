//! What reaches the proxies, and when: endpoints and routes, each after its own delay.

use super::address::Address;
use super::flight::{Event, Flight};
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
    /// Sends a change to every proxy. What is written at one instant travels together, as one
    /// update does: a proxy draws one delay for all of it. Changes of different instants reach it
    /// in the order they were made.
    fn send(&mut self, change: Change) {
        for proxy in 0..self.plane.proxies.len() {
            let address = Address::Change { proxy: proxy as u8, tick: self.now.as_nanos() >> 2 };
            let draw = address.uniform(&self.streams);
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
        let found = match self.scenario.service.balancer.registration {
            None => entry.exists().then(|| conditions(entry.ready, deleting, false)),
            // A load balancer outside of the cluster sends nothing to targets that drain.
            Some(_) => (entry.registered && entry.exists() && !deleting)
                .then(|| conditions(true, false, false)),
        };
        self.send(Change::Endpoint(pod, found));
    }

    /// Writes the desired routing.
    pub(super) fn route(&mut self, routing: Routing) {
        if routing.sticky.is_some() && self.desired.sticky.is_none() {
            // Another rollout has another cookie: what users kept means nothing any more.
            self.plane.cookies = vec![[0; 2]; self.plane.users.count()];
        }
        self.desired = routing;
        self.send(Change::Routing(routing));
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

#[cfg(test)]
mod tests {
    use super::super::flight::FlightOptions;
    use super::*;
    use crate::base::random::Streams;
    use crate::scenario::crew::Crew;
    use crate::scenario::read::read;
    use std::sync::Arc;

    /// Five endpoints that change at one instant wait for one delay of 2 s in the mean, not for the
    /// greatest of five (4.6 s). Over 400 replications and one proxy the mean lies within 4.5
    /// standard deviations, 4.5 · 2 / √400 = 0.45 s, but for one time in 10⁵.
    #[test]
    fn changes_of_one_instant_travel_together() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:
  service: {replicas: 5, balancer: {proxies: 1, propagation: {exponential: {mean: 2s}}}}\n";
        let scenario = read(text, "t").map(|(mut all, _)| all.remove(0)).expect("a scenario");
        let scenario = Arc::new(scenario);
        let crew = Crew::bind(&scenario).expect("sound");
        let settled = (0..400).map(|replication| {
            let (streams, options) = (Streams::new(7, replication), FlightOptions::default());
            let mut flight = Flight::new(&scenario, Some(0), &crew.pilots[0], streams, options);
            (0..5).for_each(|pod| flight.announce_endpoint(pod));
            flight.settled_at().as_secs_f64()
        });
        let mean = settled.sum::<f64>() / 400.0;
        assert!((mean - 2.0).abs() < 0.45, "{mean} s");
    }
}

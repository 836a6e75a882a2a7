//! Replica sets: as many active pods as their size says, and what is reported of them.

use super::address::PodDraw;
use super::flight::{API_DELAY, Event, Flight};
use crate::strategy::SetFacts;
use crate::world::replica_set::{BURST_REPLICAS, DeletionRule, PodFacts};
use crate::world::replica_set::{pods_to_remove, set_status, slow_start};

impl Flight {
    /// Lets every set create and delete until it has its size. One whose last sync reached the
    /// limit goes on once the controller has seen what came of it.
    pub(super) fn reconcile_sets(&mut self) {
        for set in 0..self.sets.len() as u32 {
            if !self.unfinished.contains(&set) {
                self.sync_set(set);
            }
        }
    }

    /// The next sync of the sets whose last one reached the limit.
    pub(super) fn next_sync(&mut self) {
        self.unfinished.clear();
        self.reconcile_sets();
        self.plan_look();
    }

    /// One sync of a set, which makes so many calls at most. Creations come in batches: 1, 2, 4
    /// and so on.
    fn sync_set(&mut self, set: u32) {
        let active = self.active_pods(set);
        let (have, size) = (active.len(), self.sets[set as usize].size as usize);
        let calls = have.abs_diff(size).min(BURST_REPLICAS as usize);
        if have.abs_diff(size) > calls {
            // Before the calls: a pod that is gone at once has all sets looked at again.
            if self.unfinished.is_empty() {
                self.calendar.plan(self.now + API_DELAY, Event::Sync);
            }
            self.unfinished.push(set);
        }
        if have < size {
            slow_start(calls as u32, || {
                let pod = self.create_pod(set);
                self.assign_node(pod);
                // The API of a flight refuses none of them, so no batch is the last one early.
                true
            });
        } else if have > size {
            self.remove_pods(&active, calls);
        }
    }

    fn active_pods(&self, set: u32) -> Vec<u32> {
        let pods = self.pods.iter().enumerate();
        pods.filter(|(_, p)| p.set == set && p.is_active()).map(|(i, _)| i as u32).collect()
    }

    fn remove_pods(&mut self, active: &[u32], count: usize) {
        let facts: Vec<PodFacts> = active.iter().map(|p| self.facts(*p)).collect();
        let related: Vec<PodFacts> = (0..self.pods.len() as u32)
            .filter(|p| self.pods[*p as usize].is_active())
            .map(|p| self.facts(p))
            .collect();
        let rule = DeletionRule::at(self.now);
        let doomed = pods_to_remove(&facts, &related, count, &rule);
        for index in doomed {
            self.delete_pod(active[index]);
        }
    }

    fn facts(&self, pod: u32) -> PodFacts {
        let uid = self.address(pod, PodDraw::Uid).key(&self.streams);
        self.pods[pod as usize].facts(uid)
    }

    /// What a controller is told of every set.
    pub(super) fn set_facts(&self) -> Vec<SetFacts> {
        let min_ready = self.scenario.service.pod.min_ready;
        let mut by_set: Vec<Vec<PodFacts>> = vec![Vec::new(); self.sets.len()];
        for pod in self.pods.iter().filter(|p| p.exists()) {
            by_set[pod.set as usize].push(pod.facts(0));
        }
        let facts = |(id, pods): (usize, Vec<PodFacts>)| {
            let set = &self.sets[id];
            let status = set_status(&pods, min_ready, self.now);
            SetFacts {
                id: id as u32,
                version: set.version,
                pool: set.pool,
                size: set.size,
                replicas: status.replicas,
                ready: status.ready,
                available: status.available,
                phases: pods.iter().map(|p| p.phase).collect(),
            }
        };
        by_set.into_iter().enumerate().map(facts).collect()
    }

    /// The strategy looks at the pods once the change has gone through the API.
    pub(super) fn plan_look(&mut self) {
        if !self.look_planned {
            self.look_planned = true;
            self.calendar.plan(self.now + API_DELAY, Event::Look);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Streams;
    use crate::base::time::{SimDuration, SimTime};
    use crate::engine::flight::FlightOptions;
    use crate::scenario::crew::Crew;
    use crate::world::pod::Set;
    use crate::world::routing::Pool;
    use crate::world::service::Version;
    use std::sync::Arc;

    /// A set of 1,200 pods is made in three syncs, each after what the last one did was seen, and
    /// taken down in as many. One of 500 is made at once.
    #[test]
    fn a_sync_creates_and_deletes_500_at_most() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: a}\n\
                    spec: {service: {replicas: 2}, release: {variants: [{name: good}]}, \
                    strategies: [blueGreen]}\n";
        let (scenarios, _) = crate::scenario::read::read(text, "a").expect("a scenario");
        let scenario = Arc::new(scenarios[0].clone());
        let streams = Streams::new(1, 0);
        let options = FlightOptions::default();
        let crew = Crew::bind(&scenario).expect("sound");
        let mut flight = Flight::new(&scenario, Some(0), &crew.pilots[0], streams, options);
        let set = |size| Set { version: Version::New, pool: Pool::Candidate, size };
        flight.calendar = Default::default();
        flight.sets.push(set(1_200));
        flight.sets.push(set(500));
        flight.reconcile_sets();
        let mut seen = Vec::new();
        let step = |flight: &mut Flight| {
            flight.calendar = Default::default();
            flight.now += API_DELAY;
            flight.next_sync();
            flight.active_pods(1).len()
        };
        seen.push(flight.active_pods(1).len());
        assert_eq!(flight.active_pods(2).len(), 500);
        // Whatever else calls for a sync meanwhile, the set waits until its pods were seen.
        flight.reconcile_sets();
        seen.push(flight.active_pods(1).len());
        assert_eq!(flight.calendar.next_at(), Some(SimTime::ZERO + API_DELAY));
        seen.push(step(&mut flight));
        seen.push(step(&mut flight));
        assert!(flight.unfinished.is_empty());
        let created: Vec<u64> = flight.pods.iter().filter(|p| p.set == 1).map(born_ms).collect();
        let after = |ms: u64| created.iter().filter(|c| **c == ms).count();
        assert_eq!([after(0), after(100), after(200)], [500, 500, 200]);
        flight.sets[1].size = 0;
        flight.reconcile_sets();
        seen.push(flight.active_pods(1).len());
        seen.push(step(&mut flight));
        seen.push(step(&mut flight));
        assert_eq!(seen, [500, 500, 1_000, 1_200, 700, 200, 0]);
        assert!(flight.unfinished.is_empty());
    }

    fn born_ms(pod: &crate::world::pod::Pod) -> u64 {
        pod.created.since(SimTime::ZERO).as_nanos() / SimDuration::from_millis(1).as_nanos()
    }
}

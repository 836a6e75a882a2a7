//! Replica sets: as many active pods as their size says, and what is reported of them.

use super::address::PodDraw;
use super::flight::{API_DELAY, Event, Flight};
use crate::strategy::SetFacts;
use crate::world::replica_set::{DeletionRule, PodFacts, pods_to_remove, set_status};

impl Flight {
    /// Lets every set create and delete until it has its size.
    pub(super) fn reconcile_sets(&mut self) {
        for set in 0..self.sets.len() as u32 {
            let active = self.active_pods(set);
            let size = self.sets[set as usize].size as usize;
            if active.len() < size {
                for _ in active.len()..size {
                    let pod = self.create_pod(set);
                    self.assign_node(pod);
                }
            } else if active.len() > size {
                self.remove_pods(&active, active.len() - size);
            }
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

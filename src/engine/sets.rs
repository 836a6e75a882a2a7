//! Replica sets: as many active pods as their size says, and what is reported of them.
//!
//! Their controller sees a change a moment after it, makes its calls one after another, creations
//! in batches of 1, 2, 4 and so on, and writes what it counted as the sync began; only then does
//! whoever owns the set see it. So pods that get ready in the same instant are seen one by one.
//! Follows k/k `pkg/controller/replicaset/replica_set.go` (`syncReplicaSet`: one sync of a set at
//! a time, its pods first and its status last). Deliberately unknown here: who wants which size.

use super::address::PodDraw;
use super::flight::{CALL, Event, Flight, SEEN};
use crate::base::time::SimTime;
use crate::strategy::SetFacts;
use crate::world::pod::Pod;
use crate::world::replica_set::{BURST_REPLICAS, DeletionRule, PodFacts, SetStatus};
use crate::world::replica_set::{pods_to_remove, set_status, slow_start_batches};

/// Where the sync of one set stands.
#[derive(Clone, Debug, Default)]
pub struct SetSync {
    /// One will begin.
    planned: bool,
    /// One is under way.
    busy: bool,
    /// Something has changed since that one began.
    again: bool,
    /// Batches of creations that it still has to make.
    batches: Vec<u32>,
    /// What it counted as it began.
    counted: SetStatus,
    /// What was written last: all that others see.
    reported: SetStatus,
}

/// What a replica set's controller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetStep {
    /// It has seen that something changed.
    Sync,
    /// It makes the next batch of creations.
    Batch,
    /// A call that had to wait for the client's limits: a creation.
    Create,
    /// Another such call: the deletion of a pod.
    Delete(u32),
    /// All calls of the sync have come back.
    Called,
    /// The status is written.
    Reported,
}

impl Flight {
    /// A set's size, or one of its pods, has changed.
    pub(super) fn changed(&mut self, set: u32) {
        let Some(sync) = self.syncs.get_mut(set as usize) else { return };
        if sync.busy {
            sync.again = true;
        } else if !std::mem::replace(&mut sync.planned, true) {
            self.plan_set(set, self.now + SEEN, SetStep::Sync);
        }
    }

    fn plan_set(&mut self, set: u32, at: SimTime, step: SetStep) {
        self.calendar.plan(at, Event::Set { set, step });
    }

    pub(super) fn set_step(&mut self, set: u32, step: SetStep) {
        match step {
            SetStep::Sync => self.sync_set(set),
            SetStep::Batch => self.batch(set),
            SetStep::Create => self.add_pod(set),
            SetStep::Delete(pod) => self.delete_pod(pod),
            SetStep::Called => self.called(set),
            SetStep::Reported => self.reported(set),
        }
    }

    /// A sync begins: so many calls at most, which make up what is missing or too much.
    fn sync_set(&mut self, set: u32) {
        let (active, counted) = (self.active_pods(set), self.counted(set));
        let (have, size) = (active.len(), self.sets[set as usize].size as usize);
        let calls = have.abs_diff(size).min(BURST_REPLICAS as usize);
        let sync = &mut self.syncs[set as usize];
        sync.planned = false;
        (sync.busy, sync.again) = (true, have.abs_diff(size) > calls);
        sync.counted = counted;
        if have < size {
            sync.batches = slow_start_batches(calls as u32);
            sync.batches.reverse();
            self.batch(set);
        } else if have > size {
            self.remove_pods(set, &active, calls);
        } else {
            self.called(set);
        }
    }

    /// The next batch of creations goes out together; the one after it once all have come back.
    /// The API of a flight refuses none of them.
    fn batch(&mut self, set: u32) {
        let Some(calls) = self.syncs[set as usize].batches.pop() else { return };
        let mut last = self.now;
        for _ in 0..calls {
            last = self.sets_client.call(self.now);
            match last > self.now {
                true => self.plan_set(set, last, SetStep::Create),
                false => self.add_pod(set),
            }
        }
        let more = !self.syncs[set as usize].batches.is_empty();
        let next = if more { SetStep::Batch } else { SetStep::Called };
        self.plan_set(set, last + CALL, next);
    }

    fn add_pod(&mut self, set: u32) {
        let pod = self.create_pod(set);
        self.assign_node(pod);
        self.changed(set);
    }

    fn remove_pods(&mut self, set: u32, active: &[u32], count: usize) {
        let facts: Vec<PodFacts> = active.iter().map(|p| self.facts(*p)).collect();
        let related: Vec<PodFacts> = (0..self.pods.len() as u32)
            .filter(|p| self.pods[*p as usize].is_active())
            .map(|p| self.facts(p))
            .collect();
        let rule = DeletionRule::at(self.now);
        let doomed = pods_to_remove(&facts, &related, count, &rule);
        let mut last = self.now;
        for index in doomed {
            last = self.sets_client.call(self.now);
            match last > self.now {
                true => self.plan_set(set, last, SetStep::Delete(active[index])),
                false => self.delete_pod(active[index]),
            }
        }
        self.plan_set(set, last + CALL, SetStep::Called);
    }

    /// The pods are as they should be; a status that is another now is written.
    fn called(&mut self, set: u32) {
        let sync = &self.syncs[set as usize];
        if sync.counted == sync.reported {
            return self.synced(set);
        }
        let at = self.sets_client.call(self.now);
        self.plan_set(set, at + CALL, SetStep::Reported);
    }

    /// Whoever owns the set looks before its controller goes on.
    fn reported(&mut self, set: u32) {
        let sync = &mut self.syncs[set as usize];
        sync.reported = sync.counted;
        self.plan_look();
        self.synced(set);
    }

    fn synced(&mut self, set: u32) {
        let sync = &mut self.syncs[set as usize];
        sync.busy = false;
        if std::mem::take(&mut sync.again) {
            sync.planned = true;
            self.plan_set(set, self.now, SetStep::Sync);
        }
    }

    fn active_pods(&self, set: u32) -> Vec<u32> {
        let pods = self.pods.iter().enumerate();
        pods.filter(|(_, p)| p.set == set && p.is_active()).map(|(i, _)| i as u32).collect()
    }

    /// The status of a set as its pods are now.
    fn counted(&self, set: u32) -> SetStatus {
        let own = |pod: &&Pod| pod.exists() && pod.set == set;
        let facts: Vec<PodFacts> = self.pods.iter().filter(own).map(|pod| pod.facts(0)).collect();
        set_status(&facts, self.scenario.service.pod.min_ready, self.now)
    }

    /// A set that has been there since before the flight: all is seen, and has long been so.
    pub(super) fn settle_set(&mut self, set: u32) {
        let counted = self.counted(set);
        let reported = SetStatus { available: counted.ready, ..counted };
        self.syncs[set as usize].reported = reported;
    }

    fn facts(&self, pod: u32) -> PodFacts {
        let uid = self.address(pod, PodDraw::Uid).key(&self.streams);
        self.pods[pod as usize].facts(uid)
    }

    /// What a controller is told of every set: its status as it was written last, and its pods.
    pub(super) fn set_facts(&self) -> Vec<SetFacts> {
        let mut phases = vec![Vec::new(); self.sets.len()];
        for pod in self.pods.iter().filter(|p| p.exists()) {
            phases[pod.set as usize].push(pod.facts(0).phase);
        }
        let facts = |(id, phases): (usize, _)| {
            let (set, status) = (&self.sets[id], self.syncs[id].reported);
            SetFacts {
                id: id as u32,
                version: set.version,
                pool: set.pool,
                size: set.size,
                replicas: status.replicas,
                ready: status.ready,
                available: status.available,
                phases,
            }
        };
        phases.into_iter().enumerate().map(facts).collect()
    }
}

#[cfg(test)]
#[path = "sets_tests.rs"]
mod tests;

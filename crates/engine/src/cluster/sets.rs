//! Replica sets: as many active pods as their size says, and what is reported of them.
//!
//! Their controller sees a change a moment after it, makes its calls one after another, creations
//! in batches of 1, 2, 4 and so on, and writes what it counted as the sync began; only then does
//! whoever owns the set see it. So pods that get ready in the same instant are seen one by one.
//! Follows k/k `pkg/controller/replicaset/replica_set.go` (`syncReplicaSet`: one sync of a set at
//! a time, its pods first and its status last). Deliberately unknown here: who wants which size.

use super::{Cluster, Hands, News};
use crate::address::PodDraw;
use crate::context::Context;
use crate::event::{Event, SetStep};
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::strategy::SetFacts;
use windtunnel_model::world::pod::{Pod, Set};
use windtunnel_model::world::replica_set::{BURST_REPLICAS, DeletionRule, PodFacts, SetStatus};
use windtunnel_model::world::replica_set::{pods_to_remove, set_status, slow_start_batches};
use windtunnel_model::world::routing::Pool;

/// From a change until the controller of a replica set has seen it.
const SEEN: SimDuration = SimDuration::from_millis(5);

/// One call to the API, there and back.
const CALL: SimDuration = SimDuration::from_millis(10);

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

impl Cluster {
    /// The sets, by number.
    pub(crate) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// A set that its owner has created; its number comes back.
    pub(crate) fn add_set(&mut self, set: Set) -> u32 {
        self.written = None;
        self.sets.push(set);
        self.syncs.push(SetSync::default());
        self.sets.len() as u32 - 1
    }

    /// Its owner writes the size of a set; what it was before comes back.
    pub(crate) fn resize(&mut self, set: u32, size: u32, by: &mut Hands<'_>) -> u32 {
        self.written = None;
        let before = std::mem::replace(&mut self.sets[set as usize].size, size);
        self.set_changed(set, by);
        before
    }

    /// Every set keeps the share of the full size that its owner has given it, however often that
    /// changes in between.
    pub(crate) fn keep_proportions(&mut self, before: u32, size: u32, by: &mut Hands<'_>) {
        let sizes = || self.sets.iter().map(|set| set.size).collect();
        let (written, of) = self.written.take().unwrap_or_else(|| (sizes(), before.max(1)));
        for pool in [Pool::Stable, Pool::Candidate, Pool::Baseline] {
            let mine = || (0..written.len()).filter(|set| self.sets[*set].pool == pool);
            let shares: Vec<u32> = mine().map(|set| written[set]).collect();
            let numbers: Vec<usize> = mine().collect();
            for (number, found) in numbers.into_iter().zip(in_proportion(&shares, of, size)) {
                self.sets[number].size = found;
            }
        }
        self.written = Some((written, of));
        (0..self.sets.len() as u32).for_each(|set| self.set_changed(set, by));
    }

    /// A set's size, or one of its pods, has changed.
    pub(crate) fn set_changed(&mut self, set: u32, by: &mut Hands<'_>) {
        let Some(sync) = self.syncs.get_mut(set as usize) else { return };
        if sync.busy {
            sync.again = true;
        } else if !std::mem::replace(&mut sync.planned, true) {
            plan_set(by.ctx, set, by.ctx.now + SEEN, SetStep::Sync);
        }
    }

    /// A step of a set's controller is due.
    pub(crate) fn set_step(&mut self, set: u32, step: SetStep, by: &mut Hands<'_>) {
        match step {
            SetStep::Sync => self.sync_set(set, by),
            SetStep::Batch => self.batch(set, by),
            SetStep::Create => self.add_pod(set, by),
            SetStep::Delete(pod) => self.delete_pod(pod, by),
            SetStep::Called => self.called(set, by),
            SetStep::Reported => self.reported(set, by),
        }
    }

    /// A sync begins: so many calls at most, which make up what is missing or too much.
    fn sync_set(&mut self, set: u32, by: &mut Hands<'_>) {
        let (active, counted) = (self.active_pods(set), self.counted(set, by.ctx));
        let (have, size) = (active.len(), self.sets[set as usize].size as usize);
        let calls = have.abs_diff(size).min(BURST_REPLICAS as usize);
        let sync = &mut self.syncs[set as usize];
        sync.planned = false;
        (sync.busy, sync.again) = (true, have.abs_diff(size) > calls);
        sync.counted = counted;
        if have < size {
            sync.batches = slow_start_batches(calls as u32);
            sync.batches.reverse();
            self.batch(set, by);
        } else if have > size {
            self.remove_pods(set, &active, calls, by);
        } else {
            self.called(set, by);
        }
    }

    /// The next batch of creations goes out together; the one after it once all have come back.
    /// The API of a flight refuses none of them.
    fn batch(&mut self, set: u32, by: &mut Hands<'_>) {
        let Some(calls) = self.syncs[set as usize].batches.pop() else { return };
        let mut last = by.ctx.now;
        for _ in 0..calls {
            last = self.client.call(by.ctx.now);
            match last > by.ctx.now {
                true => plan_set(by.ctx, set, last, SetStep::Create),
                false => self.add_pod(set, by),
            }
        }
        let more = !self.syncs[set as usize].batches.is_empty();
        let next = if more { SetStep::Batch } else { SetStep::Called };
        plan_set(by.ctx, set, last + CALL, next);
    }

    fn add_pod(&mut self, set: u32, by: &mut Hands<'_>) {
        let pod = self.create_pod(set, by);
        self.assign_node(pod, by);
        self.set_changed(set, by);
    }

    fn remove_pods(&mut self, set: u32, active: &[u32], count: usize, by: &mut Hands<'_>) {
        let facts: Vec<PodFacts> = active.iter().map(|p| self.facts(*p, &by.ctx.streams)).collect();
        let related: Vec<PodFacts> = (0..self.pods.len() as u32)
            .filter(|p| self.pods[*p as usize].is_active())
            .map(|p| self.facts(p, &by.ctx.streams))
            .collect();
        let rule = DeletionRule::at(by.ctx.now);
        let doomed = pods_to_remove(&facts, &related, count, &rule);
        let mut last = by.ctx.now;
        for index in doomed {
            last = self.client.call(by.ctx.now);
            match last > by.ctx.now {
                true => plan_set(by.ctx, set, last, SetStep::Delete(active[index])),
                false => self.delete_pod(active[index], by),
            }
        }
        plan_set(by.ctx, set, last + CALL, SetStep::Called);
    }

    /// The pods are as they should be; a status that is another now is written.
    fn called(&mut self, set: u32, by: &mut Hands<'_>) {
        let sync = &self.syncs[set as usize];
        if sync.counted == sync.reported {
            return self.synced(set, by);
        }
        let at = self.client.call(by.ctx.now);
        plan_set(by.ctx, set, at + CALL, SetStep::Reported);
    }

    /// Whoever owns the set looks before its controller goes on.
    fn reported(&mut self, set: u32, by: &mut Hands<'_>) {
        let sync = &mut self.syncs[set as usize];
        sync.reported = sync.counted;
        self.news.push(News::Look);
        self.synced(set, by);
    }

    fn synced(&mut self, set: u32, by: &mut Hands<'_>) {
        let sync = &mut self.syncs[set as usize];
        sync.busy = false;
        if std::mem::take(&mut sync.again) {
            sync.planned = true;
            plan_set(by.ctx, set, by.ctx.now, SetStep::Sync);
        }
    }

    pub(super) fn active_pods(&self, set: u32) -> Vec<u32> {
        let pods = self.pods.iter().enumerate();
        pods.filter(|(_, p)| p.set == set && p.is_active()).map(|(i, _)| i as u32).collect()
    }

    /// The status of a set as its pods are now.
    fn counted(&self, set: u32, ctx: &Context) -> SetStatus {
        let own = |pod: &&Pod| pod.exists() && pod.set == set;
        let facts: Vec<PodFacts> = self.pods.iter().filter(own).map(|pod| pod.facts(0)).collect();
        set_status(&facts, ctx.scenario.service.pod.min_ready, ctx.now)
    }

    /// A set that has been there since before the flight: all is seen, and has long been so.
    pub(crate) fn settle_set(&mut self, set: u32, ctx: &Context) {
        let counted = self.counted(set, ctx);
        let reported = SetStatus { available: counted.ready, ..counted };
        self.syncs[set as usize].reported = reported;
    }

    fn facts(&self, pod: u32, streams: &Streams) -> PodFacts {
        let uid = self.address(pod, PodDraw::Uid).key(streams);
        self.pods[pod as usize].facts(uid)
    }

    /// What a controller is told of every set: its status as it was written last, and its pods.
    pub(crate) fn set_facts(&self) -> Vec<SetFacts> {
        let mut phases = vec![Vec::new(); self.sets.len()];
        for pod in self.pods.iter().filter(|p| p.exists()) {
            phases[pod.set as usize].push(pod.facts(0).phase);
        }
        let facts = |(id, phases): (usize, _)| {
            let (set, status) = (&self.sets[id], self.syncs[id].reported);
            debug_assert!(status.available <= status.ready && status.ready <= status.replicas);
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

/// What becomes of the sets of a pool, so large when the whole was `of`, at another size of the
/// whole: sets that make up the whole still do so (largest remainders, the first of equals); others
/// are rounded up, so that none that has pods loses all of them.
fn in_proportion(sets: &[u32], of: u32, size: u32) -> Vec<u32> {
    let (of, size) = (u64::from(of), u64::from(size));
    let exact = |set: &u32| u64::from(*set) * size;
    if sets.iter().map(|set| u64::from(*set)).sum::<u64>() != of {
        return sets.iter().map(|set| exact(set).div_ceil(of) as u32).collect();
    }
    let mut found: Vec<u64> = sets.iter().map(|set| exact(set) / of).collect();
    let mut by_rest: Vec<usize> = (0..sets.len()).collect();
    by_rest.sort_by_key(|at| (std::cmp::Reverse(exact(&sets[*at]) % of), *at));
    let left = size - found.iter().sum::<u64>();
    by_rest.into_iter().take(left as usize).for_each(|at| found[at] += 1);
    found.into_iter().map(|set| set as u32).collect()
}

fn plan_set(ctx: &mut Context, set: u32, at: SimTime, step: SetStep) {
    ctx.plan(at, Event::Set { set, step });
}

#[cfg(test)]
#[path = "sets_tests.rs"]
mod tests;

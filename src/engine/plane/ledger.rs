//! A pod as the request loop sees it: slots, and a ledger of completions that are still to come.
//!
//! Slots are first come, first served, so the completion of a request is known when it arrives; it
//! is booked here and committed when the clock passes it. A kill turns what is not yet committed
//! into broken requests. There is no other path, so no result depends on which path ran.

use crate::base::time::SimDuration;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What became of a request on the server's side, and whose it is. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(32))]
pub struct Entry {
    /// Arrival of this attempt at the pod, in nanoseconds.
    pub arrived: u64,
    /// CPU time it takes, in nanoseconds.
    pub cpu_ns: f32,
    /// Who sent it.
    pub user: u32,
    /// Number of the request on the tape.
    pub index: u32,
    /// Chain of attempts it belongs to, or [`NO_CHAIN`].
    pub chain: u32,
    /// Index of its route.
    pub route: u8,
    /// Version that serves it: 0 old, 1 new.
    pub version: u8,
    /// Outcome for the client, as `Outcome as u8`.
    pub outcome: u8,
    /// Bits of `flag`.
    pub flags: u8,
    /// Number of this attempt, 0 for the first.
    pub number: u8,
    /// From the first attempt to this one, in milliseconds (at most 65 s are told).
    pub since_first_ms: u16,
}

/// No chain: the first attempt, and nothing follows.
pub const NO_CHAIN: u32 = u32::MAX;

/// Bits of [`Entry::flags`].
pub mod flag {
    /// A mirrored copy: nobody waits for it.
    pub const MIRROR: u8 = 1;
    /// The client's outcome is decided elsewhere (it has left, or a retry follows).
    pub const NOT_FINAL: u8 = 2;
    /// The server answers 500.
    pub const ERROR: u8 = 4;
    /// The answer completes the business step.
    pub const CONVERTS: u8 = 8;
    /// The answer starts the business step.
    pub const FUNNEL: u8 = 16;
    /// The server never answers; the slot stays taken.
    pub const HUNG: u8 = 32;
}

/// A completion to come: when, and where its entry lies.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    done: u64,
    slot: u32,
}

/// How many completions lie in order; a power of two, so that a mask keeps places inside.
const NEAR: usize = 16;

/// Slots, queue and ledger of one pod. What every pick reads lies in the first cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct PodLedger {
    next_done: u64,
    in_flight: u32,
    /// Most requests in the pod, served and waiting.
    pub limit: u32,
    /// Requests served at a time.
    pub slots: u32,
    /// Head of the list of unused entries, linked through `chain`.
    free: u32,
    /// How many of `near` are taken.
    near_len: u8,
    /// Does the process accept requests?
    pub accepting: bool,
    /// Has its node vanished, so that nothing even refuses?
    pub dark: bool,
    /// Version of the process.
    pub version: u8,
    /// Do requests wait, so that `slot_free` is kept?
    queueing: bool,
    entries: Vec<Entry>,
    /// Requests accepted since the process started.
    pub accepted: u64,
    /// The pod trips when `accepted` reaches this.
    pub trip_at: u64,
    /// The earliest completions, the latest of them first. Few are in flight as a rule, so that
    /// keeping order costs less than a heap.
    near: [Due; NEAR],
    /// Later ones than all of `near`, as a heap.
    far: BinaryHeap<Reverse<(u64, u32)>>,
    /// When each slot is free, as a heap; only kept while requests wait.
    slot_free: Vec<u64>,
    /// Until when the pod is warming up, in nanoseconds; 0 once warm.
    pub warm_until: u64,
    /// When the process began to serve, in nanoseconds.
    pub serving_since: u64,
}

impl PodLedger {
    /// A pod with `slots` slots that does not accept yet.
    pub fn new(version: u8, slots: u32, queue: u32) -> Self {
        PodLedger {
            next_done: u64::MAX,
            in_flight: 0,
            limit: slots.saturating_add(queue),
            slots,
            free: NO_CHAIN,
            near_len: 0,
            accepting: false,
            dark: false,
            version,
            queueing: false,
            entries: Vec::with_capacity(slots.min(NEAR as u32) as usize),
            accepted: 0,
            trip_at: u64::MAX,
            near: [Due::default(); NEAR],
            far: BinaryHeap::new(),
            slot_free: Vec::new(),
            warm_until: 0,
            serving_since: 0,
        }
    }

    /// Requests in the pod, as of the last commit.
    #[inline]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// All completions to come, in no order.
    fn due(&self) -> impl Iterator<Item = Due> {
        let near = self.near.iter().take(usize::from(self.near_len)).copied();
        near.chain(self.far.iter().map(|Reverse((done, slot))| Due { done: *done, slot: *slot }))
    }

    /// All requests in the pod.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.due().map(|due| &self.entries[due.slot as usize])
    }

    /// The next completion, in nanoseconds; `u64::MAX` when idle.
    #[inline]
    pub fn next_done(&self) -> u64 {
        self.next_done
    }

    /// The last completion to come, in nanoseconds; nothing when idle.
    pub fn last_done(&self) -> Option<u64> {
        self.due().map(|due| due.done).max()
    }

    /// When a request that arrives now starts to be served. Call after committing up to `now`.
    #[inline(always)]
    pub fn start_at(&mut self, now: u64) -> u64 {
        if self.in_flight < self.slots {
            self.queueing = false;
            return now;
        }
        self.next_free().max(now)
    }

    /// When the first slot will be free, all of them being taken.
    #[inline(never)]
    fn next_free(&mut self) -> u64 {
        if !self.queueing {
            // The queue begins: all slots are busy, so each entry is one slot's completion.
            assert!(self.in_flight == self.slots, "a queue without its slots");
            self.queueing = true;
            let mut free = std::mem::take(&mut self.slot_free);
            free.clear();
            free.extend(self.due().map(|due| due.done));
            free.sort_unstable();
            self.slot_free = free;
        }
        self.slot_free[0]
    }

    /// Books a request that is done at `done`; the one before it on the same slot is done by then.
    #[inline(always)]
    pub fn book(&mut self, done: u64, entry: Entry) {
        if self.queueing {
            self.take_slot(done);
        }
        let slot = self.free;
        let slot = if let Some(unused) = self.entries.get_mut(slot as usize) {
            self.free = unused.chain;
            *unused = entry;
            slot
        } else {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        };
        self.in_flight += 1;
        self.next_done = self.next_done.min(done);
        let due = Due { done, slot };
        if usize::from(self.near_len) < NEAR && self.in_flight == u32::from(self.near_len) + 1 {
            self.put_near(due);
        } else {
            self.put_far(due);
        }
    }

    /// Puts a completion among the near ones, of which at least one place is free.
    #[inline(always)]
    fn put_near(&mut self, due: Due) {
        let mut at = usize::from(self.near_len) % NEAR;
        self.near_len += 1;
        while at > 0 {
            let before = self.near[at - 1];
            if before.done > due.done {
                break;
            }
            self.near[at] = before;
            at -= 1;
        }
        self.near[at] = due;
    }

    /// The same while there are too many for order: the latest ones go to the heap.
    #[inline(never)]
    fn put_far(&mut self, due: Due) {
        let mut late = due;
        let first_far = self.far.peek().map_or(u64::MAX, |Reverse((done, _))| *done);
        if due.done < first_far.min(self.near[0].done) || due.done < first_far && !self.is_full() {
            if self.is_full() {
                late = self.near[0];
                self.near.copy_within(1.., 0);
                self.near_len -= 1;
            }
            self.put_near(due);
            if late.slot == due.slot {
                return;
            }
        }
        self.far.push(Reverse((late.done, late.slot)));
    }

    fn is_full(&self) -> bool {
        usize::from(self.near_len) == NEAR
    }

    /// The present slot is taken until `done`.
    #[inline(never)]
    fn take_slot(&mut self, done: u64) {
        self.slot_free[0] = done;
        sift_down_min(&mut self.slot_free);
    }

    /// Takes the earliest completion off the ledger, with its instant.
    #[inline(always)]
    pub fn commit(&mut self) -> Option<(u64, Entry)> {
        if self.near_len == 0 {
            return None;
        }
        let last = usize::from(self.near_len) - 1;
        self.near_len -= 1;
        self.in_flight -= 1;
        let first = self.near[last % NEAR];
        if last == 0 && self.in_flight > 0 {
            self.refill();
        }
        let next = usize::from(self.near_len).wrapping_sub(1) % NEAR;
        self.next_done = if self.near_len == 0 { u64::MAX } else { self.near[next].done };
        let unused = self.entries.get_mut(first.slot as usize)?;
        let entry = *unused;
        unused.chain = self.free;
        self.free = first.slot;
        Some((first.done, entry))
    }

    /// The near completions are used up: the earliest of the far ones take their place.
    #[inline(never)]
    fn refill(&mut self) {
        for _ in 0..NEAR / 2 {
            let Some(Reverse((done, slot))) = self.far.pop() else { break };
            self.put_near(Due { done, slot });
        }
    }

    /// Kills the process: what is left of the ledger comes back as broken, earliest first.
    pub fn kill(&mut self) -> Vec<Entry> {
        self.accepting = false;
        self.queueing = false;
        let mut due: Vec<Due> = self.due().collect();
        due.sort_unstable_by_key(|d| (d.done, self.entries[d.slot as usize].index));
        let broken = due.iter().map(|d| self.entries[d.slot as usize]).collect();
        self.near_len = 0;
        self.far.clear();
        self.entries.clear();
        self.free = NO_CHAIN;
        self.in_flight = 0;
        self.next_done = u64::MAX;
        broken
    }

    /// Starts the process anew at `now`, warm after `warm_up`.
    pub fn start(&mut self, now: u64, warm_up: SimDuration) {
        assert!(self.in_flight == 0, "a new process has no old requests");
        self.accepting = true;
        self.accepted = 0;
        self.serving_since = now;
        self.warm_until = now.saturating_add(warm_up.as_nanos());
    }
}

fn sift_down_min(heap: &mut [u64]) {
    let (mut at, mut child) = (0, 1);
    while child < heap.len() {
        if child + 1 < heap.len() && heap[child + 1] < heap[child] {
            child += 1;
        }
        if heap[at] <= heap[child] {
            break;
        }
        heap.swap(at, child);
        at = child;
        child = 2 * at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: u32, arrived: u64) -> Entry {
        Entry {
            arrived,
            cpu_ns: 0.0,
            user: 0,
            index,
            chain: NO_CHAIN,
            route: 0,
            version: 0,
            outcome: 0,
            flags: 0,
            number: 0,
            since_first_ms: 0,
        }
    }

    /// Against a plain list of slots: the same starts, whatever the load.
    #[test]
    fn starts_are_those_of_first_come_first_served() {
        let (slots, mut pod) = (3, PodLedger::new(0, 3, 1000));
        let mut free = vec![0_u64; slots];
        let mut now = 0;
        for i in 0..5_000_u32 {
            let draw = crate::base::random::mix64(u64::from(i));
            now += draw % 40;
            let busy = 1 + (draw >> 32) % 110;
            while pod.next_done() <= now {
                pod.commit();
            }
            let start = pod.start_at(now);
            let slot = (0..slots).min_by_key(|s| free[*s]).expect("slots");
            assert_eq!(start, free[slot].max(now), "request {i}");
            free[slot] = start + busy;
            pod.book(start + busy, entry(i, now));
        }
    }

    #[test]
    fn a_kill_returns_everything_in_flight_in_order() {
        let mut pod = PodLedger::new(1, 8, 8);
        for (i, done) in [50, 20, 90, 20].into_iter().enumerate() {
            pod.start_at(0);
            pod.book(done, entry(i as u32, 0));
        }
        assert_eq!(pod.commit().map(|(_, e)| e.index), Some(1));
        let broken: Vec<u32> = pod.kill().iter().map(|e| e.index).collect();
        assert_eq!(broken, [3, 0, 2]);
        assert!(!pod.accepting && pod.in_flight() == 0);
    }
}

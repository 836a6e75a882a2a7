//! A pod as the request loop sees it: slots, and a ledger of completions that are still to come.
//!
//! Slots are first come, first served, so the completion of a request is known when it arrives; it
//! is booked here and committed when the clock passes it. A kill turns what is not yet committed
//! into broken requests. There is no other path, so no result depends on which path ran.

use crate::base::time::SimDuration;

/// What became of a request on the server's side, and whose it is. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// A place in the heap of completions.
#[derive(Clone, Copy, Debug)]
struct Due {
    done: u64,
    slot: u32,
}

/// Slots, queue and ledger of one pod. What every pick reads comes first.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct PodLedger {
    next_done: u64,
    in_flight: u32,
    /// Requests served at a time.
    pub slots: u32,
    /// Most requests in the pod, served and waiting.
    pub limit: u32,
    /// Does the process accept requests?
    pub accepting: bool,
    /// Has its node vanished, so that nothing even refuses?
    pub dark: bool,
    /// Version of the process.
    pub version: u8,
    /// Until when the pod is warming up, in nanoseconds; 0 once warm.
    pub warm_until: u64,
    /// Requests accepted since the process started.
    pub accepted: u64,
    /// The pod trips when `accepted` reaches this.
    pub trip_at: u64,
    /// When the process began to serve, in nanoseconds.
    pub serving_since: u64,
    /// A binary heap by completion; equal ones commit in any (fixed) order, which changes nothing.
    heap: Vec<Due>,
    entries: Vec<Entry>,
    /// Head of the list of unused entries, linked through `chain`.
    free: u32,
    /// When each slot is free, as a heap; only kept while requests wait.
    slot_free: Vec<u64>,
}

impl PodLedger {
    /// A pod with `slots` slots that does not accept yet.
    pub fn new(version: u8, slots: u32, queue: u32) -> Self {
        PodLedger {
            next_done: u64::MAX,
            in_flight: 0,
            slots,
            limit: slots.saturating_add(queue),
            accepting: false,
            dark: false,
            version,
            warm_until: 0,
            accepted: 0,
            trip_at: u64::MAX,
            serving_since: 0,
            heap: Vec::with_capacity(slots.min(64) as usize),
            entries: Vec::with_capacity(slots.min(64) as usize),
            free: NO_CHAIN,
            slot_free: Vec::new(),
        }
    }

    /// Requests in the pod, as of the last commit.
    #[inline]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// All requests in the pod.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.heap.iter().map(|due| &self.entries[due.slot as usize])
    }

    /// The next completion, in nanoseconds; `u64::MAX` when idle.
    #[inline]
    pub fn next_done(&self) -> u64 {
        self.next_done
    }

    /// The last completion to come, in nanoseconds; nothing when idle.
    pub fn last_done(&self) -> Option<u64> {
        self.heap.iter().map(|due| due.done).max()
    }

    /// When a request that arrives now starts to be served. Call after committing up to `now`.
    #[inline]
    pub fn start_at(&mut self, now: u64) -> u64 {
        if self.in_flight < self.slots {
            self.slot_free.clear();
            return now;
        }
        if self.slot_free.is_empty() {
            // The queue begins: all slots are busy, so each entry is one slot's completion.
            assert!(self.in_flight == self.slots, "a queue without its slots");
            self.slot_free.extend(self.heap.iter().map(|due| due.done));
            self.slot_free.sort_unstable();
        }
        self.slot_free[0].max(now)
    }

    /// Books a request that is done at `done`; the one before it on the same slot is done by then.
    #[inline]
    pub fn book(&mut self, done: u64, entry: Entry) {
        if !self.slot_free.is_empty() {
            self.slot_free[0] = done;
            sift_down_min(&mut self.slot_free);
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
        let due = Due { done, slot };
        self.heap.push(due);
        let heap = self.heap.as_mut_slice();
        let mut at = heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if heap[parent].done <= done {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = due;
        self.in_flight += 1;
        self.next_done = self.next_done.min(done);
    }

    /// Takes the earliest completion off the ledger, with its instant.
    #[inline]
    pub fn commit(&mut self) -> Option<(u64, Entry)> {
        let last = self.heap.pop()?;
        self.in_flight -= 1;
        let mut first = last;
        let heap = self.heap.as_mut_slice();
        if let Some(top) = heap.first().copied() {
            first = top;
            let (mut at, mut child) = (0, 1);
            while child < heap.len() {
                let right = child + 1;
                child = if right < heap.len() && heap[right].done < heap[child].done {
                    right
                } else {
                    child
                };
                if last.done <= heap[child].done {
                    break;
                }
                heap[at] = heap[child];
                at = child;
                child = 2 * at + 1;
            }
            heap[at] = last;
        }
        self.next_done = heap.first().map_or(u64::MAX, |due| due.done);
        let unused = &mut self.entries[first.slot as usize];
        let entry = *unused;
        unused.chain = self.free;
        self.free = first.slot;
        Some((first.done, entry))
    }

    /// Kills the process: what is left of the ledger comes back as broken, earliest first.
    pub fn kill(&mut self) -> Vec<Entry> {
        self.accepting = false;
        self.slot_free.clear();
        let mut due = std::mem::take(&mut self.heap);
        due.sort_unstable_by_key(|d| (d.done, self.entries[d.slot as usize].index));
        let broken = due.iter().map(|d| self.entries[d.slot as usize]).collect();
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

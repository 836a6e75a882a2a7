//! A pod as the request loop sees it: slots, and a ledger of completions that are still to come.
//!
//! Slots are first come, first served, so the completion of a request is known when it arrives; it
//! is booked here and committed when the clock passes it. A kill turns what is not yet committed
//! into broken requests. There is no other path, so no result depends on which path ran.

use crate::base::time::SimDuration;

/// What became of a request on the server's side, and whose it is. 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Completion, in nanoseconds.
    pub done: u64,
    /// Arrival of this attempt at the pod, in nanoseconds.
    pub arrived: u64,
    /// Busy time of the slot, in nanoseconds.
    pub busy: u64,
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
}

/// Slots, queue and ledger of one pod.
#[derive(Clone, Debug)]
pub struct PodLedger {
    /// Does the process accept requests?
    pub accepting: bool,
    /// Has its node vanished, so that nothing even refuses?
    pub dark: bool,
    /// Version of the process.
    pub version: u8,
    /// Requests served at a time.
    pub slots: u32,
    /// Most requests in the pod, served and waiting.
    pub limit: u32,
    /// Requests accepted since the process started.
    pub accepted: u64,
    /// The pod trips when `accepted` reaches this.
    pub trip_at: u64,
    /// Until when the pod is warming up, in nanoseconds; 0 once warm.
    pub warm_until: u64,
    /// When the process began to serve, in nanoseconds.
    pub serving_since: u64,
    /// Busy time of all committed requests, in nanoseconds.
    pub busy_ns: u64,
    /// A binary heap by (done, index).
    entries: Vec<Entry>,
    /// When each slot is free, as a heap; only kept while requests wait.
    slot_free: Vec<u64>,
}

impl PodLedger {
    /// A pod with `slots` slots that does not accept yet.
    pub fn new(version: u8, slots: u32, queue: u32) -> Self {
        PodLedger {
            accepting: false,
            dark: false,
            version,
            slots,
            limit: slots.saturating_add(queue),
            accepted: 0,
            trip_at: u64::MAX,
            warm_until: 0,
            serving_since: 0,
            busy_ns: 0,
            entries: Vec::new(),
            slot_free: Vec::new(),
        }
    }

    /// Requests in the pod, as of the last commit.
    #[inline]
    pub fn in_flight(&self) -> u32 {
        self.entries.len() as u32
    }

    /// All requests in the pod.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The next completion, in nanoseconds; `u64::MAX` when idle.
    #[inline]
    pub fn next_done(&self) -> u64 {
        self.entries.first().map_or(u64::MAX, |e| e.done)
    }

    /// The last completion to come, in nanoseconds; nothing when idle.
    pub fn last_done(&self) -> Option<u64> {
        self.entries.iter().map(|e| e.done).max()
    }

    /// When a request that arrives now starts to be served. Call after committing up to `now`.
    #[inline]
    pub fn start_at(&mut self, now: u64) -> u64 {
        if (self.entries.len() as u32) < self.slots {
            self.slot_free.clear();
            return now;
        }
        if self.slot_free.is_empty() {
            // The queue begins: all slots are busy, so each entry is one slot's completion.
            assert!(self.entries.len() == self.slots as usize, "a queue without its slots");
            self.slot_free.extend(self.entries.iter().map(|e| e.done));
            self.slot_free.sort_unstable();
        }
        self.slot_free[0].max(now)
    }

    /// Books a request; the one before it on the same slot is done by then.
    #[inline]
    pub fn book(&mut self, entry: Entry) {
        if !self.slot_free.is_empty() {
            self.slot_free[0] = entry.done;
            sift_down_min(&mut self.slot_free);
        }
        self.entries.push(entry);
        let mut at = self.entries.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if key(&self.entries[parent]) <= key(&entry) {
                break;
            }
            self.entries[at] = self.entries[parent];
            at = parent;
        }
        self.entries[at] = entry;
    }

    /// Takes the earliest completion off the ledger.
    #[inline]
    pub fn commit(&mut self) -> Option<Entry> {
        let last = self.entries.pop()?;
        let Some(first) = self.entries.first().copied() else { return Some(last) };
        let len = self.entries.len();
        let (mut at, mut child) = (0, 1);
        while child < len {
            if child + 1 < len && key(&self.entries[child + 1]) < key(&self.entries[child]) {
                child += 1;
            }
            if key(&last) <= key(&self.entries[child]) {
                break;
            }
            self.entries[at] = self.entries[child];
            at = child;
            child = 2 * at + 1;
        }
        self.entries[at] = last;
        Some(first)
    }

    /// Kills the process: what is left of the ledger comes back as broken, earliest first.
    pub fn kill(&mut self) -> Vec<Entry> {
        self.accepting = false;
        self.slot_free.clear();
        let mut broken = std::mem::take(&mut self.entries);
        broken.sort_unstable_by_key(|e| (e.done, e.index));
        broken
    }

    /// Starts the process anew at `now`, warm after `warm_up`.
    pub fn start(&mut self, now: u64, warm_up: SimDuration) {
        assert!(self.entries.is_empty(), "a new process has no old requests");
        self.accepting = true;
        self.accepted = 0;
        self.serving_since = now;
        self.warm_until = now.saturating_add(warm_up.as_nanos());
    }
}

#[inline]
fn key(entry: &Entry) -> (u64, u32) {
    (entry.done, entry.index)
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

    fn entry(index: u32, arrived: u64, done: u64) -> Entry {
        Entry {
            done,
            arrived,
            busy: 0,
            user: 0,
            index,
            chain: NO_CHAIN,
            route: 0,
            version: 0,
            outcome: 0,
            flags: 0,
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
            pod.book(entry(i, now, start + busy));
        }
    }

    #[test]
    fn a_kill_returns_everything_in_flight_in_order() {
        let mut pod = PodLedger::new(1, 8, 8);
        for (i, done) in [50, 20, 90, 20].into_iter().enumerate() {
            pod.start_at(0);
            pod.book(entry(i as u32, 0, done));
        }
        assert_eq!(pod.commit().map(|e| e.index), Some(1));
        let broken: Vec<u32> = pod.kill().iter().map(|e| e.index).collect();
        assert_eq!(broken, [3, 0, 2]);
        assert!(!pod.accepting && pod.in_flight() == 0);
    }
}

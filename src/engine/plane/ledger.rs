//! A pod as the request loop sees it: slots, and a ledger of completions that are still to come.
//!
//! Slots are first come, first served, so the completion of a request is known when it arrives; it
//! is booked here and committed when the clock passes it. A kill turns what is not yet committed
//! into broken requests. There is no other path, so no result depends on which path ran.

use crate::base::time::SimDuration;
use std::cmp::Ordering;
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

impl Entry {
    /// An unused place.
    pub(super) const NONE: Entry = Entry {
        arrived: 0,
        cpu_ns: 0.0,
        user: 0,
        index: 0,
        chain: NO_CHAIN,
        route: 0,
        version: 0,
        outcome: 0,
        flags: 0,
        number: 0,
        since_first_ms: 0,
    };
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

/// A completion later than all near ones. The earlier, then the earlier request, is the greater.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Far {
    done: u64,
    entry: Entry,
}

impl Eq for Far {}

impl Ord for Far {
    fn cmp(&self, other: &Far) -> Ordering {
        (other.done, other.entry.index).cmp(&(self.done, self.entry.index))
    }
}

impl PartialOrd for Far {
    fn partial_cmp(&self, other: &Far) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How many completions lie in order; as many as a word has nibbles.
const NEAR: usize = 16;

/// Slots, queue and ledger of one pod. What every pick reads lies in the first cache line.
///
/// Few requests are in flight as a rule, so the earliest completions (`NEAR`) are kept in order,
/// the latest of them first; a heap holds what is later than these.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct PodLedger {
    next_done: u64,
    in_flight: u32,
    /// Most requests in the pod, served and waiting.
    pub limit: u32,
    /// Requests served at a time.
    pub slots: u32,
    /// How many near completions there are.
    near_len: u8,
    /// Does the process accept requests?
    pub accepting: bool,
    /// Has its node vanished, so that nothing even refuses?
    pub dark: bool,
    /// Version of the process.
    pub version: u8,
    /// Places of the near entries as nibbles, in the order of their completions; behind these the
    /// unused places, the one used last first.
    places: u64,
    /// Do requests wait, so that `slot_free` is kept?
    queueing: bool,
    /// Requests accepted since the process started.
    pub accepted: u64,
    /// The pod trips when `accepted` reaches this.
    pub trip_at: u64,
    near_done: [u64; NEAR],
    near: [Entry; NEAR],
    far: BinaryHeap<Far>,
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
            near_len: 0,
            accepting: false,
            dark: false,
            version,
            places: 0xfedc_ba98_7654_3210,
            queueing: false,
            accepted: 0,
            trip_at: u64::MAX,
            near_done: [0; NEAR],
            near: [Entry::NONE; NEAR],
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

    /// All completions to come with their entries, in no order.
    fn due(&self) -> impl Iterator<Item = (u64, &Entry)> {
        let near = 0..usize::from(self.near_len);
        let near = near.map(|at| (self.near_done[at], &self.near[self.place(at)]));
        near.chain(self.far.iter().map(|far| (far.done, &far.entry)))
    }

    /// Where the entry of the near completion `at` lies.
    #[inline(always)]
    fn place(&self, at: usize) -> usize {
        (self.places >> (at % NEAR * 4)) as usize % NEAR
    }

    /// All requests in the pod.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.due().map(|(_, entry)| entry)
    }

    /// The next completion, in nanoseconds; `u64::MAX` when idle.
    #[inline]
    pub fn next_done(&self) -> u64 {
        self.next_done
    }

    /// The last completion to come, in nanoseconds; nothing when idle.
    pub fn last_done(&self) -> Option<u64> {
        self.due().map(|(done, _)| done).max()
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
            free.extend(self.due().map(|(done, _)| done));
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
        self.in_flight += 1;
        self.next_done = self.next_done.min(done);
        if usize::from(self.near_len) < NEAR && self.in_flight == u32::from(self.near_len) + 1 {
            self.put_near(done, entry);
        } else {
            self.put_far(done, entry);
        }
    }

    /// Puts a completion among the near ones, of which at least one place is free.
    #[inline(always)]
    fn put_near(&mut self, done: u64, entry: Entry) {
        let last = usize::from(self.near_len) % NEAR;
        self.near_len += 1;
        let place = self.place(last);
        self.near[place] = entry;
        let mut at = last;
        while at > 0 {
            let before = self.near_done[at - 1];
            if before > done {
                break;
            }
            self.near_done[at] = before;
            at -= 1;
        }
        self.near_done[at] = done;
        // The nibbles from `at` on move up by one, and that of the new entry goes before them.
        let below = (1 << (at * 4)) - 1;
        let above = u64::MAX << (last * 4) << 4;
        let between = (self.places & !below) << 4 & !above;
        self.places = self.places & (below | above) | between | (place as u64) << (at * 4);
    }

    /// The same while there are too many for order: the latest ones go to the heap.
    #[inline(never)]
    fn put_far(&mut self, done: u64, entry: Entry) {
        let first_far = self.far.peek().map_or(u64::MAX, |far| far.done);
        let full = usize::from(self.near_len) == NEAR;
        if done >= first_far || full && done >= self.near_done[0] {
            self.far.push(Far { done, entry });
            return;
        }
        if full {
            self.far.push(Far { done: self.near_done[0], entry: self.near[self.place(0)] });
            self.near_done.copy_within(1.., 0);
            self.places = self.places.rotate_right(4);
            self.near_len -= 1;
        }
        self.put_near(done, entry);
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
        let first = (self.near_done[last % NEAR], self.near[self.place(last)]);
        if last == 0 && self.in_flight > 0 {
            self.refill();
        }
        let next = usize::from(self.near_len).wrapping_sub(1) % NEAR;
        self.next_done = if self.near_len == 0 { u64::MAX } else { self.near_done[next] };
        Some(first)
    }

    /// The near completions are used up: the earliest of the far ones take their place.
    #[inline(never)]
    fn refill(&mut self) {
        for _ in 0..NEAR / 2 {
            let Some(Far { done, entry }) = self.far.pop() else { break };
            self.put_near(done, entry);
        }
    }

    /// Kills the process: what is left of the ledger comes back as broken, earliest first.
    pub fn kill(&mut self) -> Vec<Entry> {
        self.accepting = false;
        self.queueing = false;
        let mut due: Vec<(u64, Entry)> = self.due().map(|(done, entry)| (done, *entry)).collect();
        due.sort_unstable_by_key(|(done, entry)| (*done, entry.index));
        let broken = due.into_iter().map(|(_, entry)| entry).collect();
        self.near_len = 0;
        self.far.clear();
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
        Entry { arrived, index, ..Entry::NONE }
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

    /// Against a sorted list, up and down between none and a hundred in flight.
    #[test]
    fn completions_come_in_order_however_many_there_are() {
        let mut pod = PodLedger::new(0, 1_000, 0);
        let (mut expected, mut committed) = (Vec::new(), 0);
        for i in 0..20_000_u32 {
            let draw = crate::base::random::mix64(u64::from(i));
            if draw % 100 < if i / 100 % 2 == 0 { 75 } else { 25 } {
                let done = draw >> 44;
                pod.start_at(0);
                pod.book(done, entry(i, 0));
                expected.push((done, i));
                expected.sort_unstable();
            } else {
                let first = (!expected.is_empty()).then(|| expected.remove(0));
                assert_eq!(pod.commit().map(|(done, e)| (done, e.index)), first);
                committed += usize::from(first.is_some());
            }
            let next = expected.first().map_or(u64::MAX, |(done, _)| *done);
            assert_eq!((pod.next_done(), pod.in_flight() as usize), (next, expected.len()));
            assert_eq!(pod.entries().count(), expected.len());
        }
        assert!(committed > 5_000);
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

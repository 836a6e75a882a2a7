//! A pod as the request loop sees it: slots, and a ledger of completions that are still to come.
//!
//! Slots are first come, first served, so the completion of a request is known when it arrives; it
//! is booked here and committed when the clock passes it. A kill turns what is not yet committed
//! into broken requests. There is no other path, so no result depends on which path ran.

use super::tally::Outcome;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use windtunnel_base::time::SimDuration;

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
    /// Outcome for the client.
    pub outcome: Outcome,
    /// Bits of `flag`.
    pub flags: u8,
    /// Number of this attempt, 0 for the first.
    pub number: u8,
    /// From the first attempt to this one, in milliseconds (at most 65 s are told).
    pub since_first_ms: u16,
}

impl Entry {
    /// When the first attempt of the request was sent, in nanoseconds, as far as it is told.
    pub(super) fn first_at(&self) -> u64 {
        self.arrived - u64::from(self.since_first_ms) * 1_000_000
    }

    /// An unused place.
    pub(super) const NONE: Entry = Entry {
        arrived: 0,
        cpu_ns: 0.0,
        user: 0,
        index: 0,
        chain: NO_CHAIN,
        route: 0,
        version: 0,
        outcome: Outcome::Good,
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

/// Nothing is done later: keys hold instants in 60 bits, which is 36 years.
const LATEST: u64 = u64::MAX >> 4;

/// So many keys are put in order without a branch.
const GROUP: usize = 4;

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
    /// Unused places of near entries, as bits.
    free: u16,
    /// Do requests wait, so that `slot_free` is kept?
    queueing: bool,
    /// Requests accepted since the process started.
    pub accepted: u64,
    /// The pod trips when `accepted` reaches this.
    pub trip_at: u64,
    /// Share of its memory that each request leaks now.
    leak: f64,
    /// Share that had leaked when that last changed, and the requests accepted by then.
    leaked: (f64, u64),
    /// Instants of the near completions with the places of their entries, as `key`.
    near_key: [u64; NEAR],
    near: [Entry; NEAR],
    far: BinaryHeap<Far>,
    /// When each slot is free, as a heap; only kept while requests wait.
    slot_free: Vec<u64>,
    /// Until when the pod is warming up, in nanoseconds; 0 once warm.
    pub warm_until: u64,
    /// When the process began to serve, in nanoseconds.
    pub serving_since: u64,
}

/// Place of the entry that a key leads to.
#[inline(always)]
fn place(key: u64) -> usize {
    key as usize % NEAR
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
            free: u16::MAX,
            queueing: false,
            accepted: 0,
            trip_at: u64::MAX,
            leak: 0.0,
            leaked: (0.0, 0),
            near_key: [0; NEAR],
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
        let near = near.map(|at| (self.near_key[at] >> 4, &self.near[place(self.near_key[at])]));
        near.chain(self.far.iter().map(|far| (far.done, &far.entry)))
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

    /// Does the pod take one more request, without meeting its limits or its end by it?
    #[inline(always)]
    pub fn takes_one(&self) -> bool {
        self.accepting & (self.in_flight < self.limit) & (self.accepted + 1 < self.trip_at)
    }

    /// Books a request that is done at `done`; the one before it on the same slot is done by then.
    #[inline(always)]
    pub fn book(&mut self, done: u64, entry: impl Fn() -> Entry) {
        let done = done.min(LATEST);
        if self.queueing {
            self.take_slot(done);
        }
        self.in_flight += 1;
        self.next_done = self.next_done.min(done);
        let ordered = self.in_flight == u32::from(self.near_len) + 1;
        if ordered & (usize::from(self.near_len) < NEAR) {
            let place = self.put_near(done);
            self.near[place] = entry();
        } else {
            self.put_far(done, entry());
        }
    }

    /// Puts a completion among the near ones, of which at least one place is free, and says which
    /// place its entry has.
    #[inline(always)]
    fn put_near(&mut self, done: u64) -> usize {
        let len = usize::from(self.near_len) % NEAR;
        self.near_len += 1;
        let place = self.free.trailing_zeros() as usize % NEAR;
        self.free &= self.free.wrapping_sub(1);
        // Each key is what stands between its neighbour and the new one: no branch to foresee.
        let key = done << 4 | place as u64;
        let mut before = u64::MAX;
        for group in self.near_key.chunks_exact_mut(GROUP).take(len / GROUP + 1) {
            for at in group {
                let here = *at;
                *at = before.min(here.max(key));
                before = here;
            }
        }
        place
    }

    /// The same while there are too many for order: the latest ones go to the heap.
    #[inline(never)]
    fn put_far(&mut self, done: u64, entry: Entry) {
        let first_far = self.far.peek().map_or(u64::MAX, |far| far.done);
        let full = usize::from(self.near_len) == NEAR;
        if done >= first_far || full && done >= self.near_key[0] >> 4 {
            self.far.push(Far { done, entry });
            return;
        }
        if full {
            let last = self.near_key[0];
            self.far.push(Far { done: last >> 4, entry: self.near[place(last)] });
            self.near_key.copy_within(1.., 0);
            self.near_key[NEAR - 1] = 0;
            self.free |= 1 << place(last);
            self.near_len -= 1;
        }
        let place = self.put_near(done);
        self.near[place] = entry;
    }

    /// The present slot is taken until `done`.
    #[inline(never)]
    fn take_slot(&mut self, done: u64) {
        self.slot_free[0] = done;
        sift_down_min(&mut self.slot_free);
    }

    /// The earliest completion, with its instant.
    #[inline(always)]
    pub fn first(&self) -> Option<(u64, &Entry)> {
        let last = self.near_len.checked_sub(1)?;
        let key = self.near_key[usize::from(last) % NEAR];
        Some((key >> 4, &self.near[place(key)]))
    }

    /// Takes the earliest completion off the ledger.
    #[inline(always)]
    pub fn drop_first(&mut self) {
        let Some(last) = self.near_len.checked_sub(1) else { return };
        self.near_len = last;
        self.in_flight -= 1;
        let key = &mut self.near_key[usize::from(last) % NEAR];
        self.free |= 1 << place(*key);
        *key = 0;
        if last > 0 {
            self.next_done = self.near_key[usize::from(last - 1) % NEAR] >> 4;
        } else if self.in_flight == 0 {
            self.next_done = u64::MAX;
        } else {
            self.last_near_gone();
        }
    }

    /// Takes the earliest completion off the ledger, with its instant.
    pub fn commit(&mut self) -> Option<(u64, Entry)> {
        let first = self.first().map(|(done, entry)| (done, *entry));
        self.drop_first();
        first
    }

    /// The near completions are used up: the earliest of the far ones take their place.
    #[inline(never)]
    fn last_near_gone(&mut self) {
        self.next_done = self.far.peek().map_or(u64::MAX, |far| far.done);
        for _ in 0..NEAR / 2 {
            let Some(Far { done, entry }) = self.far.pop() else { break };
            let place = self.put_near(done);
            self.near[place] = entry;
        }
    }

    /// Kills the process: what is left of the ledger comes back as broken, earliest first.
    pub fn kill(&mut self) -> Vec<Entry> {
        self.leak = 0.0;
        self.leaked = (0.0, self.accepted);
        self.trip_at = u64::MAX;
        self.accepting = false;
        self.queueing = false;
        let mut due: Vec<(u64, Entry)> = self.due().map(|(done, entry)| (done, *entry)).collect();
        due.sort_unstable_by_key(|(done, entry)| (*done, entry.index));
        let broken = due.into_iter().map(|(_, entry)| entry).collect();
        self.near_len = 0;
        self.near_key = [0; NEAR];
        self.free = u16::MAX;
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
        self.leaked = (0.0, 0);
        self.leak = 0.0;
        self.trip_at = u64::MAX;
        self.serving_since = now;
        self.warm_until = now.saturating_add(warm_up.as_nanos());
    }

    /// From now on each request leaks this share of the memory; what has leaked stays.
    pub fn set_leak(&mut self, per_request: f64) {
        if per_request == self.leak {
            return;
        }
        self.leaked = (self.leaked_share(), self.accepted);
        self.leak = per_request;
        self.trip_at = u64::MAX;
        if per_request > 0.0 {
            // A share of 1 / n is full after n requests, whatever rounding says of it.
            let left = (1.0 - self.leaked.0) / per_request;
            self.trip_at = self.accepted.saturating_add((left - 1e-6).ceil().max(1.0) as u64);
        }
    }

    /// Share of the memory that has leaked since the process started, at most 1.
    pub fn leaked_share(&self) -> f64 {
        let (before, since) = self.leaked;
        (before + (self.accepted - since) as f64 * self.leak).min(1.0)
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
            let draw = windtunnel_base::random::mix64(u64::from(i));
            now += draw % 40;
            let busy = 1 + (draw >> 32) % 110;
            while pod.next_done() <= now {
                pod.commit();
            }
            let start = pod.start_at(now);
            let slot = (0..slots).min_by_key(|s| free[*s]).expect("slots");
            assert_eq!(start, free[slot].max(now), "request {i}");
            free[slot] = start + busy;
            pod.book(start + busy, || entry(i, now));
        }
    }

    /// Against a sorted list, up and down between none and a hundred in flight.
    #[test]
    fn completions_come_in_order_however_many_there_are() {
        let mut pod = PodLedger::new(0, 1_000, 0);
        let (mut expected, mut committed) = (Vec::new(), 0);
        for i in 0..20_000_u32 {
            let draw = windtunnel_base::random::mix64(u64::from(i));
            if draw % 100 < if i / 100 % 2 == 0 { 75 } else { 25 } {
                let done = draw >> 44;
                pod.start_at(0);
                pod.book(done, || entry(i, 0));
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
            pod.book(done, || entry(i as u32, 0));
        }
        assert_eq!(pod.commit().map(|(_, e)| e.index), Some(1));
        let broken: Vec<u32> = pod.kill().iter().map(|e| e.index).collect();
        assert_eq!(broken, [3, 0, 2]);
        assert!(!pod.accepting && pod.in_flight() == 0);
    }
}

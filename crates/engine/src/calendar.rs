//! The calendar of the control plane: events in a total order of (time, sequence).
//!
//! Equal times come out in the order of insertion, so that no result depends on a heap's whims.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use windtunnel_base::time::SimTime;

#[derive(Clone, Debug)]
struct Entry<E> {
    at: SimTime,
    sequence: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed, because the heap gives its greatest entry first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

/// Events to come. Insertion and removal cost the logarithm of their number.
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    heap: BinaryHeap<Entry<E>>,
    sequence: u64,
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        Calendar { heap: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E> Calendar<E> {
    /// Plans `event` for `at`; an event for "never" is dropped.
    pub fn plan(&mut self, at: SimTime, event: E) {
        if at < SimTime::NEVER {
            self.sequence += 1;
            self.heap.push(Entry { at, sequence: self.sequence, event });
        }
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.heap.peek().map(|e| e.at)
    }

    /// Takes the next event.
    pub fn take(&mut self) -> Option<(SimTime, E)> {
        self.heap.pop().map(|e| (e.at, e.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_first_then_insertion() {
        let mut calendar = Calendar::default();
        for (secs, name) in [(2.0, "late"), (1.0, "first"), (1.0, "second"), (0.5, "early")] {
            calendar.plan(SimTime::from_secs_f64(secs), name);
        }
        calendar.plan(SimTime::NEVER, "never");
        let order: Vec<&str> = std::iter::from_fn(|| calendar.take()).map(|(_, e)| e).collect();
        assert_eq!(order, ["early", "first", "second", "late"]);
    }
}

//! What becomes of completions once the clock has passed them: they are counted, for the measures
//! and for telemetry.
//!
//! Users were told when their requests were booked; nothing here knows them.

use super::counts::Counts;
use super::fleet::Fleet;
use super::ledger::{Entry, flag};
use super::tally::{Outcome, Status};
use windtunnel_base::histogram::bucket_of;

impl Fleet {
    /// Commits all pods' completions up to `until`.
    pub(super) fn commit_all(&mut self, counts: &mut Counts, until: u64) {
        for pod in 0..self.pods.len() as u32 {
            self.commit_due(counts, pod, until);
        }
    }

    /// Commits a pod's completions up to `now`: most looks find none.
    #[inline(always)]
    pub(super) fn commit_due(&mut self, counts: &mut Counts, pod: u32, now: u64) {
        while self.pods[pod as usize].next_done() <= now {
            self.commit_next(counts, pod);
        }
    }

    /// Commits the next completion of a pod, which has one.
    #[inline(never)]
    fn commit_next(&mut self, counts: &mut Counts, pod: u32) {
        let ledger = &mut self.pods[pod as usize];
        let Some((done, entry)) = ledger.first() else { return };
        if entry.flags != 0 || entry.outcome != Outcome::Good {
            if let Some((done, entry)) = ledger.commit() {
                counts.complete(pod, done, entry);
            }
            return;
        }
        let Entry { arrived, route, version, cpu_ns, .. } = *entry;
        ledger.drop_first();
        let latency = done - arrived;
        let bucket = bucket_of(latency);
        let Counts { counters, tally, observer, .. } = counts;
        counters.answer(pod, route, Status::Ok, latency, bucket, cpu_ns);
        tally.latency[usize::from(version & 1)].record_in(bucket, latency);
        observer.answered(bucket, latency);
        tally.end_well(done);
    }
}

impl Counts {
    /// A completion of which more is to be counted than a good answer.
    #[inline(never)]
    fn complete(&mut self, pod: u32, done: u64, entry: Entry) {
        let Counts { counters, tally, observer, .. } = self;
        if entry.flags & flag::HUNG != 0 {
            // The end of a flight clears it away; nobody ever saw an answer.
            if entry.flags & (flag::MIRROR | flag::NOT_FINAL) == 0 {
                tally.end(done, Outcome::Failed);
            }
            return;
        }
        let latency = done - entry.arrived;
        let bucket = bucket_of(latency);
        let status = if entry.flags & flag::ERROR != 0 { Status::Error } else { Status::Ok };
        counters.answer(pod, entry.route, status, latency, bucket, entry.cpu_ns);
        if entry.flags & flag::MIRROR != 0 {
            return;
        }
        let version = usize::from(entry.version & 1);
        tally.latency[version].record_in(bucket, latency);
        tally.errors[version] += u64::from(status == Status::Error);
        observer.answered(bucket, latency);
        if entry.flags & flag::FUNNEL != 0 {
            counters.funnel(pod, entry.route, entry.flags & flag::CONVERTS != 0);
        }
        if entry.flags & flag::NOT_FINAL == 0 {
            tally.end(done, entry.outcome);
        }
    }
}

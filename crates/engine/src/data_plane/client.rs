//! The client's side of an attempt: timeouts, retries, broken connections, think times.
//!
//! A client's timeout does not free the server's slot. Retries never draw from the tape: each is
//! keyed by (request, attempt).

use super::DataPlane;
use super::ledger::{Entry, NO_CHAIN, flag};
use super::tally::Outcome;
use super::tape::Arrival;
use crate::address::Address;
use windtunnel_base::random::mix64;
use windtunnel_base::ziggurat::{Exponentials, Normals};
use windtunnel_model::world::mesh::{BACKOFF, Failure, longest_wait};
use windtunnel_model::world::user::Marks;

/// One attempt of a request.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The request as the tape (or the retry's own draws) has it.
    pub arrival: Arrival,
    /// Time a slot is busy with it, without faults, in nanoseconds.
    pub demand: u64,
    /// Number of the request on the tape.
    pub index: u32,
    /// When the first attempt was sent, in nanoseconds.
    pub first_at: u64,
    /// 0 for the first attempt.
    pub number: u8,
    /// Chain of the request, or [`NO_CHAIN`] for a first attempt.
    pub chain: u32,
}

impl Attempt {
    /// A copy made field by field: what is handed on by place need not lie in memory before.
    #[inline(always)]
    pub(super) fn apart(&self) -> Attempt {
        let Attempt { arrival, demand, index, first_at, number, chain } = *self;
        let Arrival { at, user, route, z, e, error, routing } = arrival;
        let arrival = Arrival { at, user, route, z, e, error, routing };
        Attempt { arrival, demand, index, first_at, number, chain }
    }

    /// From the first attempt to this one, sent at `now`; longer than 65 s is not told.
    #[inline]
    pub(super) fn since_first_ms(&self, now: u64) -> u16 {
        if self.number == 0 {
            return 0;
        }
        ((now - self.first_at) / 1_000_000).min(u64::from(u16::MAX)) as u16
    }
}

/// What the client's side makes of an accepted attempt's entry.
pub(super) struct Settled {
    pub(super) chain: u32,
    pub(super) outcome: Outcome,
    pub(super) flags: u8,
}

/// A request that may be tried again.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    pub(super) user: u32,
    pub(super) index: u32,
    pub(super) first_at: u64,
    pub(super) route: u8,
    /// Number of the next attempt: each of the client's begins a round of tries by its proxy.
    pub(super) number: u8,
    /// When the next attempt is due, in nanoseconds; 0 when none is.
    pub(super) due: u64,
    /// When the client sent the request of the present round, in nanoseconds.
    pub(super) sent: u64,
    /// When its proxy began with it: later, if it was held back on purpose.
    pub(super) begun: u64,
    /// Routing draw of the present round, so that a further try stays in its pool.
    routing: u64,
    /// The pods that failed last, which a further try avoids.
    pub(super) avoid: [u32; 2],
    /// Was it held back on purpose, and not sent yet?
    pub(super) delayed: bool,
}

impl Chain {
    /// Is a further attempt planned?
    pub fn is_due(&self) -> bool {
        self.due > 0
    }
}

/// Something that follows from an attempt, in order of (time, sequence).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Follow {
    /// When, in nanoseconds.
    pub at: u64,
    pub(super) sequence: u32,
    /// Chain, or session with the top bit set.
    pub(super) id: u32,
    pub(super) step: u32,
}

const SESSION: u32 = 1 << 31;

impl Follow {
    /// Is it the next request of a closed-loop session?
    pub fn is_session(self) -> bool {
        self.id & SESSION != 0
    }
}

impl DataPlane {
    /// No pod took the attempt: refused at once.
    #[cold]
    pub(super) fn refused(&mut self, attempt: Attempt) {
        let now = self.now;
        self.failed_attempt(&attempt, now, Failure::Refused);
    }

    /// The pod's queue was full: 503 at once.
    #[cold]
    pub(super) fn busy(&mut self, attempt: Attempt) {
        let now = self.now;
        self.failed_attempt(&attempt, now, Failure::Busy);
    }

    /// The attempt went to a pod that is no longer there to refuse it: a mesh's proxy gives the
    /// connection up after a while, anybody else waits as long as for an answer. Until then it is
    /// open at that pod, as balancers count.
    #[cold]
    pub(super) fn unanswered(&mut self, attempt: Attempt, pod: u32) {
        let deadline = self.deadline(&attempt, self.now.saturating_add(self.hot.timeout));
        let given_up = self.connects_until();
        let failure = if given_up < deadline { Failure::Connect } else { Failure::Late };
        let at = deadline.min(given_up);
        let open = || Entry { flags: flag::HUNG | flag::MIRROR, ..Entry::NONE };
        self.fleet.pods[pod as usize].book(at, open);
        self.failed_attempt(&attempt, at, failure);
    }

    /// An attempt failed at `at`: tries again, or ends the request as failed.
    fn failed_attempt(&mut self, attempt: &Attempt, at: u64, failure: Failure) {
        if self.try_again(attempt, at, failure).is_some() {
            return;
        }
        self.clients.free_chain(attempt.chain);
        self.fail_now(
            attempt.arrival.user,
            attempt.index,
            attempt.first_at,
            attempt.arrival.route,
            at,
        );
        self.think_next(*attempt, at);
    }

    fn fail_now(&mut self, user: u32, index: u32, first_at: u64, route: u8, at: u64) {
        self.counts.tally.end(at, Outcome::Failed);
        self.lose_value(route);
        self.harm(user, index, first_at, Outcome::Failed);
    }

    /// Decides, for an accepted attempt with the entry's `flags`, what its client sees and when.
    #[inline(always)]
    pub(super) fn settle(
        &mut self,
        attempt: Attempt,
        done: u64,
        outcome: Outcome,
        flags: u8,
    ) -> Settled {
        let mut deadline = self.now.saturating_add(self.hot.timeout);
        if self.hot.rare && self.hot.mesh {
            deadline = self.deadline(&attempt.apart(), deadline);
        }
        if outcome == Outcome::Failed || done > deadline {
            return self.settle_failed(attempt.apart(), done, outcome, flags, deadline);
        }
        if attempt.chain != NO_CHAIN {
            self.clients.free_chain(attempt.chain);
        }
        if outcome == Outcome::Good {
            self.clients.users.served(attempt.arrival.user, done);
        } else {
            self.not_good(attempt.apart(), done, outcome);
        }
        if self.hot.rare {
            self.think_next(attempt.apart(), done);
        }
        Settled { chain: NO_CHAIN, outcome, flags }
    }

    /// Wrong or slow answers: counted now, they can only get worse by a kill.
    #[inline(never)]
    fn not_good(&mut self, attempt: Attempt, done: u64, outcome: Outcome) {
        let Arrival { user, route, .. } = attempt.arrival;
        if outcome == Outcome::Wrong {
            self.lose_value(route);
        }
        self.clients.users.served(user, done);
        self.harm(user, attempt.index, attempt.first_at, outcome);
    }

    #[inline(never)]
    fn settle_failed(
        &mut self,
        attempt: Attempt,
        done: u64,
        outcome: Outcome,
        flags: u8,
        deadline: u64,
    ) -> Settled {
        let Arrival { user, route, .. } = attempt.arrival;
        let seen_at = done.min(deadline);
        let failure = if done > deadline { Failure::Late } else { Failure::Error };
        if let Some(chain) = self.try_again(&attempt, seen_at, failure) {
            // The server finishes what the client gave up on: the retry writes a second time.
            let written = done > deadline && flags & flag::ERROR == 0;
            let write = self.hot.routes[usize::from(route)].write;
            self.counts.tally.duplicated += u64::from(written && write);
            return Settled { chain, outcome, flags: flags | flag::NOT_FINAL };
        }
        self.clients.free_chain(attempt.chain);
        let mut flags = flags;
        if done > deadline {
            // The client leaves at its deadline; the server works on.
            flags |= flag::NOT_FINAL;
            self.counts.tally.end(deadline, Outcome::Failed);
        }
        self.lose_value(route);
        self.harm(user, attempt.index, attempt.first_at, Outcome::Failed);
        self.think_next(attempt, seen_at);
        Settled { chain: NO_CHAIN, outcome: Outcome::Failed, flags }
    }

    /// Plans a further attempt after a failure seen at `at`: of the proxy within its client's
    /// round, or else of the client, if either has one left.
    fn try_again(&mut self, attempt: &Attempt, at: u64, failure: Failure) -> Option<u32> {
        let changed = self.extra_attempts(attempt.arrival.user);
        let round = self.hot.tries + 1;
        let (sent, begun) = self.clients.sent(attempt);
        let end = self.end_of_tries(attempt);
        let in_time = |wait: u64| at.saturating_add(wait) < end;
        let again = self.tries_again(attempt.number, failure)
            && attempt.number < u8::MAX
            && in_time(self.backoff_ns(attempt.index, attempt.number + 1));
        let rounds = self.service.retries.attempts.saturating_add(changed);
        if !again && attempt.number / round >= rounds {
            return None;
        }
        // More attempts than a byte counts are not made.
        let next = || (attempt.number / round + 1).checked_mul(round);
        let number = if again { attempt.number + 1 } else { next()? };
        let due = at.saturating_add(self.backoff_ns(attempt.index, number)).max(1);
        let chain = Chain {
            user: attempt.arrival.user,
            index: attempt.index,
            first_at: attempt.first_at,
            route: attempt.arrival.route,
            number,
            due,
            sent: if again { sent } else { due },
            begun: if again { begun } else { due },
            routing: attempt.arrival.routing,
            avoid: if again { self.failed_pods(attempt.chain) } else { [u32::MAX; 2] },
            delayed: false,
        };
        Some(self.clients.plan(chain, attempt.chain))
    }

    /// Further attempts of a user who has met a version that makes for more.
    fn extra_attempts(&self, user: u32) -> u8 {
        if self.tables.clients.is_empty() || !self.clients.users.has(user, Marks::MET_NEW) {
            return 0;
        }
        self.tables.client(self.class_of(user)).map_or(0, |change| change.extra_attempts)
    }

    /// The same attempt, held back for a while; its client may leave before that is over.
    pub(super) fn hold_back(&mut self, attempt: &Attempt, wait: u64) {
        let leaves = self.clients.sent(attempt).0.saturating_add(self.service.timeout.as_nanos());
        if self.now.saturating_add(wait) >= leaves {
            return self.failed_attempt(attempt, leaves, Failure::Refused);
        }
        let chain = Chain {
            user: attempt.arrival.user,
            index: attempt.index,
            first_at: attempt.first_at,
            route: attempt.arrival.route,
            number: attempt.number,
            due: self.now.saturating_add(wait).max(1),
            sent: self.clients.sent(attempt).0,
            begun: self.now.saturating_add(wait),
            routing: attempt.arrival.routing,
            avoid: [u32::MAX; 2],
            delayed: true,
        };
        self.clients.plan(chain, attempt.chain);
    }

    /// Until when all tries of an attempt's round are waited for, by its client and by its proxy.
    pub(super) fn end_of_tries(&self, attempt: &Attempt) -> u64 {
        let (sent, begun) = self.clients.sent(attempt);
        let client = sent.saturating_add(self.service.timeout.as_nanos());
        let route = self.service.balancer.mesh.timeout;
        client.min(route.map_or(u64::MAX, |route| begun.saturating_add(route.as_nanos())))
    }

    /// The wait before an attempt. A client's: full jitter around a wait that doubles with each. A
    /// proxy's: [`longest_wait`], of which a uniform share is drawn.
    fn backoff_ns(&self, index: u32, number: u8) -> u64 {
        let round = self.hot.tries + 1;
        let (client, further) = ((number / round).saturating_sub(1), number % round);
        let drawn = Address::Backoff(index, number).uniform(&self.streams);
        if further > 0 {
            let base = self.service.balancer.mesh.backoff.unwrap_or(BACKOFF);
            return (longest_wait(base, further).as_nanos() as f64 * drawn) as u64;
        }
        let base =
            self.service.retries.backoff.as_nanos() as f64 * f64::from(1_u32 << client.min(10));
        (base * (0.5 + drawn)) as u64
    }

    /// A planned attempt, or the next request of a session, is due.
    #[inline(never)]
    pub(super) fn follow(&mut self, follow: Follow) {
        if follow.is_session() {
            let session = follow.id & !SESSION;
            let request =
                self.clients.tape.of_session(&self.streams, session, follow.step, follow.at);
            let demand = self.demand(&request);
            self.arrive(request, demand);
            return;
        }
        let chain = self.clients.chains[follow.id as usize];
        if chain.due != follow.at {
            return; // overtaken: the attempt broke earlier and was planned anew
        }
        let mut own = Address::Retry(chain.index, chain.number).stream(&self.streams);
        let stays = !chain.number.is_multiple_of(self.hot.tries + 1);
        let mut arrival = Arrival {
            at: follow.at,
            user: chain.user,
            route: chain.route,
            z: Normals::default().draw(&mut own),
            e: Exponentials::default().draw(&mut own),
            error: own.bits() as u32,
            routing: own.bits(),
        };
        if stays {
            arrival.routing = self.elsewhere(chain.routing, chain.number);
        }
        self.attempt(Attempt {
            arrival,
            demand: self.demand(&arrival),
            index: chain.index,
            first_at: chain.first_at,
            number: chain.number,
            chain: follow.id,
        });
    }

    /// The process that served `entry` died at the present instant.
    pub(super) fn break_entry(&mut self, entry: Entry) {
        if entry.flags & flag::MIRROR != 0 {
            return;
        }
        let now = self.now;
        if entry.flags & flag::NOT_FINAL != 0 {
            // A retry that was planned for later comes as soon as the connection breaks.
            if entry.chain != NO_CHAIN {
                let chain = self.clients.chains[entry.chain as usize];
                if chain.index == entry.index && chain.due > now {
                    let wait = self.backoff_ns(chain.index, chain.number);
                    let due = now.saturating_add(wait).max(1);
                    if due < chain.due {
                        self.clients.chains[entry.chain as usize].due = due;
                        self.clients.push_follow(due, entry.chain, 0);
                    }
                }
            }
            return;
        }
        if self.retry_broken(&entry) {
            return;
        }
        let was = entry.outcome;
        if was < Outcome::Wrong {
            self.lose_value(entry.route);
        }
        self.counts.tally.end(now, Outcome::Failed);
        self.harm(entry.user, entry.index, entry.first_at(), Outcome::Failed);
    }

    /// Tries a request again whose connection broke before its answer. In a closed loop the user's
    /// next request is planned already, so there the request just fails.
    fn retry_broken(&mut self, entry: &Entry) -> bool {
        if self.clients.think.is_some() {
            return false;
        }
        let (now, user, route) = (self.now, entry.user, entry.route);
        let routing = mix64(u64::from(entry.index) << 8 | u64::from(entry.number));
        let at = entry.arrived;
        let arrival = Arrival { at, user, route, z: 0.0, e: 0.0, error: 0, routing };
        let first_at = entry.first_at();
        let number = entry.number;
        let index = entry.index;
        let broken = Attempt { arrival, demand: 0, index, first_at, number, chain: NO_CHAIN };
        self.try_again(&broken, now, Failure::Reset).is_some()
    }

    /// A request ended other than well.
    fn harm(&mut self, user: u32, index: u32, first_at: u64, outcome: Outcome) {
        self.clients.users.hurt(user);
        if outcome == Outcome::Failed {
            self.clients.users.failed(user, self.now);
        }
        self.counts.observer.ended_badly(index, first_at, outcome);
    }

    fn lose_value(&mut self, route: u8) {
        self.counts.tally.value_lost += self.service.routes[usize::from(route)].value.value();
    }

    /// The first request of a session comes after one think time.
    pub(super) fn think_first(&mut self, session: u32) {
        let Some(think) = self.clients.think else { return };
        let draw = Address::FirstThought(session).uniform(&self.streams);
        self.clients.push_follow(think.quantile(draw).as_nanos(), session | SESSION, 0);
    }

    /// In a closed loop, the user of an ended request thinks of the next one.
    #[inline(never)]
    fn think_next(&mut self, attempt: Attempt, ended: u64) {
        let Some(think) = self.clients.think else { return };
        let session = attempt.arrival.user;
        let Some(steps) = self.clients.session_steps.get_mut(session as usize) else { return };
        *steps += 1;
        let step = *steps;
        let drawn = Address::Thought(session, step).uniform(&self.streams);
        let wait = think.quantile(drawn).as_nanos();
        self.clients.push_follow(ended.saturating_add(wait), session | SESSION, step);
    }
}

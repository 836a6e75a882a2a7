//! The mesh's part of an attempt: faults on purpose, limits, ejected and cold pods, further tries.
//!
//! The request loop comes here only when the balancer has such settings. Every proxy keeps its own
//! books: what it has under way, and what came back from each pod, in the order in which it came
//! back. The rules stand in [`windtunnel_model::world::mesh`], those of ejection in
//! [`windtunnel_model::world::outlier`].

use super::DataPlane;
use super::attempt::{Choice, NEVER_NS};
use super::client::Attempt;
use crate::address::Address;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use windtunnel_base::random::mix64;
use windtunnel_base::time::SimDuration;
use windtunnel_model::world::mesh::{CONNECT, Failure, PoolRules, SlowStart};
use windtunnel_model::world::outlier::{Host, Seen};
use windtunnel_model::world::routing::{POOLS, Pool};
use windtunnel_model::world::service::{BalancerSettings, Policy};

/// A proxy looks for another pod than the last one so often (`hostSelectionRetryMaxAttempts`).
pub(super) const RESELECTIONS: u32 = 5;

/// Draws among cold pods, of which each takes only its share; then the last one takes it.
const COLD_DRAWS: u32 = 16;

/// Something that comes back to a proxy, in order of (time, sequence).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ProxyAnswer {
    at: u64,
    sequence: u32,
    pod: u32,
    proxy: u8,
    pool: u8,
    seen: Seen,
    /// Is it that of a further try?
    again: bool,
}

/// Whom the attempt in hand goes through.
#[derive(Clone, Copy, Debug)]
struct Hand {
    proxy: usize,
    pool: Pool,
    pod: u32,
}

/// A proxy's books.
#[derive(Clone, Debug, Default)]
struct Books {
    hosts: Vec<Host>,
    /// When it first thought of a pod, in nanoseconds (plus one; 0: not yet).
    learnt: Vec<u64>,
    /// Until when any pod is ejected, in nanoseconds.
    ejected_until: u64,
    under_way: [u32; POOLS],
    /// Further tries among them.
    again: [u32; POOLS],
}

/// An ejection, for the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ejection {
    /// When, in nanoseconds.
    pub at: u64,
    /// By which proxy.
    pub proxy: usize,
    /// Number of the pod that no request is sent to any more.
    pub pod: u32,
    /// Until when, in nanoseconds.
    pub until: u64,
}

/// All proxies' books.
#[derive(Clone, Debug)]
pub(crate) struct State {
    books: Vec<Books>,
    answers: BinaryHeap<Reverse<ProxyAnswer>>,
    sequence: u32,
    hand: Hand,
    usable: Vec<u32>,
    /// Ejections since they were last read.
    pub(crate) ejections: Vec<Ejection>,
}

impl State {
    pub(crate) fn new(proxies: usize) -> State {
        State {
            books: vec![Books::default(); proxies],
            answers: BinaryHeap::new(),
            sequence: 0,
            hand: Hand { proxy: 0, pool: Pool::Stable, pod: u32::MAX },
            usable: Vec::new(),
            ejections: Vec::new(),
        }
    }

    /// A pod is no endpoint of a proxy any more: what was counted goes with it, and when it comes
    /// back it is new (Envoy `DetectorImpl::initialize`, on removed hosts).
    pub(crate) fn forget(&mut self, proxy: usize, pod: u32) {
        let Some(books) = self.books.get_mut(proxy) else { return };
        if let Some(host) = books.hosts.get_mut(pod as usize) {
            *host = Host::default();
        }
        if let Some(learnt) = books.learnt.get_mut(pod as usize) {
            *learnt = 0;
        }
    }
}

/// The rules for the pods of a pool.
fn rules_of(balancer: &BalancerSettings, pool: Pool) -> &PoolRules {
    match &balancer.candidate {
        Some((_, own)) if pool == Pool::Candidate => own,
        _ => &balancer.mesh.rules,
    }
}

fn grown<T: Default + Clone>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize(index + 1, T::default());
    }
    &mut list[index]
}

impl DataPlane {
    /// Breaks or holds back an attempt on purpose, once for each that a client sends; true if that
    /// was its end for now. Delays come before aborts, as in Envoy's filter. That stands before the
    /// router: what it breaks is not tried again, and what it holds back has all of its time left
    /// (istio `route.go` keeps retries and timeouts beside a fault).
    #[inline(never)]
    pub(super) fn injects(&mut self, attempt: Attempt) -> bool {
        let Some(faults) = self.service.balancer.mesh.injected else { return false };
        if !attempt.number.is_multiple_of(self.hot.tries + 1) {
            return false;
        }
        let keyed = mix64(u64::from(attempt.index) << 8 | u64::from(attempt.number));
        let draw = |which: u8| {
            u64::from(mix64(keyed ^ Address::Injected(which).key(&self.streams)) as u32)
        };
        let (late, broken) = (draw(0), draw(1));
        let held = self.clients.chains.get_mut(attempt.chain as usize);
        let was_held = held.is_some_and(|chain| std::mem::take(&mut chain.delayed));
        if !was_held && late < faults.delayed.threshold() {
            self.hold_back(&attempt, faults.delay.as_nanos());
            return true;
        }
        if broken < faults.abort.threshold() {
            self.refused(attempt);
            return true;
        }
        false
    }

    /// The pod that takes the attempt, as a mesh chooses it.
    #[inline(never)]
    pub(super) fn choose_in_mesh(&mut self, proxy: usize, pool: Pool, attempt: Attempt) -> Choice {
        self.hear(self.now);
        self.fleet.mesh.hand = Hand { proxy, pool, pod: u32::MAX };
        let balancer = &self.service.balancer;
        let (rules, connects) = (rules_of(balancer, pool), balancer.mesh.retry_on.connect);
        let tried = attempt.number % (self.hot.tries + 1);
        let books = &self.fleet.mesh.books[proxy];
        let (under_way, again) = (books.under_way[pool as usize], books.again[pool as usize]);
        let spent = tried > 0 && rules.retry_budget.is_some_and(|b| !b.allows(again, under_way));
        if spent || rules.most_requests.is_some_and(|most| under_way >= most) {
            return Choice::Refused;
        }
        let user = attempt.arrival.user;
        if let Some(pod) = self.pinned_pod(user) {
            self.fleet.mesh.hand.pod = pod;
            return Choice::Pod(pod);
        }
        let mut avoid =
            self.clients.chains.get(attempt.chain as usize).map_or([u32::MAX; 2], |c| c.avoid);
        let left = if connects { self.service.balancer.retries.saturating_sub(tried) } else { 0 };
        let mut bits = mix64(attempt.arrival.routing);
        for _ in 0..=left {
            let Some(pod) = self.pick_in_mesh(proxy, pool, user, bits, avoid) else { break };
            self.fleet.mesh.hand.pod = pod;
            let state = &self.fleet.pods[pod as usize];
            if state.accepting {
                self.pin(user, pod);
                return Choice::Pod(pod);
            }
            if state.dark {
                // Nobody refuses: the attempt waits for its connection, and ends this look.
                let (given_up, end) = (self.connects_until(), self.deadline(&attempt, 0));
                let seen = if given_up <= end { Seen::Local } else { Seen::Nothing };
                self.push_answer(given_up.min(end), seen, false);
                return Choice::Silent(pod);
            }
            let now = self.now;
            self.note(proxy, pool, pod, Seen::Local, now);
            (avoid, bits) = ([pod, avoid[0]], mix64(bits));
        }
        Choice::Refused
    }

    /// How a pod of a pool is chosen.
    fn pool_policy(&self, pool: Pool) -> Policy {
        match &self.service.balancer.candidate {
            Some((policy, _)) if pool == Pool::Candidate => *policy,
            _ => self.hot.policy,
        }
    }

    /// Until when a proxy waits for a connection that nobody refuses; for ever without a mesh.
    pub(super) fn connects_until(&self) -> u64 {
        if !self.hot.mesh {
            return u64::MAX;
        }
        let given = rules_of(&self.service.balancer, self.fleet.mesh.hand.pool).connect;
        self.now.saturating_add(given.unwrap_or(CONNECT).as_nanos())
    }

    /// A pod that is not ejected, another than those that failed if there is one, a cold one less
    /// often.
    fn pick_in_mesh(
        &mut self,
        proxy: usize,
        pool: Pool,
        user: u32,
        first: u64,
        avoid: [u32; 2],
    ) -> Option<u32> {
        let now = self.now;
        let mut list = std::mem::take(&mut self.fleet.mesh.usable);
        list.clear();
        let known = self.fleet.proxies[proxy].known(pool);
        let books = &self.fleet.mesh.books[proxy];
        let fine = |pod: &u32| books.hosts.get(*pod as usize).is_none_or(|h| !h.is_ejected(now));
        list.extend(known.iter().filter(|p| now >= books.ejected_until || fine(p)));
        let (policy, rules) = (self.pool_policy(pool), rules_of(&self.service.balancer, pool));
        let slow = rules.slow_start;
        if rules.outliers.is_some_and(|rules| rules.panics(list.len(), known.len())) {
            list.clear();
            list.extend(known);
        }
        let (mut bits, mut found) = (first, None);
        // A user's own pod stays the user's own.
        let same = self.service.balancer.mesh.same_pod.unwrap_or(policy.is_personal());
        let ramps = matches!(policy, Policy::LeastOfTwo | Policy::RoundRobin);
        let spread = if policy == Policy::RingHash { avoid.map(|_| u32::MAX) } else { avoid };
        if !same && policy == Policy::RingHash && avoid[0] != u32::MAX {
            list.retain(|pod| !avoid.contains(pod));
        }
        let (mut elsewhere, mut colder) = (0, 0);
        while let Some(pod) = self.pick_among(&list, policy, (proxy, pool), user, bits) {
            found = Some(pod);
            bits = mix64(bits ^ 0xA6A1);
            if !same && spread.contains(&pod) && elsewhere < RESELECTIONS {
                elsewhere += 1;
            } else if ramps && colder < COLD_DRAWS && self.is_too_cold(slow, proxy, pod, bits) {
                colder += 1;
            } else {
                break;
            }
        }
        self.fleet.mesh.usable = list;
        found
    }

    /// Does a pod that the proxy learnt of a short while ago leave this request to others?
    fn is_too_cold(&mut self, slow: Option<SlowStart>, proxy: usize, pod: u32, bits: u64) -> bool {
        let Some(slow) = slow else { return false };
        let since_ever = self.fleet.pods[pod as usize].serving_since == 0;
        let learnt = grown(&mut self.fleet.mesh.books[proxy].learnt, pod as usize);
        if *learnt == 0 {
            *learnt = if since_ever { 1 } else { self.now + 1 };
        }
        let age = SimDuration::from_nanos(self.now.saturating_sub(*learnt - 1));
        !since_ever && f64::from(bits as u32) >= slow.share(age) * 4_294_967_296.0
    }

    /// Books an attempt that a pod has accepted and is done with at `done`.
    #[inline(never)]
    pub(super) fn mesh_sends(&mut self, attempt: Attempt, done: u64, error: bool) {
        let Hand { proxy, pool, pod } = self.fleet.mesh.hand;
        let mesh = &self.service.balancer.mesh;
        let rules = rules_of(&self.service.balancer, pool);
        let counts = rules.most_requests.is_some() || rules.retry_budget.is_some();
        if rules.outliers.is_none() && !counts {
            return;
        }
        if rules.outliers.is_some_and(|rules| rules.local_errors.is_some()) {
            grown(&mut self.fleet.mesh.books[proxy].hosts, pod as usize).connects();
        }
        let patience = self.now.saturating_add(self.hot.timeout);
        let own = mesh.timeout.is_some_and(|route| route <= self.service.timeout);
        let per_try = mesh.per_try.map_or(u64::MAX, |t| self.now.saturating_add(t.as_nanos()));
        let deadline = self.deadline(&attempt, patience);
        let seen = match done <= deadline {
            true if error => Seen::Error,
            true => Seen::Fine,
            false if own || deadline == per_try => Seen::Local,
            false => Seen::Nothing,
        };
        let again = !attempt.number.is_multiple_of(self.hot.tries + 1);
        self.push_answer(done.min(deadline), seen, again);
    }

    /// Books what comes back at `at` of the attempt in hand.
    fn push_answer(&mut self, at: u64, seen: Seen, again: bool) {
        let Hand { proxy, pool, pod } = self.fleet.mesh.hand;
        let books = &mut self.fleet.mesh.books[proxy];
        books.under_way[pool as usize] += 1;
        books.again[pool as usize] += u32::from(again);
        self.fleet.mesh.sequence = self.fleet.mesh.sequence.wrapping_add(1);
        let (sequence, proxy, pool) = (self.fleet.mesh.sequence, proxy as u8, pool as u8);
        let answer = ProxyAnswer { at, sequence, pod, proxy, pool, seen, again };
        self.fleet.mesh.answers.push(Reverse(answer));
    }

    /// A full pod has answered 503.
    pub(super) fn mesh_refused(&mut self, pod: u32) {
        let (Hand { proxy, pool, .. }, now) = (self.fleet.mesh.hand, self.now);
        if self.hot.mesh {
            self.note(proxy, pool, pod, Seen::GatewayError, now);
        }
    }

    /// Everything that came back by `now`.
    fn hear(&mut self, now: u64) {
        while let Some(Reverse(answer)) = self.fleet.mesh.answers.peek().copied() {
            if answer.at > now {
                break;
            }
            self.fleet.mesh.answers.pop();
            self.heard(answer);
        }
    }

    fn heard(&mut self, answer: ProxyAnswer) {
        let proxy = usize::from(answer.proxy);
        let books = &mut self.fleet.mesh.books[proxy];
        let open = &mut books.under_way[usize::from(answer.pool)];
        *open = open.saturating_sub(1);
        let again = &mut books.again[usize::from(answer.pool)];
        *again = again.saturating_sub(u32::from(answer.again));
        let pools = [Pool::Stable, Pool::Candidate, Pool::Baseline];
        let pool = pools[usize::from(answer.pool) % POOLS];
        self.note(proxy, pool, answer.pod, answer.seen, answer.at);
    }

    /// The process of `pod` has died: what was under way to it breaks.
    pub(super) fn mesh_breaks(&mut self, pod: u32) {
        if !self.hot.mesh {
            return;
        }
        let now = self.now;
        self.hear(now);
        let mut broken = Vec::new();
        self.fleet.mesh.answers.retain(|Reverse(answer)| {
            let dies = answer.pod == pod;
            if dies {
                broken.push(ProxyAnswer { at: now, seen: Seen::Local, ..*answer });
            }
            !dies
        });
        broken.sort_unstable();
        broken.into_iter().for_each(|answer| self.heard(answer));
    }

    /// Counts what came back from a pod, and ejects it if the rules say so.
    fn note(&mut self, proxy: usize, pool: Pool, pod: u32, seen: Seen, at: u64) {
        let rules = &rules_of(&self.service.balancer, pool).outliers;
        let Some(rules) = rules else { return };
        let books = &mut self.fleet.mesh.books[proxy];
        let host = grown(&mut books.hosts, pod as usize);
        if !host.sees(seen, at, rules) || host.is_ejected(at) {
            return;
        }
        let known = self.fleet.proxies[proxy].known(pool);
        let is_out = |p: &&u32| books.hosts.get(**p as usize).is_some_and(|h| h.is_ejected(at));
        let ejected = known.iter().filter(is_out).count();
        if known.contains(&pod) && rules.allows(ejected, known.len()) {
            let host = &mut books.hosts[pod as usize];
            host.eject(at, rules);
            let until = host.until;
            books.ejected_until = books.ejected_until.max(until);
            self.fleet.mesh.ejections.push(Ejection { at, proxy, pod, until });
        }
    }

    /// The pods on which the attempts of a chain failed last, the one in hand first.
    pub(super) fn failed_pods(&self, chain: u32) -> [u32; 2] {
        let before =
            self.clients.chains.get(chain as usize).map_or(u32::MAX, |chain| chain.avoid[0]);
        [self.fleet.mesh.hand.pod, before]
    }

    /// Until when an attempt is waited for, given its client's patience.
    pub(super) fn deadline(&self, attempt: &Attempt, patience: u64) -> u64 {
        if !self.hot.mesh {
            return patience;
        }
        let per_try = self.service.balancer.mesh.per_try;
        let one = per_try.map_or(NEVER_NS, |t| self.now.saturating_add(t.as_nanos()));
        self.end_of_tries(attempt).min(one)
    }

    /// Has a proxy a further try for a failure of attempt `number`?
    pub(super) fn tries_again(&self, number: u8, failure: Failure) -> bool {
        let round = self.hot.tries + 1;
        number % round < self.hot.tries && self.service.balancer.mesh.retry_on.covers(failure)
    }

    /// Another routing draw that stays with the proxy and the pool of `routing`.
    pub(super) fn elsewhere(&self, routing: u64, number: u8) -> u64 {
        let proxy = self.proxy_of(routing);
        let high = routing & !0xffff_ffff;
        let draw = |k: u64| high | mix64(routing ^ (u64::from(number) << 8 | k)) & 0xffff_ffff;
        (1..=255).map(draw).find(|r| self.proxy_of(*r) == proxy).unwrap_or(routing)
    }
}

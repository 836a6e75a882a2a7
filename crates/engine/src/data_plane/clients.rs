//! The clients' own state: the tape of their requests, what they plan to send again, and what each
//! user keeps.

use super::client::{Attempt, Chain, Follow};
use super::connections::Pin;
use super::ledger::NO_CHAIN;
use super::tape::Tape;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::random::Streams;
use windtunnel_base::time::SimTime;
use windtunnel_model::traffic::Traffic;
use windtunnel_model::world::effect::threshold;
use windtunnel_model::world::service::{Policy, Service};
use windtunnel_model::world::user::Users;

/// All clients.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) tape: Tape,
    pub(super) users: Users,
    /// Time between two requests of a session, in a closed loop.
    pub(super) think: Option<Distribution>,
    /// Requests that each closed-loop session has finished.
    pub(super) session_steps: Vec<u32>,
    /// Retries and next requests of sessions, the earliest first.
    follows: BinaryHeap<Reverse<Follow>>,
    /// When the first of these is due; `u64::MAX` if there is none.
    pub(super) next_follow: u64,
    sequence: u32,
    pub(super) chains: Vec<Chain>,
    free_chains: Vec<u32>,
    /// md5 bucket of every user, once an experiment needs it.
    pub(super) buckets: Arc<[u8]>,
    /// Users whose hash lies below send the header that routes are matched by.
    pub(super) header_below: u32,
    /// Requests that load tests have sent.
    pub(super) synthetic: u32,
    /// Each user's pod of the stable pool and of the candidate's, and until when it is kept, with
    /// [`Policy::Sticky`].
    pub(super) kept: Vec<[(u32, u64); 2]>,
    /// Until when each user's cookies hold (candidate, stable), once a routing sets any.
    pub(super) cookies: Vec<[u64; 2]>,
    /// Each user's open connection, if clients keep them.
    pub(super) pins: Vec<Pin>,
}

impl Clients {
    /// Clients who have sent nothing yet.
    pub(super) fn new(
        service: &Service,
        traffic: &Traffic,
        streams: Streams,
        horizon: SimTime,
    ) -> Clients {
        let balancer = &service.balancer;
        let holds = |policy: &Policy| matches!(policy, Policy::Sticky(_));
        let candidate = balancer.candidate.as_ref().is_some_and(|(policy, _)| holds(policy));
        let sticky = holds(&balancer.policy) || candidate;
        let users = traffic.users as usize;
        let each = |wanted: bool| if wanted { users } else { 0 };
        Clients {
            tape: Tape::new(traffic, &service.routes, streams, horizon),
            users: Users::new(traffic.users),
            think: None,
            session_steps: Vec::new(),
            follows: BinaryHeap::new(),
            next_follow: u64::MAX,
            sequence: 0,
            chains: Vec::new(),
            free_chains: Vec::new(),
            buckets: Arc::from([]),
            header_below: threshold(traffic.header_share.value()),
            synthetic: 0,
            kept: vec![[(u32::MAX, 0); 2]; each(sticky)],
            cookies: Vec::new(),
            pins: vec![Pin::NONE; each(balancer.keep_alive.is_some())],
        }
    }

    /// Puts a planned attempt into the chain of its request.
    pub(super) fn plan(&mut self, chain: Chain, known: u32) -> u32 {
        let id = match known {
            NO_CHAIN => self.new_chain(chain),
            known => {
                self.chains[known as usize] = chain;
                known
            }
        };
        self.push_follow(chain.due, id, 0);
        id
    }

    /// When the client sent the request of an attempt's round, and its proxy began with it.
    pub(super) fn sent(&self, attempt: &Attempt) -> (u64, u64) {
        let chain = self.chains.get(attempt.chain as usize);
        chain.map_or((attempt.arrival.at, attempt.arrival.at), |chain| (chain.sent, chain.begun))
    }

    fn new_chain(&mut self, chain: Chain) -> u32 {
        match self.free_chains.pop() {
            Some(id) => {
                self.chains[id as usize] = chain;
                id
            }
            None => {
                self.chains.push(chain);
                self.chains.len() as u32 - 1
            }
        }
    }

    /// The request of a chain has ended: its place is free.
    #[inline]
    pub(super) fn free_chain(&mut self, chain: u32) {
        if chain != NO_CHAIN {
            self.chains[chain as usize].due = 0;
            self.free_chains.push(chain);
        }
    }

    /// Plans what follows at an instant.
    pub(super) fn push_follow(&mut self, at: u64, id: u32, step: u32) {
        self.sequence = self.sequence.wrapping_add(1);
        self.follows.push(Reverse(Follow { at, sequence: self.sequence, id, step }));
        self.next_follow = self.next_follow.min(at);
    }

    /// Takes off what is due first.
    pub(super) fn pop_follow(&mut self) -> Option<Follow> {
        let first = self.follows.pop().map(|Reverse(follow)| follow);
        self.next_follow = self.follows.peek().map_or(u64::MAX, |Reverse(follow)| follow.at);
        first
    }
}

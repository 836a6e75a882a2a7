//! Where requests go: the desired split, and what each proxy believes of it.
//!
//! Controllers write the desired state at once; a proxy acts on it only when the change has
//! reached it. Everything a request meets is read from a [`Belief`].

use super::endpoint::Conditions;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

pub use windtunnel_controllers::pool::{POOLS, Pool};

/// How requests are divided between the stable and the candidate pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// All to one pool.
    All(Pool),
    /// This share of requests, each drawn anew, to the candidate.
    Weight(Share),
    /// Users whose bucket (0..100) lies below the number, always, to the candidate.
    Buckets(u8),
    /// Users with the header, which this share of users sends, to the candidate.
    Header(Share),
    /// One pool of pods that hold both versions; users below the bucket meet the new one.
    Flag(u8),
    /// Shares of requests, each drawn anew, to the candidate: one for users with the header, one
    /// for all others.
    Matched {
        /// Share of users that send the header.
        users: Share,
        /// Share of their requests.
        weight: Share,
        /// Share of the others' requests.
        others: Share,
    },
}

/// Cookies that keep users at the side they have met, while requests are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sticky {
    /// How long a user who met the candidate stays there.
    pub candidate: SimDuration,
    /// How long a user who met the stable side stays there; nothing means that each request of
    /// theirs is drawn anew.
    pub stable: Option<SimDuration>,
}

impl Split {
    /// Share of users or requests that may meet the candidate.
    pub fn candidate_share(self) -> f64 {
        match self {
            Split::All(Pool::Candidate) => 1.0,
            Split::All(_) => 0.0,
            Split::Weight(share) | Split::Header(share) => share.value(),
            Split::Buckets(below) | Split::Flag(below) => f64::from(below) / 100.0,
            Split::Matched { users, weight, others } => {
                users.value() * weight.value() + (1.0 - users.value()) * others.value()
            }
        }
    }

    /// Share of requests to the candidate of whom nothing is known, as of a load test.
    pub fn anonymous_share(self) -> Share {
        match self {
            Split::All(Pool::Candidate) => Share::ONE,
            Split::Weight(share) => share,
            Split::Matched { others, .. } => others,
            Split::All(_) | Split::Buckets(_) | Split::Header(_) | Split::Flag(_) => Share::ZERO,
        }
    }

    /// Can one user's requests reach both sides?
    pub fn mixes_per_user(self) -> bool {
        let mixes = |share: Share| share.value() > 0.0 && share.value() < 1.0;
        match self {
            Split::Weight(share) => mixes(share),
            Split::Matched { weight, others, .. } => mixes(weight) || mixes(others),
            _ => false,
        }
    }

    /// Does it give every user one side, as experiments need?
    pub fn assigns_users(self) -> bool {
        matches!(self, Split::Buckets(_) | Split::Header(_) | Split::Flag(_))
    }

    /// Can any request reach `pool`?
    pub fn reaches(self, pool: Pool) -> bool {
        let share = self.candidate_share();
        match (self, pool) {
            (_, Pool::Baseline) => false,
            (Split::All(to), _) => to == pool,
            (Split::Flag(_), _) => pool == Pool::Stable,
            (_, Pool::Stable) => share < 1.0,
            (_, Pool::Candidate) => share > 0.0,
        }
    }
}

/// Copies of requests that are sent on the side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mirror {
    /// Share of requests copied to the candidate (and, if it has pods, to the baseline).
    pub share: Share,
    /// Are the copies' side effects kept apart from the real ones?
    pub isolated: bool,
    /// Share of comparisons of equal versions that differ all the same, after normalising.
    pub noise: Share,
    /// Are the answers thrown away, and compared with nothing?
    pub unread: bool,
}

/// What a controller wants of the balancers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routing {
    /// Division of real requests.
    pub split: Split,
    /// Copies.
    pub mirror: Mirror,
    /// Cookies that keep users where a weight has sent them.
    pub sticky: Option<Sticky>,
}

impl Default for Routing {
    fn default() -> Self {
        Routing { split: Split::All(Pool::Stable), mirror: Mirror::default(), sticky: None }
    }
}

/// What one proxy believes.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// Endpoints by pool, in the order they were learnt.
    pub endpoints: [Vec<u32>; POOLS],
    /// Pods that are being deleted but still serve, used while a pool has no other endpoint.
    pub leaving: [Vec<u32>; POOLS],
    /// The split and mirror in force at this proxy.
    pub routing: Routing,
    /// Position of the round robin, by pool.
    pub turn: [u32; POOLS],
}

impl Default for Belief {
    fn default() -> Self {
        Belief {
            endpoints: Default::default(),
            leaving: Default::default(),
            routing: Routing::default(),
            turn: [0; POOLS],
        }
    }
}

impl Belief {
    /// Adds or removes a ready pod, keeping the order of the others.
    pub fn set(&mut self, pool: Pool, pod: u32, present: bool) {
        keep(&mut self.endpoints[pool as usize], pod, present);
    }

    /// Learns what has become of a pod's endpoint; nothing means that it is listed no more.
    pub fn set_endpoint(&mut self, pool: Pool, pod: u32, conditions: Option<Conditions>) {
        let is = |takes: fn(Conditions) -> bool| conditions.is_some_and(takes);
        keep(&mut self.endpoints[pool as usize], pod, is(|c| c.ready));
        keep(&mut self.leaving[pool as usize], pod, is(Conditions::serves_to_the_end));
    }

    /// The endpoints in use: the ready ones, or while there are none those that are leaving but
    /// still serve, as under the traffic policy Cluster (k/k `pkg/proxy/topology.go`).
    #[inline]
    pub fn known(&self, pool: Pool) -> &[u32] {
        let ready = &self.endpoints[pool as usize];
        if ready.is_empty() { &self.leaving[pool as usize] } else { ready }
    }
}

fn keep(list: &mut Vec<u32>, pod: u32, present: bool) {
    let known = list.iter().position(|p| *p == pod);
    match (known, present) {
        (None, true) => list.push(pod),
        (Some(at), false) => {
            list.remove(at);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::endpoint::conditions;

    /// Whatever the order of changes, a proxy uses what kube-proxy's rule says of the whole list.
    #[test]
    fn changes_one_by_one_come_to_the_rule() {
        let states = [
            None,
            Some(conditions(true, false, false)),
            Some(conditions(false, false, false)),
            Some(conditions(true, true, false)),
            Some(conditions(false, true, false)),
        ];
        let (mut belief, mut truth) = (Belief::default(), [None; 3]);
        for turn in 0..2000_usize {
            let (pod, state) = (turn * 7 % 3, states[turn * turn % 11 % 5]);
            truth[pod] = state;
            belief.set_endpoint(Pool::Stable, pod as u32, state);
            let listed = |takes: fn(&Conditions) -> bool| -> Vec<u32> {
                let pods = (0..3).zip(truth);
                pods.filter(|(_, c)| c.as_ref().is_some_and(takes)).map(|(pod, _)| pod).collect()
            };
            let ready = listed(|c| c.ready);
            let leaving = listed(|c| c.serves_to_the_end());
            let expected = if ready.is_empty() { leaving } else { ready };
            let mut found = belief.known(Pool::Stable).to_vec();
            found.sort_unstable();
            assert_eq!(found, expected, "turn {turn}");
        }
    }

    #[test]
    fn a_split_knows_what_it_reaches() {
        let half = Split::Weight(Share::clamped(0.5));
        assert!(half.reaches(Pool::Stable) && half.reaches(Pool::Candidate));
        assert!(half.mixes_per_user() && !Split::Buckets(50).mixes_per_user());
        assert!(!Split::Weight(Share::ZERO).reaches(Pool::Candidate));
        assert!(!Split::All(Pool::Candidate).reaches(Pool::Stable));
    }
}

//! Which pool, which pod: the balancer's choice for one attempt.

use super::DataPlane;
use windtunnel_base::random::mix64;
use windtunnel_model::world::routing::{Pool, Split, Sticky};
use windtunnel_model::world::service::Policy;
use windtunnel_model::world::user::user_hash;

/// Maps 32 random bits to a whole number below `count`.
#[inline]
pub fn scale32(bits: u32, count: usize) -> usize {
    ((u64::from(bits) * count as u64) >> 32) as usize
}

/// Two places of `count`, each drawn from all of them, so that they may be the same: Envoy's
/// `LeastRequestLoadBalancer::unweightedHostPick` takes `random() % hosts.size()` for each choice.
#[inline(always)]
pub(super) fn two_of(bits: u64, count: usize) -> (usize, usize) {
    (scale32(bits as u32, count), scale32((bits >> 32) as u32, count))
}

impl DataPlane {
    /// The proxy that a request meets.
    #[inline(always)]
    pub(super) fn proxy_of(&self, routing: u64) -> usize {
        if self.fleet.proxies.len() == 1 {
            0
        } else {
            scale32(mix64(routing) as u32, self.fleet.proxies.len())
        }
    }

    /// The pool a user's request goes to, and the version it asks for within one pool, if any.
    #[inline(always)]
    pub(super) fn pool_of(&mut self, proxy: usize, user: u32, draw: u32) -> (Pool, Option<u8>) {
        match self.fleet.proxies[proxy].routing.split {
            Split::All(to) => (to, None),
            split => self.pool_by(proxy, split, user, draw),
        }
    }

    /// The pool of a request whom no user's property sends anywhere.
    #[inline(always)]
    pub(super) fn plain_pool(&self, proxy: usize, draw: u32) -> Option<Pool> {
        let routing = &self.fleet.proxies[proxy].routing;
        match routing.split {
            Split::All(to) => Some(to),
            Split::Weight(share) if routing.sticky.is_none() => {
                let drawn = u64::from(draw) < share.threshold();
                Some(if drawn { Pool::Candidate } else { Pool::Stable })
            }
            _ => None,
        }
    }

    #[inline(never)]
    fn pool_by(&mut self, proxy: usize, split: Split, user: u32, draw: u32) -> (Pool, Option<u8>) {
        let pool = |candidate: bool| if candidate { Pool::Candidate } else { Pool::Stable };
        match split {
            Split::All(to) => (to, None),
            Split::Weight(share) => {
                let drawn = u64::from(draw) < share.threshold();
                let sticky = self.fleet.proxies[proxy].routing.sticky;
                (pool(sticky.map_or(drawn, |sticky| self.by_cookie(sticky, user, drawn))), None)
            }
            Split::Matched { weight, others, .. } => {
                let matches = user_hash(user) < self.clients.header_below;
                let share = if matches { weight } else { others };
                (pool(u64::from(draw) < share.threshold()), None)
            }
            Split::Buckets(below) => (pool(self.bucket(user) < below), None),
            Split::Header(_) => (pool(user_hash(user) < self.clients.header_below), None),
            Split::Flag(below) => (Pool::Stable, Some(u8::from(self.bucket(user) < below))),
        }
    }

    /// Does the user's cookie, or else the draw, send the request to the candidate? A draw leaves
    /// a cookie behind.
    fn by_cookie(&mut self, sticky: Sticky, user: u32, drawn: bool) -> bool {
        let now = self.now;
        let Some([candidate, stable]) = self.clients.cookies.get_mut(user as usize) else {
            return drawn;
        };
        if *candidate > now || *stable > now {
            return *candidate > now;
        }
        match (drawn, sticky.stable) {
            (true, _) => *candidate = now.saturating_add(sticky.candidate.as_nanos()),
            (false, Some(age)) => *stable = now.saturating_add(age.as_nanos()),
            (false, None) => {}
        }
        drawn
    }

    #[inline]
    fn bucket(&self, user: u32) -> u8 {
        self.clients.buckets.get(user as usize).copied().unwrap_or(u8::MAX)
    }

    /// A pod of `pool` as `proxy` knows it; nothing when it knows none.
    #[inline(always)]
    pub(super) fn pick_pod(
        &mut self,
        proxy: usize,
        pool: Pool,
        user: u32,
        bits: u64,
    ) -> Option<u32> {
        let endpoints = self.fleet.proxies[proxy].known(pool);
        let count = endpoints.len();
        // A user holds the only pod as well, for when there are more.
        if count <= 1 && !matches!(self.hot.policy, Policy::Sticky(_)) {
            return endpoints.first().copied();
        }
        if self.hot.policy != Policy::LeastOfTwo {
            return self.pick_otherwise(proxy, pool, user, bits);
        }
        let (first, other) = two_of(bits, count);
        let (a, b) = (endpoints[first], endpoints[other]);
        Some(self.fleet.less_busy(&mut self.counts, self.now, a, b))
    }

    /// The pick of the policies that do not compare pods; `pool` has two endpoints or more, or a
    /// user's pod is held.
    #[inline(never)]
    fn pick_otherwise(&mut self, proxy: usize, pool: Pool, user: u32, bits: u64) -> Option<u32> {
        let policy = self.hot.policy;
        if let Policy::Sticky(age) = policy {
            let until = self.now.saturating_add(age.as_nanos());
            let held = held(&mut self.clients.kept, user, pool);
            return keep(held, self.fleet.proxies[proxy].known(pool), (self.now, until), bits);
        }
        let belief = &mut self.fleet.proxies[proxy];
        let mut turn = belief.turn[pool as usize];
        let pod = otherwise(policy, belief.known(pool), &mut turn, user, bits);
        belief.turn[pool as usize] = turn;
        pod
    }

    /// A pod of a list, which need not be all that the proxy knows of the pool.
    pub(super) fn pick_among(
        &mut self,
        list: &[u32],
        policy: Policy,
        (proxy, pool): (usize, Pool),
        user: u32,
        bits: u64,
    ) -> Option<u32> {
        let count = list.len();
        if count <= 1 && !matches!(policy, Policy::Sticky(_)) {
            return list.first().copied();
        }
        if let Policy::Sticky(age) = policy {
            let until = self.now.saturating_add(age.as_nanos());
            return keep(held(&mut self.clients.kept, user, pool), list, (self.now, until), bits);
        }
        if policy != Policy::LeastOfTwo {
            let turn = &mut self.fleet.proxies[proxy].turn[pool as usize];
            return otherwise(policy, list, turn, user, bits);
        }
        let (first, other) = two_of(bits, count);
        Some(self.fleet.less_busy(&mut self.counts, self.now, list[first], list[other]))
    }
}

/// What a user holds in a pool: a pod, and until when. Nothing for who is no user.
fn held(kept: &mut [[(u32, u64); 2]], user: u32, pool: Pool) -> Option<&mut (u32, u64)> {
    kept.get_mut(user as usize).and_then(|held| held.get_mut(pool as usize))
}

/// The pod that a user holds, if it is an endpoint and was used lately, or a random one. Either is
/// held `until` then. Who is no user (a copy, a load test) holds nothing.
fn keep(
    held: Option<&mut (u32, u64)>,
    endpoints: &[u32],
    (now, until): (u64, u64),
    bits: u64,
) -> Option<u32> {
    let drawn = endpoints.get(scale32(bits as u32, endpoints.len())).copied()?;
    let Some(held) = held else { return Some(drawn) };
    let (pod, end) = *held;
    let pod = if end > now && endpoints.contains(&pod) { pod } else { drawn };
    *held = (pod, until);
    Some(pod)
}

/// The pick of the policies that do not compare pods.
fn otherwise(
    policy: Policy,
    endpoints: &[u32],
    turns: &mut u32,
    user: u32,
    bits: u64,
) -> Option<u32> {
    let count = endpoints.len();
    match policy {
        Policy::Random | Policy::LeastOfTwo | Policy::Sticky(_) => {
            Some(endpoints[scale32(bits as u32, count)])
        }
        Policy::RoundRobin => {
            let turn = *turns as usize % count;
            *turns = turn as u32 + 1;
            Some(endpoints[turn])
        }
        // Rendezvous hashing: like a ring, a lost pod moves only its own users.
        Policy::RingHash => {
            let weight = |pod: &u32| mix64(u64::from(*pod) << 32 | u64::from(user));
            endpoints.iter().copied().max_by_key(|pod| weight(pod))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four pods a busy one is met when both draws meet it, one time in 16: 10 000 of 160 000
    /// requests, ± 4.5 standard deviations of √(160 000 · 15) / 16 = 96.8 (P < 10⁻⁵).
    #[test]
    fn two_choices_may_be_the_same() {
        let meets_only = |n: &u64| two_of(mix64(*n), 4) == (2, 2);
        let met = (0..160_000).filter(meets_only).count() as f64;
        assert!((met - 10_000.0).abs() < 4.5 * 96.8, "{met}");
    }

    #[test]
    fn a_held_pod_is_kept_while_it_is_there_and_used() {
        let mut held = (u32::MAX, 0);
        let mut ask = |pods: &[u32], now, bits| keep(Some(&mut held), pods, (now, now + 100), bits);
        assert_eq!(ask(&[7, 8], 0, 0), Some(7), "the first pod is drawn");
        let last = u64::from(u32::MAX);
        assert_eq!(ask(&[7, 8, 9], 99, last), Some(7), "one that joins takes nobody");
        assert_eq!(ask(&[7, 8, 9], 198, last), Some(7), "every request counts anew");
        assert_eq!(ask(&[8, 9], 199, last), Some(9), "one that leaves lets all go");
        assert_eq!(ask(&[7, 8, 9], 200, 0), Some(9), "and they stay where they went");
        assert_eq!(ask(&[7, 8, 9], 300, 0), Some(7), "idle for too long");
        assert_eq!(ask(&[], 301, 0), None);
        assert_eq!(keep(None, &[7, 8], (0, 100), last), Some(8), "no user, no pod of one's own");
    }
}

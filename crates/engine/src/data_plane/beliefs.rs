//! What the proxies believe: which pods there are, how requests are divided, and so which versions
//! a user can reach.

use super::DataPlane;
use windtunnel_model::world::endpoint::Conditions;
use windtunnel_model::world::routing::{Belief, Pool, Routing, Split};

impl DataPlane {
    /// The proxies' beliefs.
    pub(crate) fn proxies(&self) -> &[Belief] {
        &self.fleet.proxies
    }

    /// A proxy learns what has become of a pod's endpoint; nothing when the pod is gone.
    pub(crate) fn learn(
        &mut self,
        proxy: u32,
        (pool, pod): (Pool, u32),
        conditions: Option<Conditions>,
    ) {
        self.fleet.proxies[proxy as usize].set_endpoint(pool, pod, conditions);
        if !conditions.is_some_and(|c| c.ready) {
            self.fleet.mesh.forget(proxy as usize, pod);
        }
    }

    /// A proxy acts on another routing from now on.
    pub(crate) fn learn_routing(&mut self, proxy: u32, routing: Routing) {
        self.fleet.proxies[proxy as usize].routing = routing;
    }

    /// All proxies know of a pod that accepts, since before the flight.
    pub(crate) fn known_from_the_start(&mut self, pool: Pool, pod: u32) {
        self.fleet.proxies.iter_mut().for_each(|proxy| proxy.set(pool, pod, true));
    }

    fn is_new(&self, pod: u32) -> bool {
        self.fleet.pods[pod as usize].version == 1
    }

    /// Share of requests that reach the new version, as the proxies believe.
    pub(crate) fn believed_weight(&self) -> f64 {
        let weights = self.fleet.proxies.iter().map(|belief| {
            let split = belief.routing.split;
            let share = split.candidate_share();
            if matches!(split, Split::Flag(_)) {
                return share;
            }
            let new_in = |pool| {
                let known = belief.known(pool);
                let new = known.iter().filter(|pod| self.is_new(**pod));
                new.count() as f64 / known.len().max(1) as f64
            };
            share * new_in(Pool::Candidate) + (1.0 - share) * new_in(Pool::Stable)
        });
        weights.sum::<f64>() / self.fleet.proxies.len() as f64
    }

    /// Does no pod that any proxy sends requests to accept any?
    pub(crate) fn nobody_accepts(&self) -> bool {
        !self.fleet.proxies.iter().any(|belief| {
            pools(belief.routing.split).any(|pool| {
                belief.known(pool).iter().any(|p| self.fleet.pods[*p as usize].accepting)
            })
        })
    }

    /// Versions (old, new) that a user of a class (candidate side or not) may reach, over all
    /// proxies.
    pub(crate) fn reach(&self, candidate_side: bool) -> [bool; 2] {
        let mut reach = [false; 2];
        for belief in &self.fleet.proxies {
            let split = belief.routing.split;
            if let Split::Flag(_) = split {
                reach[usize::from(candidate_side && split.candidate_share() > 0.0)] = true;
                continue;
            }
            for pool in pools(split).filter(|pool| !is_barred(split, *pool, candidate_side)) {
                for pod in belief.known(pool) {
                    reach[usize::from(self.is_new(*pod))] = true;
                }
            }
        }
        reach
    }

    /// Can users' requests reach both versions, be it different users? A fleet that is kept or
    /// only gets copies serves nobody.
    pub(crate) fn both_versions_serve(&self) -> bool {
        let (some, others) = (self.reach(false), self.reach(true));
        (some[0] || others[0]) && (some[1] || others[1])
    }

    /// Can the requests of one user reach both versions?
    pub(crate) fn versions_mix(&self) -> bool {
        [false, true].iter().any(|side| self.reach(*side) == [true, true])
    }
}

/// The pools that a split sends requests to.
fn pools(split: Split) -> impl Iterator<Item = Pool> {
    [Pool::Stable, Pool::Candidate].into_iter().filter(move |pool| split.reaches(*pool))
}

/// Does a split keep users of a class out of a pool?
fn is_barred(split: Split, pool: Pool, candidate_side: bool) -> bool {
    let own = if candidate_side { Pool::Candidate } else { Pool::Stable };
    match split {
        Split::Buckets(_) | Split::Header(_) => pool != own,
        Split::Matched { weight, others, .. } => {
            let share = if candidate_side { weight } else { others }.value();
            if pool == Pool::Candidate { share <= 0.0 } else { share >= 1.0 }
        }
        _ => false,
    }
}

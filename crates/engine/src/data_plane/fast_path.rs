//! The fast path of a request to which nothing happens, as most are: its draw spares it, its pod
//! has room and answers in time, its user lacks nothing, and nothing out of the ordinary is
//! switched on.
//!
//! It decides nothing of its own: it is what the general path of [`super::attempt`] comes to under
//! these conditions, and a test flies both.

use super::DataPlane;
use super::hot::HotRoute;
use super::ledger::{Entry, NO_CHAIN, flag};
use super::pick::two_of;
use super::row_of;
use super::tally::Outcome;
use super::tape::{Arrival, Drawn};
use windtunnel_base::random::mix64;
use windtunnel_model::world::effect::Effect;
use windtunnel_model::world::routing::Pool;
use windtunnel_model::world::service::Policy;
use windtunnel_model::world::user::Marks;

impl DataPlane {
    /// May requests take the fast path at all?
    pub(super) fn fast_path_is_open(&self) -> bool {
        !self.hot.rare && self.hot.policy == Policy::LeastOfTwo
    }

    /// Serves the next request of the tape if nothing happens to it; else leaves it there, having
    /// done nothing.
    #[inline(always)]
    pub(super) fn takes_fast_path(&mut self) -> bool {
        if !self.hot.fast_path {
            return false;
        }
        let Drawn { arrival, demand } = *self.clients.tape.peek();
        let Arrival { user, route, error: draw, routing, .. } = arrival;
        let proxy = self.proxy_of(routing);
        let Some(pool) = self.plain_pool(proxy, (routing >> 32) as u32) else { return false };
        let Some(pod) = self.pick_fast(proxy, pool, mix64(routing)) else { return false };
        let (class, classes) = (self.class_of(user), self.classes());
        let DataPlane { now, fleet, tables, hot, clients, counts, .. } = self;
        let (users, tally) = (&mut clients.users, &mut counts.tally);
        let (now, ledger) = (*now, &mut fleet.pods[pod as usize]);
        if !ledger.takes_one() {
            return false;
        }
        let done = ledger.start_at(now) + demand;
        let version = ledger.version;
        let row = &tables.rows[row_of((pod, version), (class, classes), (route, hot.routes.len()))];
        let HotRoute { write, funnel, .. } = hot.routes[usize::from(route)];
        if u64::from(draw) < row.untouched_from
            || done - now > hot.in_time
            || !users.served_on_the_fast_path(user, version == 1)
        {
            return false;
        }
        let Effect { cpu, conversion, .. } = row.effect;
        let index = tally.arrived as u32;
        tally.arrived += 1;
        if version == 1 {
            tally.meets_new(now);
            if write {
                users.mark(user, Marks::WROTE_NEW);
            }
        }
        let mut flags = 0;
        if funnel {
            let converts = (mix64(routing ^ 0xB0) as u32) < conversion;
            flags = flag::FUNNEL | if converts { flag::CONVERTS } else { 0 };
        }
        let cpu_ns = demand as i64 as f32 * hot.cpu_per_busy * cpu;
        let entry = || Entry {
            arrived: now,
            cpu_ns,
            user,
            index,
            chain: NO_CHAIN,
            route,
            version,
            outcome: Outcome::Good,
            flags,
            number: 0,
            since_first_ms: 0,
        };
        ledger.accepted += 1;
        ledger.book(done, entry);
        self.clients.tape.pass();
        true
    }

    /// The less busy of two pods, or the only one.
    #[inline(always)]
    fn pick_fast(&mut self, proxy: usize, pool: Pool, bits: u64) -> Option<u32> {
        let endpoints = self.fleet.proxies[proxy].known(pool);
        let count = endpoints.len();
        if count < 2 {
            let pod = *endpoints.first()?;
            self.fleet.commit_due(&mut self.counts, pod, self.now);
            return Some(pod);
        }
        let (first, other) = two_of(bits, count);
        let (a, b) = (endpoints[first], endpoints[other]);
        Some(self.fleet.less_busy(&mut self.counts, self.now, a, b))
    }
}

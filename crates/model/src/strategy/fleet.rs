//! A second fleet beside the stable one: create it, size it, watch it, take it down.
//!
//! Shared by blue-green, canary, A/B and shadow. It knows sets and sizes, not requests.

use super::{SetFacts, View};
use crate::world::action::Action;
use crate::world::routing::{Pool, Routing, Split};
use crate::world::service::Version;

/// The set that serves in `pool`, if it was created.
pub fn in_pool<'v>(view: &'v View<'_>, pool: Pool) -> Option<&'v SetFacts> {
    view.sets.iter().rev().find(|s| s.pool == pool)
}

/// Makes the set of `pool` have `size` pods, creating it if need be.
pub fn resize(view: &View<'_>, version: Version, pool: Pool, size: u32, out: &mut Vec<Action>) {
    match in_pool(view, pool) {
        Some(set) if set.size == size => {}
        Some(set) => out.push(Action::Scale { set: set.id, size }),
        None if size > 0 => out.push(Action::Create { version, pool, size }),
        None => {}
    }
}

/// Does `pool` have all of its desired pods available, and at least `size` of them?
pub fn is_available(view: &View<'_>, pool: Pool, size: u32) -> bool {
    in_pool(view, pool).is_some_and(|s| s.size >= size && s.available >= size)
}

/// All requests to one pool.
pub fn route_all(pool: Pool) -> Action {
    Action::Route(Routing { split: Split::All(pool), ..Routing::default() })
}

/// Pods that a share of `replicas` needs: at least one, rounded up.
pub fn pods_for(replicas: u32, share: f64) -> u32 {
    debug_assert!((0.0..=1.0).contains(&share), "{share} of a fleet");
    ((f64::from(replicas) * share - 1e-9).ceil() as u32).clamp(1, replicas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_fleet_round_up() {
        assert_eq!([0.05, 0.1, 0.25, 0.5, 1.0].map(|w| pods_for(10, w)), [1, 1, 3, 5, 10]);
        assert_eq!(pods_for(3, 0.01), 1);
    }
}

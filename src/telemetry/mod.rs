//! Layer 4: what an operator could see: counters as scraped, target by target, at their instants.
//!
//! [`family`] names what the world exports, [`page`] turns facts into samples, [`scraper`] decides
//! where series begin and end, [`store`] keeps them. True counts never come here except through a
//! scrape, so lag, windows and emptiness decide as they do in production. Queries live in
//! `analysis::promql`, formats elsewhere.

pub mod exposition;
pub mod facts;
pub mod family;
pub mod page;
pub mod scraper;
pub mod store;
pub mod symbol;
pub mod target;

use crate::base::time::SimTime;

/// Every flight begins at this instant of Unix time: 2026-01-01 00:00:00 UTC.
pub const EPOCH_MS: i64 = 1_767_225_600_000;

/// An instant of a flight in milliseconds of Unix time, as timestamps of samples are.
pub fn unix_ms(at: SimTime) -> i64 {
    EPOCH_MS + (at.as_nanos() / 1_000_000) as i64
}

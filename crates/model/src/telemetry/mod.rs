//! What an operator could see: counters as scraped, target by target, at their instants.
//!
//! [`family`] names what the world exports, [`page`] turns facts into samples, [`scraper`] decides
//! where series begin and end, [`store`] keeps them. True counts never come here except through a
//! scrape, so lag, windows and emptiness decide as they do in production. Queries live in
//! `analysis::promql`, formats elsewhere.

pub mod facts;
pub mod family;
pub mod page;
pub mod scraper;
pub mod target;

pub use windtunnel_base::time::{EPOCH_MS, unix_ms};
pub use windtunnel_promql::{exposition, store, symbol};

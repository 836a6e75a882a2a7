//! Flagger as a strategy: the pure rules of its scheduler, flown.
//!
//! The rules live in `windtunnel_controllers::flagger`; [`part`] reads a Canary's settings,
//! `bind` reads its queries, [`drive`] shows the rules what a flight has and carries out what they order.

mod bind;
pub mod drive;
pub mod part;
mod side;

pub use windtunnel_controllers::flagger::*;

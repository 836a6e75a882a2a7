//! Flagger as a strategy: the pure rules of its scheduler, flown.
//!
//! The rules live in `windtunnel_controllers::flagger`. [`part`] reads settings from a Scenario and
//! [`mod@write`] writes them there, by the names of [`field`]; `bind` reads their queries,
//! [`drive`] shows the rules what a flight has and carries out what they order.

mod bind;
mod blame;
pub mod drive;
pub mod field;
pub mod part;
mod ratio;
mod side;
pub mod write;

pub use windtunnel_controllers::flagger::*;

//! Argo Rollouts as a strategy: the pure rules of its controller, flown.
//!
//! The rules live in `windtunnel_controllers::argo`. [`part`] reads settings from a Scenario and
//! [`mod@write`] writes them there, by the names of [`field`]; `bind` reads their queries,
//! `surprise` tells what does something else than its words say, [`drive`] shows the rules what a
//! flight has and carries out what they order.

mod bind;
mod blame;
pub mod drive;
pub mod field;
mod kayenta;
pub mod part;
mod surprise;
pub mod write;

pub use windtunnel_controllers::argo::*;

//! Argo Rollouts as a strategy: the pure rules of its controller, flown.
//!
//! The rules live in `windtunnel_controllers::argo` and `analysis_run`; [`part`] reads a Rollout's
//! settings, `bind` reads its queries, [`drive`] shows the rules what a flight has and carries out what they order.

mod bind;
pub mod drive;
pub mod part;

pub use windtunnel_controllers::argo::*;

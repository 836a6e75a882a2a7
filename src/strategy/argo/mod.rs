//! Argo Rollouts as a strategy: the pure rules of its controller, flown.
//!
//! The rules live in `windtunnel_controllers::argo` and `analysis_run`; [`part`] reads a Rollout's
//! settings, [`drive`] shows the rules what a flight has and carries out what they order.

pub mod drive;
pub mod part;

pub use windtunnel_controllers::argo::*;

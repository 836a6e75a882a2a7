//! The world of one replication, and the rules by which its parts live.
//!
//! Plain data, and pure functions over it: probes count, containers wait out their back-off,
//! replica sets choose which pod dies first, proxies believe. Deliberately absent: files and
//! their formats, randomness of its own, and any notion of what a strategy wants.

pub mod action;
pub mod check;
pub mod effect;
pub mod endpoint;
pub mod log;
pub mod mesh;
pub mod names;
pub mod outlier;
pub mod placement;
pub mod pod;
pub mod routing;
pub mod service;
pub mod user;

pub use windtunnel_controllers::kubelet::{backoff, probe};
pub use windtunnel_controllers::{client, replica_set};

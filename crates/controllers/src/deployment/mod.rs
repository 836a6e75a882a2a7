//! The Kubernetes Deployment controller, as pure functions: what one sync decides.
//!
//! Whoever flies it asks [`proportional::is_scaling`] whether the sync is one that scales, then the
//! file of that kind, applies the [`set::SizeChange`]s it gets, and writes the [`status`]. Each
//! function sees only what the real controller sees: sizes and counts as its replica sets report
//! them.
//! Deliberately unknown here: pods that terminate (no count includes them; only [`recreate`] asks
//! for their phases), disruption budgets (rollouts do not heed them), and time between syncs.
//! Read next: [`rolling`].

pub mod bounds;
pub mod kubectl;
pub mod progress;
pub mod proportional;
pub mod recreate;
pub mod rolling;
pub mod set;
pub mod status;

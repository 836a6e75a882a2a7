//! Argo Rollouts, as pure functions over plain data: what one reconcile of a Rollout decides.
//!
//! Read from argoproj/argo-rollouts 9f8d111 (1.10.0-rc1). [`settings`] is what a Rollout says;
//! [`counts`] and [`weight`] are its arithmetic of pods and weights. Analysis runs live in
//! [`crate::analysis::argo`]. Deliberately unknown here: pods, requests and how a query is
//! answered.

pub mod counts;
pub mod settings;
pub mod weight;

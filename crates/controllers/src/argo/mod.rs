//! Argo Rollouts, as pure functions over plain data: what one reconcile of a Rollout decides.
//!
//! Read from argoproj/argo-rollouts 9f8d111 (1.10.0-rc1). [`settings`] is what a Rollout says,
//! [`status`] what is kept of it; [`counts`] and [`weight`] are its arithmetic of pods and
//! weights, [`canary`] and [`blue_green`] one reconcile each, [`experiment`] what runs beside it,
//! [`router`] what its weights take. Analysis runs live in [`crate::analysis_run`]. None of these
//! knows pods, requests or how a query is answered; a strategy of the same name flies them.

pub mod blue_green;
pub mod canary;
pub mod counts;
pub mod experiment;
mod pass;
pub mod router;
pub mod settings;
pub mod status;
pub mod weight;

//! What real controllers do next, as pure functions over plain data.
//!
//! [`deployment`] and [`replica_set`] are Kubernetes' own, [`kubelet`] counts probes and waits out
//! back-offs, [`autoscaler`] and [`disruption`] are the HorizontalPodAutoscaler and budgets;
//! [`flagger`] and [`argo`] are one tick and one reconcile of those two, [`analysis_run`] Argo's
//! measurements. Each file names the upstream source it was read from. Deliberately absent: pods
//! that live, requests, how a query is answered, and time that passes by itself.

#![forbid(unsafe_code)]

pub mod analysis_run;
pub mod argo;
pub mod autoscaler;
pub mod client;
pub mod deployment;
pub mod disruption;
pub mod flagger;
pub mod kubelet;
pub mod order;
pub mod pool;
pub mod replica_set;
pub mod reply;
pub mod routing;

/// The README's example, tried as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! The HorizontalPodAutoscaler, as pure functions: how many pods a metric asks for, and how fast.
//!
//! Read from k/k `pkg/controller/podautoscaler/` (2023 tree; see the files). [`sample`] sorts
//! pods, [`replicas`] turns metrics into sizes, [`limits`] bounds the change, [`window`] remembers
//! recommendations, and [`hpa`] runs them in the order of one sync. Deliberately unknown here:
//! where samples come from, and what the size it writes does to a rollout.

pub mod hpa;
pub mod limits;
pub mod replicas;
pub mod sample;
pub mod window;

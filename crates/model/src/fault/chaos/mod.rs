//! Faults of the environment, one file each; some defects hit every version just as well.

use super::Fault;
use super::defect::{errors, hang, latency};
use windtunnel_base::settings::Part;

pub mod dependency_errors;
pub mod metric_gap;
pub mod node_drain;
pub mod node_loss;
pub mod pod_kill;
pub mod propagation_lag;
pub mod zone_loss;

/// All of them.
pub const PARTS: &[Part<Fault>] = &[
    errors::PART,
    latency::PART,
    hang::PART,
    dependency_errors::PART,
    metric_gap::PART,
    node_drain::PART,
    node_loss::PART,
    pod_kill::PART,
    propagation_lag::PART,
    zone_loss::PART,
];

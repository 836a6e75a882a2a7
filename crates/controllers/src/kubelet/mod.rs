//! The node's agent: what its probes count, and how long a crashed container waits.

pub mod backoff;
pub mod probe;

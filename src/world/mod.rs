//! Layer 2: the state of one replication, as plain data.
pub mod effect;
pub mod probe;
pub mod routing;
pub mod service;
pub mod user;

//! windtunnel: a wind tunnel for deployment strategies.
pub mod base;

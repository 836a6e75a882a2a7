//! windtunnel: a wind tunnel for deployment strategies.
pub mod base;
pub mod engine;
pub mod traffic;
pub mod world;

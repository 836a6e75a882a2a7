//! windtunnel: a wind tunnel for deployment strategies.
pub mod analysis;
pub mod base;
pub mod engine;
pub mod experiment;
pub mod fault;
pub mod outcome;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod strategy;
pub mod telemetry;
pub mod traffic;
pub mod world;

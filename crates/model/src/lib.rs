//! What is flown, and how it is judged.
//!
//! The rooms, lowest first; a room names only lower ones, a test of the workspace holds them to it:
//! [`world`] (the state of one replication, and the rules by which its parts live), [`traffic`],
//! [`fault`] and [`telemetry`] (who sends what; what breaks; what can be seen), [`analysis`]
//! (judging a release from telemetry only), [`strategy`] (one file per strategy, and the
//! controllers, flown), [`outcome`] (the measures of one replication) and [`scenario`] (all of it
//! put together, validated). Deliberately absent: files, threads, clocks, and the loop that flies.

#![forbid(unsafe_code)]

pub mod analysis;
pub mod fault;
pub mod outcome;
pub mod scenario;
pub mod strategy;
pub mod telemetry;
pub mod traffic;
pub mod world;

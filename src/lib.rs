//! windtunnel: a wind tunnel for deployment strategies.
//!
//! Data flows one way. A scenario's text becomes a validated [`scenario::model::Scenario`]; the
//! [`engine`] flies one replication of it for one strategy and yields an [`outcome::Outcome`];
//! [`stats`] turns replications into estimates; [`experiment`] flies scenarios × strategies ×
//! replications in parallel and compares them; [`report`] turns the tables into bytes; [`cli`]
//! reads and writes files.
//!
//! The layers, lowest first. Each is a crate below `crates/`, taken in here under a short name; a
//! crate names only lower ones:
//!
//! 1. [`base`]: time, units, distributions, named random streams, problems, settings
//! 2. [`stats`]: numbers to estimates and tests; the languages [`analysis::promql`] and
//!    [`analysis::expr`]
//! 3. the controllers of Kubernetes, Flagger and Argo, as pure functions
//! 4. the model: [`world`] (the state of one replication, and the rules by which its parts live),
//!    [`traffic`], [`fault`], [`telemetry`] (who sends what; what breaks; what can be seen),
//!    [`analysis`] (judging a release from telemetry only), [`strategy`] (one file per strategy,
//!    and the controllers, flown), [`outcome`] (the measures of one replication), and
//!    [`scenario::model`] (all of it put together)
//! 5. [`scenario`]: YAML to a validated scenario, or all of its problems; [`engine`]: one
//!    replication, pure and deterministic
//! 6. [`manifest`]: other people's YAML to the same scenario; what is ignored is listed;
//!    [`experiment`]: everything flown, compared, judged
//! 7. [`report`]: results to bytes; [`stored`]: bytes of a report to what a comparison needs
//! 8. [`cli`]: flags, files, exit codes
//!
//! Rooms to visit in order: [`engine::fly`], `crates/model/src/strategy/recreate.rs`, the smallest
//! file of `crates/model/src/fault/`.

#![forbid(unsafe_code)]

pub mod cli;

pub use windtunnel_base as base;
pub use windtunnel_engine as engine;
pub use windtunnel_experiment as experiment;
pub use windtunnel_manifest as manifest;
pub use windtunnel_model::{analysis, fault, outcome, strategy, telemetry, traffic, world};
pub use windtunnel_report as report;
pub use windtunnel_report::stored;
pub use windtunnel_stats as stats;

/// A scenario as plain data, and its reader.
pub mod scenario {
    pub use windtunnel_model::scenario::{crew, ids, model, prices};
    pub use windtunnel_scenario::*;
}

//! Layer 5: our own YAML → a validated scenario ([`windtunnel_model::scenario::model`]), or all of
//! its problems.
//!
//! It is handed text and gives back values; it opens no file, and knows neither the engine nor what
//! becomes of a scenario. Read next: `model` for what a scenario is, `read` for how it is made of a
//! text, `service` and its neighbours for the fields of each part with their defaults, `describe`
//! for the same fields as data, and `warn` for what is allowed but unwise.

#![forbid(unsafe_code)]

pub mod balancer;
mod causes;
pub mod clients;
pub mod consistency;
pub mod describe;
pub mod expect;
pub mod foretell;
pub mod json_stream;
mod named;
pub mod operations;
pub mod placement;
mod priced;
pub mod random;
pub mod read;
pub mod rehearsal;
pub mod release;
pub mod scalar;
pub mod scaling;
pub mod schema;
pub mod service;
pub mod shares;
pub mod starter;
pub mod sweep;
pub mod textbook;
pub mod tree;
pub mod warn;
mod warn_budgets;
mod warn_checks;
mod warn_expect;
pub mod weak;
pub mod words;
pub mod yaml;

#[cfg(test)]
mod crew_tests;
#[cfg(test)]
mod ids_tests;

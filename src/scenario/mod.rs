//! Layer 6: our own YAML → a validated [`Scenario`](model::Scenario), or all of its problems.
//!
//! It is handed text and gives back values; it opens no file. Read next: `model` for what a
//! scenario is, `read` for how it is made.

pub mod clients;
pub mod consistency;
pub mod describe;
pub mod expect;
pub mod model;
pub mod operations;
pub mod random;
pub mod read;
pub mod release;
pub mod schema;
pub mod service;
pub mod starter;
pub mod tree;
pub mod warn;
mod warn_checks;
pub mod words;
pub mod yaml;

//! Layer 8: our own YAML → a validated [`Scenario`](model::Scenario), or all of its problems.
//!
//! It is handed text and gives back values; it opens no file, and knows neither the engine nor what
//! becomes of a scenario. Read next: `model` for what a scenario is, `read` for how it is made of a
//! text, `service` and its neighbours for the fields of each part with their defaults, `describe`
//! for the same fields as data, and `warn` for what is allowed but unwise.

pub mod balancer;
mod causes;
pub mod clients;
pub mod consistency;
pub mod crew;
pub mod describe;
pub mod expect;
pub mod foretell;
mod head;
pub mod ids;
pub mod json_stream;
pub mod model;
mod named;
pub mod operations;
pub mod placement;
mod priced;
pub mod prices;
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

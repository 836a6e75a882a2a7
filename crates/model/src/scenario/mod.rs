//! The validated scenario, as plain data: what the engine flies and what answers are about.
//!
//! It holds the settings of all other rooms. Read next: `model` for the whole, `ids` for how its
//! strategies and releases are named elsewhere, `crew` for who flies it, `prices` for what things
//! cost. Deliberately absent: YAML, and whether a text is a scenario.

pub mod crew;
mod head;
pub mod ids;
pub mod model;
pub mod prices;

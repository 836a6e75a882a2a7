//! Flagger, as pure functions over plain data: what one tick of its scheduler decides.
//!
//! Read from fluxcd/flagger 15bd6ad (1.44.0). [`settings`] is what a Canary says, [`status`] what
//! is kept of it. [`weights`], [`ready`], [`answer`], [`query`] and [`check`] are one rule each,
//! and [`tick`] runs them in the order of `advanceCanary`. None of them knows pods, requests or
//! the time between ticks; [`part`] reads a Canary from a
//! Scenario and [`write`] writes it there, by the names of [`field`]; `bind` reads its queries, and
//! [`drive`] flies it.

pub mod answer;
mod bind;
pub mod check;
pub mod drive;
pub mod field;
pub mod part;
pub mod provider;
pub mod query;
pub mod ready;
pub mod settings;
mod side;
pub mod status;
mod step;
pub mod tick;
pub mod upstream;
pub mod weights;
pub mod words;
pub mod write;

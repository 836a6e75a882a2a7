//! Flagger, as pure functions over plain data: what one tick of its scheduler decides.
//!
//! Read from fluxcd/flagger 15bd6ad (1.44.0). [`settings`] is what a Canary says, [`status`] what
//! is kept of it. [`weights`], [`router`], [`ready`], [`answer`], [`query`] and [`check`] are one
//! rule each, and [`tick`] runs them in the order of `advanceCanary`. None of them knows pods,
//! requests or the time between ticks; a strategy of the same name flies them.

pub mod answer;
pub mod check;
pub mod provider;
pub mod query;
pub mod ready;
pub mod router;
pub mod settings;
pub mod status;
mod step;
pub mod tick;
pub mod upstream;
pub mod weights;
pub mod words;

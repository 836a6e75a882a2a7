//! Flagger, as pure functions over plain data: what one tick of its scheduler decides.
//!
//! Read from fluxcd/flagger 15bd6ad (1.44.0). [`settings`] is what a Canary says. [`weights`],
//! [`ready`], [`answer`] and [`query`] are one rule each, and [`tick`] runs them in the order of
//! `advanceCanary`. Deliberately unknown here: pods, requests and time between ticks.

pub mod gate;
pub mod provider;
pub mod settings;

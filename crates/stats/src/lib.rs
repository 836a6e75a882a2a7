//! Layer 2: numbers in, estimates, tests and intervals out.
//!
//! Two readers use it. Judges of releases (`analysis::check` and some strategies) take their
//! mathematics from here: a file per test, each formula with its source, checked against the
//! recorded answers in `tests/data/oracles/statistics.json`. Reports take the statistics of
//! replications: a measure flown R times is a slice of R numbers, which `mean` and `mixture`
//! turn into intervals, and `stopping` asks whether R is enough; `quasi`
//! chooses the points to fly, `theory` knows what simple queues must give. Read next: `estimate`
//! and `proportions`.
//! Deliberately absent: releases, telemetry, strategies, scenarios, tables, files, threads.

#![forbid(unsafe_code)]

pub mod beta_binomial;
pub mod binomial;
pub mod bounded;
pub mod bounds;
pub mod burn_rate;
pub mod change;
pub mod diffy;
pub mod estimate;
pub mod group_sequential;
pub mod interval;
pub mod kayenta;
pub mod mann_whitney;
pub mod mean;
pub mod mixture;
pub mod proportions;
pub mod quantile;
pub mod quasi;
pub mod sequential;
pub mod srm;
pub mod stopping;
pub mod theory;

/// The README's example, tried as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! Layer 2: from replications to estimates.
//!
//! A measure flown R times is a slice of R numbers; everything here turns such slices into means
//! with intervals, paired differences, quantiles, and the decision whether R is enough. `mean`
//! makes the interval of a sample, `mixture` that of a release which may be one of several
//! variants. `quasi` chooses the points to fly, `theory` knows what simple queues must give.
//! Read next:
//! `estimate`.
//! Deliberately absent: strategies, scenarios, tables, files, threads.

pub mod bounded;
pub mod bounds;
pub mod estimate;
pub mod interval;
pub mod mean;
pub mod mixture;
pub mod paired;
pub mod quantile;
pub mod quasi;
pub mod stopping;
pub mod theory;

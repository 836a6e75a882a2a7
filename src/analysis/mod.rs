//! Layer 5: judging a release from telemetry only.
//!
//! Each file is one judge or one piece of arithmetic that judges share: numbers an operator could
//! see go in, a statistic or a verdict comes out. Deliberately absent: strategies, true error
//! rates, randomness, time. Formulas name their source; the recorded answers they are checked
//! against lie in `tests/data/oracles`.

pub mod availability;
pub mod beta_binomial;
pub mod binomial;
pub mod bucket;
pub mod burn_rate;
pub mod check;
pub mod cuped;
pub mod diffy;
pub mod group_sequential;
pub mod kayenta;
pub mod mann_whitney;
pub mod proportions;
pub mod sequential;
pub mod srm;

pub use windtunnel_controllers::{analysis_run as argo, reply};
pub use windtunnel_expr as expr;
pub use windtunnel_promql as promql;

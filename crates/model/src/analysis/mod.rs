//! Judging a release from telemetry only.
//!
//! `check` is the room of judges: query × window × judge. `promql` and `expr` are the two languages
//! in which operators ask and answer, `argo` is Argo's AnalysisRun, `bucket` and `reply` divide
//! users and calls, `ratio` tells of ratios that decide nothing.
//! Deliberately absent: strategies, true error rates, randomness, and the mathematics of judges,
//! which stands in [`windtunnel_stats`].

pub mod bucket;
pub mod check;
pub mod ratio;

pub use windtunnel_controllers::{analysis_run as argo, reply};
pub use windtunnel_expr as expr;
pub use windtunnel_promql as promql;

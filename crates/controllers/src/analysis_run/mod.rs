//! Argo's AnalysisRun, as pure functions over plain data: when a metric is measured, what a
//! measurement comes to, and what that makes of the metric and the run.
//!
//! Read from argoproj/argo-rollouts 9f8d111 (1.10.0-rc1): `analysis/analysis.go`,
//! `utils/evaluate/evaluate.go`, `utils/analysis/helpers.go`. [`metric`] is what a template says,
//! [`outcome`] judges one measurement, [`assess`] a metric, and [`run`] keeps the whole run.
//! Deliberately unknown here: rollouts, and how a query is answered.

pub mod assess;
pub mod metric;
pub mod outcome;
pub mod run;
pub mod valid;

//! PromQL against the world: answers recorded from Prometheus, facts of its own test suites, laws
//! that hold for every query and every series.

#[path = "promql/oracle.rs"]
mod oracle;

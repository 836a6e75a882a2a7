//! PromQL against the world: answers recorded from Prometheus, facts of its own test suites, laws
//! that hold for every query and every series.

#[path = "promql/corpus.rs"]
mod corpus;
#[path = "promql/fuzz.rs"]
mod fuzz;
#[path = "promql/laws.rs"]
mod laws;
#[path = "promql/oracle.rs"]
mod oracle;
#[path = "promql/suite.rs"]
mod suite;

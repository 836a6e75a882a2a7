//! Flights: what the engine must do, one file per promise.

#[path = "flights/argo.rs"]
mod argo;
#[path = "flights/autoscale.rs"]
mod autoscale;
#[path = "flights/chaos_twins.rs"]
mod chaos_twins;
#[path = "flights/clients.rs"]
mod clients;
#[path = "flights/connections.rs"]
mod connections;
#[path = "flights/determinism.rs"]
mod determinism;
#[path = "flights/drain.rs"]
mod drain;
#[path = "flights/faults.rs"]
mod faults;
#[path = "flights/flagger.rs"]
mod flagger;
#[path = "flights/foretold.rs"]
mod foretold;
#[path = "flights/gate.rs"]
mod gate;
#[path = "flights/invariants.rs"]
mod invariants;
#[path = "flights/judges.rs"]
mod judges;
#[path = "flights/levels.rs"]
mod levels;
#[path = "flights/mesh.rs"]
mod mesh;
#[path = "flights/nodes.rs"]
mod nodes;
#[path = "flights/placement.rs"]
mod placement;
#[path = "flights/pods.rs"]
mod pods;
#[path = "flights/scopes.rs"]
mod scopes;
#[path = "flights/steps.rs"]
mod steps;
#[path = "flights/swarm.rs"]
mod swarm;
#[path = "flights/targets.rs"]
mod targets;
#[path = "flights/telemetry.rs"]
mod telemetry;
#[path = "flights/theory.rs"]
mod theory;
#[path = "flights/tunnel.rs"]
mod tunnel;
#[path = "flights/twin.rs"]
mod twin;
#[path = "flights/versions.rs"]
mod versions;
#[path = "flights/waits.rs"]
mod waits;

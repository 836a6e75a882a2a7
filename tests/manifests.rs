//! Other people's YAML: what is understood of it, what is said about the rest, and that it flies.

#[path = "manifests/apart.rs"]
mod apart;
#[path = "manifests/controllers.rs"]
mod controllers;
#[path = "manifests/documented.rs"]
mod documented;
#[path = "manifests/findings.rs"]
mod findings;
#[path = "manifests/flown.rs"]
mod flown;
#[path = "manifests/fuzzed.rs"]
mod fuzzed;
#[path = "manifests/imported.rs"]
mod imported;
#[path = "manifests/input.rs"]
mod input;
#[path = "manifests/left_out.rs"]
mod left_out;
#[path = "manifests/placed.rs"]
mod placed;
#[path = "manifests/routed.rs"]
mod routed;
#[path = "manifests/routers.rs"]
mod routers;
#[path = "manifests/schemas.rs"]
mod schemas;
#[path = "manifests/spaces.rs"]
mod spaces;
#[path = "manifests/timelines/mod.rs"]
mod timelines;
#[path = "manifests/witnesses.rs"]
mod witnesses;
#[path = "manifests/written.rs"]
mod written;

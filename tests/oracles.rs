//! Recorded facts about real systems, answered by the very functions a simulation runs.
//!
//! One module per file of `tests/data/oracles/`; each answers the kinds of case in its file, from
//! the inputs alone. `runner` reads the file and compares.

#[path = "oracles/argo.rs"]
mod argo;
#[path = "oracles/flagger.rs"]
mod flagger;
#[path = "oracles/input.rs"]
mod input;
#[path = "oracles/kubernetes_deployment_status.rs"]
mod kubernetes_deployment_status;
#[path = "oracles/kubernetes_hpa.rs"]
mod kubernetes_hpa;
#[path = "oracles/kubernetes_probes_and_backoff.rs"]
mod kubernetes_probes_and_backoff;
#[path = "oracles/kubernetes_proportional_scaling.rs"]
mod kubernetes_proportional_scaling;
#[path = "oracles/kubernetes_replicaset.rs"]
mod kubernetes_replicaset;
#[path = "oracles/kubernetes_rolling_update.rs"]
mod kubernetes_rolling_update;
#[path = "oracles/kubernetes_rollout_bounds.rs"]
mod kubernetes_rollout_bounds;
#[path = "oracles/kubernetes_service_and_pdb.rs"]
mod kubernetes_service_and_pdb;
#[path = "oracles/runner.rs"]
mod runner;

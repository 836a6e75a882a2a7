//! `Experiment` and `AnalysisRun` (Argo) of their own: they run beside what is released, and no
//! release waits for them. Those of a Rollout's steps stand in the Rollout.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};

/// Pods and analyses for a while.
pub const EXPERIMENT: KindPart = KindPart {
    kind: "Experiment",
    group: "argoproj.io",
    versions: &["v1alpha1"],
    summary: "pods beside what is released, by hand; flown as a step of a Rollout only",
    since: "0.2.0",
    source: "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/experiment_types.go",
    read,
};

/// An analysis by hand, or what the controller keeps of one.
pub const ANALYSIS_RUN: KindPart = KindPart {
    kind: "AnalysisRun",
    summary: "one run of an analysis, which the controller makes; flown from its templates",
    source: "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/analysis_types.go",
    ..EXPERIMENT
};

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    f.object("spec", |f| f.free("beside what is released: not flown"));
    (metadata, Body::Beside)
}

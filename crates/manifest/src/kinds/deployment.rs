//! `Deployment` (apps/v1): replicas that are replaced step by step, or all at once.

use super::pod::{self, PodTemplate, Selector};
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};

/// `Deployment` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Deployment",
    group: "apps",
    versions: &["v1"],
    summary: "pods that are replaced step by step (rollingUpdate) or all at once (recreate)",
    since: "0.2.0",
    source: "kubernetes/api apps/v1/types.go, k/k pkg/apis/apps/v1/defaults.go",
    read,
};

/// A Deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// Desired pods.
    pub replicas: Option<u64>,
    /// Which pods are its own.
    pub selector: Option<Selector>,
    /// `spec.template`, of which its pods are made; nothing if it is left out.
    pub template: Option<PodTemplate>,
    /// `strategy.type: Recreate`?
    pub recreate: bool,
    /// `maxSurge`, as written.
    pub max_surge: Option<String>,
    /// `maxUnavailable`, as written.
    pub max_unavailable: Option<String>,
    /// Seconds that a pod must be ready.
    pub min_ready_secs: Option<u64>,
    /// Seconds without progress.
    pub deadline_secs: Option<u64>,
    /// Is nothing rolled out?
    pub paused: bool,
    /// Annotations of windtunnel's own.
    pub own: Labels,
}

/// What its annotations may say.
const OWN: &str = "what no field says: `windtunnel-orders: 15s pause, 60s resume` is what somebody \
    orders, by the time since the release (pause, resume, undo, scale N)";

/// Largest number of the API.
const MAX: u64 = i32::MAX as u64;
/// `progressDeadlineSeconds` where it is left out (pkg/apis/apps/v1/defaults.go).
const DEADLINE: u64 = 600;

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, own) = metadata::annotated(f, OWN);
    let deployment = f.object("spec", spec);
    if deployment.is_none() {
        f.missing("spec", "a Deployment has at least spec.template");
    }
    (metadata, Body::Deployment(Box::new(Deployment { own, ..deployment.unwrap_or_default() })))
}

fn spec(f: &mut Fields<'_>) -> Deployment {
    let replicas = f.opt_count("replicas", 0..=5000, "pods at full size: spec.service.replicas");
    let selector = pod::selector(f, "selector");
    let template = pod::template(f);
    let deployment = Deployment { replicas, selector, template, ..strategy(f) };
    let min_ready = "ready this long counts as available: spec.service.minReady";
    let min_ready_secs = f.opt_count("minReadySeconds", 0..=MAX, min_ready);
    let deadline = "without progress for this long: a page for the human, nothing is turned back";
    let deadline_secs = f.opt_count("progressDeadlineSeconds", 1..=MAX, deadline);
    f.opt_count(
        "revisionHistoryLimit",
        0..=MAX,
        "with 0 an undo is a new rollout of the old template, which takes the same pods",
    );
    let paused = "true: a new template is not rolled out until `windtunnel-orders` resumes it";
    let paused = f.opt_flag("paused", paused) == Some(true);
    // Left out, the API server writes 600 before it compares the two.
    let ready = min_ready_secs.unwrap_or(0);
    if deadline_secs.is_some_and(|deadline| deadline <= ready) {
        let expected = "more than minReadySeconds";
        f.problem("progressDeadlineSeconds", "shorter than minReadySeconds", expected, "");
    } else if deadline_secs.is_none() && ready >= DEADLINE {
        let found = format!("not below the {DEADLINE} seconds of progressDeadlineSeconds");
        let help = "the API server refuses it; give a longer progressDeadlineSeconds";
        f.problem("minReadySeconds", &found, "less than progressDeadlineSeconds", help);
    }
    Deployment { min_ready_secs, deadline_secs, paused, ..deployment }
}

fn strategy(f: &mut Fields<'_>) -> Deployment {
    let found = f.object("strategy", |f| {
        let words = ["RollingUpdate", "Recreate"];
        let word = f.opt_choice("type", &words, "the strategy: rollingUpdate or recreate");
        let bounds = f.object("rollingUpdate", |f| {
            let surge = "pods above full size; a percentage rounds up";
            let surge = f.int_or_percent("maxSurge", surge);
            let missing = "pods that may be missing; a percentage rounds down";
            let missing = f.int_or_percent("maxUnavailable", missing);
            let is_zero = |b: &Option<String>| b.as_deref().is_some_and(|b| b == "0" || b == "0%");
            if is_zero(&surge) && is_zero(&missing) {
                let found = "maxSurge and maxUnavailable are both 0";
                f.problem("maxUnavailable", found, "one of them above 0", "");
            }
            if percent(&missing).is_some_and(|p| p > 100) {
                f.problem("maxUnavailable", "more than all pods", "at most 100%", "");
            }
            (surge, missing)
        });
        let recreate = word == Some(1);
        if recreate && f.has("rollingUpdate") {
            let help = "remove rollingUpdate, or write type: RollingUpdate";
            f.problem("rollingUpdate", "given beside type: Recreate", "nothing", help);
        }
        let (max_surge, max_unavailable) = bounds.unwrap_or_default();
        Deployment { recreate, max_surge, max_unavailable, ..Deployment::default() }
    });
    found.unwrap_or_default()
}

fn percent(bound: &Option<String>) -> Option<u32> {
    bound.as_deref().and_then(|b| b.strip_suffix('%')).and_then(|p| p.parse().ok())
}

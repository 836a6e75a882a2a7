//! What a Rollout says, as plain data: only what it gives, in its own terms.
//!
//! Deliberately unknown here: defaults, and how a Scenario says the same.

use crate::fields::Labels;
use crate::kinds::analysis_template::Argument;
use crate::kinds::pod::{PodTemplate, Selector};

/// A Rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    /// Desired pods.
    pub replicas: Option<u64>,
    /// Which pods are its own.
    pub selector: Option<Selector>,
    /// `spec.template`; nothing if the pods are those of a Deployment (`workloadRef`).
    pub template: Option<PodTemplate>,
    /// The Deployment whose template it takes.
    pub workload: Option<String>,
    /// Seconds that a pod must be ready.
    pub min_ready_secs: Option<u64>,
    /// `spec.paused`.
    pub paused: bool,
    /// Annotations that say what the other fields can't.
    pub answers: Labels,
    /// `progressDeadlineSeconds`.
    pub deadline_secs: Option<u64>,
    /// `progressDeadlineAbort`.
    pub deadline_abort: Option<bool>,
    /// `rollbackWindow.revisions`.
    pub rollback_window: Option<u64>,
    /// Names of the objects that its strategy is wired to.
    pub wired: Wired,
    /// `canary` or `blueGreen`.
    pub strategy: Option<Strategy>,
}

impl Rollout {
    /// Labels of the pods of its experiments.
    pub fn experiments(&self) -> Vec<Labels> {
        let Some(Strategy::Canary(canary)) = &self.strategy else { return Vec::new() };
        let own = self.template.as_ref().map(|t| t.labels.clone()).unwrap_or_default();
        let of = |template: &Beside| {
            let kept =
                own.iter().filter(|(name, _)| template.labels.iter().all(|(n, _)| n != name));
            kept.chain(&template.labels).cloned().collect()
        };
        let templates = canary.steps.iter().flat_map(|step| match step {
            Step::Experiment(experiment) => experiment.templates.as_slice(),
            _ => &[],
        });
        templates.map(of).collect()
    }
}

/// Objects that the controller writes to while it releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wired {
    /// Names of its Services.
    pub services: Vec<String>,
    /// Names of the VirtualServices whose weights it sets.
    pub virtual_services: Vec<String>,
    /// Names of the routes of these whose requests are divided; none means all.
    pub routes: Vec<String>,
    /// Names of the DestinationRules whose subsets it points at pods.
    pub destination_rules: Vec<String>,
    /// Labels that it puts on the pods of one side, which Services may select by.
    pub labels: Labels,
    /// Are its new pods kept from nodes with old ones?
    pub apart: bool,
    /// Labels that the controller writes on pods of the stable version and of the new one.
    pub sides: [Labels; 2],
}

/// How it is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// By steps.
    Canary(Box<Canary>),
    /// By a switch.
    BlueGreen(Box<BlueGreen>),
}

/// `spec.strategy.canary`: what it gives; nothing where it is silent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canary {
    /// `maxSurge`, as written.
    pub max_surge: Option<String>,
    /// `maxUnavailable`, as written.
    pub max_unavailable: Option<String>,
    /// `trafficRouting`.
    pub traffic: Option<Traffic>,
    /// `dynamicStableScale`.
    pub dynamic_stable_scale: Option<bool>,
    /// `scaleDownDelaySeconds`.
    pub scale_down_delay_secs: Option<u64>,
    /// `abortScaleDownDelaySeconds`.
    pub abort_delay_secs: Option<u64>,
    /// `minPodsPerReplicaSet`.
    pub min_pods: Option<u64>,
    /// `replicaProgressThreshold`.
    pub progress_threshold: Option<Enough>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_revisions: Option<u64>,
    /// `steps`, one act each.
    pub steps: Vec<Step>,
    /// `analysis` beside the steps, and the step at which it begins.
    pub analysis: Option<(Reference, Option<u64>)>,
}

/// `trafficRouting`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Its router, of which only the name is told.
    pub router: &'static str,
    /// `maxTrafficWeight`.
    pub max_weight: Option<u64>,
    /// Seconds for which a user stays with a side.
    pub sticky_secs: Option<u64>,
    /// Names of `managedRoutes`.
    pub managed_routes: Vec<String>,
}

/// How much of a step's pods is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enough {
    /// Percent of them.
    Percent(u64),
    /// That many.
    Pods(u64),
}

/// `spec.strategy.blueGreen`: what it gives; nothing where it is silent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlueGreen {
    /// Is a `previewService` named?
    pub preview_service: bool,
    /// `autoPromotionEnabled`.
    pub auto_promotion: Option<bool>,
    /// `autoPromotionSeconds`.
    pub auto_promotion_secs: Option<u64>,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<u64>,
    /// `scaleDownDelaySeconds`.
    pub scale_down_delay_secs: Option<u64>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_revisions: Option<u64>,
    /// `abortScaleDownDelaySeconds`.
    pub abort_delay_secs: Option<u64>,
    /// `prePromotionAnalysis`.
    pub before: Option<Reference>,
    /// `postPromotionAnalysis`.
    pub after: Option<Reference>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `setWeight`.
    SetWeight(u64),
    /// `pause`, with its duration; without one somebody has to promote.
    Pause(Option<String>),
    /// `setCanaryScale`.
    SetCanaryScale(Scale),
    /// `setHeaderRoute`.
    SetHeaderRoute(Route),
    /// `setMirrorRoute`, with its percentage.
    SetMirrorRoute(Route, Option<u64>),
    /// An analysis.
    Analysis(Reference),
    /// An experiment.
    Experiment(Experiment),
    /// A plugin: position of its step, and its name.
    Plugin(usize, String),
}

/// `setCanaryScale`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// `replicas`.
    pub replicas: Option<u64>,
    /// `weight`, in percent of the replicas.
    pub weight: Option<u64>,
    /// `matchTrafficWeight`.
    pub match_traffic_weight: Option<bool>,
}

/// A managed route that a step sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// `name`.
    pub name: Option<String>,
    /// Is `match` given, which names some of the requests?
    pub matching: bool,
}

/// `experiment`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// `duration`, as written.
    pub duration: Option<String>,
    /// `scaleDownDelaySeconds`.
    pub scale_down_delay_secs: Option<u64>,
    /// Pods that the experiment starts, template by template.
    pub templates: Vec<Beside>,
    /// Its analyses: name, whether the experiment waits for it, and its templates.
    pub analyses: Vec<(String, bool, Reference)>,
}

/// A template of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Name of the template within the experiment.
    pub name: String,
    /// Are its pods the canary's, or else the stable version's?
    pub canary: bool,
    /// `replicas`.
    pub replicas: Option<u64>,
    /// `weight`.
    pub weight: Option<u64>,
    /// Labels that its pods have in place of the Rollout's.
    pub labels: Labels,
}

/// Templates that make an analysis, with their arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Where it stands.
    pub path: String,
    /// Does it name one template, in a field of its own?
    pub one: bool,
    /// Names of templates, and whether they belong to the whole cluster.
    pub templates: Vec<(String, bool)>,
    /// Arguments.
    pub arguments: Vec<Argument>,
    /// Metrics without a say.
    pub dry_run: Vec<String>,
}

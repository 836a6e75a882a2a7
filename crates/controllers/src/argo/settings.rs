//! What a Rollout of Argo says, as plain data, with the defaults of the controller.
//!
//! Read from argoproj/argo-rollouts 9f8d111 (1.10.0-rc1): `pkg/apis/rollouts/v1alpha1/types.go`
//! and `utils/defaults/defaults.go`. Each field names the field of the manifest it stands for.
//! Whoever reads manifests fills it in, with AnalysisTemplates resolved and their arguments put
//! in place. Deliberately unknown here: what the controller makes of it.

use crate::analysis_run::metric::ArgoMetric;
use crate::deployment::bounds::{Bounds, IntOrPercent};
use crate::order::Ordered;
use crate::reply::Reply;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

/// One Rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgoSettings {
    /// `metadata.name`; empty until the service's name is known, if it is the same.
    pub name: String,
    /// `spec.strategy`.
    pub strategy: Strategy,
    /// `spec.progressDeadlineSeconds`.
    pub progress_deadline: SimDuration,
    /// `spec.progressDeadlineAbort`.
    pub progress_deadline_abort: bool,
    /// How long after a pause without end somebody promotes it; nothing means never.
    pub promoted_after: Option<SimDuration>,
    /// How long after the release somebody runs `promote --full`; nothing means never.
    pub promoted_full_after: Option<SimDuration>,
    /// `spec.paused`: how long after the release somebody resumes it; nothing means not paused.
    pub resumed_after: Option<SimDuration>,
    /// `spec.rollbackWindow.revisions`: an undo so far back passes over all steps.
    pub rollback_window: Option<u32>,
    /// Which release's rules apply where they changed.
    pub rules: Rules,
    /// What people order during the release.
    pub orders: Vec<Ordered>,
}

/// Which release's rules apply where they changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// After 1.10 an abort with `dynamicStableScale` and a written `abortScaleDownDelaySeconds`
    /// takes the weight back as the stable pods allow; before, the canary's pods, which the delay
    /// keeps, held it (argoproj/argo-rollouts#4900, `utils/replicaset/canary.go`).
    pub stable_alone_frees_weight: bool,
}

impl Rules {
    /// The words for releases, and whose rules they mean; the newest release first.
    pub const WORDS: [(&'static str, Rules); 3] = [
        ("v1.10", Rules { stable_alone_frees_weight: false }),
        ("v1.9", Rules { stable_alone_frees_weight: false }),
        ("head", Rules { stable_alone_frees_weight: true }),
    ];

    /// A word for them.
    pub fn word(self) -> &'static str {
        Rules::WORDS.iter().find(|(_, rules)| *rules == self).map_or("", |(word, _)| word)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Rules::WORDS[0].1
    }
}

impl ArgoSettings {
    /// All analyses, with where they stand.
    pub fn analyses(&self) -> Vec<(String, &Analysis)> {
        let mut found = Vec::new();
        match &self.strategy {
            Strategy::Canary(canary) => {
                for (number, step) in canary.steps.iter().enumerate() {
                    match step {
                        Step::Analysis(analysis) => {
                            found.push((format!("steps[{number}].analysis"), analysis));
                        }
                        Step::Experiment(trial) => {
                            let path = format!("steps[{number}].experiment.analyses");
                            let of = trial.analyses.iter().enumerate();
                            found.extend(of.map(|(i, a)| (format!("{path}[{i}]"), &a.analysis)));
                        }
                        _ => {}
                    }
                }
                let beside = canary.analysis.iter();
                found.extend(beside.map(|b| ("analysis".to_string(), &b.analysis)));
            }
            Strategy::BlueGreen(plan) => {
                let fields = ["prePromotionAnalysis", "postPromotionAnalysis"];
                let analyses = [&plan.pre_promotion, &plan.post_promotion];
                for (field, analysis) in fields.into_iter().zip(analyses) {
                    found.extend(analysis.iter().map(|a| (field.to_string(), a)));
                }
            }
        }
        found
    }

    /// All metrics of all analyses.
    pub fn metrics(&self) -> impl Iterator<Item = &ArgoMetric> {
        self.analyses().into_iter().flat_map(|(_, analysis)| &analysis.metrics)
    }

    /// The largest weight, with traffic routing.
    pub fn routed_weight(&self) -> Option<u32> {
        match &self.strategy {
            Strategy::Canary(canary) if canary.traffic.is_some() => Some(canary.max_weight()),
            _ => None,
        }
    }

    /// Number of steps; a blue-green rollout has none.
    pub fn steps(&self) -> usize {
        match &self.strategy {
            Strategy::Canary(canary) => canary.steps.len(),
            Strategy::BlueGreen(_) => 0,
        }
    }
}

/// `spec.strategy`.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// `canary`.
    Canary(Canary),
    /// `blueGreen`.
    BlueGreen(BlueGreen),
}

/// `spec.strategy.canary`.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// `steps`.
    pub steps: Vec<Step>,
    /// `maxSurge`.
    pub max_surge: IntOrPercent,
    /// `maxUnavailable`.
    pub max_unavailable: IntOrPercent,
    /// `trafficRouting`; without it the weight is the ratio of pods.
    pub traffic: Option<Traffic>,
    /// Do users come by the stable Service alone, whose selector the controller points at pods of
    /// the stable version (`reconcileStableAndCanaryService`), while no router weighs requests?
    pub stable_service_only: bool,
    /// `dynamicStableScale`.
    pub dynamic_stable_scale: bool,
    /// `scaleDownDelaySeconds` of the old stable pods; the default is 30 s with traffic routing.
    pub scale_down_delay: Option<SimDuration>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_revisions: Option<u32>,
    /// `abortScaleDownDelaySeconds`; zero keeps the canary for ever.
    pub abort_scale_down_delay: Option<SimDuration>,
    /// `minPodsPerReplicaSet`.
    pub min_pods: Option<u32>,
    /// `replicaProgressThreshold`.
    pub progress_threshold: Option<Threshold>,
    /// `analysis`: one run beside the steps.
    pub analysis: Option<Background>,
}

/// `trafficRouting`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// `maxTrafficWeight`.
    pub max_weight: u32,
    /// `managedRoutes`, by name.
    pub managed_routes: Vec<String>,
    /// `alb.stickinessConfig`: how long users stay with the side that they have met.
    pub sticky: Option<SimDuration>,
    /// The router, such as `istio` or `nginx`, for the event log.
    pub router: String,
    /// `stableService` and `canaryService`, by which the router's metrics know the two sides.
    pub services: Option<[String; 2]>,
}

/// `replicaProgressThreshold`: how much of a step's pods is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Percent of the desired pods.
    Percent(i32),
    /// Pods.
    Pods(i32),
}

/// One analysis: its metrics, with templates merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Metrics that are measured, in the order of the templates; empty: nothing is asked.
    pub metrics: Vec<ArgoMetric>,
}

/// `canary.analysis`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Background {
    /// What is measured meanwhile.
    pub analysis: Analysis,
    /// `startingStep`.
    pub starting_step: Option<usize>,
}

/// One of `canary.steps`.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `setWeight`.
    SetWeight(u32),
    /// `pause`, without a duration until somebody promotes.
    Pause(Option<SimDuration>),
    /// `setCanaryScale`, with traffic routing only.
    SetCanaryScale(CanaryScale),
    /// `analysis`.
    Analysis(Analysis),
    /// `setHeaderRoute`: matching users go to the canary; no match takes the route away.
    SetHeaderRoute {
        /// `name`.
        name: String,
        /// Share of users whose requests match.
        matching: Option<Share>,
    },
    /// `setMirrorRoute`: matching requests are copied to the canary; no match takes it away.
    SetMirrorRoute {
        /// `name`.
        name: String,
        /// Share of requests that match.
        matching: Option<Share>,
        /// `percentage` of those that are copied.
        percentage: Share,
    },
    /// `experiment`: pods beside the two versions, until it ends.
    Experiment(Experiment),
    /// `plugin`: a program of the owner's.
    Plugin(Plugin),
}

/// `experiment`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// `templates`.
    pub templates: Vec<ExperimentTemplate>,
    /// `duration`, from the time at which all pods are available; nothing means no end.
    pub duration: Option<SimDuration>,
    /// `analyses`.
    pub analyses: Vec<ExperimentAnalysis>,
    /// `scaleDownDelaySeconds` of its pods; the default is 30 s.
    pub scale_down_delay: Option<SimDuration>,
}

/// One of `experiment.templates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentTemplate {
    /// `name`.
    pub name: String,
    /// `specRef`: the canary's pods, or else the stable version's.
    pub canary: bool,
    /// `replicas`.
    pub replicas: u32,
    /// `weight`, with traffic routing, of the largest weight.
    pub weight: Option<u32>,
    /// Without traffic routing: does the users' Service select its pods too?
    pub serves: bool,
}

/// One of `experiment.analyses`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentAnalysis {
    /// `name`.
    pub name: String,
    /// What is measured meanwhile.
    pub analysis: Analysis,
    /// `requiredForCompletion`.
    pub required: bool,
}

/// `plugin`: what no flight can run, so that its end is a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// `name`.
    pub name: String,
    /// When it is a success; else the update is aborted.
    pub reply: Reply,
    /// How long it runs.
    pub takes: SimDuration,
}

/// `setCanaryScale`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryScale {
    /// `replicas`.
    pub replicas: Option<u32>,
    /// `weight`, percent of the replicas; more than 100 is allowed.
    pub weight: Option<u32>,
    /// `matchTrafficWeight`: back to the size that the weight asks for.
    pub match_traffic_weight: bool,
}

/// `spec.strategy.blueGreen`.
#[derive(Clone, Debug, PartialEq)]
pub struct BlueGreen {
    /// `autoPromotionEnabled`.
    pub auto_promotion: bool,
    /// `autoPromotionSeconds`.
    pub auto_promotion_after: SimDuration,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<u32>,
    /// `activeService`, by which metrics know what users ask.
    pub active_service: Option<String>,
    /// Is there a `previewService`?
    pub preview_service: bool,
    /// `scaleDownDelaySeconds`; the default is 30 s.
    pub scale_down_delay: Option<SimDuration>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_revisions: Option<u32>,
    /// `abortScaleDownDelaySeconds`; zero keeps the preview for ever.
    pub abort_scale_down_delay: Option<SimDuration>,
    /// `prePromotionAnalysis`.
    pub pre_promotion: Option<Analysis>,
    /// `postPromotionAnalysis`.
    pub post_promotion: Option<Analysis>,
}

/// Delay before pods are scaled down, when nothing is said.
pub const SCALE_DOWN_DELAY: SimDuration = SimDuration::from_secs(30);

impl ArgoSettings {
    /// A Rollout with this strategy and the controller's defaults.
    pub fn new(name: &str, strategy: Strategy) -> ArgoSettings {
        ArgoSettings {
            name: name.to_string(),
            strategy,
            progress_deadline: SimDuration::from_secs(600),
            progress_deadline_abort: false,
            promoted_after: None,
            promoted_full_after: None,
            resumed_after: None,
            rollback_window: None,
            rules: Rules::default(),
            orders: Vec::new(),
        }
    }
}

impl Canary {
    /// The largest weight.
    pub fn max_weight(&self) -> u32 {
        self.traffic.as_ref().map_or(100, |traffic| traffic.max_weight)
    }

    /// The resolved bounds: surge rounds up, unavailable down, and one pod may be missing when
    /// both come out 0. A text without a sign is read as a percentage, as the defaults are.
    pub fn bounds(&self, replicas: u32) -> Result<Bounds, String> {
        let percent = |setting: &IntOrPercent| match setting {
            IntOrPercent::Text(text) if !text.ends_with('%') => {
                IntOrPercent::Text(format!("{text}%"))
            }
            other => other.clone(),
        };
        let (surge, unavailable) = (percent(&self.max_surge), percent(&self.max_unavailable));
        let mut bounds = Bounds::resolve(Some(&surge), Some(&unavailable), replicas)?;
        bounds.unavailable = bounds.unavailable.min(replicas);
        Ok(bounds)
    }

    /// Delay before old stable pods go; basic canaries have none.
    pub fn scale_down_delay(&self) -> SimDuration {
        match self.traffic {
            None => SimDuration::ZERO,
            Some(_) => self.scale_down_delay.unwrap_or(SCALE_DOWN_DELAY),
        }
    }

    /// Delay before an aborted canary's pods go; nothing means never. Only traffic routing reads
    /// the setting.
    pub fn abort_delay(&self) -> Option<SimDuration> {
        match self.traffic {
            None => Some(SimDuration::ZERO),
            Some(_) => delay(self.abort_scale_down_delay),
        }
    }

    /// Was that delay written, and not as "never"?
    pub fn has_abort_delay(&self) -> bool {
        self.traffic.is_some() && self.abort_scale_down_delay.is_some_and(|d| d > SimDuration::ZERO)
    }
}

impl BlueGreen {
    /// Delay before old pods go.
    pub fn scale_down_delay(&self) -> SimDuration {
        self.scale_down_delay.unwrap_or(SCALE_DOWN_DELAY)
    }

    /// Delay before an aborted preview's pods go; nothing means never.
    pub fn abort_delay(&self) -> Option<SimDuration> {
        delay(self.abort_scale_down_delay)
    }

    /// Does the controller pause before it promotes?
    pub fn pauses(&self) -> bool {
        !self.auto_promotion || self.auto_promotion_after > SimDuration::ZERO
    }
}

fn delay(written: Option<SimDuration>) -> Option<SimDuration> {
    match written {
        None => Some(SCALE_DOWN_DELAY),
        Some(SimDuration::ZERO) => None,
        Some(delay) => Some(delay),
    }
}

impl Default for Canary {
    fn default() -> Self {
        let quarter = || IntOrPercent::Text("25%".into());
        Canary {
            steps: Vec::new(),
            max_surge: quarter(),
            max_unavailable: quarter(),
            traffic: None,
            stable_service_only: false,
            dynamic_stable_scale: false,
            scale_down_delay: None,
            scale_down_revisions: None,
            abort_scale_down_delay: None,
            min_pods: None,
            progress_threshold: None,
            analysis: None,
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic {
            max_weight: 100,
            managed_routes: Vec::new(),
            sticky: None,
            router: "istio".into(),
            services: None,
        }
    }
}

impl Default for BlueGreen {
    fn default() -> Self {
        BlueGreen {
            auto_promotion: true,
            auto_promotion_after: SimDuration::ZERO,
            preview_replicas: None,
            active_service: None,
            preview_service: true,
            scale_down_delay: None,
            scale_down_revisions: None,
            abort_scale_down_delay: None,
            pre_promotion: None,
            post_promotion: None,
        }
    }
}

impl Step {
    /// The step as `kubectl argo rollouts get rollout` and events print it
    /// (`utils/rollout/rolloututil.go` CanaryStepString).
    pub fn told(&self) -> String {
        match self {
            Step::SetWeight(weight) => format!("setWeight: {weight}"),
            Step::Pause(None) => "pause".into(),
            Step::Pause(Some(span)) => format!("pause: {span}"),
            Step::SetCanaryScale(scale) => match (scale.weight, scale.replicas) {
                (Some(weight), _) => format!("setCanaryScale{{weight: {weight}}}"),
                (None, Some(replicas)) => format!("setCanaryScale{{replicas: {replicas}}}"),
                _ => "setCanaryScale{matchTrafficWeight: true}".into(),
            },
            Step::Analysis(_) => "analysis".into(),
            Step::SetHeaderRoute { name, .. } => format!("setHeaderRoute: {name}"),
            Step::SetMirrorRoute { name, .. } => format!("setMirrorRoute: {name}"),
            Step::Experiment(_) => "experiment".into(),
            Step::Plugin(plugin) => format!("plugin: {}", plugin.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_zero_leave_one_pod() {
        let zero = IntOrPercent::Int(0);
        let canary = Canary { max_surge: zero.clone(), max_unavailable: zero, ..Canary::default() };
        assert_eq!(canary.bounds(5), Ok(Bounds { surge: 0, unavailable: 1 }));
        let plain = Canary { max_surge: IntOrPercent::Text("25".into()), ..Canary::default() };
        assert_eq!(plain.bounds(10), Ok(Bounds { surge: 3, unavailable: 2 }));
    }

    #[test]
    fn delays_of_zero_mean_never() {
        let mut canary = Canary { traffic: Some(Traffic::default()), ..Canary::default() };
        assert_eq!(canary.abort_delay(), Some(SCALE_DOWN_DELAY));
        assert!(!canary.has_abort_delay());
        canary.abort_scale_down_delay = Some(SimDuration::ZERO);
        assert_eq!((canary.abort_delay(), canary.has_abort_delay()), (None, false));
        canary.traffic = None;
        assert_eq!(canary.scale_down_delay(), SimDuration::ZERO);
    }
}

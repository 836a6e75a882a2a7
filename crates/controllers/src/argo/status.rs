//! What Argo keeps of a Rollout between reconciles, what one sees, and what it writes.
//!
//! Follows argoproj/argo-rollouts `pkg/apis/rollouts/v1alpha1/types.go` (`RolloutStatus`).
//! Templates are told apart by a number. Deliberately unknown here: why anything is written.

use super::counts::Rs;
use super::experiment::{Place, Trial};
use super::weight::Weights;
use crate::analysis_run::metric::ArgoMetric;
use crate::analysis_run::outcome::{MeasurementAnswer, Phase};
use crate::analysis_run::run::Run;
use std::collections::BTreeMap;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_base::units::Share;

/// Number of a pod template.
pub type Template = u64;

/// Why a Rollout is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// A pause step.
    CanaryStep,
    /// Blue-green waits for its promotion.
    BlueGreen,
    /// An analysis was inconclusive.
    Inconclusive,
    /// An experiment was.
    InconclusiveExperiment,
}

impl Pause {
    /// The controller's word.
    pub fn word(self) -> &'static str {
        match self {
            Pause::CanaryStep => "CanaryPauseStep",
            Pause::BlueGreen => "BlueGreenPause",
            Pause::Inconclusive => "InconclusiveAnalysisRun",
            Pause::InconclusiveExperiment => "InconclusiveExperiment",
        }
    }
}

/// An AnalysisRun that belongs to a Rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Metrics of the run, as they were when it began.
    pub metrics: Vec<ArgoMetric>,
    /// Where it stands.
    pub run: Run,
    /// The step it belongs to.
    pub step: usize,
}

impl Held {
    /// A run that begins with its first look.
    pub fn new(metrics: &[ArgoMetric], step: usize) -> Held {
        Held { metrics: metrics.to_vec(), run: Run::new(metrics.len()), step }
    }

    /// Tells it to stop, unless it is over.
    pub fn cancel(&mut self, now: SimTime) {
        if !self.run.phase.is_completed() {
            self.run.terminate = true;
            self.run.assess(&self.metrics, now);
        }
    }
}

/// What an AnalysisRun is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A step of a canary.
    Step,
    /// Beside the steps.
    Background,
    /// Before the promotion of blue-green.
    PrePromotion,
    /// After it.
    PostPromotion,
    /// One of an experiment, by its position.
    Experiment(usize),
}

impl Role {
    /// The controller's word.
    pub fn word(self) -> &'static str {
        match self {
            Role::Step => "Step",
            Role::Background => "Background",
            Role::PrePromotion => "PrePromotion",
            Role::PostPromotion => "PostPromotion",
            Role::Experiment(_) => "Experiment",
        }
    }
}

/// Routes that steps set beside the weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Managed {
    /// Share of users by the name of their header route.
    pub headers: BTreeMap<String, Share>,
    /// Share of requests copied, by the name of the mirror route.
    pub mirrors: BTreeMap<String, Share>,
}

/// Pods as the status counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of all sets.
    pub replicas: u32,
    /// Of the wanted template.
    pub updated: u32,
    /// Ready ones.
    pub ready: u32,
    /// Available ones.
    pub available: u32,
}

/// The condition Progressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progressing {
    /// Something moved.
    Updated,
    /// Complete.
    Available,
    /// Paused or aborted: no clock runs.
    Halted,
    /// The deadline has passed.
    TimedOut,
}

/// `status` of a Rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgoStatus {
    /// `stableRS`.
    pub stable: Template,
    /// `currentPodHash`: the wanted template as of the last reconcile.
    pub current: Template,
    /// `currentStepIndex`.
    pub step: usize,
    /// `pauseConditions`.
    pub pauses: Vec<(Pause, SimTime)>,
    /// `controllerPause`: true without a condition means that somebody has promoted.
    pub controller_pause: bool,
    /// `abort`.
    pub abort: bool,
    /// `promoteFull`: steps, pauses and analyses are passed over.
    pub promote_full: bool,
    /// The wanted pods were there, waiting for their end, when the update began.
    pub within_delay: bool,
    /// `canary.weights`, with the template behind the canary's side.
    pub weights: Option<(Weights, Template)>,
    /// Managed routes in force.
    pub managed: Managed,
    /// `scale-down-deadline` of ReplicaSets.
    pub deadlines: BTreeMap<Template, SimTime>,
    /// Selector of the active service.
    pub active: Template,
    /// `blueGreen.scaleUpPreviewCheckPoint`.
    pub checkpoint: bool,
    /// Current AnalysisRuns.
    pub runs: BTreeMap<Role, Held>,
    /// Experiments whose pods are not all gone, oldest first.
    pub trials: Vec<Trial>,
    /// Experiments so far.
    pub trials_begun: u32,
    /// Weight that the router has for the canary pods of an experiment.
    pub trial_weight: u32,
    /// The plugin step that runs: which, and since when.
    pub plugin: Option<(usize, SimTime)>,
    /// Pod counts.
    pub tally: Tally,
    /// Progressing, and its last update.
    pub progress: (Progressing, SimTime),
}

impl ArgoStatus {
    /// A Rollout that runs `template`, with nothing to do.
    pub fn healthy(template: Template, steps: usize, now: SimTime) -> ArgoStatus {
        ArgoStatus {
            stable: template,
            current: template,
            step: steps,
            pauses: Vec::new(),
            controller_pause: false,
            abort: false,
            promote_full: false,
            within_delay: false,
            weights: None,
            managed: Managed::default(),
            deadlines: BTreeMap::new(),
            active: template,
            checkpoint: false,
            runs: BTreeMap::new(),
            trials: Vec::new(),
            trials_begun: 0,
            trial_weight: 0,
            plugin: None,
            tally: Tally::default(),
            progress: (Progressing::Available, now),
        }
    }

    /// Would writing this one in place of `other` change nothing? Since when nothing moves is no
    /// news.
    pub fn says_the_same_as(&self, other: &ArgoStatus) -> bool {
        let at_rest = matches!(self.progress.0, Progressing::Halted | Progressing::Available);
        if !at_rest || self.progress.0 != other.progress.0 {
            return self == other;
        }
        *self == ArgoStatus { progress: self.progress, ..other.clone() }
    }

    /// Is it paused for this reason, and since when?
    pub fn paused(&self, pause: Pause) -> Option<SimTime> {
        self.pauses.iter().find(|(reason, _)| *reason == pause).map(|(_, since)| *since)
    }

    /// Where the run of a role stands.
    pub fn phase(&self, role: Role) -> Option<Phase> {
        self.runs.get(&role).map(|held| held.run.phase)
    }

    /// Is nothing being updated?
    pub fn is_promoted(&self) -> bool {
        self.stable == self.current
    }

    /// Somebody promotes what is paused (`kubectl argo rollouts promote`).
    pub fn promote(&mut self) {
        self.pauses.clear();
    }

    /// Looks at all runs, which take the measurements that are due; `ask` answers a metric.
    /// Returns when the next look is due; what was measured is added to `told`.
    pub fn look(
        &mut self,
        now: SimTime,
        ask: &mut dyn FnMut(&ArgoMetric) -> MeasurementAnswer,
        told: &mut Vec<String>,
    ) -> Option<SimTime> {
        let mut next: Option<SimTime> = None;
        for (role, held) in &mut self.runs {
            let metrics = &held.metrics;
            let taken = held.run.look(metrics, now, &mut |number| ask(&metrics[number]));
            told.extend(taken.into_iter().filter_map(|number| measured(*role, held, number)));
            if !held.run.phase.is_completed() {
                let at = held.run.next_look(metrics, now);
                next = [next, at].into_iter().flatten().min();
            }
        }
        next
    }
}

/// The last measurement of a metric, and the counters of the metric, as `kubectl argo rollouts get`
/// and the AnalysisRun show them.
fn measured(role: Role, held: &Held, number: usize) -> Option<String> {
    let result = held.run.results.get(number)?.as_ref()?;
    let (metric, last) = (held.metrics.get(number)?, result.measurements.last()?);
    let counters = &result.counters;
    let what = match last.message.as_str() {
        _ if last.finished.is_none() => "under way".to_string(),
        "" if metric.given.is_some() => "as it is set to".to_string(),
        "" => format!("value {}", last.value),
        message => format!("message {message:?}"),
    };
    Some(format!(
        "{} AnalysisRun: measurement of {}: {}, {what} (successful {}, failed {}, error {}, \
         inconclusive {})",
        role.word(),
        metric.name,
        last.phase.word(),
        counters.successful,
        counters.failed,
        counters.error,
        counters.inconclusive
    ))
}

/// What a line of `measured` says of a measurement that is over: whose it is, what it came to,
/// and whether there was nothing to measure.
pub fn measurement(line: &str) -> Option<(&str, Phase, bool)> {
    let (_, rest) = line.split_once(" AnalysisRun: measurement of ")?;
    Phase::ALL.into_iter().filter(|phase| phase.is_completed()).find_map(|phase| {
        let (name, what) = rest.split_once(&format!(": {}, ", phase.word()))?;
        Some((name, phase, what.contains("no data returned")))
    })
}

/// A ReplicaSet as a reconcile sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSight {
    /// Pod template of the set, by which it is told from others.
    pub template: Template,
    /// Name of the ReplicaSet: the Rollout's with the hash of the template.
    pub name: String,
    /// Pods that the set asks for, has and finds available.
    pub rs: Rs,
    /// Ready pods.
    pub ready: u32,
}

/// What one reconcile sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArgoObserved {
    /// The instant of this reconcile.
    pub now: SimTime,
    /// When the release began.
    pub released: SimTime,
    /// A number of this flight for chances.
    pub chance: u64,
    /// Pods of experiments: number of the experiment, position of the template, counts.
    pub trials: Vec<(u32, usize, Rs)>,
    /// `spec.replicas`.
    pub replicas: u32,
    /// The template in `spec`.
    pub wanted: Template,
    /// All ReplicaSets, oldest first.
    pub sets: Vec<SetSight>,
}

/// What one reconcile writes.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgoWrite {
    /// Creates the ReplicaSet of a template, empty.
    Create(Template),
    /// Writes a size.
    Scale(Template, u32),
    /// Weight of the side of a template, and the managed routes.
    Route {
        /// The canary's template.
        canary: Template,
        /// Its weight, as a share.
        weight: Share,
        /// Routes beside it.
        managed: Managed,
    },
    /// Writes the size of a template of an experiment, and creates its set if there is none.
    Trial {
        /// Number of the experiment.
        id: u32,
        /// Position of its template.
        index: usize,
        /// The pod template.
        template: Template,
        /// Where its pods serve.
        place: Place,
        /// Desired pods.
        size: u32,
    },
    /// The active service selects a template.
    Activate(Template),
    /// The wanted template is stable now.
    Promoted,
    /// The update is aborted.
    Aborted,
    /// The progress deadline has passed.
    DeadlinePassed,
    /// Asks for another reconcile after a while.
    Again(SimDuration),
    /// An event.
    Event(String),
}

//! The experiment of a step: pods beside the two versions, judged until it ends.
//!
//! Follows argoproj/argo-rollouts `rollout/experiment.go` and `experiments/experiment.go`
//! (`reconcileTemplate`, `calculateStatus`). Its analyses begin when all of its pods are available,
//! and its duration counts from there; a bad one ends it early, and its pods go after a delay.
//! Deliberately unknown here: which pods users meet.

use super::counts::Rs;
use super::pass::Pass;
use super::settings::{Experiment, ExperimentTemplate, SCALE_DOWN_DELAY};
use super::status::{ArgoWrite, Held, Pause, Role, Template};
use crate::analysis_run::outcome::Phase;
use windtunnel_base::time::{SimDuration, SimTime};

/// Where the pods of an experiment serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind the users' Service, with all other pods.
    Fleet,
    /// Behind a Service of their own, to which the router sends a weight.
    Weighted,
    /// No user's request gets there.
    Apart,
}

/// An experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Number of the experiment within the rollout, from 0.
    pub id: u32,
    /// Its step; nothing once another update has begun.
    pub step: Option<usize>,
    /// Where it stands.
    pub phase: Phase,
    /// Why.
    pub message: String,
    /// Templates of its pods, and where they serve.
    pub templates: Vec<(Template, Place)>,
    /// Available pods by template, as last seen, and since when.
    pub available: (Vec<u32>, SimTime),
    /// When all were available for the first time.
    pub available_at: Option<SimTime>,
    /// How long its pods stay after its end.
    pub delay: SimDuration,
    /// When it ended.
    pub ended: Option<SimTime>,
    /// Its pods are told to go.
    pub down: bool,
}

impl Trial {
    /// Does it run, for this step?
    pub fn is_running(&self, step: usize) -> bool {
        self.step == Some(step) && self.phase == Phase::Running
    }

    /// Has it ended well, for this step?
    pub fn has_succeeded(&self, step: usize) -> bool {
        self.step == Some(step) && self.phase == Phase::Successful
    }
}

/// Ends experiments that are not the step's at hand, and scales down those that have ended.
pub(super) fn wind_down(pass: &mut Pass<'_>, at: Option<usize>) {
    let now = pass.sight.now;
    let mut trials = std::mem::take(&mut pass.status.trials);
    for trial in &mut trials {
        if (trial.step != at || at.is_none()) && trial.ended.is_none() {
            trial.phase = Phase::Successful;
            trial.ended = Some(now);
            stop_runs(pass);
        }
        let (Some(ended), false) = (trial.ended, trial.down) else { continue };
        if ended + trial.delay > now {
            pass.orders.push(ArgoWrite::Again((ended + trial.delay).since(now)));
            continue;
        }
        trial.down = true;
        for (index, (template, place)) in trial.templates.iter().enumerate() {
            let (template, place) = (*template, *place);
            pass.orders.push(ArgoWrite::Trial { id: trial.id, index, template, place, size: 0 });
        }
    }
    // One that has ended is remembered while its step is at hand.
    trials.retain(|trial| !trial.down || at.is_some() && trial.step == at);
    pass.status.trials = trials;
}

fn stop_runs(pass: &mut Pass<'_>) {
    let roles: Vec<Role> = pass.status.runs.keys().copied().collect();
    for role in roles.into_iter().filter(|role| matches!(role, Role::Experiment(_))) {
        pass.cancel(role);
    }
}

/// Begins the experiment of a step, or looks how it stands.
pub(super) fn tend(pass: &mut Pass<'_>, experiment: &Experiment, routed: bool, at: usize) {
    let Some(position) = pass.status.trials.iter().position(|trial| trial.step == Some(at)) else {
        return begin(pass, experiment, routed, at);
    };
    let mut trial = pass.status.trials[position].clone();
    if trial.ended.is_none() {
        assess(pass, experiment, &mut trial);
        if trial.phase.is_completed() {
            trial.ended = Some(pass.sight.now);
            stop_runs(pass);
            let why = if trial.message.is_empty() { "" } else { ": " };
            let (word, message) = (trial.phase.word(), &trial.message);
            pass.event(format!("Experiment transitioned from Running -> {word}{why}{message}"));
            pass.orders.push(ArgoWrite::Again(trial.delay));
        }
    }
    match trial.phase {
        Phase::Inconclusive => pass.added.push(Pause::InconclusiveExperiment),
        Phase::Error | Phase::Failed => {
            let tail = if trial.message.is_empty() { "" } else { ": " };
            let message = &trial.message;
            let text = format!("Experiment analysis phase is error/failed{tail}{message}");
            pass.add_abort = Some(text);
        }
        Phase::Successful | Phase::Running | Phase::Pending => {}
    }
    pass.status.trials[position] = trial;
}

fn begin(pass: &mut Pass<'_>, experiment: &Experiment, routed: bool, at: usize) {
    let id = pass.status.trials_begun;
    pass.status.trials_begun += 1;
    let place = |template: &ExperimentTemplate| match (routed, template.weight) {
        (true, Some(_)) => Place::Weighted,
        (false, _) if template.serves => Place::Fleet,
        _ => Place::Apart,
    };
    let (new, stable) = (pass.sight.wanted, pass.before.stable);
    let of = |template: &ExperimentTemplate| {
        (if template.canary { new } else { stable }, place(template))
    };
    let templates: Vec<(Template, Place)> = experiment.templates.iter().map(of).collect();
    for (index, (template, place)) in templates.iter().enumerate() {
        let size = experiment.templates[index].replicas;
        let (template, place) = (*template, *place);
        pass.orders.push(ArgoWrite::Trial { id, index, template, place, size });
    }
    let name = format!("{}-{new}-{at}", pass.settings.name);
    pass.event(format!("Created Experiment '{name}'"));
    pass.orders.push(ArgoWrite::Again(SimDuration::ZERO));
    pass.status.trials.push(Trial {
        id,
        step: Some(at),
        phase: Phase::Pending,
        message: String::new(),
        templates,
        available: (Vec::new(), pass.sight.now),
        available_at: None,
        delay: experiment.scale_down_delay.unwrap_or(SCALE_DOWN_DELAY),
        ended: None,
        down: false,
    });
}

/// How the templates stand: Pending until all pods are available, Running from then on, Successful
/// after the duration, Failed when nothing moves for too long.
fn templates(pass: &mut Pass<'_>, experiment: &Experiment, trial: &mut Trial) -> (Phase, String) {
    let now = pass.sight.now;
    let count = |index: usize| {
        let seen = pass.sight.trials.iter().find(|(id, at, _)| (*id, *at) == (trial.id, index));
        seen.map_or(Rs::default(), |(.., rs)| *rs).available
    };
    let available: Vec<u32> = (0..experiment.templates.len()).map(count).collect();
    if trial.available.0 != available {
        trial.available = (available, now);
    }
    let short = |(template, seen): (&ExperimentTemplate, &u32)| {
        (template.replicas != *seen).then(|| template.name.clone())
    };
    if let Some(name) = experiment.templates.iter().zip(&trial.available.0).find_map(short) {
        let deadline = trial.available.1 + pass.settings.progress_deadline;
        if now > deadline {
            let secs = pass.settings.progress_deadline.as_secs_f64();
            let text = format!("Template '{name}' exceeded its progressDeadlineSeconds ({secs})");
            return (Phase::Failed, text);
        }
        pass.orders.push(ArgoWrite::Again(deadline.since(now) + MOMENT));
        return (Phase::Pending, String::new());
    }
    match (trial.available_at, experiment.duration) {
        (Some(since), Some(duration)) if now > since + duration => {
            (Phase::Successful, String::new())
        }
        (since, Some(duration)) => {
            let end = since.unwrap_or(now) + duration;
            pass.orders.push(ArgoWrite::Again(end.since(now) + MOMENT));
            (Phase::Running, String::new())
        }
        (_, None) => (Phase::Running, String::new()),
    }
}

/// "After" an instant means a moment later.
const MOMENT: SimDuration = SimDuration::from_millis(1);

/// How the analyses stand together: the worst of them, with its message.
fn analyses(pass: &Pass<'_>, experiment: &Experiment) -> (Phase, String) {
    let mut worst = (Phase::Successful, String::new());
    for at in 0..experiment.analyses.len() {
        let held = pass.status.runs.get(&Role::Experiment(at));
        let phase = held.map_or(Phase::Pending, |held| held.run.phase);
        if phase > worst.0 {
            worst = (phase, held.map_or(String::new(), |held| held.run.message.clone()));
        }
    }
    if worst.0 <= Phase::Pending && required_are_done(pass, experiment) {
        return (Phase::Successful, "Required Analysis Runs completed".into());
    }
    if worst.0 == Phase::Pending {
        worst.0 = Phase::Running;
    }
    worst
}

/// Is there an analysis that has to succeed, and have all of those?
fn required_are_done(pass: &Pass<'_>, experiment: &Experiment) -> bool {
    let mut required = experiment.analyses.iter().enumerate().filter(|(_, a)| a.required);
    let done = |at: usize| pass.status.phase(Role::Experiment(at)) == Some(Phase::Successful);
    let any = experiment.analyses.iter().any(|analysis| analysis.required);
    any && required.all(|(at, _)| done(at))
}

fn assess(pass: &mut Pass<'_>, experiment: &Experiment, trial: &mut Trial) {
    let (phase, message) = templates(pass, experiment, trial);
    if phase == Phase::Running && trial.available_at.is_none() {
        trial.available_at = Some(pass.sight.now);
        for (at, analysis) in experiment.analyses.iter().enumerate() {
            let held = Held::new(&analysis.analysis.metrics, trial.step.unwrap_or(0));
            pass.status.runs.insert(Role::Experiment(at), held);
            let name = &analysis.name;
            pass.event(format!("Experiment AnalysisRun '{name}' transitioned from  -> Pending"));
        }
        pass.orders.push(ArgoWrite::Again(SimDuration::ZERO));
    }
    let (judged, why) = analyses(pass, experiment);
    let has_required = experiment.analyses.iter().any(|analysis| analysis.required);
    let by_analyses = match phase {
        Phase::Successful => judged.is_completed() || has_required,
        phase if phase.is_completed() => false,
        _ => {
            trial.available_at.is_some()
                && (judged.is_completed() && judged != Phase::Successful
                    || required_are_done(pass, experiment))
        }
    };
    (trial.phase, trial.message) = if by_analyses { (judged, why) } else { (phase, message) };
}

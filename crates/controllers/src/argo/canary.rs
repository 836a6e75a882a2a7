//! One reconcile of a canary Rollout, in the order of `rolloutCanary`.
//!
//! Follows argoproj/argo-rollouts `rollout/canary.go` and `rollout/trafficrouting.go`: routes,
//! analysis runs, the sizes of sets (stable first), the pause step, then the status, which may go
//! one step on. A reconcile that changes anything is followed by another. Deliberately unknown
//! here: pods, and what the balancers have learnt.

use super::counts::{Pair, is_created, is_far_enough};
use super::experiment;
use super::pass::Pass;
use super::settings::{ArgoSettings, Canary, Plugin, Step};
use super::status::{ArgoObserved, ArgoStatus, ArgoWrite, Pause, Role, Template};
use super::weight::{Stand, Weights, counts, current, desired, previous};
use crate::analysis_run::outcome::Phase;
use crate::deployment::bounds::Bounds;
use windtunnel_base::time::SimTime;
use windtunnel_base::units::Share;

/// `whole × share / of`, rounded down. Weights may be as large as upstream's int32: what does not
/// fit one is the most that does.
fn part(whole: u32, share: u32, of: u32) -> u32 {
    let part = u64::from(whole) * u64::from(share) / u64::from(of.max(1));
    u32::try_from(part).unwrap_or(u32::MAX)
}

/// One reconcile; `status` is written in place.
pub fn reconcile(
    settings: &ArgoSettings,
    canary: &Canary,
    status: &mut ArgoStatus,
    sight: &ArgoObserved,
) -> Vec<ArgoWrite> {
    let usual = Bounds { surge: 1, unavailable: 0 };
    let bounds = canary.bounds(sight.replicas).unwrap_or(usual);
    let mut pass = CanaryPass { canary, bounds, pass: Pass::new(settings, status, sight) };
    pass.run();
    pass.pass.orders
}

struct CanaryPass<'p> {
    canary: &'p Canary,
    bounds: Bounds,
    pass: Pass<'p>,
}

impl CanaryPass<'_> {
    fn run(&mut self) {
        if self.pass.before.current != self.pass.sight.wanted {
            self.begin();
            return self.persist();
        }
        if !self.pass.ensure_new() {
            return;
        }
        // The pods of an experiment are counted before traffic is sent to them.
        self.experiment();
        self.route();
        self.analyse();
        self.plugin();
        if !self.pass.added.is_empty() || self.scale_sets() || self.reconcile_pause() {
            return self.finish();
        }
        self.finish();
    }

    /// Another template: all over again, or straight back if it is the stable one.
    fn begin(&mut self) {
        self.pass.ensure_new();
        self.pass.reset();
        if self.pass.before.stable == self.pass.sight.wanted && !self.canary.steps.is_empty() {
            self.pass.event("Rollback to stable ReplicaSets");
            self.pass.status.step = self.canary.steps.len();
        } else if self.pass.is_within_window()
            && self.pass.rs(self.pass.sight.wanted).is_some_and(|rs| rs.size > 0)
        {
            self.pass.event("Rollback to active ReplicaSets within RollbackWindow");
            self.pass.status.step = self.canary.steps.len();
        }
    }

    fn persist(&mut self) {
        let step = self.canary.steps.get(self.pass.before.step);
        let waits = matches!(step, Some(Step::Pause(_) | Step::Analysis(_) | Step::Experiment(_)));
        let indefinite = waits || !self.pass.before.pauses.is_empty();
        self.pass.persist(indefinite);
    }

    fn stand(&self) -> Stand {
        Stand {
            replicas: self.pass.sight.replicas,
            step: self.pass.before.step,
            aborted: self.pass.before.abort,
            stable_alone: self.pass.settings.rules.stable_alone_frees_weight,
            promote_full: self.pass.before.promote_full,
            settled: self.pass.before.is_promoted(),
        }
    }

    fn counts(&self, weights: Option<Weights>) -> Pair {
        let others = self.pass.other_counts();
        let sets = self.pass.sets(&others);
        counts(self.canary, &self.stand(), &sets, weights, self.bounds)
    }

    fn at_desired_counts(&self, weights: Option<Weights>) -> bool {
        let pair = self.counts(weights);
        let (new, stable) =
            (self.pass.rs(self.pass.sight.wanted), self.pass.rs(self.pass.before.stable));
        if !is_far_enough(self.canary.progress_threshold, new, pair.canary) {
            return false;
        }
        let routed = self.canary.traffic.is_some();
        let dynamic = routed && self.canary.dynamic_stable_scale;
        if !dynamic && !is_created(stable, pair.stable) {
            return false;
        }
        routed || self.pass.other_counts().iter().all(|rs| rs.available == 0)
    }

    fn route(&mut self) {
        if self.canary.traffic.is_none() {
            self.pass.status.weights = None;
            return;
        }
        let max = self.canary.max_weight();
        let (weight, template, keeps_routes) = self.wanted_weight();
        if !keeps_routes {
            self.pass.status.managed = Default::default();
        }
        if !self.stable_can_take(max.saturating_sub(weight)) {
            return;
        }
        if keeps_routes {
            self.set_managed();
        }
        let weights = Weights { canary: weight, stable: max.saturating_sub(weight) };
        let extra = self.trial_weight();
        let before = &self.pass.before;
        let same_routes =
            before.managed == self.pass.status.managed && before.trial_weight == extra;
        if before.weights == Some((weights, template)) && same_routes {
            return;
        }
        let known = before.weights.map(|(weights, _)| weights.canary);
        if known != Some(weight) {
            let text = match known {
                None => format!("Traffic weight updated to {weight}"),
                Some(from) => format!("Traffic weight updated from {from} to {weight}"),
            };
            self.pass.event(text);
        }
        self.pass.status.weights = Some((weights, template));
        self.pass.status.trial_weight = extra;
        self.pass.orders.push(ArgoWrite::Route {
            canary: template,
            weight: Share::clamped((f64::from(weight) + f64::from(extra)) / f64::from(max.max(1))),
            managed: self.pass.status.managed.clone(),
        });
    }

    /// The weight the router should have, whose side it is, and whether managed routes stay.
    fn wanted_weight(&self) -> (u32, Template, bool) {
        let (before, wanted) = (&self.pass.before, self.pass.sight.wanted);
        let new = self.pass.rs(wanted);
        let replicas = self.pass.sight.replicas;
        if before.is_promoted() {
            let side = before.weights.map(|(_, template)| template);
            let going_back = self.canary.dynamic_stable_scale
                && side.is_some_and(|side| side != wanted)
                && new.is_some_and(|rs| rs.available < replicas);
            return match side.filter(|_| going_back) {
                // The stable set has to grow before it takes everything back.
                Some(side) => (self.weight_on_abort(), side, true),
                None => (0, wanted, false),
            };
        }
        if self.pass.is_aborted() {
            return (self.weight_on_abort(), wanted, false);
        }
        if new.is_none_or(|rs| rs.available == 0) {
            return (0, wanted, false);
        }
        if before.promote_full {
            // No more than the pods that are there can take; the rest comes with the promotion.
            let known = before.weights.map_or(0, |(weights, _)| weights.canary);
            let weight = match (self.canary.dynamic_stable_scale, new) {
                (true, Some(new)) => part(self.canary.max_weight(), new.available, replicas),
                _ => known,
            };
            return (weight, wanted, false);
        }
        let weight = if !self.at_desired_counts(None) {
            previous(self.canary, before.step)
        } else if before.step < self.canary.steps.len() {
            current(self.canary, &self.stand())
        } else {
            self.canary.max_weight()
        };
        (weight, wanted, true)
    }

    /// After an abort the weight is zero at once, or with a dynamic stable side as low as its
    /// available pods allow.
    fn weight_on_abort(&self) -> u32 {
        let stable = self.pass.rs(self.pass.before.stable);
        let (true, Some(stable)) = (self.canary.dynamic_stable_scale, stable) else { return 0 };
        let (max, replicas) = (self.canary.max_weight(), self.pass.sight.replicas);
        if replicas == 0 {
            return 0;
        }
        let others = self.pass.other_counts();
        let wanted = desired(self.canary, &self.stand(), &self.pass.sets(&others));
        let carried = part(max, stable.available, replicas);
        let expected = max.saturating_sub(carried);
        match self.pass.before.weights.map(|(weights, _)| weights.canary) {
            None => expected.max(wanted),
            Some(now) if wanted == 0 => expected.min(now),
            Some(now) if carried < max.saturating_sub(wanted) => now,
            Some(now) => wanted.min(now),
        }
    }

    /// Has the stable set the pods that its share of the traffic needs?
    fn stable_can_take(&self, weight: u32) -> bool {
        let Some(stable) = self.pass.rs(self.pass.before.stable) else { return false };
        let needed = part(weight, self.pass.sight.replicas, self.canary.max_weight());
        let threshold = self.canary.progress_threshold;
        stable.available >= needed || is_far_enough(threshold, Some(stable), needed)
    }

    fn set_managed(&mut self) {
        let managed = &mut self.pass.status.managed;
        match self.canary.steps.get(self.pass.before.step) {
            Some(Step::SetHeaderRoute { name, matching: Some(share) }) => {
                managed.headers.insert(name.clone(), *share);
            }
            Some(Step::SetHeaderRoute { name, matching: None }) => {
                managed.headers.remove(name);
            }
            Some(Step::SetMirrorRoute { name, matching: Some(share), percentage }) => {
                let copied = Share::clamped(share.value() * percentage.value());
                managed.mirrors.insert(name.clone(), copied);
            }
            Some(Step::SetMirrorRoute { name, matching: None, .. }) => {
                managed.mirrors.remove(name);
            }
            _ => {}
        }
    }

    /// Weight of the experiment's canary pods while it runs; those of the stable template serve
    /// beside the stable set.
    fn trial_weight(&self) -> u32 {
        let at = self.pass.before.step;
        let Some(Step::Experiment(experiment)) = self.canary.steps.get(at) else { return 0 };
        let trial = self.pass.status.trials.iter().find(|trial| trial.is_running(at));
        let canary = experiment.templates.iter().filter(|t| t.canary && trial.is_some());
        let weights = canary.filter_map(|template| template.weight);
        weights.fold(0, u32::saturating_add).min(self.canary.max_weight())
    }

    fn experiment(&mut self) {
        let over = self.pass.is_aborted()
            || self.pass.before.promote_full
            || self.pass.before.is_promoted();
        let at = self.pass.before.step;
        experiment::wind_down(&mut self.pass, (!over).then_some(at));
        if over || self.pass.is_halted() {
            return;
        }
        if let Some(Step::Experiment(settings)) = self.canary.steps.get(at) {
            experiment::tend(&mut self.pass, settings, self.canary.traffic.is_some(), at);
        }
    }

    /// A plugin runs for its time; then it has succeeded, or the update is aborted.
    fn plugin(&mut self) {
        let at = self.pass.before.step;
        let Some(Step::Plugin(plugin)) = self.canary.steps.get(at) else { return };
        let over = self.pass.is_aborted() || self.pass.goes_full();
        if over || !self.pass.before.pauses.is_empty() {
            return;
        }
        let (now, name) = (self.pass.sight.now, &plugin.name);
        let Some((_, since)) = self.pass.status.plugin.filter(|(step, _)| *step == at) else {
            self.pass.status.plugin = Some((at, now));
            self.pass.event(format!("Step Plugin {} ({name}) is running", at + 1));
            self.pass.orders.push(ArgoWrite::Again(plugin.takes));
            return;
        };
        if since + plugin.takes > now {
            self.pass.orders.push(ArgoWrite::Again((since + plugin.takes).since(now)));
        } else if !self.passes(plugin, since) {
            let text = format!("Step Plugin {} ({name}) failed: as it is set to", at + 1);
            self.pass.add_abort = Some(text);
        }
    }

    fn passes(&self, plugin: &Plugin, since: SimTime) -> bool {
        let (end, released) = (since + plugin.takes, self.pass.sight.released);
        plugin.reply.passes(end.since(released), self.pass.sight.chance ^ since.as_nanos())
    }

    fn analyse(&mut self) {
        if self.pass.before.is_promoted() || self.pass.is_aborted() || self.pass.goes_full() {
            self.pass.cancel(Role::Step);
            self.pass.cancel(Role::Background);
            return;
        }
        let at = self.pass.before.step;
        if self.pass.before.pauses.is_empty() {
            match self.canary.steps.get(at) {
                Some(Step::Analysis(analysis)) => {
                    let other = |held: &super::status::Held| held.step != at;
                    if self.pass.status.runs.get(&Role::Step).is_some_and(other) {
                        self.pass.cancel(Role::Step);
                    }
                    self.pass.tend(Role::Step, analysis, at);
                }
                _ => self.pass.cancel(Role::Step),
            }
        }
        if let Some(background) = &self.canary.analysis
            && background.starting_step.is_none_or(|start| at >= start)
        {
            self.pass.tend(Role::Background, &background.analysis, at);
        }
    }

    /// Writes sizes, stable first; says whether anything was scaled.
    fn scale_sets(&mut self) -> bool {
        if self.pass.is_halted() {
            return false;
        }
        let (new, stable) = (self.pass.sight.wanted, self.pass.before.stable);
        let delays = self.canary.traffic.is_some()
            && (!self.canary.dynamic_stable_scale || self.canary.has_abort_delay());
        if !(self.pass.is_aborted() && delays) {
            self.pass.keep(new);
        }
        self.pass.keep(stable);
        if new != stable || self.pass.rs(new).is_none() {
            // The stable side lags one reconcile behind its weight.
            let pair = self.counts(self.pass.before.weights.map(|(weights, _)| weights));
            if self.pass.scale(stable, pair.stable) {
                return true;
            }
        }
        let mut size = self.counts(self.pass.status.weights.map(|(w, _)| w)).canary;
        let delay = self.canary.abort_delay().filter(|_| delays && new != stable);
        match self.pass.delayed_abort(delay) {
            None => {}
            Some(Some(ended)) => size = ended,
            Some(None) => size = self.pass.rs(new).map_or(0, |rs| rs.size),
        }
        self.pass.scale(new, size) || self.scale_others()
    }

    fn scale_others(&mut self) -> bool {
        let least = self.pass.sight.replicas.saturating_sub(self.bounds.unavailable);
        let mut spare = self.pass.available().saturating_sub(least);
        let (mut scaled, mut kept) = (false, 0);
        let most = self.canary.scale_down_revisions.unwrap_or(u32::MAX);
        for template in self.pass.others() {
            let Some(rs) = self.pass.rs(template).filter(|rs| rs.size > 0 && spare > 0) else {
                continue;
            };
            let to = if self.canary.traffic.is_none() {
                rs.size.saturating_sub(spare)
            } else if self.is_referenced(template) {
                continue;
            } else if (self.pass.before.is_promoted()
                || self.pass.status.deadlines.contains_key(&template))
                && !self.canary.dynamic_stable_scale
                && kept < most
            {
                kept += 1;
                self.pass.delayed(template, self.canary.scale_down_delay())
            } else {
                0
            };
            spare = spare.saturating_sub(rs.size.saturating_sub(to));
            scaled |= self.pass.scale(template, to);
        }
        scaled
    }

    /// Does the router still send traffic to this set?
    fn is_referenced(&self, template: Template) -> bool {
        let side = self.pass.status.weights;
        side.is_some_and(|(weights, side)| side == template && weights.canary > 0)
    }

    /// Says whether the reconcile ends at a pause step.
    fn reconcile_pause(&mut self) -> bool {
        if self.pass.before.promote_full {
            return false;
        }
        let Some(Step::Pause(duration)) = self.canary.steps.get(self.pass.before.step) else {
            return false;
        };
        match (self.pass.before.paused(Pause::CanaryStep), duration) {
            (None, _) => {
                if !self.pass.before.controller_pause {
                    self.pass.added.push(Pause::CanaryStep);
                }
            }
            (Some(since), Some(duration)) if since + *duration >= self.pass.sight.now => {
                let left = (since + *duration).since(self.pass.sight.now);
                // "After" the end of the pause: a moment later, also of a pause of no length, for
                // which the controller's own write of the pause brings the next reconcile.
                let moment = windtunnel_base::time::SimDuration::from_millis(1);
                self.pass.orders.push(ArgoWrite::Again(left + moment));
            }
            (Some(_), _) => {}
        }
        true
    }

    fn finish(&mut self) {
        if self.pass.goes_full() {
            (self.pass.clear_pauses, self.pass.remove_abort) = (true, true);
            self.pass.status.step = self.canary.steps.len();
        }
        if let Some(why) = self.promotion() {
            self.pass.promote_stable(&why);
            self.pass.status.step = self.canary.steps.len();
        } else if self.pass.is_aborted() {
            let settled = self.pass.before.is_promoted();
            self.pass.status.step = if settled { self.canary.steps.len() } else { 0 };
        } else if !self.pass.goes_full() && self.step_is_complete() {
            let (at, all) = (self.pass.before.step, self.canary.steps.len());
            let told = self.canary.steps.get(at).map(Step::told).unwrap_or_default();
            self.pass.status.step = at + 1;
            self.pass.status.runs.remove(&Role::Step);
            self.pass.removed.push(Pause::CanaryStep);
            self.pass.event(format!("Rollout step {}/{all} completed ({told})", at + 1));
        }
        self.persist();
    }

    /// Why the new template is stable from now on, if it is.
    fn promotion(&self) -> Option<String> {
        if self.pass.is_aborted() {
            return None;
        }
        let replicas = self.pass.sight.replicas;
        let new = self.pass.rs(self.pass.sight.wanted)?;
        let threshold = self.canary.progress_threshold;
        if new.available < replicas && !is_far_enough(threshold, Some(new), replicas) {
            return None;
        }
        if self.pass.before.promote_full {
            return Some("Full promotion requested".into());
        }
        if self.pass.is_within_window() {
            return Some("Rollback within window".into());
        }
        if self.pass.before.is_promoted() {
            return Some("Fast rollback".into());
        }
        let all = self.canary.steps.len();
        (self.pass.before.step >= all).then(|| format!("Completed all {all} canary steps"))
    }

    fn step_is_complete(&self) -> bool {
        let before = &self.pass.before;
        match self.canary.steps.get(before.step) {
            None => false,
            Some(Step::Pause(duration)) => {
                let since = before.paused(Pause::CanaryStep);
                match (since, duration) {
                    (None, _) => before.controller_pause && before.pauses.is_empty(),
                    (Some(since), Some(duration)) => self.pass.sight.now > since + *duration,
                    (Some(_), None) => false,
                }
            }
            Some(Step::SetCanaryScale(_) | Step::SetWeight(_)) => {
                self.at_desired_counts(self.pass.status.weights.map(|(weights, _)| weights))
            }
            Some(Step::Analysis(_)) => {
                self.pass.status.phase(Role::Step) == Some(Phase::Successful)
            }
            Some(Step::SetHeaderRoute { .. } | Step::SetMirrorRoute { .. }) => true,
            Some(Step::Experiment(_)) => {
                let trials = &self.pass.status.trials;
                trials.iter().any(|trial| trial.has_succeeded(before.step))
            }
            Some(Step::Plugin(plugin)) => {
                let begun = self.pass.before.plugin.filter(|(step, _)| *step == before.step);
                let now = self.pass.sight.now;
                begun.is_some_and(|(_, since)| {
                    since + plugin.takes <= now && self.passes(plugin, since)
                })
            }
        }
    }
}

#[cfg(test)]
#[path = "canary_tests.rs"]
mod tests;

//! One tick of Flagger's scheduler, in the order of `advanceCanary`.
//!
//! Read from fluxcd/flagger 1.44 `pkg/controller/scheduler.go`. A tick is a pure step: it sees
//! what Deployments report and what the mesh object says, asks webhooks and queries through
//! [`FlaggerQueries`], and names what it writes. Deliberately unknown here: pods, requests, and
//! when the next tick is. Read next: `step.rs`.

use super::answer::FlaggerAnswer;
use super::check::{self, Question};
use super::provider::Provider;
use super::ready::{self, NotReady, Report};
use super::settings::{Analysis, FlaggerSettings, Hook, Load, Webhook};
use super::status::{FlaggerStatus, Phase, Spec};
use super::step;
use super::weights::Routes;
use super::words::Event;
use windtunnel_base::time::SimTime;

/// What one tick sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlaggerObserved {
    /// The instant of this tick.
    pub now: SimTime,
    /// What the primary Deployment reports.
    pub primary: Report,
    /// What the target Deployment, the canary, reports.
    pub canary: Report,
    /// What the mesh object says.
    pub routes: Routes,
    /// What the target runs.
    pub spec: Spec,
}

/// What a tick asks while it goes on. Later questions are not asked when an earlier one halts.
pub trait FlaggerQueries {
    /// Calls a webhook: is it answered with success?
    fn call(&mut self, hook: &Webhook) -> bool;

    /// Asks a query.
    fn ask(&mut self, question: Question) -> FlaggerAnswer;
}

/// What a tick writes.
#[derive(Clone, Debug, PartialEq)]
pub enum FlaggerWrite {
    /// Weights and mirror into the mesh object.
    Route(Routes),
    /// Scales the target Deployment.
    ScaleCanary(u32),
    /// Copies the target's template to the primary, which then does its own update.
    Promote,
    /// Synthetic load that the webhook of this name asks for.
    Load(String, Load),
    /// An event.
    Event(Event),
}

/// A tick while it runs.
pub(super) struct Tick<'t> {
    /// The Canary.
    pub canary: &'t FlaggerSettings,
    /// Its analysis, as changed for providers without routing.
    pub analysis: Analysis,
    /// The Canary's `status`, which the tick changes.
    pub status: &'t mut FlaggerStatus,
    /// What the tick sees.
    pub sight: &'t FlaggerObserved,
    /// What it can ask.
    pub senses: &'t mut dyn FlaggerQueries,
    /// What it has written so far.
    pub orders: Vec<FlaggerWrite>,
}

/// Why a tick is over; it carries nothing, orders are the result.
pub(super) struct Done;

/// Runs one tick and returns what it writes, in order; `status` is written in place.
pub fn advance(
    canary: &FlaggerSettings,
    status: &mut FlaggerStatus,
    sight: &FlaggerObserved,
    senses: &mut dyn FlaggerQueries,
) -> Vec<FlaggerWrite> {
    let analysis = canary.analysis.clone().unwrap_or_default();
    let mut tick = Tick { canary, analysis, status, sight, senses, orders: Vec::new() };
    if canary.suspend {
        tick.info("skipping canary run as object is suspended".to_string());
    } else {
        // Both ways a tick may end leave their orders behind.
        let (Ok(()) | Err(Done)) = tick.run();
    }
    tick.orders
}

/// The routes a provider's router reports: with plain Kubernetes they follow the iterations.
pub fn reported_routes(
    canary: &FlaggerSettings,
    status: &FlaggerStatus,
    written: Routes,
) -> Routes {
    if canary.provider != Provider::Kubernetes {
        let usual = Analysis::default();
        return canary.provider.reports(canary.analysis.as_ref().unwrap_or(&usual), written);
    }
    if status.iterations > 0 { Routes::CANARY } else { Routes::PRIMARY }
}

impl Tick<'_> {
    fn run(&mut self) -> Result<(), Done> {
        self.initialise()?;
        self.check_change()?;
        self.check_primary()?;
        self.begin()?;
        self.restart()?;
        self.check_canary()?;
        if self.canary.skips_analysis() {
            self.promote_unseen();
            return Err(Done);
        }
        self.check_rollback_hooks()?;
        match self.status.phase {
            Phase::Promoting => return self.shift_to_primary(),
            Phase::Finalising => return self.finalise(),
            _ => {}
        }
        if self.status.phase.is_analysing() && self.status.failed >= self.analysis.failed_max() {
            self.roll_back();
            return Err(Done);
        }
        if !self.analyse() {
            self.status.failed += 1;
            return Err(Done);
        }
        step::advance(self);
        Ok(())
    }

    /// Steps 1 to 3: the primary has to be there before the target is scaled to zero.
    fn initialise(&mut self) -> Result<(), Done> {
        if self.status.phase != Phase::Initializing {
            return Ok(());
        }
        if !self.canary.skips_analysis() {
            self.check_primary()?;
        }
        self.orders.push(FlaggerWrite::ScaleCanary(0));
        let spec = self.sight.spec;
        self.status.sync(Phase::Initialized, 0, spec);
        self.status.promoted = spec.template;
        let name = self.name();
        self.info(format!("Initialization done! {name}"));
        Ok(())
    }

    /// Step 4: does the tick go on?
    fn check_change(&mut self) -> Result<(), Done> {
        if self.status.phase.is_under_way() {
            return Ok(());
        }
        let changed = self.status.sees_change(self.sight.spec);
        if self.status.phase == Phase::Failed {
            // The target is noted at once, so a tick that ends below loses this change.
            self.status.applied = self.sight.spec;
        }
        if changed { Ok(()) } else { Err(Done) }
    }

    /// Step 5: a primary that is not ready ends the tick, uncounted.
    fn check_primary(&mut self) -> Result<(), Done> {
        if self.canary.skips_analysis() {
            return Ok(());
        }
        let name = format!("{}-primary", self.canary.names.target);
        let threshold = self.analysis.primary_ready;
        let Err(not) = self.check_ready(&name, &self.sight.primary, threshold) else {
            return Ok(());
        };
        let text = format!("{name}.{} not ready: {}", self.canary.names.namespace, not.text);
        self.warn(text.clone());
        if !not.retriable {
            let promoting = matches!(self.status.phase, Phase::Promoting | Phase::Finalising);
            if promoting && self.canary.rules.failed_promotion_keeps_canary {
                self.fail_promotion(&text);
            } else {
                self.roll_back();
            }
        }
        Err(Done)
    }

    fn check_ready(&self, name: &str, report: &Report, threshold: u32) -> Result<(), NotReady> {
        ready::check(name, report, self.canary.progress_deadline, threshold, self.sight.now)
    }

    /// Step 7: a new revision is let in by its gates, and its pods come up.
    fn begin(&mut self) -> Result<(), Done> {
        if self.status.phase.has_begun() {
            return Ok(());
        }
        for hook in self.hooks(Hook::ConfirmRollout) {
            if !self.call(&hook) {
                if self.status.phase != Phase::Waiting {
                    self.set_phase(Phase::Waiting);
                    self.halt(format!("waiting for approval {}", hook.name));
                }
                return Err(Done);
            }
            self.info(format!("Confirm-rollout check {} passed", hook.name));
        }
        let target = self.target();
        self.info(format!("New revision detected! Scaling up {target}"));
        let size =
            ready::scale_up(self.canary, self.sight.canary.desired, self.sight.primary.desired);
        self.orders.push(FlaggerWrite::ScaleCanary(size));
        self.status.sync(Phase::Progressing, 0, self.sight.spec);
        Err(Done)
    }

    /// Step 8: another revision in mid-analysis starts it anew.
    fn restart(&mut self) -> Result<(), Done> {
        if !self.status.phase.is_analysing() || !self.status.sees_change(self.sight.spec) {
            return Ok(());
        }
        let target = self.target();
        self.info(format!("New revision detected! Restarting analysis for {target}"));
        self.orders.push(FlaggerWrite::Route(Routes::PRIMARY));
        self.status.sync(Phase::Progressing, 0, self.sight.spec);
        Err(Done)
    }

    /// Step 9: a canary that is not ready ends the tick, uncounted.
    fn check_canary(&mut self) -> Result<(), Done> {
        let name = self.canary.names.target.clone();
        let threshold = self.analysis.canary_ready;
        let Err(not) = self.check_ready(&name, &self.sight.canary, threshold) else {
            return Ok(());
        };
        let namespace = &self.canary.names.namespace;
        self.warn(format!("canary deployment {name}.{namespace} not ready: {}", not.text));
        if !not.retriable {
            self.roll_back();
        }
        Err(Done)
    }

    /// Step 10: without analysis the primary gets the new template and the canary goes, at once.
    fn promote_unseen(&mut self) {
        self.orders.push(FlaggerWrite::Route(Routes::PRIMARY));
        self.copy_spec();
        self.orders.push(FlaggerWrite::ScaleCanary(0));
        self.set_phase(Phase::Succeeded);
        self.after();
        let target = self.target();
        self.info(format!("Promotion completed! Canary analysis was skipped for {target}"));
    }

    /// Step 11: a rollback hook that succeeds orders the rollback.
    fn check_rollback_hooks(&mut self) -> Result<(), Done> {
        if !self.status.phase.is_analysing() {
            return Ok(());
        }
        for hook in self.hooks(Hook::Rollback) {
            if self.call(&hook) {
                self.warn(format!("Rollback check {} passed", hook.name));
                let name = self.name();
                self.warn(format!("Rolling back {name} manual webhook invoked"));
                self.roll_back();
                return Err(Done);
            }
            self.info(format!("Rollback hook {} not signaling a rollback", hook.name));
        }
        Ok(())
    }

    /// Step 12, Finalising: the canary goes.
    fn finalise(&mut self) -> Result<(), Done> {
        self.orders.push(FlaggerWrite::ScaleCanary(0));
        self.set_phase(Phase::Succeeded);
        self.after();
        let target = self.target();
        self.info(format!("Promotion completed! Scaling down {target}"));
        Err(Done)
    }

    /// Step 14: before any traffic the pre-rollout hooks, afterwards the whole analysis.
    fn analyse(&mut self) -> bool {
        let Routes { canary: weight, mirrored, .. } = self.sight.routes;
        if weight == 0 && self.status.iterations == 0 && !(self.analysis.mirror && mirrored) {
            let target = self.target();
            self.info(format!("Starting canary analysis for {target}"));
            for hook in self.hooks(Hook::PreRollout) {
                if !self.call(&hook) {
                    let text = format!("pre-rollout check {} failed Forbidden", hook.name);
                    self.halt(text);
                    return false;
                }
                self.info(format!("Pre-rollout check {} passed", hook.name));
            }
            return true;
        }
        for hook in self.hooks(Hook::Rollout) {
            if !self.call(&hook) {
                self.halt(format!("external check {} failed Forbidden", hook.name));
                return false;
            }
        }
        let senses = &mut *self.senses;
        let found = check::run(self.canary, &mut |question| senses.ask(question));
        if let Err(event) = found {
            self.orders.push(FlaggerWrite::Event(event));
            return false;
        }
        true
    }

    /// The rollback, in one tick: routes first, then the pods at once.
    fn roll_back(&mut self) {
        let name = self.name();
        if self.status.failed >= self.analysis.failed_max() {
            let failed = self.status.failed;
            self.warn(format!("Rolling back {name} failed checks threshold reached {failed}"));
        }
        self.orders.push(FlaggerWrite::Route(Routes::PRIMARY));
        self.warn(format!("Canary failed! Scaling down {name}"));
        self.orders.push(FlaggerWrite::ScaleCanary(0));
        self.status.sync(Phase::Failed, 0, self.sight.spec);
        self.after();
    }

    /// Since 1.44: the canary is the only healthy copy, so all traffic goes there and stays.
    fn fail_promotion(&mut self, why: &str) {
        let target = self.target();
        self.warn(format!("Promotion of {target} failed, primary not ready: {why}"));
        self.orders.push(FlaggerWrite::Route(Routes::CANARY));
        self.status.sync(Phase::Failed, Routes::CANARY.canary, self.sight.spec);
        self.after();
    }

    /// Post-rollout hooks; the first that fails ends them.
    fn after(&mut self) {
        for hook in self.hooks(Hook::PostRollout) {
            if !self.call(&hook) {
                self.warn(format!("Post-rollout hook {} failed Forbidden", hook.name));
                return;
            }
            self.info(format!("Post-rollout check {} passed", hook.name));
        }
    }

    /// Copies the template to the primary.
    pub(super) fn copy_spec(&mut self) {
        let (names, target) = (&self.canary.names, self.target());
        let text = format!(
            "Copying {target} template spec to {}-primary.{}",
            names.target, names.namespace
        );
        self.info(text);
        self.orders.push(FlaggerWrite::Promote);
    }

    /// Calls a webhook; a load tester that takes the call starts its load.
    pub(super) fn call(&mut self, hook: &Webhook) -> bool {
        let passed = self.senses.call(hook);
        if let (true, Some(load)) = (passed, hook.load) {
            self.orders.push(FlaggerWrite::Load(hook.name.clone(), load));
        }
        passed
    }

    /// The webhooks of one type, in order.
    pub(super) fn hooks(&self, of: Hook) -> Vec<Webhook> {
        self.analysis.webhooks.iter().filter(|w| w.hook == of).cloned().collect()
    }

    /// Writes the phase.
    pub(super) fn set_phase(&mut self, phase: Phase) {
        self.status.set_phase(phase, self.analysis.iterations);
    }

    /// Name and namespace of the Canary.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.canary.names.canary, self.canary.names.namespace)
    }

    /// Name and namespace of the target.
    fn target(&self) -> String {
        format!("{}.{}", self.canary.names.target, self.canary.names.namespace)
    }

    /// An event of type Normal.
    pub(super) fn info(&mut self, text: String) {
        self.orders.push(FlaggerWrite::Event(Event::info(text)));
    }

    /// An event of type Warning.
    pub(super) fn warn(&mut self, text: String) {
        self.orders.push(FlaggerWrite::Event(Event::warning(text)));
    }

    /// The event by which an advancement is halted.
    pub(super) fn halt(&mut self, why: String) {
        let name = self.name();
        self.warn(format!("Halt {name} advancement {why}"));
    }
}

#[cfg(test)]
#[path = "tick_tests.rs"]
mod tests;

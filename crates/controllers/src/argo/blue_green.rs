//! One reconcile of a blue-green Rollout, in the order of `rolloutBlueGreen`.
//!
//! Follows argoproj/argo-rollouts `rollout/bluegreen.go` and `rollout/service.go`. Deliberately
//! unknown here: pods, and when the balancers learn of a switch.

use super::counts::Rs;
use super::pass::Pass;
use super::settings::{ArgoSettings, BlueGreen};
use super::status::{ArgoObserved, ArgoStatus, ArgoWrite, Pause, Role, Template};
use crate::analysis_run::outcome::Phase;
use windtunnel_base::time::SimDuration;

/// One reconcile; `status` is written in place.
pub fn reconcile(
    settings: &ArgoSettings,
    plan: &BlueGreen,
    status: &mut ArgoStatus,
    sight: &ArgoObserved,
) -> Vec<ArgoWrite> {
    let mut pass = BlueGreenPass { plan, pass: Pass::new(settings, status, sight) };
    pass.run();
    pass.pass.orders
}

struct BlueGreenPass<'p> {
    plan: &'p BlueGreen,
    pass: Pass<'p>,
}

impl BlueGreenPass<'_> {
    fn run(&mut self) {
        if self.pass.before.current != self.pass.sight.wanted {
            // The preview service follows the new set at once.
            self.pass.ensure_new();
            self.pass.reset();
            return self.persist();
        }
        if !self.pass.ensure_new() {
            return;
        }
        self.scale_sets();
        self.reconcile_pause();
        self.activate();
        self.analyse();
        self.finish();
    }

    fn persist(&mut self) {
        let paused = !self.pass.before.pauses.is_empty();
        self.pass.persist(paused);
    }

    fn new_set(&self) -> Option<Rs> {
        self.pass.rs(self.pass.sight.wanted)
    }

    /// The size of the new set: all pods, or the preview's until its checkpoint.
    fn size(&self) -> u32 {
        let (before, replicas) = (&self.pass.before, self.pass.sight.replicas);
        match self.plan.preview_replicas {
            Some(preview) if before.active != self.pass.sight.wanted => {
                let passed = before.checkpoint && before.pauses.is_empty();
                if passed || before.promote_full { replicas } else { preview }
            }
            _ => replicas,
        }
    }

    fn is_saturated(&self) -> bool {
        let replicas = self.pass.sight.replicas;
        self.new_set().is_some_and(|rs| rs.size == replicas && rs.available == replicas)
    }

    fn is_ready_for_pause(&self) -> bool {
        let size = self.size();
        self.new_set().is_some_and(|rs| rs.size == size && rs.available == size)
    }

    fn is_fast_tracked(&self) -> bool {
        let wanted = self.pass.sight.wanted;
        let before = &self.pass.before;
        before.stable == wanted || before.active == wanted || before.promote_full || self.is_fast()
    }

    /// Back to pods that are still there, or within `rollbackWindow`.
    fn is_fast(&self) -> bool {
        self.pass.before.within_delay || self.pass.is_within_window()
    }

    fn scale_sets(&mut self) {
        let (new, stable) = (self.pass.sight.wanted, self.pass.before.stable);
        let replicas = self.pass.sight.replicas;
        if !self.pass.is_aborted() || self.plan.abort_delay().is_none() {
            self.pass.keep(new);
        }
        if new != stable {
            self.pass.keep(stable);
            self.pass.scale(stable, replicas);
        }
        let delay = self.plan.abort_delay().filter(|_| new != stable);
        let size = match self.pass.delayed_abort(delay) {
            None => self.size(),
            Some(Some(ended)) => ended,
            Some(None) => self.new_set().map_or(0, |rs| rs.size),
        };
        self.pass.scale(new, size);
        self.scale_others();
    }

    fn scale_others(&mut self) {
        let post = self.plan.post_promotion.is_some() && self.plan.scale_down_delay.is_none();
        let judged = self.pass.before.phase(Role::PostPromotion) == Some(Phase::Successful);
        let unfinished = post && !judged && !self.pass.before.is_promoted();
        if self.pass.is_halted() || unfinished {
            return;
        }
        let mut kept = 0;
        let most = self.plan.scale_down_revisions.unwrap_or(u32::MAX);
        for template in self.pass.others().into_iter().rev() {
            let up = self.pass.rs(template).is_some_and(|rs| rs.size > 0);
            if !up || self.is_referenced(template) {
                continue;
            }
            kept += 1;
            let size = match kept > most {
                true => 0,
                false => self.pass.delayed(template, self.plan.scale_down_delay()),
            };
            self.pass.scale(template, size);
        }
    }

    fn is_referenced(&self, template: Template) -> bool {
        let before = &self.pass.before;
        [before.stable, before.current, before.active].contains(&template)
    }

    fn pre_promotion_is_done(&self) -> bool {
        self.plan.pre_promotion.is_none()
            || self.pass.before.phase(Role::PrePromotion) == Some(Phase::Successful)
    }

    fn reconcile_pause(&mut self) {
        if self.pass.before.abort || !self.is_ready_for_pause() || self.pass.is_halted() {
            return;
        }
        let goes_on = self.is_fast_tracked() || self.pass.before.checkpoint || !self.plan.pauses();
        if goes_on {
            self.pass.removed.push(Pause::BlueGreen);
            return;
        }
        if !self.pre_promotion_is_done() {
            return;
        }
        match self.pass.before.paused(Pause::BlueGreen) {
            None if !self.pass.before.controller_pause => self.pass.added.push(Pause::BlueGreen),
            None => {}
            Some(_) if self.pause_is_complete() => self.pass.removed.push(Pause::BlueGreen),
            Some(since) if self.plan.auto_promotion => {
                let end = since + self.plan.auto_promotion_after + SimDuration::from_millis(1);
                self.pass.orders.push(ArgoWrite::Again(end.since(self.pass.sight.now)));
            }
            Some(_) => {}
        }
    }

    fn pause_is_complete(&self) -> bool {
        let before = &self.pass.before;
        let since = before.paused(Pause::BlueGreen);
        if !self.pass.added.is_empty() {
            return false;
        }
        if before.checkpoint {
            return true;
        }
        if !self.plan.auto_promotion {
            return before.controller_pause && since.is_none();
        }
        let after = self.plan.auto_promotion_after;
        after == SimDuration::ZERO || since.is_some_and(|since| self.pass.sight.now > since + after)
    }

    /// The active service switches in one write once the new set is complete. So does the
    /// rollback: with new pods that never get there it does not come from here.
    fn activate(&mut self) {
        if self.pass.is_halted() || !self.is_ready_for_pause() || !self.is_saturated() {
            return;
        }
        let (before, wanted) = (&self.pass.before, self.pass.sight.wanted);
        let mut to = before.active;
        if self.is_fast_tracked() || self.pause_is_complete() && self.pre_promotion_is_done() {
            to = wanted;
        }
        if before.abort {
            to = before.stable;
        }
        if to != before.active {
            let from = before.active;
            self.pass.status.active = to;
            self.pass.orders.push(ArgoWrite::Activate(to));
            self.pass
                .event(format!("Switched selector for service 'active' from '{from}' to '{to}'"));
        }
    }

    fn analyse(&mut self) {
        let full = self.pass.goes_full() || self.is_fast();
        if self.pass.before.is_promoted() || self.pass.is_aborted() || full {
            let now = self.pass.sight.now;
            // Blue-green keeps its runs once they are stopped.
            self.pass.status.runs.values_mut().for_each(|held| held.cancel(now));
            return;
        }
        let active = self.pass.before.active == self.pass.sight.wanted;
        let wanted_preview = self.plan.preview_replicas.unwrap_or(self.pass.sight.replicas);
        let previewed = self
            .new_set()
            .is_some_and(|rs| rs.size == wanted_preview && rs.available == wanted_preview);
        if let Some(analysis) = &self.plan.pre_promotion {
            let begun = self.pass.status.runs.contains_key(&Role::PrePromotion);
            if !active && (begun || previewed) {
                self.pass.tend(Role::PrePromotion, analysis, 0);
            }
        }
        if let Some(analysis) = &self.plan.post_promotion {
            let begun = self.pass.status.runs.contains_key(&Role::PostPromotion);
            if active && (begun || self.is_saturated()) {
                self.pass.tend(Role::PostPromotion, analysis, 0);
            }
        }
    }

    fn finish(&mut self) {
        if self.pass.goes_full() {
            (self.pass.clear_pauses, self.pass.remove_abort) = (true, true);
        }
        if let Some(why) = self.promotion() {
            self.pass.promote_stable(why);
        } else if let Some(preview) = self.plan.preview_replicas {
            let done = self.pre_promotion_is_done() && self.pause_is_complete();
            let up = self.new_set().is_some_and(|rs| rs.available == preview);
            self.pass.status.checkpoint |= done && up;
        }
        self.persist();
    }

    fn promotion(&self) -> Option<&'static str> {
        if self.pass.status.active != self.pass.sight.wanted {
            return None;
        }
        if self.pass.before.promote_full {
            return Some("Full promotion requested");
        }
        if self.pass.is_within_window() {
            return Some("Rollback within window");
        }
        if self.pass.before.is_promoted() || self.is_fast() {
            return Some("Fast rollback");
        }
        if self.pass.is_aborted() {
            return None;
        }
        let judged = self.plan.post_promotion.is_none()
            || self.pass.before.phase(Role::PostPromotion) == Some(Phase::Successful);
        judged.then_some("Completed blue-green update")
    }
}

//! What the reconciles of both strategies share: sets, pauses, aborts, analysis runs, the end of a
//! pass.
//!
//! Follows argoproj/argo-rollouts `rollout/sync.go`, `pause.go`, `replicaset.go`, `analysis.go`.
//! Deliberately unknown here: steps and selectors (see [`super::canary`], [`super::blue_green`]).

use super::counts::{Rs, Sets};
use super::settings::{Analysis, ArgoSettings};
use super::status::{
    ArgoObserved, ArgoStatus, ArgoWrite, Held, Pause, Progressing, Role, Tally, Template,
};
use crate::analysis_run::outcome::Phase;
use windtunnel_base::time::{SimDuration, SimTime};

/// A reconcile while it runs. What it reads of the status is as it was before.
pub(super) struct Pass<'p> {
    pub settings: &'p ArgoSettings,
    pub before: ArgoStatus,
    pub status: &'p mut ArgoStatus,
    pub sight: &'p ArgoObserved,
    pub orders: Vec<ArgoWrite>,
    pub added: Vec<Pause>,
    pub removed: Vec<Pause>,
    pub clear_pauses: bool,
    pub add_abort: Option<String>,
    pub remove_abort: bool,
}

impl<'p> Pass<'p> {
    pub fn new(
        settings: &'p ArgoSettings,
        status: &'p mut ArgoStatus,
        sight: &'p ArgoObserved,
    ) -> Pass<'p> {
        Pass {
            settings,
            before: status.clone(),
            status,
            sight,
            orders: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            clear_pauses: false,
            add_abort: None,
            remove_abort: false,
        }
    }

    /// The counts of a template's set.
    pub fn rs(&self, template: Template) -> Option<Rs> {
        self.sight.sets.iter().find(|set| set.template == template).map(|set| set.rs)
    }

    /// The counts of the new and the stable set.
    pub fn sets<'s>(&self, others: &'s [Rs]) -> Sets<'s> {
        Sets {
            new: self.rs(self.sight.wanted),
            stable: self.rs(self.before.stable),
            same: self.before.stable == self.sight.wanted,
            others,
        }
    }

    /// Templates of sets that are neither new nor stable, oldest first.
    pub fn others(&self) -> Vec<Template> {
        let other = |t: &Template| *t != self.sight.wanted && *t != self.before.stable;
        self.sight.sets.iter().map(|set| set.template).filter(other).collect()
    }

    /// The counts of those sets.
    pub fn other_counts(&self) -> Vec<Rs> {
        self.others().into_iter().filter_map(|t| self.rs(t)).collect()
    }

    /// Pods available in all sets.
    pub fn available(&self) -> u32 {
        self.sight.sets.iter().map(|set| set.rs.available).sum()
    }

    pub fn event(&mut self, text: impl Into<String>) {
        self.orders.push(ArgoWrite::Event(text.into()));
    }

    /// Writes a size; says whether that was a change.
    pub fn scale(&mut self, template: Template, to: u32) -> bool {
        let Some(set) = self.sight.sets.iter().find(|set| set.template == template) else {
            return false;
        };
        let from = set.rs.size;
        if from == to {
            return false;
        }
        let way = if from < to { "up" } else { "down" };
        let name = &set.name;
        let text =
            format!("Scaled {way} ReplicaSet {name} (revision {template}) from {from} to {to}");
        self.orders.push(ArgoWrite::Scale(template, to));
        self.event(text);
        true
    }

    /// The wanted set exists, if need be from now on.
    pub fn ensure_new(&mut self) -> bool {
        if self.rs(self.sight.wanted).is_some() {
            return true;
        }
        self.orders.push(ArgoWrite::Create(self.sight.wanted));
        false
    }

    pub fn is_aborted(&self) -> bool {
        !self.remove_abort && (self.add_abort.is_some() || self.before.abort)
    }

    /// Is the wanted template an older one than the stable, within `rollbackWindow`?
    pub fn is_within_window(&self) -> bool {
        let (new, stable) = (self.sight.wanted, self.before.stable);
        let between = self.sight.sets.iter().filter(|s| new < s.template && s.template < stable);
        let passed = between.count();
        new < stable && self.settings.rollback_window.is_some_and(|most| passed < most as usize)
    }

    /// Are steps, pauses and analyses passed over?
    pub fn goes_full(&self) -> bool {
        self.before.promote_full || self.is_within_window()
    }

    /// Nothing is scaled while an inconclusive analysis waits for somebody.
    pub fn is_halted(&self) -> bool {
        self.before.paused(Pause::Inconclusive).is_some()
    }

    /// The status at the beginning of an update.
    pub fn reset(&mut self) {
        (self.clear_pauses, self.remove_abort) = (true, true);
        let (now, deadline) = (self.sight.now, self.status.deadlines.get(&self.sight.wanted));
        self.status.within_delay = deadline.is_some_and(|deadline| *deadline > now);
        self.status.promote_full = false;
        self.status.current = self.sight.wanted;
        self.status.step = 0;
        self.status.plugin = None;
        self.status.trials.iter_mut().for_each(|trial| trial.step = None);
        self.status.checkpoint = false;
        for held in self.status.runs.values_mut() {
            held.cancel(self.sight.now);
        }
        self.status.runs.clear();
        self.status.progress = (Progressing::Updated, self.sight.now);
    }

    /// Stops a run for good.
    pub fn cancel(&mut self, role: Role) {
        if let Some(mut held) = self.status.runs.remove(&role) {
            held.cancel(self.sight.now);
        }
    }

    /// Begins a run if none of this role exists, or if the last one was inconclusive and somebody
    /// has gone on since. Says what its phase asks for.
    pub fn tend(&mut self, role: Role, analysis: &Analysis, step: usize) {
        if self.before.paused(Pause::Inconclusive).is_some() {
            return;
        }
        let phase = self.status.phase(role);
        let resumed = self.before.controller_pause && self.before.pauses.is_empty();
        let again = resumed && phase == Some(Phase::Inconclusive);
        if phase.is_none() || again {
            self.status.runs.insert(role, Held::new(&analysis.metrics, step));
            let name = self.run_name(role, step);
            let word = role.word();
            self.event(format!(
                "{word} Analysis Run '{name}' Status New: 'Running' Previous: 'NoPreviousStatus'"
            ));
            // The run is looked at as soon as it exists.
            self.orders.push(ArgoWrite::Again(SimDuration::ZERO));
            return;
        }
        self.heed(role);
    }

    fn run_name(&self, role: Role, step: usize) -> String {
        let (name, revision) = (&self.settings.name, self.sight.wanted);
        match role {
            Role::Step => format!("{name}-{revision}-{step}"),
            Role::Background => format!("{name}-{revision}"),
            Role::PrePromotion => format!("{name}-{revision}-pre"),
            Role::PostPromotion => format!("{name}-{revision}-post"),
            Role::Experiment(at) => format!("{name}-{revision}-{step}-{at}"),
        }
    }

    /// Pauses for an inconclusive run, aborts for a bad one.
    fn heed(&mut self, role: Role) {
        let Some(held) = self.status.runs.get(&role) else { return };
        match held.run.phase {
            Phase::Inconclusive => self.added.push(Pause::Inconclusive),
            Phase::Failed | Phase::Error => {
                let what = match role {
                    Role::Step => "Step-based analysis phase error/failed",
                    Role::Background => "Background analysis phase error/failed",
                    Role::PrePromotion => "Blue/green pre-promotion analysis phase error/failed",
                    Role::PostPromotion => "Blue/green post-promotion analysis phase error/failed",
                    Role::Experiment(_) => "Experiment analysis phase is error/failed",
                };
                let why = &held.run.message;
                let tail = if why.is_empty() { String::new() } else { format!(": {why}") };
                self.add_abort = Some(format!("{what}{tail}"));
            }
            Phase::Successful | Phase::Running | Phase::Pending => {}
        }
    }

    /// The size of an old set whose scale-down is delayed: kept until its deadline, which is set
    /// when it is first seen.
    pub fn delayed(&mut self, template: Template, delay: SimDuration) -> u32 {
        let (now, size) = (self.sight.now, self.rs(template).map_or(0, |rs| rs.size));
        if delay == SimDuration::ZERO || size == 0 {
            self.status.deadlines.remove(&template);
            return 0;
        }
        let deadline = *self.status.deadlines.entry(template).or_insert(now + delay);
        if deadline > now {
            self.orders.push(ArgoWrite::Again(deadline.since(now)));
            return size;
        }
        0
    }

    /// The size of the new set after an abort that delays its end: as it is until the stable set
    /// can take everything, then until the deadline. Nothing means that there is no delay.
    pub fn delayed_abort(&mut self, delay: Option<SimDuration>) -> Option<Option<u32>> {
        let delay = delay.filter(|_| self.is_aborted() && !self.sight.sets.is_empty())?;
        let (now, new) = (self.sight.now, self.sight.wanted);
        let stable = self.rs(self.before.stable)?;
        if let Some(deadline) = self.status.deadlines.get(&new).copied() {
            if deadline > now {
                self.orders.push(ArgoWrite::Again(deadline.since(now)));
                return Some(None);
            }
            return Some(Some(0));
        }
        let all = self.sight.replicas;
        let more = self.settings.rules.stable_alone_frees_weight && stable.available > all;
        if stable.available == all || more {
            self.status.deadlines.insert(new, now + delay);
            self.orders.push(ArgoWrite::Again(delay));
        }
        Some(None)
    }

    /// The new template is the stable one.
    pub fn promote_stable(&mut self, why: &str) {
        (self.clear_pauses, self.remove_abort) = (true, true);
        (self.status.checkpoint, self.status.promote_full) = (false, false);
        if self.status.stable != self.status.current {
            self.status.stable = self.status.current;
            let revision = self.status.current;
            let name = self.sight.sets.iter().find(|set| set.template == revision);
            let name = name.map_or("", |set| &set.name);
            let text = format!("Rollout completed update to revision {revision} ({name}): {why}");
            self.orders.push(ArgoWrite::Promoted);
            self.event(text);
        }
    }

    /// The end of a pass: the deadline, pauses and aborts, conditions.
    pub fn persist(&mut self, indefinite: bool) {
        self.count();
        let timed_out = self.check_deadline(indefinite);
        let aborted = self.is_aborted();
        if aborted && !self.before.abort {
            let revision = self.status.current;
            let why = self.add_abort.clone().unwrap_or_default();
            let tail = if why.is_empty() { String::new() } else { format!(": {why}") };
            self.event(format!("Rollout aborted update to revision {revision}{tail}"));
            self.orders.push(ArgoWrite::Aborted);
        }
        self.status.abort = aborted;
        self.persist_pauses(aborted);
        let now = self.sight.now;
        let paused = !self.status.pauses.is_empty();
        let progressed = self.has_progressed();
        let was_halted = self.before.progress.0 == Progressing::Halted;
        self.status.progress = match self.status.progress {
            _ if aborted || paused => (Progressing::Halted, now),
            _ if self.is_healthy() => (Progressing::Available, now),
            // Going on after a pause starts the clock anew.
            _ if progressed || was_halted => (Progressing::Updated, now),
            (_, since) if timed_out => (Progressing::TimedOut, since),
            known => known,
        };
        if timed_out && self.before.progress.0 != Progressing::TimedOut && !aborted {
            self.orders.push(ArgoWrite::DeadlinePassed);
            let name = &self.settings.name;
            self.event(format!("Rollout \"{name}\" has timed out progressing."));
        }
    }

    fn persist_pauses(&mut self, aborted: bool) {
        let mut pauses = Vec::new();
        if !aborted && !self.clear_pauses {
            let keep = |(pause, _): &&(Pause, SimTime)| !self.removed.contains(pause);
            pauses.extend(self.before.pauses.iter().filter(keep).copied());
            for pause in &self.added {
                if self.before.paused(*pause).is_none() {
                    pauses.push((*pause, self.sight.now));
                    self.status.controller_pause = true;
                }
            }
        }
        if pauses.is_empty() {
            self.status.controller_pause = self.before.controller_pause
                && self.before.pauses.is_empty()
                && !aborted
                && !self.clear_pauses
                && self.removed.is_empty();
        }
        // Somebody has promoted: the pause is gone already, its end is still to be told.
        let by_hand = self.before.controller_pause
            && self.before.pauses.is_empty()
            && !self.status.controller_pause;
        if (self.before.pauses.is_empty() != pauses.is_empty() || by_hand) && !aborted {
            let text = match pauses.first() {
                Some((pause, _)) => format!("Rollout is paused ({})", pause.word()),
                None => "Rollout is resumed".to_string(),
            };
            self.event(text);
        }
        self.status.pauses = pauses;
    }

    fn count(&mut self) {
        let mut tally = Tally::default();
        for set in &self.sight.sets {
            tally.replicas += set.rs.created;
            tally.ready += set.ready;
            tally.available += set.rs.available;
            if set.template == self.sight.wanted {
                tally.updated += set.rs.created;
            }
        }
        self.status.tally = tally;
    }

    fn has_progressed(&self) -> bool {
        let (before, after) = (&self.before, &*self.status);
        let old = |tally: &Tally| tally.replicas.saturating_sub(tally.updated);
        after.tally.updated != before.tally.updated
            || old(&after.tally) < old(&before.tally)
            || after.tally.ready > before.tally.ready
            || after.tally.available > before.tally.available
            || (after.stable, after.step, after.active)
                != (before.stable, before.step, before.active)
    }

    fn is_healthy(&self) -> bool {
        let (tally, replicas) = (&self.status.tally, self.sight.replicas);
        self.status.is_promoted() && tally.updated == replicas && tally.available == replicas
    }

    /// Has the deadline passed without progress? With `progressDeadlineAbort` that ends an update.
    fn check_deadline(&mut self, indefinite: bool) -> bool {
        let (reason, since) = self.before.progress;
        let waits = self.others().iter().any(|t| self.status.deadlines.contains_key(t));
        let excused =
            indefinite || waits || self.is_aborted() || self.has_progressed() || self.is_healthy();
        if excused || matches!(reason, Progressing::Halted | Progressing::Available) {
            return false;
        }
        let (now, deadline) = (self.sight.now, since + self.settings.progress_deadline);
        if reason != Progressing::TimedOut && deadline >= now {
            // The controller looks again a second after the deadline could have passed.
            self.orders.push(ArgoWrite::Again(deadline.since(now) + SimDuration::from_secs(1)));
            return false;
        }
        if self.settings.progress_deadline_abort && !self.status.is_promoted() {
            let set = self.sight.sets.iter().find(|set| set.template == self.sight.wanted);
            let name = set.map_or("", |set| &set.name);
            self.add_abort = Some(format!("ReplicaSet \"{name}\" has timed out progressing."));
        }
        true
    }

    /// Forgets the scale-down deadline of a set.
    pub fn keep(&mut self, template: Template) {
        self.status.deadlines.remove(&template);
    }
}

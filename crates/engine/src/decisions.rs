//! What was decided in a flight, when, by whom and because of what.

use windtunnel_base::time::SimTime;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::outcome::bill::Held;
use windtunnel_model::outcome::measures::AtVerdict;
use windtunnel_model::world::action::{Evidence, Verdict as Found};

/// The decisions so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    release_at: Option<SimTime>,
    promoted_at: Option<SimTime>,
    rollback_at: Option<SimTime>,
    by_human: bool,
    /// Of the last look, the first check that failed, and the first that was unsure.
    failed: Option<String>,
    unsure: Option<String>,
    /// The check, or another gate, by which the strategy ordered the rollback.
    stopped_by: Option<String>,
    no_evidence: bool,
    passed: bool,
    at_verdict: Option<AtVerdict>,
}

impl Decisions {
    /// The release begins.
    pub(super) fn release(&mut self, now: SimTime) {
        debug_assert!(self.release_at.is_none(), "there is one release");
        self.release_at = Some(now);
    }

    /// When the release began.
    pub(super) fn release_at(&self) -> Option<SimTime> {
        self.release_at
    }

    /// When the rollback was ordered, if it was and nobody has taken that back.
    pub(super) fn rollback_at(&self) -> Option<SimTime> {
        self.rollback_at
    }

    /// Is there a release that nobody has taken back?
    pub(super) fn may_be_taken_back(&self) -> bool {
        self.release_at.is_some() && self.rollback_at.is_none()
    }

    /// Another look of the checks begins.
    pub(super) fn look_again(&mut self) {
        (self.failed, self.unsure) = (None, None);
    }

    /// Notes what a check found. Of several, the first that fails is the one that decides; where
    /// none does, the first that is unsure.
    pub(super) fn note(&mut self, evidence: &Evidence) {
        let noted = match evidence.verdict {
            Found::Fail => &mut self.failed,
            Found::Unsure => &mut self.unsure,
            Found::Pass | Found::Wait => return,
        };
        noted.get_or_insert_with(|| evidence.check.to_string());
    }

    /// The strategy says by what gate it is going to order a rollback.
    pub(super) fn blame(&mut self, gate: String) {
        self.failed = Some(gate);
    }

    /// The first verdict falls: what there is counts.
    pub(super) fn see(&mut self, seen: impl FnOnce() -> AtVerdict) {
        self.at_verdict.get_or_insert_with(seen);
    }

    /// Has a verdict fallen?
    pub(super) fn is_judged(&self) -> bool {
        self.at_verdict.is_some()
    }

    /// What there was when the first verdict fell.
    pub(super) fn at_verdict(&self) -> Option<AtVerdict> {
        self.at_verdict
    }

    /// The strategy promotes.
    pub(super) fn promote(&mut self, now: SimTime) {
        debug_assert!(self.release_at.is_some_and(|at| at <= now), "nothing was released");
        self.promoted_at.get_or_insert(now);
    }

    /// The strategy has found nothing wrong, and nothing was to be shipped.
    pub(super) fn pass(&mut self) {
        self.passed = true;
    }

    /// The strategy has found no evidence either way.
    pub(super) fn lack_evidence(&mut self) {
        self.no_evidence = true;
    }

    /// The rollback is ordered; false if it was before.
    pub(super) fn roll_back(&mut self, now: SimTime, by_human: bool) -> bool {
        debug_assert!(self.release_at.is_some_and(|at| at <= now), "nothing was released");
        if self.rollback_at.is_some() {
            return false;
        }
        (self.rollback_at, self.by_human) = (Some(now), by_human);
        let unsure = self.unsure.take().filter(|_| self.no_evidence);
        self.stopped_by = self.failed.take().or(unsure).filter(|_| !by_human);
        true
    }

    /// What was taken back is released again.
    pub(super) fn retry(&mut self) {
        (self.rollback_at, self.by_human, self.stopped_by) = (None, false, None);
    }

    /// The check, or another gate, by which the strategy ordered the rollback.
    pub(super) fn stopped_by(&self) -> Option<&str> {
        self.stopped_by.as_deref()
    }

    /// Did the human order the rollback?
    pub(super) fn by_human(&self) -> bool {
        self.by_human
    }

    /// How late a good release came to its users by the horizon, or was kept from them.
    pub(super) fn held(&self, rolled_out_at: Option<SimTime>, end: SimTime) -> Held {
        let verdict = self.verdict(false);
        let shipped = verdict == Verdict::PromotedGood;
        let until = if shipped { rolled_out_at } else { self.rollback_at };
        let from = self.release_at.unwrap_or(end);
        let hours = until.unwrap_or(end).since(from).as_secs_f64() / 3600.0;
        Held { hours, again: !shipped, false_alarm: verdict == Verdict::FalseRollback }
    }

    /// What a release came to that should (or, `bad`, should not) have been shipped.
    pub(super) fn verdict(&self, bad: bool) -> Verdict {
        match (self.promoted_at.is_some(), self.rollback_at.is_some()) {
            _ if self.no_evidence && !self.by_human => Verdict::NoEvidence,
            (_, true) if !bad => Verdict::FalseRollback,
            (false, true) => Verdict::RolledBackBad,
            (true, true) => Verdict::RolledBackLate,
            (true, false) if bad => Verdict::MissedBad,
            (true, false) => Verdict::PromotedGood,
            (false, false) if self.passed && bad => Verdict::MissedBad,
            (false, false) if self.passed => Verdict::PassedGood,
            (false, false) => Verdict::Unfinished,
        }
    }
}

//! A Deployment's rollout towards one version, driven by the reported state of its replica sets.
//!
//! Both Deployment strategies and every "redeploy the old version" use it. Each step is one sync
//! of the controller ([`super::deployment`]); the sizes it writes become actions.

use super::deployment::bounds::{Bounds, Replacement};
use super::deployment::kubectl::{self, Watched};
use super::deployment::progress::{self, ProgressRecord, Reason, StatusSync};
use super::deployment::proportional::{self, ScaleAim};
use super::deployment::recreate::{self, RecreateStep};
use super::deployment::rolling::{self, Aim};
use super::deployment::set::{self, Noted, SetState, SizeChange, Target};
use super::deployment::status::DeploymentStatus;
use super::order::HumanOrder;
use super::{Cause, SetFacts, View};
use crate::world::action::{Action, Alarm, Decision, Token};
use crate::world::routing::Pool;
use crate::world::service::Version;
use windtunnel_base::time::{SimDuration, SimTime};

/// What a step of a rollout came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Still under way.
    Going,
    /// All replicas are of the wanted version and available.
    Complete,
}

/// A Deployment in one pool.
#[derive(Clone, Debug)]
pub struct Rollout {
    pool: Pool,
    replacement: Replacement,
    bounds: Bounds,
    replicas: u32,
    deadline: Option<SimDuration>,
    target: Version,
    generation: u64,
    status: DeploymentStatus,
    record: Option<ProgressRecord>,
    /// `spec.paused`: sizes are kept in proportion, and nothing else is done.
    paused: bool,
    /// The missed deadline has been told.
    missed: bool,
    /// The next look at the deadline that was asked for: a controller's queue holds a Deployment
    /// once, at the earliest instant (client-go `delaying_queue.go`).
    look: Option<SimTime>,
    watch: KubectlWatch,
}

/// Somebody who runs `kubectl rollout status` beside the rollout, for the event log.
#[derive(Clone, Debug, Default)]
struct KubectlWatch {
    /// Name of the Deployment; nothing while nobody watches.
    name: Option<String>,
    /// The line printed last.
    last: String,
    /// The command has ended.
    ended: bool,
}

impl Rollout {
    /// A Deployment that runs the old version in `pool`.
    pub fn new(
        pool: Pool,
        replacement: Replacement,
        bounds: Bounds,
        replicas: u32,
        deadline: Option<SimDuration>,
    ) -> Rollout {
        Rollout {
            pool,
            replacement,
            bounds,
            replicas,
            deadline,
            target: Version::Old,
            generation: 0,
            status: DeploymentStatus::default(),
            record: None,
            paused: false,
            missed: false,
            look: None,
            watch: KubectlWatch::default(),
        }
    }

    /// Begins paused, or not.
    pub fn held(mut self, paused: bool) -> Rollout {
        self.paused = paused;
        self
    }

    /// Lets somebody watch it under the name of its Deployment.
    pub fn watched(mut self, name: &str) -> Rollout {
        self.watch.name = Some(name.to_string());
        self
    }

    /// Writes the template of `version`: a new rollout begins (or turns round).
    pub fn aim(&mut self, version: Version, now: SimTime) {
        self.target = version;
        self.generation += 1;
        self.watch.ended = false;
        self.missed = false;
        self.record = self.deadline.map(|_| ProgressRecord::new(Reason::FoundNewReplicaSet, now));
    }

    /// What both Deployment strategies do once they have begun: turn round when the rollback is
    /// ordered, sync, and decide when the new version is complete (`promoted` notes that it was).
    pub fn drive(
        &mut self,
        view: &View<'_>,
        cause: Cause,
        promoted: &mut bool,
        out: &mut Vec<Action>,
    ) {
        match cause {
            Cause::Release => self.aim(Version::New, view.now),
            Cause::Rollback | Cause::Ordered(HumanOrder::Undo) => self.aim(Version::Old, view.now),
            Cause::Ordered(HumanOrder::Pause) => self.paused = true,
            Cause::Ordered(HumanOrder::Resume) => self.resume(view.now),
            _ => {}
        }
        let complete = self.sync(view, Token::of(Alarm::Deadline), out) == Progress::Complete;
        if complete && self.target == Version::New && !*promoted {
            *promoted = true;
            out.push(Action::Decide(Decision::Promote));
        }
    }

    /// Its status as of the last sync.
    pub fn status(&self) -> DeploymentStatus {
        self.status
    }

    /// Pods it wants.
    pub fn replicas(&self) -> u32 {
        self.replicas
    }

    /// Writes `spec.replicas`, with the bounds that follow.
    pub fn resize(&mut self, replicas: u32, bounds: Bounds) {
        (self.replicas, self.bounds) = (replicas, bounds);
    }

    /// An autoscaler has written `spec.replicas`: sizes follow in proportion, and the rollout makes
    /// no step in this sync.
    pub fn rescale(
        &mut self,
        view: &View<'_>,
        replicas: u32,
        bounds: Bounds,
        out: &mut Vec<Action>,
    ) {
        let max = self.replicas + self.bounds.max_surge(self.replacement);
        let noted = Some(Noted { desired: self.replicas, max });
        let sets: Vec<SetState> =
            self.states(view).into_iter().map(|set| SetState { noted, ..set }).collect();
        self.resize(replicas, bounds);
        if proportional::is_scaling(replicas, &sets) {
            self.spread(&sets, out);
        }
    }

    /// Spreads the size over the sets that are there.
    fn spread(&self, sets: &[SetState], out: &mut Vec<Action>) {
        let Rollout { replicas, bounds, replacement, .. } = *self;
        let aim = ScaleAim { replicas, bounds, replacement, status_replicas: self.status.replicas };
        let changes = proportional::scale(&aim, sets);
        let real: Vec<SizeChange> = changes.into_iter().filter(|c| c.delta() != 0).collect();
        self.write(&real, out);
    }

    /// A sync of a paused Deployment: old pods go if the new ones are all there, else nothing
    /// moves, and the progress deadline does not run (k/k `pkg/controller/deployment/sync.go`).
    fn hold(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let max = self.replicas + self.bounds.max_surge(self.replacement);
        let noted = Some(Noted { desired: self.replicas, max });
        let sets: Vec<SetState> =
            self.states(view).into_iter().map(|set| SetState { noted, ..set }).collect();
        self.status = DeploymentStatus::of(&sets, self.generation);
        self.spread(&sets, out);
        self.tell(out);
    }

    /// Going on starts the clock of the deadline anew (`checkPausedConditions`).
    fn resume(&mut self, now: SimTime) {
        if std::mem::take(&mut self.paused) {
            self.record =
                self.deadline.map(|_| ProgressRecord::new(Reason::FoundNewReplicaSet, now));
        }
    }

    /// Fewest pods that it must keep available.
    pub fn min_available(&self) -> u32 {
        self.bounds.min_available(self.replacement, self.replicas)
    }

    /// One sync. Asks to be woken at `token` when the deadline has to be looked at.
    pub fn sync(&mut self, view: &View<'_>, token: Token, out: &mut Vec<Action>) -> Progress {
        if self.paused {
            self.hold(view, out);
            return Progress::Going;
        }
        let sets = self.states(view);
        let before = out.len();
        match self.replacement {
            Replacement::RollingUpdate => {
                let aim = Aim { replicas: self.replicas, bounds: self.bounds };
                self.write(&rolling::reconcile(&aim, &sets), out);
            }
            Replacement::Recreate => {
                match recreate::reconcile(self.replicas, &sets, &self.old_phases(view)) {
                    RecreateStep::StopOld(changes) => self.write(&changes, out),
                    RecreateStep::StartNew(change) => self.write(&[change], out),
                    RecreateStep::Wait | RecreateStep::Nothing => {}
                }
            }
        }
        let created = out[before..].iter().any(|a| matches!(a, Action::Create { .. }));
        self.track(view.now, &sets, created, token, out);
        let complete = self.status.is_complete(self.replicas, self.generation);
        if complete { Progress::Complete } else { Progress::Going }
    }

    /// Updates status and the progress record; a passed deadline is reported once.
    fn track(
        &mut self,
        now: SimTime,
        sets: &[SetState],
        created: bool,
        token: Token,
        out: &mut Vec<Action>,
    ) {
        let after = DeploymentStatus::of(sets, self.generation);
        if created {
            self.record = progress::after_new_set(self.record, true, self.deadline, now);
        }
        let sync = StatusSync {
            replicas: self.replicas,
            generation: self.generation,
            deadline: self.deadline,
            before: self.status,
            after,
        };
        self.record = progress::after_sync(self.record, &sync, now);
        self.status = after;
        let complete = after.is_complete(self.replicas, self.generation);
        if self.deadline_missed() && !self.missed {
            self.missed = true;
            out.push(Action::DeadlinePassed);
        }
        self.tell(out);
        self.look_again(complete, now, token, out);
    }

    /// Asks for a look a second after the deadline could have passed, unless an earlier one is
    /// still to come. A rollout that has completed can't time out, whatever its pods do later.
    fn look_again(&mut self, complete: bool, now: SimTime, token: Token, out: &mut Vec<Action>) {
        self.look = self.look.filter(|at| *at > now);
        let done = self.record.is_some_and(|r| r.reason == Reason::NewReplicaSetAvailable);
        let left = progress::next_check(self.record, self.deadline, complete, now);
        let Some(left) = left.filter(|_| !done) else { return };
        let after = left + progress::CHECK_MARGIN;
        if self.look.is_none_or(|at| now + after < at) {
            self.look = Some(now + after);
            out.push(Action::Wake { after, token });
        }
    }

    /// What `kubectl rollout status` prints now, unless it has just printed the same.
    fn tell(&mut self, out: &mut Vec<Action>) {
        let Some(name) = self.watch.name.as_deref().filter(|_| !self.watch.ended) else { return };
        let seen = Watched {
            name,
            generation: self.generation,
            replicas: self.replicas,
            status: self.status,
            reason: self.record.map(|record| record.reason),
            revision: self.generation,
        };
        let (line, ended) = match kubectl::status_line(&seen, None) {
            Ok(line) => (line.text, line.done),
            Err(text) => (format!("error: {text}"), true),
        };
        self.watch.ended = ended;
        if line != self.watch.last {
            out.push(Action::Say(line.clone()));
            self.watch.last = line;
        }
    }

    /// Has the progress deadline passed without progress since?
    pub fn deadline_missed(&self) -> bool {
        self.record.is_some_and(|record| record.is_missed())
    }

    fn mine<'v>(&self, view: &'v View<'_>) -> impl Iterator<Item = &'v SetFacts> + use<'v> {
        let pool = self.pool;
        view.sets.iter().filter(move |s| s.pool == pool)
    }

    fn states(&self, view: &View<'_>) -> Vec<SetState> {
        let state = |set: &SetFacts| SetState {
            id: set.id,
            size: set.size,
            replicas: set.replicas,
            ready: set.ready,
            available: set.available,
            created: u64::from(set.id),
            is_new: false,
            noted: None,
        };
        let mut sets: Vec<SetState> = self.mine(view).map(state).collect();
        let templates: Vec<Version> = self.mine(view).map(|set| set.version).collect();
        if let Some(new) = set::find_new(&sets, &templates, &self.target) {
            sets[new].is_new = true;
        }
        sets
    }

    fn old_phases(&self, view: &View<'_>) -> Vec<crate::world::replica_set::PodPhase> {
        let old = self.mine(view).filter(|s| s.version != self.target);
        old.flat_map(|s| s.phases.iter().copied()).collect()
    }

    fn write(&self, changes: &[SizeChange], out: &mut Vec<Action>) {
        for change in changes {
            out.push(match change.target {
                Target::Create => {
                    Action::Create { version: self.target, pool: self.pool, size: change.to }
                }
                Target::Set(set) => Action::Scale { set, size: change.to },
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::store::Store;
    use crate::world::log::ShadowCounts;

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    /// One sync of four new pods, so many of them available; what it asked for comes back.
    const LOOK: Token = Token::of(Alarm::PrimaryDeadline);

    fn sync(rollout: &mut Rollout, now: SimTime, available: u32) -> Vec<Action> {
        let set = SetFacts {
            id: 0,
            version: Version::New,
            pool: Pool::Stable,
            size: 4,
            replicas: 4,
            ready: available,
            available,
            phases: Vec::new(),
        };
        let view = View {
            now,
            replicas: 4,
            sets: &[set],
            telemetry: &Store::default(),
            experiment: None,
            shadow: ShadowCounts::default(),
            chance: 0,
        };
        let mut out = Vec::new();
        rollout.sync(&view, LOOK, &mut out);
        out
    }

    fn rollout() -> Rollout {
        let (bounds, limit) = (Bounds { surge: 1, unavailable: 1 }, SimDuration::from_secs(60));
        let mut rollout =
            Rollout::new(Pool::Stable, Replacement::RollingUpdate, bounds, 4, Some(limit));
        rollout.aim(Version::New, at(0));
        rollout
    }

    /// However often it is synced, one look at the deadline is to come, and none that can tell
    /// nothing: a rollout that has completed does not time out when it loses a pod.
    #[test]
    fn one_look_at_the_deadline_is_to_come() {
        let mut rollout = rollout();
        let looks = |out: Vec<Action>| {
            out.into_iter().filter(|action| matches!(action, Action::Wake { .. })).count()
        };
        let asked: Vec<usize> = (0..5).map(|s| looks(sync(&mut rollout, at(s), 2))).collect();
        assert_eq!(asked, [1, 0, 0, 0, 0]);
        // Progress at 30 s has moved the deadline: the look at 61 s asks for another.
        assert_eq!(looks(sync(&mut rollout, at(30), 3)), 0);
        let again = sync(&mut rollout, at(61), 3);
        assert_eq!(again, [Action::Wake { after: SimDuration::from_secs(30), token: LOOK }]);
        assert_eq!(looks(sync(&mut rollout, at(80), 4)), 0);
        let lost: usize = (500..600).map(|s| looks(sync(&mut rollout, at(s), 3))).sum();
        assert_eq!(lost, 0);
    }

    /// The deadline is told once a rollout; that it has passed holds until progress is seen.
    #[test]
    fn a_missed_deadline_is_over_with_progress() {
        let mut rollout = rollout();
        sync(&mut rollout, at(1), 2);
        assert_eq!(sync(&mut rollout, at(62), 2), [Action::DeadlinePassed]);
        assert!(rollout.deadline_missed());
        sync(&mut rollout, at(100), 4);
        assert!(!rollout.deadline_missed());
    }
}

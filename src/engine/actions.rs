//! Carries out what a strategy orders.

use super::GoOn;
use super::address::Address;
use super::flight::{Event, Flight, LOOK};
use super::sets::SetSync;
use crate::analysis::bucket::{experiment_key, md5_bucket};
use crate::base::random::mix64;
use crate::base::time::{SimDuration, SimTime};
use crate::strategy::{Cause, View};
use crate::world::action::{Action, Decision, Evidence, Verdict};
use crate::world::pod::{Set, Stage};
use crate::world::routing::{Pool, Split};
use std::sync::Arc;

/// One write of a controller, with what it reads before.
const PASS: SimDuration = SimDuration::from_millis(30);

/// The same for a new set, with which come its revision and a condition.
const NEW_SET: SimDuration = SimDuration::from_millis(45);

/// How long a smoke test takes.
const SMOKE_TIME: SimDuration = SimDuration::from_secs(5);

/// The md5 bucket (0..100) of every user of an experiment.
pub fn user_buckets(users: u32, experiment: &str) -> Arc<[u8]> {
    user_buckets_while(users, experiment, &|| true).unwrap_or_default()
}

/// [`user_buckets`] for as long as `go_on` says so: millions of users take seconds.
pub fn user_buckets_while(users: u32, experiment: &str, go_on: GoOn<'_>) -> Option<Arc<[u8]>> {
    let bucket = |user: u32| {
        let key = experiment_key(&format!("user-{user}"), experiment);
        let goes_on = !user.is_multiple_of(1 << 16) || go_on();
        goes_on.then(|| md5_bucket(&key, 100).unwrap_or(0) as u8)
    };
    (0..users).map(bucket).collect()
}

impl Flight {
    /// Lets the strategy react to a cause, and carries out its orders.
    pub(super) fn wake(&mut self, cause: Cause) {
        let started = self.watch.release_at.is_some();
        if !self.has_release || !started {
            return;
        }
        let facts = self.set_facts();
        let mut orders = Vec::new();
        let view = View {
            now: self.now,
            replicas: self.size,
            sets: &facts,
            telemetry: &self.scraper.store,
            experiment: self.plane.experiment,
            shadow: self.plane.shadow,
            chance: Address::Controller(0).key(&self.streams),
        };
        self.machine.wake(&view, cause, &mut orders);
        // What a look found stays until the next look: a controller may act on it a tick later.
        if orders.iter().any(|order| matches!(order, Action::Evidence(_))) {
            self.watch.failed_check = None;
            self.watch.unsure_check = None;
        }
        let mut busy = SimDuration::ZERO;
        for order in orders {
            let (calls, takes) = match order {
                Action::Create { .. } => (2, NEW_SET),
                Action::Scale { .. } => (1, PASS),
                _ => (0, SimDuration::ZERO),
            };
            for _ in 0..calls {
                self.owners_client.call(self.now);
            }
            busy += takes;
            self.carry_out(order);
        }
        if busy > SimDuration::ZERO {
            self.busy_until = self.now + busy;
            self.plan_look();
        }
    }

    /// The strategy will look, once what was reported has reached it and its last sync is over. A
    /// look that comes sooner serves as well.
    pub(super) fn plan_look(&mut self) {
        let at = (self.now + LOOK).max(self.busy_until);
        if self.look_at.is_none_or(|planned| at < planned) {
            self.look_at = Some(at);
            self.calendar.plan(at, Event::Look);
        }
    }

    /// The strategy looks at what was reported, unless its client has to wait.
    pub(super) fn look(&mut self) {
        if self.look_at != Some(self.now) {
            return;
        }
        let free = self.owners_client.ready_at(self.now);
        if free > self.now {
            self.look_at = Some(free);
            return self.calendar.plan(free, Event::Look);
        }
        self.look_at = None;
        // The status of the owner itself is written at every look.
        self.owners_client.call(self.now);
        self.wake(Cause::Pods);
    }

    /// A set that its owner has created.
    pub(super) fn add_set(&mut self, set: Set) {
        self.sets.push(set);
        self.syncs.push(SetSync::default());
    }

    fn carry_out(&mut self, order: Action) {
        match order {
            Action::Create { version, pool, size } => {
                self.story("action", || match size {
                    0 => format!("create a set of the {} version, without pods", version.word()),
                    _ => format!("create {} × {} pods", size, version.word()),
                });
                self.add_set(Set { version, pool, size });
                self.changed(self.sets.len() as u32 - 1);
            }
            Action::Scale { set, size } => {
                let entry = &mut self.sets[set as usize];
                let before = std::mem::replace(&mut entry.size, size);
                let version = entry.version;
                self.changed(set);
                self.story("action", || {
                    format!("scale {}: {before} → {size} pods", version.word())
                });
            }
            Action::Replicas { pool, replicas } => self.autoscalers.note(pool, replicas),
            Action::Route(routing) => {
                if matches!(routing.split, Split::Buckets(_) | Split::Flag(_)) {
                    self.prepare_buckets();
                }
                let share = routing.split.candidate_share();
                self.ask_by_route(share);
                let share = share * 100.0;
                self.story("action", || format!("route {share:.0} % to the new version"));
                self.route(routing);
            }
            Action::Ask(share) => self.ask(share.value()),
            Action::Experiment(open) => self.plane.set_experiment(open),
            Action::Wake { after, token } => {
                self.calendar.plan(self.now + after, Event::Timer(token))
            }
            Action::Smoke { requests } => self.smoke(requests),
            Action::Load { straight, rate, lasts } if rate.value() > 0.0 => {
                self.story("action", || format!("load test: {} requests/s", rate.value()));
                let gap = SimDuration::from_secs_f64(1.0 / rate.value());
                let until = self.now + lasts;
                self.calendar.plan(self.now, Event::Synthetic { until, gap, straight });
            }
            Action::Load { .. } => {}
            Action::Decide(decision) => self.decide(decision),
            Action::Evidence(evidence) => {
                // Of several, the first that fails is the one that decides; where none does, the
                // first that is unsure.
                let watch = &mut self.watch;
                let noted = match evidence.verdict {
                    Verdict::Fail => Some(&mut watch.failed_check),
                    Verdict::Unsure => Some(&mut watch.unsure_check),
                    Verdict::Pass | Verdict::Wait => None,
                };
                if let Some(noted) = noted {
                    noted.get_or_insert_with(|| evidence.check.to_string());
                }
                self.story("check", || shown(&evidence));
            }
            Action::Because(gate) => self.watch.failed_check = Some(gate.word()),
            Action::DeadlinePassed => {
                self.story("action", || "the progress deadline has passed".into());
                self.page("the rollout exceeded its progress deadline", true);
            }
            Action::Say(text) => self.story("action", || text),
        }
    }

    /// The strategy has decided on its own.
    fn decide(&mut self, decision: Decision) {
        let text = match decision {
            Decision::Promote => "promoted",
            Decision::WayBack => "the strategy orders the way back",
            Decision::NoEvidence => "no evidence either way: back to the old version",
            Decision::Pass => "nothing wrong found; nothing was to be shipped",
        };
        self.story("decision", || text.into());
        self.snapshot_verdict();
        match decision {
            Decision::Promote => {
                self.watch.promoted_at.get_or_insert(self.now);
            }
            Decision::WayBack => self.order_way_back(false),
            Decision::NoEvidence => {
                self.watch.no_evidence = true;
                self.order_way_back(false);
            }
            Decision::Pass => self.watch.passed = true,
        }
    }

    /// Notes who ordered the way back, and when.
    pub(super) fn order_way_back(&mut self, by_human: bool) {
        self.snapshot_verdict();
        if self.watch.way_back_at.is_none() {
            self.watch.way_back_at = Some(self.now);
            self.watch.by_human = by_human;
            let unsure = self.watch.unsure_check.take().filter(|_| self.watch.no_evidence);
            self.watch.stopped_by = self.watch.failed_check.take().or(unsure).filter(|_| !by_human);
            self.watch.dirty = true;
        }
    }

    /// What had been exposed and judged when the verdict fell (the first one counts).
    fn snapshot_verdict(&mut self) {
        if self.watch.verdict_seen.is_some() {
            return;
        }
        self.end_steps();
        let judged = self.plane.tally.served_new + self.plane.shadow.candidate.compared;
        let exposed = self.plane.users.counts().exposed;
        self.watch.verdict_seen = Some((exposed, judged, self.believed_weight()));
    }

    /// Assigns users to md5 buckets, once.
    pub(super) fn prepare_buckets(&mut self) {
        let wanted = matches!(self.desired.split, Split::Buckets(_) | Split::Flag(_));
        if self.plane.buckets.is_empty() && (wanted || self.has_buckets_ahead()) {
            let users = self.plane.users.count() as u32;
            self.plane.buckets = user_buckets(users, self.scenario.experiment());
        }
    }

    fn has_buckets_ahead(&self) -> bool {
        self.watch.release_at.is_some()
    }

    /// Gives the flight buckets that were made once for the whole scenario.
    pub fn share_buckets(&mut self, buckets: &Arc<[u8]>) {
        self.plane.buckets = Arc::clone(buckets);
    }

    /// A load test sends its next request.
    pub(super) fn synthetic(&mut self, until: SimTime, gap: SimDuration, straight: bool) {
        self.plane.synthetic(straight);
        let next = self.now + gap.max(SimDuration::from_nanos(1));
        if next < until {
            self.calendar.plan(next, Event::Synthetic { until, gap, straight });
        }
    }

    /// Sends synthetic requests to ready candidate pods; only the status is looked at.
    fn smoke(&mut self, requests: u32) {
        let ready = |(_, p): &(usize, &crate::world::pod::Pod)| {
            p.pool == Pool::Candidate && p.ready && p.stage == Stage::Serving
        };
        let pods: Vec<u32> =
            self.pods.iter().enumerate().filter(ready).map(|(i, _)| i as u32).collect();
        let routes = self.scenario.service.routes.len() as u32;
        let mut failed = 0;
        let test = self.watch.smoke_tests;
        self.watch.smoke_tests = test.saturating_add(1);
        for i in 0..requests {
            let Some(pod) = pods.get((i / routes) as usize % pods.len().max(1)) else {
                failed += 1;
                continue;
            };
            let version = self.pods[*pod as usize].version as u8;
            // A synthetic user belongs to no cohort.
            let outside = self.plane.classes() - 1;
            let row = self.plane.row(*pod, version, outside, (i % routes) as u8);
            let row = self.plane.tables.rows[row].effect;
            let draw = mix64(Address::Smoke { test, request: i }.key(&self.streams)) as u32;
            failed += u32::from(draw < row.defect || (draw >= row.wrong && draw < row.hang));
        }
        self.calendar.plan(self.now + SMOKE_TIME, Event::SmokeDone { sent: requests, failed });
    }
}

fn shown(e: &Evidence) -> String {
    let value = e.value.map_or("no data".to_string(), |v| format!("{v:.5}"));
    let limit = e.limit.map_or(String::new(), |l| format!(" against {l:.5}"));
    let word = e.verdict.word();
    let requests = e.requests.map_or(String::new(), |n| format!(", {n:.0} requests"));
    let tested = e.tested.map_or(String::new(), |t| {
        let (value, limit) = (figure(t.value), figure(t.limit));
        format!(" ({}: {} {value} against {limit})", t.judge, t.statistic)
    });
    format!("check {}: {value}{limit}{requests}: {word}{tested}", e.check)
}

/// A statistic as people read it: p-values may be tiny, and scores are not.
fn figure(value: f64) -> String {
    match value.abs() {
        small if small > 0.0 && small < 0.001 => format!("{value:.1e}"),
        small if small < 10.0 => format!("{value:.4}"),
        _ => format!("{value:.1}"),
    }
}

//! The watch: what lasts. Adds up time in states that the measures ask about, event by event.
//!
//! Between two control events no such state changes, so each is looked at once per event and
//! multiplied by the time it lasted.

use super::flight::Flight;
use crate::base::time::{SimDuration, SimTime};
use crate::world::check::{Snapshot, violations};
use crate::world::pod::Stage;
use crate::world::routing::{Pool, Split};
use crate::world::service::Version;

/// The requests of a rollout, from the release until it is rolled out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rollout {
    /// Requests that arrived.
    requests: u64,
    /// Of these, as many as the new version had ready pods among all when each arrived.
    expected_new: f64,
    /// Of these, accepted by the new version.
    served_new: u64,
    /// Is it over?
    over: bool,
}

impl Rollout {
    /// Share of the requests that met the new version, minus its share of ready pods; nothing for a
    /// rollout that did not come to its end.
    pub fn new_traffic_minus_pods(self) -> Option<f64> {
        let excess = self.served_new as f64 - self.expected_new;
        (self.over && self.requests > 0).then(|| excess / self.requests as f64)
    }
}

/// Integrals and instants of a flight.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Has anything changed that the states below depend on?
    pub dirty: bool,
    /// When the release began.
    pub release_at: Option<SimTime>,
    /// When the strategy promoted.
    pub promoted_at: Option<SimTime>,
    /// When the way back was ordered.
    pub way_back_at: Option<SimTime>,
    /// By the human?
    pub by_human: bool,
    /// The check, or another gate, that failed last.
    pub failed_check: Option<String>,
    /// The first check of the present look that is unsure.
    pub unsure_check: Option<String>,
    /// The check, or another gate, that had failed when the strategy ordered the way back.
    pub stopped_by: Option<String>,
    /// The verdict was "no evidence".
    pub no_evidence: bool,
    /// The verdict was "nothing wrong, nothing to ship".
    pub passed: bool,
    /// (exposed users, requests judged, weight) when the first verdict fell.
    pub verdict_seen: Option<(u64, u64, f64)>,
    /// When the human was first paged.
    pub paged_at: Option<SimTime>,
    /// From creation to first readiness, of every pod that got there, in seconds.
    pub start_to_ready_s: Vec<f64>,
    /// Phase-bound chaos: (fault, does it begin, instant).
    pub chaos_at: Vec<(usize, bool, SimTime)>,
    /// When only the new version served, at full size, with old pods gone or kept on purpose.
    pub rolled_out_at: Option<SimTime>,
    /// When the old version was at full size again after the way back.
    pub restored_at: Option<SimTime>,
    /// Time without a pod that accepts.
    pub outage: SimDuration,
    /// Of this, after the way back was ordered.
    pub outage_after_decision: SimDuration,
    /// Time in which a user's requests could reach either version.
    pub mixed: SimDuration,
    /// Nanoseconds of all pods: whole numbers, so that no sum depends on how often it was added to.
    pod_nanos: u128,
    /// Most pods at the same time.
    pub pods_peak: u32,
    /// Fewest ready pods since the release began.
    pub available_min: Option<u32>,
    /// Nodes that were ordered and are not there yet.
    pub nodes_on_order: u32,
    /// Nodes ordered so far.
    pub nodes_ordered: u32,
    /// Smoke tests sent so far.
    pub smoke_tests: u16,
    /// Pods that serve users: of the new version, and of both.
    pub serving: [u32; 2],
    /// The requests of the rollout; nothing before the release.
    pub rollout: Option<Rollout>,
    /// Requests that had arrived when time last lapsed.
    arrived: u64,
    /// Share of the ready pods that are new.
    ready_new_share: f64,
    /// Nanoseconds of the pods beyond the full size of the service.
    surge_nanos: u128,
    pods: u32,
    surge: u32,
    in_outage: bool,
    is_mixed: bool,
    ended_pod_nanos: u128,
}

impl Watch {
    /// Nothing has lasted yet.
    pub fn new(_horizon: SimDuration) -> Watch {
        Watch {
            dirty: true,
            release_at: None,
            promoted_at: None,
            way_back_at: None,
            by_human: false,
            failed_check: None,
            unsure_check: None,
            stopped_by: None,
            no_evidence: false,
            passed: false,
            verdict_seen: None,
            paged_at: None,
            start_to_ready_s: Vec::new(),
            chaos_at: Vec::new(),
            rolled_out_at: None,
            restored_at: None,
            outage: SimDuration::ZERO,
            outage_after_decision: SimDuration::ZERO,
            mixed: SimDuration::ZERO,
            pod_nanos: 0,
            pods_peak: 0,
            available_min: None,
            nodes_on_order: 0,
            nodes_ordered: 0,
            smoke_tests: 0,
            serving: [0; 2],
            rollout: None,
            arrived: 0,
            ready_new_share: 0.0,
            surge_nanos: 0,
            pods: 0,
            surge: 0,
            in_outage: false,
            is_mixed: false,
            ended_pod_nanos: 0,
        }
    }

    /// The present states have lasted for `span`, and `arrived` requests have come until now.
    pub fn lapse(&mut self, span: SimDuration, arrived: u64) {
        if let Some(rollout) = self.rollout.as_mut().filter(|r| !r.over) {
            let requests = arrived - self.arrived;
            rollout.requests += requests;
            rollout.expected_new += requests as f64 * self.ready_new_share;
        }
        self.arrived = arrived;
        self.pod_nanos += u128::from(self.pods) * u128::from(span.as_nanos());
        self.surge_nanos += u128::from(self.surge) * u128::from(span.as_nanos());
        if self.in_outage {
            self.outage += span;
            if self.way_back_at.is_some() {
                self.outage_after_decision += span;
            }
        }
        if self.is_mixed {
            self.mixed += span;
        }
    }

    /// Pod-seconds.
    pub fn pod_seconds(&self) -> f64 {
        self.pod_nanos as f64 / 1e9
    }

    /// Seconds of the pods beyond the full size of the service.
    pub fn surge_pod_seconds(&self) -> f64 {
        self.surge_nanos as f64 / 1e9
    }

    /// A pod has ended after `lived`.
    pub fn pod_ended(&mut self, lived: SimDuration) {
        self.ended_pod_nanos += u128::from(lived.as_nanos());
    }
}

impl Flight {
    /// Looks at the fleet and the beliefs anew.
    pub(super) fn watch_fleet(&mut self) {
        self.watch.dirty = false;
        self.watch.pods = self.pods.iter().filter(|p| p.exists()).count() as u32;
        self.watch.surge = self.watch.pods.saturating_sub(self.full_size());
        self.watch.pods_peak = self.watch.pods_peak.max(self.watch.pods);
        self.watch.in_outage = self.no_pod_accepts();
        self.watch.is_mixed = self.versions_mix();
        if self.watch.release_at.is_some() {
            let split = self.desired.split;
            let serves =
                |p: &&crate::world::pod::Pod| p.is_active() && p.ready && split.reaches(p.pool);
            let serving = || self.pods.iter().filter(serves);
            let available = serving().count() as u32;
            let new = serving().filter(|p| p.version == Version::New).count();
            self.watch.serving = [new as u32, available];
            self.watch.ready_new_share = new as f64 / f64::from(available.max(1));
            let least = self.watch.available_min.unwrap_or(u32::MAX).min(available);
            self.watch.available_min = Some(least);
            if self.watch.rolled_out_at.is_none() && self.is_rolled_out() {
                self.watch.rolled_out_at = Some(self.now);
                let served_new = self.plane.tally.served_new;
                if let Some(rollout) = &mut self.watch.rollout {
                    *rollout = Rollout { served_new, over: true, ..*rollout };
                }
                self.story("release", || {
                    "rolled out: only the new version serves, at full size".into()
                });
            }
        }
        let replicas = self.full_size();
        if self.watch.way_back_at.is_some()
            && self.watch.restored_at.is_none()
            && self.ready_pods(Version::Old) >= replicas
        {
            self.watch.restored_at = Some(self.now);
            self.story("release", || "the old version is at full size again".into());
        }
    }

    fn pools(split: Split) -> impl Iterator<Item = Pool> {
        [Pool::Stable, Pool::Candidate].into_iter().filter(move |p| split.reaches(*p))
    }

    fn no_pod_accepts(&self) -> bool {
        !self.plane.proxies.iter().any(|belief| {
            Self::pools(belief.routing.split).any(|pool| {
                belief.known(pool).iter().any(|p| self.plane.pods[*p as usize].accepting)
            })
        })
    }

    /// Versions that a user of a class (candidate side or not) may reach, over all proxies.
    fn reach(&self, candidate_side: bool) -> [bool; 2] {
        let mut reach = [false; 2];
        for belief in &self.plane.proxies {
            let split = belief.routing.split;
            if let Split::Flag(_) = split {
                reach[usize::from(candidate_side && split.candidate_share() > 0.0)] = true;
                continue;
            }
            for pool in Self::pools(split) {
                let own = if candidate_side { Pool::Candidate } else { Pool::Stable };
                let barred = match split {
                    Split::Buckets(_) | Split::Header(_) => pool != own,
                    Split::Matched { weight, others, .. } => {
                        let share = if candidate_side { weight } else { others }.value();
                        if pool == Pool::Candidate { share <= 0.0 } else { share >= 1.0 }
                    }
                    _ => false,
                };
                if barred {
                    continue;
                }
                for pod in belief.known(pool) {
                    reach[self.pods[*pod as usize].version.index()] = true;
                }
            }
        }
        reach
    }

    /// Can users' requests reach both versions, be it different users? A fleet that is kept or
    /// only gets copies serves nobody.
    pub(super) fn both_versions_serve(&self) -> bool {
        let (some, others) = (self.reach(false), self.reach(true));
        (some[0] || others[0]) && (some[1] || others[1])
    }

    fn versions_mix(&self) -> bool {
        [false, true].iter().any(|side| self.reach(*side) == [true, true])
    }

    fn is_rolled_out(&self) -> bool {
        let replicas = self.full_size();
        let only_new = [false, true].iter().all(|side| {
            let reach = self.reach(*side);
            !reach[0] && reach[1]
        });
        let old_going = self
            .pods
            .iter()
            .any(|p| p.version == Version::Old && p.exists() && p.deleting.is_some());
        // Flags change no pod: the new version is at full size when everyone meets it.
        let flagged = matches!(self.desired.split, Split::Flag(100));
        only_new && (flagged || self.ready_pods(Version::New) >= replicas) && !old_going
    }

    /// The fleet, one letter a pod: upper case serves, lower case does not; O/N ready, o/n not
    /// ready, t terminating, x in back-off.
    pub(super) fn strip(&self) -> String {
        let letter = |p: &crate::world::pod::Pod| match (p.version, p.stage) {
            _ if p.lost => '✗',
            _ if p.deleting.is_some() => 't',
            (_, Stage::BackOff) => 'x',
            (_, Stage::Pending) => '·',
            (Version::Old, _) if p.ready => 'O',
            (Version::New, _) if p.ready => 'N',
            (Version::Old, _) => 'o',
            (Version::New, _) => 'n',
        };
        self.pods.iter().filter(|p| p.exists()).map(letter).collect()
    }

    /// Panics with every violated invariant.
    pub(super) fn check_invariants(&self) {
        let living = self.pods.iter().filter(|p| p.exists());
        let by_pod: u128 = living.map(|p| u128::from(self.now.since(p.created).as_nanos())).sum();
        let gone = |pod: usize| !self.pods[pod].exists();
        let (in_flight, on_dead) = self.plane.in_flight(gone);
        let snapshot = Snapshot {
            arrived: self.plane.tally.arrived,
            ended: self.plane.tally.ended(),
            in_flight,
            pods: self.pods.iter().filter(|p| p.exists()).count() as u32,
            available: self.pods.iter().filter(|p| p.is_active() && p.ready).count() as u32,
            active_max: None,
            active: self.pods.iter().filter(|p| p.is_active()).count() as u32,
            on_dead_pods: on_dead,
            pod_nanos: self.watch.pod_nanos,
            pod_nanos_by_pod: by_pod + self.watch.ended_pod_nanos,
            proxies: &self.plane.proxies,
        };
        let found = violations(&snapshot);
        assert!(found.is_empty(), "at {}: {}", self.now, found.join("; "));
        self.check_tables();
    }
}

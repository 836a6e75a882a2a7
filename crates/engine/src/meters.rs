//! The meters: what lasts. Add up time in states that the measures ask about, event by event.
//!
//! Between two control events no such state changes, so each is looked at once per event and
//! multiplied by the time it lasted.

use super::cluster::Cluster;
use super::context::Context;
use super::data_plane::DataPlane;
use super::decisions::Decisions;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::world::pod::Pod;
use windtunnel_model::world::routing::Split;
use windtunnel_model::world::service::Version;

/// The requests of a rollout, from the release until it is rolled out.
#[derive(Clone, Copy, Debug, Default)]
struct Rollout {
    /// Requests that arrived.
    requests: u64,
    /// Of these, as many as the new version had ready pods among all when each arrived.
    expected_new: f64,
    /// Of these, accepted by the new version.
    served_new: u64,
    /// Is it over?
    over: bool,
}

/// Integrals and instants of a flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Meters {
    /// When only the new version served, at full size, with old pods gone or kept on purpose.
    rolled_out_at: Option<SimTime>,
    /// When the old version was at full size again after a rollback was ordered.
    restored_at: Option<SimTime>,
    /// Time without a pod that accepts.
    outage: SimDuration,
    /// Of this, after the rollback was ordered.
    outage_after_decision: SimDuration,
    /// Time in which a user's requests could reach either version.
    mixed: SimDuration,
    /// Nanoseconds of all pods: whole numbers, so that no sum depends on how often it was added to.
    pod_nanos: u128,
    /// The same of the pods beyond the full size of the service.
    surge_nanos: u128,
    /// Most pods at the same time.
    pods_peak: u32,
    /// Fewest ready pods since the release began.
    available_min: Option<u32>,
    /// Pods that serve users: of the new version, and of both.
    serving: [u32; 2],
    /// The requests of the rollout; nothing before the release.
    rollout: Option<Rollout>,
    /// Requests that had arrived when time last lapsed.
    arrived: u64,
    /// Share of the ready pods that are new.
    ready_new_share: f64,
    pods: u32,
    surge: u32,
    in_outage: bool,
    is_mixed: bool,
}

/// What the meters look at.
#[derive(Clone, Copy)]
pub(super) struct MeterInput<'a> {
    /// Scenario and clock.
    pub(super) ctx: &'a Context,
    /// Pods of both versions and where they are.
    pub(super) cluster: &'a Cluster,
    /// Beliefs of proxies, and what was counted.
    pub(super) data_plane: &'a DataPlane,
    /// What was decided.
    pub(super) decisions: &'a Decisions,
    /// How requests are to be divided.
    pub(super) split: Split,
    /// Pods that the service asks for.
    pub(super) full_size: u32,
}

impl Meters {
    /// The release begins.
    pub(super) fn release(&mut self) {
        self.rollout = Some(Rollout::default());
    }

    /// What was taken back is released again.
    pub(super) fn retry(&mut self) {
        self.restored_at = None;
    }

    /// The present states have lasted for `span`, and `arrived` requests have come until now.
    pub(super) fn lapse(&mut self, span: SimDuration, arrived: u64, rolls_back: bool) {
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
            if rolls_back {
                self.outage_after_decision += span;
            }
        }
        if self.is_mixed {
            self.mixed += span;
        }
    }

    /// Looks at the fleet and the beliefs anew; says what has been reached.
    pub(super) fn look(&mut self, sight: &MeterInput<'_>) -> Vec<&'static str> {
        let MeterInput { ctx, cluster, data_plane, decisions, .. } = *sight;
        let mut reached = Vec::new();
        self.pods = cluster.pods().iter().filter(|p| p.exists()).count() as u32;
        self.surge = self.pods.saturating_sub(sight.full_size);
        self.pods_peak = self.pods_peak.max(self.pods);
        self.in_outage = data_plane.nobody_accepts();
        self.is_mixed = data_plane.versions_mix();
        if decisions.release_at().is_some() {
            self.count_serving(sight);
            if self.rolled_out_at.is_none() && is_rolled_out(sight) {
                self.rolled_out_at = Some(ctx.now);
                let served_new = data_plane.tally().served_new;
                if let Some(rollout) = &mut self.rollout {
                    *rollout = Rollout { served_new, over: true, ..*rollout };
                }
                reached.push("rolled out: only the new version serves, at full size");
            }
        }
        if decisions.rollback_at().is_some()
            && self.restored_at.is_none()
            && cluster.ready(Version::Old) >= sight.full_size
        {
            self.restored_at = Some(ctx.now);
            reached.push("the old version is at full size again");
        }
        reached
    }

    fn count_serving(&mut self, sight: &MeterInput<'_>) {
        let serves = |p: &&Pod| p.is_active() && p.ready && sight.split.reaches(p.pool);
        let serving = || sight.cluster.pods().iter().filter(serves);
        let available = serving().count() as u32;
        let new = serving().filter(|p| p.version == Version::New).count();
        self.serving = [new as u32, available];
        self.ready_new_share = new as f64 / f64::from(available.max(1));
        self.available_min = Some(self.available_min.unwrap_or(u32::MAX).min(available));
    }

    /// Pods that serve users: of the new version, and of both.
    pub(super) fn serving(&self) -> [u32; 2] {
        self.serving
    }

    /// When only the new version served, at full size.
    pub(super) fn rolled_out_at(&self) -> Option<SimTime> {
        self.rolled_out_at
    }

    /// When the old version was at full size again.
    pub(super) fn restored_at(&self) -> Option<SimTime> {
        self.restored_at
    }

    /// Seconds without a pod that accepts: all, and those after the rollback was ordered.
    pub(super) fn outage_s(&self) -> [f64; 2] {
        [self.outage.as_secs_f64(), self.outage_after_decision.as_secs_f64()]
    }

    /// Seconds in which a user's requests could reach either version.
    pub(super) fn mixed_s(&self) -> f64 {
        self.mixed.as_secs_f64()
    }

    /// Fewest ready pods since the release began.
    pub(super) fn available_min(&self) -> Option<u32> {
        self.available_min
    }

    /// Most pods at the same time.
    pub(super) fn pods_peak(&self) -> u32 {
        self.pods_peak
    }

    /// Nanoseconds of all pods.
    pub(super) fn pod_nanos(&self) -> u128 {
        self.pod_nanos
    }

    /// Hours of the pods beyond the full size of the service.
    pub(super) fn surge_pod_hours(&self) -> f64 {
        self.surge_nanos as f64 / 1e9 / 3600.0
    }

    /// Share of the rollout's requests that met the new version, minus its share of ready pods;
    /// nothing for a rollout that did not come to its end.
    pub(super) fn new_traffic_minus_pods(&self) -> Option<f64> {
        let rollout = self.rollout.filter(|r| r.over && r.requests > 0)?;
        let excess = rollout.served_new as f64 - rollout.expected_new;
        Some(excess / rollout.requests as f64)
    }
}

fn is_rolled_out(sight: &MeterInput<'_>) -> bool {
    let only_new = [false, true].iter().all(|side| {
        let reach = sight.data_plane.reach(*side);
        !reach[0] && reach[1]
    });
    let going = |p: &Pod| p.version == Version::Old && p.exists() && p.deleting.is_some();
    let old_going = sight.cluster.pods().iter().any(going);
    // Flags change no pod: the new version is at full size when everyone meets it.
    let flagged = matches!(sight.split, Split::Flag(100));
    let at_full_size = flagged || sight.cluster.ready(Version::New) >= sight.full_size;
    only_new && at_full_size && !old_going
}

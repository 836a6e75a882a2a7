//! The life of pods: start, boot, crash and back-off, termination.
//!
//! Rules: `world::backoff`; termination after k/k `kuberuntime_container.go`. Deliberately unknown
//! here: how probes count ([`super::probes`]) and which node a pod gets.

use super::probes::READINESS;
use super::{Cluster, Hands, News};
use crate::address::{Address, PodDraw};
use crate::event::PodStep;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::telemetry::scraper::Place;
use windtunnel_model::world::backoff::CrashBackoff;
use windtunnel_model::world::effect::Effect;
use windtunnel_model::world::pod::{Pod, PodStage};
use windtunnel_model::world::service::Version;

/// The kubelet looks for ended containers once a second (`genericPlegRelistPeriod`).
const RELIST: SimDuration = SimDuration::from_secs(1);
/// After preStop the process gets at least this long (`minimumGracePeriodInSeconds`).
const MINIMUM_GRACE: SimDuration = SimDuration::from_secs(2);

impl Cluster {
    /// Creates a pod of a set; it looks for a node at once.
    pub(super) fn create_pod(&mut self, set: u32, by: &mut Hands<'_>) -> u32 {
        let (version, pool) = (self.sets[set as usize].version, self.sets[set as usize].pool);
        let id = self.pods.len() as u32;
        let ordinal = self.ordinals[version.index()];
        self.ordinals[version.index()] += 1;
        let now = by.ctx.now;
        self.pods.push(Pod {
            set,
            version,
            pool,
            ordinal,
            node: None,
            zone: 0,
            stage: PodStage::Pending,
            created: now,
            admitted: now,
            container_started: SimTime::NEVER,
            deleting: None,
            ready: false,
            registered: false,
            registering: None,
            ready_since: None,
            first_ready: None,
            restarts: 0,
            life: 0,
            probes: [None, None, None],
            idle: [None, None, None],
            backoff: Default::default(),
            frozen: false,
            lost: false,
            scraped: false,
        });
        self.enter_plane(id, by);
        self.pod_names.push(self.names.pod(pool as usize, version.index(), id));
        self.changed = true;
        id
    }

    /// Adds a pod to the data plane, with the rows that the active faults make.
    fn enter_plane(&mut self, pod: u32, by: &mut Hands<'_>) {
        let version = self.pods[pod as usize].version as u8;
        let routes = &by.ctx.scenario.service.routes;
        let plain = |_: usize, r: usize| {
            Effect::plain(routes[r].errors.value(), routes[r].conversion.value())
        };
        by.data_plane.add_pod(version, plain);
        self.refit(pod, by);
    }

    /// A pod that has been running since before the flight.
    pub(crate) fn create_running_pod(&mut self, set: u32, by: &mut Hands<'_>) {
        let id = self.create_pod(set, by);
        self.place_running(id, by);
        let pod = &mut self.pods[id as usize];
        pod.stage = PodStage::Serving;
        pod.container_started = SimTime::ZERO;
        pod.ready = true;
        pod.registered = true;
        pod.ready_since = Some(SimTime::ZERO);
        pod.scraped = true;
        let pool = pod.pool;
        by.data_plane.start_pod(id);
        by.data_plane.warmed_up(id);
        by.data_plane.known_from_the_start(pool, id);
        self.start_probes(id, by);
        self.probed_for_long(id);
        self.scrape(id);
        self.begins_to_serve(id, by);
    }

    /// The targets of a pod: they are found as soon as its container runs.
    fn scrape(&mut self, pod: u32) {
        self.news.extend([Place::App(pod), Place::Sidecar(pod)].map(News::Target));
    }

    /// The kubelet admits a pod: its container starts after scheduling and pulling.
    pub(super) fn admit(&mut self, pod: u32, by: &mut Hands<'_>) {
        let entry = &mut self.pods[pod as usize];
        entry.stage = PodStage::Scheduled;
        entry.admitted = by.ctx.now;
        self.start_container(pod, by);
    }

    /// Plans the start of a pod's first container, unless its volume is elsewhere.
    pub(super) fn start_container(&mut self, pod: u32, by: &mut Hands<'_>) {
        let Some(mounted) = self.mounted_for(pod, by) else { return };
        let draw = self.address(pod, PodDraw::Scheduling).uniform(&by.ctx.streams);
        let settings = &by.ctx.scenario.service.pod;
        let number = self.pods[pod as usize].ordinal as usize;
        let times = &settings.scheduling_times;
        let recorded = times.get(number % times.len().max(1));
        let delay = recorded.copied().unwrap_or_else(|| settings.scheduling.quantile(draw));
        let starts = self.pods[pod as usize].admitted + delay;
        self.plan(by, pod, starts.max(mounted), PodStep::ContainerStarts);
    }

    /// A step in the life of a pod is due, unless that life is over.
    pub(crate) fn pod_step(&mut self, (pod, life): (u32, u32), step: PodStep, by: &mut Hands<'_>) {
        let entry = &self.pods[pod as usize];
        if entry.life != life || !entry.exists() {
            return;
        }
        match step {
            PodStep::ContainerStarts => self.container_starts(pod, by),
            PodStep::Booted => self.booted(pod, by),
            PodStep::Crashes => self.crash(pod, by),
            PodStep::ExitsBy { fault, strike } => {
                // It happens if its fault has not ended meanwhile.
                if by.faults.lasts(fault, strike) {
                    self.crash(pod, by);
                }
            }
            PodStep::CrashNoticed => self.crash_noticed(pod, by),
            PodStep::ProbeFlips(kind) => self.probe_flips(pod, kind, by),
            PodStep::Available => self.set_changed(self.pods[pod as usize].set, by),
            PodStep::Registered => self.registered(pod, by),
            PodStep::Terminates => self.terminates(pod, by),
            PodStep::Ends => self.ends(pod, by),
        }
        self.changed = true;
    }

    pub(super) fn container_starts(&mut self, pod: u32, by: &mut Hands<'_>) {
        // The count is that of the containers before this one: it rises when the next is started,
        // not when one ends (k/k kuberuntime_manager.go, `restartCount`).
        let entry = &mut self.pods[pod as usize];
        entry.restarts += u32::from(entry.stage == PodStage::BackOff);
        let draw = self.address(pod, PodDraw::Boot).uniform(&by.ctx.streams);
        let boot = by.ctx.scenario.service.pod.startup.quantile(draw);
        let life = by.faults.life(by.ctx, by.data_plane, &self.pods[pod as usize]);
        let boot = boot.scaled(life.startup);
        let entry = &mut self.pods[pod as usize];
        entry.stage = PodStage::Booting;
        entry.container_started = by.ctx.now;
        entry.frozen = false;
        if !std::mem::replace(&mut entry.scraped, true) {
            self.scrape(pod);
        }
        self.start_probes(pod, by);
        let draw = self.address(pod, PodDraw::CrashOnStart).uniform(&by.ctx.streams);
        let crashes = draw < life.crash_on_start;
        let step = if crashes { PodStep::Crashes } else { PodStep::Booted };
        self.plan(by, pod, by.ctx.now + boot, step);
        self.refit(pod, by);
        if self.pods[pod as usize].probes[READINESS].is_none() {
            self.set_ready(pod, true, by);
        }
    }

    fn booted(&mut self, pod: u32, by: &mut Hands<'_>) {
        self.pods[pod as usize].stage = PodStage::Serving;
        by.data_plane.start_pod(pod);
        self.begins_to_serve(pod, by);
        let healthy = !self.pods[pod as usize].frozen;
        self.condition(pod, healthy, by);
    }

    /// Plans what a process that begins to serve will meet.
    fn begins_to_serve(&mut self, pod: u32, by: &mut Hands<'_>) {
        self.migrate(by);
        self.refit(pod, by);
        let exits = by.faults.exits(by.ctx, by.data_plane, &self.pods[pod as usize]);
        exits.into_iter().for_each(|exit| self.plan_exit(pod, exit, by));
    }

    /// A fault has begun that lets processes exit after a time: those that serve already, too.
    pub(crate) fn plan_exits(&mut self, index: usize, by: &mut Hands<'_>) {
        for pod in 0..self.pods.len() as u32 {
            let entry = &self.pods[pod as usize];
            let serves = entry.stage == PodStage::Serving && !entry.lost;
            let exits =
                if serves { by.faults.exits(by.ctx, by.data_plane, entry) } else { Vec::new() };
            if let Some(exit) = exits.into_iter().find(|(own, ..)| *own == index) {
                self.plan_exit(pod, exit, by);
            }
        }
    }

    fn plan_exit(
        &mut self,
        pod: u32,
        (fault, strike, rank, time): (usize, u32, usize, Distribution),
        by: &mut Hands<'_>,
    ) {
        let address = match rank {
            0 => self.address(pod, PodDraw::Exit),
            _ => Address::FurtherExit(rank.min(255) as u8, self.pod_address(pod)),
        };
        let draw = address.uniform(&by.ctx.streams);
        let step = PodStep::ExitsBy { fault: fault as u32, strike };
        self.plan(by, pod, by.ctx.now + time.quantile(draw), step);
    }

    /// Data that a serving pod of a new version migrates are migrated for good.
    pub(crate) fn migrate(&mut self, by: &mut Hands<'_>) {
        let new = |pod: &Pod| pod.version == Version::New && pod.stage == PodStage::Serving;
        if !self.pods.iter().any(new) {
            return;
        }
        for _ in 0..by.faults.migrate(by.ctx, by.data_plane) {
            self.say(by, "fault", || "the shared data are migrated".into());
        }
    }

    /// The active faults have changed: all pods' tables are written anew.
    pub(crate) fn refit_all(&mut self, by: &mut Hands<'_>) {
        self.migrate(by);
        by.faults.write_shared(by.ctx, by.data_plane);
        (0..self.pods.len() as u32).for_each(|pod| self.refit(pod, by));
    }

    /// A pod has changed, or the active faults have: its tables are written anew, and what they
    /// make of its life takes effect.
    pub(super) fn refit(&mut self, pod: u32, by: &mut Hands<'_>) {
        let life = by.faults.write_pod(by.ctx, by.data_plane, pod, &self.pods[pod as usize]);
        let entry = &mut self.pods[pod as usize];
        entry.frozen = life.frozen;
        if entry.lost {
            return;
        }
        if entry.stage == PodStage::Serving {
            by.data_plane.set_leak(pod, life.leak);
        }
        let healthy = match entry.stage {
            PodStage::Serving => !life.frozen,
            PodStage::Booting => life.lies,
            _ => return,
        };
        if entry.probes.iter().flatten().any(|probe| probe.healthy != healthy) {
            self.condition(pod, healthy, by);
        }
    }

    /// The process of a pod exits unexpectedly.
    pub(crate) fn crash(&mut self, pod: u32, by: &mut Hands<'_>) {
        let entry = &mut self.pods[pod as usize];
        // Nobody restarts anything on a node that has vanished.
        if entry.lost
            || matches!(entry.stage, PodStage::Gone | PodStage::BackOff | PodStage::Pending)
        {
            return;
        }
        entry.stage = PodStage::BackOff;
        entry.life += 1;
        self.rest_probes(pod, by);
        by.data_plane.kill_pod(pod);
        self.refit(pod, by);
        self.changed = true;
        if self.pods[pod as usize].deleting.is_some() {
            self.ends(pod, by);
            return;
        }
        self.say(by, "pod", || format!("pod {pod}: the container exits"));
        self.plan(by, pod, by.ctx.now + RELIST, PodStep::CrashNoticed);
    }

    /// A fault kills pods, drawn from those that serve and that it meets.
    pub(crate) fn kill_some(&mut self, index: usize, count: u32, by: &mut Hands<'_>) {
        let serving = (0..self.pods.len() as u32)
            .filter(|p| {
                let pod = &self.pods[*p as usize];
                let serves = pod.stage == PodStage::Serving && !pod.lost;
                serves && by.faults.meets(by.ctx, by.data_plane, index, pod)
            })
            .map(|p| {
                let pod = &self.pods[p as usize];
                ((pod.version as u64) << 32 | u64::from(pod.ordinal), p)
            })
            .collect();
        for pod in by.faults.draw_some(by.ctx, index, serving, count) {
            self.say(by, "fault", || format!("pod {pod} is killed"));
            self.crash(pod, by);
        }
    }

    pub(super) fn crash_noticed(&mut self, pod: u32, by: &mut Hands<'_>) {
        self.set_ready(pod, false, by);
        // The wait counts from the end of the container, not from when it was noticed.
        let finished = by.ctx.now.saturating_sub(RELIST);
        let entry = &mut self.pods[pod as usize];
        let delay = entry.backoff.next_delay(&CrashBackoff::default(), finished);
        let start = by.ctx.now.max(finished + delay);
        self.plan(by, pod, start, PodStep::ContainerStarts);
    }

    /// Deletes a pod: endpoints and kubelet react in parallel.
    pub(super) fn delete_pod(&mut self, pod: u32, by: &mut Hands<'_>) {
        if !self.pods[pod as usize].is_active() {
            return;
        }
        let settings = &by.ctx.scenario.service.pod;
        let (pre_stop, grace) = (settings.pre_stop, settings.grace);
        let now = by.ctx.now;
        let entry = &mut self.pods[pod as usize];
        entry.deleting = Some(now);
        let (set, was_ready) = (entry.set, entry.ready);
        let runs = matches!(entry.stage, PodStage::Booting | PodStage::Serving);
        self.changed = true;
        self.set_changed(set, by);
        if was_ready {
            self.announce(by, pod);
        }
        if self.pods[pod as usize].lost || !runs {
            // No container runs: the kubelet has nobody to wait for (a lost node answers nothing).
            self.ends(pod, by);
            return;
        }
        self.plan(by, pod, now + pre_stop.min(grace), PodStep::Terminates);
    }

    /// SIGTERM: no new requests, those in flight are finished within the grace period.
    fn terminates(&mut self, pod: u32, by: &mut Hands<'_>) {
        let settings = &by.ctx.scenario.service.pod;
        let deleted = self.pods[pod as usize].deleting.unwrap_or(by.ctx.now);
        let last = deleted + settings.grace.max(settings.pre_stop + MINIMUM_GRACE);
        by.data_plane.stop_accepting(pod);
        let drained = by.data_plane.pod(pod).last_done().unwrap_or(by.ctx.now.as_nanos());
        let ends = SimTime::from_nanos(drained).max(by.ctx.now).min(last);
        self.plan(by, pod, ends, PodStep::Ends);
    }

    /// The pod is gone.
    pub(super) fn ends(&mut self, pod: u32, by: &mut Hands<'_>) {
        if !self.pods[pod as usize].exists() {
            return;
        }
        by.data_plane.kill_pod(pod);
        let entry = &mut self.pods[pod as usize];
        entry.stage = PodStage::Gone;
        entry.life += 1;
        entry.ready = false;
        let (created, node, set) = (entry.created, entry.node, entry.set);
        self.announce(by, pod);
        self.ended_nanos += u128::from(by.ctx.now.since(created).as_nanos());
        self.free_node(node, by);
        self.place_waiting(by);
        self.changed = true;
        self.set_changed(set, by);
        // A Deployment hears of its pods' ends as well.
        self.news.push(News::Look);
    }
}

#[cfg(test)]
#[path = "kubelet_tests.rs"]
mod tests;

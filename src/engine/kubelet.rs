//! The life of pods: start, boot, probes, crash and back-off, termination.
//!
//! Probes are computed, not scheduled: whenever the condition of a pod changes, each of its workers
//! is fed what it has seen since, and the one instant at which its state would flip is planned.
//! Rules: `world::probe`, `world::backoff`; termination after k/k `kuberuntime_container.go`.

use super::address::{Address, PodAddress, PodDraw};
use super::flight::{Event, Flight, PodStep};
use crate::base::time::{SimDuration, SimTime};
use crate::world::backoff::CrashBackoff;
use crate::world::pod::{Pod, Probe, Stage};
use crate::world::probe::{ProbeKind, ProbeState, ProbeWorker};
use crate::world::service::Version;

/// The kubelet looks for ended containers once a second (`genericPlegRelistPeriod`).
const RELIST: SimDuration = SimDuration::from_secs(1);
/// After preStop the process gets at least this long (`minimumGracePeriodInSeconds`).
const MINIMUM_GRACE: SimDuration = SimDuration::from_secs(2);

const READINESS: usize = 0;
const LIVENESS: usize = 1;
const STARTUP: usize = 2;

impl Flight {
    pub(super) fn plan_pod(&mut self, pod: u32, at: SimTime, step: PodStep) {
        let life = self.pods[pod as usize].life;
        self.calendar.plan(at, Event::Pod { pod, life, step });
    }

    /// Where a pod's draws are found: the same for the n-th pod of a version in every flight.
    pub(super) fn pod_address(&self, pod: u32) -> PodAddress {
        let Pod { version, restarts, ordinal, .. } = self.pods[pod as usize];
        let restarts = restarts.min(u32::from(u16::MAX)) as u16;
        PodAddress { version, restarts, ordinal }
    }

    pub(super) fn address(&self, pod: u32, draw: PodDraw) -> Address {
        Address::Pod(draw, self.pod_address(pod))
    }

    /// Creates a pod of a set; it looks for a node at once.
    pub(super) fn create_pod(&mut self, set: u32) -> u32 {
        let (version, pool) = (self.sets[set as usize].version, self.sets[set as usize].pool);
        let id = self.pods.len() as u32;
        let ordinal = self.ordinals[version.index()];
        self.ordinals[version.index()] += 1;
        self.pods.push(Pod {
            set,
            version,
            pool,
            ordinal,
            node: None,
            zone: 0,
            stage: Stage::Pending,
            created: self.now,
            admitted: self.now,
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
        self.add_plane_pod(id);
        self.pod_names.push(self.names.pod(pool as usize, version.index(), id));
        self.watch.dirty = true;
        id
    }

    /// A pod that has been running since before the flight.
    pub(super) fn create_running_pod(&mut self, set: u32) {
        let id = self.create_pod(set);
        self.place_running(id);
        let pod = &mut self.pods[id as usize];
        pod.stage = Stage::Serving;
        pod.container_started = SimTime::ZERO;
        pod.ready = true;
        pod.registered = true;
        pod.ready_since = Some(SimTime::ZERO);
        pod.scraped = true;
        self.plane.start_pod(id);
        self.plane.pods[id as usize].warm_until = 0;
        for proxy in &mut self.plane.proxies {
            proxy.set(self.pods[id as usize].pool, id, true);
        }
        self.start_probes(id);
        for probe in self.pods[id as usize].probes.iter_mut().flatten() {
            // Its startup probe is long over, and the others look.
            probe.worker = probe.worker.clone().starting_as(ProbeState::Success);
            probe.worker.startup_finished();
            probe.healthy = true;
        }
        self.plan_pod_scrapes(id);
        self.serving_faults(id);
    }

    /// The kubelet admits a pod: its container starts after scheduling and pulling.
    pub(super) fn admit(&mut self, pod: u32) {
        let entry = &mut self.pods[pod as usize];
        entry.stage = Stage::Scheduled;
        entry.admitted = self.now;
        self.start_container(pod);
    }

    /// Plans the start of a pod's first container, unless its volume is elsewhere.
    pub(super) fn start_container(&mut self, pod: u32) {
        let Some(mounted) = self.mounted_for(pod) else { return };
        let draw = self.address(pod, PodDraw::Scheduling).uniform(&self.streams);
        let settings = &self.scenario.service.pod;
        let number = self.pods[pod as usize].ordinal as usize;
        let times = &settings.scheduling_times;
        let recorded = times.get(number % times.len().max(1));
        let delay = recorded.copied().unwrap_or_else(|| settings.scheduling.quantile(draw));
        let starts = self.pods[pod as usize].admitted + delay;
        self.plan_pod(pod, starts.max(mounted), PodStep::ContainerStarts);
    }

    pub(super) fn pod_step(&mut self, pod: u32, life: u32, step: PodStep) {
        let entry = &self.pods[pod as usize];
        if entry.life != life || !entry.exists() {
            return;
        }
        match step {
            PodStep::ContainerStarts => self.container_starts(pod),
            PodStep::Booted => self.booted(pod),
            PodStep::Crashes => self.crash(pod),
            PodStep::ExitsBy { fault, strike } => self.exits_by(pod, fault, strike),
            PodStep::CrashNoticed => self.crash_noticed(pod),
            PodStep::ProbeFlips(kind) => self.probe_flips(pod, kind),
            PodStep::Available => self.changed(self.pods[pod as usize].set),
            PodStep::Registered => self.registered(pod),
            PodStep::Terminates => self.terminates(pod),
            PodStep::Ends => self.ends(pod),
        }
        self.watch.dirty = true;
    }

    fn container_starts(&mut self, pod: u32) {
        // The count is that of the containers before this one: it rises when the next is started,
        // not when one ends (k/k kuberuntime_manager.go, `restartCount`).
        let entry = &mut self.pods[pod as usize];
        entry.restarts += u32::from(entry.stage == Stage::BackOff);
        let draw = self.address(pod, PodDraw::Boot).uniform(&self.streams);
        let boot = self.scenario.service.pod.startup.quantile(draw);
        let life = self.acting().life(&self.pods[pod as usize]);
        let boot = boot.scaled(life.startup);
        let entry = &mut self.pods[pod as usize];
        entry.stage = Stage::Booting;
        entry.container_started = self.now;
        entry.frozen = false;
        if !std::mem::replace(&mut entry.scraped, true) {
            self.plan_pod_scrapes(pod);
        }
        self.start_probes(pod);
        let crashes = self.crashes_on_start(pod, life.crash_on_start);
        let step = if crashes { PodStep::Crashes } else { PodStep::Booted };
        self.plan_pod(pod, self.now + boot, step);
        self.retable_pod(pod);
        if self.pods[pod as usize].probes[READINESS].is_none() {
            self.set_ready(pod, true);
        }
    }

    fn booted(&mut self, pod: u32) {
        self.pods[pod as usize].stage = Stage::Serving;
        self.plane.start_pod(pod);
        self.plane.counters.reset_pod(pod);
        self.serving_faults(pod);
        let healthy = !self.pods[pod as usize].frozen;
        self.condition(pod, healthy);
    }

    /// Probe workers of a container that starts: those of the one before, if there was one, with
    /// the run of equal outcomes that they have counted.
    fn start_probes(&mut self, pod: u32) {
        let settings = &self.scenario.service.pod;
        let behind = settings.startup_probe.is_some();
        let make = |kind: ProbeKind, probe| ProbeWorker::new(kind, probe);
        let guarded =
            |worker: ProbeWorker| if behind { worker.behind_startup_probe() } else { worker };
        let workers = [
            settings.readiness.map(|s| guarded(make(ProbeKind::Readiness, s))),
            settings.liveness.map(|s| guarded(make(ProbeKind::Liveness, s))),
            settings.startup_probe.map(|s| make(ProbeKind::Startup, s)),
        ];
        let now = self.now;
        let entry = &mut self.pods[pod as usize];
        for (kind, fresh) in workers.into_iter().enumerate() {
            let known = entry.idle[kind].take().map(|mut worker| {
                worker.container_replaced();
                worker
            });
            let probe = |worker| Probe { worker, fed_until: now, healthy: false };
            entry.probes[kind] = known.or(fresh).map(probe);
        }
        (0..3).for_each(|kind| self.plan_flip(pod, kind));
    }

    /// The container has ended: what its probes saw counts, and nothing is probed until the next.
    fn rest_probes(&mut self, pod: u32) {
        for kind in 0..3 {
            self.feed(pod, kind);
            let entry = &mut self.pods[pod as usize];
            entry.idle[kind] = entry.probes[kind].take().map(|probe| probe.worker);
        }
    }

    /// The outcome of the pod's probes is `healthy` from now on.
    pub(super) fn condition(&mut self, pod: u32, healthy: bool) {
        for kind in 0..3 {
            self.feed(pod, kind);
            if let Some(probe) = &mut self.pods[pod as usize].probes[kind] {
                probe.healthy = healthy;
            }
            self.plan_flip(pod, kind);
        }
    }

    fn feed(&mut self, pod: u32, kind: usize) {
        let now = self.now;
        let entry = &mut self.pods[pod as usize];
        let (admitted, started) = (entry.admitted, entry.container_started);
        if let Some(probe) = &mut entry.probes[kind] {
            probe.worker.advance(admitted, started, probe.fed_until, now, probe.healthy);
            probe.fed_until = now;
        }
    }

    fn plan_flip(&mut self, pod: u32, kind: usize) {
        let entry = &self.pods[pod as usize];
        let Some(probe) = &entry.probes[kind] else { return };
        let flip = probe.worker.next_flip(
            entry.admitted,
            entry.container_started,
            probe.fed_until,
            probe.healthy,
        );
        if let Some(at) = flip {
            self.plan_pod(pod, at.max(self.now), PodStep::ProbeFlips(kind));
        }
    }

    /// A planned flip is due, unless the condition has changed since.
    fn probe_flips(&mut self, pod: u32, kind: usize) {
        let just_after = self.now + SimDuration::from_nanos(1);
        let entry = &mut self.pods[pod as usize];
        let (admitted, started) = (entry.admitted, entry.container_started);
        let Some(probe) = &mut entry.probes[kind] else { return };
        let before = probe.worker.state();
        probe.worker.advance(admitted, started, probe.fed_until, just_after, probe.healthy);
        probe.fed_until = probe.fed_until.max(just_after);
        let after = probe.worker.state();
        if after == before {
            return;
        }
        match (kind, after) {
            (READINESS, state) => self.set_ready(pod, state == ProbeState::Success),
            (STARTUP, ProbeState::Success) => self.startup_done(pod),
            (_, ProbeState::Failure) => self.restart_by_probe(pod, kind),
            _ => {}
        }
    }

    fn startup_done(&mut self, pod: u32) {
        for kind in [READINESS, LIVENESS] {
            self.feed(pod, kind);
            if let Some(probe) = &mut self.pods[pod as usize].probes[kind] {
                probe.worker.startup_finished();
            }
            self.plan_flip(pod, kind);
        }
    }

    /// Liveness or startup has failed: the container is killed and restarted under back-off.
    fn restart_by_probe(&mut self, pod: u32, kind: usize) {
        if self.pods[pod as usize].deleting.is_none() {
            let probe = if kind == LIVENESS { "liveness" } else { "startup" };
            self.story("pod", || {
                format!("pod {pod}: the {probe} probe failed, the container is killed")
            });
            self.crash(pod);
        }
    }

    /// The reported readiness of a pod changes; proxies learn of it later.
    pub(super) fn report_ready(&mut self, pod: u32, ready: bool) {
        let now = self.now;
        let entry = &mut self.pods[pod as usize];
        if entry.ready == ready {
            return;
        }
        entry.ready = ready;
        entry.ready_since = Some(now);
        if ready && entry.first_ready.is_none() {
            entry.first_ready = Some(now);
            let waited = now.since(entry.created).as_secs_f64();
            self.watch.start_to_ready_s.push(waited);
        }
        if self.pods[pod as usize].deleting.is_none() {
            self.announce_endpoint(pod);
            let min_ready = self.scenario.service.pod.min_ready;
            if ready && min_ready > SimDuration::ZERO {
                let at = now + min_ready + SimDuration::from_nanos(1);
                self.plan_pod(pod, at, PodStep::Available);
            }
        }
        self.watch.dirty = true;
        self.changed(self.pods[pod as usize].set);
    }

    /// The process of a pod exits unexpectedly.
    pub(super) fn crash(&mut self, pod: u32) {
        let entry = &mut self.pods[pod as usize];
        if matches!(entry.stage, Stage::Gone | Stage::BackOff | Stage::Pending) {
            return;
        }
        entry.stage = Stage::BackOff;
        entry.life += 1;
        self.rest_probes(pod);
        self.plane.kill_pod(pod);
        self.retable_pod(pod);
        self.watch.dirty = true;
        if self.pods[pod as usize].deleting.is_some() {
            self.ends(pod);
            return;
        }
        self.story("pod", || format!("pod {pod}: the container exits"));
        self.plan_pod(pod, self.now + RELIST, PodStep::CrashNoticed);
    }

    fn crash_noticed(&mut self, pod: u32) {
        self.set_ready(pod, false);
        // The wait counts from the end of the container, not from when it was noticed.
        let finished = self.now.saturating_sub(RELIST);
        let entry = &mut self.pods[pod as usize];
        let delay = entry.backoff.next_delay(&CrashBackoff::default(), finished);
        let start = self.now.max(finished + delay);
        self.plan_pod(pod, start, PodStep::ContainerStarts);
    }

    /// Deletes a pod: endpoints and kubelet react in parallel.
    pub(super) fn delete_pod(&mut self, pod: u32) {
        if !self.pods[pod as usize].is_active() {
            return;
        }
        let (pre_stop, grace) =
            (self.scenario.service.pod.pre_stop, self.scenario.service.pod.grace);
        let now = self.now;
        let entry = &mut self.pods[pod as usize];
        entry.deleting = Some(now);
        let (set, was_ready) = (entry.set, entry.ready);
        let serving = entry.stage == Stage::Serving;
        self.watch.dirty = true;
        self.changed(set);
        if was_ready {
            self.announce_endpoint(pod);
        }
        if self.pods[pod as usize].lost || !serving {
            // Nothing serves: the kubelet has nobody to wait for (a lost node answers nothing).
            self.ends(pod);
            return;
        }
        self.plan_pod(pod, now + pre_stop.min(grace), PodStep::Terminates);
    }

    /// SIGTERM: no new requests, those in flight are finished within the grace period.
    fn terminates(&mut self, pod: u32) {
        let settings = &self.scenario.service.pod;
        let deleted = self.pods[pod as usize].deleting.unwrap_or(self.now);
        let last = deleted + settings.grace.max(settings.pre_stop + MINIMUM_GRACE);
        self.plane.stop_accepting(pod);
        let drained = self.plane.pods[pod as usize].last_done().unwrap_or(self.now.as_nanos());
        let ends = SimTime::from_nanos(drained).max(self.now).min(last);
        self.plan_pod(pod, ends, PodStep::Ends);
    }

    /// The pod is gone.
    pub(super) fn ends(&mut self, pod: u32) {
        if !self.pods[pod as usize].exists() {
            return;
        }
        self.plane.kill_pod(pod);
        let now = self.now;
        let entry = &mut self.pods[pod as usize];
        entry.stage = Stage::Gone;
        entry.life += 1;
        entry.ready = false;
        let (created, node, set) = (entry.created, entry.node, entry.set);
        self.announce_endpoint(pod);
        self.watch.pod_ended(now.since(created));
        self.free_node(node);
        self.place_waiting();
        self.watch.dirty = true;
        self.changed(set);
        // A Deployment hears of its pods' ends as well.
        self.plan_look();
    }

    /// Ready pods of a version that are not being deleted.
    pub(super) fn ready_pods(&self, version: Version) -> u32 {
        let ready = self.pods.iter().filter(|p| p.version == version && p.is_active() && p.ready);
        ready.count() as u32
    }
}

#[cfg(test)]
#[path = "kubelet_tests.rs"]
mod tests;

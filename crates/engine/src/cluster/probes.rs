//! Probes of pods, and what is reported of readiness.
//!
//! Probes are computed, not scheduled: whenever the condition of a pod changes, each of its workers
//! is fed what it has seen since, and the one instant at which its state would flip is planned.
//! Rules: `world::probe`.

use super::{Cluster, Hands};
use crate::event::PodStep;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::world::pod::Probe;
use windtunnel_model::world::probe::{ProbeKind, ProbeState, ProbeWorker};

pub(super) const READINESS: usize = 0;
pub(super) const LIVENESS: usize = 1;
pub(super) const STARTUP: usize = 2;

impl Cluster {
    /// Probe workers of a container that starts: those of the one before, if there was one, with
    /// the run of equal outcomes that they have counted.
    pub(super) fn start_probes(&mut self, pod: u32, by: &mut Hands<'_>) {
        let settings = &by.ctx.scenario.service.pod;
        let behind = settings.startup_probe.is_some();
        let make = |kind: ProbeKind, probe| ProbeWorker::new(kind, probe);
        let guarded =
            |worker: ProbeWorker| if behind { worker.behind_startup_probe() } else { worker };
        let workers = [
            settings.readiness.map(|s| guarded(make(ProbeKind::Readiness, s))),
            settings.liveness.map(|s| guarded(make(ProbeKind::Liveness, s))),
            settings.startup_probe.map(|s| make(ProbeKind::Startup, s)),
        ];
        let now = by.ctx.now;
        let entry = &mut self.pods[pod as usize];
        for (kind, fresh) in workers.into_iter().enumerate() {
            let known = entry.idle[kind].take().map(|mut worker| {
                worker.container_replaced();
                worker
            });
            let probe = |worker| Probe { worker, fed_until: now, healthy: false };
            entry.probes[kind] = known.or(fresh).map(probe);
        }
        (0..3).for_each(|kind| self.plan_flip(pod, kind, by));
    }

    /// The probes of a pod that has run since before the flight: its startup probe is long over,
    /// and the others look.
    pub(super) fn probed_for_long(&mut self, pod: u32) {
        for probe in self.pods[pod as usize].probes.iter_mut().flatten() {
            probe.worker = probe.worker.clone().starting_as(ProbeState::Success);
            probe.worker.startup_finished();
            probe.healthy = true;
        }
    }

    /// The container has ended: what its probes saw counts, and nothing is probed until the next.
    pub(super) fn rest_probes(&mut self, pod: u32, by: &Hands<'_>) {
        for kind in 0..3 {
            self.feed(pod, kind, by.ctx.now);
            let entry = &mut self.pods[pod as usize];
            entry.idle[kind] = entry.probes[kind].take().map(|probe| probe.worker);
        }
    }

    /// The outcome of the pod's probes is `healthy` from now on.
    pub(super) fn condition(&mut self, pod: u32, healthy: bool, by: &mut Hands<'_>) {
        for kind in 0..3 {
            self.feed(pod, kind, by.ctx.now);
            if let Some(probe) = &mut self.pods[pod as usize].probes[kind] {
                probe.healthy = healthy;
            }
            self.plan_flip(pod, kind, by);
        }
    }

    fn feed(&mut self, pod: u32, kind: usize, now: SimTime) {
        let entry = &mut self.pods[pod as usize];
        let (admitted, started) = (entry.admitted, entry.container_started);
        if let Some(probe) = &mut entry.probes[kind] {
            probe.worker.advance(admitted, started, probe.fed_until, now, probe.healthy);
            probe.fed_until = now;
        }
    }

    fn plan_flip(&mut self, pod: u32, kind: usize, by: &mut Hands<'_>) {
        let entry = &self.pods[pod as usize];
        let Some(probe) = &entry.probes[kind] else { return };
        let flip = probe.worker.next_flip(
            entry.admitted,
            entry.container_started,
            probe.fed_until,
            probe.healthy,
        );
        if let Some(at) = flip {
            self.plan(by, pod, at.max(by.ctx.now), PodStep::ProbeFlips(kind));
        }
    }

    /// A planned flip is due, unless the condition has changed since.
    pub(super) fn probe_flips(&mut self, pod: u32, kind: usize, by: &mut Hands<'_>) {
        let just_after = by.ctx.now + SimDuration::from_nanos(1);
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
            (READINESS, state) => self.set_ready(pod, state == ProbeState::Success, by),
            (STARTUP, ProbeState::Success) => self.startup_done(pod, by),
            (_, ProbeState::Failure) => self.restart_by_probe(pod, kind, by),
            _ => {}
        }
    }

    pub(super) fn startup_done(&mut self, pod: u32, by: &mut Hands<'_>) {
        for kind in [READINESS, LIVENESS] {
            self.feed(pod, kind, by.ctx.now);
            if let Some(probe) = &mut self.pods[pod as usize].probes[kind] {
                probe.worker.startup_finished();
            }
            self.plan_flip(pod, kind, by);
        }
    }

    /// Liveness or startup has failed: the container is killed and restarted under back-off.
    fn restart_by_probe(&mut self, pod: u32, kind: usize, by: &mut Hands<'_>) {
        if self.pods[pod as usize].deleting.is_none() {
            let probe = if kind == LIVENESS { "liveness" } else { "startup" };
            self.say(by, "pod", || {
                format!("pod {pod}: the {probe} probe failed, the container is killed")
            });
            self.crash(pod, by);
        }
    }

    /// The reported readiness of a pod changes; proxies learn of it later.
    pub(super) fn report_ready(&mut self, pod: u32, ready: bool, by: &mut Hands<'_>) {
        let now = by.ctx.now;
        let entry = &mut self.pods[pod as usize];
        if entry.ready == ready {
            return;
        }
        entry.ready = ready;
        entry.ready_since = Some(now);
        if ready {
            entry.first_ready.get_or_insert(now);
        }
        let set = entry.set;
        if entry.deleting.is_none() {
            self.announce(by, pod);
            let min_ready = by.ctx.scenario.service.pod.min_ready;
            if ready && min_ready > SimDuration::ZERO {
                let at = now + min_ready + SimDuration::from_nanos(1);
                self.plan(by, pod, at, PodStep::Available);
            }
        }
        self.changed = true;
        self.set_changed(set, by);
    }
}

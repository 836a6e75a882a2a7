//! Probes as the kubelet counts them: one worker per container and kind of probe.
//!
//! A worker is fed outcomes of attempts and reports a state that flips only when enough equal
//! outcomes follow each other. Two calculators tell the engine when the next flip is due and catch
//! up on attempts nobody scheduled, so that a pod whose condition does not change costs nothing.
//! Deliberately unknown here: what an attempt asks the container, how long it takes, and what the
//! kubelet does about a failure. The rules follow k/k `pkg/kubelet/prober/worker.go`.

use windtunnel_base::time::{SimDuration, SimTime};

/// When a container is probed and how many equal outcomes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeSettings {
    /// No attempt in the first whole seconds after a container started. Parts of a second are
    /// ignored, as in the Kubernetes API.
    pub initial_delay: SimDuration,
    /// Time between two attempts; at least a second.
    pub period: SimDuration,
    /// An attempt without an answer fails after this time. Kept for the engine: the counting does
    /// not need it.
    pub timeout: SimDuration,
    /// Equal successes that flip the state to success; at least 1.
    pub success_threshold: u32,
    /// Equal failures that flip the state to failure; at least 1.
    pub failure_threshold: u32,
}

impl Default for ProbeSettings {
    /// The API's defaults: 0 s, 10 s, 1 s, 1, 3 (k/k `pkg/apis/core/v1/defaults.go`).
    fn default() -> Self {
        ProbeSettings {
            initial_delay: SimDuration::ZERO,
            period: SimDuration::from_secs(10),
            timeout: SimDuration::from_secs(1),
            success_threshold: 1,
            failure_threshold: 3,
        }
    }
}

/// What a probe decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeKind {
    /// Whether the pod gets traffic and counts as available.
    Readiness,
    /// Whether the container is restarted.
    Liveness,
    /// Whether the container has finished starting, which enables the other two kinds.
    Startup,
}

/// What a worker reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeState {
    /// Ready, alive or started.
    Success,
    /// Not ready, dead or failed to start.
    Failure,
    /// A startup probe before its first verdict.
    Unknown,
}

/// The counting of one (container, kind of probe).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeWorker {
    kind: ProbeKind,
    settings: ProbeSettings,
    state: ProbeState,
    last: Option<bool>,
    run: u32,
    on_hold: bool,
    waits_for_startup: bool,
    started: bool,
}

impl ProbeWorker {
    /// A worker of a container that has no startup probe (or the startup probe's own worker).
    /// Settings below the API's minimum are raised to it.
    pub fn new(kind: ProbeKind, settings: ProbeSettings) -> Self {
        let settings = ProbeSettings {
            initial_delay: whole_secs(settings.initial_delay),
            period: settings.period.max(SimDuration::from_secs(1)),
            success_threshold: settings.success_threshold.max(1),
            failure_threshold: settings.failure_threshold.max(1),
            ..settings
        };
        ProbeWorker {
            kind,
            settings,
            state: initial_state(kind),
            last: None,
            run: 0,
            on_hold: false,
            waits_for_startup: false,
            started: false,
        }
    }

    /// The same worker in a container with a startup probe: readiness and liveness attempts are
    /// skipped until [`ProbeWorker::startup_finished`].
    pub fn behind_startup_probe(mut self) -> Self {
        self.waits_for_startup = self.kind != ProbeKind::Startup;
        self
    }

    /// The same worker with another state to start from, for a container met half-way.
    pub fn starting_as(mut self, state: ProbeState) -> Self {
        self.state = state;
        self
    }

    /// The reported state.
    pub fn state(&self) -> ProbeState {
        self.state
    }

    /// A new container runs in place of the old one: the state starts over and a hold ends. The
    /// run of equal outcomes is kept, as the kubelet keeps it.
    pub fn container_replaced(&mut self) {
        self.state = initial_state(self.kind);
        self.on_hold = false;
        self.started = false;
    }

    /// The container's startup probe succeeded: the startup worker rests, the others begin.
    pub fn startup_finished(&mut self) {
        self.started = true;
    }

    /// When the reported state flips if every attempt from `from` on has the outcome `healthy`;
    /// nothing if it never does. Attempts fall on `admitted` plus whole periods, and are skipped
    /// during the initial delay after `container_started`. The time an attempt takes is not added.
    pub fn next_flip(
        &self,
        admitted: SimTime,
        container_started: SimTime,
        from: SimTime,
        healthy: bool,
    ) -> Option<SimTime> {
        if !self.is_active() || self.state == state_of(healthy) {
            return None;
        }
        let run = if self.last == Some(healthy) { self.run } else { 0 };
        let missing = self.threshold(healthy).saturating_sub(run).max(1);
        let first = self.first_tick(admitted, container_started, from);
        let at = first + self.settings.period * u64::from(missing - 1);
        (at != SimTime::NEVER).then_some(at)
    }

    /// Feeds `healthy` for every attempt in `from <= tick < until`, at the same cost for a long
    /// span as for a short one. Ticks and skipping are those of [`ProbeWorker::next_flip`].
    pub fn advance(
        &mut self,
        admitted: SimTime,
        container_started: SimTime,
        from: SimTime,
        until: SimTime,
        healthy: bool,
    ) {
        let first = self.first_tick(admitted, container_started, from);
        if first < until {
            let rest = (until - first).as_nanos() - 1;
            self.feed(healthy, 1 + rest / self.settings.period.as_nanos());
        }
    }

    fn is_active(&self) -> bool {
        let open = match self.kind {
            ProbeKind::Startup => !self.started,
            ProbeKind::Readiness | ProbeKind::Liveness => self.started || !self.waits_for_startup,
        };
        open && !self.on_hold
    }

    fn threshold(&self, success: bool) -> u32 {
        if success { self.settings.success_threshold } else { self.settings.failure_threshold }
    }

    /// The first tick at or after `from` at which the initial delay is over.
    fn first_tick(&self, admitted: SimTime, started: SimTime, from: SimTime) -> SimTime {
        let earliest = from.max(started + self.settings.initial_delay);
        let period = self.settings.period;
        admitted + period * earliest.since(admitted).as_nanos().div_ceil(period.as_nanos())
    }

    /// Counts `attempts` equal outcomes.
    fn feed(&mut self, success: bool, attempts: u64) {
        if !self.is_active() || attempts == 0 {
            return;
        }
        let before = if self.last == Some(success) { self.run } else { 0 };
        self.last = Some(success);
        self.run = before.saturating_add(u32::try_from(attempts).unwrap_or(u32::MAX));
        if self.run < self.threshold(success) {
            return;
        }
        self.state = state_of(success);
        if !success && self.kind != ProbeKind::Readiness {
            self.on_hold = true;
            self.run = 0;
        }
    }
}

/// The state before the first verdict on a container.
fn initial_state(kind: ProbeKind) -> ProbeState {
    match kind {
        ProbeKind::Readiness => ProbeState::Failure,
        ProbeKind::Liveness => ProbeState::Success,
        ProbeKind::Startup => ProbeState::Unknown,
    }
}

fn state_of(success: bool) -> ProbeState {
    if success { ProbeState::Success } else { ProbeState::Failure }
}

fn whole_secs(span: SimDuration) -> SimDuration {
    SimDuration::from_secs(span.as_nanos() / 1_000_000_000)
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;

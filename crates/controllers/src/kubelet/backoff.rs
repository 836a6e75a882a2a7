//! CrashLoopBackOff: how long a container that ended waits for its next start.
//!
//! The wait counts from the end of the container, not from the attempt to start it, and doubles
//! from restart to restart until the container has run long enough to be trusted again. There is
//! no jitter in it. Deliberately unknown here: why the container ended (it does not matter) and
//! when the kubelet gets round to looking (k/k `pkg/kubelet/kuberuntime/kuberuntime_manager.go`,
//! client-go `util/flowcontrol/backoff.go`).

use windtunnel_base::time::{SimDuration, SimTime};

/// The settings of the back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashBackoff {
    /// Wait before the second restart; the first is immediate.
    pub initial: SimDuration,
    /// Longest wait.
    pub max: SimDuration,
    /// A container that ran longer than this starts over with an immediate restart.
    pub reset_after: SimDuration,
}

impl Default for CrashBackoff {
    /// The kubelet's constants: 10 s, 300 s, 600 s (k/k `pkg/kubelet/kubelet.go`).
    fn default() -> Self {
        CrashBackoff {
            initial: SimDuration::from_secs(10),
            max: SimDuration::from_secs(300),
            reset_after: SimDuration::from_secs(600),
        }
    }
}

/// What the kubelet remembers of one container's restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackoffState {
    entry: Option<(SimDuration, SimTime)>,
}

impl BackoffState {
    /// How long a container that ended at `finished` must wait from then on; zero if it has no
    /// recent history.
    pub fn delay(&self, settings: &CrashBackoff, finished: SimTime) -> SimDuration {
        match self.entry {
            Some((delay, updated)) if finished.since(updated) <= settings.reset_after => delay,
            _ => SimDuration::ZERO,
        }
    }

    /// Notes that the container that ended at `finished` was started again at `restarted`: the
    /// next wait is twice this one, or the initial one if there is nothing to double.
    pub fn restart(&mut self, settings: &CrashBackoff, finished: SimTime, restarted: SimTime) {
        let last = self.delay(settings, finished);
        let next = if last == SimDuration::ZERO { settings.initial } else { last * 2 };
        self.entry = Some((next.min(settings.max), restarted));
    }

    /// The wait of a container that ended at `finished` and is started again right after it:
    /// [`BackoffState::delay`] and [`BackoffState::restart`] in one.
    pub fn next_delay(&mut self, settings: &CrashBackoff, finished: SimTime) -> SimDuration {
        let delay = self.delay(settings, finished);
        self.restart(settings, finished, finished + delay);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_slows_down_and_a_long_run_forgives() {
        let (settings, mut state) = (CrashBackoff::default(), BackoffState::default());
        let mut finished = SimTime::ZERO;
        for secs in [0, 10, 20, 40, 80, 160, 300, 300] {
            let delay = state.next_delay(&settings, finished);
            assert_eq!(delay, SimDuration::from_secs(secs));
            assert_ne!(state.delay(&settings, finished + delay), SimDuration::ZERO);
            finished = finished + delay + SimDuration::from_secs(5);
        }
        let run = |secs| finished + SimDuration::from_secs(secs);
        let started = state;
        assert_eq!(started.delay(&settings, run(590)), SimDuration::from_secs(300));
        assert_eq!(started.delay(&settings, run(1000)), SimDuration::ZERO);
    }

    #[test]
    fn no_wait_is_above_the_maximum() {
        let max = SimDuration::from_secs(3);
        let settings = CrashBackoff { initial: max, max, ..CrashBackoff::default() };
        let mut state = BackoffState::default();
        assert_eq!(state.next_delay(&settings, SimTime::ZERO), SimDuration::ZERO);
        assert_eq!(state.next_delay(&settings, SimTime::ZERO), max);
        assert_eq!(state.next_delay(&settings, SimTime::ZERO), max);
    }
}

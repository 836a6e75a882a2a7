//! The limits that a controller's client keeps to: so many calls a second, and a burst.
//!
//! Every controller of kube-controller-manager has a client of its own, and each keeps to
//! `--kube-api-qps` (20) and `--kube-api-burst` (30) over all of its calls (k/k
//! `cmd/kube-controller-manager/app/options/generic.go`, client-go `util/flowcontrol/throttle.go`:
//! a bucket of tokens that is full at first). Argo Rollouts has 40 and 80
//! (`utils/defaults/defaults.go`). Deliberately unknown here: what is called, and how long a call
//! takes.

use windtunnel_base::time::{SimDuration, SimTime};

/// Limits of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientLimits {
    /// Calls a second, in the long run.
    pub per_second: f64,
    /// Calls that may go at once after a rest.
    pub burst: u32,
}

impl ClientLimits {
    /// Those of kube-controller-manager.
    pub const KUBERNETES: ClientLimits = ClientLimits { per_second: 20.0, burst: 30 };
    /// Those of Argo Rollouts.
    pub const ARGO: ClientLimits = ClientLimits { per_second: 40.0, burst: 80 };
}

/// A client that keeps to its limits, if it has any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    limits: Option<ClientLimits>,
    /// When the bucket will be full again.
    full_at: SimTime,
}

impl Client {
    /// A client that has been at rest.
    pub fn new(limits: Option<ClientLimits>) -> Client {
        Client { limits, full_at: SimTime::ZERO }
    }

    /// When a call that is wanted at `now` may go.
    pub fn ready_at(&self, now: SimTime) -> SimTime {
        let Some(ClientLimits { per_second, burst }) = self.limits else { return now };
        let saved = gap(per_second) * u64::from(burst.saturating_sub(1));
        self.full_at.saturating_sub(saved).max(now)
    }

    /// Makes a call that is wanted at `now`; says when it goes.
    pub fn call(&mut self, now: SimTime) -> SimTime {
        let at = self.ready_at(now);
        if let Some(limits) = self.limits {
            self.full_at = self.full_at.max(at) + gap(limits.per_second);
        }
        at
    }
}

fn gap(per_second: f64) -> SimDuration {
    SimDuration::from_secs_f64(1.0 / per_second.max(1e-3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: f64) -> SimTime {
        SimTime::from_secs_f64(secs)
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let mut client = Client::new(Some(ClientLimits::KUBERNETES));
        let calls: Vec<SimTime> = (0..200).map(|_| client.call(at(1.0))).collect();
        assert!(calls[..30].iter().all(|call| *call == at(1.0)));
        assert_eq!([calls[30], calls[31], calls[199]], [at(1.05), at(1.1), at(9.5)]);
        // Half a second's rest saves ten calls.
        assert_eq!(client.ready_at(at(10.0)), at(10.0));
        let later: Vec<SimTime> = (0..11).map(|_| client.call(at(10.0))).collect();
        assert_eq!([later[9], later[10]], [at(10.0), at(10.05)]);
    }

    #[test]
    fn without_limits_nothing_waits() {
        let mut client = Client::default();
        assert!((0..500).all(|_| client.call(at(3.0)) == at(3.0)));
    }
}

//! What a mesh's proxy does beyond choosing a pod: which failures it tries again, how long a try
//! may take, whom it ejects for errors, how many requests it lets through, and what it breaks on
//! purpose.
//!
//! Settings, and the rules of ejection as a pure state machine. Sources: Istio's
//! `destination_rule.proto` and `virtual_service.proto`; Envoy's `outlier_detection.proto` and its
//! router's retry conditions. Deliberately unknown here: pods, requests, and when they fail.

use crate::base::time::SimDuration;
use crate::base::units::Share;

/// How an attempt failed, as a proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or the proxy would not let it through; its tries on other pods are used up.
    Refused,
    /// The pod's queue was full: 503.
    Busy,
    /// The application answered 500.
    Error,
    /// The proxy stopped waiting: 504.
    Late,
    /// The connection broke before an answer.
    Reset,
}

/// Which failures a proxy tries again (`x-envoy-retry-on`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// A connection that was refused; tried on other pods at once.
    pub connect: bool,
    /// 500 from the application.
    pub error: bool,
    /// 503 from a full pod.
    pub busy: bool,
    /// No answer: broken, or waited for too long.
    pub reset: bool,
}

impl Default for RetryOn {
    /// Istio's default conditions come to refused connections alone.
    fn default() -> Self {
        RetryOn { connect: true, error: false, busy: false, reset: false }
    }
}

impl RetryOn {
    /// Conditions by which nothing is tried again.
    pub const NEVER: RetryOn = RetryOn { connect: false, error: false, busy: false, reset: false };

    /// Adds a condition by its Envoy name; false if it means nothing here.
    pub fn add(&mut self, word: &str) -> bool {
        match word {
            "5xx" => *self = RetryOn { connect: true, error: true, busy: true, reset: true },
            "gateway-error" => *self = RetryOn { connect: true, busy: true, reset: true, ..*self },
            "reset" => *self = RetryOn { connect: true, reset: true, ..*self },
            "connect-failure" => self.connect = true,
            "500" => self.error = true,
            "503" => self.busy = true,
            _ => return false,
        }
        true
    }

    /// Is an attempt that got further than a refused connection tried again?
    pub fn covers(&self, failure: Failure) -> bool {
        match failure {
            Failure::Refused => false,
            Failure::Busy => self.busy,
            Failure::Error => self.error,
            Failure::Late | Failure::Reset => self.reset,
        }
    }

    /// Does it hold for anything but refused connections?
    pub fn is_more(&self) -> bool {
        self.error || self.busy || self.reset
    }
}

/// When a proxy stops sending to a pod (`outlierDetection`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlierDetection {
    /// Failures of any kind in a row that eject; 0: never for these.
    pub errors: u32,
    /// 502, 503, 504 and broken connections in a row that eject; 0: never for these.
    pub gateway_errors: u32,
    /// Time between the looks at which pods come back.
    pub interval: SimDuration,
    /// Time of a first ejection; the n-th in a row takes n times as long.
    pub base: SimDuration,
    /// Share of the pods that may be ejected; one always may.
    pub most: Share,
    /// With a smaller share of pods left, ejections are ignored.
    pub min_health: Share,
}

/// New pods get a share that grows with their age (`warmup`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// Age at which a pod gets its full share.
    pub window: SimDuration,
    /// Share of its full share that it gets at first.
    pub minimum: Share,
}

/// What a proxy breaks on purpose (`fault`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Injected {
    /// Share of requests that fail at once.
    pub abort: Share,
    /// Share of requests that are sent later.
    pub delayed: Share,
    /// So much later.
    pub delay: SimDuration,
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mesh {
    /// What is tried again, as often as the balancer retries.
    pub retry_on: RetryOn,
    /// Longest time of one try.
    pub per_try: Option<SimDuration>,
    /// Longest time of all tries.
    pub timeout: Option<SimDuration>,
    /// Ejections.
    pub outliers: Option<OutlierDetection>,
    /// Most requests that a proxy has under way to a pool.
    pub most_requests: Option<u32>,
    /// Slow start of new pods.
    pub slow_start: Option<SlowStart>,
    /// Injected faults.
    pub injected: Option<Injected>,
}

impl Mesh {
    /// Does it differ from a plain balancer in what the request loop does?
    pub fn is_on(&self) -> bool {
        *self != Mesh { timeout: self.timeout, ..Mesh::default() }
    }
}

/// Longest ejection (Envoy `max_ejection_time`), unless the base is longer.
const LONGEST: SimDuration = SimDuration::from_secs(300);

/// What came back from a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// An answer that is no error.
    Fine,
    /// 500.
    Error,
    /// 503, 504 or nothing.
    GatewayError,
    /// The client left first: it says nothing of the pod.
    Nothing,
}

/// A pod as one proxy judges it; instants in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    errors: u32,
    gateway_errors: u32,
    times: u32,
    /// Ejected until then; 0 if it never was.
    pub until: u64,
}

impl Host {
    /// Counts what came back; true if that asks for an ejection. Whether or not it is granted, the
    /// count that asked begins anew.
    pub fn sees(&mut self, seen: Seen, rules: &OutlierDetection) -> bool {
        match seen {
            Seen::Nothing => return false,
            Seen::Fine => (self.errors, self.gateway_errors) = (0, 0),
            Seen::Error => (self.errors, self.gateway_errors) = (self.errors + 1, 0),
            Seen::GatewayError => {
                (self.errors, self.gateway_errors) = (self.errors + 1, self.gateway_errors + 1);
            }
        }
        let full = |count: &mut u32, limit: u32| {
            let full = limit > 0 && *count >= limit;
            *count = if full { 0 } else { *count };
            full
        };
        let errors = full(&mut self.errors, rules.errors);
        full(&mut self.gateway_errors, rules.gateway_errors) || errors
    }

    /// Is it ejected?
    pub fn is_ejected(&self, now: u64) -> bool {
        now < self.until
    }

    /// Ejects it: for the base time as often as it has been ejected in a row, and until the next
    /// look. Every look at which it was not ejected forgets one of the earlier times.
    pub fn eject(&mut self, now: u64, rules: &OutlierDetection) {
        let interval = rules.interval.as_nanos().max(1);
        let healthy = if self.until == 0 { 0 } else { now / interval - self.until / interval };
        self.times = self.times.saturating_sub(healthy.min(u64::from(u32::MAX)) as u32) + 1;
        let span = (rules.base * u64::from(self.times)).min(LONGEST.max(rules.base));
        self.until =
            now.saturating_add(span.as_nanos()).div_ceil(interval).saturating_mul(interval);
    }
}

impl OutlierDetection {
    /// May one more of `hosts` pods be ejected while `ejected` are?
    pub fn allows(&self, ejected: usize, hosts: usize) -> bool {
        ejected == 0 && hosts > 0 || (ejected as f64) < self.most.value() * hosts as f64
    }

    /// Are ejections ignored, with `healthy` of `hosts` pods left?
    pub fn panics(&self, healthy: usize, hosts: usize) -> bool {
        (healthy as f64) < self.min_health.value() * hosts as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: OutlierDetection = OutlierDetection {
        errors: 5,
        gateway_errors: 2,
        interval: SimDuration::from_secs(10),
        base: SimDuration::from_secs(30),
        most: Share::ONE,
        min_health: Share::ZERO,
    };

    #[test]
    fn failures_count_in_a_row() {
        let mut host = Host::default();
        let mut sees = |seen| host.sees(seen, &RULES);
        for _ in 0..4 {
            assert!(!sees(Seen::Error));
        }
        assert!(!sees(Seen::Fine));
        for _ in 0..4 {
            assert!(!sees(Seen::Error));
        }
        assert!(sees(Seen::Error));
        // Two gateway errors in a row suffice here; a 500 between them starts that count anew.
        let mut host = Host::default();
        let mut sees = |seen| host.sees(seen, &RULES);
        assert!(!sees(Seen::GatewayError) && !sees(Seen::Error) && !sees(Seen::GatewayError));
        assert!(!sees(Seen::Nothing) && sees(Seen::GatewayError));
    }

    /// 30 s from 12 s on are over at 42 s, and noticed at the look of 50 s. Ejected again at once:
    /// 60 s. Three healthy looks forget both, so the third takes 30 s.
    #[test]
    fn ejections_in_a_row_take_longer() {
        let secs = |s: u64| s * 1_000_000_000;
        let mut host = Host::default();
        host.eject(secs(12), &RULES);
        assert_eq!(host.until, secs(50));
        assert!(host.is_ejected(secs(49)) && !host.is_ejected(secs(50)));
        host.eject(secs(51), &RULES);
        assert_eq!(host.until, secs(120));
        host.eject(secs(151), &RULES);
        assert_eq!(host.until, secs(190));
        for _ in 0..20 {
            host.eject(host.until, &RULES);
        }
        let before = host.until;
        host.eject(before, &RULES);
        assert_eq!(host.until - before, secs(300));
    }

    #[test]
    fn one_pod_may_always_be_ejected() {
        let tenth = OutlierDetection { most: Share::clamped(0.1), ..RULES };
        assert!(tenth.allows(0, 3) && !tenth.allows(1, 3) && !tenth.allows(1, 10));
        assert!(tenth.allows(1, 11));
        let half = OutlierDetection { min_health: Share::clamped(0.5), ..RULES };
        assert!(half.panics(1, 3) && !half.panics(2, 4) && !RULES.panics(0, 3));
    }

    #[test]
    fn conditions_hold_what_their_names_say() {
        let of = |words: &[&str]| {
            let mut found = RetryOn::NEVER;
            words.iter().for_each(|w| assert!(found.add(w), "{w}"));
            found
        };
        assert!(of(&["5xx"]).covers(Failure::Error));
        let gateway = of(&["gateway-error"]);
        assert!(gateway.covers(Failure::Busy) && gateway.covers(Failure::Late));
        assert!(!gateway.covers(Failure::Error) && gateway.connect);
        assert!(!of(&["connect-failure"]).is_more());
        assert!(
            !of(&["503"]).covers(Failure::Reset) && !RetryOn::NEVER.clone().add("retriable-4xx")
        );
    }
}

//! When a proxy stops sending to a pod for its errors, and when it starts again (`outlierDetection`
//! of Istio's DestinationRule): the settings, and the rules as a pure state machine.
//!
//! Follows Envoy `source/common/upstream/outlier_detection_impl.cc` (of 1.28 and later) with what
//! Istio `pilot/pkg/networking/core/cluster_traffic_policy.go` sets: ejection by success rate is
//! off, errors in a row are judged at each answer, and pods return at the looks of an interval.
//! Deliberately unknown here: pods, requests, and who asks.

use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

/// When a proxy stops sending to a pod (`outlierDetection`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlierDetection {
    /// Failures of any kind in a row that eject; 0: never for these.
    pub errors: u32,
    /// 502, 503, 504 and broken connections in a row that eject; 0: never for these.
    pub gateway_errors: u32,
    /// Are refused and broken connections and timeouts no errors of the two kinds above, but
    /// counted apart (`splitExternalLocalOriginErrors`)? So many of them in a row eject.
    pub local_errors: Option<u32>,
    /// Time between the looks at which pods come back.
    pub interval: SimDuration,
    /// Time of a first ejection; the n-th in a row takes n times as long.
    pub base: SimDuration,
    /// Share of the pods that may be ejected, the one in question included.
    pub most: Share,
    /// May one pod be ejected however small the share? Envoy's rule before 1.28 (Istio 1.20),
    /// `alwaysEjectOneHost` since.
    pub always_one: bool,
    /// With a smaller share of pods left, ejections are ignored (Envoy's panic threshold).
    pub min_health: Share,
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
    /// The pod answered 503.
    GatewayError,
    /// No answer: refused, broken, or waited for too long. Envoy counts it as 503 or 504, unless
    /// local errors are counted apart.
    Local,
    /// The client left first: it says nothing of the pod.
    Nothing,
}

/// A pod as one proxy judges it; instants in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    errors: u32,
    gateway_errors: u32,
    local_errors: u32,
    times: u32,
    /// Its counts begin anew when it returns.
    is_out: bool,
    /// Ejected until then; 0 if it never was.
    pub until: u64,
}

impl Host {
    /// A connection to it stood: local errors in a row are over.
    pub fn connects(&mut self) {
        self.local_errors = 0;
    }

    /// Counts what came back at `at`; true if that asks for an ejection. Whether or not it is
    /// granted, the count that asked begins anew.
    pub fn sees(&mut self, seen: Seen, at: u64, rules: &OutlierDetection) -> bool {
        if self.is_out && at >= self.until {
            *self = Host { times: self.times, until: self.until, ..Host::default() };
        }
        match (seen, rules.local_errors) {
            (Seen::Nothing, _) => return false,
            (Seen::Fine, _) => (self.errors, self.gateway_errors) = (0, 0),
            (Seen::Error, _) => (self.errors, self.gateway_errors) = (self.errors + 1, 0),
            (Seen::Local, Some(_)) => self.local_errors += 1,
            (Seen::GatewayError | Seen::Local, _) => {
                (self.errors, self.gateway_errors) = (self.errors + 1, self.gateway_errors + 1);
            }
        }
        let full = |count: &mut u32, limit: u32| {
            let full = limit > 0 && *count >= limit;
            *count = if full { 0 } else { *count };
            full
        };
        let local = full(&mut self.local_errors, rules.local_errors.unwrap_or(0));
        let gateway = full(&mut self.gateway_errors, rules.gateway_errors);
        full(&mut self.errors, rules.errors) || gateway || local
    }

    /// Is it ejected?
    pub fn is_ejected(&self, now: u64) -> bool {
        now < self.until
    }

    /// Ejects it: for the base time as often as it has been ejected in a row, at most
    /// five minutes, and until the next look. Every look at which it was not ejected, but the one
    /// at which it returned, forgets one of the earlier times.
    pub fn eject(&mut self, now: u64, rules: &OutlierDetection) {
        let interval = rules.interval.as_nanos().max(1);
        let healthy = if self.until == 0 { 0 } else { now / interval - self.until / interval };
        self.times = self.times.saturating_sub(healthy.min(u64::from(u32::MAX)) as u32);
        let longest = LONGEST.max(rules.base);
        // The number grows no more once its time has passed the longest by one base.
        if rules.base * u64::from(self.times) < longest + rules.base {
            self.times += 1;
        }
        let span = (rules.base * u64::from(self.times)).min(longest);
        self.until =
            now.saturating_add(span.as_nanos()).div_ceil(interval).saturating_mul(interval);
        self.is_out = true;
    }
}

impl OutlierDetection {
    /// May one more of `hosts` pods be ejected while `ejected` are? The share that is allowed has
    /// to hold the one in question too, so with 10 % nobody of nine pods is ever ejected.
    pub fn allows(&self, ejected: usize, hosts: usize) -> bool {
        let fits = (ejected + 1) as f64 <= self.most.value() * hosts as f64 + 1e-9;
        hosts > 0 && (fits || self.always_one && ejected == 0)
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
        local_errors: None,
        interval: SimDuration::from_secs(10),
        base: SimDuration::from_secs(30),
        most: Share::ONE,
        always_one: false,
        min_health: Share::ZERO,
    };

    fn secs(s: u64) -> u64 {
        s * 1_000_000_000
    }

    #[test]
    fn failures_count_in_a_row() {
        let mut host = Host::default();
        let mut sees = |seen| host.sees(seen, 0, &RULES);
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
        let mut sees = |seen| host.sees(seen, 0, &RULES);
        assert!(!sees(Seen::GatewayError) && !sees(Seen::Error) && !sees(Seen::Local));
        assert!(!sees(Seen::Nothing) && sees(Seen::GatewayError));
    }

    /// Counted apart, refused connections neither add to the errors nor end their row, and a
    /// connection that stands ends theirs.
    #[test]
    fn local_errors_may_count_apart() {
        let apart = OutlierDetection { local_errors: Some(3), gateway_errors: 0, ..RULES };
        let mut host = Host::default();
        for _ in 0..2 {
            assert!(!host.sees(Seen::Local, 0, &apart) && !host.sees(Seen::Error, 0, &apart));
        }
        host.connects();
        assert!(!host.sees(Seen::Local, 0, &apart) && !host.sees(Seen::Local, 0, &apart));
        assert!(host.sees(Seen::Local, 0, &apart));
        assert!(!host.sees(Seen::Error, 0, &apart) && !host.sees(Seen::Error, 0, &apart));
        assert!(host.sees(Seen::Error, 0, &apart), "five 500s in a row");
    }

    /// 30 s from 12 s on are over at 42 s, and noticed at the look of 50 s. Ejected again at once:
    /// 60 s. Three healthy looks forget both, so the third takes 30 s.
    #[test]
    fn ejections_in_a_row_take_longer() {
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
        // The number stands at 11: nine healthy looks leave two, and the next is the third.
        let later = host.until + secs(90);
        host.eject(later, &RULES);
        assert_eq!(host.until - later, secs(90));
    }

    /// What came back before it returned, from requests sent before, is forgotten.
    #[test]
    fn counts_begin_anew_when_a_pod_returns() {
        let mut host = Host::default();
        host.eject(secs(0), &RULES);
        for _ in 0..4 {
            assert!(!host.sees(Seen::Error, secs(5), &RULES));
        }
        assert!(!host.sees(Seen::Error, secs(30), &RULES), "the first after its return");
        for at in 31..34 {
            assert!(!host.sees(Seen::Error, secs(at), &RULES));
        }
        assert!(host.sees(Seen::Error, secs(34), &RULES));
    }

    /// 100 × (ejected + 1) / hosts must not exceed the percentage; before Envoy 1.28 one always
    /// might be.
    #[test]
    fn the_share_includes_the_pod_in_question() {
        let tenth = OutlierDetection { most: Share::clamped(0.1), ..RULES };
        assert!(!tenth.allows(0, 9) && tenth.allows(0, 10) && !tenth.allows(1, 19));
        assert!(tenth.allows(1, 20) && !tenth.allows(0, 0));
        let older = OutlierDetection { always_one: true, ..tenth };
        assert!(older.allows(0, 3) && !older.allows(1, 3));
        let half = OutlierDetection { min_health: Share::clamped(0.5), ..RULES };
        assert!(half.panics(1, 3) && !half.panics(2, 4) && !RULES.panics(0, 3));
    }
}

//! What a mesh's proxy does beyond choosing a pod: which failures it tries again, how long a try
//! may take, whom it ejects for errors, how many requests it lets through, and what it breaks on
//! purpose.
//!
//! Settings, and small rules over them. Sources: Istio's `destination_rule.proto` and
//! `virtual_service.proto`, and `pilot/pkg/networking/core/route/retry/retry.go`; Envoy's
//! `source/common/router/retry_state_impl.cc` (conditions), `common/backoff_strategy.cc`,
//! `upstream/resource_manager_impl.h` (budgets) and `upstream/load_balancer_impl.cc` (slow start).
//! Deliberately unknown here: pods, requests, and when they fail.

use super::outlier::OutlierDetection;
use windtunnel_base::maths;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

/// How an attempt failed, as a proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The proxy would not let it through, or all its tries of connecting were refused.
    Refused,
    /// Nobody answered the attempt to connect within its time.
    Connect,
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
    /// A connection that was refused, or not answered in time; tried on other pods.
    pub connect: bool,
    /// 500 from the application.
    pub error: bool,
    /// 503 from a full pod.
    pub busy: bool,
    /// No answer: broken, or a try that took too long.
    pub reset: bool,
}

impl Default for RetryOn {
    /// Istio's default conditions (`connect-failure,refused-stream,unavailable,cancelled`) come to
    /// connections alone.
    fn default() -> Self {
        RetryOn { connect: true, error: false, busy: false, reset: false }
    }
}

impl RetryOn {
    /// Conditions by which nothing is tried again.
    pub const NEVER: RetryOn = RetryOn { connect: false, error: false, busy: false, reset: false };

    /// Adds a condition by its Envoy name; false if it means nothing here. Envoy holds a broken
    /// connection and a try that took too long for resets, which `5xx` and `gateway-error` cover
    /// as well; a number covers answers of the pod with that status alone.
    pub fn add(&mut self, word: &str) -> bool {
        match word {
            "5xx" => *self = RetryOn { connect: true, error: true, busy: true, reset: true },
            "gateway-error" => *self = RetryOn { connect: true, busy: true, reset: true, ..*self },
            "reset" => *self = RetryOn { connect: true, reset: true, ..*self },
            "connect-failure" | "reset-before-request" => self.connect = true,
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
            Failure::Connect => self.connect,
            Failure::Busy => self.busy,
            Failure::Error => self.error,
            Failure::Late | Failure::Reset => self.reset,
        }
    }

    /// Does it hold for anything but connections?
    pub fn is_more(&self) -> bool {
        self.error || self.busy || self.reset
    }
}

/// How long a connection may take to stand: Istio's mesh-wide `connectTimeout`.
pub const CONNECT: SimDuration = SimDuration::from_secs(10);

/// First wait before a further try (Envoy `upstream.base_retry_backoff_ms`).
pub const BACKOFF: SimDuration = SimDuration::from_millis(25);

/// Longest wait before the `further`-th further try, from 1 on: doubled each time up to ten times
/// the first one. The wait is drawn uniformly below it (`JitteredExponentialBackOffStrategy`).
pub fn longest_wait(base: SimDuration, further: u8) -> SimDuration {
    let doubled = base * (1_u64 << further.saturating_sub(1).min(10));
    doubled.min(base * 10)
}

/// How many further tries may be under way at once (`retryBudget`, `connectionPool.http`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    /// Share of the requests under way.
    pub share: Share,
    /// So many always may.
    pub least: u32,
}

impl RetryBudget {
    /// May one more be sent, beside `retries` of `requests` under way?
    pub fn allows(&self, retries: u32, requests: u32) -> bool {
        let most = (self.share.value() * f64::from(requests)) as u32;
        retries < most.max(self.least)
    }
}

/// New pods get a share that grows with their age (`warmup`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// Age at which a pod gets its full share.
    pub window: SimDuration,
    /// Share of its full share that it gets at first.
    pub minimum: Share,
    /// 1: the share grows evenly; above: faster at first; below: slower.
    pub aggression: f64,
}

impl SlowStart {
    /// Share of its full share for a pod that a proxy has known for `age`
    /// (`EdfLoadBalancerBase::applySlowStartFactor`).
    pub fn share(&self, age: SimDuration) -> f64 {
        let part = age.max(SimDuration::from_millis(1)).as_secs_f64() / self.window.as_secs_f64();
        let grown = maths::pow(part.min(1.0), 1.0 / self.aggression.max(1e-3));
        grown.max(self.minimum.value())
    }
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

/// How the pods of a pool are treated (`trafficPolicy`); a subset may have rules of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PoolRules {
    /// Ejections.
    pub outliers: Option<OutlierDetection>,
    /// Most requests that a proxy has under way; more get 503, and are not tried again.
    pub most_requests: Option<u32>,
    /// Most further tries that a proxy has under way.
    pub retry_budget: Option<RetryBudget>,
    /// Slow start of new pods.
    pub slow_start: Option<SlowStart>,
    /// How long a connection may take to stand, if not [`CONNECT`].
    pub connect: Option<SimDuration>,
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mesh {
    /// What is tried again, as often as the balancer retries.
    pub retry_on: RetryOn,
    /// First wait before a further try, if not [`BACKOFF`].
    pub backoff: Option<SimDuration>,
    /// May a further try meet the pod that failed? Nothing: only where a user keeps one pod.
    pub same_pod: Option<bool>,
    /// Longest time of one try.
    pub per_try: Option<SimDuration>,
    /// Longest time of all tries.
    pub timeout: Option<SimDuration>,
    /// Rules for all pods.
    pub rules: PoolRules,
    /// Injected faults.
    pub injected: Option<Injected>,
}

impl Mesh {
    /// Does it differ from a plain balancer in what the request loop does?
    pub fn is_on(&self) -> bool {
        *self != Mesh { timeout: self.timeout, ..Mesh::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_what_their_names_say() {
        let of = |words: &[&str]| {
            let mut found = RetryOn::NEVER;
            words.iter().for_each(|w| assert!(found.add(w), "{w}"));
            found
        };
        assert!(of(&["5xx"]).covers(Failure::Error) && of(&["5xx"]).covers(Failure::Connect));
        let gateway = of(&["gateway-error"]);
        assert!(gateway.covers(Failure::Busy) && gateway.covers(Failure::Late));
        assert!(!gateway.covers(Failure::Error) && gateway.connect);
        assert!(!of(&["connect-failure"]).is_more());
        assert!(
            !of(&["503"]).covers(Failure::Reset) && !RetryOn::NEVER.clone().add("retriable-4xx")
        );
    }

    /// 25, 50, 100, 200, then 250 ms.
    #[test]
    fn waits_double_up_to_ten_times_the_first() {
        let waits = [1, 2, 3, 4, 5, 20].map(|n| longest_wait(BACKOFF, n).as_nanos() / 1_000_000);
        assert_eq!(waits, [25, 50, 100, 200, 250, 250]);
    }

    /// The example of `destination_rule.proto`: 20 % of 25 are 5; of 2, three may all the same.
    #[test]
    fn a_budget_has_a_floor() {
        let budget = RetryBudget { share: Share::clamped(0.2), least: 3 };
        assert!(budget.allows(4, 25) && !budget.allows(5, 25));
        assert!(budget.allows(2, 2) && !budget.allows(3, 2));
    }

    /// Half of the window: half of the share if it grows evenly, √½ with an aggression of 2.
    #[test]
    fn a_share_grows_as_its_aggression_says() {
        let minimum = Share::clamped(0.1);
        let even = SlowStart { window: SimDuration::from_secs(60), minimum, aggression: 1.0 };
        assert_eq!(even.share(SimDuration::from_secs(30)), 0.5);
        assert_eq!(even.share(SimDuration::ZERO), 0.1);
        assert_eq!(even.share(SimDuration::from_secs(90)), 1.0);
        let keen = SlowStart { aggression: 2.0, ..even };
        assert!((keen.share(SimDuration::from_secs(30)) - 0.5_f64.sqrt()).abs() < 1e-12);
    }
}

//! `spec.service.balancer`: who stands in front of the pods, and what its proxies do.
//!
//! Beyond the choice of a pod everything is off unless it is given. Defaults within a block are
//! Istio's: (istio) read in its API, (envoy) in Envoy's.

use super::service::at_least_1s;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_model::world::mesh::{Injected, Mesh, PoolRules, RetryBudget, RetryOn, SlowStart};
use windtunnel_model::world::outlier::OutlierDetection;
use windtunnel_model::world::service::{BalancerSettings, KeepAlive, Policy, Registration};

/// Reads the balancer.
pub fn read(r: &mut Reader<'_>) -> BalancerSettings {
    let median_1s = Distribution::lognormal_median_quantile(1.0, 0.99, 5.0);
    BalancerSettings {
        policy: policy(r),
        proxies: r.count("proxies", 2, 1..=64, "proxies, each with a delay of its own") as u32,
        propagation: r.distribution(
            "propagation",
            ("{lognormal: {median: 1s, p99: 5s}}", median_1s),
            "from a change of endpoints or weights until a proxy acts on it (derived)",
        ),
        retries: r.count(
            "retries",
            0,
            0..=10,
            "attempts on other pods, as retryOn says; Istio makes 2",
        ) as u8,
        keep_alive: r.opt_object("keepAlive", "connections pinned to pods", |r| KeepAlive {
            max_age: at_least_1s(r, "maxAge", "5m", "older connections are opened anew"),
        }),
        mesh: mesh(r),
        candidate: r.opt_object(
            "candidate",
            "the candidate's pods have these rules alone (a subset's own trafficPolicy); left \
             out: those of all pods",
            |r| (policy(r), pool_rules(r)),
        ),
        registration: r.opt_object(
            "registration",
            "a load balancer outside of the cluster has pods for targets; left out: it follows \
             the endpoints",
            registration,
        ),
    }
}

/// Defaults are those of an ALB with its controller's settings: two checks, 15 s apart.
fn registration(r: &mut Reader<'_>) -> Registration {
    let usual = Distribution::lognormal_median_quantile(35.0, 0.99, 50.0);
    let after = "from ready containers to a healthy target: registering takes 5s (assumption), \
        then come the health checks";
    let gate = "does a readinessGate wait for it, so that a pod is ready only as a healthy target?";
    Registration {
        after: r.distribution("after", ("{lognormal: {median: 35s, p99: 50s}}", usual), after),
        gate: r.flag("gate", false, gate),
    }
}

fn policy(r: &mut Reader<'_>) -> Policy {
    let words = ["leastRequest", "random", "roundRobin", "ringHash", "sticky"];
    let policy = r.choice("policy", &words, "leastRequest", "who gets a request; Envoy's default");
    let kept = "with policy sticky, how long a user's pod is kept after the last request; left \
                out: 3h, as kube-proxy does";
    let kept = some_time(r, "stickyFor", kept);
    if kept.is_some() && policy != 4 {
        r.problem("stickyFor", "given beside another policy", "policy: sticky", "");
    }
    match policy {
        0 => Policy::LeastOfTwo,
        1 => Policy::Random,
        2 => Policy::RoundRobin,
        3 => Policy::RingHash,
        _ => Policy::Sticky(kept.unwrap_or(SimDuration::from_secs(10_800))),
    }
}

/// What proxies do beyond choosing a pod.
fn mesh(r: &mut Reader<'_>) -> Mesh {
    let words = r.texts(
        "retryOn",
        "connect-failure",
        "failures that are tried again: connect-failure, reset, gateway-error, 5xx, 500, 503; \
         refused connections alone by default (istio)",
        |word| RetryOn::NEVER.clone().add(word).then(|| word.to_string()),
        "connect-failure, reset, gateway-error, 5xx, 500 or 503",
    );
    let mut retry_on = RetryOn::NEVER;
    words.iter().for_each(|(_, word)| {
        retry_on.add(word);
    });
    let per_try = "longest time of one try; left out: only the client's patience (istio)";
    let timeout = "longest time of all tries of a request; left out: the client's patience (istio)";
    let backoff = "first wait before a further try, doubled up to ten times (envoy: 25ms)";
    let same = "may a further try meet the pod that failed? (istio: only with ringHash)";
    let words = ["withRingHash", "always", "never"];
    let same_pod = r.choice("retrySamePod", &words, "withRingHash", same);
    Mesh {
        retry_on,
        backoff: some_time(r, "retryBackoff", backoff),
        same_pod: [None, Some(true), Some(false)][same_pod],
        per_try: some_time(r, "perTryTimeout", per_try),
        timeout: some_time(r, "timeout", timeout),
        rules: pool_rules(r),
        injected: r.opt_object("fault", "faults on purpose, which are not tried again", |r| {
            Injected {
                abort: r.share("abort", "0%", "share of requests that fail at once"),
                delayed: r.share("delayed", "0%", "share of requests that are held back"),
                delay: r.duration("delay", "5s", "for so long"),
            }
        }),
    }
}

/// How pods are treated.
fn pool_rules(r: &mut Reader<'_>) -> PoolRules {
    let most =
        "most requests that a proxy has under way to a version; more get 503 (istio: no end)";
    let budget = "most further tries under way; left out: no end (istio)";
    let connect = "a connection that nobody refuses is given up after this (istio: 10s)";
    PoolRules {
        outliers: r.opt_object("outlierDetection", "pods ejected for their errors", outliers),
        most_requests: r.opt_count("maxRequests", 1..=1_000_000, most).map(|n| n as u32),
        retry_budget: r.opt_object("retryBudget", budget, |r| RetryBudget {
            share: r.share("share", "20%", "of the requests under way (envoy: 20%)"),
            least: r.count("least", 3, 0..=1_000_000, "so many always may be (envoy: 3)") as u32,
        }),
        slow_start: r.opt_object("slowStart", "new pods get a growing share", slow_start),
        connect: some_time(r, "connectTimeout", connect),
    }
}

fn slow_start(r: &mut Reader<'_>) -> SlowStart {
    let aggression = "above 1 the share grows faster at first, below slower (envoy: 1)";
    SlowStart {
        window: at_least_1s(r, "window", "30s", "until a new pod has its full share"),
        minimum: r.share("minimum", "10%", "share of its full share at first (istio: 10%)"),
        aggression: r.number("aggression", 1.0, 0.01..=100.0, aggression),
    }
}

/// A time above 0, if it is given.
fn some_time(r: &mut Reader<'_>, name: &'static str, help: &'static str) -> Option<SimDuration> {
    let found = r.opt_duration(name, help)?;
    if found == SimDuration::ZERO {
        r.problem(name, "found 0", "a duration above 0", "leave it out");
        return None;
    }
    Some(found)
}

fn at_least_1ms(
    r: &mut Reader<'_>,
    name: &'static str,
    default: &str,
    help: &'static str,
) -> SimDuration {
    let least = SimDuration::from_millis(1);
    let found = r.duration(name, default, help);
    if found < least {
        r.problem(name, format!("found {found}"), "at least 1ms", "");
    }
    found.max(least)
}

fn outliers(r: &mut Reader<'_>) -> OutlierDetection {
    let errors = "errors in a row that eject; 0: never (istio: 5)";
    let gateway = "502, 503, 504 and broken connections in a row that eject; 0: never (istio: 0)";
    let base = "time of a first ejection; the n-th in a row takes n times as long (istio: 30s)";
    let local = "are connections refused or broken, and timeouts, counted apart from answers?";
    let local_errors = "so many of those in a row eject, when counted apart (envoy: 5)";
    let split = r.flag("splitLocalErrors", false, local);
    let local_errors = r.count("consecutiveLocalErrors", 5, 0..=1_000_000, local_errors) as u32;
    let most = "share of the pods that may be ejected, so with 10% nobody of nine (istio: 10%)";
    let one = "may one be ejected however small the share? (envoy: until 1.27, Istio 1.19)";
    OutlierDetection {
        errors: r.count("consecutive5xxErrors", 5, 0..=1_000_000, errors) as u32,
        gateway_errors: r.count("consecutiveGatewayErrors", 0, 0..=1_000_000, gateway) as u32,
        interval: at_least_1ms(
            r,
            "interval",
            "10s",
            "between looks for pods to return (istio: 10s)",
        ),
        base: at_least_1ms(r, "baseEjectionTime", "30s", base),
        most: r.share("maxEjection", "10%", most),
        local_errors: split.then_some(local_errors),
        always_one: r.flag("alwaysEjectOne", false, one),
        min_health: r.share("minHealth", "0%", "with fewer left, nobody is ejected (istio: 0%)"),
    }
}

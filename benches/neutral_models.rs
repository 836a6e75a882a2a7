//! The neutral models, flown by the general data plane: one JSON line on standard output.
//!
//! `cargo bench --bench neutral_models -- --model 1|2|2b|2c --seed N`

use std::sync::Arc;
use std::time::Instant;
use windtunnel::base::distribution::Distribution;
use windtunnel::base::random::Streams;
use windtunnel::base::time::{SimDuration, SimTime};
use windtunnel::base::units::{Money, Share};
use windtunnel::engine::data_plane::DataPlane;
use windtunnel::traffic::{Activity, Arrivals, Steps, Traffic};
use windtunnel::world::effect::Effect;
use windtunnel::world::names::Names;
use windtunnel::world::service::*;

/// The default buckets of the Prometheus client libraries, in seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

struct Model {
    rate: f64,
    secs: f64,
    pods: u32,
    slots: u32,
    users: u32,
    service_time: Distribution,
    errors: [f64; 2],
    switch: bool,
}

fn model(name: &str) -> Option<Model> {
    let two = |rate, secs, pods, users| Model {
        rate,
        secs,
        pods,
        slots: 8,
        users,
        service_time: Distribution::lognormal_mean_cv(0.060, 1.0),
        errors: [0.001, 0.05],
        switch: true,
    };
    Some(match name {
        "1" => Model {
            rate: 0.8,
            secs: 1e6 / 0.8 * 1.05,
            pods: 1,
            slots: 1,
            users: 1,
            service_time: Distribution::Exponential { mean: 1.0 },
            errors: [0.0, 0.0],
            switch: false,
        },
        "2" => two(1000.0, 600.0, 12, 50_000),
        "2b" => two(1400.0, 430.0, 12, 50_000),
        "2c" => two(100_000.0, 6.0, 1200, 1_000_000),
        _ => return None,
    })
}

fn service(m: &Model) -> Service {
    Service {
        names: Names { routes: vec!["all".into()], ..Names::of_service("neutral") },
        replicas: m.pods,
        routes: vec![Route {
            name: "all".into(),
            share: Share::ONE,
            write: false,
            service_time: m.service_time,
            errors: Share::clamped(m.errors[0]),
            value: Money::usd(0.0),
            conversion: Share::ONE,
        }],
        pod: PodSettings {
            concurrency: m.slots,
            queue: u32::MAX,
            scheduling: Distribution::Constant { secs: 0.0 },
            scheduling_times: Vec::new(),
            startup: Distribution::Constant { secs: 0.0 },
            readiness: None,
            liveness: None,
            startup_probe: None,
            min_ready: SimDuration::ZERO,
            pre_stop: SimDuration::ZERO,
            grace: SimDuration::from_secs(30),
            warm_up: None,
            cpu_per_busy: 1.0,
            cpu_limit: 1.0,
            cpu_request: 1.0,
        },
        balancer: BalancerSettings {
            policy: Policy::LeastOfTwo,
            proxies: 1,
            propagation: Distribution::Constant { secs: 0.0 },
            retries: 0,
            keep_alive: None,
            mesh: Default::default(),
            candidate: None,
            registration: None,
        },
        nodes: NodeSettings {
            count: 1,
            capacity: u32::MAX,
            zones: 1,
            provisioning: Distribution::Constant { secs: 0.0 },
            lost_after: SimDuration::ZERO,
            evict_after: SimDuration::ZERO,
            fixed: false,
        },
        placement: Default::default(),
        timeout: SimDuration::FOREVER,
        retries: Retries { attempts: 0, backoff: SimDuration::ZERO },
        dependency: None,
        mixing: Mixing::default(),
        price_per_hour: Money::usd(0.0),
        slow: SimDuration::FOREVER,
        objective: Share::clamped(0.99),
        come_back: Share::ZERO,
    }
}

/// Peak resident memory in MiB, where the system tells.
fn rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).map(str::to_string);
    let kib = line.and_then(|l| l.split_whitespace().nth(1).and_then(|k| k.parse::<f64>().ok()));
    kib.unwrap_or(0.0) / 1024.0
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        args.iter().position(|a| a == flag).and_then(|i| args.get(i + 1)).map(String::as_str)
    };
    let name = value("--model").unwrap_or("2");
    let seed: u64 = value("--seed").and_then(|s| s.parse().ok()).unwrap_or(1);
    let Some(m) = model(name) else {
        eprintln!("unknown model {name:?}; expected 1, 2, 2b or 2c");
        std::process::exit(2);
    };
    let begun = Instant::now();
    let horizon = SimTime::from_secs_f64(m.secs);
    let traffic = Traffic {
        users: m.users,
        activity: Activity::Uniform,
        arrivals: Arrivals::Steps(Steps::constant(m.rate)),
        header_share: Share::ZERO,
    };
    let service = Arc::new(service(&m));
    let mut data_plane =
        DataPlane::new(service, &traffic, Streams::new(seed, 0), horizon, &BUCKETS);
    for pod in 0..m.pods {
        data_plane.add_pod(0, |version, _| Effect::plain(m.errors[version], 1.0));
        data_plane.start_pod(pod);
        data_plane.endpoint(0, pod, true);
    }
    if m.switch {
        data_plane.advance(SimTime::from_secs_f64(m.secs / 2.0));
        (m.pods / 2..m.pods).for_each(|pod| data_plane.set_version(pod, 1));
    }
    data_plane.advance(horizon);
    data_plane.drain();
    let t = data_plane.tally();
    let wall_s = begun.elapsed().as_secs_f64();
    let (old, new) = (&t.latency[0], &t.latency[1]);
    let mut all = old.clone();
    all.merge(new);
    let results = if name == "1" {
        serde_json::json!({ "mean_sojourn": all.mean_ms().unwrap_or(0.0) / 1e3 })
    } else {
        serde_json::json!({
            "mean_ms": all.mean_ms(), "p99_ms": all.quantile_ms(0.99),
            "n_v1": old.count(), "n_v2": new.count(),
            "err_v1": t.errors[0], "err_v2": t.errors[1], "affected": data_plane.users().counts().hurt,
        })
    };
    let line = serde_json::json!({
        "model": name, "engine": "windtunnel", "version": env!("CARGO_PKG_VERSION"),
        "seed": seed, "scale": 1.0, "threads": 1, "requests": t.arrived,
        "events": serde_json::Value::Null, "wall_s": wall_s,
        "req_per_s": (t.arrived as f64 / wall_s).round(), "rss_mib": rss_mib(),
        "results": results,
    });
    println!("{line}");
    eprintln!("{:.1} ns per request", wall_s * 1e9 / t.arrived as f64);
}

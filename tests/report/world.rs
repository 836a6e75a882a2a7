//! The scenario that the made-up results pretend to have flown.

use crate::fixture::Fate;
use std::sync::Arc;
use windtunnel::base::distribution::Distribution;
use windtunnel::base::time::SimDuration;
use windtunnel::base::units::{Money, Share};
use windtunnel::scenario::model::*;
use windtunnel::strategy::none::NoRelease;
use windtunnel::strategy::{Ability, Needs, Plan, STRATEGIES};
use windtunnel::traffic::{Activity, Arrivals, Steps, Traffic};
use windtunnel::world::service::*;

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

fn fixed(span: SimDuration) -> Distribution {
    Distribution::constant(span)
}

/// A scenario with these strategies; they do nothing but carry names, kinds and needs.
pub fn scenario(name: &str, fates: &[Fate]) -> Scenario {
    let share = |value| Share::clamped(value);
    let variant = |name: &str, part, bad| Variant {
        chaos: Vec::new(),
        name: name.to_string(),
        share: share(part),
        bad,
        faults: Vec::new(),
    };
    Scenario {
        name: name.to_string(),
        head: "Which strategy for an ordinary web service?\nLook at the users hurt by a bad \
               release, and at what that costs.\nAnswer: the canary."
            .to_string(),
        point: None,
        horizon: secs(3600),
        service: Arc::new(service()),
        autoscaler: None,
        applied: None,
        disruptions: Vec::new(),
        cluster: Default::default(),
        traffic: Traffic {
            users: 20_000,
            activity: Activity::Uniform,
            arrivals: Arrivals::Steps(Steps::constant(60.0)),
            header_share: Share::ZERO,
        },
        release: Release {
            at: secs(300),
            variants: vec![variant("good", 0.85, false), variant("bad", 0.15, true)],
        },
        chaos: Vec::new(),
        on_call: OnCall {
            acknowledge: fixed(secs(180)),
            decide: fixed(secs(240)),
            suspects: secs(3600),
            every: secs(30),
            windows: (secs(300), secs(60)),
            objective: share(0.99),
            present: true,
        },
        telemetry: TelemetrySettings {
            interval: secs(15),
            kubelets: secs(15),
            cluster: secs(15),
            edge: secs(15),
            buckets: vec![0.1, 1.0],
            rules: Default::default(),
        },
        plans: fates.iter().map(plan).collect(),
        releases_per_year: 150.0,
        prices: Default::default(),
        baseline: None,
        expect: Vec::new(),
        constraints: Constraints {
            no_second_fleet: true,
            risk_max: Some(share(0.02)),
            rollback_max: Some(secs(60)),
            ..Constraints::default()
        },
        budget: Budget {
            replications_min: 20,
            replications_max: 400,
            requests_max: 1 << 32,
            strategies_listed: 6,
        },
    }
}

fn plan(fate: &Fate) -> Plan {
    let kind = STRATEGIES.iter().map(|part| part.name).find(|name| *name == fate.kind);
    let needs = Needs {
        second_fleet: fate.kind == "blueGreen",
        routing: match fate.kind {
            "abTest" | "shadow" => Ability::Mesh,
            "canary" => Ability::Ingress,
            _ => Ability::Service,
        },
        controller: !["recreate", "rollingUpdate"].contains(&fate.kind),
        metrics: ["canary", "abTest"].contains(&fate.kind),
        mixing: ["rollingUpdate", "canary", "abTest"].contains(&fate.kind),
        divided_users: fate.kind == "abTest",
    };
    Plan {
        name: fate.name.to_string(),
        kind: kind.unwrap_or("unknown"),
        needs,
        spec: Box::new(NoRelease),
    }
}

fn service() -> Service {
    Service {
        names: windtunnel::world::names::Names::of_service("shop"),
        replicas: 10,
        routes: Vec::new(),
        pod: PodSettings {
            concurrency: 8,
            queue: 16,
            scheduling: fixed(secs(1)),
            scheduling_times: Vec::new(),
            startup: fixed(secs(8)),
            readiness: None,
            liveness: None,
            startup_probe: None,
            min_ready: SimDuration::ZERO,
            pre_stop: secs(10),
            grace: secs(30),
            warm_up: None,
            cpu_per_busy: 1.0,
            cpu_limit: 1.0,
            cpu_request: 1.0,
        },
        balancer: BalancerSettings {
            policy: Policy::LeastOfTwo,
            proxies: 4,
            propagation: fixed(secs(1)),
            retries: 1,
            keep_alive: None,
            mesh: Default::default(),
            candidate: None,
            registration: None,
        },
        placement: Default::default(),
        nodes: NodeSettings {
            count: 4,
            capacity: 10,
            zones: 2,
            provisioning: fixed(secs(90)),
            fixed: false,
            lost_after: secs(40),
            evict_after: secs(300),
        },
        timeout: secs(10),
        retries: Retries { attempts: 0, backoff: secs(1) },
        dependency: None,
        mixing: Mixing::default(),
        price_per_hour: Money::usd(0.05),
        slow: secs(1),
        objective: Share::clamped(0.99),
        come_back: Share::clamped(0.5),
    }
}

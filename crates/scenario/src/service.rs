//! `spec.service`: the service under test, its pods, balancer, nodes and dependency.
//!
//! Defaults are Kubernetes' own, or figures with their source in the help: (k8s) read in the
//! platform, (derived) computed from sources, (assumption) to be replaced by your own.

use super::{balancer, placement, words};
use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Money, Share, parse_duration};
use windtunnel_model::world::names::{Names, is_discovered};
use windtunnel_model::world::probe::ProbeSettings;
use windtunnel_model::world::service::{
    Dependency, Mixing, PodSettings, Retries, Route, Service, WarmUp,
};

/// The one route of a service that names none.
pub const ROUTES: &str = "[{name: all}]";

/// Most pods a service may have.
const REPLICAS_MAX: u64 = 5000;

/// Most routes: their numbers fit a byte with room to spare.
const ROUTES_MAX: usize = 64;

/// Reads the service; timeout, retries and objective belong to other parts and are filled in later.
pub fn read(r: &mut Reader<'_>) -> Service {
    let names = names(r);
    let replicas = r.required_count("replicas", 1..=REPLICAS_MAX, "pods at full size") as u32;
    let pod = pod(r);
    let routes = routes(r);
    let route_names = routes.iter().map(|route| route.name.clone()).collect();
    let (nodes, placement) = placement::read(r, replicas);
    Service {
        names: Names { routes: route_names, ..names },
        replicas,
        routes,
        pod,
        balancer: r.object("balancer", "the balancer in front of the service", balancer::read),
        nodes,
        placement,
        timeout: SimDuration::from_secs(10),
        retries: Retries { attempts: 0, backoff: SimDuration::from_secs(1) },
        dependency: r.opt_object("dependency", "a service that requests call", dependency),
        mixing: r.object("mixing", "what versions do to each other", |r| Mixing {
            session_breaks: r.share(
                "sessionBreaks",
                "0%",
                "share of a user's requests that fail when the last one met another version",
            ),
        }),
        price_per_hour: r.price(
            "price",
            "$0.05/h",
            "price of one pod; 1 vCPU and 2 GB cost $0.049 on Fargate, list price of 2026-03",
        ),
        slow: SimDuration::from_secs(1),
        objective: Share::clamped(0.99),
        come_back: Share::ZERO,
    }
}

/// What the service and its parts are called in metrics.
fn names(r: &mut Reader<'_>) -> Names {
    let name = r.text("name", "service", "its name: of the Service, the Deployment, the job");
    words::check(r, "name", &name);
    let namespace = r.text("namespace", "default", "its namespace");
    words::check(r, "namespace", &namespace);
    let versions = r.object("versions", "values of the label `version`", |r| {
        [
            r.text("old", "old", "of what runs before the release"),
            r.text("new", "new", "of what is released"),
        ]
    });
    if versions[0] == versions[1] {
        let found = format!("both are {:?}", versions[0]);
        r.problem("versions", found, "two different names", "checks tell the versions by them");
    }
    let mut names = Names { namespace, versions, ..Names::of_service(&name) };
    r.object("workloads", "Deployments, where the two versions have one each", |r| {
        let old = "of what runs before the release; left out: the service's name";
        let new = "of what is released beside it; left out: the service's name and `-canary`";
        for (pool, (field, help)) in [("old", old), ("new", new)].into_iter().enumerate() {
            if let Some(name) = r.opt_text(field, help) {
                words::check(r, field, &name);
                names.workloads[pool] = name;
            }
        }
    });
    let pair = |text: &str| {
        text.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()))
    };
    let help = "labels of pods that the scraper keeps beside its own, as in app.kubernetes.io/name";
    r.object("podLabels", help, |r| {
        for (field, help) in [
            ("all", "of all pods, name=value"),
            ("old", "of the old version's, as a controller writes them, name=value"),
            ("new", "of the new version's, as a controller writes them, name=value"),
        ] {
            let found = r.texts(field, "", help, pair, "name=value");
            let found: Vec<(String, String)> = found.into_iter().map(|(_, pair)| pair).collect();
            if let Some((own, _)) = found.iter().find(|(n, _)| is_discovered(n)) {
                let message = format!("{own}: every pod has a label of this name already");
                r.problem(field, message, "another name", "names, versions and hashes are its own");
            }
            match field {
                "all" => names.labels.all = found,
                "old" => names.labels.versions[0] = found,
                _ => names.labels.versions[1] = found,
            }
        }
    });
    names
}

fn pod(r: &mut Reader<'_>) -> PodSettings {
    let start = Distribution::lognormal_median_quantile(8.0, 0.99, 25.0);
    let schedule = Distribution::lognormal_median_quantile(2.0, 0.99, 5.0);
    let readiness = "readiness probe, or none; {} takes the defaults of Kubernetes (period 10s); \
        left out: a probe every 5s";
    let every_5s = ProbeSettings { period: SimDuration::from_secs(5), ..ProbeSettings::default() };
    let cpu = |r: &mut Reader<'_>| {
        let busy = "CPU seconds per second a slot is busy; most services wait (assumption)";
        let limit = "CPU limit of a pod in cores, against which CPU checks measure";
        let request =
            "CPU request in cores, against which autoscalers measure; left out: the limit";
        let per_busy = r.number("perBusySecond", 0.1, 0.0..=1000.0, busy);
        let limit = r.number("limit", 1.0, 0.001..=1000.0, limit);
        (per_busy, limit, r.opt_number("request", 0.001..=1000.0, request).unwrap_or(limit))
    };
    let concurrency = r.count("concurrency", 8, 1..=10_000, "requests a pod serves at once") as u32;
    let queue = "requests that may wait beyond the slots of a pod; more get 503";
    let queue = r.count("queue", 100, 0..=100_000, queue) as u32;
    let (cpu_per_busy, cpu_limit, cpu_request) = r.object("cpu", "CPU use of a pod", cpu);
    let settings = PodSettings {
        concurrency,
        queue,
        scheduling: r.distribution(
            "scheduling",
            ("{lognormal: {median: 2s, p99: 5s}}", schedule),
            "from creation to the start of the container; 5s at p99 is the Kubernetes objective",
        ),
        scheduling_times: scheduling_times(r),
        startup: r.distribution(
            "startup",
            ("{lognormal: {median: 8s, p99: 25s}}", start),
            "from the start of the container until it serves; a JVM takes 5-30s (assumption)",
        ),
        readiness: probe(r, "readinessProbe", readiness, Some(every_5s)),
        liveness: probe(r, "livenessProbe", "liveness probe; left out: none (k8s)", None),
        startup_probe: probe(r, "startupProbe", "startup probe; left out: none (k8s)", None),
        min_ready: r.duration("minReady", "0s", "ready this long counts as available (k8s: 0s)"),
        pre_stop: r.duration(
            "preStop",
            "10s",
            "sleep before SIGTERM, still serving; covers the propagation p99 of 5s (derived)",
        ),
        grace: r.duration("grace", "30s", "from deletion to SIGKILL, preStop included (k8s: 30s)"),
        warm_up: r.opt_object("warmUp", "slower after a start: cold caches, JIT", warm_up),
        cpu_per_busy,
        cpu_limit,
        cpu_request,
    };
    if settings.pre_stop > SimDuration::ZERO && settings.pre_stop >= settings.grace {
        let message =
            format!("{} is not within the grace of {}", settings.pre_stop, settings.grace);
        r.problem("preStop", message, "less than grace", "raise grace, which includes preStop");
    }
    settings
}

fn scheduling_times(r: &mut Reader<'_>) -> Vec<SimDuration> {
    let help = "the same as it was recorded, in place of scheduling: the n-th pod of a version \
        takes the n-th, and over again";
    let found = r.texts("schedulingTimes", "", help, parse_duration, "a duration such as 12s");
    found.into_iter().map(|(_, span)| span).collect()
}

fn warm_up(r: &mut Reader<'_>) -> WarmUp {
    let factor = r.number("factor", 3.0, 1.0..=1000.0, "service-time factor at first; a JVM 2-5");
    let tau = r.duration("tau", "30s", "time constant of the decay; a JVM 30-120s (assumption)");
    if tau < SimDuration::from_millis(1) {
        r.problem("tau", format!("found {tau}"), "at least 1ms", "");
    }
    WarmUp { factor, tau }
}

/// A probe: `none`, settings, or left out.
fn probe(
    r: &mut Reader<'_>,
    name: &'static str,
    help: &'static str,
    left_out: Option<ProbeSettings>,
) -> Option<ProbeSettings> {
    if !r.describing() && !r.has(name) {
        r.text_is(name, "none");
        return left_out;
    }
    r.object_or(name, "none", help, |r| ProbeSettings {
        initial_delay: r.duration("initialDelay", "0s", "no attempt before this (k8s: 0s)"),
        period: at_least_1s(r, "period", "10s", "time between attempts (k8s: 10s)"),
        timeout: r.duration("timeout", "1s", "an attempt unanswered for this fails (k8s: 1s)"),
        success_threshold: r.count("successThreshold", 1, 1..=100, "successes in a row (k8s: 1)")
            as u32,
        failure_threshold: r.count("failureThreshold", 3, 1..=1000, "failures in a row (k8s: 3)")
            as u32,
    })
}

/// A duration of a second or more.
pub fn at_least_1s(
    r: &mut Reader<'_>,
    name: &'static str,
    default: &str,
    help: &'static str,
) -> SimDuration {
    let found = r.duration(name, default, help);
    if found < SimDuration::from_secs(1) {
        r.problem(name, format!("found {found}"), "at least 1s", "");
    }
    found.max(SimDuration::from_secs(1))
}

fn routes(r: &mut Reader<'_>) -> Vec<Route> {
    let before = r.complaints();
    let routes = r.opt_list("routes", "kinds of requests", route).unwrap_or_default();
    r.default_is("routes", ROUTES);
    if r.describing() || r.complaints() > before {
        return routes.into_iter().map(|(route, _)| route).collect();
    }
    if routes.is_empty() || routes.len() > ROUTES_MAX {
        let found = format!("{} routes", routes.len());
        r.problem("routes", found, &format!("1 to {ROUTES_MAX} routes"), "");
    } else {
        let entries = routes.iter().map(|(route, _)| (route.name.as_str(), route.share.value()));
        words::listed(r, "routes", entries);
    }
    let any_value = routes.iter().any(|(route, _)| route.value > Money::default());
    let conversion = |route: &Route, given: Option<Share>| match given {
        Some(given) => given,
        None if any_value && route.value <= Money::default() => Share::ZERO,
        None => Share::clamped(0.2),
    };
    routes.into_iter().map(|(r, given)| Route { conversion: conversion(&r, given), ..r }).collect()
}

fn route(r: &mut Reader<'_>) -> (Route, Option<Share>) {
    let name = r.required_text("name", "name in metrics and faults");
    words::check_path(r, "name", &name);
    let mean_50ms = Distribution::lognormal_mean_cv(0.05, 1.0);
    let route = Route {
        name,
        share: r.share("share", "100%", "share of the traffic; all routes together 100%"),
        write: r.flag("write", false, "does it change data?"),
        service_time: r.distribution(
            "serviceTime",
            ("{lognormal: {mean: 50ms, cv: 1}}", mean_50ms),
            "time a slot is busy with it; cv 0.8-1.3 fits p99 of 5-10 times p50 (derived)",
        ),
        errors: r.share("errors", "0.1%", "share that fails without any release (assumption)"),
        value: r.money("value", "$0", "what one answered request is worth; no default is honest"),
        conversion: Share::ZERO,
    };
    if route.service_time.mean_secs() < 1e-6 {
        let found = "requests that take no time";
        r.problem("serviceTime", found, "a mean of 1us or more", "");
    }
    let help = "share of answers that complete the business step; default 20% (assumption), but 0% \
        where other routes have a value and this one has none";
    let conversion = r.opt_share("conversion", help);
    (route, conversion)
}

fn dependency(r: &mut Reader<'_>) -> Dependency {
    let capacity = r.rate("capacity", "1000/s", "calls it can answer").value();
    if capacity <= 0.0 {
        r.problem("capacity", "found 0", "a rate above 0", "");
    }
    Dependency {
        capacity: capacity.max(1e-9),
        latency: r.duration("latency", "5ms", "time of one call without waiting"),
        timeout: r.duration("timeout", "1s", "longest wait before a call fails"),
        calls: r.number("calls", 1.0, 0.0..=1000.0, "calls that a request makes"),
    }
}

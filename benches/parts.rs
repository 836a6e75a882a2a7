//! Criterion benches of the parts: the ledger, the histogram, the calendar, one sync of the Deployment controller, and a whole flight.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use windtunnel::analysis::promql::{Options, Query};
use windtunnel::base::histogram::{Histogram, bucket_of};
use windtunnel::base::random::mix64;
use windtunnel::base::time::{SimDuration, SimTime};
use windtunnel::engine::calendar::Calendar;
use windtunnel::engine::data_plane::ledger::{Entry, NO_CHAIN, PodLedger};
use windtunnel::engine::data_plane::tally::Outcome;
use windtunnel::engine::{FlightSpec, fly, fly_twin};
use windtunnel::scenario::crew::Crew;
use windtunnel::scenario::read::read;
use windtunnel::strategy::deployment::bounds::Bounds;
use windtunnel::strategy::deployment::rolling::{Aim, reconcile};
use windtunnel::strategy::deployment::set::SetState;
use windtunnel::telemetry::store::Store;

fn ledger(c: &mut Criterion) {
    let entry = Entry {
        arrived: 0,
        cpu_ns: 0.0,
        number: 0,
        since_first_ms: 0,
        user: 1,
        index: 0,
        chain: NO_CHAIN,
        route: 0,
        version: 0,
        outcome: Outcome::Good,
        flags: 0,
    };
    c.bench_function("ledger: book and commit at 5 in flight", |b| {
        let (mut pod, mut now) = (PodLedger::new(0, 8, 100), 0_u64);
        b.iter(|| {
            now += 1_000;
            while pod.next_done() <= now {
                black_box(pod.commit());
            }
            let start = pod.start_at(now);
            pod.book(start + mix64(now) % 10_000, || entry);
        });
    });
}

fn histogram(c: &mut Criterion) {
    let mut histogram = Histogram::default();
    let mut draw = 0_u64;
    c.bench_function("histogram: record", |b| {
        b.iter(|| {
            draw = mix64(draw);
            histogram.record_in(bucket_of(draw >> 32), draw >> 32);
        });
    });
}

fn calendar(c: &mut Criterion) {
    c.bench_function("calendar: plan and take among 100", |b| {
        let mut calendar = Calendar::default();
        (0..100_u64).for_each(|i| calendar.plan(SimTime::from_nanos(mix64(i) >> 20), i));
        b.iter(|| {
            if let Some((at, event)) = calendar.take() {
                let wait = SimDuration::from_nanos(mix64(event) >> 20);
                calendar.plan(at + wait, mix64(event));
            }
        });
    });
}

fn controller(c: &mut Criterion) {
    let aim = Aim { replicas: 100, bounds: Bounds { surge: 25, unavailable: 25 } };
    let set = |id, size, available, is_new| SetState {
        id,
        size,
        replicas: size,
        ready: available,
        available,
        created: u64::from(id),
        is_new,
        ..SetState::default()
    };
    let sets = [set(0, 60, 60, false), set(1, 50, 30, true)];
    c.bench_function("deployment: one sync", |b| b.iter(|| black_box(reconcile(&aim, &sets))));
}

fn flight(c: &mut Criterion) {
    let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: bench}\n\
        spec: {horizon: 10m, service: {replicas: 10}, release: {at: 2m}}\n";
    let Ok((scenarios, _)) = read(text, "bench") else { return };
    let scenario = Arc::new(scenarios[0].clone());
    let order = FlightSpec { seed: 1, ..FlightSpec::default() };
    let twin = fly_twin(&scenario, &order);
    let canary = scenario.plans.iter().position(|plan| plan.name == "canary");
    let (Some(canary), Ok(crew)) = (canary, Crew::bind(&scenario)) else { return };
    let mut group = c.benchmark_group("flight");
    group.throughput(Throughput::Elements(twin.outcome.work));
    group.sample_size(30);
    group.bench_function("canary, 10 minutes at 60 requests/s", |b| {
        b.iter(|| black_box(fly(&crew, 1, canary, &order, &twin)));
    });
    group.bench_function("twin", |b| b.iter(|| black_box(fly_twin(&scenario, &order))));
    group.finish();
}

/// The bounds that Prometheus' client libraries begin with.
const BOUNDS: [&str; 12] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

/// A flight's series after an hour: two versions, 20 pods each, scraped every 15 s: requests by
/// status, a histogram of 12 buckets, and 40 more families of a pod.
fn flight_series() -> Store {
    let mut store = Store::default();
    for (version, pod) in ["old", "new"].iter().flat_map(|v| (0..20).map(move |p| (*v, p))) {
        let (name, clock) = (format!("shop-{version}-{pod}"), store.add_clock());
        let own = [("pod", name.as_str()), ("version", version), ("namespace", "prod")];
        let mut series = Vec::new();
        let mut add = |metric: &str, more: &[(&str, &str)]| {
            let labels = [&own[..], &[("__name__", metric)], more].concat();
            series.push(store.add_series(clock, &labels));
        };
        for status in ["200", "404", "500"] {
            add("http_requests_total", &[("status", status)]);
        }
        for le in BOUNDS {
            add("http_request_duration_seconds_bucket", &[("le", le)]);
        }
        for family in 0..40 {
            add(&format!("process_figure_{family}"), &[]);
        }
        for scrape in 0..240_i64 {
            store.tick(clock, scrape * 15_000 + pod * 731);
            for (i, id) in series.iter().enumerate() {
                store.record(*id, (scrape * (i as i64 + 1)) as f64);
            }
        }
    }
    store
}

/// Canary checks as they are written, over everything a flight's Prometheus holds.
fn promql(c: &mut Criterion) {
    let store = flight_series();
    let mut group = c.benchmark_group("promql");
    let new = "{version=\"new\"}[5m]";
    for (name, text) in [
        (
            "share of errors over 5 minutes of 20 pods",
            "sum(rate(http_requests_total{version=\"new\",status=~\"5..\"}[5m])) / \
             sum(rate(http_requests_total{version=\"new\"}[5m]))"
                .to_string(),
        ),
        (
            "0.99-quantile of 12 buckets of 20 pods",
            format!(
                "histogram_quantile(0.99, sum by (le) \
                 (rate(http_request_duration_seconds_bucket{new})))"
            ),
        ),
    ] {
        let Ok(query) = Query::parse(&text) else { continue };
        let options = Options::default();
        group.bench_function(name, |b| {
            b.iter(|| black_box(query.instant(&store, 3_000_000, &options)));
        });
    }
    group.bench_function("parse", |b| {
        let text =
            "sum by (version) (rate(http_requests_total{version=\"new\",status=~\"5..\"}[5m]))";
        b.iter(|| black_box(Query::parse(text)));
    });
    group.finish();
}

criterion_group!(parts, ledger, histogram, calendar, controller, flight, promql);
criterion_main!(parts);

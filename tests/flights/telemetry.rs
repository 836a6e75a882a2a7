//! Telemetry is what an operator's Prometheus would hold: scraped late, at each target's phase,
//! empty before the first event, marked at the end, from zero after a restart.

use crate::tunnel::{Flown, Tunnel, tunnel};
use windtunnel::analysis::promql::value::{Element, Value};
use windtunnel::analysis::promql::{Options, Query};
use windtunnel::telemetry::EPOCH_MS;
use windtunnel::telemetry::store::{Store, is_stale};

const SERVICE: &str = "
    horizon: 20m
    service: {name: shop, replicas: 4, routes: [{name: pay, value: $2, errors: 1%}]}
    traffic: {users: 5000, arrivals: {poisson: {rate: 40/s}}}
    release: {at: 5m, variants: [{name: good}]}
    onCall: none";

fn exported(tunnel: &Tunnel) -> Flown {
    let mut tunnel = tunnel.clone();
    tunnel.order.export = true;
    tunnel.fly()
}

fn store(flown: &Flown) -> &Store {
    flown.recording.telemetry.as_ref().expect("an export was asked for")
}

/// The elements of an answer at a second of the flight.
fn ask(flown: &Flown, query: &str, at_secs: f64) -> Vec<Element> {
    let query = Query::parse(query).unwrap_or_else(|e| panic!("{e}"));
    let at_ms = EPOCH_MS + (at_secs * 1e3) as i64;
    match query.instant(store(flown), at_ms, &Options::default()) {
        Ok(Value::Vector(elements)) => elements,
        other => panic!("{}: {other:?}", query.text()),
    }
}

/// The one value of an answer.
fn one(flown: &Flown, query: &str, at_secs: f64) -> f64 {
    let elements = ask(flown, query, at_secs);
    assert_eq!(elements.len(), 1, "{query}: {elements:?}");
    elements[0].value
}

#[test]
fn an_export_changes_nothing_but_what_is_kept() {
    let plain = tunnel(&format!("{SERVICE}\nstrategies: [{{canary: {{checks: [errorRate]}}}}]"));
    let (without, with) = (plain.fly(), exported(&plain));
    assert_eq!(without.outcome, with.outcome);
    assert_eq!(without.recording.events, with.recording.events);
    assert!(without.recording.telemetry.is_none() && store(&with).ids().len() > 500);
}

#[test]
fn counts_are_those_of_the_world_as_of_the_last_scrapes() {
    let flown = exported(&tunnel(&format!("{SERVICE}\nstrategies: [none]")));
    // Between 15 s before and the end, 40 requests come a second: 600 in all, ± 5 √600.
    let counted = one(&flown, "sum(http_requests_total)", 1199.9);
    let served = flown.m().requests.expect("counted");
    assert!(counted < served && counted > served - 725.0, "{counted} of {served}");
    // A histogram counts the same as the counter, in its largest bucket and in its count.
    let names = ["_count", "_bucket{le=\"+Inf\"}"];
    for histogram in names.map(|n| format!("sum(http_request_duration_seconds{n})")) {
        assert_eq!(one(&flown, &histogram, 1199.9), counted, "{histogram}");
    }
    let cpu = one(&flown, "sum(rate(container_cpu_usage_seconds_total[5m]))", 1199.0);
    assert!(cpu > 0.0);
    // One in a hundred answers is a 500, give or take five standard errors.
    let ratio = "sum(http_requests_total{status=\"500\"}) / sum(http_requests_total)";
    let share = one(&flown, ratio, 1199.9);
    assert!((share - 0.01).abs() < 5.0 * (0.01_f64 * 0.99 / counted).sqrt(), "{share}");
}

/// No two series have the same labels: neither Prometheus nor an export could hold them.
#[test]
fn labels_tell_all_series_apart() {
    let strategies = ["rollingUpdate", "canary: {steps: [50%]}", "blueGreen: {keepOld: 2m}"];
    for strategy in strategies {
        let flown = exported(&tunnel(
            &format!("{SERVICE}\nstrategies: [{{{strategy}}}]")
                .replace("{rollingUpdate}", "rollingUpdate"),
        ));
        let store = store(&flown);
        let mut labels: Vec<Vec<(&str, &str)>> =
            store.ids().map(|id| store.label_texts(id).collect()).collect();
        labels.sort_unstable();
        let twice = labels.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{strategy}");
    }
}

#[test]
fn every_target_has_its_own_phase_and_the_same_interval() {
    let flown = exported(&tunnel(&format!("{SERVICE}\nstrategies: [none]")));
    let mut phases = Vec::new();
    let store = store(&flown);
    let name = store.symbols().find("up").expect("up is exported");
    for id in store.named(name) {
        let times: Vec<i64> = store.samples(*id).map(|(at, _)| at).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 15_000), "{times:?}");
        assert!(times.len() >= 79, "twenty minutes hold 80 scrapes, but for the phase");
        phases.push(times[0] % 15_000);
    }
    phases.sort_unstable();
    phases.dedup();
    assert!(phases.len() >= 5, "four pods, their node, the cluster, the ingress: {phases:?}");
}

#[test]
fn a_series_begins_with_its_first_event_and_ends_with_a_marker() {
    let flown = exported(&tunnel(&format!("{SERVICE}\nstrategies: [recreate]")));
    let store = store(&flown);
    let name = store.symbols().find("http_requests_total").expect("exported");
    let mut ended = 0;
    for id in store.named(name) {
        let samples: Vec<(i64, f64)> = store.samples(*id).collect();
        assert!(samples[0].1 >= 1.0, "nothing is exported before the first event");
        let markers = samples.iter().filter(|(_, v)| is_stale(*v)).count();
        assert!(markers <= 1, "one end is marked once: {samples:?}");
        let old = store.label_texts(*id).any(|label| label == ("version", "old"));
        let is_last = samples.last().is_some_and(|(_, v)| is_stale(*v));
        assert_eq!(is_last, old, "old pods are gone, new ones are not");
        ended += markers;
    }
    assert!(ended >= 4, "every old pod answered 200s");
    // The release is at 300 s, preStop and drain take seconds, the marker stands at the scrape that
    // would have been next: within a minute the lookback of five minutes no longer finds them.
    let old = "http_requests_total{version=\"old\"}";
    assert!(!ask(&flown, old, 310.0).is_empty());
    assert!(ask(&flown, old, 370.0).is_empty());
}

#[test]
fn a_restart_begins_at_zero_and_what_does_not_answer_is_down() {
    let spec = SERVICE.replace("{name: good}", "{name: bad, faults: [{crashAfter: {time: 60s}}]}");
    let flown = exported(&tunnel(&format!("{spec}\nstrategies: [rollingUpdate]")));
    let new = "http_requests_total{version=\"new\",status=\"200\"}";
    let resets: f64 =
        ask(&flown, &format!("resets({new}[15m])"), 1199.0).iter().map(|e| e.value).sum();
    assert!(resets >= 4.0, "every new process crashes: {resets}");
    let down = one(&flown, "min(min_over_time(up{version=\"new\"}[15m]))", 1199.0);
    assert_eq!(down, 0.0, "a process that is down fails its scrapes");
    let restarts = one(&flown, "sum(kube_pod_container_status_restarts_total)", 1199.0);
    assert!(restarts >= resets, "{restarts} restarts, {resets} resets");
    let rates = ask(&flown, &format!("rate({new}[15m])"), 1199.0);
    assert!(rates.iter().all(|e| e.value > 0.0), "a reset is no negative rate");
    // The sidecar outlives the process: what it counts never falls.
    let sidecar = "resets(istio_requests_total{reporter=\"destination\"}[15m])";
    assert_eq!(ask(&flown, sidecar, 1199.0).iter().map(|e| e.value).sum::<f64>(), 0.0);
}

/// A metric gap is Prometheus' own absence: no samples, and no markers either.
#[test]
fn a_gap_leaves_neither_samples_nor_markers() {
    let spec = format!("{SERVICE}\nchaos: [{{metricGap: {{from: 8m, until: 10m}}}}]");
    let flown = exported(&tunnel(&format!("{spec}\nstrategies: [none]")));
    assert!(ask(&flown, "count_over_time(up[1m50s])", 600.0).is_empty());
    assert!(!ask(&flown, "up", 599.0).is_empty(), "the lookback bridges a gap without markers");
    assert!(!ask(&flown, "count_over_time(up[1m])", 700.0).is_empty());
}

/// Queries as published for real exporters find what they look for.
#[test]
fn published_queries_find_their_series() {
    let flown = exported(&tunnel(&format!(
        "{SERVICE}\nstrategies: [{{canary: {{steps: [50%], interval: 10m}}}}]"
    )));
    let queries = [
        "sum(rate(istio_requests_total{reporter=\"destination\",destination_workload_namespace=\
         \"default\",destination_workload=~\"shop-canary\",response_code!~\"5.*\"}[1m]))",
        "histogram_quantile(0.99, sum(rate(istio_request_duration_milliseconds_bucket{reporter=\
         \"destination\",destination_workload=~\"shop-canary\"}[1m])) by (le))",
        "sum(rate(nginx_ingress_controller_requests{namespace=\"default\",ingress=\"shop\",\
         canary!=\"\",status!~\"5.*\"}[1m]))",
        "sum(rate(response_total{direction=\"inbound\",deployment=\"shop-canary\",\
         classification!=\"failure\"}[1m]))",
        "histogram_quantile(0.99, sum(rate(response_latency_ms_bucket{deployment=\"shop-canary\"}\
         [1m])) by (le))",
        "sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~\"default_shop-canary.*\",\
         envoy_response_code!~\"5.*\"}[1m]))",
        "sum(rate(http_request_duration_seconds_count{namespace=\"default\",pod=~\
         \"shop-canary-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)\",status!~\"5.*\"}[1m]))",
        "sum(kube_deployment_status_replicas_available{deployment=\"shop-canary\"})",
        "sum(kube_pod_status_ready{condition=\"true\",pod=~\"shop-canary-.*\"})",
        "avg(rate(container_cpu_usage_seconds_total{pod=~\"shop-canary.*\"}[5m]))",
        "sum(rate(orders_completed_total[5m])) / sum(rate(checkout_started_total[5m]))",
        "sum(container_memory_working_set_bytes{container=\"shop\"}) by (pod) > 0",
    ];
    for query in queries {
        let elements = ask(&flown, query, 840.0);
        assert!(elements.iter().any(|e| e.value > 0.0), "{query}: {elements:?}");
    }
}

/// Pods, workloads and Services of a controller are called as in its cluster: what its users ask
/// for by name is found, and what would mix the two versions is not.
fn check_names(strategy: &str, found: &[&str], empty: &[&str]) {
    let flown = exported(&tunnel(&format!("{SERVICE}\nstrategies: [{strategy}]")));
    for (queries, some) in [(found, true), (empty, false)] {
        for query in queries {
            let elements = ask(&flown, query, 840.0);
            let holds = elements.iter().any(|e| e.value > 0.0);
            assert_eq!(holds, some, "{query}: {elements:?}\n{}", flown.event_log());
        }
    }
}

#[test]
fn a_primary_has_a_label_and_a_service_of_its_own() {
    let flagger = "{flagger: {firstTick: 0s, names: {target: shop, namespace: default}, \
        analysis: {interval: 4m, stepWeight: 10, threshold: 9}}}";
    check_names(
        flagger,
        &[
            "rate(http_requests_total{app=\"shop\",version=\"new\"}[1m])",
            "rate(http_requests_total{app=\"shop-primary\",version=\"old\"}[1m])",
            "rate(istio_requests_total{destination_service_name=\"shop-canary\",\
             destination_app=\"shop\"}[1m])",
            "rate(istio_requests_total{destination_service=\
             \"shop-primary.default.svc.cluster.local\",\
             destination_canonical_service=\"shop-primary\",reporter=\"source\"}[1m])",
            "kube_deployment_status_replicas_ready{deployment=\"shop-primary\"}",
        ],
        &[
            "rate(http_requests_total{app=\"shop\",version=\"old\"}[1m])",
            "rate(istio_requests_total{destination_service_name=\"shop\"}[1m])",
        ],
    );
}

#[test]
fn a_rollout_has_replica_sets_and_no_deployment() {
    let hash = windtunnel::world::names::Names::of_service("shop").template_hash(1);
    let routed = "trafficRouting: {stableService: shop-stable, canaryService: shop-next}, ";
    let canary =
        |routed: &str| format!("{{argoCanary: {{{routed}steps: [setWeight: 50, pause: {{}}]}}}}");
    let of_pod = format!("rate(http_requests_total{{pod=~\"shop-{hash}-.....\"}}[1m])");
    let both = [
        &of_pod,
        "rate(istio_requests_total{destination_workload=\"shop\",destination_version=\"new\"}[1m])",
        "rate(istio_requests_total{destination_workload=\"shop\",destination_version=\"old\"}[1m])",
    ];
    let split = [
        "rate(istio_requests_total{destination_service_name=\"shop-next\",\
         destination_version=\"new\"}[1m])",
        "rate(istio_requests_total{destination_service=\"shop-stable.default.svc.cluster.local\"}\
         [1m])",
        "rate(envoy_cluster_upstream_rq{envoy_cluster_name=\"default_shop-next_80\"}[1m])",
    ];
    let none =
        ["kube_deployment_status_replicas", "rate(http_requests_total{pod=~\".*-canary-.*\"}[1m])"];
    check_names(&canary(routed), &[&both[..], &split[..]].concat(), &none);
    check_names(&canary(""), &both, &none);
    let switch = "{argoBlueGreen: {activeService: shop-live}}";
    let live = "rate(istio_requests_total{destination_service_name=\"shop-live\",\
        destination_version=\"new\"}[1m])";
    check_names(switch, &[live], &none);
}

/// Two gaps of scrapes that overlap are one gap: nothing is scraped before the later end.
#[test]
fn gaps_unite() {
    let long = "{metricGap: {from: 2m, until: 6m}}";
    let short = "{metricGap: {from: 3m, until: 4m}}";
    for chaos in [format!("{long}, {short}"), format!("{short}, {long}")] {
        let flown = exported(&tunnel(&format!("{SERVICE}\nchaos: [{chaos}]\nstrategies: [none]")));
        let seen = |at: f64| ask(&flown, "count_over_time(up[1m])", at).len();
        assert!(seen(119.0) > 0 && seen(421.0) > 0, "scraped before and after");
        let within: Vec<usize> = [181.0, 239.0, 301.0, 359.0].map(seen).to_vec();
        assert_eq!(within, [0; 4], "{chaos}");
    }
}

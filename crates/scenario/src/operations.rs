//! The people and rules around a release: on-call human, telemetry, objective, constraints, budget.

use super::service::at_least_1s;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Share, parse_duration};
use windtunnel_model::analysis::promql::Rules;
use windtunnel_model::scenario::model::{Budget, Cluster, Constraints, OnCall, TelemetrySettings};
use windtunnel_model::strategy::Ability;
use windtunnel_model::world::client::ClientLimits;

/// Prometheus client libraries' default buckets.
const BUCKETS: &str = "5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2.5s, 5s, 10s";

/// Most bounds of a histogram.
const BUCKETS_MAX: usize = 64;

/// What counts as good: (share of requests that must succeed, latest good answer).
pub fn objective(r: &mut Reader<'_>) -> (Share, SimDuration) {
    let success = r.share("success", "99%", "share of requests that must succeed");
    let slow = r.duration("slow", "1s", "an answer later than this is slow");
    if slow == SimDuration::ZERO {
        r.problem("slow", "found 0", "a duration above 0", "");
    }
    (success, slow)
}

/// Reads `spec.onCall`: `none`, or the human's delays and the alert.
pub fn on_call(r: &mut Reader<'_>, success: Share) -> OnCall {
    let help = "the human who watches every strategy alike, or none";
    let human = r.object_or("onCall", "none", help, |r| human(r, success));
    human.unwrap_or(OnCall { present: false, ..usual(success) })
}

fn usual(objective: Share) -> OnCall {
    let minutes = |m: f64| m * 60.0;
    let lognormal =
        |median, p95| Distribution::lognormal_median_quantile(minutes(median), 0.95, minutes(p95));
    OnCall {
        acknowledge: lognormal(3.0, 15.0),
        decide: lognormal(10.0, 60.0),
        suspects: SimDuration::from_secs(3600),
        every: SimDuration::from_secs(30),
        windows: (SimDuration::from_secs(300), SimDuration::from_secs(60)),
        objective,
        present: true,
    }
}

fn human(r: &mut Reader<'_>, success: Share) -> OnCall {
    let usual = usual(success);
    let human = OnCall {
        acknowledge: r.distribution(
            "acknowledge",
            ("{lognormal: {median: 3m, p95: 15m}}", usual.acknowledge),
            "from the page to someone looking; out of hours about twice as long (derived)",
        ),
        decide: r.distribution(
            "decide",
            ("{lognormal: {median: 10m, p95: 60m}}", usual.decide),
            "from looking to ordering the rollback (derived)",
        ),
        suspects: r.duration("suspects", "60m", "older releases are no longer suspected"),
        every: at_least_1s(r, "every", "30s", "time between two looks at the alert"),
        windows: (
            at_least_1s(r, "long", "5m", "the alert's long window"),
            at_least_1s(r, "short", "1m", "the alert's short window"),
        ),
        objective: r
            .opt_share(
                "alertBelow",
                "share of good requests below which, in both windows, the alert fires; \
                    left out: objective.success",
            )
            .unwrap_or(success),
        present: true,
    };
    if human.windows.1 > human.windows.0 {
        let found = format!("{} is longer than the long window", human.windows.1);
        r.problem("short", found, "at most the long window", "");
    }
    human
}

/// Reads `spec.telemetry`.
pub fn telemetry(r: &mut Reader<'_>) -> TelemetrySettings {
    let help = "scrape interval; usual add-ons scrape every 15-30s, Prometheus' own default is 1m";
    let interval = at_least_1s(r, "interval", "15s", help);
    let help = "latency bounds of the histogram, rising (Prometheus' defaults)";
    let buckets = r.texts("buckets", BUCKETS, help, parse_duration, "a duration such as 250ms");
    let buckets: Vec<f64> = buckets.into_iter().map(|(_, b)| b.as_secs_f64()).collect();
    let rising = buckets.is_sorted_by(|a, b| a < b) && buckets.first().is_some_and(|b| *b > 0.0);
    if !rising || buckets.len() > BUCKETS_MAX {
        let expected = format!("1 to {BUCKETS_MAX} rising durations above 0");
        r.problem("buckets", "bounds that do not rise", &expected, "");
    }
    let help = "whose rules of PromQL answer queries: Prometheus 3's or 2.42's";
    let words = Rules::WORDS.map(|(word, _)| word);
    let rules = Rules::WORDS[r.choice("rules", &words, words[0], help)].1;
    let mut own = |name, help| {
        let own = r.opt_duration(name, help).unwrap_or(interval);
        if own < SimDuration::from_secs(1) {
            r.problem(name, format!("found {own}"), "at least 1s", "");
        }
        own.max(SimDuration::from_secs(1))
    };
    let kubelets = own("kubelets", "scrape interval of kubelets: CPU and memory of containers");
    let cluster = own("cluster", "scrape interval of kube-state-metrics: pods and Deployments");
    let edge = own("edge", "scrape interval of the ingress, which the alert reads");
    TelemetrySettings { interval, kubelets, cluster, edge, buckets, rules }
}

/// Reads `spec.cluster`.
pub fn cluster(r: &mut Reader<'_>) -> Cluster {
    let usual = ClientLimits::KUBERNETES;
    let help = "limits of the client of each of Kubernetes' own controllers, or none: large fleets \
        are then made at once";
    let limits = r.object_or("clientLimits", "none", help, |r| {
        let rate = "calls a second, in the long run (k8s: --kube-api-qps 20)";
        let burst = "calls that go at once after a rest (k8s: --kube-api-burst 30)";
        ClientLimits {
            per_second: r.number("rate", usual.per_second, 1.0..=100_000.0, rate),
            burst: r.count("burst", u64::from(usual.burst), 1..=1_000_000, burst) as u32,
        }
    });
    Cluster { client_limits: limits }
}

const SCRAPES: &str = "the platform scrapes no faster than this: what telemetry.interval is, if it \
    is left out, and may not be below";

/// Reads `spec.constraints`; the second value is the fastest scrape that the platform allows.
pub fn constraints(r: &mut Reader<'_>) -> (Constraints, Option<SimDuration>) {
    let routing = routing(r);
    let constraints = Constraints {
        no_second_fleet: r.flag("noSecondFleet", false, "there is no room for a second fleet"),
        routing,
        no_mixing: r.flag("noMixing", false, "two versions must never serve at the same time"),
        maintenance_window: r.flag("maintenanceWindow", false, "downtime at night is allowed"),
        risk_max: r.opt_share("riskMax", "highest share of users a release may hurt, on average"),
        rollback_max: r.opt_duration(
            "rollbackMax",
            "longest rollback: of the bad releases that met users and went back, half may take \
             longer",
        ),
        fleet_minutes_max: r.opt_number(
            "fleetMinutesMax",
            0.0..=1e9,
            "highest extra cost of a release, in minutes of the whole fleet",
        ),
        false_alarm_max: r
            .opt_share("falseAlarmMax", "highest share of good releases that may be taken back"),
        time_to_ship_max: r.opt_duration(
            "timeToShipMax",
            "longest time from the release until only the new version serves, for 95% of the good \
             releases that are shipped",
        ),
    };
    (constraints, r.opt_duration("scrapeEvery", SCRAPES))
}

/// What there is to divide requests with.
fn routing(r: &mut Reader<'_>) -> Option<Ability> {
    let help = "what there is to divide requests with: service (Services alone: pods decide), \
        ingress (weights at an ingress or a gateway), mesh (weights, matches and mirrors); left \
        out: mesh";
    let word = r.opt_choice("routing", &Ability::WORDS, help);
    let routing = word.map(|word| Ability::ALL[word]);
    let old = r.flag("noMesh", false, "the older word for `routing: ingress`");
    if r.has("noMesh") {
        let told = "noMesh is the older word: an ingress that divides requests is no mesh";
        let help =
            "`routing: ingress`; where no ingress divides requests either, `routing: service`";
        match routing {
            Some(_) => r.problem("noMesh", "given beside routing", "one of the two", told),
            None => r.warning("noMesh", told, help),
        }
    }
    routing.or(old.then_some(Ability::Ingress))
}

/// Reads `spec.replications`.
pub fn budget(r: &mut Reader<'_>) -> Budget {
    let min = r.count("min", 20, 2..=100_000, "fewest flights per strategy and variant");
    let max = r.count("max", 400, 2..=100_000, "most flights per strategy and variant");
    let help = "most requests over all flights of the scenario";
    let requests = r.count("requests", 60_000_000, 1..=1_000_000_000_000, help);
    if max < min {
        r.problem("max", format!("{max} is below min, {min}"), "at least min", "");
    }
    Budget {
        replications_min: min as u32,
        replications_max: max.max(min) as u32,
        requests_max: requests,
        strategies_listed: 0,
    }
}
